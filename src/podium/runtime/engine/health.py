"""The health of every deployment in this process: policies say what an event means, this remembers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from podium.core.clock import Clock
from podium.core.errors import FailureKind
from podium.core.events import DeploymentRecovered, DeploymentRested, EventSink
from podium.core.health import Standing
from podium.core.settings import EngineSettings
from podium.policies.reliability import NEW, Health, after_failure, after_success

MOST_KEPT = 10_000
"""Deployments remembered; what comes later counts as healthy."""


class HealthBoard:
    """Deployment -> health, and the standings a decision reads. One per process; not shared between threads."""

    def __init__(self, *, settings: EngineSettings, clock: Clock, emit: EventSink) -> None:
        self._settings = settings
        self._clock = clock
        self._emit = emit
        self._health: dict[str, Health] = {}
        self._standings: dict[str, Standing] = {}

    @property
    def standings(self) -> Mapping[str, Standing]:
        """A live view: cheap to hand to every decision."""
        return self._standings

    def succeeded(self, deployment: str, latency_ms: float) -> None:
        """A call ended well."""
        before = self._health.get(deployment, NEW)
        self._keep(deployment, after_success(before, latency_ms=latency_ms), measured_at=self._clock.now())
        if before.resting_until is not None:
            self._emit(DeploymentRecovered(deployment=deployment))

    def failed(self, deployment: str, kind: FailureKind, reason: str) -> None:
        """A call ended badly."""
        before = self._health.get(deployment, NEW)
        now = self._clock.monotonic()
        after = after_failure(before, kind, now=now, settings=self._settings)
        if after is before:
            return  # a failure that says nothing about the deployment
        standing = self._standings.get(deployment)
        self._keep(deployment, after, measured_at=None if standing is None else standing.measured_at)
        # One rest, one event: calls that were under way when it began fail too, and only prolong it.
        if after.resting_until is not None and not before.rests(now):
            until = self._clock.now() + timedelta(seconds=after.resting_until - now)
            self._emit(DeploymentRested(deployment=deployment, until=until, reason=reason))

    def _keep(self, deployment: str, health: Health, *, measured_at: datetime | None) -> None:
        if len(self._health) >= MOST_KEPT and deployment not in self._health:
            return  # callers may name any model of a provider, and memory must not grow with their imagination
        self._health[deployment] = health
        resting = None
        if health.resting_until is not None:
            resting = self._clock.now() + timedelta(seconds=health.resting_until - self._clock.monotonic())
        self._standings[deployment] = Standing(
            latency_ms=health.latency_ms, measured_at=measured_at, resting_until=resting
        )
