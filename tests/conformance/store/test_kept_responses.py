"""Kept answers on both databases: found again, outlived, forgotten, and safe from each other's threads."""

from __future__ import annotations

import sqlite3
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from podium.core.errors import StoreError
from podium.records.responses import LARGEST_BYTES, Kept, KeptResponses
from podium.records.store import Store, open_store
from podium.records.store.schema import responses
from podium.testing import FakeClock

HOUR = timedelta(hours=1)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def timed(database_url: str, clock: FakeClock, tmp_path: Path) -> Any:
    opened = open_store(database_url, clock=clock, folder=tmp_path / "journals")
    yield opened
    opened.close()


def save(kept: KeptResponses, id: str, now: datetime, **changes: Any) -> bool:
    fields: dict[str, Any] = {
        "items": b'[{"role":"user","content":"Gr\xc3\xbc\xc3\x9fe"}]',
        "body": b'{"id":"resp_1"}',
        "provider": "acme",
        "dialect": "openai-responses",
        "model": "small",
        "user": None,
        "created_at": now,
        "expires_at": now + HOUR,
    }
    return kept.save(id, **(fields | changes))


def test_what_was_kept_is_found_as_it_was(timed: Store, clock: FakeClock) -> None:
    kept = KeptResponses(timed)
    now = clock.now()
    assert save(kept, "resp_1", now, user="ann")
    assert kept.get("resp_1", "ann") == Kept(
        id="resp_1",
        items=b'[{"role":"user","content":"Gr\xc3\xbc\xc3\x9fe"}]',
        body=b'{"id":"resp_1"}',
        provider="acme",
        dialect="openai-responses",
        model="small",
        user="ann",
        created_at=now,
        expires_at=now + HOUR,
    )
    assert kept.get("resp_2", None) is None


def test_it_survives_a_restart(database_url: str, clock: FakeClock) -> None:
    first = open_store(database_url, clock=clock)
    save(KeptResponses(first), "resp_1", clock.now())
    first.close()
    second = open_store(database_url, clock=clock)
    assert KeptResponses(second).get("resp_1", None) is not None
    second.close()


def test_a_second_answer_of_the_same_name_takes_its_place(timed: Store, clock: FakeClock) -> None:
    kept = KeptResponses(timed)
    save(kept, "resp_1", clock.now())
    save(kept, "resp_1", clock.now(), body=b"{}")
    found = kept.get("resp_1", None)
    assert found is not None
    assert found.body == b"{}"


def test_an_expired_answer_is_gone_before_it_is_purged(timed: Store, clock: FakeClock) -> None:
    kept = KeptResponses(timed)
    save(kept, "resp_1", clock.now())
    clock.advance(3599)
    assert kept.get("resp_1", None) is not None
    clock.advance(1)
    assert kept.get("resp_1", None) is None
    assert kept.delete("resp_1", None) is False


def test_deleting_says_whether_there_was_one(timed: Store, clock: FakeClock) -> None:
    kept = KeptResponses(timed)
    save(kept, "resp_1", clock.now())
    assert kept.delete("resp_1", None) is True
    assert kept.delete("resp_1", None) is False
    assert kept.get("resp_1", None) is None


def test_every_owner_has_answers_of_their_own(timed: Store, clock: FakeClock) -> None:
    kept = KeptResponses(timed)
    owners = ("ann", "bob", None)
    for owner in owners:
        save(kept, "resp_1", clock.now(), user=owner, body=str(owner).encode())
    for owner in owners:
        found = kept.get("resp_1", owner)
        assert found is not None
        assert (found.user, found.body) == (owner, str(owner).encode())
    assert kept.get("resp_1", "eve") is None
    assert kept.delete("resp_1", "eve") is False
    assert kept.delete("resp_1", None) is True
    assert [kept.get("resp_1", owner) is not None for owner in owners] == [True, True, False]
    save(kept, "resp_2", clock.now(), user="")
    assert kept.get("resp_2", None) is not None, "an empty name is none"


def count(store: Store) -> int:
    with store.read() as connection:
        return int(connection.execute(select(func.count()).select_from(responses)).scalar_one())


def keep_expired(store: Store, sizes: list[int]) -> None:
    row = {"body": b"", "provider": "p", "dialect": "d", "model": "m", "owner": "ann", "created_at": 0}
    with store.transaction() as connection:
        connection.execute(
            responses.insert(),
            [row | {"id": f"old_{n}", "items": bytes(size), "expires_at": n} for n, size in enumerate(sizes)],
        )


def test_a_purge_deletes_what_expired_and_nothing_else_in_slices(timed: Store, clock: FakeClock) -> None:
    kept = KeptResponses(timed)
    now = clock.now()
    keep_expired(timed, [0] * 1_203)
    save(kept, "resp_1", now)
    assert [kept.purge(now) for _ in range(4)] == [500, 500, 203, 0]
    assert count(timed) == 1


def test_a_slice_of_a_purge_is_bounded_in_bytes_too(timed: Store, clock: FakeClock) -> None:
    kept = KeptResponses(timed)
    keep_expired(timed, [6_000_000, 6_000_000, 6_000_000, 30_000_000, 1])
    assert [kept.purge(clock.now()) for _ in range(4)] == [3, 1, 1, 0]
    assert count(timed) == 0


def test_a_purge_waits_for_another_writer(tmp_path: Path, clock: FakeClock) -> None:
    store = open_store(f"sqlite:///{tmp_path}/a.db", clock=clock)
    keep_expired(store, [1])
    other = sqlite3.connect(tmp_path / "a.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="deleting expired answers"):
        KeptResponses(store).purge(clock.now())
    later = threading.Timer(0.4, other.rollback)  # past SQLite's own quarter of a second
    later.start()
    assert KeptResponses(store).purge(clock.now()) == 1
    later.join()
    other.close()
    store.close()


def test_an_answer_too_large_to_keep_is_refused(timed: Store, clock: FakeClock) -> None:
    kept = KeptResponses(timed)
    assert save(kept, "resp_1", clock.now(), items=b"a" * (LARGEST_BYTES - 2), body=b"bb")
    assert not save(kept, "resp_2", clock.now(), items=b"a" * (LARGEST_BYTES - 1), body=b"bb")
    assert kept.get("resp_2", None) is None


def test_names_no_database_stores_do_no_harm(timed: Store, clock: FakeClock) -> None:
    kept = KeptResponses(timed)
    strange = "resp_\0\ud800ü"
    assert save(kept, strange, clock.now(), user="a\0", model="\udfff")
    found = kept.get(strange, "a\0")
    assert found is not None
    assert kept.delete(strange, "a\0")


def test_threads_do_not_lose_each_others_answers(timed: Store, clock: FakeClock) -> None:
    kept = KeptResponses(timed)
    now = clock.now()
    problems: list[BaseException] = []

    def work(name: int) -> None:
        try:
            for turn in range(5):
                save(kept, f"resp_{name}_{turn}", now)
                assert kept.get(f"resp_{name}_{turn}", None) is not None
        except (StoreError, AssertionError) as exc:
            problems.append(exc)

    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(15)
    assert problems == []
    assert all(kept.get(f"resp_{name}_{turn}", None) is not None for name in range(4) for turn in range(5))


def test_a_database_that_is_away_speaks_to_people(tmp_path: Path, clock: FakeClock) -> None:
    store = open_store(f"sqlite:///{tmp_path}/a.db", clock=clock)
    kept = KeptResponses(store)
    with store.transaction() as connection:
        connection.exec_driver_sql("DROP TABLE responses")
    for act in (
        lambda: kept.get("resp_1", None),
        lambda: kept.delete("resp_1", None),
        lambda: kept.purge(datetime(2030, 1, 1, tzinfo=UTC)),
        lambda: save(kept, "resp_1", clock.now()),
    ):
        with pytest.raises(StoreError, match="responses"):
            act()
    store.close()


def test_a_ledger_of_the_first_version_grows_the_table(database_url: str, clock: FakeClock) -> None:
    from alembic.migration import MigrationContext
    from alembic.operations import Operations
    from alembic.script import ScriptDirectory

    import podium.records.store.migrations as migrations
    from podium.records.store.schema import VERSION_TABLE

    first = open_store(database_url, clock=clock)
    script = ScriptDirectory(str(Path(str(migrations.__file__)).parent))
    with first.transaction() as connection:
        with Operations.context(MigrationContext.configure(connection)):
            script.get_revision("0002").module.downgrade()
        connection.exec_driver_sql(f"UPDATE {VERSION_TABLE} SET version_num = '0001'")
    first.close()
    again = open_store(database_url, clock=clock)
    assert save(KeptResponses(again), "resp_1", clock.now())
    again.close()
