"""A wire without a place for something in the request: the next candidate, at once, and nobody's fault."""

from __future__ import annotations

import pytest

from podium.core.errors import FailureKind
from podium.core.settings import EngineSettings
from podium.core.tasks import Candidate
from podium.core.usage import ZERO, Money
from podium.policies.reliability import NEW, REACTIONS, Next, Stop, after_failure, next_step


def candidate(name: str) -> Candidate:
    return Candidate(
        deployment=name,
        provider=name.partition("/")[0],
        model="m",
        tier=1,
        expected_cost=ZERO,
        worst_cost=Money.of("0.01"),
        expected_quality=0.9,
        expected_latency_ms=100,
        reason="",
    )


@pytest.mark.parametrize(("place", "step"), [(0, Next(place=1)), (1, Next(place=2))])
def test_the_next_candidate_is_asked_at_once(place: int, step: Next) -> None:
    assert after(place) == step


def after(place: int) -> object:
    return next_step(
        FailureKind.NOT_CARRIED,
        retry_after_s=None,
        made_here=1,
        made=0,
        place=place,
        candidates=[candidate("a/m"), candidate("a/n"), candidate("b/m")],
        seconds_left=None,
        spent=ZERO,
        max_cost=None,
        settings=EngineSettings(max_attempts=1),
        random=0.5,
    )


def test_where_none_is_left_it_stops_and_is_not_the_provider_s_own_error() -> None:
    step = after(2)
    assert isinstance(step, Stop)
    assert not step.callers_fault


def test_it_says_nothing_about_the_deployment() -> None:
    assert after_failure(NEW, FailureKind.NOT_CARRIED, now=0.0, settings=EngineSettings()) is NEW
    reaction = REACTIONS[FailureKind.NOT_CARRIED]
    assert (reaction.retry_here, reaction.rests_at_once, reaction.counts_against_health) == (False, False, False)
