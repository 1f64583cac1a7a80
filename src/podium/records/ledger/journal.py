"""Keeps entries in plain files while the database cannot take them.

Every ledger has its own file beside the database, locked for as long as its process lives. A file whose lock is
free was left by a process that died: whoever opens the ledger next writes its entries into the database. One JSON
object a line, columns by name, so a later version can read an earlier one's journal.
"""

from __future__ import annotations

import fcntl
import logging
import os
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import msgspec

from podium.core.ids import new_id

from .entries import ATTEMPT_COLUMNS, DECISION_COLUMNS, Entry, Row, Value

_log = logging.getLogger(__name__)
_encode = msgspec.json.Encoder().encode


class _Line(msgspec.Struct):
    """One journalled entry: only the columns that hold something."""

    decision: dict[str, Value]
    attempts: list[dict[str, Value]]


_decode = msgspec.json.Decoder(_Line).decode


class _Reading:
    """A file being written back, and how far it got."""

    def __init__(self, path: Path, file: BinaryIO, entries: int) -> None:
        self.path = path
        self.file = file  # open as long as it is ours: it carries the lock
        self.entries = entries
        self.offset = 0
        self.next_offset = 0
        self.taken = 0


class Journal:
    """The journal of one ledger. `append` may be called from any thread; reading back belongs to one."""

    def __init__(self, base: Path) -> None:
        self._base = base
        self._lock = threading.Lock()
        self._own: _Reading | None = None
        self._sealed: list[_Reading] = []

    @property
    def waiting(self) -> int:
        """Entries journalled and not yet written to the database."""
        with self._lock:
            readings = [*self._sealed, *([self._own] if self._own is not None else [])]
            return sum(reading.entries for reading in readings)

    def append(self, entries: Iterable[Entry]) -> None:
        """Put entries into the file, handed to the operating system on return. Raises OSError."""
        lines = [_line(entry) for entry in entries]
        with self._lock:
            if self._own is None:
                self._own = self._create()
            self._own.file.write(b"".join(lines))
            self._own.file.flush()
            self._own.entries += len(lines)

    def adopt(self) -> int:
        """Take over the files of processes that died; gives the number of entries found."""
        found = 0
        for path in sorted(self._base.parent.glob(f"{self._base.name}.pending-*.jsonl")):
            with self._lock:
                mine = [reading.path for reading in (*self._sealed, *([self._own] if self._own else []))]
            if path in mine:
                continue
            file = _claim(path)
            if file is None:
                continue
            reading = _Reading(path, file, sum(1 for _ in file))
            if not reading.entries:
                path.unlink(missing_ok=True)
                file.close()
                continue
            with self._lock:
                self._sealed.append(reading)
            found += reading.entries
        return found

    def take(self, limit: int) -> list[Entry]:
        """The next entries to write back, oldest file first; `written` confirms them. Empty when there are none."""
        with self._lock:
            if not self._sealed and self._own is not None:
                self._sealed.append(self._own)
                self._own = None
            if not self._sealed:
                return []
            reading = self._sealed[0]
        reading.file.seek(reading.offset)
        entries: list[Entry] = []
        reading.taken = 0
        while reading.taken < limit and (line := reading.file.readline()):
            reading.taken += 1
            entry = self._entry(line, reading.path)
            if entry is not None:
                entries.append(entry)
        reading.next_offset = reading.file.tell()
        if not entries:  # the end, or nothing but damage
            self.written()
            return self.take(limit)
        return entries

    def written(self) -> None:
        """What `take` gave last is in the database. A file all of whose entries are is deleted."""
        with self._lock:
            reading = self._sealed[0]
            reading.offset = reading.next_offset
            reading.entries = max(0, reading.entries - reading.taken)
            if reading.offset >= os.fstat(reading.file.fileno()).st_size:
                reading.path.unlink(missing_ok=True)
                reading.file.close()
                self._sealed.pop(0)

    def refuse(self, entry: Entry) -> Path:
        """Keep an entry the database will never take, for a person to look at. Raises OSError."""
        self._base.parent.mkdir(parents=True, exist_ok=True)
        path = self._base.with_name(f"{self._base.name}.refused.jsonl")
        with path.open("ab") as file:
            file.write(_line(entry))
        return path

    def close(self) -> None:
        """Let go of the files; what they still hold is found by the next start."""
        with self._lock:
            for reading in (*self._sealed, *([self._own] if self._own is not None else [])):
                reading.file.close()
            self._sealed.clear()
            self._own = None

    def _create(self) -> _Reading:
        self._base.parent.mkdir(parents=True, exist_ok=True)
        path = self._base.with_name(f"{self._base.name}.pending-{new_id('jnl')}.jsonl")
        file = path.open("a+b")
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return _Reading(path, file, 0)

    def _entry(self, line: bytes, path: Path) -> Entry | None:
        try:
            return _entry_of(_decode(line))
        except msgspec.DecodeError as exc:
            damaged = path.with_suffix(".damaged")
            with damaged.open("ab") as file:
                file.write(line)
            _log.error("A line of the ledger's journal %s cannot be read (%s); it is kept in %s.", path, exc, damaged)
            return None


def _claim(path: Path) -> BinaryIO | None:
    """Open and lock a journal nobody alive holds."""
    try:
        file = path.open("r+b")
    except FileNotFoundError:
        return None  # its owner finished with it a moment ago
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    if not path.exists():
        file.close()
        return None
    return file


def _line(entry: Entry) -> bytes:
    row, attempts = entry
    line = _Line(decision=_named(DECISION_COLUMNS, row), attempts=[_named(ATTEMPT_COLUMNS, row) for row in attempts])
    return _encode(line) + b"\n"


def _named(columns: tuple[str, ...], row: Row) -> dict[str, Value]:
    return {column: value for column, value in zip(columns, row, strict=True) if value is not None}


def _entry_of(line: _Line) -> Entry:
    decision = tuple(line.decision.get(column) for column in DECISION_COLUMNS)
    return decision, tuple(tuple(row.get(column) for column in ATTEMPT_COLUMNS) for row in line.attempts)
