"""`Podium` and `AsyncPodium` against a simulated vendor on a local socket: answers, costs, threads, and their end."""

from __future__ import annotations

import asyncio
import concurrent.futures
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from podium import (
    AllAttemptsFailed,
    Answer,
    AsyncPodium,
    InvalidRequest,
    Money,
    Podium,
    Requirements,
    RequirementsNotMet,
    UnknownModel,
)
from podium.core.clock import SystemClock
from podium.core.settings import EngineSettings, Settings
from podium.records.ledger.recorder import Ledger
from podium.records.store import open_store
from podium.testing import Fault, Faults, SimServer

Make = Callable[..., Settings]


@pytest.fixture
def settings(vendor: SimServer, settings_of: Make) -> Settings:
    return settings_of(vendor)


def _threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if not thread.name.startswith("sim-")}


# --- asking ---------------------------------------------------------------------------------------------------------


def test_asking_explaining_and_the_bill(settings: Settings) -> None:
    with Podium(settings=settings, environ={}) as podium:
        answer = podium.ask("What is the capital of France?", user="ann", team="support", task_type="simple_qa")
        assert answer.text == str(answer) != ""
        assert answer.model == answer.decision.chosen.deployment == answer.attempts[0].deployment
        assert not answer.usage.estimated
        rate = {"acme/small": (1, 2), "acme/large": (10, 20)}[answer.model]
        assert answer.cost == Money.from_nanos((answer.usage.input * rate[0] + answer.usage.output * rate[1]) * 1000)
        (row,) = podium.costs("user")
        assert (row.key, row.requests, row.cost) == ("ann", 1, answer.cost)
        decision = podium.explain("What is the capital of France?")
        assert decision.chosen.deployment.startswith("acme/")
        assert decision.why in str(decision)
        assert len(podium.costs()) == 1, "explaining costs nothing and is not recorded"


def test_the_async_one_is_the_same(settings: Settings) -> None:
    async def play() -> Answer:
        async with AsyncPodium(settings=settings, environ={}) as podium:
            answers = await asyncio.gather(*(podium.ask(f"Question {n}?", model="acme/large") for n in range(5)))
            (row,) = await podium.costs("model")
            assert (row.key, row.requests) == ("large", 5)
            assert (await podium.explain("Why?")).candidates
            return answers[0]

    answer = asyncio.run(play())
    assert answer.model == "acme/large"


def test_requirements_bind(settings: Settings) -> None:
    with Podium(settings=settings, environ={}) as podium:
        with pytest.raises(RequirementsNotMet) as caught:
            podium.ask("Hello", require=Requirements(private=True))
        assert caught.value.reasons
        with pytest.raises(UnknownModel):
            podium.ask("Hello", model="gpt-nonsense")
        with pytest.raises(InvalidRequest):
            podium.ask("")
        with pytest.raises(ValueError, match="colour"):
            podium.costs("colour")


def test_a_failed_call_is_told_and_recorded(vendor: SimServer, settings_of: Make) -> None:
    vendor.faults = Faults(always=Fault(kind="status", status=500))
    settings = settings_of(vendor, engine=EngineSettings(retries=0))
    with Podium(settings=settings, environ={}) as podium:
        with pytest.raises(AllAttemptsFailed) as caught:
            podium.ask("Hello")
        assert len(caught.value.tried) == 2
        assert sum(row.failed for row in podium.costs()) == 1


def test_what_the_library_asks_is_recorded_as_the_librarys(settings: Settings, tmp_path: Path) -> None:
    with Podium(settings=settings, environ={}) as podium:
        answer = podium.ask("Hello")
    ledger = Ledger(open_store(settings.store, clock=SystemClock()), record_text=False)
    kept = ledger.decision(answer.decision.id)
    ledger.close()
    assert kept is not None
    assert kept["source"] == "library"
    assert kept["status"] == "ok"


# --- threads --------------------------------------------------------------------------------------------------------


def test_many_threads_may_ask_at_once(settings: Settings, vendor: SimServer) -> None:
    with Podium(settings=settings, environ={}) as podium, concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: podium.ask(f"Question {n}?"), range(24)))
        assert len({answer.decision.id for answer in answers}) == 24
        assert sum(row.requests for row in podium.costs()) == 24
    assert vendor.state.requests == 24


def test_nothing_starts_before_the_first_call(settings: Settings) -> None:
    before = _threads()
    with Podium(settings=settings, environ={}):
        assert _threads() == before


def test_no_thread_is_left_behind(settings: Settings) -> None:
    before = _threads()
    with Podium(settings=settings, environ={}) as podium:
        podium.ask("Hello")
        podium.costs()
        assert _threads() > before
    assert _threads() == before


# --- closing --------------------------------------------------------------------------------------------------------


def test_closing_twice_and_closing_what_never_started(settings: Settings) -> None:
    unused = Podium(settings=settings, environ={})
    unused.close()
    unused.close()
    used = Podium(settings=settings, environ={})
    used.ask("Hello")
    used.close()
    used.close()


@pytest.mark.parametrize("use", [True, False], ids=["used", "unused"])
def test_closed_is_closed(settings: Settings, use: bool) -> None:
    before = _threads()
    podium = Podium(settings=settings, environ={})
    if use:
        podium.ask("Hello")
    podium.close()
    calls: list[Callable[[], Any]] = [lambda: podium.ask("Hello"), lambda: podium.explain("Hello"), podium.costs]
    for call in calls:
        with pytest.raises(RuntimeError, match="closed"):
            call()
    assert podium.settings is settings
    assert _threads() == before


def test_the_async_one_is_closed_too(settings: Settings) -> None:
    async def play() -> None:
        podium = AsyncPodium(settings=settings, environ={})
        await podium.ask("Hello")
        await podium.aclose()
        await podium.aclose()
        with pytest.raises(RuntimeError, match="closed"):
            await podium.ask("Hello")
        unused = AsyncPodium(settings=settings, environ={})
        await unused.aclose()
        with pytest.raises(RuntimeError, match="closed"):
            await unused.costs()

    asyncio.run(play())


def test_closing_while_another_thread_waits_sets_it_free(vendor: SimServer, settings: Settings) -> None:
    vendor.faults = Faults(always=Fault(kind="hang"))
    podium = Podium(settings=settings, environ={})
    asked = threading.Event()
    ended: list[BaseException] = []

    def ask() -> None:
        podium.explain("Hello")
        asked.set()
        try:
            podium.ask("Hello")
        except BaseException as exc:  # noqa: BLE001  # what the test is about
            ended.append(exc)

    waiting = threading.Thread(target=ask)
    waiting.start()
    assert asked.wait(5)
    while not vendor.seen:
        waiting.join(0.01)
    podium.close()
    waiting.join(5)
    assert not waiting.is_alive()
    assert [type(exc) for exc in ended] == [concurrent.futures.CancelledError]
    ledger = Ledger(open_store(settings.store, clock=SystemClock()), record_text=False)
    (kept,) = ledger.recent()
    ledger.close()
    assert kept["status"] == "cancelled", "and what it may have cost is in the ledger"


_PROGRAM = """
import sys
from podium import Podium
from podium.core.settings import Settings
import msgspec
podium = Podium(settings=msgspec.json.decode(sys.argv[1], type=Settings), environ={})
print(podium.ask("Hello").decision.id)
"""


def test_a_program_that_simply_ends_loses_nothing(settings: Settings) -> None:
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", _PROGRAM, msgspec.json.encode(settings).decode()],
        capture_output=True, text=True, timeout=15, check=True,
    )  # fmt: skip
    assert ran.stderr == ""
    ledger = Ledger(open_store(settings.store, clock=SystemClock()), record_text=False)
    kept = ledger.decision(ran.stdout.strip())
    ledger.close()
    assert kept is not None
    assert kept["status"] == "ok"
