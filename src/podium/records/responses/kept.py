"""Kept answers in the database: one row each, whole, compressed.

Each row holds its whole conversation, not a link to the answer before: deleting or outliving one answer never cuts
another. Compression takes the edge off the repetition. Every method is one short statement that may wait for the
disk, so asynchronous callers run them in a thread (`asyncio.to_thread`).
"""

from __future__ import annotations

import zlib
from datetime import UTC, datetime, timedelta
from typing import Final

from msgspec import Struct
from sqlalchemy import Delete, delete, insert, select
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

from podium.records.store.faults import store_error
from podium.records.store.open import Store
from podium.records.store.schema import responses

LARGEST_BYTES: Final = 8 * 1024 * 1024
"""Items and body together, before compression. A larger conversation is answered but not kept."""

_TRIES: Final = 4  # a locked SQLite file is waited for a quarter of a second each time
_PURGE_ROWS: Final = 500  # few enough that nobody else waits long for the write lock
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
    """Whose it is; None where nobody was named. The caller decides who may see it."""
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
        """Keep an answer, in place of one with the same identifier. False for one larger than LARGEST_BYTES."""
        if len(items) + len(body) > LARGEST_BYTES:
            return False
        row = {
            "id": _storable(id),
            "items": zlib.compress(items, 1),
            "body": zlib.compress(body, 1),
            "provider": provider,
            "dialect": dialect,
            "model": _storable(model),
            "user_id": None if user is None else _storable(user),
            "created_at": _micros(created_at),
            "expires_at": _micros(expires_at),
        }
        for remaining in range(_TRIES - 1, -1, -1):
            try:
                with self._store.transaction() as connection:
                    connection.execute(delete(responses).where(responses.c.id == row["id"]))
                    connection.execute(insert(responses), row)
            except OperationalError as exc:
                if not remaining or not _passes(exc):
                    raise store_error(exc, self._store.address, "keeping an answer") from exc
            except SQLAlchemyError as exc:
                raise store_error(exc, self._store.address, "keeping an answer") from exc
            else:
                break
        return True

    def get(self, id: str) -> Kept | None:
        """The answer, unless it was never kept, was deleted, or has expired by the store's clock."""
        with self._store.read("recalling an answer") as connection:
            row = (
                connection.execute(
                    select(responses).where(
                        responses.c.id == _storable(id),
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
            user=row["user_id"],
            created_at=_moment(row["created_at"]),
            expires_at=_moment(row["expires_at"]),
        )

    def delete(self, id: str) -> bool:
        """Forget an answer; False where there was none (an expired one is none)."""
        known = self.get(id) is not None
        self._remove(delete(responses).where(responses.c.id == _storable(id)), "deleting an answer")
        return known

    def purge(self, now: datetime) -> int:
        """Forget what expired by `now`, a few hundred a transaction; how many there were."""
        expired = select(responses.c.id).where(responses.c.expires_at <= _micros(now)).limit(_PURGE_ROWS)
        total = 0
        while True:
            gone = self._remove(
                delete(responses).where(responses.c.id.in_(expired.scalar_subquery())), "forgetting expired answers"
            )
            total += gone
            if gone < _PURGE_ROWS:
                return total

    def _remove(self, statement: Delete, doing: str) -> int:
        try:
            with self._store.transaction() as connection:
                return connection.execute(statement).rowcount
        except SQLAlchemyError as exc:
            raise store_error(exc, self._store.address, doing) from exc


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
