"""The metrics page: what is counted, under which labels, and how many of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from podium.core.errors import FailureKind
from podium.core.events import AttemptEnded, DecisionMade, DeploymentRecovered, DeploymentRested, TaskEnded
from podium.core.tasks import Attempt, Outcome
from podium.core.usage import Money, Usage
from podium.records.telemetry import PrometheusExporter
from podium.records.telemetry.prometheus import MAX_LABELS


class _Clock:
    def __init__(self) -> None:
        self.time = datetime(2030, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return 0.0


def _samples(exporter: PrometheusExporter) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    page, content_type = exporter.render()
    assert content_type.startswith("text/plain")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(page.decode())
        for sample in family.samples
    }


def _value(exporter: PrometheusExporter, name: str, **labels: str) -> float | None:
    return _samples(exporter).get((name, frozenset(labels.items())))


@pytest.fixture
def exporter() -> PrometheusExporter:
    return PrometheusExporter()


def test_a_fresh_page_can_be_read(exporter: PrometheusExporter) -> None:
    assert _value(exporter, "podium_rested_deployments") == 0
    assert _value(exporter, "podium_task_seconds_count") == 0


def test_tasks_are_counted_by_route_and_status(
    exporter: PrometheusExporter, make_outcome: Callable[..., Outcome]
) -> None:
    exporter(TaskEnded(outcome=make_outcome(route="support", latency_ms=300.0, first_token_ms=40.0)))
    exporter(TaskEnded(outcome=make_outcome(route="support", latency_ms=700.0)))
    exporter(TaskEnded(outcome=make_outcome(status="failed", latency_ms=9_000_000.0)))
    assert _value(exporter, "podium_tasks_total", route="support", status="ok") == 2
    assert _value(exporter, "podium_tasks_total", route="default", status="failed") == 1
    assert _value(exporter, "podium_task_seconds_bucket", le="0.25") == 0
    assert _value(exporter, "podium_task_seconds_bucket", le="0.5") == 1
    assert _value(exporter, "podium_task_seconds_bucket", le="120.0") == 2
    assert _value(exporter, "podium_task_seconds_bucket", le="+Inf") == 3
    assert _value(exporter, "podium_task_seconds_sum") == pytest.approx(9001.0)
    assert _value(exporter, "podium_first_token_seconds_count") == 1
    assert _value(exporter, "podium_first_token_seconds_bucket", le="0.05") == 1


def test_a_bound_belongs_to_its_own_bucket(exporter: PrometheusExporter, make_outcome: Callable[..., Outcome]) -> None:
    exporter(TaskEnded(outcome=make_outcome(latency_ms=500.0)))
    assert _value(exporter, "podium_task_seconds_bucket", le="0.5") == 1
    assert _value(exporter, "podium_task_seconds_bucket", le="0.25") == 0


def test_calls_tokens_and_money_are_counted_where_they_were_spent(
    exporter: PrometheusExporter, make_attempt: Callable[..., Attempt]
) -> None:
    usage = Usage(input=100, output=20, cached=30, reasoning=5)
    for attempt in (
        make_attempt(usage=usage, cost=Money.of("0.1")),
        make_attempt(usage=usage, cost=Money.of("0.2")),
        make_attempt(failure=FailureKind.TIMEOUT, usage=Usage(input=7), cost=None),
    ):
        exporter(AttemptEnded(task_id="tsk_1", attempt=attempt))
    who = {"provider": "acme", "model": "small"}
    assert _value(exporter, "podium_attempts_total", **who, failure="none") == 2
    assert _value(exporter, "podium_attempts_total", **who, failure="timeout") == 1
    assert _value(exporter, "podium_tokens_total", **who, kind="input") == 207
    assert _value(exporter, "podium_tokens_total", **who, kind="cached") == 60
    assert _value(exporter, "podium_tokens_total", **who, kind="reasoning") == 10
    assert _value(exporter, "podium_cost_usd_total", **who) == 0.3, "added as decimals: not 0.30000000000000004"
    assert _value(exporter, "podium_unpriced_attempts_total", **who) == 1


def test_decisions_are_timed(exporter: PrometheusExporter, make_outcome: Callable[..., Outcome]) -> None:
    outcome = make_outcome()
    exporter(DecisionMade(task=outcome.task, decision=outcome.decision, seconds=0.0003))
    assert _value(exporter, "podium_decision_seconds_bucket", le="0.00025") == 0
    assert _value(exporter, "podium_decision_seconds_bucket", le="0.0005") == 1


def test_rest_ends_by_recovery_or_by_time() -> None:
    clock = _Clock()
    exporter = PrometheusExporter(clock=clock)
    for number in (1, 2):
        exporter(DeploymentRested(deployment=f"a/{number}", until=clock.time + timedelta(seconds=number), reason="x"))
    assert _value(exporter, "podium_rested_deployments") == 2
    exporter(DeploymentRecovered(deployment="a/1"))
    assert _value(exporter, "podium_rested_deployments") == 1
    clock.time += timedelta(seconds=3)
    assert _value(exporter, "podium_rested_deployments") == 0
    exporter(DeploymentRecovered(deployment="never rested"))


def test_labels_are_bounded_and_nothing_is_dropped(
    exporter: PrometheusExporter, make_attempt: Callable[..., Attempt], make_outcome: Callable[..., Outcome]
) -> None:
    for number in range(MAX_LABELS + 50):
        exporter(AttemptEnded(task_id="tsk_1", attempt=make_attempt(model=f"m{number}")))
        exporter(TaskEnded(outcome=make_outcome(route=f"r{number}")))
    samples = _samples(exporter)
    calls = {labels: value for (name, labels), value in samples.items() if name == "podium_attempts_total"}
    tasks = {labels: value for (name, labels), value in samples.items() if name == "podium_tasks_total"}
    assert len(calls) == len(tasks) == MAX_LABELS + 1
    assert sum(calls.values()) == sum(tasks.values()) == MAX_LABELS + 50
    other: dict[str, Any] = {"provider": "other", "model": "other"}
    assert _value(exporter, "podium_attempts_total", **other, failure="none") == 50
    assert _value(exporter, "podium_tasks_total", route="other", status="ok") == 50


def test_odd_names_do_not_break_the_page(exporter: PrometheusExporter, make_attempt: Callable[..., Attempt]) -> None:
    exporter(AttemptEnded(task_id="tsk_1", attempt=make_attempt(model='we"ird\n\\name')))
    assert _value(exporter, "podium_attempts_total", provider="acme", model='we"ird\n\\name', failure="none") == 1


def test_exporters_share_nothing(exporter: PrometheusExporter, make_outcome: Callable[..., Outcome]) -> None:
    exporter(TaskEnded(outcome=make_outcome()))
    assert _value(PrometheusExporter(), "podium_task_seconds_count") == 0
    assert not [family.name for family in REGISTRY.collect() if family.name.startswith("podium")]
