"""Kept answers in the database: one row each, whole, compressed, found by owner and identifier together.

Identifiers are the provider's own where its answer was relayed, and nobody promises that two callers never meet the
same one: an answer takes the place of its owner's earlier one only. Each row holds its whole conversation, not a link
to the answer before: deleting or outliving one answer never cuts another. Compression takes the edge off the
repetition. Every method is one short transaction that may wait for the disk, so asynchronous callers run them in a
thread.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, select, tuple_
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

from podium.records.store.faults import store_error
from podium.records.store.open import Store
from podium.records.store.schema import responses

T = TypeVar("T")

LARGEST_BYTES: Final = 8 * 1024 * 1024
"""Items and body together, before compression. A larger conversation is answered but not kept."""

_TRIES: Final = 4  # a locked SQLite file is waited for a quarter of a second each time
_PURGE_ROWS: Final = 500
_PURGE_BYTES: Final = 16 * 1024 * 1024  # both few enough that nobody else waits long for the write lock
_NOBODY: Final = ""  # who owns what no user asked for; a key's column cannot be NULL
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class Kept(Struct, frozen=True, kw_only=True):
    """One kept answer."""

    id: str
    items: bytes
    """The input that led to it, as the dialect wrote it."""
    body: bytes
    """The answer as the caller got it."""
    provider: str
    """Who gave it."""
    dialect: str
    """The wire `items` and `body` are written in."""
    model: str
    user: str | None
    """Whose it is; None, as an empty name, where nobody was named."""
    created_at: datetime
    expires_at: datetime


class KeptResponses:
    """The answers of one store. Safe to use from several threads; raises StoreError for database faults."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def save(
        self,
        id: str,
        *,
        items: bytes,
        body: bytes,
        provider: str,
        dialect: str,
        model: str,
        user: str | None,
        created_at: datetime,
        expires_at: datetime,
    ) -> bool:
        """Keep an answer, in place of its owner's with the same identifier. False for one above LARGEST_BYTES."""
        if len(items) + len(body) > LARGEST_BYTES:
            return False
        row = {
            "id": _storable(id),
            "items": zlib.compress(items, 1),
            "body": zlib.compress(body, 1),
            "provider": provider,
            "dialect": dialect,
            "model": _storable(model),
            "owner": _owner(user),
            "created_at": _micros(created_at),
            "expires_at": _micros(expires_at),
        }

        def replace(connection: Connection) -> None:
            connection.execute(delete(responses).where(_is(id, user)))
            connection.execute(insert(responses), row)

        self._write(replace, "keeping an answer")
        return True

    def get(self, id: str, user: str | None) -> Kept | None:
        """The user's answer, unless it was never kept, was deleted, or has expired by the store's clock."""
        with self._store.read("recalling an answer") as connection:
            row = (
                connection.execute(
                    select(responses).where(
                        _is(id, user),
                        responses.c.expires_at > _micros(self._store.clock.now()),
                    )
                )
                .mappings()
                .one_or_none()
            )
        if row is None:
            return None
        return Kept(
            id=row["id"],
            items=zlib.decompress(row["items"]),
            body=zlib.decompress(row["body"]),
            provider=row["provider"],
            dialect=row["dialect"],
            model=row["model"],
            user=row["owner"] or None,
            created_at=_moment(row["created_at"]),
            expires_at=_moment(row["expires_at"]),
        )

    def delete(self, id: str, user: str | None) -> bool:
        """Forget the user's answer; False where there was none (an expired one is none)."""

        def remove(connection: Connection) -> bool:
            alive = responses.c.expires_at > _micros(self._store.clock.now())
            known = connection.execute(select(responses.c.id).where(_is(id, user), alive)).first() is not None
            connection.execute(delete(responses).where(_is(id, user)))
            return known

        return self._write(remove, "deleting an answer")

    def purge(self, now: datetime) -> int:
        """Delete some of what expired by `now`, the oldest first; how many, 0 once nothing is left.

        One short transaction: call it again until it says 0.
        """
        size = func.length(responses.c["items"]) + func.length(responses.c["body"])  # `.items` is a method
        expired = (
            select(responses.c.id, responses.c.owner, size)
            .where(responses.c.expires_at <= _micros(now))
            .order_by(responses.c.expires_at)
            .limit(_PURGE_ROWS)
        )

        def remove(connection: Connection) -> int:
            some: list[tuple[str, str]] = []
            room = _PURGE_BYTES
            for id, owner, length in connection.execute(expired):
                some.append((id, owner))
                room -= length
                if room <= 0:
                    break
            if some:
                connection.execute(delete(responses).where(tuple_(responses.c.id, responses.c.owner).in_(some)))
            return len(some)

        return self._write(remove, "deleting expired answers")

    def _write(self, work: Callable[[Connection], T], doing: str) -> T:
        """Run `work` in a write transaction, again where another writer has the file. Raises StoreError."""
        remaining = _TRIES
        while True:
            remaining -= 1
            try:
                with self._store.transaction() as connection:
                    return work(connection)
            except OperationalError as exc:
                if not remaining or not _passes(exc):
                    raise store_error(exc, self._store.address, doing) from exc
            except SQLAlchemyError as exc:
                raise store_error(exc, self._store.address, doing) from exc


def _is(id: str, user: str | None) -> ColumnElement[bool]:
    return and_(responses.c.id == _storable(id), responses.c.owner == _owner(user))


def _owner(user: str | None) -> str:
    return _storable(user) if user else _NOBODY


def _passes(exc: DBAPIError) -> bool:
    """Whether waiting may help: another writer has the file."""
    said = str(exc.orig).lower()
    return "locked" in said or "busy" in said


def _storable(text: str) -> str:
    """PostgreSQL stores no NUL, and neither database lone surrogates; identifiers and names come from outside."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def _moment(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)
