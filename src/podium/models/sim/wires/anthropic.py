"""Anthropic's messages, what goes out (Anthropic API reference, pages Messages, Streaming, Errors)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any, ClassVar

import msgspec

from ..ask import Ask, Head, Refused
from ..vendor import SimModel, SimVendor
from . import anthropic_rules
from .anthropic_request import ask_of, parsed
from .wire import (
    EVENT_STREAM,
    Answering,
    Failure,
    Frame,
    Incoming,
    Writer,
    bearer,
    event,
    pieces,
    server_sent,
)

_TYPES = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_STOP = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "refusal": "refusal"}


class Anthropic:
    """The wire of POST /v1/messages."""

    name: ClassVar[str] = "anthropic-messages"
    stream_media = EVENT_STREAM

    def check_key(self, vendor: SimVendor, incoming: Incoming) -> None:
        given = incoming.headers.get("x-api-key") or bearer(incoming)
        if vendor.api_key is not None and given != vendor.api_key:
            raise Refused(401, "invalid x-api-key")

    def read(self, incoming: Incoming) -> Ask:
        request = parsed(incoming)
        anthropic_rules.check(request, incoming.seal)
        return ask_of(request)

    def check(self, ask: Ask, model: SimModel) -> None:
        """Nothing here depends on the model."""

    def whole(self, answering: Answering) -> bytes:
        body = _message(answering, _blocks(answering))
        body["stop_reason"], body["stop_sequence"] = _stop(answering)
        if answering.head.states_usage:
            body["usage"] = _usage(answering)
        return msgspec.json.encode(body)

    def writer(self, answering: Answering) -> Writer:
        return _EventWriter(answering)

    def headers(self, head: Head) -> Sequence[tuple[bytes, bytes]]:
        return ((b"request-id", head.name("req_").encode()),)

    def failure(self, refused: Refused) -> Failure:
        request_id = "req_" + blake2b(refused.message.encode(), digest_size=9).hexdigest()
        kind = refused.kind or _error_type(refused.status)
        body = {**_error(kind, refused.message), "request_id": request_id}
        headers = ((b"request-id", request_id.encode()),)
        return Failure(status=refused.status, body=msgspec.json.encode(body), headers=headers)


class _EventWriter:
    """One stream of events."""

    def __init__(self, answering: Answering) -> None:
        self._answering = answering

    def opening(self) -> Iterable[Frame]:
        answering = self._answering
        message = _message(answering, [])
        if answering.head.states_usage:
            message["usage"] = {**_usage(answering), "output_tokens": 1}
        yield _event("message_start", message=message)
        yield _event("ping")

    def content(self) -> Iterator[Frame]:
        blocks = _blocks(self._answering)
        calls = self._answering.spoken.calls
        for index, block in enumerate(blocks):
            if block["type"] == "tool_use":
                yield from self._call(index, block, calls[index - len(blocks)].arguments)  # the calls come last
            else:
                yield from self._block(index, block)
            yield _event("content_block_stop", index=index)

    def _call(self, index: int, block: Mapping[str, Any], arguments: str) -> Iterator[Frame]:
        yield _start(index, {**block, "input": {}}, solid=True)
        yield _delta(index, "input_json_delta", "partial_json", "")
        for piece in pieces("" if arguments == "{}" else arguments, self._answering.piece):
            yield _delta(index, "input_json_delta", "partial_json", piece, solid=True)

    def _block(self, index: int, block: Mapping[str, Any]) -> Iterator[Frame]:
        size = self._answering.piece
        match block["type"]:
            case "thinking":
                yield _start(index, {"type": "thinking", "thinking": "", "signature": ""})
                for piece in pieces(block["thinking"], size):
                    yield _delta(index, "thinking_delta", "thinking", piece, solid=True)
                yield _delta(index, "signature_delta", "signature", block["signature"])
            case "text":
                yield _start(index, {"type": "text", "text": ""})
                for piece in pieces(block["text"], size):
                    yield _delta(index, "text_delta", "text", piece, solid=True)
            case _:
                yield _start(index, block)

    def closing(self) -> Iterable[Frame]:
        answering = self._answering
        reason, sequence = _stop(answering)
        delta = {"stop_reason": reason, "stop_sequence": sequence}
        if not answering.head.states_usage:
            yield _event("message_delta", delta=delta)
            return
        told = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens")
        usage = {name: figure for name, figure in _usage(answering).items() if name in told}
        yield _event("message_delta", delta=delta, usage=usage)

    def end(self) -> bytes:
        return server_sent(_event("message_stop"))

    def error(self, message: str) -> Sequence[Frame]:
        return (_event("error", error={"type": "overloaded_error", "message": message}),)

    def framed(self, frame: Frame) -> bytes:
        return server_sent(frame)


def _event(kind: str, *, solid: bool = False, **fields: Any) -> Frame:
    return event(kind, {"type": kind, **fields}, solid=solid)


def _start(index: int, block: Mapping[str, Any], *, solid: bool = False) -> Frame:
    return _event("content_block_start", solid=solid, index=index, content_block=block)


def _delta(index: int, kind: str, field: str, text: str, *, solid: bool = False) -> Frame:
    return _event("content_block_delta", solid=solid, index=index, delta={"type": kind, field: text})


def _message(answering: Answering, blocks: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    head = answering.head
    return {
        "id": head.name("msg_"),
        "type": "message",
        "role": "assistant",
        "model": head.model,
        "content": blocks,
        "stop_reason": None,
        "stop_sequence": None,
    }


def _blocks(answering: Answering) -> list[dict[str, Any]]:
    spoken, seal = answering.spoken, answering.seal
    blocks: list[dict[str, Any]] = []
    if spoken.reasoned:
        thinking = spoken.thoughts
        blocks.append({"type": "thinking", "thinking": thinking, "signature": seal.sign(thinking)})
    if spoken.hidden_thoughts:
        blocks.append({"type": "redacted_thinking", "data": seal.close(spoken.hidden_thoughts)})
    if spoken.text or spoken.refusal:
        blocks.append({"type": "text", "text": spoken.text or spoken.refusal})
    return [*blocks, *_calls(answering)]


def _calls(answering: Answering) -> list[dict[str, Any]]:
    return [
        {"type": "tool_use", "id": f"toolu_{call.id}", "name": call.name, "input": _object(call.arguments)}
        for call in answering.spoken.calls
    ]


def _object(arguments: str) -> Any:
    try:
        return msgspec.json.decode(arguments or "{}")
    except msgspec.DecodeError:  # cut by max_tokens
        return {}


def _stop(answering: Answering) -> tuple[str, str | None]:
    spoken = answering.spoken
    if spoken.stopped_by is not None:
        return "stop_sequence", spoken.stopped_by
    return _STOP[spoken.finish], None


def _usage(answering: Answering) -> dict[str, Any]:
    """Input tokens here exclude what was read from or written to the cache."""
    figures, hour = answering.spoken.usage, answering.ask.long_cache
    return {
        "input_tokens": figures.input - figures.cached - figures.written,
        "cache_creation_input_tokens": figures.written,
        "cache_read_input_tokens": figures.cached,
        "cache_creation": {
            "ephemeral_5m_input_tokens": 0 if hour else figures.written,
            "ephemeral_1h_input_tokens": figures.written if hour else 0,
        },
        "output_tokens": figures.output,
        "output_tokens_details": {"thinking_tokens": figures.reasoning},
        "service_tier": "standard",
    }


def _error_type(status: int) -> str:
    return _TYPES.get(status, "invalid_request_error" if status < 500 else "api_error")


def _error(kind: str, message: str) -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": message}}
