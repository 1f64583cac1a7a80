"""What happened, as frozen details that anybody may subscribe to.

The engine emits; exporters (`records.telemetry`), health and the ledger listen. A listener must be quick and must
not raise: it runs on the serving path.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from msgspec import Struct

from .tasks import Attempt, Decision, Outcome, Task


class DecisionMade(Struct, frozen=True, kw_only=True):
    """Candidates were ordered for a task; no call has been made."""

    task: Task
    decision: Decision
    seconds: float
    """How long profiling and deciding took."""


class AttemptEnded(Struct, frozen=True, kw_only=True):
    """One call to one provider ended, well or badly."""

    task_id: str
    attempt: Attempt


class TaskEnded(Struct, frozen=True, kw_only=True):
    """A task is settled."""

    outcome: Outcome


class DeploymentRested(Struct, frozen=True, kw_only=True):
    """A deployment failed repeatedly and goes to the back of the line until `until`."""

    deployment: str
    until: datetime
    reason: str


class DeploymentRecovered(Struct, frozen=True, kw_only=True):
    """A rested deployment answered again."""

    deployment: str


Event = DecisionMade | AttemptEnded | TaskEnded | DeploymentRested | DeploymentRecovered
EventSink = Callable[[Event], None]
