"""Prometheus metrics, counted in plain numbers and turned into the exposition format when somebody asks.

The client library's own counters lock and look labels up at every step, which would cost more than the whole budget
here (5 microseconds a request). So a request only adds to numbers under one lock, and the library sees them at
`render`. Every exporter has its own registry: nothing is global, and two gateways in one process do not mix.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from podium.core.clock import Clock, SystemClock
from podium.core.events import AttemptEnded, DecisionMade, DeploymentRecovered, DeploymentRested, Event, TaskEnded
from podium.core.tasks import Attempt

MAX_LABELS = 200
"""Distinct providers' models, and distinct routes, that get series of their own; what comes later is `other`."""

LATENCY_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0, 120.0)
DECISION_BUCKETS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05)
_OTHER = ("other", "other")


class _Histogram:
    """Seconds counted into buckets."""

    __slots__ = ("_bounds", "counts", "sum")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self._bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def observe(self, seconds: float) -> None:
        self.counts[bisect_left(self._bounds, seconds)] += 1
        self.sum += seconds

    def family(self, name: str, documentation: str) -> Metric:
        running, buckets = 0, []
        for bound, count in zip((*map(str, self._bounds), "+Inf"), self.counts, strict=True):
            running += count
            buckets.append((bound, running))
        return HistogramMetricFamily(name, documentation, buckets=buckets, sum_value=self.sum)


class _Deployment:
    """What is counted for one model at one provider."""

    __slots__ = ("attempts", "cached", "cost", "input", "output", "reasoning", "unpriced")

    def __init__(self) -> None:
        self.attempts: dict[str, int] = {}  # by failure, `none` for success
        self.input = self.output = self.cached = self.reasoning = self.unpriced = 0
        self.cost = Decimal(0)

    def add(self, attempt: Attempt) -> None:
        failure = attempt.failure or "none"
        self.attempts[failure] = self.attempts.get(failure, 0) + 1
        usage = attempt.usage
        self.input += usage.input
        self.output += usage.output
        self.cached += usage.cached
        self.reasoning += usage.reasoning
        if attempt.cost is None:
            self.unpriced += 1
        else:
            self.cost += attempt.cost.usd


class PrometheusExporter:
    """Counts events; `render` gives the page for `/metrics`. Safe to call from several threads."""

    def __init__(self, *, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._tasks: dict[tuple[str, str], int] = {}  # by (route, status)
        self._routes: set[str] = set()
        self._deployments: dict[tuple[str, str], _Deployment] = {}
        self._rested: dict[str, datetime] = {}
        self._latency = _Histogram(LATENCY_BUCKETS)
        self._first_token = _Histogram(LATENCY_BUCKETS)
        self._deciding = _Histogram(DECISION_BUCKETS)
        self._registry = CollectorRegistry()
        self._registry.register(_Page(self))

    def __call__(self, event: Event) -> None:
        """Count one event."""
        with self._lock:
            if isinstance(event, AttemptEnded):
                self._deployment(event.attempt).add(event.attempt)
            elif isinstance(event, TaskEnded):
                self._task_ended(event)
            elif isinstance(event, DecisionMade):
                self._deciding.observe(event.seconds)
            elif isinstance(event, DeploymentRested):
                self._rested[event.deployment] = event.until
            elif isinstance(event, DeploymentRecovered):
                self._rested.pop(event.deployment, None)

    def render(self) -> tuple[bytes, str]:
        """The metrics page in the Prometheus text format, and its content type."""
        return generate_latest(self._registry), CONTENT_TYPE_LATEST

    def _task_ended(self, event: TaskEnded) -> None:
        outcome = event.outcome
        route = outcome.decision.route
        if route not in self._routes:
            if len(self._routes) < MAX_LABELS:
                self._routes.add(route)
            else:
                route = "other"
        key = (route, outcome.status)
        self._tasks[key] = self._tasks.get(key, 0) + 1
        self._latency.observe(outcome.latency_ms / 1000)
        if outcome.first_token_ms is not None:
            self._first_token.observe(outcome.first_token_ms / 1000)

    def _deployment(self, attempt: Attempt) -> _Deployment:
        key = (attempt.provider, attempt.model)
        found = self._deployments.get(key)
        if found is None:
            if len(self._deployments) >= MAX_LABELS:
                key = _OTHER
            found = self._deployments.setdefault(key, _Deployment())
        return found

    def _families(self) -> list[Metric]:
        with self._lock:
            now = self._clock.now()
            self._rested = {name: until for name, until in self._rested.items() if until > now}
            return [
                self._task_family(),
                *self._deployment_families(),
                self._latency.family("podium_task_seconds", "Time to the whole answer."),
                self._first_token.family("podium_first_token_seconds", "Time to the first token."),
                self._deciding.family("podium_decision_seconds", "Time to profile a task and order candidates."),
                GaugeMetricFamily(
                    "podium_rested_deployments",
                    "Deployments at the back of the line after repeated failures.",
                    value=len(self._rested),
                ),
            ]

    def _task_family(self) -> Metric:
        tasks = CounterMetricFamily("podium_tasks", "Tasks settled.", labels=("route", "status"))
        for (route, status), count in self._tasks.items():
            tasks.add_metric((route, status), count)
        return tasks

    def _deployment_families(self) -> list[Metric]:
        who = ("provider", "model")
        attempts = CounterMetricFamily("podium_attempts", "Calls to providers.", labels=(*who, "failure"))
        tokens = CounterMetricFamily(
            "podium_tokens",
            "Tokens by kind; cached are part of input, reasoning of output.",
            labels=(*who, "kind"),
        )
        cost = CounterMetricFamily("podium_cost_usd", "Dollars spent, as far as prices are known.", labels=who)
        unpriced = CounterMetricFamily("podium_unpriced_attempts", "Calls whose cost is unknown.", labels=who)
        for key, counted in self._deployments.items():
            for failure, count in counted.attempts.items():
                attempts.add_metric((*key, failure), count)
            for kind in ("input", "output", "cached", "reasoning"):
                tokens.add_metric((*key, kind), getattr(counted, kind))
            cost.add_metric(key, float(counted.cost))
            unpriced.add_metric(key, counted.unpriced)
        return [attempts, tokens, cost, unpriced]


class _Page(Collector):
    """What the client library asks when it renders."""

    def __init__(self, exporter: PrometheusExporter) -> None:
        self._exporter = exporter

    def collect(self) -> Iterator[Metric]:
        yield from self._exporter._families()
