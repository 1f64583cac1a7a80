"""How an answer reaches the caller: at the model's pace, whole or streamed, and what a fault makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from msgspec import Struct

from .connection import Connection
from .faults import Fault
from .openai_wire import (
    DONE,
    ChatRequest,
    ChunkWriter,
    Head,
    Spoken,
    content_chunks,
    error_body,
    whole_body,
)
from .vendor import SimModel

_CHARS_PER_TOKEN = 4
_PAGE = b"<!doctype html><title>Maintenance</title><h1>We will be back soon</h1>"
_GARBAGE = b'{"id": "chatcmpl-\xff\xfe", "choices": [{"mess<<<<'
_STATUS_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "invalid_request_error",
    429: "rate_limit_error",
}


class Delivery(Struct, frozen=True, kw_only=True):
    """One answer on its way."""

    connection: Connection
    model: SimModel
    request: ChatRequest
    head: Head
    spoken: Spoken
    fault: Fault | None
    seed: int
    scale: float
    """Multiplies the model's latency, not the fault's."""

    @property
    def first_token_s(self) -> float:
        return self.scale and self.scale * self.model.first_token_s(self.seed, self.request.prompt)

    @property
    def writing_s(self) -> float:
        """Seconds from the first token to the last."""
        hidden = self.spoken.usage.completion_tokens_details["reasoning_tokens"]
        return self.scale * (self.spoken.usage.completion_tokens - hidden) / self.model.tokens_per_s


async def fail_early(connection: Connection, fault: Fault, *, stream: bool) -> bool:
    """Faults that leave nothing of the answer. False for the others."""
    match fault.kind:
        case "status":
            kind = _STATUS_TYPES.get(fault.status, "server_error")
            code = "rate_limit_exceeded" if fault.status == 429 else None
            body = error_body(f"Simulated failure with status {fault.status}.", kind=kind, code=code)
            retry_after = [] if fault.retry_after_s is None else [(b"retry-after", b"%g" % fault.retry_after_s)]
            await connection.respond(fault.status, body, extra=retry_after)
        case "refuse":
            await connection.refuse()
        case "reset" if fault.after == 0:
            await connection.reset()
        case "hang":
            await connection.pause(fault.seconds)
            return False
        case "empty":
            await connection.respond(200, b"", media=b"text/event-stream" if stream else b"application/json")
        case "content_type":
            await connection.respond(200, _PAGE, media=b"text/html; charset=utf-8")
        case "garbage" if not stream:
            await connection.respond(200, _GARBAGE)
        case "error_event" if not stream:
            failure = error_body("Simulated failure.", kind="server_error", code="server_error")
            await connection.respond(200, failure)
        case _:
            return False
    return True


async def deliver(delivery: Delivery) -> None:
    """Send the answer, or what the fault leaves of it. Raises ClientGone."""
    await (_stream(delivery) if delivery.request.stream else _whole(delivery))


async def _whole(delivery: Delivery) -> None:
    connection, fault = delivery.connection, delivery.fault
    await connection.pause(delivery.first_token_s + delivery.writing_s)
    body = whole_body(delivery.head, delivery.spoken)
    half = body[: len(body) // 2]
    if fault is None:
        await connection.respond(200, body)
    elif fault.kind == "cut":
        await connection.respond(200, half)
    elif fault.kind in ("reset", "stall"):
        await connection.start(200, b"application/json", length=len(body))
        await connection.write(half)
        if fault.kind == "reset":
            await connection.reset()
            return
        await connection.pause(fault.seconds)
        await connection.write(body[len(half) :], last=True)
    else:
        if fault.kind == "slow_first_token":
            await connection.pause(fault.seconds)
        await connection.respond(200, body)


async def _stream(delivery: Delivery) -> None:
    connection, spoken, fault = delivery.connection, delivery.spoken, delivery.fault
    options = delivery.request.stream_options
    include_usage = bool(options and options.include_usage)
    writer = ChunkWriter(delivery.head, include_usage=include_usage)
    chunks = content_chunks(writer, spoken, delivery.model.chunk_tokens * _CHARS_PER_TOKEN)
    gap = delivery.scale * delivery.model.chunk_tokens / delivery.model.tokens_per_s
    await connection.start(200, b"text/event-stream; charset=utf-8")
    await connection.write(writer.opening(calls=bool(spoken.calls)))
    await connection.pause(delivery.first_token_s)
    if fault is not None and fault.kind == "slow_first_token":
        await connection.pause(fault.seconds)
    elif fault is not None and fault.kind != "hang":
        await _write(connection, islice(chunks, fault.after), gap)
        if await _break(connection, writer, fault):
            return
    await _write(connection, chunks, gap)
    await connection.write(writer.finish(spoken.finish))
    if include_usage:
        await connection.write(writer.usage(spoken.usage))
    await connection.write(DONE, last=True)


async def _write(connection: Connection, chunks: Iterator[bytes], gap: float) -> None:
    for chunk in chunks:
        await connection.write(chunk)
        if gap:
            await connection.pause(gap)


async def _break(connection: Connection, writer: ChunkWriter, fault: Fault) -> bool:
    """The fault in the middle of a stream. True if the stream is over."""
    match fault.kind:
        case "stall":
            await connection.pause(fault.seconds)
            return False
        case "cut":
            await connection.write(b"", last=True)
        case "reset":
            await connection.reset()
        case "garbage":
            await connection.write(b"data: " + _GARBAGE + b"\n\n", last=True)
        case _:
            await connection.write(writer.error("Simulated failure inside the stream."), last=True)
    return True
