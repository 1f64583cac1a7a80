"""Streams of providers, read: typed events into canonical ones, their bytes kept for relaying.

The state machine is `_TABLE`: what each type of event does. Types that are not in it mean nothing to Podium and pass.
What was said in deltas is not said again by the `done` events; what was only said there, is: some servers send a
call's arguments, or a whole message, in the closing event alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from podium.core.errors import FailureKind, ProviderError
from podium.core.messages import (
    Finished,
    FinishReason,
    Frame,
    OpaqueDelta,
    ReasoningDelta,
    ReasoningSealed,
    RefusalDelta,
    StreamEvent,
    StreamFault,
    TextDelta,
    ToolCallDelta,
    UsageSeen,
)

from ..event_frames import EventFrames
from ..openai_forms.calls import CUSTOM_CLOSING, CUSTOM_OPENING, inside
from ..openai_forms.errors import error_text
from .items import read_reasoning
from .replies import finish_reason, said
from .usage import read_usage
from .wire import Event, Item

_event_decoder = msgspec.json.Decoder(Event)
_DONE: Final = b"[DONE]"
_CALLS: Final = frozenset(("function_call", "custom_tool_call"))
_SPOKEN: Final = _CALLS | {"message", "reasoning"}
_WHOLE: Final = "whole"


class _Call:
    """One tool call under way."""

    __slots__ = ("custom", "ended", "id", "index", "name", "written")

    def __init__(self, index: int, *, call_id: str, name: str, custom: bool) -> None:
        self.index = index
        self.id = call_id
        self.name = name
        self.custom = custom
        self.written = False
        self.ended = False


class ResponsesStreamReader(EventFrames):
    """Reads one stream of Responses events."""

    __slots__ = ("_calls", "_current", "_ended", "_places", "_provider", "_seen", "_thought")

    def __init__(self, *, provider: str) -> None:
        super().__init__()
        self._provider = provider
        self._calls: dict[Any, _Call] = {}  # by place in the output, in the order they began
        self._places: dict[str, Any] = {}  # of items by their identifier: an index, or the identifier itself
        self._current: Any = None  # place of the item under way, for events that name none
        self._seen: set[Any] = set()  # (place, part) whose text came in deltas
        self._thought: set[Any] = set()  # places of reasoning whose text came in deltas
        self._ended = False

    def _frame(self, data: bytes, raw: bytes) -> Frame:
        # `[DONE]` ends nothing here: some servers send it out of habit, after the event that does.
        if not data or data.strip() == _DONE:
            return Frame(raw=raw, idle=True)
        try:
            event = _event_decoder.decode(data)
        except msgspec.ValidationError as exc:
            return self._unread(data, raw, exc)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
            raise self._garbage(str(exc)) from exc
        act = _TABLE.get(event.type)
        if act is not None:
            events = act(self, event)
            return Frame(events=events, raw=raw, closing=self._ended)
        if event.error is not None and not event.type:
            message, code = error_text(event.error)
            return Frame(events=(StreamFault(message=message, code=code),), raw=raw)
        return Frame(raw=raw)

    def _unread(self, data: bytes, raw: bytes, exc: msgspec.ValidationError) -> Frame:
        """Fields of the wrong type are a fault in an event Podium reads, and none of its business in another."""
        try:
            told = msgspec.json.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as worse:
            raise self._garbage(str(worse)) from worse
        kind = told.get("type") if isinstance(told, dict) else None
        if not isinstance(kind, str) or kind in _TABLE:
            raise self._garbage(str(exc)) from exc
        return Frame(raw=raw)

    def _garbage(self, why: str) -> ProviderError:
        return ProviderError(
            f"{self._provider} sent a stream event that is not one of the Responses API: {why}.",
            kind=FailureKind.GARBAGE,
            provider=self._provider,
        )

    def _place(self, event: Event) -> Any:
        """Which item an event is about, in whatever way the server says so: by its place in the output, by its
        identifier, or by nothing but coming after its beginning. An item keeps the place it was first told at."""
        item_id = event.item_id if event.item is None else event.item.id
        index = event.output_index
        if item_id:
            return self._places.setdefault(item_id, item_id if index is None else index)
        return self._current if index is None else index

    # --- text ---------------------------------------------------------------------------------------------------

    def _text(self, event: Event) -> tuple[StreamEvent, ...]:
        self._seen.add((self._place(event), event.content_index or 0))
        return (TextDelta(event.delta),) if event.delta and isinstance(event.delta, str) else ()

    def _refusal(self, event: Event) -> tuple[StreamEvent, ...]:
        self._seen.add((self._place(event), event.content_index or 0))
        return (RefusalDelta(event.delta),) if event.delta and isinstance(event.delta, str) else ()

    def _text_done(self, event: Event) -> tuple[StreamEvent, ...]:
        text = event.text if isinstance(event.text, str) else ""
        return self._late(self._place(event), event.content_index or 0, text, TextDelta)

    def _refusal_done(self, event: Event) -> tuple[StreamEvent, ...]:
        return self._late(self._place(event), event.content_index or 0, event.refusal or "", RefusalDelta)

    def _late(self, place: Any, part: int, text: str, kind: Callable[[str], StreamEvent]) -> tuple[StreamEvent, ...]:
        if not text or (place, part) in self._seen:
            return ()
        told = (None, part) in self._seen  # in deltas that named no item: they were this one's
        self._seen.discard((None, part))
        self._seen.add((place, part))
        return () if told else (kind(text),)

    # --- reasoning ----------------------------------------------------------------------------------------------

    def _thinking(self, event: Event) -> tuple[StreamEvent, ...]:
        self._thought.add(self._place(event))
        return (ReasoningDelta(event.delta),) if event.delta and isinstance(event.delta, str) else ()

    def _summary_part(self, event: Event) -> tuple[StreamEvent, ...]:
        """Summaries come in parts, which whole answers join with a blank line."""
        return (ReasoningDelta("\n\n"),) if self._place(event) in self._thought else ()

    # --- items --------------------------------------------------------------------------------------------------

    def _added(self, event: Event) -> tuple[StreamEvent, ...]:
        item = event.item
        if item is None:
            return ()
        self._current = self._place(event)
        if item.kind in ("message", "reasoning"):
            return ()
        if item.kind not in _SPOKEN:
            return (OpaqueDelta(item.kind),)
        return self._open(self._current, item)

    def _open(self, place: Any, item: Item) -> tuple[StreamEvent, ...]:
        custom = item.type == "custom_tool_call"
        call = _Call(len(self._calls), call_id=item.call_id or "", name=item.name or "", custom=custom)
        self._calls[place] = call
        return (
            ToolCallDelta(
                index=call.index,
                id=item.call_id or item.id or None,
                name=item.name or "",
                arguments=CUSTOM_OPENING if custom else "",
            ),
        )

    def _item_done(self, event: Event) -> tuple[StreamEvent, ...]:
        item = event.item
        return () if item is None else self._finished_item(self._place(event), item)

    def _finished_item(self, place: Any, item: Item) -> tuple[StreamEvent, ...]:
        kind = item.kind
        if kind == "message":
            events: list[StreamEvent] = []
            for part, content in enumerate(said(item)):
                if content.type == "refusal":
                    events += self._late(place, part, content.refusal or "", RefusalDelta)
                else:
                    events += self._late(place, part, content.text or "", TextDelta)
            return tuple(events)
        if kind == "reasoning":
            return self._sealed(place, item)
        if kind in _SPOKEN:
            begun = () if place in self._calls else self._open(place, item)
            said_last = item.input if kind == "custom_tool_call" else item.arguments
            return (*begun, *self._end_call(self._calls[place], said_last))
        return ()

    def _sealed(self, place: Any, item: Item) -> tuple[StreamEvent, ...]:
        part = read_reasoning(item)
        shown = place in self._thought or None in self._thought
        self._thought.discard(None)
        if not shown and not part.text and not part.data and not part.signature:
            return ()  # the service kept its reasoning to itself
        sealed = ReasoningSealed(signature=part.signature, data=part.data, id=part.id, origin=part.origin)
        self._thought.add(place)
        return (sealed,) if shown or not part.text else (ReasoningDelta(part.text), sealed)

    # --- calls --------------------------------------------------------------------------------------------------

    def _arguments(self, event: Event) -> tuple[StreamEvent, ...]:
        call = self._calls.get(self._place(event))
        if call is None:
            raise self._garbage(f"arguments at output index {event.output_index}, where no call began")
        delta = event.delta
        if not isinstance(delta, str) or not delta:
            return ()
        call.written = True
        return (ToolCallDelta(index=call.index, arguments=inside(delta) if call.custom else delta),)

    def _arguments_done(self, event: Event) -> tuple[StreamEvent, ...]:
        call = self._calls.get(self._place(event))
        if call is None:
            raise self._garbage(f"arguments at output index {event.output_index}, where no call began")
        return self._end_call(call, event.input if call.custom else event.arguments)

    def _end_call(self, call: _Call, whole: Any) -> tuple[StreamEvent, ...]:
        """The end of a call, told once by each of two events. `whole` matters only where no delta came."""
        if call.ended:
            return ()
        late = "" if call.written or not isinstance(whole, str) else whole
        if call.custom:
            call.ended = True
            return (ToolCallDelta(index=call.index, arguments=inside(late) + CUSTOM_CLOSING),)
        if not late:
            return ()  # an empty one may yet come whole in the next event
        call.ended = call.written = True
        return (ToolCallDelta(index=call.index, arguments=late),)

    # --- the end ------------------------------------------------------------------------------------------------

    def _completed(self, event: Event) -> tuple[StreamEvent, ...]:
        answer = event.response
        if answer is None:
            raise self._garbage(f"{event.type} without its response")
        if answer.status in ("failed", "cancelled"):
            return self._failed(event)
        events: list[StreamEvent] = []
        events.extend(self._told_last(answer.output or ()))
        reason = finish_reason(answer, called=bool(self._calls))
        if event.type == "response.incomplete" and answer.status != "incomplete":
            reason = FinishReason.LENGTH
        events.append(Finished(reason))
        usage = read_usage(answer.usage)
        if usage is not None:
            events.append(UsageSeen(usage))
        self._ended = True
        return tuple(events)

    def _told_last(self, output: Sequence[Item]) -> list[StreamEvent]:
        """What the whole answer at the end says again at most servers, and for the first time at some: all of it, or
        a call after text that was streamed."""
        events: list[StreamEvent] = []
        spoken = bool(self._seen)
        thought = spoken or bool(self._thought or self._calls)
        claimed: set[int] = set()
        for index, item in enumerate(output):
            kind = item.kind
            place = (_WHOLE, index)
            if kind in _CALLS:
                known = self._known(item, claimed)
                if known is None:
                    events.extend(self._finished_item(place, item))
                    known = self._calls[place]
                else:
                    events.extend(self._end_call(known, item.input if known.custom else item.arguments))
                claimed.add(known.index)
            elif not (thought if kind == "reasoning" else spoken):
                events.extend(self._finished_item(place, item))
        return events

    def _known(self, item: Item, claimed: set[int]) -> _Call | None:
        """The call that the stream told of already: by its identifier, else by name and order."""
        for call in self._calls.values():
            if call.index not in claimed and call.name == (item.name or "") and call.id == (item.call_id or ""):
                return call
        for call in self._calls.values():
            if call.index not in claimed and call.name == (item.name or "") and not (call.id and item.call_id):
                return call
        return None

    def _failed(self, event: Event) -> tuple[StreamEvent, ...]:
        answer = event.response
        message, code = error_text(answer.error if answer else None, answer.status if answer else None)
        return (StreamFault(message=message, code=code),)

    def _error(self, event: Event) -> tuple[StreamEvent, ...]:
        """Message and code stand in the event itself, or in an `error` inside it."""
        told = event.error if event.error is not None else {"message": event.message, "code": event.code}
        message, code = error_text(told)
        return (StreamFault(message=message, code=code),)


_Act = Callable[[ResponsesStreamReader, Event], tuple[StreamEvent, ...]]
_TABLE: Final[Mapping[str, _Act]] = {
    "response.output_text.delta": ResponsesStreamReader._text,
    "response.output_text.done": ResponsesStreamReader._text_done,
    "response.refusal.delta": ResponsesStreamReader._refusal,
    "response.refusal.done": ResponsesStreamReader._refusal_done,
    "response.reasoning_summary_text.delta": ResponsesStreamReader._thinking,
    "response.reasoning_summary_part.added": ResponsesStreamReader._summary_part,
    "response.reasoning_text.delta": ResponsesStreamReader._thinking,
    "response.output_item.added": ResponsesStreamReader._added,
    "response.output_item.done": ResponsesStreamReader._item_done,
    "response.function_call_arguments.delta": ResponsesStreamReader._arguments,
    "response.function_call_arguments.done": ResponsesStreamReader._arguments_done,
    "response.custom_tool_call_input.delta": ResponsesStreamReader._arguments,
    "response.custom_tool_call_input.done": ResponsesStreamReader._arguments_done,
    "response.completed": ResponsesStreamReader._completed,
    "response.incomplete": ResponsesStreamReader._completed,
    "response.failed": ResponsesStreamReader._failed,
    "error": ResponsesStreamReader._error,
}
"""What each event does. `created`, `in_progress`, `queued`, `content_part.*`, `annotation.added` and the `done` events
of reasoning's text tell nothing that the others do not."""
