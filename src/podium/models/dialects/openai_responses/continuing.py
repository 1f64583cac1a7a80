"""Going on from a kept answer: what to keep of one, and a request made whole with the conversation before it.

Podium keeps conversations itself and sends them in full, so any provider can go on with what another began. What is
sent again follows OpenAI's rules for clients that keep their own history:

- An identifier makes the service look an item up among answers it stored. It stored nothing where `store` was false,
  where another provider or credential gave the answer, or after its own time limit, and refuses what it cannot find
  ("Item with id 'rs_...' not found"). Kept messages, calls and results go without identifiers: none of them needs one.
- Nor may they have one when the reasoning before them is left out ("provided without its required reasoning item").
- Reasoning is readable to its maker by its `encrypted_content`; it keeps its identifier, which belongs to the cipher.
  Without that content it would be looked up too, so it is left out.
- Reasoning matters while a tool's results are being sent, back to the last user message (OpenAI's guide on reasoning
  models, "Keeping reasoning items in context"), and then only its maker can go on: it pins the provider. Once the user
  has spoken again the service drops it, unless `reasoning.context` is `all_turns`; carrying it then would only bind
  the conversation to one provider.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct

from podium.core.errors import InvalidRequest
from podium.core.messages import Message, Payload

from ..dialect import Incoming
from ..sse import EventCutter
from .items import RESULTS, read_items
from .replies import said
from .requests import read_messages
from .wire import Item, ResponsesRequest, WireReasoning

_encoder = msgspec.json.Encoder()
_items_decoder = msgspec.json.Decoder(list[Raw])
_item_decoder = msgspec.json.Decoder(Item)
_typed_decoder = msgspec.json.Decoder(list[Item])
_fields_decoder = msgspec.json.Decoder(dict[str, Raw])
_input_decoder = msgspec.json.Decoder(str | list[Raw] | None)
_instructions_decoder = msgspec.json.Decoder(str | list[Item] | None)
_reasoning_decoder = msgspec.json.Decoder(WireReasoning | None)
_TERMINAL: Final = frozenset(("response.completed", "response.incomplete"))
_KEPT_STATES: Final = frozenset((None, "completed", "incomplete"))
_PLAIN: Final = frozenset(("message", "function_call", "custom_tool_call", *RESULTS))


class Keepable(Struct, frozen=True, kw_only=True):
    """What of an answer is kept, so that a conversation can go on from it and its object can be shown again."""

    id: str
    """As the caller knows it: the provider's own where its answer was relayed."""
    items: bytes
    """The whole input that led to it, as a JSON list of items."""
    body: bytes
    """The response object as the caller got it."""
    model: str


class Expanded(Struct, frozen=True, kw_only=True):
    """A request made whole."""

    incoming: Incoming
    keeper: str | None = None
    """The provider whose reasoning is in it, and the only one that can go on (`Task.keeper`)."""
    notes: tuple[str, ...] = ()


class _Shown(Struct, frozen=True):
    """A response object, as far as keeping it needs."""

    id: str | None = None
    model: str | None = None
    status: str | None = None
    output: list[Raw] | None = None


class _Terminal(Struct, frozen=True):
    type: str = ""
    response: Raw = Raw(b"")


_shown_decoder = msgspec.json.Decoder(_Shown)
_terminal_decoder = msgspec.json.Decoder(_Terminal)


def final_response(stream: bytes) -> bytes | None:
    """The response object in the last of a stream's events: a relayed closing frame, or what a writer's `close` gave.

    None where there is no answer to keep.
    """
    cutter = EventCutter()
    for data, _ in reversed([*cutter.feed(stream), *cutter.close()]):
        try:
            event = _terminal_decoder.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
        if event.type in _TERMINAL:
            return bytes(event.response) or None
    return None


def to_keep(payload: Payload, answer: bytes) -> Keepable | None:
    """What to keep of an answer, given the (expanded) request's payload and the response object the caller got.

    None for what nobody could go on from: a failure, or an answer without an identifier.
    """
    try:
        shown = _shown_decoder.decode(answer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if not shown.id or shown.status not in _KEPT_STATES or shown.output is None:
        return None
    return Keepable(id=shown.id, items=_encoder.encode(_items(payload.fields)), body=answer, model=shown.model or "")


def expand(incoming: Incoming, *, items: bytes, body: bytes, provider: str, reachable: bool = True) -> Expanded:
    """The request with everything before it: kept input, kept output, then its own input.

    `items`, `body`: as they were kept; `provider`: who gave that answer. `reachable`: whether it may serve this
    request too; if not, its reasoning is left out. Instructions are not carried over, as in OpenAI's API.
    """
    payload = incoming.payload
    new = _items(payload.fields)
    earlier = [*_items_decoder.decode(items), *(_shown_decoder.decode(body).output or ())]
    wanted = _reasoning_from(earlier, new, payload.fields)
    kept: list[Raw] = []
    carried = left = False
    for place, raw in enumerate(earlier):
        item = _item_decoder.decode(raw)
        if item.kind != "reasoning":
            kept.append(_plain(item, raw))
        elif place >= wanted and item.encrypted_content:
            carried = carried or reachable
            left = left or not reachable
            if reachable:
                kept.append(raw)
    whole = _encoder.encode([*kept, *new])
    fields = dict(payload.fields)
    fields["input"] = Raw(whole)
    expanded = msgspec.structs.replace(
        incoming,
        messages=(*_instructions(fields), *read_items(_typed_decoder.decode(whole))),
        payload=msgspec.structs.replace(payload, fields=fields),
    )
    note = f"Reasoning of {provider} was left out: it cannot serve this request, and no other can read it."
    return Expanded(incoming=expanded, keeper=provider if carried else None, notes=(note,) if left else ())


_LONGEST_SHOWN: Final = 100
"""Characters of what a caller gave for an identifier that are said back."""


def not_found(previous: str) -> InvalidRequest:
    """The error for an answer that is not kept, or not any more."""
    return InvalidRequest(
        f"Previous response with id '{previous[:_LONGEST_SHOWN]}' not found.",
        remedy="Podium keeps answers for `record.responses_h` hours, unless `store` is false or they are confidential, "
        "and for the user who asked (`user` or x-podium-user). Send the conversation's items in `input`.",
        param="previous_response_id",
    )


def _items(fields: Mapping[str, Raw]) -> list[Raw]:
    """A request's input as items, also where it came as text."""
    given = fields.get("input")
    value = None if given is None else _input_decoder.decode(given)
    if isinstance(value, str):
        return [Raw(_encoder.encode({"type": "message", "role": "user", "content": value}))] if value else []
    return value or []


def _instructions(fields: Mapping[str, Raw]) -> tuple[Message, ...]:
    given = fields.get("instructions")
    return () if given is None else read_messages(ResponsesRequest(instructions=_instructions_decoder.decode(given)))


def _reasoning_from(earlier: Sequence[Raw], new: Sequence[Raw], fields: Mapping[str, Raw]) -> int:
    """From which place on earlier reasoning still matters; past the end where none does."""
    given = fields.get("reasoning")
    reasoning = None if given is None else _reasoning_decoder.decode(given)
    if reasoning is not None and reasoning.context == "all_turns":
        return 0
    if not any(_item_decoder.decode(raw).kind in RESULTS for raw in new):
        return len(earlier)
    for place in range(len(earlier) - 1, -1, -1):
        if _item_decoder.decode(earlier[place]).role == "user":
            return place
    return 0


def _plain(item: Item, raw: Raw) -> Raw:
    """A kept item without its identifier; the model's own messages in the form every server reads."""
    if item.kind not in _PLAIN:
        return raw
    if item.kind == "message" and item.role == "assistant":
        message: dict[str, Any] = {"type": "message", "role": "assistant"}
        message["content"] = "".join(part.text or part.refusal or "" for part in said(item))
        phase = _fields_decoder.decode(raw).get("phase")
        if phase is not None:
            message["phase"] = phase
        return Raw(_encoder.encode(message))
    if item.id is None:
        return raw
    fields = _fields_decoder.decode(raw)
    del fields["id"]
    return Raw(_encoder.encode(fields))
