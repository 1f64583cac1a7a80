"""What is recorded of an outcome."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.core.tasks import Attempt, Outcome
from podium.core.usage import Money
from podium.records.ledger.entries import ATTEMPT_COLUMNS, DECISION_COLUMNS, entry_of, micros, scrubbed, text_size
from podium.records.store.schema import attempts, decisions


def _named(outcome: Outcome, record_text: bool = False) -> dict[str, Any]:
    return dict(zip(DECISION_COLUMNS, entry_of(outcome, record_text=record_text)[0], strict=True))


def test_the_columns_are_the_tables() -> None:
    assert sorted(DECISION_COLUMNS) == sorted(column.name for column in decisions.columns)
    assert sorted(ATTEMPT_COLUMNS) == sorted(column.name for column in attempts.columns)


def test_values_fit_their_columns(make_outcome: Callable[..., Outcome]) -> None:
    row, calls = entry_of(make_outcome(user="ann", tags={"a": "b"}), record_text=True)
    for columns, table, values in ((DECISION_COLUMNS, decisions, row), (ATTEMPT_COLUMNS, attempts, calls[0])):
        for name, value in zip(columns, values, strict=True):
            column = table.columns[name]
            assert value is not None or column.nullable, name
            assert value is None or isinstance(value, column.type.python_type), name


@given(st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30)))  # noqa: DTZ001  # aware below
def test_moments_are_exact_to_the_microsecond(moment: datetime) -> None:
    aware = moment.replace(tzinfo=timezone(timedelta(hours=5, minutes=30)))
    assert datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros(aware)) == aware


def test_parts_are_rounded_once_and_then_added(
    make_outcome: Callable[..., Outcome], make_attempt: Callable[..., Attempt]
) -> None:
    tiny = Money(Decimal("0.0000000006"))  # 0.6 nano-dollars: each is 1, three are 3 and not 2
    named = _named(make_outcome(*(make_attempt(number, cost=tiny) for number in (1, 2, 3))))
    assert (named["cost_nanos"], named["partial_nanos"], named["unpriced"]) == (3, None, 0)


def test_an_unknown_part_makes_the_whole_unknown(
    make_outcome: Callable[..., Outcome], make_attempt: Callable[..., Attempt]
) -> None:
    named = _named(make_outcome(make_attempt(1, cost=None), make_attempt(2, cost=Money.of("0.5"))))
    assert (named["cost_nanos"], named["partial_nanos"], named["unpriced"]) == (None, 500_000_000, 1)


def test_only_the_first_candidates_are_kept_and_all_are_counted(make_outcome: Callable[..., Outcome]) -> None:
    outcome = make_outcome()
    named = _named(make_outcome(candidates=outcome.decision.candidates * 4))
    assert named["candidate_count"] == 8
    assert named["candidates"].count("acme/") == 5


def test_a_long_error_is_cut(make_outcome: Callable[..., Outcome]) -> None:
    error = _named(make_outcome(status="failed", error="x" * 100_000))["error"]
    assert len(error) == 500
    assert error.endswith("…")


def test_text_only_where_asked(make_outcome: Callable[..., Outcome]) -> None:
    outcome = make_outcome(text="abc", answer="de")
    assert text_size(entry_of(outcome, record_text=False)) == 0
    assert text_size(entry_of(outcome, record_text=True)) == len("user: abc") + len("de")


@pytest.mark.parametrize(
    ("before", "after"),
    [("a\x00b", "a\ufffdb"), ("half \ud800", "half ?"), ("fine ü 🎈", "fine ü 🎈")],
)
def test_scrubbing_replaces_what_no_text_column_stores(
    make_outcome: Callable[..., Outcome], before: str, after: str
) -> None:
    row, _ = scrubbed(entry_of(make_outcome(user=before), record_text=False))
    assert row[DECISION_COLUMNS.index("user_id")] == after


def test_scrubbing_cuts_counts_and_leaves_money(
    make_outcome: Callable[..., Outcome], make_attempt: Callable[..., Attempt]
) -> None:
    from podium.core.usage import Usage

    outcome = make_outcome(make_attempt(usage=Usage(input=10**12), cost=Money.of(5_000_000)))
    row, calls = scrubbed(entry_of(outcome, record_text=False))
    assert row[DECISION_COLUMNS.index("input")] == 2**31 - 1
    assert row[DECISION_COLUMNS.index("cost_nanos")] == 5_000_000 * 10**9
    assert calls[0][-1] == 5_000_000 * 10**9
