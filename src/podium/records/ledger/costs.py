"""The bill: what was spent, by kind of task, user, team, provider or model.

`task`, `user` and `team` add up tasks; `provider` and `model` add up calls, so that a failed call that was billed
lands where it was spent. Tokens, money and the count of unpriced calls have the same total whichever way one looks.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from podium.core.usage import ZERO, Money

from .entries import micros

COST_KEYS = ("task", "user", "team", "provider", "model")
"""Ways of looking at the bill. `task` is the kind of task."""


class CostRow(Struct, frozen=True, kw_only=True):
    """One line of the bill."""

    key: str | None
    """The task type, user, team, provider or model; None where a task named none."""
    requests: int
    """Tasks, or calls when by provider or model."""
    failed: int
    """Those that failed; a caller who went away is no failure."""
    input: int
    output: int
    cached: int
    reasoning: int
    cost: Money
    """The sum of what is known."""
    unpriced: int
    """Calls whose cost is unknown, and therefore not in `cost`."""
    mean_latency_ms: float
    """Milliseconds a request."""


def total_of(rows: Iterable[CostRow]) -> CostRow:
    """All lines in one, its key `total`."""
    lines = list(rows)
    requests = sum(line.requests for line in lines)
    waited = sum(line.mean_latency_ms * line.requests for line in lines)
    return CostRow(
        key="total",
        requests=requests,
        failed=sum(line.failed for line in lines),
        input=sum(line.input for line in lines),
        output=sum(line.output for line in lines),
        cached=sum(line.cached for line in lines),
        reasoning=sum(line.reasoning for line in lines),
        cost=sum((line.cost for line in lines), ZERO),
        unpriced=sum(line.unpriced for line in lines),
        mean_latency_ms=waited / requests if requests else 0.0,
    )


def in_order(rows: Iterable[CostRow]) -> list[CostRow]:
    """Dearest first, then by name; tasks that named nobody last among equals."""
    return sorted(rows, key=lambda row: (-row.cost.usd, row.key is None, row.key or ""))


def bounds(since: datetime | None, until: datetime | None) -> tuple[int | None, int | None]:
    """The span `since <= at < until` in the ledger's microseconds. Raises ValueError for a time without timezone."""
    for moment in (since, until):
        if moment is not None and moment.tzinfo is None:
            raise ValueError(f"{moment.isoformat()} has no timezone; write it with an offset, such as +00:00")
    return (None if since is None else micros(since)), (None if until is None else micros(until))


def check_by(by: str) -> None:
    """Raises ValueError for a way of looking that the ledger does not have."""
    if by not in COST_KEYS:
        raise ValueError(f"costs cannot be shown by {by!r}; choose one of {', '.join(COST_KEYS)}")
