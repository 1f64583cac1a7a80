"""The health board through the engine: rest, recovery, and what the router is shown."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from podium.core.errors import AllAttemptsFailed, FailureKind, ProviderError
from podium.core.events import DeploymentRecovered, DeploymentRested, Event
from podium.core.settings import EngineSettings
from podium.runtime.engine import HealthBoard
from podium.runtime.engine.health import MOST_KEPT
from podium.testing import FakeClock

Kind = FailureKind


def _of(events: list[Event], kind: type[Event]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def test_a_deployment_rests_after_failures_in_a_row_and_recovers_once(kit: Any) -> None:
    bench = kit.Bench("acme/a", retries=0, rest_after=3, rest_s=10.0)
    bench.providers["acme"].plan(*[kit.error(Kind.SERVER_ERROR)] * 3, kit.reply(), kit.reply())
    for number in range(1, 4):
        with pytest.raises(AllAttemptsFailed):
            bench.complete()
        assert len(_of(bench.events, DeploymentRested)) == (1 if number == 3 else 0)
    (rested,) = _of(bench.events, DeploymentRested)
    assert rested.deployment == "acme/a"
    assert rested.until == bench.clock.now() + timedelta(seconds=10)
    assert "acme failed" in rested.reason
    assert bench.health.standings["acme/a"].rests(bench.clock.now())
    bench.clock.advance(10)
    assert not bench.health.standings["acme/a"].rests(bench.clock.now())
    bench.complete()
    bench.complete()
    assert [event.deployment for event in _of(bench.events, DeploymentRecovered)] == ["acme/a"]
    assert bench.health.standings["acme/a"].resting_until is None


def test_calls_under_way_when_a_rest_begins_do_not_announce_it_again(kit: Any) -> None:
    bench = kit.Bench("acme/a", retries=0, rest_after=1)
    bench.providers["acme"].plan(kit.error(Kind.SERVER_ERROR), kit.Timed(3.0, kit.error(Kind.SERVER_ERROR)))
    for _ in range(2):
        with pytest.raises(AllAttemptsFailed):
            bench.complete()
    assert len(_of(bench.events, DeploymentRested)) == 1
    assert bench.health.standings["acme/a"].resting_until == bench.clock.now() + timedelta(seconds=10)


def test_a_probe_that_fails_is_a_new_rest(kit: Any) -> None:
    bench = kit.Bench("acme/a", retries=0, rest_after=1, rest_s=5.0)
    bench.providers["acme"].plan(*[kit.error(Kind.SERVER_ERROR)] * 2)
    for _ in range(2):
        with pytest.raises(AllAttemptsFailed):
            bench.complete()
        bench.clock.advance(5)
    assert len(_of(bench.events, DeploymentRested)) == 2


def test_the_router_sees_latency_and_rest(kit: Any) -> None:
    bench = kit.Bench("acme/a", "beta/b", retries=0, rest_after=1)
    bench.providers["acme"].plan(kit.Timed(0.5, kit.reply()), kit.error(Kind.OVERLOADED), kit.reply())
    bench.providers["beta"].plan(kit.Timed(2.0, kit.reply()))
    for _ in range(3):
        bench.complete()
    first, second, third = bench.standings
    assert first == {}
    assert second["acme/a"].latency_ms == pytest.approx(500)
    assert third["acme/a"].resting_until is not None
    assert third["beta/b"].latency_ms == pytest.approx(2000)


def test_failures_that_say_nothing_leave_no_trace(kit: Any) -> None:
    bench = kit.Bench("acme/a", rest_after=1)
    bench.providers["acme"].plan(kit.error(Kind.BAD_REQUEST))
    with pytest.raises(ProviderError):
        bench.complete()
    assert bench.health.standings == {}


def test_memory_does_not_grow_with_the_names_callers_invent() -> None:
    board = HealthBoard(settings=EngineSettings(), clock=FakeClock(), emit=lambda event: None)
    for number in range(MOST_KEPT + 50):
        board.failed(f"acme/{number}", Kind.SERVER_ERROR, "down")
    assert len(board.standings) == MOST_KEPT
    board.succeeded("acme/0", 10.0)
    assert board.standings["acme/0"].latency_ms == 10.0
