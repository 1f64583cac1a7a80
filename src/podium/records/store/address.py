"""Where the database is: store URLs read, checked and turned into what SQLAlchemy connects to.

Passwords stay out of every message: an error that reaches a log must not carry a credential.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Literal

from msgspec import Struct
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from podium.core.errors import StoreError

Dialect = Literal["sqlite", "postgresql"]

_FORMS = (
    "Write sqlite:///FILE, sqlite:////ABSOLUTE/FILE, sqlite:// (in memory) or postgresql://USER:PASSWORD@HOST/NAME."
)
_SQLITE_SCHEMES = ("sqlite", "sqlite+pysqlite")
_POSTGRES_SCHEMES = ("postgresql", "postgres", "postgresql+psycopg")


class Address(Struct, frozen=True, kw_only=True):
    """A database, by the URL that reaches it."""

    dialect: Dialect
    url: URL
    """What SQLAlchemy is given, driver included. Holds the password."""
    shown: str
    """The URL for people, password hidden."""
    path: Path | None
    """The file; None in memory and for PostgreSQL."""

    @property
    def in_memory(self) -> bool:
        """True where everything ends with the process."""
        return self.dialect == "sqlite" and self.path is None

    def journal_base(self, folder: Path) -> Path | None:
        """What journal files' names start with: the database file, or a file in `folder` named after the server.

        None in memory, where a journal would outlive what it belongs to.
        """
        if self.in_memory:
            return None
        if self.path is not None:
            return self.path
        return folder / f"ledger-{hashlib.sha256(self.shown.encode()).hexdigest()[:12]}"


def read_address(url: str) -> Address:
    """Read a store URL. Raises StoreError for one that is malformed or names another kind of database."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # The cause quotes the URL, password included, so it must not be chained.
        raise StoreError("The store's URL cannot be read.", remedy=_FORMS) from None
    shown = parsed.render_as_string(hide_password=True)
    if parsed.drivername in _SQLITE_SCHEMES:
        name = parsed.database
        path = None if name in (None, "", ":memory:") else Path(str(name))
        target = URL.create("sqlite+pysqlite", database=None if path is None else str(path))
        return Address(dialect="sqlite", url=target, shown=shown, path=path)
    if parsed.drivername in _POSTGRES_SCHEMES:
        target = parsed.set(drivername="postgresql+psycopg")
        return Address(dialect="postgresql", url=target, shown=shown, path=None)
    raise StoreError(f"Podium cannot keep its ledger in {parsed.drivername!r}.", remedy=_FORMS)
