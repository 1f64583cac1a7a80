"""The end of a task: sum up, write it into the ledger, tell the listeners. Once, whatever happened."""

from __future__ import annotations

import asyncio

from podium.core.events import TaskEnded
from podium.core.tasks import Outcome, OutcomeStatus, Verdict

from .attempts import Attempts
from .costing import sum_up
from .parts import Parts


def settle(
    parts: Parts,
    attempts: Attempts,
    status: OutcomeStatus,
    *,
    verdict: Verdict | None = None,
    error: BaseException | None = None,
    answer: str | None = None,
    streamed: bool = False,
) -> Outcome:
    """Settle a task."""
    usage, cost = sum_up(attempts.made)
    outcome = Outcome(
        task=attempts.task,
        decision=attempts.decision,
        attempts=tuple(attempts.made),
        status=status,
        verdict=verdict,
        error=None if error is None else str(error) or repr(error),
        usage=usage,
        cost=cost,
        latency_ms=(parts.clock.monotonic() - attempts.began) * 1000,
        first_token_ms=attempts.first_token_ms,
        answer=answer if parts.keep_text else None,
        streamed=streamed,
    )
    parts.ledger.record(outcome)
    parts.emit(TaskEnded(outcome=outcome))
    return outcome


def settle_fault(parts: Parts, attempts: Attempts, error: BaseException, *, streamed: bool = False) -> Outcome:
    """Settle a task that ended in an exception: ours, a cancellation, or a fault nobody thought of."""
    if isinstance(error, asyncio.CancelledError):
        return settle(parts, attempts, "cancelled", streamed=streamed)
    return settle(parts, attempts, "failed", error=error, streamed=streamed)
