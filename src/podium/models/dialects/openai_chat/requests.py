"""Requests: a caller's body read into canonical form, its fields kept as they came."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import Raw

from podium.core.errors import InvalidRequest
from podium.core.messages import Options, Payload, Schema, Tool

from ..dialect import HERE, Address, Incoming
from ..openai_forms.bodies import invalid, not_json
from . import extensions
from .messages import read_messages
from .wire import NAME, NO_RAW, ChatRequest, Function, NamedToolChoice, ResponseFormat, WireTool

_CHOICES: Mapping[str, str] = {"auto": "auto", "none": "none", "required": "required", "any": "required"}
"""Ways to leave the choice of a tool open; `any` is what several vendors call `required`."""
_MOST_TOKENS = 2**31 - 1
_MOST_ANSWERS = 128  # the API reference's own limit
_request_decoder = msgspec.json.Decoder(ChatRequest)
_fields_decoder = msgspec.json.Decoder(dict[str, Raw])


def read_request(body: bytes, address: Address = HERE) -> Incoming:
    """A caller's body; the address may name the model (Azure's does). Raises InvalidRequest with the field at fault."""
    try:
        wire = _request_decoder.decode(body)
        fields = _fields_decoder.decode(body)
    except msgspec.ValidationError as exc:
        raise invalid(exc, "chat completions") from exc
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise not_json(exc) from exc
    if not wire.messages:
        raise InvalidRequest(
            "`messages` is empty.", remedy="Send at least one message, such as a user's question.", param="messages"
        )
    stream = bool(wire.stream)
    return Incoming(
        model=wire.model.strip() or address.model or "auto",
        messages=read_messages(wire.messages),
        options=_options(wire),
        stream=stream,
        fields=wire.podium,
        user=wire.user,
        payload=Payload(
            dialect=NAME,
            fields=fields,
            wants_usage=bool(stream and wire.stream_options and wire.stream_options.include_usage),
        ),
    )


def _options(wire: ChatRequest) -> Options:
    named = "max_tokens" if wire.max_completion_tokens is None else "max_completion_tokens"
    limit: int | None = getattr(wire, named)
    if limit is not None and not 1 <= limit <= _MOST_TOKENS:
        raise InvalidRequest(
            f"{named} must be at least 1 and at most {_MOST_TOKENS}.",
            remedy="Leave it out for no limit.",
            param=named,
        )
    n = 1 if wire.n is None else wire.n
    if not 1 <= n <= _MOST_ANSWERS:
        raise InvalidRequest(
            f"n must be at least 1 and at most {_MOST_ANSWERS}.", remedy="Leave it out for one answer.", param="n"
        )
    stop = wire.stop
    effort, budget, shown = _reasoning(wire)
    return Options(
        max_tokens=limit,
        temperature=wire.temperature,
        top_p=wire.top_p,
        stop=(stop,) if isinstance(stop, str) else tuple(stop or ()),
        seed=wire.seed,
        n=n,
        tools=_tools(wire) if wire.tools or wire.functions else (),
        tool_choice=_tool_choice(wire),
        parallel_tool_calls=wire.parallel_tool_calls,
        schema=_schema(wire.response_format),
        logprobs=bool(wire.logprobs),
        presence_penalty=wire.presence_penalty,
        frequency_penalty=wire.frequency_penalty,
        top_k=extensions.count(wire.top_k),
        reasoning_effort=effort,
        reasoning_tokens=budget,
        show_reasoning=shown,
    )


def _reasoning(wire: ChatRequest) -> tuple[str | None, int | None, bool]:
    """(effort, budget in tokens, whether it is to be seen), in OpenAI's way or OpenRouter's.

    The guide "Reasoning Tokens" of OpenRouter: `reasoning` switches reasoning on and shows it unless it says
    `exclude`; `include_reasoning` is its older form.
    """
    effort = wire.reasoning_effort
    if wire.reasoning is NO_RAW and wire.include_reasoning is NO_RAW:
        return effort, None, False
    wish = extensions.wish(wire.reasoning)
    if wish is None:
        return effort, None, bool(extensions.flag(wire.include_reasoning))
    if wish.enabled is False:
        return "none", None, False
    effort = effort or wish.effort
    if wish.enabled and effort is None and wish.max_tokens is None:
        effort = "medium"  # what the guide says switching it on means
    return effort, wish.max_tokens, not wish.exclude


def _tool_choice(wire: ChatRequest) -> str | None:
    """Podium's own view of it: the caller's words are forwarded as they came."""
    choice = wire.tool_choice
    if choice is None:
        older = wire.function_call
        if older is None:
            return None
        choice = older if isinstance(older, str) else NamedToolChoice(function=older)
    if isinstance(choice, str):
        return _CHOICES.get(choice.lower(), choice)
    named = choice.function or choice.custom
    return named.name if named else _CHOICES.get(choice.type.lower())


def _tools(wire: ChatRequest) -> tuple[Tool, ...]:
    """What the model may call, `functions` included: the older form is no less a tool."""
    tools = [_tool(tool, place) for place, tool in enumerate(wire.tools or ())]
    tools += [_function_tool(function) for function in wire.functions or ()]
    return tuple(tools)


def _tool(wire: WireTool, place: int) -> Tool:
    function = wire.function
    if function is None:
        if wire.custom is not None:
            return Tool(
                name=wire.custom.name,
                description=wire.custom.description or "",
                cache=extensions.cache_mark(wire.cache_control),
                kind="custom",
            )
        if wire.type == "function":
            raise InvalidRequest(
                f"tools[{place}] has no `function`.",
                remedy="Give its name, description and parameters.",
                param=f"tools[{place}].function",
            )
        return Tool(name=wire.type, kind=wire.type)
    return _function_tool(function, wire.cache_control)


def _function_tool(function: Function, mark: Raw = NO_RAW) -> Tool:
    return Tool(
        name=function.name,
        description=function.description or "",
        parameters=function.parameters,
        strict=function.strict,
        cache=extensions.cache_mark(function.cache_control if mark is NO_RAW else mark),
    )


def _schema(wire: ResponseFormat | None) -> Schema | None:
    if wire is None or wire.type == "text":
        return None
    if wire.type == "json_object":
        return Schema()
    if wire.type == "json_schema" and wire.json_schema is not None:
        return Schema(name=wire.json_schema.name, body=wire.json_schema.schema, strict=wire.json_schema.strict)
    raise InvalidRequest(
        f"response_format of type {wire.type!r} is not understood.",
        remedy="Use text, json_object, or json_schema with a `json_schema`.",
        param="response_format",
    )
