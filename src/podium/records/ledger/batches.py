"""Writes entries in batches: one transaction, few statements, each entry once however often it is tried.

Both ways of writing were measured against the drivers' own `executemany`. SQLite's driver lets go of the interpreter
lock at every statement and has to win it back from a busy event loop, which row by row costs milliseconds a row: so
statements insert many rows each. PostgreSQL's driver spends most of its time on turning single values into
parameters: so it gets a batch as one JSON text, which the server takes apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import msgspec
from sqlalchemy import Connection

from podium.records.store.open import Store

from .entries import ATTEMPT_COLUMNS, DECISION_COLUMNS, Entry, Row

_SIZES = (64, 16, 4, 1)
"""Rows a statement: few sizes, so that each is prepared once; 64 x 55 values is well below SQLite's limit."""

_encode = msgspec.json.Encoder().encode


class BatchWriter:
    """Inserts entries into one store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        insert = _SqliteInsert if store.dialect == "sqlite" else _PostgresInsert
        self._decisions = insert("decisions", DECISION_COLUMNS)
        self._attempts = insert("attempts", ATTEMPT_COLUMNS)

    def write(self, entries: Sequence[Entry]) -> None:
        """Commit all of `entries` or none. Repeating a batch changes nothing. Raises the driver's faults."""
        with self._store.transaction() as connection:
            self._decisions.run(connection, [entry[0] for entry in entries])
            self._attempts.run(connection, [row for entry in entries for row in entry[1]])


class _SqliteInsert:
    """Many rows a statement, values as parameters."""

    def __init__(self, table: str, columns: tuple[str, ...]) -> None:
        row = f"({','.join('?' for _ in columns)})"
        head = f"INSERT INTO {table} ({','.join(columns)}) VALUES "
        self._statements = {size: f"{head}{','.join([row] * size)} ON CONFLICT DO NOTHING" for size in _SIZES}

    def run(self, connection: Connection, rows: list[Row]) -> None:
        start = 0
        for size in _SIZES:
            while len(rows) - start >= size:
                values = tuple(chain.from_iterable(rows[start : start + size]))
                connection.exec_driver_sql(self._statements[size], values)
                start += size


class _PostgresInsert:
    """The whole batch in one parameter."""

    def __init__(self, table: str, columns: tuple[str, ...]) -> None:
        names = ",".join(columns)
        self._columns = columns
        self._statement = (
            f"INSERT INTO {table} ({names}) SELECT {names} FROM json_populate_recordset(NULL::{table}, %s::json) "
            "ON CONFLICT DO NOTHING"
        )

    def run(self, connection: Connection, rows: list[Row]) -> None:
        if rows:
            batch = _encode([dict(zip(self._columns, row, strict=True)) for row in rows])
            connection.exec_driver_sql(self._statement, (batch.decode(),))
