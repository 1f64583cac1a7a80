"""The table of failures: complete, and free of contradictions."""

from __future__ import annotations

import pytest

from podium.core.errors import FailureKind
from podium.policies.reliability import REACTIONS


def test_every_kind_has_a_row() -> None:
    assert set(REACTIONS) == set(FailureKind)


@pytest.mark.parametrize("kind", list(FailureKind))
def test_rows_do_not_contradict_themselves(kind: FailureKind) -> None:
    row = REACTIONS[kind]
    assert row.reason
    assert not row.rests_at_once or row.counts_against_health
    assert not row.rests_at_once or not row.retry_here  # what cannot pass is not worth a second try
    assert not (row.larger_window or row.provider_wide) or row.go_elsewhere
    assert not row.callers_fault or not row.counts_against_health
    assert not row.retry_here or row.go_elsewhere


CALLERS = {
    FailureKind.BAD_REQUEST,
    FailureKind.CONTEXT_TOO_LONG,
    FailureKind.CONTENT_REFUSED,
    FailureKind.CANCELLED,
}


@pytest.mark.parametrize("kind", list(FailureKind))
def test_whose_fault_it_is(kind: FailureKind) -> None:
    assert REACTIONS[kind].callers_fault == (kind in CALLERS)
    assert REACTIONS[kind].counts_against_health == (kind not in CALLERS | {FailureKind.UNFIT, FailureKind.NOT_CARRIED})
