"""Identifiers, levels of sensitivity, the clock, and who served an answer."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, timedelta

import pytest

from podium.core.clock import SystemClock
from podium.core.errors import FailureKind
from podium.core.health import Standing
from podium.core.ids import new_id
from podium.core.tasks import Attempt, Outcome, Sensitivity


def test_identifiers_sort_by_time(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = [0, 1, 999, 1_700_000_000_000, 1_700_000_000_001, 2**47, 2**48 - 1]
    made = []
    for moment in moments:
        monkeypatch.setattr(time, "time_ns", lambda moment=moment: moment * 1_000_000)
        made.append(new_id("tsk"))
    assert made == sorted(made)


def test_identifiers_look_alike_and_differ() -> None:
    made = {new_id("dec") for _ in range(10_000)}
    assert len(made) == 10_000
    assert all(re.fullmatch(r"dec_[0-9a-f]{28}", each) for each in made)


def test_sensitivity_has_an_order() -> None:
    ranks = {level: level.rank for level in Sensitivity}
    assert ranks == {
        Sensitivity.NONE: 0,
        Sensitivity.PERSONAL: 1,
        Sensitivity.CONFIDENTIAL: 2,
        Sensitivity.SECRET: 3,
    }


def test_the_systems_clock_is_aware_and_never_goes_back() -> None:
    clock = SystemClock()
    assert clock.now().tzinfo is UTC
    assert clock.monotonic() <= clock.monotonic()


def test_a_rest_ends_when_it_ends() -> None:
    now = SystemClock().now()
    rest = Standing(resting_until=now)
    assert rest.rests(now - timedelta(microseconds=1))
    assert not rest.rests(now)
    assert not Standing().rests(now)


Make = Callable[..., Attempt]


def test_who_served(make_attempt: Make, failed_attempt: Make, make_outcome: Callable[..., Outcome]) -> None:
    down, good = failed_attempt(1), make_attempt(2)
    assert make_outcome(down, good).served_by is good
    unfit = make_attempt(2, failure=FailureKind.UNFIT)
    worse = make_attempt(3, failure=FailureKind.UNFIT)
    assert make_outcome(unfit, worse, failed_attempt(4)).served_by is worse
    assert make_outcome(unfit, make_attempt(3)).served_by.number == 3  # type: ignore[union-attr]  # one did
    for status in ("failed", "cancelled"):
        assert make_outcome(down, good, status=status).served_by is None
    assert make_outcome(down).served_by is None
    assert make_outcome(attempts=(), status="failed").served_by is None
