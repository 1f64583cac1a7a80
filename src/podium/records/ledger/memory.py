"""The ledger without a database, for tests and for people who want nothing kept.

It takes the same entries as the real one and passes the same suite; its sums are written a second time, in plain
Python, so that each implementation checks the other.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from podium.core.tasks import Outcome
from podium.core.usage import Money

from .costs import CostRow, bounds, check_by, in_order
from .entries import ATTEMPT_COLUMNS, DECISION_COLUMNS, entry_of
from .recall import decision_dict

_Named = dict[str, Any]


class MemoryLedger:
    """A `LedgerWriter` that remembers until it is dropped. Safe to use from several threads."""

    def __init__(self, *, record_text: bool = False) -> None:
        self._record_text = record_text
        self._lock = threading.Lock()
        self._tasks: dict[str, tuple[_Named, list[_Named]]] = {}

    @property
    def pending(self) -> int:
        """Always 0: what is recorded is there."""
        return 0

    def record(self, outcome: Outcome) -> None:
        """Remember a settled task, once."""
        row, attempts = entry_of(outcome, record_text=self._record_text)
        named = dict(zip(DECISION_COLUMNS, row, strict=True))
        calls = [dict(zip(ATTEMPT_COLUMNS, attempt, strict=True)) for attempt in attempts]
        with self._lock:
            self._tasks.setdefault(named["id"], (named, calls))  # type: ignore[arg-type]  # an id is a string

    def flush(self, timeout: float = 10.0) -> bool:
        """Nothing to wait for."""
        return True

    def close(self, timeout: float = 10.0) -> None:
        """Nothing to close; what was recorded stays readable."""

    def costs(self, by: str, since: datetime | None = None, until: datetime | None = None) -> list[CostRow]:
        """The bill over tasks that came in at `since <= at < until`. Raises ValueError."""
        check_by(by)
        groups: dict[str | None, list[_Named]] = {}
        for key, row in self._lines(by, *bounds(since, until)):
            groups.setdefault(key, []).append(row)
        return in_order(_cost_row(key, rows) for key, rows in groups.items())

    def decision(self, decision_id: str) -> dict[str, Any] | None:
        """One recorded decision with its attempts; None for an unknown identifier."""
        with self._lock:
            found = self._tasks.get(decision_id)
        return None if found is None else decision_dict(*found)

    def recent(self, limit: int = 20, *, user: str | None = None, team: str | None = None) -> list[dict[str, Any]]:
        """The latest decisions, newest first, of everybody or of one user or team."""
        with self._lock:
            tasks = list(self._tasks.values())
        wanted = [
            (row, calls)
            for row, calls in tasks
            if (user is None or row["user_id"] == user) and (team is None or row["team_id"] == team)
        ]
        wanted.sort(key=lambda task: (task[0]["at"], task[0]["id"]), reverse=True)
        return [decision_dict(row, calls) for row, calls in wanted[:limit]]

    def _lines(self, by: str, first: int | None, end: int | None) -> Iterator[tuple[str | None, _Named]]:
        with self._lock:
            tasks = list(self._tasks.values())
        for row, calls in tasks:
            if (first is not None and row["at"] < first) or (end is not None and row["at"] >= end):
                continue
            if by in ("provider", "model"):
                for call in calls:
                    yield call[by], call
            else:
                yield row["task_type" if by == "task" else f"{by}_id"], row


def _cost_row(key: str | None, rows: list[_Named]) -> CostRow:
    known, unpriced = 0, 0
    for row in rows:
        if row["cost_nanos"] is not None:
            known += row["cost_nanos"]
        else:
            known += row.get("partial_nanos") or 0
            unpriced += row.get("unpriced", 1)
    return CostRow(
        key=key,
        requests=len(rows),
        failed=sum(_failed(row) for row in rows),
        input=sum(row["input"] for row in rows),
        output=sum(row["output"] for row in rows),
        cached=sum(row["cached"] for row in rows),
        reasoning=sum(row["reasoning"] for row in rows),
        cost=Money.from_nanos(known),
        unpriced=unpriced,
        mean_latency_ms=sum(row["latency_us"] for row in rows) / len(rows) / 1000,
    )


def _failed(row: _Named) -> bool:
    if "failure" in row:
        return row["failure"] not in (None, "cancelled")
    return bool(row["status"] == "failed")
