"""Writes entries in batches: one transaction, few statements, each entry once however often it is tried.

Statements insert many rows each. SQLite's driver lets go of the interpreter lock at every statement and has to win
it back from a busy event loop: row by row that costs milliseconds a row, measured, in a loaded process.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from podium.records.store.open import Store

from .entries import ATTEMPT_COLUMNS, DECISION_COLUMNS, Entry, Row

_SIZES = (64, 8, 1)
"""Rows a statement: few sizes, so that each is prepared once; 64 x 55 values is well below every driver's limit."""


class BatchWriter:
    """Inserts entries into one store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        mark = "?" if store.dialect == "sqlite" else "%s"
        self._decisions = {size: _insert("decisions", DECISION_COLUMNS, size, mark) for size in _SIZES}
        self._attempts = {size: _insert("attempts", ATTEMPT_COLUMNS, size, mark) for size in _SIZES}

    def write(self, entries: Sequence[Entry]) -> None:
        """Commit all of `entries` or none. Repeating a batch changes nothing. Raises the driver's faults."""
        with self._store.transaction() as connection:
            for statements, rows in (
                (self._decisions, [entry[0] for entry in entries]),
                (self._attempts, [row for entry in entries for row in entry[1]]),
            ):
                for size, chunk in _chunks(rows):
                    connection.exec_driver_sql(statements[size], tuple(chain.from_iterable(chunk)))


def _insert(table: str, columns: tuple[str, ...], rows: int, mark: str) -> str:
    row = f"({','.join(mark for _ in columns)})"
    return f"INSERT INTO {table} ({','.join(columns)}) VALUES {','.join([row] * rows)} ON CONFLICT DO NOTHING"


def _chunks(rows: list[Row]) -> list[tuple[int, list[Row]]]:
    chunks: list[tuple[int, list[Row]]] = []
    start = 0
    for size in _SIZES:
        while len(rows) - start >= size:
            chunks.append((size, rows[start : start + size]))
            start += size
    return chunks
