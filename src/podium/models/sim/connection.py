"""One HTTP exchange as the app sees it: read, write, wait while watching for a caller who leaves, break.

Breaking needs the transport, which `server` puts into the scope. An app run without it (by an in-process ASGI
client) raises the matching `ConnectionError` instead.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any

Message = MutableMapping[str, Any]
TRANSPORT = "podium.sim.transport"
"""Key of the transport under the scope's `extensions`."""
_NO_LINGER = struct.pack("ii", 1, 0)


class ClientGone(Exception):
    """The caller left before the answer was complete."""


class Connection:
    """Request and response of one exchange."""

    def __init__(
        self,
        scope: Mapping[str, Any],
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        self._receive = receive
        self._send = send
        self._raw_headers: Sequence[tuple[bytes, bytes]] = scope["headers"]
        self._transport: asyncio.Transport | None = (scope.get("extensions") or {}).get(TRANSPORT)
        self._leaving: asyncio.Task[None] | None = None

    def header(self, name: bytes) -> bytes | None:
        """A request header, by lower-case name."""
        return next((value for key, value in self._raw_headers if key == name), None)

    @property
    def headers(self) -> Mapping[str, str]:
        """All request headers."""
        return {key.decode("latin-1"): value.decode("latin-1") for key, value in self._raw_headers}

    async def body(self) -> bytes:
        """The whole request body. Raises ClientGone."""
        parts = []
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            parts.append(message.get("body", b""))
            if not message.get("more_body", False):
                return b"".join(parts)

    async def start(
        self, status: int, media: bytes, *, length: int | None = None, extra: Sequence[tuple[bytes, bytes]] = ()
    ) -> None:
        """Status and headers; without a length the body is chunked."""
        headers = [(b"content-type", media), *extra]
        if length is not None:
            headers.append((b"content-length", b"%d" % length))
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def write(self, data: bytes, *, last: bool = False) -> None:
        """Some of the body. Raises ClientGone where the transport already knows."""
        if self._transport is not None and self._transport.is_closing():
            await self._until_gone()  # the server must know too, or it takes the missing rest for a bug of the app
            raise ClientGone
        await self._send({"type": "http.response.body", "body": data, "more_body": not last})

    async def respond(
        self, status: int, body: bytes, *, media: bytes = b"application/json", extra: Sequence[tuple[bytes, bytes]] = ()
    ) -> None:
        """A whole answer."""
        await self.start(status, media, length=len(body), extra=extra)
        await self.write(body, last=True)

    async def pause(self, seconds: float | None) -> None:
        """Wait, for ever with None. Raises ClientGone as soon as the caller leaves."""
        if seconds is not None and seconds <= 0:
            return
        if self._leaving is None:
            self._leaving = asyncio.ensure_future(self._until_gone())
        done, _ = await asyncio.wait({self._leaving}, timeout=seconds)
        if done:
            raise ClientGone

    async def reset(self) -> None:
        """Tear the connection down so that the caller sees a reset, not an end."""
        if self._transport is None:
            raise ConnectionResetError("simulated connection reset")
        sock = self._transport.get_extra_info("socket")
        with socket.socket(fileno=socket.dup(sock.fileno())) as twin:
            # No lingering: closing then sends RST instead of FIN. Through a twin, as uvloop's socket takes no options.
            twin.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self._transport.abort()
        await self._until_gone()

    async def refuse(self) -> None:
        """For a caller who got through before the server stopped listening."""
        if self._transport is None:
            raise ConnectionRefusedError("simulated vendor does not listen")
        self._transport.abort()
        await self._until_gone()

    async def close(self) -> None:
        """Stop watching."""
        if self._leaving is not None:
            self._leaving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._leaving

    async def _until_gone(self) -> None:
        if self._leaving is not None and self._leaving is not asyncio.current_task():
            await self._leaving
            return
        while (await self._receive())["type"] != "http.disconnect":
            pass
