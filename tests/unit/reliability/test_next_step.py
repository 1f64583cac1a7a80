"""What follows a failed call: again, elsewhere, or stop."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from podium.core.errors import FailureKind as Kind
from podium.core.settings import EngineSettings
from podium.core.tasks import Candidate
from podium.core.usage import ZERO, Money
from podium.policies.reliability import REACTIONS, Next, Retry, Step, Stop, next_step
from podium.policies.reliability.retry import PATIENCE_S

SETTINGS = EngineSettings(retries=1, max_attempts=4, backoff_ms=200, timeout_s=60.0)


def line(*entries: tuple[str, int | None]) -> tuple[Candidate, ...]:
    """Candidates from (provider, context window)."""
    return tuple(
        Candidate(
            deployment=f"{provider}/m{place}",
            provider=provider,
            model=f"m{place}",
            tier=1,
            expected_cost=None,
            worst_cost=None,
            expected_quality=0.8,
            expected_latency_ms=1,
            reason="",
            context=context,
        )
        for place, (provider, context) in enumerate(entries)
    )


TWO = line(("a", 1_000), ("b", 1_000))


def step(kind: Kind, **facts: Any) -> Step:
    given: dict[str, Any] = {
        "retry_after_s": None,
        "made_here": 1,
        "made": 1,
        "place": 0,
        "candidates": TWO,
        "seconds_left": None,
        "spent": ZERO,
        "max_cost": None,
        "settings": SETTINGS,
        "random": 0.5,
        **facts,
    }
    return next_step(kind, **given)


PASSING = [Kind.UNREACHABLE, Kind.RATE_LIMITED, Kind.OVERLOADED, Kind.SERVER_ERROR, Kind.BROKEN_STREAM]
ELSEWHERE = [Kind.TIMEOUT, Kind.CREDENTIAL, Kind.BILLING, Kind.NOT_FOUND, Kind.GARBAGE, Kind.UNFIT]
FINAL = [Kind.BAD_REQUEST, Kind.CONTENT_REFUSED, Kind.CANCELLED]


@pytest.mark.parametrize("kind", PASSING)
def test_what_may_pass_is_tried_again_then_elsewhere(kind: Kind) -> None:
    assert step(kind) == Retry(delay_s=0.1)
    assert step(kind, made_here=2, made=2) == Next(place=1)
    last = step(kind, made_here=2, made=4, place=1)
    assert isinstance(last, Stop)
    assert not last.callers_fault


@pytest.mark.parametrize("kind", ELSEWHERE)
def test_what_will_not_pass_goes_elsewhere_at_once(kind: Kind) -> None:
    assert step(kind) == Next(place=1)
    last = step(kind, place=1)
    assert isinstance(last, Stop)
    assert not last.callers_fault
    assert "no candidate is left" in last.reason


@pytest.mark.parametrize("kind", FINAL)
def test_the_callers_own_fault_stops(kind: Kind) -> None:
    stopped = step(kind)
    assert isinstance(stopped, Stop)
    assert stopped.callers_fault


@pytest.mark.parametrize(
    ("windows", "expected"),
    [
        ([1_000, 500, 1_000, 2_000], Next(place=3)),
        ([1_000, None], Next(place=1)),
        ([None, 10], Next(place=1)),
        ([1_000, 1_000, 999], None),
    ],
)
def test_too_long_an_input_goes_to_a_larger_window_or_back(windows: list[int | None], expected: Step | None) -> None:
    found = step(Kind.CONTEXT_TOO_LONG, candidates=line(*(("a", window) for window in windows)))
    if expected is not None:
        assert found == expected
    else:
        assert isinstance(found, Stop)
        assert found.callers_fault


@pytest.mark.parametrize("kind", [Kind.CREDENTIAL, Kind.BILLING])
def test_what_hits_a_whole_provider_leaves_it(kind: Kind) -> None:
    assert step(kind, candidates=line(("a", 1), ("a", 1), ("b", 1))) == Next(place=2)
    assert step(kind, candidates=line(("a", 1), ("a", 1))) == Next(place=1)  # the key may still open another model


@pytest.mark.parametrize(
    ("retry_after_s", "facts", "expected"),
    [
        (0.05, {}, Retry(delay_s=0.1)),  # our own pause is longer
        (0.9, {}, Retry(delay_s=0.9)),
        (PATIENCE_S + 0.1, {}, Next(place=1)),  # somebody else is ready
        (30.0, {"place": 1}, Retry(delay_s=30.0)),  # nobody else is
        (61.0, {"place": 1}, None),  # longer than a whole call may take
        (5.0, {"place": 1, "seconds_left": 5.0}, None),  # past the deadline
        (5.0, {"place": 1, "seconds_left": 5.1}, Retry(delay_s=5.0)),
        (0.9, {"seconds_left": 0.5}, Next(place=1)),
    ],
)
def test_retry_after_is_honoured_where_it_fits(
    retry_after_s: float, facts: dict[str, Any], expected: Step | None
) -> None:
    found = step(Kind.RATE_LIMITED, retry_after_s=retry_after_s, **facts)
    if expected is None:
        assert isinstance(found, Stop)
    else:
        assert found == expected


def test_pauses_double_with_full_jitter() -> None:
    patient = EngineSettings(retries=5, max_attempts=20, backoff_ms=100)
    pauses = [step(Kind.OVERLOADED, settings=patient, made_here=made, random=0.5) for made in range(1, 7)]
    assert pauses == [Retry(delay_s=pause) for pause in (0.05, 0.1, 0.2, 0.4, 0.8)] + [Next(place=1)]
    assert step(Kind.OVERLOADED, random=0.0) == Retry(delay_s=0.0)


@pytest.mark.parametrize("left", [0.0, -1.0])
def test_after_the_deadline_nothing_is_tried(left: float) -> None:
    for kind in Kind:
        assert isinstance(step(kind, seconds_left=left), Stop)


def priced(*worst: str | None) -> tuple[Candidate, ...]:
    """Candidates with these worst costs, all of one provider."""
    same = line(*[("a", 1_000)] * len(worst))
    return tuple(
        replace(candidate, worst_cost=None if cost is None else Money.of(cost))
        for candidate, cost in zip(same, worst, strict=True)
    )


@pytest.mark.parametrize(
    ("worst", "spent", "expected"),
    [
        (("0.04", "0.06"), "0.04", Next(place=1)),  # to the last digit
        (("0.04", "0.061"), "0.04", None),
        (("0.04", "0.07", None, "0.05"), "0.04", Next(place=3)),
        (("0.04", None), "0", None),  # an unknown price keeps no promise
    ],
)
def test_nobody_is_asked_whom_the_rest_of_the_money_cannot_pay(
    worst: tuple[str | None, ...], spent: str, expected: Step | None
) -> None:
    found = step(Kind.UNFIT, candidates=priced(*worst), spent=Money.of(spent), max_cost=Money.of("0.1"))
    if expected is not None:
        assert found == expected
    else:
        assert isinstance(found, Stop)
        assert "pays for no other candidate" in found.reason


def test_the_same_again_must_be_paid_for_too() -> None:
    line_up = priced("0.06", "0.05")
    left = {"candidates": line_up, "max_cost": Money.of("0.1")}
    assert isinstance(step(Kind.OVERLOADED, spent=Money.of("0.04"), **left), Retry)
    assert step(Kind.OVERLOADED, spent=Money.of("0.05"), **left) == Next(place=1)
    assert isinstance(step(Kind.OVERLOADED, spent=Money.of("0.051"), **left), Stop)


@given(
    cap=st.integers(0, 100),
    worst=st.lists(st.none() | st.integers(0, 60), min_size=1, max_size=6),
    failures=st.lists(
        st.tuples(st.sampled_from(list(Kind)), st.floats(0, 1)),
        min_size=30,
        max_size=30,
    ),
)
def test_all_calls_together_never_cost_more_than_the_cap(
    cap: int, worst: list[int | None], failures: list[tuple[Kind, float]]
) -> None:
    """Where every call costs at most its worst, and the first candidate was chosen within the cap."""
    first = min(worst[0] or 0, cap)
    candidates = priced(str(first), *(None if cost is None else str(cost) for cost in worst[1:]))
    spent, place, made_here = ZERO, 0, 0
    for made, (kind, share) in enumerate(failures, start=1):
        made_here += 1
        most = candidates[place].worst_cost
        assert most is not None
        spent = spent + Money.of(int(int(most.usd) * share))
        assert spent <= Money.of(cap)
        found = step(
            kind,
            made_here=made_here,
            made=made,
            place=place,
            candidates=candidates,
            spent=spent,
            max_cost=Money.of(cap),
            settings=EngineSettings(retries=3, max_attempts=20),
        )
        if isinstance(found, Stop):
            return
        if isinstance(found, Next):
            place, made_here = found.place, 0
    raise AssertionError("thirty failures did not end it")


windows = st.integers(1, 4).map(lambda size: size * 1_000) | st.none()
lines = st.lists(st.tuples(st.sampled_from("abc"), windows), min_size=1, max_size=6)


@given(
    entries=lines,
    failures=st.lists(st.sampled_from(list(Kind)), min_size=30, max_size=30),
    waits=st.lists(st.none() | st.floats(0, 100), min_size=30, max_size=30),
    chances=st.lists(st.floats(0, 1, exclude_max=True), min_size=30, max_size=30),
    settings=st.builds(
        EngineSettings,
        retries=st.integers(0, 5),
        max_attempts=st.integers(1, 20),
        backoff_ms=st.integers(0, 5_000),
    ),
    left=st.none() | st.floats(0.1, 100),
    call_s=st.floats(0, 5),
)
def test_any_run_of_failures_ends_within_its_bounds(
    entries: list[tuple[str, int | None]],
    failures: list[Kind],
    waits: list[float | None],
    chances: list[float],
    settings: EngineSettings,
    left: float | None,
    call_s: float,
) -> None:
    candidates = line(*entries)
    place = made_here = made = 0
    for kind, wait, chance in zip(failures, waits, chances, strict=True):
        made, made_here = made + 1, made_here + 1
        if left is not None:
            left -= call_s
        found = next_step(
            kind,
            retry_after_s=wait,
            made_here=made_here,
            made=made,
            place=place,
            candidates=candidates,
            seconds_left=left,
            spent=ZERO,
            max_cost=None,
            settings=settings,
            random=chance,
        )
        if isinstance(found, Stop):
            assert found.callers_fault == REACTIONS[kind].callers_fault
            return
        assert made < settings.max_attempts
        assert left is None or left > 0
        if isinstance(found, Retry):
            assert REACTIONS[kind].retry_here
            assert made_here <= settings.retries
            assert found.delay_s >= (wait or 0)
            assert left is None or found.delay_s < left
            left = left if left is None else left - found.delay_s
        else:
            assert place < found.place < len(candidates)
            if REACTIONS[kind].larger_window:
                mine, theirs = candidates[place].context, candidates[found.place].context
                assert mine is None or theirs is None or theirs > mine
            place, made_here = found.place, 0
    raise AssertionError("thirty failures did not end it")
