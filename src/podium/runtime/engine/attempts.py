"""The calls of one task: candidate after candidate until one works, each recorded as what it was."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

from podium.core.errors import AllAttemptsFailed, FailureKind, InvalidRequest, PodiumError, ProviderError
from podium.core.events import AttemptEnded
from podium.core.ports import Call
from podium.core.tasks import Attempt, Decision, Task
from podium.core.usage import Usage
from podium.models.catalog import Deployment
from podium.policies.reliability import Next, Retry, Stop, next_step

from .costing import cost_of, cost_of_failure, credible, spent, usage_of_failure
from .files import TaskFiles
from .parts import Parts

T = TypeVar("T")

_TIMER_SLACK_S = 0.05
_UNKNOWN = "unknown"
"""The vendor of a model nobody described."""

_STATUS_OF = {
    FailureKind.RATE_LIMITED: 429,
    FailureKind.OVERLOADED: 503,
    FailureKind.UNREACHABLE: 503,
    FailureKind.TIMEOUT: 504,
    FailureKind.CONTEXT_TOO_LONG: 400,
}
_PASSING = frozenset({FailureKind.RATE_LIMITED, FailureKind.OVERLOADED, FailureKind.UNREACHABLE})


class Attempts:
    """The calls of one task so far. Mutable, owned by one task."""

    def __init__(self, parts: Parts, task: Task, decision: Decision) -> None:
        self.task = task
        self.decision = decision
        self.made: list[Attempt] = []
        self.first_token_ms: float | None = None
        """Since the task began: what the caller waited."""
        self.call_first_token_ms: float | None = None
        """Since the call under way began: what the deployment took."""
        self.began = parts.clock.monotonic()
        self._parts = parts
        self._deployment: Deployment | None = None
        self._started: datetime = task.received_at
        self._started_mono = self.began
        self._here = 0
        self._waits: list[float] = []  # what failed providers asked for
        self._files = TaskFiles(parts, task)
        self._unsent = 0  # attempts whose provider's wire could not carry the request: no call was made

    async def until_one_works(self, call: Callable[[Deployment, Call], Awaitable[T]]) -> T:
        """Call candidates in turn, as `policies.reliability` says, until one works.

        Raises ProviderError where the failure is the caller's to mend, AllAttemptsFailed where nothing is left.
        """
        place = 0
        while True:
            candidate = self.decision.candidates[place]
            deployment = self._parts.find_deployment(candidate.deployment)
            if deployment is None:  # a catalog that was replaced meanwhile
                raise self._exhausted(None)
            # Outside the attempt: a caller who leaves meanwhile, or a file that never comes, is not a provider's cost.
            hindrance = await self._files.hinder(deployment, self._seconds_left()) if self._files else None
            try:
                opened = self._open(deployment, candidate.max_tokens)
                if hindrance is not None:
                    raise hindrance
                return await call(deployment, opened)
            except ProviderError as error:
                self.failed(error)
                step = self._what_next(error, place)
                if isinstance(step, Stop):
                    if step.callers_fault:
                        raise
                    raise self._exhausted(error) from error
                if isinstance(step, Retry):
                    await self._parts.sleep(step.delay_s)
                else:
                    place = step.place
                    self._here = 0
            except asyncio.CancelledError:
                self.cancelled()
                raise

    def _open(self, deployment: Deployment, max_tokens: int | None) -> Call:
        self._deployment = deployment
        self._here += 1
        self._started = self._parts.clock.now()
        self._started_mono = self._parts.clock.monotonic()
        timeout = self._parts.timeout_of(deployment)
        left = self._seconds_left()
        if left is not None:
            left = max(left, 0.001)
            timeout = min(timeout, left)
        return Call(
            task=self.task,
            model=deployment.model,
            timeout_s=timeout,
            max_tokens=max_tokens,
            wire=deployment.wire_for(self.task),
            left_s=left,
            reasons=None if deployment.card.vendor == _UNKNOWN else "reasoning" in deployment.capabilities,
            files=self._files.brought,
        )

    def _seconds_left(self) -> float | None:
        deadline = self.decision.requirements.deadline
        return None if deadline is None else (deadline - self._parts.clock.now()).total_seconds()

    def _cut_by_deadline(self, kind: FailureKind) -> bool:
        """Whether a timeout was the caller's own deadline, which says nothing about the deployment."""
        if kind is not FailureKind.TIMEOUT:
            return False
        left = self._seconds_left()
        return left is not None and left <= _TIMER_SLACK_S

    def _what_next(self, error: ProviderError, place: int) -> Retry | Next | Stop:
        return next_step(
            error.kind,
            retry_after_s=error.retry_after_s,
            made_here=self._here,
            made=len(self.made) - self._unsent,
            place=place,
            candidates=self.decision.candidates,
            seconds_left=self._seconds_left(),
            spent=spent(self.made),
            max_cost=self.decision.requirements.max_cost,
            settings=self._parts.settings,
            random=self._parts.random(),
        )

    # --- the end of one attempt ------------------------------------------------------------------------------------

    def succeeded(self, usage: Usage, *, request_id: str | None = None, first_token_ms: float | None = None) -> None:
        """The call under way ended well."""
        deployment = self._under_way()
        self._parts.health.succeeded(deployment.id, self._elapsed_ms())
        self._add(
            deployment,
            usage=usage,
            cost=cost_of(deployment, usage, self._started),
            request_id=request_id,
            first_token_ms=first_token_ms,
        )

    def failed(self, error: ProviderError, *, usage: Usage | None = None, first_token_ms: float | None = None) -> None:
        """The call under way failed; `usage` where the answer arrived all the same."""
        deployment = self._under_way()
        used = usage or credible(error.usage) or usage_of_failure(error.kind, error.http_status, self.decision.profile)
        if error.kind is FailureKind.NOT_CARRIED:
            self._unsent += 1
        if error.retry_after_s is not None:
            self._waits.append(error.retry_after_s)
        if not self._cut_by_deadline(error.kind):
            self._parts.health.failed(deployment.id, error.kind, error.message)
        self._add(
            deployment,
            failure=error.kind,
            error=error.message,
            status=error.http_status,
            usage=used,
            cost=cost_of_failure(deployment, used, self._started),
            request_id=error.request_id,
            first_token_ms=first_token_ms,
        )

    def cancelled(self, *, usage: Usage | None = None, first_token_ms: float | None = None) -> None:
        """The caller left during the call under way."""
        deployment = self._under_way()
        used = usage or usage_of_failure(FailureKind.CANCELLED, None, self.decision.profile)
        self._add(
            deployment,
            failure=FailureKind.CANCELLED,
            error="the caller went away",
            usage=used,
            cost=cost_of_failure(deployment, used, self._started),
            first_token_ms=first_token_ms,
        )

    def _under_way(self) -> Deployment:
        assert self._deployment is not None, "no call is under way"
        return self._deployment

    def _elapsed_ms(self) -> float:
        return (self._parts.clock.monotonic() - self._started_mono) * 1000

    def first_token_came(self) -> None:
        """The call under way brought its first content."""
        self.first_token_ms = (self._parts.clock.monotonic() - self.began) * 1000
        self.call_first_token_ms = self._elapsed_ms()

    def _add(self, deployment: Deployment, **details: object) -> None:
        attempt = Attempt(
            number=len(self.made) + 1,
            deployment=deployment.id,
            provider=deployment.provider,
            model=deployment.model,
            started_at=self._started,
            latency_ms=self._elapsed_ms(),
            **details,  # type: ignore[arg-type]  # named by this class's own three callers
        )
        self.made.append(attempt)
        self._parts.emit(AttemptEnded(task_id=self.task.id, attempt=attempt))

    def _exhausted(self, last: ProviderError | None) -> PodiumError:
        if last is not None and self._unsent == len(self.made):
            # Nothing failed: the request asks for what no wire at hand has, and only its sender can change that.
            return InvalidRequest(last.message, remedy=last.remedy or "Name a model whose provider can do this.")
        tried = tuple(
            f"{attempt.deployment}: {attempt.failure.value if attempt.failure else 'ok'}: {attempt.error}"
            for attempt in self.made
        )
        return AllAttemptsFailed(
            f"None of {len({attempt.deployment for attempt in self.made})} models answered"
            f" ({len(self.made)} calls). Last: {last.message if last else 'nothing could be called'}",
            remedy=last.remedy if last is not None and last.remedy else "Try again, or configure another provider.",
            decision_id=self.decision.id,
            tried=tried,
            http_status=self._status(),
            retry_after_s=min(self._waits, default=None),
        )

    def _status(self) -> int:
        """What all failures together say: one kind its own status, and that it passes where each of them does."""
        kinds = {attempt.failure for attempt in self.made if attempt.failure is not None}
        if kinds == {FailureKind.NOT_FOUND} and not self.task.model.startswith("auto"):
            return 404  # the caller named it, so it is the caller who can mend it
        if len(kinds) == 1:
            return _STATUS_OF.get(kinds.pop(), 502)
        return 503 if kinds and kinds <= _PASSING else 502
