"""Doors to simulated vendors, and raw loopback servers for what no vendor should do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from podium.core.ports import Call
from podium.models.providers import HttpProvider, Transport
from podium.testing import SimModel, SimServer, SimVendor, make_task

Answer = Callable[[bytes], bytes | None]


class RawServer:
    """Answers every request with the bytes it is told to; None never answers."""

    def __init__(self, answer: Answer) -> None:
        self.requests: list[bytes] = []
        self.open = 0
        self._answer = answer
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._writers: list[asyncio.StreamWriter] = []
        self.port = 0

    async def __aenter__(self) -> RawServer:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_exc: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer in self._writers:  # a task cancelled before its first step has closed nothing
            writer.close()
        await self._server.wait_closed()
        await asyncio.sleep(0)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A task of ours, not of the stream's: one that is cancelled there is reported as an error.
        self._writers.append(writer)
        self._tasks.add(asyncio.ensure_future(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
                )
                request = head + await reader.readexactly(length)
                self.requests.append(request)
                answer = self._answer(request)
                if answer is None:
                    await reader.read()  # until the other side hangs up
                    return
                writer.write(answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.open -= 1
            writer.close()


def http(status: str, body: bytes = b"", *headers: str) -> bytes:
    """An HTTP answer."""
    lines = [f"HTTP/1.1 {status}", f"content-length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Kit:
    """What the tests of providers make things with."""

    RawServer = RawServer
    http = staticmethod(http)

    @staticmethod
    def provider(
        base_url: str, *, key: str | None = None, connect_s: float = 1.0, silence_s: float = 5.0, **more: Any
    ) -> HttpProvider:
        return HttpProvider(
            name="acme",
            base_url=base_url,
            transport=Transport(connect_timeout_s=connect_s, silence_timeout_s=silence_s),
            key=key,
            **more,
        )

    @staticmethod
    def call(text: str = "Hello", *, timeout_s: float = 5.0, **more: Any) -> Call:
        return Call(task=make_task(text), model="small", timeout_s=timeout_s, **more)

    @staticmethod
    def vendor(**more: Any) -> SimVendor:
        """One model, `small`, that answers at once."""
        model = SimModel(name="small", first_token_ms=0)
        return SimVendor(**({"name": "acme", "models": (model,), "time_scale": 0.0} | more))

    @classmethod
    @asynccontextmanager
    async def at_vendor(cls, **more: Any) -> AsyncIterator[tuple[HttpProvider, SimServer]]:
        """A door to a running vendor; `provider` are the door's own arguments."""
        own = more.pop("provider", {})
        async with SimServer(cls.vendor(**more)) as server:
            provider = cls.provider(server.base_url, **own)
            try:
                yield provider, server
            finally:
                await provider.aclose()

    @staticmethod
    def run(play: Callable[[], Awaitable[Any]]) -> Any:
        async def main() -> Any:
            return await play()

        return asyncio.run(main())

    @staticmethod
    async def until(holds: Callable[[], bool], turns: int = 400) -> None:
        """Wait for another thread to notice: a bounded wait for a state, not a sleep for a while."""
        for _ in range(turns):
            if holds():
                return
            await asyncio.sleep(0.005)
        raise AssertionError("it never came to that")


@pytest.fixture
def kit() -> type[Kit]:
    """Makers of doors, vendors and raw servers."""
    return Kit
