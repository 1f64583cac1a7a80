"""Requests: a caller's body read into canonical form, its fields kept as they came."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Raw

from podium.core.errors import InvalidRequest
from podium.core.messages import Message, Options, Payload, Schema, TextPart, Tool

from ..dialect import Incoming
from ..openai_forms.bodies import invalid, not_json
from .items import read_items
from .wire import NAME, NamedToolChoice, ResponsesRequest, TextFormat, WireTool

_request_decoder = msgspec.json.Decoder(ResponsesRequest)
_fields_decoder = msgspec.json.Decoder(dict[str, Raw])
_MOST_TOKENS: Final = 2**31 - 1
_OPEN_CHOICES: Final = frozenset(("auto", "none", "required"))
_EFFORTS: Final = frozenset(("none", "minimal", "low", "medium", "high", "xhigh", "max"))
_LOGPROBS: Final = "message.output_text.logprobs"


def read_request(body: bytes) -> Incoming:
    """A caller's body. Raises InvalidRequest with the field at fault."""
    try:
        wire = _request_decoder.decode(body)
        fields = _fields_decoder.decode(body)
    except msgspec.ValidationError as exc:
        raise invalid(exc, "Responses") from exc
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise not_json(exc) from exc
    _refuse_state(wire)
    messages = read_messages(wire)
    if not messages and not wire.previous_response_id:
        raise InvalidRequest("`input` is empty.", remedy="Send text, or a list with at least one item.", param="input")
    return Incoming(
        model=wire.model.strip() or "auto",
        messages=messages,
        options=_options(wire),
        stream=bool(wire.stream),
        fields=wire.podium,
        user=wire.user or wire.safety_identifier,
        payload=Payload(dialect=NAME, fields=fields),
        previous=wire.previous_response_id or None,
        keep=wire.store is not False,
    )


def read_messages(wire: ResponsesRequest) -> tuple[Message, ...]:
    """The instructions as the first turn, then the items'."""
    messages: tuple[Message, ...]
    if isinstance(wire.input, str):
        messages = (Message(role="user", parts=(TextPart(wire.input),)),) if wire.input else ()
    else:
        messages = read_items(wire.input or ())
    instructions = wire.instructions
    if isinstance(instructions, str) and instructions:
        return (Message(role="system", parts=(TextPart(instructions),)), *messages)
    if isinstance(instructions, list):
        return (*read_items(instructions, where="instructions"), *messages)
    return messages


def _refuse_state(wire: ResponsesRequest) -> None:
    """What only the service that keeps it can do."""
    if wire.background:
        raise InvalidRequest(
            "Podium does not run answers in the background.",
            remedy="Leave `background` out; with `stream: true` a long answer keeps its connection alive.",
            param="background",
        )
    if wire.conversation is not None:
        raise InvalidRequest(
            "Podium keeps no conversation objects.",
            remedy="Go on with `previous_response_id`, or send the earlier items in `input`.",
            param="conversation",
        )
    if wire.prompt is not None:
        raise InvalidRequest(
            "Prompt templates live at one provider; Podium cannot read them to choose a model.",
            remedy="Send the prompt's text in `instructions` and `input`.",
            param="prompt",
        )


def _options(wire: ResponsesRequest) -> Options:
    limit = wire.max_output_tokens
    if limit is not None and not 1 <= limit <= _MOST_TOKENS:
        raise InvalidRequest(
            f"max_output_tokens must be at least 1 and at most {_MOST_TOKENS}.",
            remedy="Leave it out for no limit.",
            param="max_output_tokens",
        )
    reasoning = wire.reasoning
    effort = None if reasoning is None else reasoning.effort
    if effort is not None and effort not in _EFFORTS:
        raise InvalidRequest(
            f"reasoning.effort {effort!r} is not understood.",
            remedy="Use none, minimal, low, medium, high, xhigh or max.",
            param="reasoning.effort",
        )
    return Options(
        max_tokens=limit,
        temperature=wire.temperature,
        top_p=wire.top_p,
        tools=tuple([_tool(tool, place) for place, tool in enumerate(wire.tools or ())]),
        tool_choice=_tool_choice(wire.tool_choice),
        parallel_tool_calls=wire.parallel_tool_calls,
        schema=None if wire.text is None or wire.text.format is None else _schema(wire.text.format),
        logprobs=_LOGPROBS in (wire.include or ()) or bool(wire.top_logprobs),
        reasoning_effort=effort,
        show_reasoning=reasoning is not None and bool(reasoning.summary or reasoning.generate_summary),
    )


def _tool_choice(choice: str | NamedToolChoice | None) -> str | None:
    """Podium's own view of it: the caller's words are forwarded as they came."""
    if choice is None or isinstance(choice, str):
        return choice
    if choice.type == "allowed_tools":
        return choice.mode if choice.mode in _OPEN_CHOICES else "auto"
    return choice.name or choice.type


def _tool(tool: WireTool, place: int) -> Tool:
    if tool.type not in ("function", "custom"):
        return Tool(name=tool.name or tool.type, description=tool.description or "", kind=tool.type)
    if not tool.name:
        raise InvalidRequest(
            f"tools[{place}] has no name.",
            remedy="Tools are flat here: `type`, `name`, `description` and `parameters` side by side.",
            param=f"tools[{place}].name",
        )
    return Tool(
        name=tool.name,
        description=tool.description or "",
        parameters=tool.parameters,
        strict=tool.strict,
        kind=tool.type,
    )


def _schema(wire: TextFormat) -> Schema | None:
    if wire.type == "text":
        return None
    if wire.type == "json_object":
        return Schema()
    if wire.type == "json_schema" and wire.schema is not None:
        return Schema(name=wire.name or "answer", body=wire.schema, strict=wire.strict)
    raise InvalidRequest(
        f"text.format of type {wire.type!r} is not understood.",
        remedy="Use text, json_object, or json_schema with a `schema`.",
        param="text.format",
    )
