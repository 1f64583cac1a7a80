"""Images and documents brought from an address a caller gave, for wires whose provider fetches none itself.

A caller chooses the address, and Podium stands inside somebody's network: so every address a name resolves to must be
public, the connection goes to exactly the address that was checked (a name that changes its mind in between gains
nothing), a redirect is a new address to check, and no proxy of the environment, which would resolve for itself, is
used. What comes back must be a picture or a PDF by its own bytes, and small enough.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Protocol

from msgspec import Struct
from pyreqwest.client import ClientBuilder
from pyreqwest.exceptions import PyreqwestError
from pyreqwest.http import Url
from pyreqwest.response import Response

from .transport import header_of

MOST_BYTES = 20 * 1024 * 1024
_MOST_REDIRECTS = 3
_AT_ONCE = 8
_SECONDS = 20.0
_CONNECT_S = 5.0

# Networks that carry an IPv4 address inside an IPv6 one: whoever routes them decides what that reaches.
_NAT64 = IPv6Network("64:ff9b::/96")
_NAT64_LOCAL = IPv6Network("64:ff9b:1::/48")
_OLD_COMPATIBLE = IPv6Network("::/96")
_SITE_LOCAL = IPv6Network("fec0::/10")


class Fetched(Struct, frozen=True, kw_only=True):
    """What an address held. The media type is read from the bytes, not from what the server says."""

    media_type: str
    data: bytes


class FetchFailed(Exception):
    """Nothing usable was brought. `what` is a sentence for the caller, with the address but not its query."""

    def __init__(self, what: str, *, remedy: str) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy


class Fetcher(Protocol):
    """Brings what stands at an address."""

    async def fetch(self, url: str) -> Fetched:
        """Raises FetchFailed."""
        ...


Resolve = Callable[[str, int], Awaitable[tuple[str, ...]]]
"""Host and port -> every address the host has, as text."""


async def resolve(host: str, port: int) -> tuple[str, ...]:
    """By the system's resolver. Raises OSError for a name that is not known."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(address: str) -> bool:
    """Whether an address is one anybody on the internet could reach, also by what is wrapped inside it."""
    try:
        ip = ip_address(address)
    except ValueError:  # a zone (fe80::1%eth0) or no address at all
        return False
    inner = _inside(ip)
    if inner is not None:
        return is_public(str(inner))
    if isinstance(ip, IPv6Address) and any(ip in net for net in (_NAT64_LOCAL, _OLD_COMPATIBLE, _SITE_LOCAL)):
        return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified or ip.is_loopback)


def _inside(ip: IPv4Address | IPv6Address) -> IPv4Address | None:
    """The IPv4 address an IPv6 one stands for."""
    if isinstance(ip, IPv4Address):
        return None
    if ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    if ip.sixtofour is not None:
        return ip.sixtofour
    if ip.teredo is not None:
        return ip.teredo[1]
    return IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else None


class WebFetcher:
    """A `Fetcher` over HTTP. `resolve` and `allowed` are replaced by tests only."""

    def __init__(self, *, resolve: Resolve = resolve, allowed: Callable[[str], bool] = is_public) -> None:
        self._resolve = resolve
        self._allowed = allowed
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def fetch(self, url: str) -> Fetched:
        """Raises FetchFailed."""
        shown = url[:200].partition("?")[0]
        try:
            async with self._places, asyncio.timeout(_SECONDS):
                return await self._follow(url)
        except TimeoutError as error:
            raise FetchFailed(
                f"{shown} did not arrive within {_SECONDS:g} seconds.", remedy="Send the bytes as a data URL."
            ) from error

    async def _follow(self, url: str) -> Fetched:
        target = _target(url)
        for _ in range(_MOST_REDIRECTS + 1):
            found = await self._once(target)
            if isinstance(found, Fetched):
                return found
            following = _target(str(_joined(target.url, found)))
            if target.url.scheme == "https" and following.url.scheme != "https":
                raise FetchFailed(
                    f"{target.shown} redirects from https to http, which is not followed.",
                    remedy="Give the final address.",
                )
            target = following
        raise FetchFailed(f"{target.shown}: too many redirects.", remedy="Give the final address.")

    async def _address(self, target: _Target) -> str:
        """An address of the host that was checked, and so were all its others."""
        try:
            found = await self._resolve(target.host, target.port)
        except (OSError, UnicodeError) as error:
            raise FetchFailed(
                f"The host of {target.shown} is not known.", remedy="Check the address, or send a data URL."
            ) from error
        if not found or not all(self._allowed(address) for address in found):
            # Which address it was is not told: that would make Podium a way to look into the network it stands in.
            raise FetchFailed(
                f"{target.shown} is not a public address, and Podium fetches from no other.",
                remedy="Send the bytes as a data URL.",
            )
        return found[0]

    async def _once(self, target: _Target) -> Fetched | str:
        """What the address holds, or where it redirects to."""
        address = await self._address(target)
        builder = (
            ClientBuilder()
            .connect_timeout(timedelta(seconds=_CONNECT_S))
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
                return await _received(response, target)
        except PyreqwestError as error:
            raise FetchFailed(
                f"{target.shown} could not be fetched.", remedy="Check the address, or send a data URL."
            ) from error


class _Target(Struct, frozen=True, kw_only=True):
    """An address taken apart by the client that will connect to it, so that both mean the same host."""

    url: Url
    host: str
    port: int
    literal: bool
    """Whether the host is an address already, and no name that could change."""
    shown: str


def _target(url: str) -> _Target:
    """Raises FetchFailed for what is not an address of the web."""
    shown = url[:200].partition("?")[0]
    try:
        parsed = Url.parse(url)
    except ValueError as error:
        raise FetchFailed(f"{shown!r} is no web address.", remedy="Give an https: address or a data URL.") from error
    host, port = parsed.host_str or "", parsed.port_or_known_default
    if parsed.scheme not in ("https", "http") or not host or not port or host.endswith("."):
        raise FetchFailed(f"{shown} is no web address.", remedy="Give an https: address or a data URL.")
    if parsed.username or parsed.password:
        raise FetchFailed("An address with a user and password is not fetched.", remedy="Send the bytes as a data URL.")
    bare = host.strip("[]")
    try:
        ip_address(bare)
        literal = True
    except ValueError:
        literal = False
    return _Target(url=parsed, host=bare, port=port, literal=literal, shown=shown)


def _joined(base: Url, location: str) -> Url:
    try:
        return base.join(location)
    except ValueError as error:
        raise FetchFailed(f"{base} redirects to nowhere.", remedy="Give the final address.") from error


async def _received(response: Response, target: _Target) -> Fetched | str:
    status, header = response.status, header_of(response)
    if 300 <= status < 400 and (location := header("location")):
        return location
    if status != 200:
        raise FetchFailed(f"{target.shown} answered {status}.", remedy="Check the address, or send a data URL.")
    stated = (header("content-type") or "").partition(";")[0].strip().lower()
    if stated and not stated.startswith("image/") and stated not in _OTHER_TYPES:
        raise FetchFailed(
            f"{target.shown} is {stated[:60]}, not an image or a PDF.", remedy="Give the address of the file itself."
        )
    length = header("content-length")
    body = bytearray()
    too_large = length is not None and length.isdigit() and int(length) > MOST_BYTES
    while not too_large and (chunk := await response.body_reader.read_chunk()) is not None:
        body += bytes(chunk)
        too_large = len(body) > MOST_BYTES
    if too_large:
        raise FetchFailed(
            f"{target.shown} is larger than {MOST_BYTES // 1024 // 1024} MB.", remedy="Send a smaller file."
        )
    media_type = sniff(bytes(body[:16]))
    if media_type is None:
        raise FetchFailed(
            f"{target.shown} holds no image or PDF that models read.", remedy="Send PNG, JPEG, GIF, WebP or PDF."
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
