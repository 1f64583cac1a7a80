"""Images and documents brought from an address a caller gave, for wires whose provider fetches none itself.

A caller chooses the address, and Podium stands inside somebody's network: so every address a name resolves to must be
public, the connection goes to exactly the address that was checked (a name that changes its mind in between gains
nothing), a redirect is a new address to check, and no proxy of the environment, which would resolve for itself, is
used. What comes back must be a picture or a PDF by its own bytes, and small enough. What is told of a failure names
the host and nothing else of the address: in its path and query stand keys.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from ipaddress import ip_address
from typing import Protocol

from msgspec import Struct
from pyreqwest.client import ClientBuilder
from pyreqwest.exceptions import PyreqwestError
from pyreqwest.http import Url
from pyreqwest.response import Response

from .public_addresses import is_public
from .transport import header_of

MOST_BYTES = 20 * 1024 * 1024
_MOST_REDIRECTS = 3
_AT_ONCE = 24
_SECONDS = 20.0
_CONNECT_S = 5.0
_LONGEST_NAME = 253
"""Of a host: RFC 1035."""


class Fetched(Struct, frozen=True, kw_only=True):
    """What an address held. The media type is read from the bytes, not from what the server says."""

    media_type: str
    data: bytes


class FetchFailed(Exception):
    """Nothing usable was brought. `what` is a sentence for the caller, with the host and no more of the address."""

    def __init__(self, what: str, *, remedy: str) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy


class Budget:
    """Bytes that the files of one task may take together. Mutable, owned by one task."""

    __slots__ = ("left", "most")

    def __init__(self, most: int) -> None:
        self.most = most
        self.left = most

    def check(self, size: int) -> None:
        """Raises FetchFailed where so many bytes are more than is left."""
        if size > self.left:
            raise FetchFailed(
                f"The files together are larger than {self.most // 1024 // 1024} MB.", remedy="Send smaller ones."
            )

    def take(self, size: int) -> None:
        """They have come. Raises FetchFailed."""
        self.check(size)
        self.left -= size


class Fetcher(Protocol):
    """Brings what stands at an address."""

    async def fetch(self, url: str, *, budget: Budget) -> Fetched:
        """Raises FetchFailed, also where it is more than the budget has left."""
        ...


Resolve = Callable[[str, int], Awaitable[tuple[str, ...]]]
"""Host and port -> every address the host has, as text."""


class WebFetcher:
    """A `Fetcher` over HTTP. `resolve` (raises OSError for a name that is not known; by default the system's) and
    `allowed` are replaced by tests only."""

    def __init__(self, *, resolve: Resolve | None = None, allowed: Callable[[str], bool] = is_public) -> None:
        self._resolve = resolve or self._look_up
        self._allowed = allowed
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._threads: ThreadPoolExecutor | None = None

    async def fetch(self, url: str, *, budget: Budget) -> Fetched:
        """Raises FetchFailed."""
        target = _target(url)
        try:
            # The wait for a place is part of the time: nobody is held for ever by others' slow hosts.
            async with asyncio.timeout(_SECONDS), self._places:
                return await self._follow(target, budget)
        except TimeoutError:
            raise FetchFailed(
                f"{target.shown} did not send its file within {_SECONDS:g} seconds.",
                remedy="Send the bytes as a data URL.",
            ) from None

    async def _look_up(self, host: str, port: int) -> tuple[str, ...]:
        # Threads of its own: a name server that dawdles holds one, and the loop's few are lent to everybody.
        self._threads = self._threads or ThreadPoolExecutor(_AT_ONCE, "podium-names")
        found = await asyncio.get_running_loop().run_in_executor(self._threads, _addresses, host, port)
        return tuple(dict.fromkeys(found))

    async def _follow(self, target: _Target, budget: Budget) -> Fetched:
        for _ in range(_MOST_REDIRECTS + 1):
            found = await self._once(target, budget)
            if isinstance(found, Fetched):
                return found
            following = _redirected(target, found)
            if target.url.scheme == "https" and following.url.scheme != "https":
                raise FetchFailed(
                    f"{target.shown} redirects from https to http, which is not followed.",
                    remedy="Give the final address.",
                )
            target = following
        raise FetchFailed(f"{target.shown} answered with too many redirects.", remedy="Give the final address.")

    async def _address(self, target: _Target) -> str:
        """An address of the host that was checked, and so were all its others."""
        try:
            found = await self._resolve(target.host, target.port)
        except (OSError, UnicodeError) as error:
            raise FetchFailed(
                f"The host {target.shown} is not known.", remedy="Check the address, or send a data URL."
            ) from error
        if not found or not all(self._allowed(address) for address in found):
            # Which address it was is not told: that would make Podium a way to look into the network it stands in.
            raise FetchFailed(
                f"{target.shown} is not a public address, and Podium fetches from no other.",
                remedy="Send the bytes as a data URL.",
            )
        return found[0]

    async def _once(self, target: _Target, budget: Budget) -> Fetched | str:
        """What the address holds, or where it redirects to."""
        address = await self._address(target)
        builder = (
            ClientBuilder()
            .connect_timeout(timedelta(seconds=_CONNECT_S))
            .timeout(timedelta(seconds=_SECONDS * 1.1))  # a call given up before its answer began is held until then
            .follow_redirects(False)
            .no_proxy()
            .gzip(False)  # what unpacks to a thousand times its size is no picture
            .brotli(False)
            .zstd(False)
            .deflate(False)
            .user_agent("podium")
        )
        if not target.literal:
            builder = builder.resolve(target.host, address, target.port)
        try:
            async with (
                builder.build() as client,
                client.get(target.url)
                .header("accept", "image/*, application/pdf")
                .streamed_read_buffer_limit(0)
                .build_streamed() as response,
            ):
                return await _received(response, target, budget)
        except PyreqwestError:
            # Not chained, here and below: what the client says holds the whole address.
            raise FetchFailed(
                f"{target.shown} could not be reached, or broke off.", remedy="Check the address, or send a data URL."
            ) from None


class _Target(Struct, frozen=True, kw_only=True):
    """An address taken apart by the client that will connect to it, so that both mean the same host."""

    url: Url
    host: str
    port: int
    literal: bool
    """Whether the host is an address already, and no name that could change."""
    shown: str
    """Its host."""


def _target(url: str) -> _Target:
    """Raises FetchFailed for what is not an address of the web."""
    try:
        parsed = Url.parse(url)
    except ValueError:
        raise _no_address() from None
    host, port = parsed.host_str or "", parsed.port_or_known_default
    if parsed.scheme not in ("https", "http") or not host or not port or host.endswith("."):
        raise _no_address()
    if parsed.username or parsed.password:
        raise FetchFailed("An address with a user and password is not fetched.", remedy="Send the bytes as a data URL.")
    bare = host.strip("[]")
    try:
        ip_address(bare)
        literal = True
    except ValueError:
        literal = False
    return _Target(url=parsed, host=bare, port=port, literal=literal, shown=_shown(host))


def _shown(host: str) -> str:
    """A name no longer than names are: an address of 100 KB is not told back."""
    return host if len(host) <= _LONGEST_NAME else f"{host[:_LONGEST_NAME]}..."


def host_of(url: str) -> str:
    """What may be told of an address. Raises FetchFailed for what is none."""
    return _target(url).shown


def _no_address() -> FetchFailed:
    return FetchFailed("A file's address is no web address.", remedy="Give an https: address or a data URL.")


def _redirected(base: _Target, location: str) -> _Target:
    try:
        return _target(str(base.url.join(location)))
    except ValueError:
        raise FetchFailed(f"{base.shown} redirects to nowhere.", remedy="Give the final address.") from None


def _addresses(host: str, port: int) -> list[str]:
    return [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


async def _received(response: Response, target: _Target, budget: Budget) -> Fetched | str:
    status, header = response.status, header_of(response)
    if 300 <= status < 400 and (location := header("location")):
        return location
    if status != 200:
        raise FetchFailed(f"{target.shown} answered {status}.", remedy="Check the address, or send a data URL.")
    stated = (header("content-type") or "").partition(";")[0].strip().lower()
    if stated and not stated.startswith("image/") and stated not in _OTHER_TYPES:
        raise FetchFailed(
            f"{target.shown} sent {stated[:60]}, not an image or a PDF.", remedy="Give the address of the file itself."
        )
    length = header("content-length")
    stated_size = int(length) if length is not None and length.isascii() and length.isdigit() else 0
    too_large = stated_size > MOST_BYTES
    if not too_large:
        budget.check(stated_size)
    body = bytearray()
    while not too_large and (chunk := await response.body_reader.read_chunk()) is not None:
        body += chunk
        too_large = len(body) > MOST_BYTES
        budget.take(len(chunk))
    if too_large:
        raise FetchFailed(
            f"{target.shown} sent a file larger than {MOST_BYTES // 1024 // 1024} MB.", remedy="Send a smaller file."
        )
    media_type = sniff(bytes(body[:16]))
    if media_type is None:
        raise FetchFailed(
            f"{target.shown} sent no image or PDF that models read.", remedy="Send PNG, JPEG, GIF, WebP or PDF."
        )
    return Fetched(media_type=media_type, data=bytes(body))


_OTHER_TYPES = frozenset({"application/pdf", "application/octet-stream", "binary/octet-stream"})
_MARKS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
)
_HEIF = {b"heic": "image/heic", b"heix": "image/heic", b"mif1": "image/heif"}


def sniff(head: bytes) -> str | None:
    """The media type that the first 12 bytes or more of a file give away; None for what models do not read."""
    for mark, media_type in _MARKS:
        if head.startswith(mark):
            return media_type
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return _HEIF.get(head[8:12]) if head[4:8] == b"ftyp" else None
