"""Server-sent events, cut apart: any split of the bytes gives the same events.

Source: WHATWG HTML, section 9.2 (event stream interpretation). Lines end in LF, CRLF or CR; a blank line ends an
event. Comments and fields other than `data` carry nothing a model says, but their bytes are kept for relaying.
"""

from __future__ import annotations

import re

# The groups are atomic: CRLF is one line end, and must never be taken for CR and LF.
_EVENT_END = re.compile(rb"(?>\r\n|\n|\r)(?>\r\n|\n|\r)")
_LINE_END = re.compile(rb"\r\n|\n|\r")

MAX_EVENT_BYTES = 64 * 1024 * 1024
"""An event that grows beyond this is a fault, not an answer: memory is bounded."""


class EventTooLarge(ValueError):
    """One event exceeded MAX_EVENT_BYTES."""


class EventCutter:
    """Cuts a byte stream into events, each as (data, the bytes it came in)."""

    __slots__ = ("_pending", "_searched")

    def __init__(self) -> None:
        self._pending = b""
        # How much of the pending bytes was already searched: one long event must not be searched again and again.
        self._searched = 0

    def feed(self, chunk: bytes) -> list[tuple[bytes, bytes]]:
        """Events completed by this chunk."""
        pending = self._pending + chunk if self._pending else chunk
        events: list[tuple[bytes, bytes]] = []
        start = 0
        search = max(self._searched - 3, 0)
        while (end := _EVENT_END.search(pending, search)) is not None:
            raw = pending[start : end.end()]
            start = search = end.end()
            data = event_data(raw)
            events.append((data, raw))
        self._pending = pending[start:] if start else pending
        self._searched = len(self._pending)
        if self._searched > MAX_EVENT_BYTES:
            raise EventTooLarge(f"a single event exceeded {MAX_EVENT_BYTES} bytes")
        return events

    def close(self) -> list[tuple[bytes, bytes]]:
        """What was left without a blank line at the end of the stream."""
        rest, self._pending = self._pending, b""
        data = event_data(rest)
        return [(data, rest + b"\n\n")] if data else []


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
