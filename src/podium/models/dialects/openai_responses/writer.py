"""Streams for callers: canonical events written as the Responses API's, in its order, with its numbers.

Everything of a delta but its text is the same all through an item, so it is written once and put around each text.
Reasoning and messages end where another kind of item begins; calls stay open, because fragments of parallel calls may
come in turns, and all end with the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from podium.core.errors import PodiumError
from podium.core.messages import (
    Finished,
    FinishReason,
    Noted,
    ReasoningDelta,
    ReasoningPart,
    ReasoningSealed,
    RefusalDelta,
    StreamEvent,
    TextDelta,
    ToolCall,
    ToolCallDelta,
    UsageSeen,
)
from podium.core.tasks import Task
from podium.core.usage import Usage

from .answers import (
    AnswerForm,
    call_item,
    final_status,
    message_item,
    reasoning_item,
    signature_item,
    text_content,
)
from .errors import failure, write_stream_error
from .wire import NAME

HEARTBEAT: Final = b": podium\n\n"
"""A comment: the event stream standard has every client skip it, and the official SDKs do."""

_encode = msgspec.json.Encoder(decimal_format="number").encode


class _Open:
    """An item under way: a message, a block of reasoning, or a call."""

    __slots__ = ("content", "head", "index", "item_id", "kind", "pieces", "tail")

    def __init__(self, kind: str, index: int, item_id: str) -> None:
        self.kind = kind
        self.index = index
        self.item_id = item_id
        self.pieces: list[str] = []
        self.content: list[dict[str, Any]] = []  # a message's finished parts
        self.head = b""
        self.tail = b""

    def text(self) -> str:
        return "".join(self.pieces)


class _OpenCall:
    """A call under way; without a place in the output until its name is known."""

    __slots__ = ("call_id", "custom", "item", "name", "pieces", "signature")

    def __init__(self, call_id: str, signature: str | None) -> None:
        self.call_id = call_id
        self.signature = signature
        self.name = ""
        self.custom = False
        self.pieces: list[str] = []
        self.item: _Open | None = None


class ResponsesStreamWriter:
    """Writes one stream of Responses events."""

    __slots__ = (
        "_begun",
        "_calls",
        "_finish",
        "_form",
        "_notes",
        "_number",
        "_open",
        "_output",
        "_refusing",
        "_spoke",
        "_usage",
    )

    def __init__(self, *, task: Task, model: str) -> None:
        self._form = AnswerForm(task=task, model=model)
        self._number = 0
        self._begun = False
        self._output: list[dict[str, Any] | None] = []  # None for an item under way
        self._open: _Open | None = None
        self._spoke = False
        self._refusing = False  # the part of the message under way is a refusal
        self._calls: dict[int, _OpenCall] = {}
        self._finish: FinishReason | None = None
        self._usage: Usage | None = None
        self._notes: list[str] = []

    def write(self, events: Sequence[StreamEvent]) -> bytes:
        """The events these make. The last one waits for `close`, because usage may come after the finish."""
        out: list[bytes] = []
        for event in events:
            if isinstance(event, TextDelta):
                self._say(event.text, out, refusing=False)
            elif isinstance(event, ToolCallDelta):
                self._call(event, out)
            elif isinstance(event, ReasoningDelta):
                self._think(event.text, out)
            elif isinstance(event, ReasoningSealed):
                self._seal(event, out)
            elif isinstance(event, RefusalDelta):
                self._say(event.text, out, refusing=True)
            elif isinstance(event, Finished):
                if self._finish is None:
                    self._finish = event.reason
                    self._end_items(out)
            elif isinstance(event, UsageSeen):
                self._usage = event.usage
            elif isinstance(event, Noted):
                self._notes.append(event.text)
        return b"".join(out)

    def close(self) -> bytes:
        """What ends the stream. After a finish only."""
        out: list[bytes] = []
        finish = self._finish or FinishReason.STOP
        self._end_items(out)
        status = final_status(finish)
        whole = self._form.fields(status, self._finished_items(), finish=finish, usage=self._usage, notes=self._notes)
        self._put(out, f"response.{status}", response=whole)
        return b"".join(out)

    def fail(self, error: PodiumError) -> bytes:
        """The failed answer as an event, for clients that look at the answer's state, then the error to be raised."""
        out: list[bytes] = []
        self._begin(out)
        broken = self._form.fields("failed", self._finished_items(), usage=self._usage, error=failure(error))
        self._put(out, "response.failed", response=broken)
        out.append(write_stream_error(error, number=self._number))
        return b"".join(out)

    # --- frames -------------------------------------------------------------------------------------------------

    def _put(self, out: list[bytes], kind: str, **fields: Any) -> None:
        event = {"type": kind, "sequence_number": self._number, **fields}
        self._number += 1
        out.append(b"event: " + kind.encode() + b"\ndata: " + _encode(event) + b"\n\n")

    def _put_delta(self, out: list[bytes], item: _Open, text: str) -> None:
        out.append(item.head + _encode(text) + item.tail + b"%d}\n\n" % self._number)
        self._number += 1
        item.pieces.append(text)

    def _set_frame(self, item: _Open, kind: str, **fields: Any) -> None:
        """What stands around each delta of this item."""
        around = {"type": kind, "item_id": item.item_id, "output_index": item.index, **fields}
        item.head = b"event: " + kind.encode() + b"\ndata: " + _encode(around)[:-1] + b',"delta":'
        item.tail = b',"sequence_number":'

    def _begin(self, out: list[bytes]) -> None:
        if self._begun:
            return
        self._begun = True
        opening = self._form.fields("in_progress")
        self._put(out, "response.created", response=opening)
        self._put(out, "response.in_progress", response=opening)

    def _finished_items(self) -> list[dict[str, Any]]:
        return [item for item in self._output if item is not None]

    def _new(self, out: list[bytes], kind: str, prefix: str) -> _Open:
        """A place in the output. What was under way, and is not a call, ends first."""
        self._begin(out)
        self._end_open(out)
        item = _Open(kind, len(self._output), self._form.item_id(prefix, len(self._output)))
        self._output.append(None)
        return item

    def _done(self, out: list[bytes], index: int, finished: dict[str, Any]) -> None:
        self._output[index] = finished
        self._put(out, "response.output_item.done", output_index=index, item=finished)

    # --- messages -----------------------------------------------------------------------------------------------

    def _say(self, text: str, out: list[bytes], *, refusing: bool) -> None:
        self._spoke = True
        item = self._open
        if item is None or item.kind != "message":
            item = self._new(out, "message", "msg")
            self._open = item
            added = message_item(item.item_id, [], "in_progress")
            self._put(out, "response.output_item.added", output_index=item.index, item=added)
            self._begin_part(item, out, refusing=refusing)
        elif refusing is not self._refusing:
            self._end_part(item, out)
            self._begin_part(item, out, refusing=refusing)
        self._put_delta(out, item, text)

    def _begin_part(self, item: _Open, out: list[bytes], *, refusing: bool) -> None:
        self._refusing = refusing
        place = len(item.content)
        part = {"type": "refusal", "refusal": ""} if refusing else text_content("")
        self._put(
            out,
            "response.content_part.added",
            item_id=item.item_id,
            output_index=item.index,
            content_index=place,
            part=part,
        )
        if refusing:
            self._set_frame(item, "response.refusal.delta", content_index=place)
        else:
            self._set_frame(item, "response.output_text.delta", content_index=place, logprobs=[])

    def _end_part(self, item: _Open, out: list[bytes]) -> None:
        text = item.text()
        where = {"item_id": item.item_id, "output_index": item.index, "content_index": len(item.content)}
        if self._refusing:
            part: dict[str, Any] = {"type": "refusal", "refusal": text}
            self._put(out, "response.refusal.done", **where, refusal=text)
        else:
            part = text_content(text)
            self._put(out, "response.output_text.done", **where, text=text, logprobs=[])
        self._put(out, "response.content_part.done", **where, part=part)
        item.content.append(part)
        item.pieces = []

    # --- reasoning ----------------------------------------------------------------------------------------------

    def _think(self, text: str, out: list[bytes]) -> None:
        item = self._open
        if item is None or item.kind != "reasoning":
            item = self._new(out, "reasoning", "rs")
            self._open = item
            self._announce(item, out)
            self._put(
                out,
                "response.reasoning_summary_part.added",
                item_id=item.item_id,
                output_index=item.index,
                summary_index=0,
                part={"type": "summary_text", "text": ""},
            )
            self._set_frame(item, "response.reasoning_summary_text.delta", summary_index=0)
        self._put_delta(out, item, text)

    def _announce(self, item: _Open, out: list[bytes]) -> None:
        added = {"id": item.item_id, "type": "reasoning", "summary": []}
        self._put(out, "response.output_item.added", output_index=item.index, item=added)

    def _seal(self, event: ReasoningSealed, out: list[bytes]) -> None:
        item = self._open
        if item is None or item.kind != "reasoning":
            if event.data is None and event.signature is None:
                return  # nothing was shown and nothing can come back
            item = self._new(out, "reasoning", "rs")
            self._announce(item, out)
        self._open = None
        self._end_thought(item, out, event)

    def _end_thought(self, item: _Open, out: list[bytes], sealed: ReasoningSealed | None = None) -> None:
        text = item.text()
        where = {"item_id": item.item_id, "output_index": item.index, "summary_index": 0}
        if item.pieces:
            part = {"type": "summary_text", "text": text}
            self._put(out, "response.reasoning_summary_text.done", **where, text=text)
            self._put(out, "response.reasoning_summary_part.done", **where, part=part)
        # The identifier was given with the item's first event, before the provider's own was known: it stays.
        finished = ReasoningPart(
            text=text,
            signature=sealed.signature if sealed else None,
            data=sealed.data if sealed else None,
            origin=sealed.origin if sealed else NAME,
        )
        self._done(out, item.index, reasoning_item(item.item_id, finished))

    # --- calls --------------------------------------------------------------------------------------------------

    def _call(self, event: ToolCallDelta, out: list[bytes]) -> None:
        self._spoke = True
        call = self._calls.get(event.index)
        if call is None:
            call = _OpenCall(event.id or "", event.signature)
            self._calls[event.index] = call
        if call.item is None:
            call.call_id = call.call_id or event.id or ""
            call.signature = call.signature or event.signature
            call.name = call.name or event.name or ""
            if call.name:
                self._open_call(call, out)
        if event.arguments:
            if call.item is None:
                call.pieces.append(event.arguments)
            else:
                self._argue(call, event.arguments, out)

    def _open_call(self, call: _OpenCall, out: list[bytes]) -> None:
        if call.signature is not None:
            carrier = self._new(out, "reasoning", "rs")
            self._announce(carrier, out)
            self._done(out, carrier.index, signature_item(carrier.item_id, call.signature))
        call.custom = call.name in self._form.customs
        item = self._new(out, "call", "ctc" if call.custom else "fc")
        call.item = item
        call.call_id = call.call_id or self._form.item_id("call", item.index)
        added = {
            "id": item.item_id,
            "type": "custom_tool_call" if call.custom else "function_call",
            "status": "in_progress",
            "call_id": call.call_id,
            "name": call.name,
            "input" if call.custom else "arguments": "",
        }
        self._put(out, "response.output_item.added", output_index=item.index, item=added)
        self._set_frame(item, "response.function_call_arguments.delta")
        pieces, call.pieces = call.pieces, []
        for piece in pieces:
            self._argue(call, piece, out)

    def _argue(self, call: _OpenCall, piece: str, out: list[bytes]) -> None:
        item = call.item
        if item is None or call.custom:
            # A custom tool's text can be taken out of its JSON only when that is whole.
            call.pieces.append(piece)
        else:
            self._put_delta(out, item, piece)

    def _end_call(self, call: _OpenCall, out: list[bytes], status: str) -> None:
        if call.item is None:
            self._open_call(call, out)  # nobody ever said its name
        item = call.item
        if item is None:
            return
        arguments = "".join(call.pieces) if call.custom else item.text()
        whole = ToolCall(id=call.call_id, name=call.name, arguments=arguments)
        finished = call_item(self._form, item.index, whole, status)
        where = {"item_id": item.item_id, "output_index": item.index}
        if call.custom:
            text = finished["input"]
            self._put(out, "response.custom_tool_call_input.delta", **where, delta=text)
            self._put(out, "response.custom_tool_call_input.done", **where, input=text)
        else:
            if not item.pieces:
                self._put_delta(out, item, finished["arguments"])
            self._put(
                out, "response.function_call_arguments.done", **where, name=call.name, arguments=finished["arguments"]
            )
        self._done(out, item.index, finished)

    # --- the end ------------------------------------------------------------------------------------------------

    def _end_open(self, out: list[bytes]) -> None:
        item, self._open = self._open, None
        if item is None:
            return
        if item.kind == "reasoning":
            self._end_thought(item, out)
            return
        self._end_part(item, out)
        finish = self._finish
        status = "completed" if finish is None else final_status(finish)
        self._done(out, item.index, message_item(item.item_id, item.content, status))

    def _end_items(self, out: list[bytes]) -> None:
        self._begin(out)
        if not self._spoke:
            self._say("", out, refusing=False)  # clients look for a message in every answer
        self._end_open(out)
        calls, self._calls = self._calls, {}
        status = final_status(self._finish or FinishReason.STOP)
        for place, call in enumerate(calls.values(), 1):
            self._end_call(call, out, status if place == len(calls) else "completed")
