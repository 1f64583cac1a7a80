"""Bodies for providers: the caller's own with the model's name changed, or one built from canonical form."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

from podium.core.errors import InvalidRequest
from podium.core.messages import AudioPart, ImagePart, Message, Part, Schema, TextPart, Tool
from podium.core.tasks import Task

from ..dialect import Quirks
from .wire import NAME

_TOKEN_LIMITS = ("max_completion_tokens", "max_tokens")
_fields_decoder = msgspec.json.Decoder(dict[str, Raw])
_encoder = msgspec.json.Encoder(decimal_format="number")
_TRUE = Raw(b"true")


def write_request(task: Task, *, model: str, stream: bool, quirks: Quirks, max_tokens: int | None = None) -> bytes:
    """A provider's body: the caller's own with the model's name changed, or a new one from canonical form.

    `max_tokens` limits an answer the caller set no limit to.
    """
    payload = task.payload
    if payload is None or payload.dialect != NAME:
        return _encoder.encode(_built(task, model, stream, quirks, max_tokens))
    fields: dict[str, Any] = dict(payload.fields)
    fields.pop("podium", None)
    fields["model"] = model
    # Both names may come at once, one of them null: the limit that was read and judged is the one sent.
    for name in _TOKEN_LIMITS:
        fields.pop(name, None)
    limit = max_tokens if task.options.max_tokens is None else task.options.max_tokens
    if limit is not None:
        fields[quirks.max_tokens_field] = limit
    if stream:
        _ask_for_usage(fields, quirks)
    return _encoder.encode(fields)


def _ask_for_usage(fields: dict[str, Any], quirks: Quirks) -> None:
    """Streams are always asked for their usage; whether the caller sees it is decided on the way back."""
    if not quirks.stream_usage:
        fields.pop("stream_options", None)
        return
    given = fields.get("stream_options")
    options = _fields_decoder.decode(given) if isinstance(given, Raw) and bytes(given) != b"null" else {}
    options["include_usage"] = _TRUE
    fields["stream_options"] = options


def _built(task: Task, model: str, stream: bool, quirks: Quirks, max_tokens: int | None) -> dict[str, Any]:
    options = task.options
    body: dict[str, Any] = {"model": model, "messages": [_wire_message(message) for message in task.messages]}
    if stream:
        body["stream"] = True
        _ask_for_usage(body, quirks)
    limit = max_tokens if options.max_tokens is None else options.max_tokens
    if limit is not None:
        body[quirks.max_tokens_field] = limit
    for name in ("temperature", "top_p", "seed", "parallel_tool_calls", "reasoning_effort"):
        value = getattr(options, name)
        if value is not None:
            body[name] = value
    if options.n > 1:
        body["n"] = options.n
    if options.stop:
        body["stop"] = options.stop
    if options.logprobs:
        body["logprobs"] = True
    if options.tools:
        body["tools"] = [_wire_tool(tool) for tool in options.tools]
    if options.tool_choice is not None:
        named = options.tool_choice not in ("auto", "none", "required")
        body["tool_choice"] = (
            {"type": "function", "function": {"name": options.tool_choice}} if named else options.tool_choice
        )
    if options.schema is not None:
        body["response_format"] = _wire_schema(options.schema)
    return body


def _wire_message(message: Message) -> dict[str, Any]:
    wire: dict[str, Any] = {"role": message.role}
    parts = message.parts
    if all(isinstance(part, TextPart) for part in parts):
        wire["content"] = message.text if parts else None
    else:
        wire["content"] = [_wire_part(part) for part in parts]
    if message.tool_calls:
        wire["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in message.tool_calls
        ]
    if message.tool_call_id is not None:
        wire["tool_call_id"] = message.tool_call_id
    if message.name is not None:
        wire["name"] = message.name
    return wire


def _wire_part(part: Part) -> dict[str, Any]:
    if isinstance(part, TextPart):
        return {"type": "text", "text": part.text}
    if isinstance(part, ImagePart):
        image: dict[str, Any] = {"url": part.url}
        if part.detail is not None:
            image["detail"] = part.detail
        return {"type": "image_url", "image_url": image}
    if isinstance(part, AudioPart):
        return {"type": "input_audio", "input_audio": {"data": part.data, "format": part.format}}
    raise InvalidRequest(
        f"A content part of type {part.kind!r} cannot be written in this dialect.",
        remedy="Name a model whose provider speaks the dialect the request came in.",
    )


def _wire_tool(tool: Tool) -> dict[str, Any]:
    function: dict[str, Any] = {"name": tool.name, "parameters": tool.parameters or {"type": "object"}}
    if tool.description:
        function["description"] = tool.description
    if tool.strict is not None:
        function["strict"] = tool.strict
    return {"type": "function", "function": function}


def _wire_schema(schema: Schema) -> dict[str, Any]:
    if schema.body is None:
        return {"type": "json_object"}
    described: dict[str, Any] = {"name": schema.name, "schema": schema.body}
    if schema.strict is not None:
        described["strict"] = schema.strict
    return {"type": "json_schema", "json_schema": described}
