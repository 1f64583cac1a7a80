"""Streams written: canonical events as blocks that open and close one after another.

Other wires let text, reasoning and the fragments of several calls come in any order. Here a block that is closed
stays closed, so what would interleave waits: a later call until the one under way is complete, late text and
reasoning until then, too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import msgspec
from msgspec import Raw

from podium.core.errors import PodiumError
from podium.core.messages import (
    Finished,
    FinishReason,
    ReasoningDelta,
    ReasoningSealed,
    RefusalDelta,
    StreamEvent,
    StreamFault,
    TextDelta,
    ToolCallDelta,
    UsageSeen,
)
from podium.core.tasks import Task
from podium.core.usage import Usage

from .errors import write_stream_error, write_stream_fault
from .replies import call_id, estimated, message_id, seal_of, stop_reason, wants_reasoning
from .usage import wire_usage
from .wire import NAME

_encode = msgspec.json.Encoder().encode
_object_decoder = msgspec.json.Decoder(dict[str, Raw])
_MARKS = re.compile(r'\\.|["{}\\]', re.DOTALL)
"""What can open or close a string or an object; a backslash with what it escapes, unless that comes with the next
fragment."""
END_MARK = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
PING = b'event: ping\ndata: {"type": "ping"}\n\n'


class _Call:
    """One call's fragments while they wait, and while it is under way."""

    __slots__ = ("_depth", "_escaped", "_looked", "_quoted", "_whole", "delta", "place", "text")

    def __init__(self, delta: ToolCallDelta, place: int) -> None:
        self.delta = delta
        self.place = place
        self.text: list[str] = []
        self._looked = 0
        """Fragments whose brackets were counted."""
        self._depth = 0
        self._quoted = False
        self._escaped = False
        self._whole: bool | None = None

    def complete(self) -> bool:
        """Whether the arguments are a whole object: no prefix of one is, so nothing but white space can follow.

        Asked with each fragment that waits, so every fragment is looked at once, and the text read when it closes.
        """
        while self._whole is None and self._looked < len(self.text):
            closes = self._counted(self.text[self._looked])
            self._looked += 1
            if closes:
                self._whole = _is_object("".join(self.text))
        return bool(self._whole)

    def _counted(self, fragment: str) -> bool:
        """Whether the outermost bracket closes in this fragment."""
        start = int(self._escaped and bool(fragment))
        self._escaped = self._escaped and not fragment
        for found in _MARKS.finditer(fragment, start):
            mark = found[0]
            if self._quoted:
                self._escaped = mark == "\\"
                self._quoted = mark != '"'
            elif mark == '"':
                self._quoted = True
            elif mark in "{}":
                self._depth += 1 if mark == "{" else -1
                if not self._depth:
                    return True
        return False


def _is_object(text: str) -> bool:
    try:
        _object_decoder.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return False
    return True


class MessagesStreamWriter:
    """Writes one stream of message events."""

    __slots__ = (
        "_begun",
        "_block",
        "_call",
        "_calls",
        "_finish",
        "_index",
        "_input_tokens",
        "_kept",
        "_late",
        "_model",
        "_out",
        "_prefix",
        "_refused",
        "_shown",
        "_task",
        "_usage",
        "_waiting",
        "_written",
    )

    def __init__(self, *, task: Task, model: str, input_tokens: int) -> None:
        self._task = task
        self._model = model
        self._input_tokens = input_tokens
        self._kept = wants_reasoning(task.options)
        self._shown = task.options.show_reasoning
        self._out: list[bytes] = []
        self._begun = False
        self._index = -1
        self._block: Literal["", "text", "thinking", "tool"] = ""
        self._prefix = b""
        self._calls: dict[int, _Call] = {}
        self._call = -1
        """The call under way, by the number its events give it."""
        self._waiting: list[int] = []
        self._late: list[StreamEvent] = []
        self._finish: Finished | None = None
        self._refused = False
        self._usage: Usage | None = None
        self._written = 0

    # --- the seam --------------------------------------------------------------------------------------------------

    def write(self, events: Sequence[StreamEvent]) -> bytes:
        """The bytes these events make. A finish waits for the figures that may follow it."""
        if not self._begun:
            self._begin()
        for event in events:
            if type(event) is TextDelta and self._block == "text":
                self._written += len(event.text)
                self._out.append(self._prefix + _encode(event.text) + b"}}\n\n")
            else:
                act = _ACTS.get(type(event))
                if act is not None:
                    act(self, event)
        out = self._out
        if len(out) == 1:
            return out.pop()
        made = b"".join(out)
        out.clear()
        return made

    def close(self) -> bytes:
        """What still waits, the finish with the figures, and the end mark."""
        if not self._begun:
            self._begin()
        self._flush()
        finish = self._finish or Finished(FinishReason.STOP)
        delta = {
            "stop_reason": stop_reason(finish.reason, sequence=finish.stop_sequence, refused=self._refused),
            "stop_sequence": finish.stop_sequence,
        }
        usage = self._usage or estimated(self._input_tokens, self._written)
        self._emit("message_delta", {"type": "message_delta", "delta": delta, "usage": wire_usage(usage)})
        self._out.append(END_MARK)
        made = b"".join(self._out)
        self._out.clear()
        return made

    def fail(self, error: PodiumError) -> bytes:
        """An `error` event, which clients raise; the message stays open, so none takes it for an end."""
        self._out.clear()
        return write_stream_error(error)

    # --- events ----------------------------------------------------------------------------------------------------

    def _text(self, text: str) -> None:
        if not text:
            return
        if self._block == "tool":
            self._late.append(TextDelta(text))
            return
        if self._block != "text":
            self._open("text", {"type": "text", "text": ""})
            self._prefix = self._delta_prefix(b'{"type":"text_delta","text":')
        self._written += len(text)
        self._out.append(self._prefix + _encode(text) + b"}}\n\n")

    def _reasoning(self, event: ReasoningDelta) -> None:
        if not self._kept or not event.text:
            return
        if self._block == "tool":
            self._late.append(event)
            return
        if self._block != "thinking":
            self._open_thinking()
        self._written += len(event.text)
        if self._shown:
            self._out.append(self._prefix + _encode(event.text) + b"}}\n\n")

    def _seal(self, event: ReasoningSealed) -> None:
        if not self._kept:
            return
        if self._block == "tool":
            self._late.append(event)
            return
        if self._block != "thinking" and event.origin == NAME and event.data is not None:
            self._open("", {"type": "redacted_thinking", "data": event.data})
            self._closed()
            return
        if self._block != "thinking":
            self._open_thinking()
        self._sign(seal_of(origin=event.origin, signature=event.signature, data=event.data, id=event.id))
        self._closed()

    def _open_thinking(self) -> None:
        self._open("thinking", {"type": "thinking", "thinking": "", "signature": ""})
        self._prefix = self._delta_prefix(b'{"type":"thinking_delta","thinking":')

    def _sign(self, signature: str) -> None:
        self._out.append(self._delta_prefix(b'{"type":"signature_delta","signature":') + _encode(signature) + b"}}\n\n")

    def _refusal(self, event: RefusalDelta) -> None:
        self._refused = True
        self._text(event.text)

    def _tool(self, event: ToolCallDelta) -> None:
        number = event.index
        call = self._calls.get(number)
        if call is None:
            call = self._calls[number] = _Call(event, len(self._calls))
            self._waiting.append(number)
            self._advance()
        if number in self._waiting:
            call.text.append(event.arguments)
            self._advance()
        elif number == self._call and self._block == "tool":
            self._fragment(call, event.arguments)
        # A closed call was a whole object: all that can follow it is white space.

    def _advance(self) -> None:
        """Begins the calls that wait, in their order, as far as the one under way lets them."""
        while self._waiting and (self._block != "tool" or self._calls[self._call].complete()):
            self._release_late()
            self._open_tool(self._waiting.pop(0))

    def _open_tool(self, number: int) -> None:
        call = self._calls[number]
        delta = call.delta
        self._open(
            "tool",
            {
                "type": "tool_use",
                "id": call_id(delta.id, call.place, self._task, delta.signature),
                "name": delta.name or "",
                "input": {},
            },
        )
        self._call = number
        self._prefix = self._delta_prefix(b'{"type":"input_json_delta","partial_json":')
        held, call.text = call.text, []
        for text in held:
            self._fragment(call, text)

    def _fragment(self, call: _Call, arguments: str) -> None:
        if arguments:
            call.text.append(arguments)
            self._written += len(arguments)
            self._out.append(self._prefix + _encode(arguments) + b"}}\n\n")

    def _finished(self, event: Finished) -> None:
        if event.index == 0:
            self._finish = event
            self._flush()

    def _seen(self, event: UsageSeen) -> None:
        self._usage = event.usage

    def _fault(self, event: StreamFault) -> None:
        self._out.append(write_stream_fault(event.message, event.code))

    # --- blocks ----------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        self._begun = True
        message: dict[str, Any] = {
            "id": message_id(self._task),
            "type": "message",
            "role": "assistant",
            "model": self._model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": wire_usage(Usage(input=self._input_tokens)),
        }
        self._emit("message_start", {"type": "message_start", "message": message})

    def _open(self, block: Literal["", "text", "thinking", "tool"], content: Mapping[str, Any]) -> None:
        self._stop()
        self._index += 1
        self._block = block
        self._emit(
            "content_block_start", {"type": "content_block_start", "index": self._index, "content_block": content}
        )

    def _stop(self) -> None:
        if not self._block:
            return
        if self._block == "thinking":
            # Nobody sealed it: the caller's next turn must not claim an Anthropic model wrote it.
            self._sign(seal_of(origin="", signature=None, data=None, id=None))
        self._closed()

    def _closed(self) -> None:
        self._block = ""
        self._out.append(b'event: content_block_stop\ndata: {"type":"content_block_stop","index":%d}\n\n' % self._index)

    def _flush(self) -> None:
        """Everything that waited, in blocks of its own."""
        self._release_late()
        for number in self._waiting:
            self._open_tool(number)
        self._waiting.clear()
        self._stop()

    def _release_late(self) -> None:
        late, self._late = self._late, []
        if late:
            self._stop()
            for event in late:
                _ACTS[type(event)](self, event)

    def _delta_prefix(self, delta: bytes) -> bytes:
        return (
            b'event: content_block_delta\ndata: {"type":"content_block_delta","index":%d,"delta":' % self._index + delta
        )

    def _emit(self, name: str, value: Mapping[str, Any]) -> None:
        self._out.append(b"event: " + name.encode() + b"\ndata: " + _encode(value) + b"\n\n")


_ACTS: Mapping[type, Callable[[MessagesStreamWriter, Any], None]] = {
    TextDelta: lambda writer, event: writer._text(event.text),
    ReasoningDelta: MessagesStreamWriter._reasoning,
    ReasoningSealed: MessagesStreamWriter._seal,
    RefusalDelta: MessagesStreamWriter._refusal,
    ToolCallDelta: MessagesStreamWriter._tool,
    Finished: MessagesStreamWriter._finished,
    UsageSeen: MessagesStreamWriter._seen,
    StreamFault: MessagesStreamWriter._fault,
}
