"""The memory of kept answers: whose they are, what it bounds, what it deletes, and how it ends."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec import Raw

from podium.core.errors import StoreError
from podium.core.messages import Payload
from podium.core.settings import RecordSettings, Settings
from podium.core.tasks import Guess, Sensitivity, Task
from podium.records.responses import LARGEST_BYTES, KeptResponses
from podium.records.store import Store, open_store
from podium.surface.server.keeping import MOST_WAITING, MOST_WAITING_BYTES, STOP_S, Memory, withheld
from podium.surface.server.purging import PURGE_EVERY_S
from podium.testing import FakeClock

MAY_BE = ("none", "personal")


def memory_of(responses: Any, clock: FakeClock, *, hours: float = 720, **given: Any) -> Memory:
    runtime: Any = SimpleNamespace(
        responses=responses,
        clock=clock,
        settings=Settings(record=RecordSettings(responses_h=hours)),
        providers={},
        catalog=SimpleNamespace(deployments=()),
    )
    return Memory(runtime, **given)


def task_of(clock: FakeClock, *, user: str | None = None, text: str = "hi", number: str = "tsk_1") -> Task:
    fields = {"model": Raw(b'"auto"'), "input": Raw(json.dumps(text).encode())}
    payload = Payload(dialect="openai-responses", fields=fields)
    return Task(id=number, messages=(), received_at=clock.now(), user=user, payload=payload)


def answer(number: str = "resp_1", text: str = "hello") -> bytes:
    item = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]}
    return json.dumps({"id": number, "model": "small", "status": "completed", "output": [item]}).encode()


class Stuck:
    """Answers of a database that takes none until it is let go; what was saved is in `saved`."""

    def __init__(self) -> None:
        self.free = threading.Event()
        self.begun = threading.Event()
        self.saved: list[str] = []

    def save(self, id: str, **_fields: Any) -> bool:
        self.begun.set()
        assert self.free.wait(10)
        self.saved.append(id)
        return True

    def get(self, _id: str, _user: str | None) -> None:
        return None

    def purge(self, _now: datetime) -> int:
        return 0


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def stuck() -> Iterator[Stuck]:
    responses = Stuck()
    yield responses
    responses.free.set()


@pytest.fixture
def timed(database_url: str, clock: FakeClock, tmp_path: Path) -> Iterator[Store]:
    opened = open_store(database_url, clock=clock, folder=tmp_path / "journals")
    yield opened
    opened.close()


def play(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(work())


# --- whose they are ------------------------------------------------------------------------------------------------


def test_an_answer_is_its_users_only_before_and_after_it_is_written(timed: Store, clock: FakeClock) -> None:
    async def seen(memory: Memory) -> list[bytes | None]:
        found = [await memory.find("resp_1", user) for user in ("ann", "bob", "eve", None, "")]
        return [None if each is None else each.body for each in found]

    async def work() -> None:
        memory = memory_of(KeptResponses(timed), clock)
        for user in ("ann", "bob", None):
            memory.keep(task_of(clock, user=user), answer(text=f"for {user}"), "acme")
        mine = [answer(text="for ann"), answer(text="for bob"), None, answer(text="for None"), answer(text="for None")]
        assert await seen(memory) == mine
        await memory.aclose()
        memory = memory_of(KeptResponses(timed), clock)
        assert await seen(memory) == mine
        assert not await memory.forget("resp_1", "eve")
        assert await memory.forget("resp_1", None)
        assert await seen(memory) == [*mine[:2], None, None, None]
        await memory.aclose()

    play(work)


def test_what_is_forgotten_before_it_is_written_is_gone(timed: Store, clock: FakeClock) -> None:
    async def work() -> None:
        memory = memory_of(KeptResponses(timed), clock)
        for user in ("ann", "bob"):
            memory.keep(task_of(clock, user=user), answer(), "acme")
        assert await memory.forget("resp_1", "ann")
        assert await memory.find("resp_1", "ann") is None
        assert await memory.find("resp_1", "bob") is not None
        await memory.aclose()
        assert KeptResponses(timed).get("resp_1", "ann") is None
        assert KeptResponses(timed).get("resp_1", "bob") is not None

    play(work)


@pytest.mark.parametrize("declared", [None, *Sensitivity])
@pytest.mark.parametrize("judged", list(Sensitivity))
def test_confidential_conversations_are_not_kept(
    make_outcome: Any, declared: Sensitivity | None, judged: Sensitivity
) -> None:
    from msgspec.structs import replace

    outcome = make_outcome()
    profile = replace(outcome.decision.profile, sensitivity=Guess(judged, 0.9))
    why = withheld(replace(outcome.task, sensitivity=declared), replace(outcome.decision, profile=profile))
    levels = [judged] if declared is None else [judged, declared]
    assert (why is None) == all(level in MAY_BE for level in levels)
    assert why is None or f"is {max(levels, key=lambda level: level.rank)}:" in why


# --- what it bounds ------------------------------------------------------------------------------------------------


def test_what_waits_is_bounded_in_bytes(stuck: Stuck, clock: FakeClock, caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        memory = memory_of(stuck, clock)
        text = "A" * 7_200_000
        for n in range(40):
            memory.keep(task_of(clock, text=text, number=f"tsk_{n}"), answer(f"resp_{n}"), "acme")
        fit = MOST_WAITING_BYTES // 7_200_000
        found = [await memory.find(f"resp_{n}", None) is not None for n in range(40)]
        assert found == [n < fit for n in range(40)]
        clock.advance(60)
        memory.keep(task_of(clock, text=text, number="tsk_40"), answer("resp_40"), "acme")
        assert [record.getMessage() for record in caplog.records] == [
            f"the answer to tsk_{fit} is not kept: {fit} others wait for the database",
            f"the answer to tsk_40 is not kept: {fit} others wait for the database",
            f"{40 - fit - 1} more answers were not kept in the meantime",
        ]
        stuck.free.set()
        await memory.aclose()
        assert len(stuck.saved) == fit
        assert len(caplog.records) == 3, "nothing was lost by the stop"

    play(work)


def test_what_waits_is_bounded_in_number(stuck: Stuck, clock: FakeClock) -> None:
    async def work() -> None:
        memory = memory_of(stuck, clock)
        for n in range(MOST_WAITING + 9):
            memory.keep(task_of(clock), answer(f"resp_{n}"), "acme")
        assert await memory.find(f"resp_{MOST_WAITING - 1}", None) is not None
        assert await memory.find(f"resp_{MOST_WAITING}", None) is None
        stuck.free.set()
        await memory.aclose()
        assert len(stuck.saved) == MOST_WAITING

    play(work)


def test_room_comes_back_once_it_is_written(stuck: Stuck, clock: FakeClock) -> None:
    async def work() -> None:
        memory = memory_of(stuck, clock)
        stuck.free.set()
        for turn in range(3):
            for n in range(8):
                memory.keep(task_of(clock, text="A" * 7_200_000), answer(f"resp_{turn}_{n}"), "acme")
            await asyncio.gather(*memory._saves)
        assert len(stuck.saved) == 24
        assert memory._waiting_bytes == 0
        await memory.aclose()

    play(work)


def test_too_long_a_conversation_is_not_even_queued(
    stuck: Stuck, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    async def work() -> None:
        memory = memory_of(stuck, clock)
        memory.keep(task_of(clock, text="A" * LARGEST_BYTES), answer(), "acme")
        assert await memory.find("resp_1", None) is None
        await memory.aclose(0)
        assert [record.getMessage() for record in caplog.records] == [
            "the answer to tsk_1 is not kept: its conversation is too long"
        ]

    play(work)


def test_recalling_waits_for_no_writer(stuck: Stuck, clock: FakeClock) -> None:
    async def work() -> None:
        memory = memory_of(stuck, clock)
        memory.keep(task_of(clock), answer(), "acme")
        await asyncio.sleep(0)
        assert await asyncio.to_thread(stuck.begun.wait, 10)
        assert await memory.find("resp_2", None) is None  # asked of the database, while it saves
        stuck.free.set()
        await memory.aclose()

    play(work)


# --- what it deletes -----------------------------------------------------------------------------------------------


@contextmanager
def virtual_sleep(clock: FakeClock, naps: list[float]) -> Iterator[tuple[Any, Any]]:
    """A sleep that ends when told to, and the way to wait until somebody sleeps."""
    asleep = asyncio.Event()
    wake = asyncio.Event()

    async def sleep(seconds: float) -> None:
        naps.append(seconds)
        asleep.set()
        await wake.wait()
        wake.clear()
        clock.advance(seconds)

    async def next_nap() -> None:
        await asyncio.wait_for(asleep.wait(), 10)
        asleep.clear()

    yield sleep, (next_nap, wake.set)


@pytest.mark.parametrize("hours", [720, 0])
def test_what_expired_is_deleted_at_the_start_and_every_hour(timed: Store, clock: FakeClock, hours: float) -> None:
    kept = KeptResponses(timed)

    def rows() -> int:
        with timed.read() as connection:
            return int(connection.exec_driver_sql("SELECT count(*) FROM responses").scalar_one())

    def save(number: str, expires_at: datetime) -> None:
        kept.save(number, items=b"[]", body=b"{}", provider="p", dialect="d", model="m", user="ann",
                  created_at=clock.now(), expires_at=expires_at)  # fmt: skip

    async def work() -> None:
        now, naps = clock.now(), list[float]()
        for n in range(3):
            save(f"old_{n}", now - timedelta(days=1))
        save("soon", now + timedelta(minutes=30))
        save("later", now + timedelta(days=1))
        with virtual_sleep(clock, naps) as (sleep, (next_nap, wake)):
            memory = memory_of(kept, clock, hours=hours, sleep=sleep, random=lambda: 0.75)
            memory.start()
            await next_nap()
            assert rows() == 2, "without any new answer"
            wake()
            await next_nap()
            assert rows() == 1
            await memory.aclose()
        assert naps == [PURGE_EVERY_S * 1.05] * 2

    play(work)


def test_a_purge_that_fails_is_said_and_tried_again(clock: FakeClock, caplog: pytest.LogCaptureFixture) -> None:
    results: list[int | StoreError] = [StoreError("The database is locked.", remedy="Wait."), 500, 3, 0, 0]

    def purge(_now: datetime) -> int:
        result = results.pop(0)
        if isinstance(result, StoreError):
            raise result
        return result

    async def work() -> None:
        with virtual_sleep(clock, []) as (sleep, (next_nap, wake)):
            memory = memory_of(SimpleNamespace(purge=purge), clock, sleep=sleep)
            memory.start()
            await next_nap()
            wake()
            await next_nap()
            assert results == [0], "slices until nothing is left"
            await memory.aclose()

    with caplog.at_level(logging.INFO):
        play(work)
    told = [record.getMessage() for record in caplog.records if record.name == "podium.server"]
    assert told == [
        "expired answers are not deleted yet, the next try is in about an hour: The database is locked.",
        "deleted 503 expired answers",
    ]


# --- how it ends ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["bounded", "cancelled"])
def test_a_stop_does_not_wait_for_a_stuck_database(
    stuck: Stuck, clock: FakeClock, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    async def work() -> None:
        memory = memory_of(stuck, clock)
        for n in range(30):
            memory.keep(task_of(clock), answer(f"resp_{n}"), "acme")
        await asyncio.sleep(0)
        assert await asyncio.to_thread(stuck.begun.wait, 10)
        if how == "bounded":
            await memory.aclose(within_s=0.001)
        else:
            closing = asyncio.ensure_future(memory.aclose())
            asyncio.get_running_loop().call_soon(closing.cancel)
            with pytest.raises(asyncio.CancelledError):
                await closing
        assert [record.getMessage() for record in caplog.records] == [
            "30 answers were not written before the stop: no conversation can go on from them by their id"
        ]
        stuck.free.set()

    play(work)
    assert stuck.saved in ([], ["resp_0"]), "nothing is begun after the stop"
    assert STOP_S <= 5


def test_a_fault_is_told_once_and_in_words_of_its_own(clock: FakeClock, caplog: pytest.LogCaptureFixture) -> None:
    class Locked(Stuck):
        def save(self, id: str, **_fields: Any) -> bool:
            raise StoreError("The database is locked.", remedy="Close it; entries are kept and written afterwards.")

    async def work() -> None:
        memory = memory_of(Locked(), clock)
        for n in range(30):
            memory.keep(task_of(clock), answer(f"resp_{n}"), "acme")
        await memory.aclose()

    play(work)
    assert [record.getMessage() for record in caplog.records] == [
        "the answer to tsk_1 is not kept: The database is locked.",
        "30 answers were not written before the stop: no conversation can go on from them by their id",
    ]
