"""Requirements: impossible values are refused, and two sets together are never looser than either."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.core.errors import InvalidRequest
from podium.core.tasks import NO_REQUIREMENTS, Requirements
from podium.core.usage import Money

NOON = datetime(2030, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("min_quality", -0.1),
        ("min_quality", 1.1),
        ("min_quality", 90),
        ("min_quality", float("nan")),
        ("max_cost_usd", -1),
        ("max_cost_usd", "-0.01"),
        ("max_cost_usd", "cheap"),
        ("max_cost_usd", "nan"),
        ("max_cost_usd", "inf"),
        ("max_cost_usd", "1e999999"),
        ("max_cost_usd", "1e-999999"),
        ("max_latency_ms", 0),
        ("max_latency_ms", -5),
        ("deadline", datetime(2030, 1, 31, 12)),  # noqa: DTZ001  # what is refused
    ],
)
def test_what_no_answer_could_meet_is_refused_by_name(field: str, value: Any) -> None:
    with pytest.raises(InvalidRequest) as caught:
        Requirements(**{field: value})
    assert caught.value.param == f"podium.{field}"
    assert caught.value.remedy
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("field", "value"),
    [("min_quality", 0), ("min_quality", 1), ("max_cost_usd", 0), ("max_latency_ms", 1), ("deadline", NOON)],
)
def test_the_edges_are_allowed(field: str, value: Any) -> None:
    assert getattr(Requirements(**{field: value}), field) == value


@pytest.mark.parametrize("written", ["0.01", 0.01, Decimal("0.01")])
def test_a_cost_is_held_exactly_however_it_was_written(written: Any) -> None:
    wanted = Requirements(max_cost_usd=written)
    assert wanted.max_cost_usd == Decimal("0.01")
    assert isinstance(wanted.max_cost_usd, Decimal)
    assert wanted.max_cost == Money.of("0.01")
    assert NO_REQUIREMENTS.max_cost is None


_requirements = st.builds(
    Requirements,
    min_quality=st.none() | st.floats(0, 1),
    max_cost_usd=st.none() | st.decimals(0, 1000, places=6),
    max_latency_ms=st.none() | st.integers(1, 10**6),
    deadline=st.none()
    | st.builds(
        lambda minutes, offset: (NOON + timedelta(minutes=minutes)).astimezone(timezone(timedelta(hours=offset))),
        st.integers(-1000, 1000),
        st.integers(-12, 12),
    ),
    private=st.booleans(),
)


def _at_least_as_strict(mine: Requirements, theirs: Requirements) -> bool:
    def bound(a: Any, b: Any, *, upper: bool) -> bool:
        return b is None or (a is not None and (a <= b if upper else a >= b))

    return (
        bound(mine.min_quality, theirs.min_quality, upper=False)
        and bound(mine.max_cost_usd, theirs.max_cost_usd, upper=True)
        and bound(mine.max_latency_ms, theirs.max_latency_ms, upper=True)
        and bound(mine.deadline, theirs.deadline, upper=True)
        and mine.private >= theirs.private
    )


@given(a=_requirements, b=_requirements)
def test_both_together_are_never_looser_than_either(a: Requirements, b: Requirements) -> None:
    both = a.tightened_by(b)
    assert _at_least_as_strict(both, a)
    assert _at_least_as_strict(both, b)
    for name in Requirements.__struct_fields__:
        assert getattr(both, name) in (getattr(a, name), getattr(b, name)), "and nothing is invented"
    assert both == b.tightened_by(a)


@given(a=_requirements)
def test_nothing_tightens_nothing(a: Requirements) -> None:
    assert a.tightened_by(NO_REQUIREMENTS) == a
    assert a.tightened_by(a) == a
