"""Bodies for providers: the caller's own, forwarded, or a new one from canonical form; then the provider's quirks."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Raw

from podium.core.messages import Payload
from podium.core.tasks import Task

from ..dialect import Quirks, Written
from ..forwarding import adapt, encoded, has_much, named, refuse_addresses
from ..openai_forms.efforts import taken_effort
from .built import built
from .schemas import as_instruction, only_json, with_instruction
from .taken import taken_messages
from .wire import NAME

_TOKEN_LIMITS: Final = ("max_completion_tokens", "max_tokens")
_NEEDED: Final = frozenset(("messages", "tools", "functions", "response_format", "n", "logprobs"))
"""Without these the answer would be another one than was asked for."""
_EFFORT: Final = "reasoning_effort"
_OTHER_WISHES: Final = ("reasoning", "include_reasoning")
_fields_decoder = msgspec.json.Decoder(dict[str, Raw])
_TRUE: Final = Raw(b"true")


def write_request(task: Task, *, model: str, stream: bool, quirks: Quirks, max_tokens: int | None = None) -> Written:
    """A provider's body. `max_tokens` limits an answer the caller set no limit to. Raises NotCarried."""
    payload = task.payload
    notes: list[str] = []
    if not quirks.image_urls:
        refuse_addresses(task, param="messages")
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
    much = not isinstance(fields["messages"], Raw) and has_much(task)
    fields = adapt(fields, quirks, notes, _NEEDED)
    return Written(body=encoded(fields, much=much), notes=tuple(notes))


def _forwarded(payload: Payload, task: Task, quirks: Quirks, notes: list[str]) -> dict[str, Any]:
    """The caller's fields as they came, but for what Podium must decide."""
    fields: dict[str, Any] = dict(payload.fields)
    fields.pop("podium", None)
    # Both names may come at once, one of them null: the limit that was read and judged is the one sent.
    for name in _TOKEN_LIMITS:
        fields.pop(name, None)
    fields.pop("stream", None)
    fields["messages"] = taken_messages(fields["messages"], task.messages, quirks, notes)
    if quirks.efforts is not None:
        _ask_to_reason(fields, task.options.reasoning_effort, quirks.efforts, notes)
    schema = task.options.schema
    if not quirks.json_schema and schema is not None and schema.body is not None:
        fields["messages"] = with_instruction(fields["messages"], as_instruction(schema), quirks.system_role)
        fields["response_format"] = only_json(notes)
    return fields


def _ask_to_reason(fields: dict[str, Any], effort: str | None, efforts: tuple[str, ...], notes: list[str]) -> None:
    """The caller's effort in the provider's words; OpenRouter's way of asking goes where nothing reasons."""
    if not efforts:
        for name in _OTHER_WISHES:
            fields.pop(name, None)
    if _EFFORT not in fields:
        if not efforts and effort is not None:
            taken_effort(effort, efforts, notes)
        return
    taken = None if effort is None else taken_effort(effort, efforts, notes)
    if taken is None:
        del fields[_EFFORT]
    elif taken != effort:
        fields[_EFFORT] = taken


def _ask_for_usage(fields: dict[str, Any], quirks: Quirks) -> None:
    """Streams are always asked for their usage; whether the caller sees it is decided on the way back."""
    if not quirks.stream_usage:
        fields.pop("stream_options", None)
        return
    given = fields.get("stream_options")
    options = _fields_decoder.decode(given) if isinstance(given, Raw) and bytes(given) != b"null" else {}
    options["include_usage"] = _TRUE
    fields["stream_options"] = options
