"""Databases that are locked, full, gone or killed: nothing recorded is lost, and serving goes on."""

from __future__ import annotations

import logging
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, make_url

from podium.core.clock import SystemClock
from podium.core.tasks import Attempt, Outcome
from podium.core.usage import Money
from podium.records.ledger import Ledger, Limits, total_of
from podium.records.store import Store, open_store

QUICK = Limits(linger_s=0.001, first_retry_s=0.001, last_retry_s=0.01, patience_s=10.0)


def _count(ledger: Ledger) -> int:
    return total_of(ledger.costs("task")).requests


def _sqlite(tmp_path: Path) -> Store:
    return open_store(f"sqlite:///{tmp_path}/podium.db", clock=SystemClock())


def _journals(tmp_path: Path) -> list[Path]:
    return sorted(tmp_path.rglob("*.pending-*.jsonl"))


class _Warned(logging.Handler):
    """Lets a test wait for the ledger's first word about an outage."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        import threading

        self.said = threading.Event()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())
        self.said.set()


@pytest.fixture
def warned() -> Iterator[_Warned]:
    handler = _Warned()
    log = logging.getLogger("podium.records.ledger")
    log.addHandler(handler)
    yield handler
    log.removeHandler(handler)


def test_a_locked_database_gets_its_entries_when_it_is_free(
    tmp_path: Path, lock: Any, make_outcome: Callable[..., Outcome], warned: _Warned
) -> None:
    ledger = Ledger(_sqlite(tmp_path), record_text=False, limits=QUICK)
    holder = lock(tmp_path / "podium.db")
    for _ in range(20):
        ledger.record(make_outcome())
    assert warned.said.wait(10)
    assert not ledger.flush(0)
    assert ledger.pending == 20
    assert _count(ledger) == 0, "reading goes on meanwhile"
    holder.let_go()
    assert ledger.flush()
    assert _count(ledger) == 20
    assert len(warned.lines) == 1, "one warning an outage"
    assert re.search(r"podium\.db is locked by another process.*Entries are kept", warned.lines[0])
    ledger.close()


def test_a_full_disk_gets_its_entries_when_there_is_room(
    tmp_path: Path, make_outcome: Callable[..., Outcome], warned: _Warned
) -> None:
    store = _sqlite(tmp_path)

    def cap(raw: Any, _record: Any) -> None:
        raw.execute(f"PRAGMA max_page_count={raw.execute('PRAGMA page_count').fetchone()[0]}")

    event.listen(store.engine, "connect", cap)
    store.engine.dispose()
    ledger = Ledger(store, record_text=False, limits=QUICK)
    for _ in range(200):
        ledger.record(make_outcome())
    assert warned.said.wait(10)
    assert ledger.pending > 0
    event.remove(store.engine, "connect", cap)
    store.engine.dispose()
    assert ledger.flush()
    assert _count(ledger) == 200
    assert "disk or the size limit is full" in warned.lines[0]
    ledger.close()


@pytest.mark.postgres
def test_a_server_that_goes_and_returns_gets_everything_once(
    postgres: Any, door: Any, tmp_path: Path, make_outcome: Callable[..., Outcome], warned: _Warned
) -> None:
    name = make_url(postgres.new_database()).database
    url = f"postgresql://postgres@127.0.0.1:{door.port}/{name}"
    ledger = Ledger(open_store(url, clock=SystemClock(), folder=tmp_path), record_text=False, limits=QUICK)
    ledger.record(make_outcome())
    assert ledger.flush()
    door.shut()
    for _ in range(30):
        ledger.record(make_outcome())
    assert warned.said.wait(10)
    assert ledger.pending == 30
    door.open()
    assert ledger.flush()
    assert _count(ledger) == 31
    assert len(warned.lines) == 1
    ledger.close()


def test_a_commit_whose_answer_was_lost_is_not_written_twice(
    store: Store, make_outcome: Callable[..., Outcome], warned: _Warned
) -> None:
    from sqlalchemy.exc import OperationalError

    lost = iter([True])

    def lose_the_answer(connection: Any) -> None:
        if next(lost, False):
            connection.connection.dbapi_connection.commit()
            raise OperationalError("COMMIT", {}, Exception("server closed the connection: timeout"))

    event.listen(store.engine, "commit", lose_the_answer)
    ledger = Ledger(store, record_text=False, limits=QUICK)
    ledger.record(make_outcome())
    assert ledger.flush()
    assert warned.said.is_set()
    assert _count(ledger) == 1
    assert total_of(ledger.costs("provider")).cost == Money.of("0.000123")
    ledger.close()


def test_a_long_outage_moves_entries_to_the_journal_and_back(
    tmp_path: Path, lock: Any, clock: Any, make_outcome: Callable[..., Outcome], warned: _Warned
) -> None:
    ledger = Ledger(_sqlite(tmp_path), record_text=False, clock=clock, limits=QUICK)
    holder = lock(tmp_path / "podium.db")
    for _ in range(5):
        ledger.record(make_outcome())
    assert warned.said.wait(10)
    assert _journals(tmp_path) == []
    clock.seconds += 11
    _until(lambda: bool(_journals(tmp_path)) and not ledger._queue)
    assert ledger.pending == 5
    holder.let_go()
    assert ledger.flush()
    assert _count(ledger) == 5
    assert _journals(tmp_path) == []
    ledger.close()


def _until(true: Callable[[], bool]) -> None:
    """Wait for another thread's work; pytest's time limit ends a wait in vain."""
    import threading

    pause = threading.Event()
    while not true():
        pause.wait(0.001)


def test_beyond_the_bound_entries_go_to_the_journal_at_once(
    tmp_path: Path, lock: Any, make_outcome: Callable[..., Outcome]
) -> None:
    limits = Limits(linger_s=0.001, first_retry_s=0.001, last_retry_s=0.01, max_pending=10)
    ledger = Ledger(_sqlite(tmp_path), record_text=False, limits=limits)
    holder = lock(tmp_path / "podium.db")
    for _ in range(100):
        ledger.record(make_outcome())
    assert len(ledger._queue) <= 10
    assert ledger.pending == 100
    (journal,) = _journals(tmp_path)
    assert journal.read_bytes().count(b"\n") >= 90
    holder.let_go()
    assert ledger.flush()
    assert _count(ledger) == 100
    assert ledger.lost == 0
    ledger.close()


def test_much_text_goes_to_the_journal_before_it_fills_memory(
    tmp_path: Path, lock: Any, make_outcome: Callable[..., Outcome]
) -> None:
    ledger = Ledger(_sqlite(tmp_path), record_text=True, limits=Limits(max_pending_text=10_000))
    holder = lock(tmp_path / "podium.db")
    for _ in range(50):
        ledger.record(make_outcome(text="x" * 1000))
    assert len(ledger._queue) < 10
    assert ledger.pending == 50
    holder.let_go()
    assert ledger.flush()
    assert _count(ledger) == 50
    assert ledger._text == 0
    ledger.close()


def test_closing_during_an_outage_leaves_a_journal_for_the_next_start(
    tmp_path: Path, lock: Any, make_outcome: Callable[..., Outcome]
) -> None:
    ledger = Ledger(_sqlite(tmp_path), record_text=False, limits=QUICK)
    holder = lock(tmp_path / "podium.db")
    outcomes = [make_outcome() for _ in range(12)]
    for outcome in outcomes:
        ledger.record(outcome)
    ledger.close()
    assert len(_journals(tmp_path)) == 1
    holder.let_go()
    heir = Ledger(_sqlite(tmp_path), record_text=False, limits=QUICK)
    assert heir.flush()
    assert {found["id"] for found in heir.recent(50)} == {outcome.decision.id for outcome in outcomes}
    assert _journals(tmp_path) == []
    heir.close()


def test_what_is_recorded_after_closing_is_journalled(store: Store, make_outcome: Callable[..., Outcome]) -> None:
    ledger = Ledger(store, record_text=False, limits=QUICK)
    ledger.close()
    ledger.record(make_outcome())
    assert ledger.pending == 1
    assert ledger.lost == 0
    heir_store = open_store(str(store.address.url.render_as_string(hide_password=False)), clock=SystemClock())
    heir_store.journal_base = store.journal_base
    ledger.close()  # lets go of the journal, as the end of the process would
    heir = Ledger(heir_store, record_text=False, limits=QUICK)
    assert heir.flush()
    assert _count(heir) == 1
    heir.close()


def test_a_row_the_database_refuses_does_not_hold_up_the_others(
    store: Store, make_outcome: Callable[..., Outcome], make_attempt: Callable[..., Attempt], warned: _Warned
) -> None:
    ledger = Ledger(store, record_text=True, limits=QUICK)
    absurd = make_outcome(make_attempt(cost=Money.of(10**20)))
    for outcome in (make_outcome(), absurd, make_outcome()):
        ledger.record(outcome)
    assert ledger.flush()
    assert _count(ledger) == 2
    assert ledger.lost == 1
    assert absurd.decision.id in warned.lines[0]
    assert "capital" not in warned.lines[0], "no text in a log"
    assert store.journal_base is not None
    refused = store.journal_base.with_name(f"{store.journal_base.name}.refused.jsonl")
    assert absurd.decision.id in refused.read_text()
    ledger.close()


def test_when_neither_database_nor_journal_takes_it_the_loss_is_counted_and_said(
    tmp_path: Path, lock: Any, make_outcome: Callable[..., Outcome], warned: _Warned
) -> None:
    store = _sqlite(tmp_path)
    lock(tmp_path / "podium.db")
    (tmp_path / "file").touch()
    store.journal_base = tmp_path / "file" / "podium.db"  # a folder that cannot be
    ledger = Ledger(store, record_text=False, limits=Limits(max_pending=5, first_retry_s=0.001))
    for _ in range(8):
        ledger.record(make_outcome())
    assert ledger.lost == 3
    assert ledger.pending == 5
    assert any("1 ledger entries are lost" in line for line in warned.lines)
    ledger.close()
    assert ledger.lost == 8


def test_recording_never_raises(store: Store, warned: _Warned, make_outcome: Callable[..., Outcome]) -> None:
    ledger = Ledger(store, record_text=False, limits=QUICK)
    ledger.record(make_outcome(attempts=(), latency_ms=float("nan")))
    assert ledger.lost == 1
    assert "is not recorded" in warned.lines[0]
    ledger.record(make_outcome())
    assert ledger.flush()
    assert _count(ledger) == 1
    ledger.close()


@pytest.mark.parametrize("record_text", [False, True])
def test_text_reaches_no_file_unless_asked_for(
    tmp_path: Path, lock: Any, make_outcome: Callable[..., Outcome], record_text: bool
) -> None:
    limits = Limits(linger_s=0.001, first_retry_s=0.001, max_pending=1)
    ledger = Ledger(_sqlite(tmp_path), record_text=record_text, limits=limits)
    ledger.record(make_outcome(text="xyzzy-question", answer="xyzzy-answer"))
    assert ledger.flush()
    holder = lock(tmp_path / "podium.db")
    for _ in range(3):
        ledger.record(make_outcome(text="xyzzy-question", answer="xyzzy-answer"))
    files = [path for path in tmp_path.iterdir() if path.is_file()]
    assert {path.suffix for path in files} >= {".db", ".jsonl", ".db-wal"}
    for path in files:
        if path.suffix in (".db-wal", ".jsonl"):
            assert (b"xyzzy" in path.read_bytes()) is record_text, path
    holder.let_go()
    assert ledger.flush()
    ledger.close()
    assert (b"xyzzy" in (tmp_path / "podium.db").read_bytes()) is record_text


_RECORDER = """
import importlib.util, sys
from pathlib import Path
from podium.core.clock import SystemClock
from podium.records.ledger import Ledger, Limits
from podium.records.store import open_store

spec = importlib.util.spec_from_file_location("makers", sys.argv[2])
makers = importlib.util.module_from_spec(spec)
spec.loader.exec_module(makers)
patience = float(sys.argv[4])
ledger = Ledger(
    open_store(sys.argv[1], clock=SystemClock(), folder=Path(sys.argv[3])),
    record_text=False,
    limits=Limits(linger_s=0.001, first_retry_s=0.001, last_retry_s=0.002, patience_s=patience),
)
print("ready", flush=True)
sys.stdin.readline()
while True:
    for _ in range(50):
        ledger.record(makers._outcome())
    if patience:
        assert ledger.flush()
    else:
        while ledger._queue:
            pass
    print(50, flush=True)
"""


def _recorder(url: str, folder: Path, patience: float) -> subprocess.Popen[str]:
    """A process that records for ever and prints how many entries each round made safe."""
    conftest = Path(__file__).parents[2] / "conftest.py"
    process = subprocess.Popen(
        [sys.executable, "-c", _RECORDER, url, str(conftest), str(folder), str(patience)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def _kill_after(process: subprocess.Popen[str], entries: int) -> int:
    """Let it record, then kill it in the middle; how many entries it said were safe."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    safe = 0
    while safe < entries:
        safe += int(process.stdout.readline())
    process.kill()
    rest, _ = process.communicate(timeout=10)
    return safe + sum(map(int, rest.split()))


def test_a_killed_process_leaves_every_committed_entry(database_url: str, tmp_path: Path) -> None:
    safe = _kill_after(_recorder(database_url, tmp_path, 10.0), 500)
    store = open_store(database_url, clock=SystemClock(), folder=tmp_path)
    ledger = Ledger(store, record_text=False)
    assert safe <= _count(ledger) <= safe + 50
    assert total_of(ledger.costs("task")).cost == total_of(ledger.costs("model")).cost
    if store.dialect == "sqlite":
        with store.read() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    ledger.close()


def test_a_process_killed_during_an_outage_leaves_its_journal(tmp_path: Path, lock: Any) -> None:
    path = tmp_path / "podium.db"
    process = _recorder(f"sqlite:///{path}", tmp_path, 0.0)
    holder = lock(path)
    safe = _kill_after(process, 200)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM decisions").fetchone() == (0,)
    holder.let_go()
    ledger = Ledger(_sqlite(tmp_path), record_text=False)
    assert ledger.flush()
    assert safe <= _count(ledger) <= safe + 50
    assert _journals(tmp_path) == []
    ledger.close()
