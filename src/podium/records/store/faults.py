"""One edge where database faults become `StoreError`: what happened, where, and what to do.

The same edge tells a database that is away (wait, then write again) from a row that it will never take.
"""

from __future__ import annotations

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from podium.core.errors import StoreError

from .address import Address

# (words in the driver's message, what happened, remedy); first match speaks. Lower case.
_SQLITE = (
    ("file is not a database", "is not an SQLite database", "Point `store` at another file, or move this one away."),
    ("malformed", "is damaged", "Move it away and start anew, or recover it with `sqlite3 FILE .recover`."),
    ("unable to open", "cannot be opened", "Check that its folder exists and that this user may write there."),
    ("readonly", "is read-only", "Give this user the right to write the file and its folder."),
    ("locked", "is locked by another process", "Close whatever holds it; entries are kept and written afterwards."),
    ("busy", "is locked by another process", "Close whatever holds it; entries are kept and written afterwards."),
    ("full", "cannot grow: the disk or the size limit is full", "Free space; entries are kept and written afterwards."),
    ("disk i/o", "cannot be read or written (disk I/O error)", "Check the disk and the mount."),
)
_POSTGRES = (
    ("password authentication failed", "refused the password", "Check user and password in `store`."),
    ("no password supplied", "wants a password", "Write it into `store` or into the environment variable PGPASSWORD."),
    ("does not exist", "lacks something that was named", "Create the database or role, or correct `store`."),
    ("refused", "refused the connection", "Check host and port, and that the server runs."),
    ("timeout", "did not answer in time", "Check host, port and firewall."),
    ("could not translate host", "cannot be found: no such host", "Check the host's name in `store`."),
    ("failed to resolve", "cannot be found: no such host", "Check the host's name in `store`."),
    ("no such file or directory", "has no socket there", "Check the socket's folder, and that the server runs."),
    ("permission denied", "does not allow it", "Grant this role the right to create and write tables."),
    ("no space left", "has no disk space left", "Free space; entries are kept and written afterwards."),
)


def store_error(exc: BaseException, address: Address, doing: str) -> StoreError:
    """`exc` in words for people. `doing` completes "while ..."; chain the result to `exc`."""
    detail = "no connection became free" if isinstance(exc, PoolTimeout) else driver_words(exc)
    table = _SQLITE if address.dialect == "sqlite" else _POSTGRES
    what, remedy = "failed", "See the cause for the driver's own words."
    for words, said, mend in table:
        if words in detail.lower():
            what, remedy = said, mend
            break
    return StoreError(f"The database {address.shown} {what} while {doing} ({detail}).", remedy=remedy)


def driver_words(exc: BaseException) -> str:
    """The first line of what the driver itself said, without the statement SQLAlchemy adds to it."""
    said = str(exc.orig if isinstance(exc, DBAPIError) and exc.orig is not None else exc).strip()
    return said.splitlines()[0] if said else type(exc).__name__


def refuses_row(exc: BaseException) -> bool:
    """True where the row itself is at fault (text no database stores, a number out of range): waiting cannot help."""
    if isinstance(exc, DataError | IntegrityError):
        return True
    if isinstance(exc, DBAPIError | SQLAlchemyError):
        return False
    return isinstance(exc, UnicodeError | OverflowError | ValueError | TypeError)
