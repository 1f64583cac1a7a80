"""The streaming load: streams begun at fixed moments whether or not earlier ones are done (an open loop).

A closed loop would wait for a slow gateway and so hide its slowness. Prints one JSON object: milliseconds to the first
text of each stream, and what went wrong.

usage: python benchmarks/stream_load.py URL BODY_FILE HEADERS_JSON PER_SECOND SECONDS CHUNKS
"""

import asyncio
import json
import random
import sys
import time
from typing import cast
from urllib.parse import urlsplit

import uvloop

WORDS = (b"lorem ipsum ", b"dolor sit amet ")
LONGEST = max(len(word) for word in WORDS)
LIMIT_S = 60.0
SEED = 7


class Stream(asyncio.Protocol):
    """One request over one kept connection: when its first text came, and how many pieces in all."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.done: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is one without inheriting from it

    def ask(self, request: bytes, chunks: int, due: float) -> asyncio.Future[None]:
        """Send the request; the future ends with its answer. Time counts from when it was due, late or not."""
        assert self.transport is not None
        self.done = asyncio.get_running_loop().create_future()
        self.chunks, self.seen, self.first_ms, self.tail = chunks, 0, None, b""
        self.began = due
        self.transport.write(request)
        return self.done

    def data_received(self, data: bytes) -> None:
        if self.done is None or self.done.done():
            return
        text = self.tail + data
        count = sum(text.count(word) for word in WORDS)
        if count and self.first_ms is None:
            self.first_ms = (time.perf_counter() - self.began) * 1000
        self.seen += count
        ended = text.endswith(b"0\r\n\r\n")
        # What is kept begins behind the last word that was counted, so that none is counted twice.
        end = max((text.rfind(word) + len(word) for word in WORDS if word in text), default=0)
        self.tail = text[max(end, len(text) - LONGEST) :]
        if ended:
            if self.seen != self.chunks:
                self.done.set_exception(RuntimeError(f"{self.seen} chunks instead of {self.chunks}: {data[:300]!r}"))
            else:
                self.done.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.done is not None and not self.done.done():
            self.done.set_exception(exc or ConnectionError("the gateway hung up"))


async def run(url: str, body: bytes, headers: dict[str, str], per_second: float, seconds: float, chunks: int) -> None:
    """Begin a stream at each of the moments of a Poisson process, always the same one."""
    parts = urlsplit(url)
    lines = [f"POST {parts.path} HTTP/1.1", f"host: {parts.netloc}", "content-type: application/json"]
    lines += [f"content-length: {len(body)}", *(f"{name}: {value}" for name, value in headers.items())]
    request = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
    loop = asyncio.get_running_loop()
    idle: list[Stream] = []
    firsts: list[float] = []
    errors: list[str] = []

    async def one(record: bool, due: float) -> None:
        stream = idle.pop() if idle else (await loop.create_connection(Stream, parts.hostname, parts.port))[1]
        try:
            async with asyncio.timeout(LIMIT_S):
                await stream.ask(request, chunks, due)
        except (Exception, TimeoutError) as error:  # noqa: BLE001  # counted and shown
            errors.append(repr(error))
            return
        idle.append(stream)
        if record and stream.first_ms is not None:
            firsts.append(stream.first_ms)

    await asyncio.gather(
        *(one(False, time.perf_counter()) for _ in range(8))
    )  # connections are made before the clock runs
    clock = random.Random(SEED)
    began, due = time.perf_counter(), 0.0
    running: list[asyncio.Task[None]] = []
    while due < seconds:
        await asyncio.sleep(max(0.0, began + due - time.perf_counter()))
        running.append(asyncio.ensure_future(one(True, began + due)))
        due += clock.expovariate(per_second)
    await asyncio.gather(*running)
    print(json.dumps({"first_ms": firsts, "streams": len(running) + 8, "errors": errors[:3], "failed": len(errors)}))


if __name__ == "__main__":
    with open(sys.argv[2], "rb") as file:
        content = file.read()
    rate, length, pieces = float(sys.argv[4]), float(sys.argv[5]), int(sys.argv[6])
    uvloop.run(run(sys.argv[1], content, json.loads(sys.argv[3]), rate, length, pieces))
