"""Requests: a caller's body read into canonical form, its fields kept as they came."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import Raw

from podium.core.errors import InvalidRequest
from podium.core.messages import (
    AudioPart,
    ImagePart,
    Message,
    OpaquePart,
    Options,
    Part,
    Payload,
    Role,
    Schema,
    TextPart,
    Tool,
    ToolCall,
)

from ..caller_fields import CallerFields
from ..dialect import Incoming
from .wire import (
    NAME,
    ChatRequest,
    ContentPart,
    Function,
    NamedToolChoice,
    ResponseFormat,
    WireMessage,
    WireTool,
    WireToolCall,
    custom_arguments,
)

_ROLES: Mapping[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
    "function": "tool",
}
_CHOICES: Mapping[str, str] = {"auto": "auto", "none": "none", "required": "required", "any": "required"}
"""Ways to leave the choice of a tool open; `any` is what several vendors call `required`."""
_MOST_TOKENS = 2**31 - 1
_MOST_ANSWERS = 128  # the API reference's own limit
_EXAMPLES = {
    "task_type": '"extraction"',
    "min_quality": "0.9",
    "max_cost_usd": '"0.01"',
    "max_latency_ms": "2000",
    "deadline": '"2030-01-31T12:00:00Z"',
    "private": "true",
    "priority": '"interactive"',
    "sensitivity": '"personal"',
    "tags": '{"ticket": "4711"}',
}
_request_decoder = msgspec.json.Decoder(ChatRequest)
_fields_decoder = msgspec.json.Decoder(dict[str, Raw])


def read_request(body: bytes) -> Incoming:
    """A caller's body. Raises InvalidRequest with the field at fault."""
    try:
        wire = _request_decoder.decode(body)
        fields = _fields_decoder.decode(body)
    except msgspec.ValidationError as exc:
        raise _invalid(exc) from exc
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise InvalidRequest(
            f"The request body is not valid JSON: {exc}.", remedy="Send one JSON object, encoded as UTF-8."
        ) from exc
    if not wire.messages:
        raise InvalidRequest(
            "`messages` is empty.", remedy="Send at least one message, such as a user's question.", param="messages"
        )
    stream = bool(wire.stream)
    return Incoming(
        model=wire.model.strip() or "auto",
        messages=tuple([_message(message, index) for index, message in enumerate(wire.messages)]),
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


def _invalid(exc: msgspec.ValidationError) -> InvalidRequest:
    """msgspec's `Expected ... - at `$.path`` in the words of an API error."""
    what, _, place = str(exc).partition(" - at `$")
    param = place.rstrip("`").lstrip(".")
    where = f" at `{param}`" if param else ""
    return InvalidRequest(
        f"{what}{where}.",
        remedy=_ours(param) or "See the chat completions reference for the request's shape.",
        param=param or None,
    )


def _ours(param: str) -> str:
    """The remedy for what stands under `podium`: OpenAI's reference does not know it."""
    if param == "podium":
        return f"Known: {', '.join(sorted(CallerFields.__struct_fields__))}."
    name = param.removeprefix("podium.")
    if name == param:
        return ""
    example = _EXAMPLES.get(name)
    return f'Write it like "{name}": {example}.' if example else f"README lists what `{name}` takes."


def _message(wire: WireMessage, index: int) -> Message:
    content = wire.content
    parts: tuple[Part, ...]
    if isinstance(content, str):
        parts = (TextPart(content),)
    elif content is None:
        parts = ()
    else:
        parts = tuple([_part(part, f"messages[{index}].content[{place}]") for place, part in enumerate(content)])
    role = _ROLES[wire.role]
    if not parts and not wire.tool_calls and role in ("user", "system"):
        raise InvalidRequest(
            f"messages[{index}] has no content.",
            remedy="Give `content` as text or as a list of parts.",
            param=f"messages[{index}].content",
        )
    return Message(
        role=role,
        parts=parts,
        tool_calls=tuple([_tool_call(call) for call in wire.tool_calls]) if wire.tool_calls else (),
        tool_call_id=wire.tool_call_id,
        name=wire.name,
    )


def _part(wire: ContentPart, param: str) -> Part:
    kind = wire.type
    if kind == "text" and wire.text is not None:
        return TextPart(wire.text)
    if kind == "image_url" and wire.image_url is not None:
        return ImagePart(url=wire.image_url.url, detail=wire.image_url.detail)
    if kind == "input_audio" and wire.input_audio is not None:
        return AudioPart(data=wire.input_audio.data, format=wire.input_audio.format)
    if kind == "refusal":
        return TextPart(wire.refusal or "")
    if kind in ("text", "image_url", "input_audio"):
        raise InvalidRequest(
            f"{param} has type {kind!r} but no `{kind}`.",
            remedy=f"Put the content into its `{kind}` field.",
            param=f"{param}.{kind}",
        )
    return OpaquePart(kind=kind)


def _tool_call(wire: WireToolCall) -> ToolCall:
    function = wire.function
    if function is None and wire.custom is not None:
        return ToolCall(id=wire.id, name=wire.custom.name, arguments=custom_arguments(wire.custom))
    return ToolCall(
        id=wire.id, name=function.name if function else "", arguments=function.arguments if function else ""
    )


def _options(wire: ChatRequest) -> Options:
    limit = wire.max_completion_tokens if wire.max_completion_tokens is not None else wire.max_tokens
    if limit is not None and not 1 <= limit <= _MOST_TOKENS:
        raise InvalidRequest(
            f"max_tokens must be at least 1 and at most {_MOST_TOKENS}.",
            remedy="Leave it out for no limit.",
            param="max_tokens",
        )
    n = 1 if wire.n is None else wire.n
    if not 1 <= n <= _MOST_ANSWERS:
        raise InvalidRequest(
            f"n must be at least 1 and at most {_MOST_ANSWERS}.", remedy="Leave it out for one answer.", param="n"
        )
    stop = wire.stop
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
        reasoning_effort=wire.reasoning_effort,
    )


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
            return Tool(name=wire.custom.name, description=wire.custom.description or "")
        if wire.type == "function":
            raise InvalidRequest(
                f"tools[{place}] has no `function`.",
                remedy="Give its name, description and parameters.",
                param=f"tools[{place}].function",
            )
        return Tool(name=wire.type)
    return _function_tool(function)


def _function_tool(function: Function) -> Tool:
    return Tool(
        name=function.name,
        description=function.description or "",
        parameters=function.parameters,
        strict=function.strict,
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
