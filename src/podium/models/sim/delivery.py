"""How an answer reaches the caller: at the model's pace, whole or streamed, and what a fault makes of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
from msgspec import Struct

from .ask import Refused
from .connection import Connection
from .faults import Fault
from .wires.wire import GARBAGE, JSON, Answering, Frame, Wire, Writer, pieces

_PAGE = b"<!doctype html><title>Maintenance</title><h1>We will be back soon</h1>"
_HUGE = 5 * 1024 * 1024
_TWO_BYTES = "é"
_FIRST, _SECOND = _TWO_BYTES.encode()[:1], _TWO_BYTES.encode()[1:]
_APART_S = 0.002
"""Between the halves of a split character, so that they arrive apart."""


class Delivery(Struct, frozen=True, kw_only=True):
    """One answer on its way."""

    connection: Connection
    wire: Wire
    answering: Answering
    fault: Fault | None
    scale: float
    """Multiplies the model's latency, not the fault's."""

    @property
    def first_token_s(self) -> float:
        model, head = self.answering.model, self.answering.head
        return self.scale and self.scale * model.first_token_s(head.seed, self.answering.ask.prompt)

    @property
    def writing_s(self) -> float:
        """Seconds from the first token to the last."""
        usage = self.answering.spoken.usage
        return self.scale * (usage.output - usage.reasoning) / self.answering.model.tokens_per_s


async def fail_early(connection: Connection, fault: Fault, wire: Wire, *, stream: bool) -> bool:
    """Faults that leave nothing of the answer. False for the others."""
    match fault.kind:
        case "status":
            refused = Refused(fault.status, f"Simulated failure with status {fault.status}.")
            refused.retry_after_s = fault.retry_after_s
            failure = wire.failure(refused)
            retry_after = [] if fault.retry_after_s is None else [(b"retry-after", b"%g" % fault.retry_after_s)]
            await connection.respond(fault.status, failure.body, extra=(*failure.headers, *retry_after))
        case "refuse":
            await connection.refuse()
        case "reset" if fault.after == 0:
            await connection.reset()
        case "hang":
            await connection.pause(fault.seconds)
            return False
        case "empty":
            await connection.respond(200, b"", media=wire.stream_media.split(b";")[0] if stream else JSON)
        case "content_type":
            await connection.respond(200, _PAGE, media=b"text/html; charset=utf-8")
        case "garbage" if not stream:
            await connection.respond(200, GARBAGE)
        case "error_event" if not stream:
            failure = wire.failure(Refused(500, "Simulated failure.", code="server_error"))
            await connection.respond(200, failure.body)
        case _:
            return False
    return True


async def deliver(delivery: Delivery) -> None:
    """Send the answer, or what the fault leaves of it. Raises ClientGone."""
    delivery = _prepared(delivery)
    await (_stream(delivery) if delivery.answering.ask.stream else _whole(delivery))


def _prepared(delivery: Delivery) -> Delivery:
    """The same with an answer that lets the fault show."""
    answering, kind = delivery.answering, delivery.fault.kind if delivery.fault is not None else ""
    spoken, model, head = answering.spoken, answering.model, answering.head
    if kind == "huge_event":
        model = msgspec.structs.replace(model, chunk_tokens=_HUGE)
        spoken = msgspec.structs.replace(spoken, text=f"{spoken.text} ".ljust(_HUGE, "."))
    elif kind in ("half_character", "split_character"):
        size = answering.piece - 1
        text = "".join(piece + _TWO_BYTES for piece in pieces(spoken.text, size)) or _TWO_BYTES
        spoken = msgspec.structs.replace(spoken, text=text)
    elif kind == "no_usage":
        head = msgspec.structs.replace(head, states_usage=False)
    else:
        return delivery
    changed = msgspec.structs.replace(answering, spoken=spoken, model=model, head=head)
    return msgspec.structs.replace(delivery, answering=changed)


# --- whole --------------------------------------------------------------------------------------------------------


async def _whole(delivery: Delivery) -> None:
    await delivery.connection.pause(delivery.first_token_s + delivery.writing_s)
    body = delivery.wire.whole(delivery.answering)
    extra = delivery.wire.headers(delivery.answering.head)
    await send_body(delivery.connection, body, delivery.fault, extra=extra)


async def send_body(
    connection: Connection,
    body: bytes,
    fault: Fault | None,
    *,
    media: bytes = JSON,
    extra: Sequence[tuple[bytes, bytes]] = (),
) -> None:
    """A whole body, or what the fault leaves of it. Raises ClientGone."""
    half = body[: len(body) // 2]
    kind = "" if fault is None else fault.kind
    if kind == "cut":
        body = half
    elif kind == "half_character":
        body = body.replace(_FIRST + _SECOND, _FIRST, 1)
    elif fault is not None and kind == "slow_first_token":
        await connection.pause(fault.seconds)
    if fault is None or kind not in ("reset", "stall", "split_character"):
        await connection.respond(200, body, media=media, extra=extra)
        return
    if kind == "split_character":
        half = body[: body.find(_SECOND)]
    await connection.start(200, media, length=len(body), extra=extra)
    await connection.write(half)
    if kind == "reset":
        await connection.reset()
        return
    await connection.pause(_APART_S if kind == "split_character" else fault.seconds)
    await connection.write(body[len(half) :], last=True)


# --- streamed -----------------------------------------------------------------------------------------------------


async def _stream(delivery: Delivery) -> None:
    connection, answering, fault = delivery.connection, delivery.answering, delivery.fault
    writer = delivery.wire.writer(answering)
    outlet = _Outlet(connection, writer, delivery.scale * answering.model.chunk_tokens / answering.model.tokens_per_s)
    outlet.splits = fault is not None and fault.kind == "split_character"
    content = writer.content()
    await connection.start(200, delivery.wire.stream_media, extra=delivery.wire.headers(answering.head))
    for frame in writer.opening():
        await outlet.write(frame)
    await connection.pause(delivery.first_token_s)
    if fault is not None and fault.kind == "slow_first_token":
        await connection.pause(fault.seconds)
    elif fault is not None and fault.kind != "hang":
        await outlet.pour(content, until=fault.after)
        if await _break(outlet, fault):
            return
    await outlet.pour(content)
    for frame in writer.closing():
        await outlet.write(frame)
    ends = {"no_end": 0, "two_ends": 2}.get("" if fault is None else fault.kind, 1)
    await connection.write(writer.end() * ends, last=True)


class _Outlet:
    """Where the frames of one stream go out."""

    def __init__(self, connection: Connection, writer: Writer, gap: float) -> None:
        self.connection = connection
        self.writer = writer
        self.splits = False
        """Whether two-byte characters go out in two halves."""
        self.halves = False
        """Whether the next two-byte character loses its second byte."""
        self.event = ""
        """Of the latest frame."""
        self._gap = gap

    async def pour(self, frames: Iterator[Frame], *, until: int | None = None) -> None:
        """Frames at the model's pace: all of them, or the first that carry `until` pieces of the answer."""
        said = 0
        while until is None or said < until:
            frame = next(frames, None)
            if frame is None:
                return
            await self.write(frame)
            said += frame.solid
            if self._gap and frame.solid:
                await self.connection.pause(self._gap)

    async def write(self, frame: Frame) -> None:
        self.event = frame.event
        if self.halves and _SECOND in frame.data:
            self.halves = False
            frame = msgspec.structs.replace(frame, data=frame.data.replace(_FIRST + _SECOND, _FIRST, 1))
        data = self.writer.framed(frame)
        place = data.find(_SECOND) if self.splits else -1
        if place > 0:
            await self.connection.write(data[:place])
            await self.connection.pause(_APART_S)
            data = data[place:]
        await self.connection.write(data)


async def _break(outlet: _Outlet, fault: Fault) -> bool:
    """The fault in the middle of a stream. True if the stream is over."""
    connection, writer = outlet.connection, outlet.writer
    match fault.kind:
        case "stall":
            await connection.pause(fault.seconds)
            return False
        case "cut":
            await connection.write(b"", last=True)
        case "reset":
            await connection.reset()
        case "garbage":
            await connection.write(writer.framed(Frame(data=GARBAGE, event=outlet.event)), last=True)
        case "half_character":
            outlet.halves = True
            return False
        case "error_event":
            failed = b"".join(map(writer.framed, writer.error("Simulated failure inside the stream.")))
            await connection.write(failed, last=True)
        case _:
            return False
    return True
