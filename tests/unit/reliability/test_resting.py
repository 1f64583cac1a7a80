"""Health: when a deployment rests, for how long, and what ends it, against a model that only keeps the history."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.core.errors import FailureKind as Kind
from podium.core.settings import EngineSettings
from podium.policies.reliability import NEW, Health, after_failure, after_success
from podium.policies.reliability.resting import LONG_REST, NEWEST_SHARE

SETTINGS = EngineSettings(rest_after=3, rest_s=10.0)


def fail(health: Health, kind: Kind = Kind.SERVER_ERROR, now: float = 0.0) -> Health:
    return after_failure(health, kind, now=now, settings=SETTINGS)


def test_three_failures_in_a_row_rest_it() -> None:
    health = fail(fail(NEW, now=1), now=2)
    assert health.resting_until is None
    health = fail(health, now=3)
    assert health.resting_until == 13
    assert health.rests(12.9)
    assert not health.rests(13)


def test_after_its_rest_one_failure_rests_it_again_and_one_success_heals_it() -> None:
    tired = fail(fail(fail(NEW)))
    assert fail(tired, now=50).resting_until == 60
    healed = after_success(tired, latency_ms=5)
    assert healed == Health(latency_ms=5)
    assert fail(healed).resting_until is None


@pytest.mark.parametrize("kind", [Kind.CREDENTIAL, Kind.BILLING, Kind.NOT_FOUND])
def test_what_cannot_pass_rests_at_once_and_long(kind: Kind) -> None:
    health = fail(NEW, kind)
    assert health.resting_until == 10 * LONG_REST
    assert fail(fail(fail(health))).resting_until == 10 * LONG_REST  # a short rest never shortens a long one


@pytest.mark.parametrize(
    "kind", [Kind.BAD_REQUEST, Kind.CONTEXT_TOO_LONG, Kind.CONTENT_REFUSED, Kind.UNFIT, Kind.CANCELLED]
)
def test_what_says_nothing_about_it_changes_nothing(kind: Kind) -> None:
    tired = fail(NEW)
    assert fail(tired, kind) is tired


def test_latency_is_smoothed_towards_the_newest() -> None:
    health = after_success(after_success(NEW, latency_ms=1_000), latency_ms=2_000)
    assert health.latency_ms == 1_000 + NEWEST_SHARE * 1_000
    assert fail(health).latency_ms == health.latency_ms


COUNTING = {
    Kind.UNREACHABLE, Kind.TIMEOUT, Kind.RATE_LIMITED, Kind.OVERLOADED, Kind.SERVER_ERROR, Kind.CREDENTIAL,
    Kind.BILLING, Kind.NOT_FOUND, Kind.GARBAGE, Kind.BROKEN_STREAM,
}  # fmt: skip
FOREVER = {Kind.CREDENTIAL, Kind.BILLING, Kind.NOT_FOUND}

events = st.lists(
    st.tuples(st.floats(0, 30), st.sampled_from(list(Kind)) | st.floats(1, 10_000)), min_size=1, max_size=40
)
"""(seconds since the event before, a failure or a success's latency)"""


def expected(
    history: list[tuple[float, Kind | float]], now: float, rest_after: int, rest_s: float
) -> tuple[bool, float]:
    """(rests now, latency) worked out from the whole history each time, the slow and obvious way."""
    since = [place for place, (_, event) in enumerate(history) if isinstance(event, float)]
    run = history[since[-1] + 1 :] if since else history
    failures = [(at, event) for at, event in run if event in COUNTING]
    rests = False
    for count, (at, kind) in enumerate(failures, start=1):
        if kind in FOREVER:
            rests |= now < at + rest_s * LONG_REST
        if count >= rest_after:
            rests |= now < at + rest_s
    latencies = [event for _, event in history if isinstance(event, float)]
    mean = latencies[0] if latencies else 0.0
    for latency in latencies[1:]:
        mean = mean * (1 - NEWEST_SHARE) + latency * NEWEST_SHARE
    return rests, mean


@given(events=events, rest_after=st.integers(1, 5), rest_s=st.floats(0.5, 60), later=st.floats(0, 400))
def test_random_histories_agree_with_the_naive_model(
    events: list[tuple[float, Kind | float]], rest_after: int, rest_s: float, later: float
) -> None:
    settings = EngineSettings(rest_after=rest_after, rest_s=rest_s)
    health, now = NEW, 100.0
    history: list[tuple[float, Kind | float]] = []
    for pause, event in events:
        now += pause
        history.append((now, event))
        if isinstance(event, float):
            health = after_success(health, latency_ms=event)
        else:
            health = after_failure(health, event, now=now, settings=settings)
        for moment in (now, now + later):
            rests, latency = expected(history, moment, rest_after, rest_s)
            assert health.rests(moment) == rests
            assert (health.latency_ms or 0.0) == pytest.approx(latency)
