"""Opening: new, known, newer and impossible databases, one after another and all at once."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from podium.core.clock import SystemClock
from podium.core.errors import StoreError
from podium.records.store import Store, open_store
from podium.records.store.migrate import HEAD, REVISIONS, version_of
from podium.records.store.schema import VERSION_TABLE, metadata


def test_the_sum_of_the_migrations_is_the_schema(store: Store) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with store.read() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": VERSION_TABLE, "compare_server_default": True}
        )
        assert compare_metadata(context, metadata) == []


def test_details_the_comparison_does_not_see_agree_too(tmp_path: Path) -> None:
    from sqlalchemy import create_engine

    migrated = open_store(f"sqlite:///{tmp_path}/a.db", clock=SystemClock())
    created = create_engine(f"sqlite:///{tmp_path}/b.db")
    metadata.create_all(created)
    query = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name <> 'podium_version' ORDER BY name"
    with migrated.read() as left, created.connect() as right:
        ours, theirs = left.exec_driver_sql(query).all(), right.exec_driver_sql(query).all()
    migrated.close()
    created.dispose()
    assert [(name, "".join(sql.split())) for name, sql in ours] == [
        (name, "".join(sql.split())) for name, sql in theirs
    ]


def test_the_known_revisions_are_the_files(tmp_path: Path) -> None:
    from alembic.script import ScriptDirectory

    import podium.records.store.migrations as migrations

    script = ScriptDirectory(str(Path(str(migrations.__file__)).parent))
    assert tuple(revision.revision for revision in script.walk_revisions())[::-1] == REVISIONS
    assert script.get_current_head() == HEAD


def test_every_revision_can_be_undone(store: Store) -> None:
    from alembic.migration import MigrationContext
    from alembic.operations import Operations
    from alembic.script import ScriptDirectory
    from sqlalchemy import inspect

    import podium.records.store.migrations as migrations

    script = ScriptDirectory(str(Path(str(migrations.__file__)).parent))
    with store.transaction() as connection:
        with Operations.context(MigrationContext.configure(connection)):
            for revision in script.walk_revisions():
                revision.module.downgrade()
        assert inspect(connection).get_table_names() == [VERSION_TABLE]


def test_opening_at_head_does_not_load_alembic(database_url: str) -> None:
    open_store(database_url, clock=SystemClock()).close()
    program = (
        "import sys\nfrom podium.core.clock import SystemClock\nfrom podium.records.store import open_store\n"
        "open_store(sys.argv[1], clock=SystemClock()).close()\n"
        "print(sorted(name for name in sys.modules if name.split('.')[0] in ('alembic', 'mako')))"
    )
    done = subprocess.run([sys.executable, "-c", program, database_url], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_newer_database_is_refused(database_url: str) -> None:
    store = open_store(database_url, clock=SystemClock())
    with store.transaction() as connection:
        connection.exec_driver_sql(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    store.close()
    with pytest.raises(StoreError, match=r"schema version 9999.*pip install --upgrade podium"):
        open_store(database_url, clock=SystemClock())


def _open(url: str, barrier: Any, results: Any) -> None:
    """One of several processes that open the same new database at the same moment."""
    barrier.wait(10)
    try:
        store = open_store(url, clock=SystemClock())
        with store.read() as connection:
            results.put(version_of(connection))
        store.close()
    except StoreError as exc:
        results.put(str(exc))


def test_processes_that_open_a_new_database_at_once_all_succeed(database_url: str) -> None:
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(3), context.Queue()
    processes = [context.Process(target=_open, args=(database_url, barrier, results)) for _ in range(3)]
    for process in processes:
        process.start()
    versions = [results.get(timeout=15) for _ in processes]
    for process in processes:
        process.join(10)
    assert versions == [HEAD] * 3


def test_a_failed_migration_leaves_nothing_behind(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from sqlalchemy import inspect
    from sqlalchemy.exc import OperationalError

    from podium.records.store import migrate

    def half(connection: Any) -> None:
        connection.exec_driver_sql("CREATE TABLE decisions (id INTEGER)")
        raise OperationalError("CREATE TABLE attempts", {}, Exception("disk I/O error"))

    with monkeypatch.context() as patch:
        patch.setattr(migrate, "upgrade", half)
        with pytest.raises(StoreError, match="while opening it"):
            open_store(database_url, clock=SystemClock())
    store = open_store(database_url, clock=SystemClock())
    with store.read() as connection:
        assert sorted(inspect(connection).get_table_names()) == sorted([*metadata.tables, VERSION_TABLE])
    store.close()


def test_sqlite_is_set_up_for_readers_beside_one_writer(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/podium.db", clock=SystemClock())
    with store.read() as connection:
        for pragma, value in (("journal_mode", "wal"), ("synchronous", 1), ("busy_timeout", 250)):
            assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value
    store.close()


def test_a_database_in_memory_has_the_tables() -> None:
    store = open_store("sqlite://", clock=SystemClock())
    with store.read() as connection:
        assert version_of(connection) == HEAD
    assert store.journal_base is None
    store.close()


def test_relative_files_are_relative_to_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    open_store("sqlite:///here.db", clock=SystemClock()).close()
    assert (tmp_path / "here.db").is_file()


def _not_a_database(folder: Path) -> str:
    (folder / "notes.txt").write_text("Dear diary, today I was opened as a database. " * 50)
    return f"sqlite:///{folder}/notes.txt"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (lambda folder: "podium.db", r"URL cannot be read.*sqlite:///FILE"),
        (lambda folder: "mysql://root@localhost/x", r"'mysql'.*sqlite:///FILE"),
        (lambda folder: f"sqlite:///{folder}/no/such/podium.db", r"there is no folder .*/no/such.*mkdir -p"),
        (lambda folder: f"sqlite:///{folder}", "is a folder"),
        (lambda folder: "sqlite:////proc/podium.db", r"/proc/podium\.db cannot be opened|may not write /proc"),
        (_not_a_database, "is not an SQLite database.*Point `store` at another file"),
        (lambda folder: "postgresql://ann:s3cret@127.0.0.1:1/x", r"ann:\*\*\*@.*refused the connection.*server runs"),
        (lambda folder: f"postgresql://ann@/x?host={folder}", r"no socket there"),
    ],
)
def test_what_cannot_be_opened_says_what_where_and_what_to_do(tmp_path: Path, url: Any, message: str) -> None:
    with pytest.raises(StoreError, match=f"(?s){message}") as caught:
        open_store(url(tmp_path), clock=SystemClock())
    assert caught.value.remedy
    assert "s3cret" not in str(caught.value)


@pytest.mark.postgres
def test_a_missing_database_is_named(postgres: Any) -> None:
    url = postgres.new_database().replace("podium_", "nobody_made_")
    with pytest.raises(StoreError, match=r"does not exist.*Create the database"):
        open_store(url, clock=SystemClock())


def test_a_missing_driver_gives_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError, match=r"pip install 'podium\[postgres\]'"):
        open_store("postgresql://ann@localhost/x", clock=SystemClock())


def test_a_locked_database_is_an_error_that_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sqlite3

    from podium.records.store import open as opening

    monkeypatch.setattr(opening, "_MIGRATION_WAIT_MS", 1)
    path = tmp_path / "podium.db"
    sqlite3.connect(path).execute("PRAGMA journal_mode=WAL").connection.close()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="locked by another process"):
        open_store(f"sqlite:///{path}", clock=SystemClock())
    other.close()
