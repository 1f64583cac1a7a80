"""Opens the database and hands out connections whose faults speak to people.

SQLite runs in WAL mode, so readers never wait for the writer, with `synchronous=NORMAL`: a power cut may cost the
last moments, never the file.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import StaticPool

from podium.core.clock import Clock
from podium.core.errors import StoreError

from . import migrate
from .address import Address, Dialect, read_address
from .faults import store_error

BUSY_TIMEOUT_MS = 250
"""How long SQLite itself waits for a lock. Short, because a waiting writer cannot take new entries in; the ledger
waits longer by trying again."""

_MIGRATION_WAIT_MS = 15_000
_CONNECT_TIMEOUT_S = 5
_SILENCE_MS = 10_000  # how long an unanswered packet to PostgreSQL may stay so before the connection counts as lost
_WAL_TRIES = 500
_WAL_PAUSE_S = 0.02


class Store:
    """An open database at this version's schema. Safe to use from several threads."""

    def __init__(self, address: Address, engine: Engine, *, clock: Clock, folder: Path) -> None:
        self.address = address
        self.engine = engine
        self.clock = clock
        self.journal_base: Path | None = address.journal_base(folder)
        """What the names of journal files start with; None for a database in memory."""
        # One connection is all a database in memory has, so its users take turns.
        self._turn: Any = threading.RLock() if address.in_memory else nullcontext()

    @property
    def dialect(self) -> Dialect:
        return self.address.dialect

    @contextmanager
    def read(self, doing: str = "reading") -> Iterator[Connection]:
        """A connection for queries, one consistent view. Raises StoreError for database faults."""
        try:
            with self._turn, self.engine.connect() as connection:
                yield connection
        except SQLAlchemyError as exc:
            raise store_error(exc, self.address, doing) from exc

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection inside a write transaction: committed on leaving, rolled back by an exception.

        Raises the driver's faults as SQLAlchemy wraps them, for a writer that has to tell them apart.
        """
        with self._turn, self.engine.connect().execution_options(podium_write=True) as connection, connection.begin():
            yield connection

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def open_store(url: str, *, clock: Clock, folder: Path | None = None) -> Store:
    """Open the database at `url`, creating or upgrading its tables.

    `url`: `sqlite:///relative.db`, `sqlite:////absolute.db`, `sqlite://` (in memory) or `postgresql://...`.
    `folder`: where journals of a PostgreSQL ledger go, `.podium` by default; SQLite's lie beside its file.
    Raises StoreError: unreadable URL, missing driver, no such folder, not a database, refused, or a newer schema.
    """
    address = read_address(url)
    if address.dialect == "postgresql":
        _require_psycopg()
    elif address.path is not None:
        _check_folder(address.path)
    engine = _engine(address)
    try:
        if address.path is not None:
            _set_wal(engine)
        with engine.connect() as connection:
            ready = migrate.at_head(connection, address)
        if not ready:
            _migrate(engine, address)
    except (SQLAlchemyError, sqlite3.Error) as exc:  # listeners' and raw connections' faults come unwrapped
        engine.dispose()
        raise store_error(exc, address, "opening it") from exc
    except BaseException:
        engine.dispose()
        raise
    return Store(address, engine, clock=clock, folder=folder or Path(".podium"))


def _require_psycopg() -> None:
    try:
        import psycopg  # noqa: F401  # only to see whether it is there, before SQLAlchemy asks less kindly
    except ImportError as exc:
        raise StoreError(
            f"PostgreSQL needs the psycopg driver, which cannot be imported ({exc}).",
            remedy="Install it with: pip install 'podium[postgres]'",
        ) from exc


def _check_folder(path: Path) -> None:
    folder = path.absolute().parent
    if not folder.is_dir():
        raise StoreError(
            f"The ledger {path} cannot be opened: there is no folder {folder}.",
            remedy=f"Create it with: mkdir -p {folder}",
        )
    if path.is_dir():
        raise StoreError(f"The ledger {path} is a folder.", remedy="Name a file, such as sqlite:///podium.db.")
    for place in (folder, path):
        if place.exists() and not os.access(place, os.W_OK):
            raise StoreError(
                f"The ledger {path} cannot be written: this user may not write {place}.",
                remedy="Change its owner or rights, or name another place in `store`.",
            )


def _engine(address: Address) -> Engine:
    # Parameters are hidden because they are what people asked and were answered: no error message may carry them.
    if address.dialect == "postgresql":
        return create_engine(
            address.url,
            hide_parameters=True,
            pool_pre_ping=True,
            connect_args={
                "connect_timeout": _CONNECT_TIMEOUT_S,
                "tcp_user_timeout": _SILENCE_MS,
                "keepalives_idle": 10,
                "application_name": "podium",
            },
        )
    if address.path is None:
        engine = create_engine(
            address.url, hide_parameters=True, poolclass=StaticPool, connect_args={"check_same_thread": False}
        )
    else:
        engine = create_engine(address.url, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(raw: sqlite3.Connection, _record: object) -> None:
    # Python's driver opens transactions on its own, but not before DDL; ours begin where `_begin_sqlite` says.
    raw.isolation_level = None
    raw.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    raw.execute("PRAGMA synchronous=NORMAL")


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes the lock at once: upgrading a read transaction can fail in a way that waiting does not mend.
    writes = connection.get_execution_options().get("podium_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _set_wal(engine: Engine) -> None:
    """Switch the file to WAL, once: the mode stays with the file.

    SQLite answers "locked" without waiting when two processes switch a new file at the same moment.
    """
    raw = engine.raw_connection()
    try:
        for remaining in range(_WAL_TRIES, -1, -1):
            try:
                mode = raw.cursor().execute("PRAGMA journal_mode=WAL").fetchone()[0]
            except sqlite3.OperationalError as exc:
                if "locked" not in str(exc) or not remaining:
                    raise
                time.sleep(_WAL_PAUSE_S)
            else:
                if mode != "wal":
                    raise sqlite3.OperationalError(f"readonly or unfit for WAL: journal mode stays {mode}")
                return
    finally:
        raw.close()


def _migrate(engine: Engine, address: Address) -> None:
    with engine.connect().execution_options(podium_write=True) as connection:
        if address.dialect == "sqlite":
            migrate.wait_for_lock(connection.connection.dbapi_connection, _MIGRATION_WAIT_MS)
        with connection.begin():
            migrate.lock_for_migration(connection)
            if not migrate.at_head(connection, address):
                migrate.upgrade(connection)
        if address.dialect == "sqlite":
            migrate.wait_for_lock(connection.connection.dbapi_connection, BUSY_TIMEOUT_MS)
