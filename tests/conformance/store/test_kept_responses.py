"""Kept answers on both databases: found again, outlived, forgotten, and safe from each other's threads."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from podium.core.errors import StoreError
from podium.records.responses import LARGEST_BYTES, Kept, KeptResponses
from podium.records.store import Store, open_store
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
    assert kept.get("resp_1") == Kept(
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
    assert kept.get("resp_2") is None


def test_it_survives_a_restart(database_url: str, clock: FakeClock) -> None:
    first = open_store(database_url, clock=clock)
    save(KeptResponses(first), "resp_1", clock.now())
    first.close()
    second = open_store(database_url, clock=clock)
    assert KeptResponses(second).get("resp_1") is not None
    second.close()


def test_a_second_answer_of_the_same_name_takes_its_place(timed: Store, clock: FakeClock) -> None:
    kept = KeptResponses(timed)
    save(kept, "resp_1", clock.now())
    save(kept, "resp_1", clock.now(), body=b"{}")
    found = kept.get("resp_1")
    assert found is not None
    assert found.body == b"{}"


def test_an_expired_answer_is_gone_before_it_is_purged(timed: Store, clock: FakeClock) -> None:
    kept = KeptResponses(timed)
    save(kept, "resp_1", clock.now())
    clock.advance(3599)
    assert kept.get("resp_1") is not None
    clock.advance(1)
    assert kept.get("resp_1") is None
    assert kept.delete("resp_1") is False


def test_deleting_says_whether_there_was_one(timed: Store, clock: FakeClock) -> None:
    kept = KeptResponses(timed)
    save(kept, "resp_1", clock.now())
    assert kept.delete("resp_1") is True
    assert kept.delete("resp_1") is False
    assert kept.get("resp_1") is None


def test_a_purge_forgets_what_expired_and_nothing_else(timed: Store, clock: FakeClock) -> None:
    from sqlalchemy import func, select

    from podium.records.store.schema import responses

    kept = KeptResponses(timed)
    now = clock.now()
    row = {"items": b"", "body": b"", "provider": "p", "dialect": "d", "model": "m", "user_id": None, "created_at": 0}
    with timed.transaction() as connection:  # more than one purge's transaction takes
        connection.execute(responses.insert(), [row | {"id": f"old_{n}", "expires_at": n} for n in range(1_203)])
    save(kept, "resp_1", now)
    assert kept.purge(now) == 1_203
    assert kept.purge(now) == 0
    with timed.read() as connection:
        assert connection.execute(select(func.count()).select_from(responses)).scalar() == 1


def test_an_answer_too_large_to_keep_is_refused(timed: Store, clock: FakeClock) -> None:
    kept = KeptResponses(timed)
    assert save(kept, "resp_1", clock.now(), items=b"a" * (LARGEST_BYTES - 2), body=b"bb")
    assert not save(kept, "resp_2", clock.now(), items=b"a" * (LARGEST_BYTES - 1), body=b"bb")
    assert kept.get("resp_2") is None


def test_names_no_database_stores_do_no_harm(timed: Store, clock: FakeClock) -> None:
    kept = KeptResponses(timed)
    strange = "resp_\0\ud800ü"
    assert save(kept, strange, clock.now(), user="a\0", model="\udfff")
    found = kept.get(strange)
    assert found is not None
    assert kept.delete(strange)


def test_threads_do_not_lose_each_others_answers(timed: Store, clock: FakeClock) -> None:
    kept = KeptResponses(timed)
    now = clock.now()
    problems: list[BaseException] = []

    def work(name: int) -> None:
        try:
            for turn in range(5):
                save(kept, f"resp_{name}_{turn}", now)
                assert kept.get(f"resp_{name}_{turn}") is not None
        except (StoreError, AssertionError) as exc:
            problems.append(exc)

    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(15)
    assert problems == []
    assert all(kept.get(f"resp_{name}_{turn}") is not None for name in range(4) for turn in range(5))


def test_a_database_that_is_away_speaks_to_people(tmp_path: Path, clock: FakeClock) -> None:
    store = open_store(f"sqlite:///{tmp_path}/a.db", clock=clock)
    kept = KeptResponses(store)
    with store.transaction() as connection:
        connection.exec_driver_sql("DROP TABLE responses")
    for act in (
        lambda: kept.get("resp_1"),
        lambda: kept.delete("resp_1"),
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
