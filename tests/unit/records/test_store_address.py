"""Store URLs, and what their errors give away (nothing)."""

from __future__ import annotations

from pathlib import Path

import pytest

from podium.core.errors import StoreError
from podium.records.store.address import read_address


@pytest.mark.parametrize(
    ("url", "dialect", "path"),
    [
        ("sqlite:///podium.db", "sqlite", Path("podium.db")),
        ("sqlite:////var/lib/podium.db", "sqlite", Path("/var/lib/podium.db")),
        ("sqlite://", "sqlite", None),
        ("sqlite:///:memory:", "sqlite", None),
        ("postgresql://ann:pw@db/podium", "postgresql", None),
        ("postgres://ann:pw@db/podium", "postgresql", None),
        ("postgresql+psycopg://ann:pw@db/podium?sslmode=require", "postgresql", None),
    ],
)
def test_forms(url: str, dialect: str, path: Path | None) -> None:
    address = read_address(url)
    assert (address.dialect, address.path) == (dialect, path)
    assert address.in_memory == (dialect == "sqlite" and path is None)
    assert address.url.drivername in ("sqlite+pysqlite", "postgresql+psycopg")
    assert "pw" not in address.shown


def test_the_password_reaches_the_driver_only() -> None:
    address = read_address("postgresql://ann:pw@db/podium?sslmode=require")
    assert address.url.password == "pw"
    assert address.url.query["sslmode"] == "require"
    assert address.shown == "postgresql://ann:***@db/podium?sslmode=require"


def test_an_unreadable_url_is_not_quoted() -> None:
    with pytest.raises(StoreError) as caught:
        read_address("postgresql:/ann:hunter2@db")
    assert "hunter2" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_journals_lie_beside_the_file_and_never_in_memory(tmp_path: Path) -> None:
    assert read_address("sqlite:///data/podium.db").journal_base(tmp_path) == Path("data/podium.db")
    assert read_address("sqlite://").journal_base(tmp_path) is None
    first = read_address("postgresql://ann:old@db/podium").journal_base(tmp_path)
    assert first is not None
    assert first.parent == tmp_path
    assert first == read_address("postgresql://ann:new@db/podium").journal_base(tmp_path), "a new password, one journal"
    assert first != read_address("postgresql://ann:old@db/other").journal_base(tmp_path)
