"""Chat completions, what goes out (OpenAI API reference, pages The chat completion object and chunk object)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

import msgspec

from ..ask import Ask, Figures, Head, Refused
from ..vendor import SimModel, SimVendor
from . import openai_errors
from .openai_chat_request import read
from .wire import EVENT_STREAM, Answering, Failure, Frame, Incoming, Writer, pieces, server_sent

_DONE = b"data: [DONE]\n\n"
_FINISH = {"stop": "stop", "length": "length", "tool_calls": "tool_calls", "refusal": "stop"}


class OpenAIChat:
    """The wire of POST /v1/chat/completions."""

    name: ClassVar[str] = "openai-chat"
    stream_media = EVENT_STREAM

    def check_key(self, vendor: SimVendor, incoming: Incoming) -> None:
        openai_errors.check_key(vendor, incoming)

    def read(self, incoming: Incoming) -> Ask:
        return read(incoming.body)

    def check(self, ask: Ask, model: SimModel) -> None:
        """Nothing here depends on the model."""

    def whole(self, answering: Answering) -> bytes:
        head, spoken = answering.head, answering.spoken
        silent = spoken.calls and not spoken.text
        message: dict[str, Any] = {
            "role": "assistant",
            "content": None if silent or spoken.refusal else spoken.text,
            "refusal": spoken.refusal or None,
        }
        if spoken.thoughts:
            message["reasoning_content"] = spoken.thoughts
        if spoken.calls:
            message["tool_calls"] = [
                {
                    "id": f"call_{call.id}",
                    "function": {"name": call.name, "arguments": call.arguments},
                    "type": "function",
                }
                for call in spoken.calls
            ]
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _FINISH[spoken.finish]}
        body: dict[str, Any] = {
            "id": head.name("chatcmpl-"),
            "object": "chat.completion",
            "created": head.created,
            "model": head.model,
            "choices": [choice],
            "usage": _usage(spoken.usage),
            "system_fingerprint": "fp_simulated",
        }
        if not head.states_usage:
            del body["usage"]
        return msgspec.json.encode(body)

    def writer(self, answering: Answering) -> Writer:
        return _ChunkWriter(answering)

    def headers(self, head: Head) -> Sequence[tuple[bytes, bytes]]:
        return openai_errors.headers(head)

    def failure(self, refused: Refused) -> Failure:
        return openai_errors.failure(refused)


class _ChunkWriter:
    """One stream of chunks."""

    def __init__(self, answering: Answering) -> None:
        head = answering.head
        self._answering = answering
        self._encoder = msgspec.json.Encoder()
        self._usage = answering.ask.include_usage and head.states_usage
        prefix = {
            "id": head.name("chatcmpl-"),
            "object": "chat.completion.chunk",
            "created": head.created,
            "model": head.model,
            "system_fingerprint": "fp_simulated",
        }
        self._prefix = self._encoder.encode(prefix)[:-1]
        self._suffix = b',"usage":null}' if answering.ask.include_usage else b"}"

    def opening(self) -> Iterable[Frame]:
        spoken = self._answering.spoken
        silent = bool(spoken.calls or spoken.refusal)
        yield self._chunk({"role": "assistant", "content": None if silent else "", "refusal": None})

    def content(self) -> Iterator[Frame]:
        spoken, size = self._answering.spoken, self._answering.piece
        for piece in pieces(spoken.thoughts, size):
            yield self._chunk({"reasoning_content": piece}, solid=True)
        for piece in pieces(spoken.refusal, size):
            yield self._chunk({"refusal": piece}, solid=True)
        for piece in pieces(spoken.text, size):
            yield self._chunk({"content": piece}, solid=True)
        for index, call in enumerate(spoken.calls):
            yield self._called(
                {
                    "index": index,
                    "id": f"call_{call.id}",
                    "type": "function",
                    "function": {"name": call.name, "arguments": ""},
                }
            )
            for piece in pieces(call.arguments, size):
                yield self._called({"index": index, "function": {"arguments": piece}})

    def closing(self) -> Iterable[Frame]:
        spoken = self._answering.spoken
        yield self._chunk({}, reason=_FINISH[spoken.finish])
        if self._usage:
            figures = self._encoder.encode(_usage(spoken.usage))
            yield Frame(data=self._prefix + b',"choices":[],"usage":' + figures + b"}")

    def end(self) -> bytes:
        return _DONE

    def error(self, message: str) -> Sequence[Frame]:
        return (Frame(data=openai_errors.error_body(message, "server_error", code="server_error")),)

    def framed(self, frame: Frame) -> bytes:
        return server_sent(frame)

    def _called(self, part: Mapping[str, Any]) -> Frame:
        return self._chunk({"tool_calls": [part]}, solid=True)

    def _chunk(self, delta: Mapping[str, Any], *, reason: str | None = None, solid: bool = False) -> Frame:
        choice = self._encoder.encode([{"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}])
        return Frame(data=self._prefix + b',"choices":' + choice + self._suffix, solid=solid)


def _usage(figures: Figures) -> Mapping[str, Any]:
    return {
        "prompt_tokens": figures.input,
        "completion_tokens": figures.output,
        "total_tokens": figures.input + figures.output,
        "prompt_tokens_details": {"cached_tokens": figures.cached, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": figures.reasoning, "audio_tokens": 0},
    }
