"""A loopback provider every byte of which is a test's own: it plays scripts, and answers nothing by itself.

Import it with this folder on `sys.path`, as tests/integration/gateway does with `sdk_scenarios`.
"""

from __future__ import annotations

import contextlib
import gzip
import socket
import struct
import threading
from collections.abc import Iterable, Sequence
from typing import Literal

from msgspec import Struct

Step = bytes | float | Literal["reset", "hold"]
"""Bytes are sent as they are; a number is a pause in seconds; `reset` breaks the connection; `hold` waits until the
other side has gone. After the last step the connection is closed properly."""

JSON = "application/json"
SSE = "text/event-stream"


class Asked(Struct, frozen=True, kw_only=True):
    """One request that arrived."""

    path: str
    body: bytes


def head(kind: str | None, *extra: str, status: str = "200 OK") -> bytes:
    """Status line and headers of an answer that ends with its connection."""
    lines = [f"HTTP/1.1 {status}", *([f"content-type: {kind}"] if kind else []), "connection: close", *extra]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def whole(body: bytes, *extra: str, kind: str | None = JSON, status: str = "200 OK") -> list[Step]:
    """An answer with a stated length."""
    return [head(kind, *extra, f"content-length: {len(body)}", status=status) + body]


def zipped(body: bytes, *, kind: str = JSON) -> list[Step]:
    return whole(gzip.compress(body), "content-encoding: gzip", kind=kind)


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


LAST = b"0\r\n\r\n"


def streamed(
    pieces: Iterable[bytes], *extra: str, kind: str | None = SSE, after: Sequence[Step] = (LAST,)
) -> list[Step]:
    """An answer in HTTP chunks, one a piece, so that each is read by itself; then `after`."""
    told = b"".join(chunk(piece) for piece in pieces if piece)
    return [head(kind, "transfer-encoding: chunked", *extra) + told, *after]


class Upstream:
    """Plays the script set for a request's first path segment; the last one set stays."""

    def __init__(self) -> None:
        self.scripts: dict[str, Sequence[Step]] = {}
        self.asked: list[Asked] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, name="scripted-upstream", daemon=True)
        self._open: set[socket.socket] = set()
        self._thread.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._thread.join()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            asked = _read(connection)
            if asked is None:
                return
            self.asked.append(asked)
            self._play(connection, self.scripts[asked.path.split("/")[1]])
        except OSError:
            pass  # the gateway left, which some tests want
        finally:
            self._open.discard(connection)
            connection.close()

    @staticmethod
    def _play(connection: socket.socket, script: Sequence[Step]) -> None:
        for step in script:
            if isinstance(step, bytes):
                connection.sendall(step)
            elif step == "reset":
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return
            elif step == "hold":
                connection.recv(1)
            else:
                threading.Event().wait(float(step))


def _read(connection: socket.socket) -> Asked | None:
    """A whole request; None where none came."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return None
        data += more
    heading, _, body = data.partition(b"\r\n\r\n")
    lines = heading.decode("latin-1").split("\r\n")
    length = next((int(line[15:]) for line in lines if line.lower().startswith("content-length:")), 0)
    pieces, size = [body], len(body)
    while size < length:
        more = connection.recv(1 << 20)
        if not more:
            return None
        pieces.append(more)
        size += len(more)
    return Asked(path=lines[0].split(" ")[1], body=b"".join(pieces))
