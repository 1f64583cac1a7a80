"""Server-sent events, cut apart: any split of the bytes gives the same events.

Source: WHATWG HTML, section 9.2 (event stream interpretation). Lines end in LF, CRLF or CR; a blank line ends an
event. Comments and fields other than `data` carry nothing a model says, but their bytes are kept for relaying.
"""

from __future__ import annotations

import re

# The groups are atomic: CRLF is one line end, and must never be taken for CR and LF.
_EVENT_END = re.compile(rb"(?>\r\n|\n|\r)(?>\r\n|\n|\r)")
_LINE_END = re.compile(rb"\r\n|\n|\r")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_LONGEST_CUT = 3
"""Bytes of an event's end that may have come before its last one."""

MAX_EVENT_BYTES = 64 * 1024 * 1024
"""An event that grows beyond this is a fault, not an answer: memory is bounded."""


class EventTooLarge(ValueError):
    """One event exceeded MAX_EVENT_BYTES."""


class EventCutter:
    """Cuts a byte stream into events, each as (data, the bytes it came in)."""

    __slots__ = ("_begun", "_kept", "_tail")

    def __init__(self) -> None:
        # The event under way. One buffer, whatever the size of the pieces it comes in: a list of single bytes would
        # hold forty times what they weigh.
        self._kept = bytearray()
        self._tail = b""  # of the last piece, as much as an end that is cut in two can need
        self._begun = False

    def feed(self, chunk: bytes) -> list[tuple[bytes, bytes]]:
        """Events completed by this chunk."""
        search = 0
        if self._kept:
            near = self._tail + chunk
            if _end_of_event(near, 0) < 0:
                self._keep(chunk, near)
                return []
            search = len(self._kept) - len(self._tail)
            self._kept += chunk
            chunk = bytes(self._kept)
            self._kept.clear()
        events: list[tuple[bytes, bytes]] = []
        start = 0
        while (end := _end_of_event(chunk, search)) >= 0:
            raw = chunk[start:end]
            if not self._begun:
                raw = self._beginning(raw)
            events.append((event_data(raw), raw))
            start = search = end
        if start < len(chunk):
            rest = chunk[start:]
            self._keep(rest, rest)
        return events

    def _beginning(self, raw: bytes) -> bytes:
        """The first event without the byte order mark a stream may begin with; few clients would know to skip it."""
        self._begun = True
        return raw.removeprefix(_BYTE_ORDER_MARK)

    def _keep(self, piece: bytes, near: bytes) -> None:
        self._kept += piece
        self._tail = near[-_LONGEST_CUT:]
        if len(self._kept) > MAX_EVENT_BYTES:
            raise EventTooLarge(f"a single event exceeded {MAX_EVENT_BYTES} bytes")

    def close(self) -> list[tuple[bytes, bytes]]:
        """What was left without a blank line at the end of the stream."""
        rest = bytes(self._kept) if self._begun else self._beginning(bytes(self._kept))
        self._kept.clear()
        data = event_data(rest)
        if data:
            return [(data, rest + b"\n\n")]
        # The second half of a line end whose first half ended the last event.
        return [(b"", rest)] if rest and not rest.strip(b"\r\n") else []


def _end_of_event(text: bytes, start: int) -> int:
    """Where the first event at or after `start` ends; -1 where none does. A plain search, where no CR asks for more."""
    if b"\r" not in text:
        found = text.find(b"\n\n", start)
        return found + 2 if found >= 0 else -1
    end = _EVENT_END.search(text, start)
    return -1 if end is None else end.end()


def event_data(event: bytes) -> bytes:
    """The joined `data` lines of one event; b"" where it has none."""
    stripped = event.strip(b"\r\n")
    if stripped.startswith(b"data:") and b"\n" not in stripped and b"\r" not in stripped:
        return stripped[6:] if stripped[5:6] == b" " else stripped[5:]
    lines: list[bytes] = []
    for line in _LINE_END.split(stripped):
        if line.startswith(b"data:"):
            lines.append(line[6:] if line[5:6] == b" " else line[5:])
    return b"\n".join(lines)
