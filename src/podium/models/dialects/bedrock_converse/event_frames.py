"""Amazon's binary event stream, cut apart: any split of the bytes gives the same messages.

Source: AWS documentation, "Event stream encoding": a prelude (total length, headers' length, its CRC32), headers,
payload, and the CRC32 of all of it; numbers are big-endian. Both sums are checked: a message whose sum is wrong is
never read, for its content is anybody's guess.
"""

from __future__ import annotations

from collections.abc import Mapping
from struct import Struct
from zlib import crc32

MAX_MESSAGE_BYTES = 25 * 1024 * 1024
"""Payload 24 MB at most and headers 128 KB, by the same page; anything beyond is no message."""
_PRELUDE = Struct(">III")
_LENGTHS = 8
_SUM = Struct(">I")
_LEAST = _PRELUDE.size + _SUM.size
_TRUE, _FALSE = 0, 1
_FIXED = {2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
"""Header value type -> its bytes: byte, short, integer, long, timestamp, uuid."""
_BYTES, _STRING = 6, 7
_MOST_REMEMBERED = 64


class BadMessage(ValueError):
    """Bytes that are no message of an event stream."""


class EventMessage:
    """One message: its headers that are strings, its payload, and the bytes it came in."""

    __slots__ = ("headers", "payload", "raw")

    def __init__(self, headers: Mapping[str, str], payload: bytes, raw: bytes) -> None:
        self.headers = headers
        self.payload = payload
        self.raw = raw


class MessageCutter:
    """Cuts a byte stream into messages. After a bad one nothing can be told apart any more: it then gives no more."""

    __slots__ = ("_broken", "_buffer", "_known", "_needed")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._needed = _PRELUDE.size
        """Bytes there must be before anything more can be said."""
        self._known: dict[bytes, Mapping[str, str]] = {}
        """Headers by their bytes: a stream has a handful of kinds, and each message says its kind anew."""
        self._broken: BadMessage | None = None

    def feed(self, chunk: bytes) -> list[EventMessage]:
        """Messages completed by these bytes. Raises BadMessage, but not before every whole message was given."""
        if self._broken is not None:
            raise self._broken
        buffer = self._buffer
        if buffer:
            buffer += chunk
            if len(buffer) < self._needed:
                return []
            chunk = bytes(buffer)
            buffer.clear()
        found: list[EventMessage] = []
        at = 0
        try:
            while (end := self._end(chunk, at)) is not None:
                found.append(self._message(chunk[at:end]))
                at = end
        except BadMessage as bad:
            self._broken = bad
            if not found:
                raise
            return found
        if at < len(chunk):
            buffer += chunk[at:] if at else chunk
        return found

    def close(self) -> None:
        """The stream ended. Raises what was found wrong and not yet told; half a message is no fault of its own: a
        stream without its last messages is known by their absence."""
        if self._broken is not None:
            raise self._broken

    def _end(self, data: bytes, at: int) -> int | None:
        """Where the message at `at` ends; None where it is not all here."""
        left = len(data) - at
        if left < _PRELUDE.size:
            self._needed = _PRELUDE.size
            return None
        total, headers, stated = _PRELUDE.unpack_from(data, at)
        if crc32(data[at : at + _LENGTHS]) != stated:
            raise BadMessage("the checksum of a message's lengths is wrong")
        if total < _LEAST + headers or total > MAX_MESSAGE_BYTES:
            raise BadMessage(f"a message of {total} bytes with {headers} of headers is none")
        if left < total:
            self._needed = total
            return None
        return at + int(total)

    def _message(self, raw: bytes) -> EventMessage:
        body = len(raw) - _SUM.size
        (stated,) = _SUM.unpack_from(raw, body)
        if crc32(memoryview(raw)[:body]) != stated:
            raise BadMessage("a message's checksum is wrong")
        start = _PRELUDE.size
        (length,) = _SUM.unpack_from(raw, 4)
        head = raw[start : start + length]
        headers = self._known.get(head)
        if headers is None:
            headers = _headers(head)
            if len(self._known) < _MOST_REMEMBERED:
                self._known[head] = headers
        return EventMessage(headers, raw[start + length : body], raw)


def _headers(head: bytes) -> Mapping[str, str]:
    """Headers whose values are strings; the others are read over, for no message of this API needs them."""
    found: dict[str, str] = {}
    at = 0
    try:
        while at < len(head):
            name_end = at + 1 + head[at]
            name = head[at + 1 : name_end].decode()
            kind = head[name_end]
            at = name_end + 1
            if kind in (_BYTES, _STRING):
                value_end = at + 2 + int.from_bytes(head[at : at + 2], "big")
                if kind == _STRING:
                    found[name] = head[at + 2 : value_end].decode()
                at = value_end
            elif kind not in (_TRUE, _FALSE):
                at += _FIXED[kind]
    except (IndexError, KeyError, UnicodeDecodeError) as exc:
        raise BadMessage(f"a message's headers cannot be read: {exc!r}") from exc
    if at != len(head):
        raise BadMessage("a message's headers end inside a value")
    return found
