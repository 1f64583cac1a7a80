"""Streams written: canonical events as chunks, as server-sent events or as one JSON array.

A function call is whole on this wire, so fragments wait for the finish. So does the finish for the usage: both go out
in the last chunk. There is no end mark; the array has its bracket.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from podium.core.errors import PodiumError
from podium.core.messages import (
    Finished,
    FinishReason,
    ReasoningDelta,
    ReasoningPart,
    ReasoningSealed,
    RefusalDelta,
    StreamEvent,
    StreamFault,
    TextDelta,
    ToolCall,
    ToolCallDelta,
    UsageSeen,
)
from podium.core.tasks import Task
from podium.core.usage import Usage

from ..sse import event_data
from .errors import described, fault_body
from .replies import is_bare, wire_calls, wire_finish, wire_signature, wire_thought
from .usage import wire_usage
from .wire import NAME

_encode = msgspec.json.Encoder().encode


class _Call:
    """A function call under construction."""

    __slots__ = ("arguments", "id", "name", "signature")

    def __init__(self) -> None:
        self.id = ""
        self.name = ""
        self.signature: str | None = None
        self.arguments: list[str] = []


class GeminiStreamWriter:
    """Writes one stream of generateContent chunks."""

    __slots__ = (
        "_about",
        "_array",
        "_begun",
        "_blocks",
        "_calls",
        "_finish",
        "_head",
        "_refused",
        "_shown",
        "_tail",
        "_thought",
        "_usage",
    )

    def __init__(self, *, task: Task, model: str) -> None:
        self._array = task.payload is not None and task.payload.dialect == NAME and not task.payload.sse
        self._shown = task.options.show_reasoning
        self._about = _encode({"modelVersion": model, "responseId": task.id})[1:]
        self._head = b'{"candidates":[{"content":{"parts":['
        self._tail = b'],"role":"model"},"index":0}],' + self._about
        if not self._array:
            self._head = b"data: " + self._head
            self._tail += b"\n\n"
        self._begun = False
        self._calls: dict[int, _Call] = {}
        self._thought: list[str] = []
        self._blocks: list[ReasoningPart] = []
        self._finish: FinishReason | None = None
        self._refused = False
        self._usage: Usage | None = None

    def write(self, events: Sequence[StreamEvent]) -> bytes:
        """A chunk an event. Raises ProviderError for a finished call whose arguments are no object."""
        out: list[bytes] = []
        for event in events:
            kind = type(event)
            if kind is TextDelta:
                out.append(self._chunk(b'{"text":' + _encode(event.text) + b"}"))  # type: ignore[union-attr]  # `kind`
            elif kind is not UsageSeen:
                out.append(self._other(event))
            else:
                self._usage = event.usage  # type: ignore[union-attr]  # see `kind`
        return out[0] if len(out) == 1 else b"".join(out)

    def _other(self, event: StreamEvent) -> bytes:
        if isinstance(event, ReasoningDelta):
            self._thought.append(event.text)
            if self._shown:
                return self._chunk(b'{"text":' + _encode(event.text) + b',"thought":true}')
        elif isinstance(event, ReasoningSealed):
            return self._sealed(event)
        elif isinstance(event, ToolCallDelta):
            self._piece(event)
        elif isinstance(event, RefusalDelta):
            self._refused = True
            return self._chunk(b'{"text":' + _encode(event.text) + b"}")
        elif isinstance(event, Finished):
            if not event.index:
                self._finish = event.reason
                self._whole_calls()  # a broken one is told before the stream is called a success
        elif isinstance(event, StreamFault):
            return self._framed(fault_body(event))
        return b""

    def close(self) -> bytes:
        """The calls, the finish and the usage, in the last chunk."""
        parts = self._whole_calls() or [{"text": ""}]  # chats of Google's SDKs forget an answer with an empty chunk
        last: dict[str, Any] = {
            "candidates": [
                {
                    "content": {"parts": parts, "role": "model"},
                    "finishReason": wire_finish(self._finish or FinishReason.OTHER, refused=self._refused),
                    "index": 0,
                }
            ]
        }
        if self._usage is not None:
            last["usageMetadata"] = wire_usage(self._usage)
        written = self._framed(_encode(last)[:-1] + b"," + self._about)
        return written + b"]" if self._array else written

    def fail(self, error: PodiumError) -> bytes:
        """The error as a chunk of its own: Google's SDKs raise on it."""
        written = self._framed(_encode({"error": described(error)}))
        return written + b"]" if self._array else written

    def _chunk(self, part: bytes) -> bytes:
        if self._array:
            return self._framed(self._head + part + self._tail)
        return self._head + part + self._tail

    def _framed(self, chunk: bytes) -> bytes:
        if not self._array:
            return b"data: " + chunk + b"\n\n"
        begun, self._begun = self._begun, True
        return (b",\n" if begun else b"[") + chunk

    def _sealed(self, event: ReasoningSealed) -> bytes:
        text = "".join(self._thought)
        self._thought.clear()
        block = ReasoningPart(text=text, signature=event.signature, data=event.data, id=event.id, origin=event.origin)
        if is_bare(block, shown=self._shown):
            return self._chunk(_encode(wire_signature(block)))
        if not self._shown:
            self._blocks.append(block)
            return b""
        thought = wire_thought(block)
        if "thoughtSignature" not in thought:
            return b""
        thought["text"] = ""  # it is out already
        return self._chunk(_encode(thought))

    def _piece(self, event: ToolCallDelta) -> None:
        call = self._calls.get(event.index)
        if call is None:
            call = self._calls[event.index] = _Call()
        call.id = event.id or call.id
        call.name = event.name or call.name
        call.signature = event.signature or call.signature
        if event.arguments:
            call.arguments.append(event.arguments)

    def _whole_calls(self) -> list[dict[str, Any]]:
        calls = [
            ToolCall(id=call.id, name=call.name, arguments="".join(call.arguments), signature=call.signature)
            for _, call in sorted(self._calls.items())
        ]
        return wire_calls(calls, self._blocks, cut=self._finish is FinishReason.LENGTH)


class ArrayRelay:
    """Turns a relayed stream of server-sent events into one JSON array, chunk by chunk untouched."""

    __slots__ = ("_begun",)

    def __init__(self) -> None:
        self._begun = False

    def write(self, raw: bytes) -> bytes:
        """The bytes of one frame as the array's next member; b"" for a frame without data."""
        data = event_data(raw)
        if not data:
            return b""
        begun, self._begun = self._begun, True
        return (b",\n" if begun else b"[") + data

    def close(self) -> bytes:
        """The bracket."""
        return b"]" if self._begun else b"[]"

    def fail(self, error: PodiumError) -> bytes:
        """The error as the last member."""
        return (b",\n" if self._begun else b"[") + _encode({"error": described(error)}) + b"]"
