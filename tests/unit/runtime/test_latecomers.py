"""Lists that come late and servers that start late, on a clock that is turned by hand."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.core.errors import ConfigError, FailureKind, ProviderError
from podium.core.ports import ListedModel
from podium.core.settings import ProviderSettings
from podium.models.catalog import Catalog
from podium.models.providers import Account, accounts
from podium.runtime.latecomers import (
    EMPTY,
    FIRST_PAUSE_S,
    LONGEST_PAUSE_S,
    LOOK_EVERY_S,
    NO_ANSWER,
    PATIENCE_S,
    Latecomers,
    pause_before,
)
from podium.runtime.roster import Lineup, Roster

GOOD = (ListedModel(name="acme/good", rates={"input": Decimal(1), "output": Decimal(2)}),)
DOWN = ProviderError("openrouter answered 503: down", kind=FailureKind.OVERLOADED, provider="openrouter")
BUSY = ProviderError("busy", kind=FailureKind.RATE_LIMITED, provider="openrouter", retry_after_s=70.0)
Step = Sequence[ListedModel] | ProviderError | None


class Door:
    """Lists what it is told to, one step a question; None hangs until `released`."""

    def __init__(self, *steps: Step) -> None:
        self.steps = list(steps)
        self.asked = 0
        self.released = asyncio.Event()

    async def list_models(self) -> tuple[ListedModel, ...]:
        step = self.steps[min(self.asked, len(self.steps) - 1)]
        self.asked += 1
        if step is None:
            await self.released.wait()
            return GOOD
        if isinstance(step, ProviderError):
            raise step
        return tuple(step)


class Turned:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []
        self._waiting: list[tuple[float, asyncio.Event]] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        gate = asyncio.Event()
        self._waiting.append((self.now + seconds, gate))
        await gate.wait()

    async def turn(self, seconds: float) -> None:
        await settle()
        self.now += seconds
        for until, gate in self._waiting:
            if until <= self.now:
                gate.set()
        await settle()


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def _market() -> Account:
    (account,) = accounts({"openrouter": ProviderSettings(api_key="k" * 16)}, environ={}, use_environment=False)
    return account


def _play(
    steps: Sequence[Step], then: Callable[[Latecomers, Turned, Door, tuple[Account, ...], list[Account]], Any]
) -> None:
    async def main() -> None:
        time, door = Turned(), Door(*steps)
        late = Latecomers(doors={"openrouter": door}, sleep=time.sleep, random=lambda: 0.5)
        first = asyncio.create_task(late.first_lists((_market(),)))
        await time.turn(0)
        if not first.done():
            await time.turn(PATIENCE_S)
        taken: list[Account] = []
        known = await first
        late.go_on(taken.append)
        try:
            await then(late, time, door, known, taken)
        finally:
            await late.aclose()
        assert len(asyncio.all_tasks()) == 1, "nothing goes on after aclose"

    asyncio.run(main())


def test_a_list_that_comes_at_once_is_taken_and_asked_for_no_more() -> None:
    async def then(late: Latecomers, time: Turned, door: Door, known: Any, taken: list[Account]) -> None:
        (account,) = known
        assert (account.models, account.awaits) == (("acme/good",), None)
        await time.turn(10_000)
        assert (door.asked, taken) == (1, [])

    _play([GOOD], then)


def test_a_list_that_failed_is_asked_for_with_growing_pauses_until_it_comes(caplog: pytest.LogCaptureFixture) -> None:
    async def then(late: Latecomers, time: Turned, door: Door, known: Any, taken: list[Account]) -> None:
        (account,) = known
        assert (account.models, account.awaits) == ((), NO_ANSWER)
        assert account.usable
        for pause in (1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300):
            asked = door.asked
            await time.turn(pause - 0.1)
            assert door.asked == asked
            await time.turn(0.1)
            assert door.asked == asked + 1
        assert [each.models for each in taken] == [("acme/good",)]
        assert taken[0].awaits is None
        await time.turn(10_000)
        assert door.asked == 12

    with caplog.at_level(logging.INFO, logger="podium"):
        _play([*[DOWN] * 11, GOOD], then)
    said = [record.getMessage() for record in caplog.records]
    assert sum("did not list its models" in each for each in said) == 1, "it is said once"
    assert "openrouter lists 1 models now" in said


def test_the_start_waits_three_seconds_and_the_list_is_taken_when_it_comes() -> None:
    async def then(late: Latecomers, time: Turned, door: Door, known: Any, taken: list[Account]) -> None:
        assert time.now == PATIENCE_S == 3.0
        assert known[0].awaits == NO_ANSWER
        assert taken == []
        door.released.set()
        await settle()
        assert door.asked == 1, "the question that is under way is the one that is answered"
        assert [each.models for each in taken] == [("acme/good",)]

    _play([None], then)


def test_a_list_without_models_is_asked_for_again() -> None:
    async def then(late: Latecomers, time: Turned, door: Door, known: Any, taken: list[Account]) -> None:
        assert known[0].awaits == EMPTY
        await time.turn(FIRST_PAUSE_S)
        assert taken[-1].models == ("acme/good",)

    _play([(), GOOD], then)


def test_a_provider_that_says_how_long_to_wait_is_left_alone_for_so_long() -> None:
    async def then(late: Latecomers, time: Turned, door: Door, known: Any, taken: list[Account]) -> None:
        await time.turn(69.9)
        assert door.asked == 1
        await time.turn(0.1)
        assert door.asked == 2

    _play([BUSY, GOOD], then)


def test_closing_ends_a_question_that_hangs() -> None:
    async def then(late: Latecomers, time: Turned, door: Door, known: Any, taken: list[Account]) -> None:
        await late.aclose()

    _play([None], then)
    _play([DOWN, None], then)


def test_a_list_that_is_needed_at_once_is_waited_for() -> None:
    async def then(late: Latecomers, time: Turned, door: Door, known: Any, taken: list[Account]) -> None:
        asyncio.get_running_loop().call_soon(door.released.set)
        (whole,) = await late.whole_lists((_market(),))
        assert whole.models == ("acme/good",)

    _play([None], then)


def test_new_servers_are_looked_for_every_minute_and_a_mistake_is_told(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        time, looks = Turned(), [0]

        async def look() -> None:
            looks[0] += 1
            if looks[0] == 3:
                raise RuntimeError("a mistake of ours")

        late = Latecomers(doors={}, sleep=time.sleep, random=lambda: 0.5)
        assert await late.first_lists(()) == ()
        late.go_on(lambda account: None, look=look)
        for seen in (1, 2, 3):
            await time.turn(LOOK_EVERY_S)
            assert looks == [seen]
        await late.aclose()

    asyncio.run(main())
    assert "a mistake of ours" in caplog.text


@given(st.integers(min_value=0, max_value=10**6), st.floats(min_value=0, max_value=1), st.none() | st.floats(0, 1e9))
def test_a_pause_is_bounded(again: int, random: float, wanted: float | None) -> None:
    pause = pause_before(again, random, wanted)
    assert 0.75 * FIRST_PAUSE_S <= pause <= 1.25 * LONGEST_PAUSE_S
    assert pause >= min(wanted or 0.0, LONGEST_PAUSE_S)


# --- the roster -----------------------------------------------------------------------------------------------------


def _lineup(known: tuple[Account, ...]) -> Lineup:
    if any("bad" in (account.models or ()) for account in known):
        raise ConfigError("a rule names `good`, which is no usable model", remedy="Correct it.")
    return Lineup(accounts=known, catalog=Catalog(()), router=None, unlisted=lambda *_: None)  # type: ignore[arg-type]  # nobody decides here


def test_accounts_take_the_place_of_their_namesakes_or_come_last() -> None:
    market = _market()
    roster = Roster((market.awaiting(NO_ANSWER),), _lineup)
    before = roster.now
    (other,) = accounts({"box": ProviderSettings(base_url="http://box:1/v1")}, environ={}, use_environment=False)
    assert roster.take(market.with_listed(GOOD), other)
    assert [account.name for account in roster.now.accounts] == ["openrouter", "box"]
    assert roster.now.accounts[0].models == ("acme/good",)
    assert before.accounts[0].models == (), "who read it before keeps what was read"


def test_what_the_configuration_does_not_fit_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    roster = Roster((_market().awaiting(NO_ANSWER),), _lineup)
    before = roster.now
    assert not roster.take(_market().with_listed([ListedModel(name="bad")]))
    assert roster.now is before
    assert "a rule names `good`" in caplog.text
