"""Bodies for providers: the caller's own, forwarded, or a new one from canonical form; then the provider's quirks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import Raw

from podium.core.messages import FilePart, ImagePart, Payload
from podium.core.tasks import Task

from ..dialect import NotCarried, Quirks, Written
from ..forwarding import adapt, named
from .built import built
from .schemas import as_instruction, only_json, with_instruction
from .wire import NAME

_TOKEN_LIMITS: Final = ("max_completion_tokens", "max_tokens")
_NEEDED: Final = frozenset(("messages", "tools", "functions", "response_format", "n", "logprobs"))
"""Without these the answer would be another one than was asked for."""
_BIG: Final = 1 << 20
_fields_decoder = msgspec.json.Decoder(dict[str, Raw])
_encoder = msgspec.json.Encoder(decimal_format="number")
_TRUE: Final = Raw(b"true")


def write_request(task: Task, *, model: str, stream: bool, quirks: Quirks, max_tokens: int | None = None) -> Written:
    """A provider's body. `max_tokens` limits an answer the caller set no limit to. Raises NotCarried."""
    payload = task.payload
    notes: list[str] = []
    if not quirks.image_urls:
        _refuse_image_urls(task)
    if payload is not None and payload.dialect == NAME:
        fields = _forwarded(payload, task, quirks, notes)
    else:
        fields = built(task, quirks, notes)
    named(fields, model, quirks)
    limit = max_tokens if task.options.max_tokens is None else task.options.max_tokens
    if limit is not None:
        fields[quirks.max_tokens_field] = limit
    if stream:
        fields["stream"] = _TRUE
        _ask_for_usage(fields, quirks)
    else:
        fields.pop("stream_options", None)
    fields = adapt(fields, quirks, notes, _NEEDED)
    return Written(body=_encoded(fields), notes=tuple(notes))


def _forwarded(payload: Payload, task: Task, quirks: Quirks, notes: list[str]) -> dict[str, Any]:
    """The caller's fields as they came, but for what Podium must decide."""
    fields: dict[str, Any] = dict(payload.fields)
    fields.pop("podium", None)
    # Both names may come at once, one of them null: the limit that was read and judged is the one sent.
    for name in _TOKEN_LIMITS:
        fields.pop(name, None)
    fields.pop("stream", None)
    schema = task.options.schema
    if not quirks.json_schema and schema is not None and schema.body is not None:
        fields["messages"] = with_instruction(fields["messages"], as_instruction(schema), quirks.system_role)
        fields["response_format"] = only_json(notes)
    return fields


def _ask_for_usage(fields: dict[str, Any], quirks: Quirks) -> None:
    """Streams are always asked for their usage; whether the caller sees it is decided on the way back."""
    if not quirks.stream_usage:
        fields.pop("stream_options", None)
        return
    given = fields.get("stream_options")
    options = _fields_decoder.decode(given) if isinstance(given, Raw) and bytes(given) != b"null" else {}
    options["include_usage"] = _TRUE
    fields["stream_options"] = options


def _refuse_image_urls(task: Task) -> None:
    for message in task.messages:
        for part in message.parts:
            if isinstance(part, ImagePart | FilePart) and part.url is not None and part.url[:5].lower() != "data:":
                raise NotCarried(
                    "The provider does not fetch images and files by their address.",
                    remedy="Send the content itself, as a data URL.",
                    param="messages",
                )


def _encoded(fields: Mapping[str, Any]) -> bytes:
    """The body. A big one is joined, for the encoder's buffer grows by copying what it holds."""
    messages = fields.get("messages")
    if not isinstance(messages, Raw) or len(messages) < _BIG:
        return _encoder.encode(fields)
    pieces: list[bytes | Raw] = []
    for name, value in fields.items():
        pieces.append((b"," if pieces else b"{") + _encoder.encode(name) + b":")
        pieces.append(value if isinstance(value, Raw) else _encoder.encode(value))
    pieces.append(b"}")
    return b"".join(pieces)
