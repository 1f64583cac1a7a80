"""A stream on its way to its caller: relayed as it comes where both ends speak one dialect, else rewritten.

Sent are whole frames only, so a heartbeat, which goes out between two of them, never ends up inside one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from podium.core.errors import PodiumError, ProviderError
from podium.core.messages import Frame, UsageSeen
from podium.core.tasks import Task
from podium.models.dialects.dialect import Array, CallerDialect, StreamWriter, WritesArrays
from podium.runtime.engine import LiveAnswer

from .asgi import Send

HEARTBEAT_S: Final = 15.0
"""Silence after which a caller is told that the stream still lives: proxies in between give up after 30 s and more."""


class Relay:
    """One stream. Run it once; `broken` writes what must follow where something else goes wrong afterwards."""

    __slots__ = ("_array", "_beat", "_beats", "_end_mark", "_heartbeat", "_heartbeat_s", "_hides_usage", "_last",
                 "_live", "_loop", "_on_closing", "_send", "_wire", "_writer")  # fmt: skip

    def __init__(
        self,
        *,
        wire: CallerDialect,
        task: Task,
        live: LiveAnswer,
        send: Send,
        on_closing: Callable[[bytes], None] | None = None,
        heartbeat_s: float = HEARTBEAT_S,
    ) -> None:
        """`on_closing` is told the last of the answer before the caller is."""
        self._wire = wire
        self._live = live
        self._send = send
        self._loop = asyncio.get_running_loop()
        self._last = 0.0
        self._heartbeat = wire.heartbeat
        self._heartbeat_s = heartbeat_s
        self._beat: asyncio.TimerHandle | None = None
        self._beats: asyncio.Task[None] | None = None
        self._end_mark = wire.end_mark
        self._on_closing = on_closing
        # Asked for on the ledger's behalf, not the caller's.
        self._hides_usage = task.payload is not None and not task.payload.wants_usage
        self._array: Array | None = None
        self._writer: StreamWriter | None = None
        if live.dialect == wire.name:
            if task.payload is not None and not task.payload.sse and isinstance(wire, WritesArrays):
                self._array = wire.array_relay()
        else:
            decision = live.decision
            self._writer = wire.stream_writer(
                task=task, model=live.deployment.model, input_tokens=decision.profile.input_tokens
            )

    async def run(self) -> None:
        """Send everything up to and with the end, an error inside the stream included; not the final empty body."""
        if self._heartbeat:
            self._last = self._loop.time()
            self._beat = self._loop.call_later(self._heartbeat_s, self._silent)
        try:
            if self._writer is not None:
                await self._rewrite(self._writer)
            elif self._array is not None:
                await self._as_array(self._array)
            else:
                await self._pass_on()
        except ProviderError as error:
            # The headers are gone, so the error goes where the answer would have gone: a cut answer is no success.
            self._live.broken(error)
            await self._out(self.broken(error))
        finally:
            self.stop()

    def broken(self, error: PodiumError) -> bytes:
        """What tells the caller inside the stream that this is no end."""
        teller = self._writer or self._array
        return self._wire.write_stream_error(error) if teller is None else teller.fail(error)

    def stop(self) -> None:
        """No more heartbeats."""
        if self._beat is not None:
            self._beat.cancel()
            self._beat = None
        if self._beats is not None:
            self._beats.cancel()
            self._beats = None

    # --- the answer ------------------------------------------------------------------------------------------------

    async def _pass_on(self) -> None:
        send, now = self._send, self._loop.time
        async for frames in self._live.batches():
            last = frames[-1]
            if self._hides_usage or last.closing:
                data = self._relayed(frames)
            else:
                data = last.raw if len(frames) == 1 else b"".join([frame.raw for frame in frames])
            if data:
                self._last = now()
                await send({"type": "http.response.body", "body": data, "more_body": True})

    def _relayed(self, frames: Sequence[Frame]) -> bytes:
        """The bytes of frames some of which the caller must not see, or the last of which ends the answer."""
        hides = self._hides_usage
        data = b"".join([frame.raw for frame in frames if not (hides and _only_usage(frame))])
        if frames[-1].closing:
            if self._on_closing is not None:
                self._on_closing(frames[-1].raw)
            if not frames[-1].raw:
                data += self._end_mark
        return data

    async def _rewrite(self, writer: StreamWriter) -> None:
        send, now = self._send, self._loop.time
        async for frames in self._live.batches():
            if len(frames) == 1:
                events = frames[0].events
            else:
                events = tuple([event for frame in frames for event in frame.events])
            written = writer.write(events) if events else b""
            if frames[-1].closing:
                written += self._remark()
                last = writer.close()
                if self._on_closing is not None:
                    self._on_closing(last)
                written += last
            if written:
                self._last = now()
                await send({"type": "http.response.body", "body": written, "more_body": True})

    def _remark(self) -> bytes:
        """What came too late for the header and has no place in this dialect, where its clients skip comments."""
        lost = self._live.unwritten
        if not lost or not self._heartbeat.startswith(b":"):
            return b""
        named = ", ".join(lost).encode("ascii", "replace").replace(b"\n", b" ").replace(b"\r", b" ")
        return b": podium: not carried to this dialect: " + named + b"\n\n"

    async def _as_array(self, array: Array) -> None:
        async for frames in self._live.batches():
            data = b"".join([array.write(frame.raw) for frame in frames])
            await self._out(data + array.close() if frames[-1].closing else data)

    async def _out(self, data: bytes) -> None:
        if data:
            self._last = self._loop.time()
            await self._send({"type": "http.response.body", "body": data, "more_body": True})

    # --- silence ---------------------------------------------------------------------------------------------------

    def _silent(self) -> None:
        left = self._last + self._heartbeat_s - self._loop.time()
        if left <= 0 and (self._beats is None or self._beats.done()):  # else the last one still waits to be taken
            self._beats = self._loop.create_task(self._out(self._heartbeat))
        self._beat = self._loop.call_later(left if left > 0 else self._heartbeat_s, self._silent)


def _only_usage(frame: Frame) -> bool:
    events = frame.events
    return len(events) == 1 and type(events[0]) is UsageSeen
