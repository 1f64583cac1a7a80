"""Server-sent events, cut apart: any split of the bytes gives the same events.

Source: WHATWG HTML, section 9.2 (event stream interpretation). Lines end in LF, CRLF or CR; a blank line ends an
event. Comments and fields other than `data` carry nothing a model says, but their bytes are kept for relaying.
"""

from __future__ import annotations

import re

# The groups are atomic: CRLF is one line end, and must never be taken for CR and LF.
_EVENT_END = re.compile(rb"(?>\r\n|\n|\r)(?>\r\n|\n|\r)")
_LINE_END = re.compile(rb"\r\n|\n|\r")
_LONGEST_CUT = 3
"""Bytes of an event's end that may have come before its last one."""

MAX_EVENT_BYTES = 64 * 1024 * 1024
"""An event that grows beyond this is a fault, not an answer: memory is bounded."""


class EventTooLarge(ValueError):
    """One event exceeded MAX_EVENT_BYTES."""


class EventCutter:
    """Cuts a byte stream into events, each as (data, the bytes it came in)."""

    __slots__ = ("_pieces", "_size", "_tail")

    def __init__(self) -> None:
        # The event under way, in the pieces it came in: joined once, when its end is here, however many there are.
        self._pieces: list[bytes] = []
        self._size = 0
        self._tail = b""  # of the last piece, as much as an end that is cut in two can need

    def feed(self, chunk: bytes) -> list[tuple[bytes, bytes]]:
        """Events completed by this chunk."""
        search = 0
        if self._pieces:
            near = self._tail + chunk
            if _end_of_event(near, 0) < 0:
                self._keep(chunk, near)
                return []
            search = self._size - len(self._tail)
            self._pieces.append(chunk)
            chunk = b"".join(self._pieces)
            self._pieces.clear()
            self._size = 0
        events: list[tuple[bytes, bytes]] = []
        start = 0
        while (end := _end_of_event(chunk, search)) >= 0:
            raw = chunk[start:end]
            events.append((event_data(raw), raw))
            start = search = end
        if start < len(chunk):
            rest = chunk[start:]
            self._keep(rest, rest)
        return events

    def _keep(self, piece: bytes, near: bytes) -> None:
        self._pieces.append(piece)
        self._size += len(piece)
        self._tail = near[-_LONGEST_CUT:]
        if self._size > MAX_EVENT_BYTES:
            raise EventTooLarge(f"a single event exceeded {MAX_EVENT_BYTES} bytes")

    def close(self) -> list[tuple[bytes, bytes]]:
        """What was left without a blank line at the end of the stream."""
        rest = b"".join(self._pieces)
        self._pieces.clear()
        self._size = 0
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
