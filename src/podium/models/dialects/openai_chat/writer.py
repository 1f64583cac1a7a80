"""Streams for callers: canonical events written as chat completion chunks.

Everything of a chunk but its delta is the same all through a stream, so it is written once and put around each delta.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from podium.core.errors import PodiumError
from podium.core.messages import (
    Finished,
    ReasoningDelta,
    ReasoningPart,
    ReasoningSealed,
    RefusalDelta,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    UsageSeen,
)
from podium.core.tasks import Task
from podium.core.usage import Usage

from ..openai_forms.calls import custom_input
from ..openai_forms.errors import write_stream_error
from .extensions import wire_signature
from .reasoning import write_details
from .replies import wire_finish
from .usage import wire_usage
from .wire import NAME

DONE = b"data: [DONE]\n\n"
HEARTBEAT = b": podium\n\n"
"""A comment: the event stream standard has every client skip it, and the official SDKs do."""

_encode = msgspec.json.Encoder().encode


class ChatStreamWriter:
    """Writes one stream of chat completion chunks."""

    __slots__ = ("_around", "_blocks", "_called", "_customs", "_head", "_held", "_tail", "_thought", "_usage", "_wants")

    def __init__(self, *, task: Task, model: str) -> None:
        payload = task.payload
        self._wants = payload is not None and payload.dialect == NAME and payload.wants_usage
        about = {
            "id": f"chatcmpl-{task.id}",
            "object": "chat.completion.chunk",
            "created": int(task.received_at.timestamp()),
            "model": model,
        }
        self._around = b"data: " + _encode(about)[:-1] + b',"choices":['
        self._head = self._around + b'{"index":0,"delta":'
        self._tail = b',"logprobs":null,"finish_reason":null}]' + self._end()
        self._customs = frozenset(tool.name for tool in task.options.tools if tool.kind == "custom")
        self._called: set[int] | None = None  # None until the opening is out
        self._held: dict[int, _Custom] = {}
        self._thought: list[str] = []
        self._blocks = 0
        self._usage: Usage | None = None

    def _end(self) -> bytes:
        """What closes a chunk: callers who asked for usage see it null until the last one."""
        return b',"usage":null}\n\n' if self._wants else b"}\n\n"

    def write(self, events: Sequence[StreamEvent]) -> bytes:
        """A chunk an event; figures wait for the end."""
        out: list[bytes] = []
        for event in events:
            if isinstance(event, TextDelta):
                self._put(out, b'{"content":' + _encode(event.text) + b"}")
            elif isinstance(event, ToolCallDelta):
                self._tool_call(event, out)
            elif isinstance(event, ReasoningDelta):
                self._thought.append(event.text)
                self._put(out, b'{"reasoning_content":' + _encode(event.text) + b"}")
            elif isinstance(event, ReasoningSealed):
                self._sealed(event, out)
            elif isinstance(event, RefusalDelta):
                self._put(out, b'{"refusal":' + _encode(event.text) + b"}")
            elif isinstance(event, UsageSeen):
                self._usage = event.usage
            elif isinstance(event, Finished):
                self._finish(event, out)
        return b"".join(out)

    def close(self) -> bytes:
        """The usage, where it was asked for and is known, and the end mark."""
        if not self._wants or self._usage is None:
            return DONE
        return self._around + b'],"usage":' + _encode(wire_usage(self._usage)) + b"}\n\n" + DONE

    def fail(self, error: PodiumError) -> bytes:
        return write_stream_error(error)

    def _put(self, out: list[bytes], delta: bytes) -> None:
        if self._called is None:
            self._called = set()
            out += (self._head, b'{"role":"assistant","content":""}', self._tail)
        out += (self._head, delta, self._tail)

    def _tool_call(self, event: ToolCallDelta, out: list[bytes]) -> None:
        index = event.index
        held = self._held.get(index)
        if held is not None:
            held.pieces.append(event.arguments)
            return
        if self._called is not None and index in self._called:
            fragment = b'{"tool_calls":[{"index":%d,"function":{"arguments":%b}}]}'
            self._put(out, fragment % (index, _encode(event.arguments)))
            return
        if event.name in self._customs:
            self._held[index] = _Custom(event)
            return
        call: dict[str, Any] = {
            "index": index,
            "id": event.id or f"call_{index}",
            "type": "function",
            "function": {"name": event.name or "", "arguments": event.arguments},
        }
        if event.signature is not None:
            call["extra_content"] = wire_signature(event.signature)
        self._put(out, _encode({"tool_calls": [call]}))
        self._mark(index)

    def _sealed(self, event: ReasoningSealed, out: list[bytes]) -> None:
        """What proves or encrypts a block goes out once, with the block's whole text: a client sends it back as one."""
        text = "".join(self._thought)
        self._thought.clear()
        if event.signature is None and event.data is None:
            return  # nothing to bring back: the text went out as it came
        part = ReasoningPart(text=text, signature=event.signature, data=event.data, id=event.id, origin=event.origin)
        details = write_details((part,), first=self._blocks)
        self._blocks += len(details)
        self._put(out, _encode({"reasoning_details": details}))

    def _custom_calls(self, out: list[bytes]) -> None:
        """Calls of free-text tools, whole: their text is inside JSON that only its end makes readable."""
        for index, held in self._held.items():
            custom = {"name": held.first.name or "", "input": custom_input("".join(held.pieces))}
            call = {"index": index, "id": held.first.id or f"call_{index}", "type": "custom", "custom": custom}
            self._put(out, _encode({"tool_calls": [call]}))
            self._mark(index)
        self._held.clear()

    def _mark(self, index: int) -> None:
        if self._called is not None:
            self._called.add(index)

    def _finish(self, event: Finished, out: list[bytes]) -> None:
        if self._held:
            self._custom_calls(out)
        if self._called is None:
            self._put(out, b"{}")
        word = wire_finish(event.reason, bool(self._called)).encode()
        end = b'{"index":%d,"delta":{},"logprobs":null,"finish_reason":"%b"}]' % (event.index, word)
        out += (self._around, end, self._end())


class _Custom:
    """A call of a free-text tool, until it is whole."""

    __slots__ = ("first", "pieces")

    def __init__(self, first: ToolCallDelta) -> None:
        self.first = first
        self.pieces = [first.arguments]
