"""Brings a database to this version's schema, safely when several processes open it at once.

A database at the head is recognised by one query: Alembic costs a tenth of a second and 11 MB to import, which no
start should pay for nothing. The revisions run in one transaction under a lock, so whoever comes second finds the
work done.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from podium.core.errors import StoreError

from .address import Address
from .schema import VERSION_TABLE, metadata

REVISIONS = ("0001", "0002")
"""Every revision this version knows, oldest first; a test compares it with the files in `migrations/versions`."""
HEAD = REVISIONS[-1]

_POSTGRES_LOCK = 0x506F6469756D  # any number will do if every Podium uses the same one


def version_of(connection: Connection) -> str | None:
    """The revision a database is at; None for one without Podium's tables."""
    if connection.dialect.name == "sqlite":
        found = connection.exec_driver_sql(
            "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (VERSION_TABLE,)
        ).scalar()
    else:
        found = connection.exec_driver_sql("SELECT to_regclass(%s)", (VERSION_TABLE,)).scalar()
    if found is None:
        return None
    version: str | None = connection.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLE}").scalar()
    return version


def at_head(connection: Connection, address: Address) -> bool:
    """Whether nothing is to do. Raises StoreError for a database that a newer Podium made."""
    version = version_of(connection)
    if version is not None and version not in REVISIONS:
        raise StoreError(
            f"The database {address.shown} has schema version {version}; this Podium knows versions up to {HEAD}.",
            remedy="Upgrade Podium (`pip install --upgrade podium`), or point `store` at another database.",
        )
    return version == HEAD


def lock_for_migration(connection: Connection) -> None:
    """Hold off other migrators until the transaction ends. SQLite's own write lock was taken by its BEGIN."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (_POSTGRES_LOCK,))


def wait_for_lock(raw: Any, milliseconds: int) -> None:
    """How long an SQLite connection queues behind another process's transaction before it fails."""
    raw.execute(f"PRAGMA busy_timeout={milliseconds}")


def upgrade(connection: Connection, revision: str = HEAD) -> None:
    """Run every missing revision up to `revision`, inside the caller's transaction."""
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    script = ScriptDirectory(str(Path(__file__).parent / "migrations"))

    def missing(current: Any, _context: Any) -> Any:
        return script._upgrade_revs(revision, current)

    with EnvironmentContext(Config(), script, fn=missing, destination_rev=revision) as environment:
        environment.configure(
            connection=connection,
            target_metadata=metadata,
            version_table=VERSION_TABLE,
            transactional_ddl=True,
        )
        environment.run_migrations()
