"""The engine: takes a task through its life and stands behind what it returns."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from podium.core.errors import FailureKind, PodiumError, ProviderError, RequirementsNotMet
from podium.core.events import DecisionMade
from podium.core.health import Standing
from podium.core.messages import Reply
from podium.core.ports import Call, Profiler
from podium.core.tasks import Decision, Outcome, Profile, Task, Verdict
from podium.core.usage import NO_USAGE
from podium.models.catalog import Deployment
from podium.policies.cascade import judge_structure

from .attempts import Attempts
from .costing import says_figures, usage_or_count, written_tokens
from .live import LiveAnswer, open_stream
from .parts import Parts
from .settle import settle, settle_fault


class Decider(Protocol):
    """Orders candidates; `policies.routing.Router` is the one."""

    def decide(self, task: Task, profile: Profile, *, now: datetime, standing: Mapping[str, Standing]) -> Decision: ...


class Completed(Struct, frozen=True, kw_only=True):
    """A whole answer and what it took."""

    reply: Reply
    outcome: Outcome


class _Unfit(ProviderError):
    """An answer that arrived, and is paid for, and fell short of its check."""

    def __init__(self, deployment: Deployment, reply: Reply, verdict: Verdict) -> None:
        super().__init__(
            f"{deployment.id} answered, but {verdict.reason}.",
            kind=FailureKind.UNFIT,
            provider=deployment.provider,
            request_id=reply.request_id,
            usage=reply.usage,
        )
        self.reply = reply
        self.verdict = verdict


class Engine:
    """Takes tasks to answers. One per process; any number of tasks at once on one event loop."""

    def __init__(self, *, profiler: Profiler, decider: Decider, parts: Parts) -> None:
        self._profiler = profiler
        self._decider = decider
        self._parts = parts

    def profile(self, task: Task) -> Profile:
        """What the task is judged to be: nothing decided, no call made."""
        return self._profiler.profile(task)

    def explain(self, task: Task) -> Decision:
        """The decision, no call made and nothing recorded. Raises RequestError where nothing fits."""
        parts = self._parts
        profile = self._profiler.profile(task)
        now, standing = parts.clock.now(), parts.health.standings
        pinned = parts.keepers.pinned(task)
        if pinned is not task:
            try:
                return self._decider.decide(pinned, profile, now=now, standing=standing)
            except RequirementsNotMet:
                pass  # its maker cannot take this task: another goes on without the reasoning it cannot read
        return self._decider.decide(task, profile, now=now, standing=standing)

    def _decide(self, task: Task) -> Decision:
        clock = self._parts.clock
        began = clock.monotonic()
        decision = self.explain(task)
        self._parts.emit(DecisionMade(task=task, decision=decision, seconds=clock.monotonic() - began))
        return decision

    async def complete(self, task: Task) -> Completed:
        """A whole answer. Raises RequestError, ProviderError (the caller's to mend) or AllAttemptsFailed."""
        parts = self._parts
        attempts = Attempts(parts, task, self._decide(task))
        try:
            reply, verdict = await self._first_fit(attempts)
        except BaseException as error:
            settle_fault(parts, attempts, error)
            raise
        outcome = settle(parts, attempts, "ok", verdict=verdict, answer=reply.text)
        return Completed(reply=reply, outcome=outcome)

    async def _first_fit(self, attempts: Attempts) -> tuple[Reply, Verdict]:
        """The first answer that passes its check; where none does, the last one, judged unfit and returned as that."""
        unfit: _Unfit | None = None

        async def call(deployment: Deployment, call: Call) -> tuple[Reply, Verdict]:
            nonlocal unfit
            reply = await self._parts.provider_of(deployment).complete(call)
            if not says_figures(reply.usage):
                usage = usage_or_count(reply.usage, attempts.decision.profile, written_tokens(reply))
                reply = replace(reply, usage=usage)
            verdict = judge_structure(attempts.task, reply)
            if not verdict.accepted:
                unfit = _Unfit(deployment, reply, verdict)
                raise unfit
            attempts.succeeded(reply.usage or NO_USAGE, request_id=reply.request_id)
            if reply.reasoning:
                self._parts.keepers.remember(reply.reasoning, deployment.provider)
            return reply, verdict

        try:
            return await attempts.until_one_works(call)
        except PodiumError:
            if unfit is None:
                raise
            return unfit.reply, unfit.verdict

    async def stream(self, task: Task) -> LiveAnswer:
        """An answer under way: its first content is here, so failing over is behind us. Raises as `complete`."""
        parts = self._parts
        attempts = Attempts(parts, task, self._decide(task))

        async def call(deployment: Deployment, call: Call) -> LiveAnswer:
            return await open_stream(parts, attempts, parts.provider_of(deployment), deployment, call)

        try:
            return await attempts.until_one_works(call)
        except BaseException as error:
            settle_fault(parts, attempts, error, streamed=True)
            raise
