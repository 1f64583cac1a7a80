"""Recordings that carry the words a simulated model will hear in them, and what it hears in any file.

The words travel in the comment chunk of a WAV (RIFF INFO, `ICMT`), so that a transcript proves which bytes arrived.
"""

from __future__ import annotations

import struct

from .orders import digest_of

_RATE = 8000
"""Samples a second, one byte each."""
_BYTES_PER_SECOND = 16_000
"""Assumed of files that are no WAV."""


def make_recording(text: str, *, seconds: float = 1.0) -> bytes:
    """A WAV of `seconds` of silence in which a simulated model hears `text`."""
    words = text.encode() + b"\0"
    words += b"\0" * (len(words) % 2)
    info = b"INFOICMT" + struct.pack("<I", len(words)) + words
    samples = b"\x80" * round(_RATE * seconds)
    form = struct.pack("<HHIIHH", 1, 1, _RATE, _RATE, 1, 8)
    chunks = b"".join(
        name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
        for name, data in ((b"fmt ", form), (b"LIST", info), (b"data", samples))
    )
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def heard(data: bytes) -> tuple[str, float]:
    """The words in a recording, and its length in seconds; a file without words is told by its digest."""
    unheard = f"A recording of {len(data)} bytes, digest {digest_of(data)}."
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        return unheard, len(data) / _BYTES_PER_SECOND
    chunks = _chunks(data)
    rate = struct.unpack_from("<I", chunks.get(b"fmt ", b""), 8)[0] if len(chunks.get(b"fmt ", b"")) >= 12 else 0
    seconds = len(chunks.get(b"data", b"")) / (rate or _BYTES_PER_SECOND)
    info = chunks.get(b"LIST", b"")
    words = info[12:].rstrip(b"\0").decode(errors="replace") if info[:8] == b"INFOICMT" else ""
    return words or unheard, seconds


def _chunks(data: bytes) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    place = 12
    while place + 8 <= len(data):
        size = struct.unpack_from("<I", data, place + 4)[0]
        found[data[place : place + 4]] = data[place + 8 : place + 8 + size]
        place += 8 + size + size % 2
    return found
