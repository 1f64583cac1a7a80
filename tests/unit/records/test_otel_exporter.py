"""Traces by the GenAI conventions. Attribute names are checked against OpenTelemetry's own list of them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes
from opentelemetry.trace import SpanKind, StatusCode

from podium.core.errors import ConfigError, FailureKind
from podium.core.events import AttemptEnded, TaskEnded
from podium.core.messages import Options
from podium.core.tasks import Attempt, Outcome
from podium.core.usage import Money, Usage
from podium.records.telemetry import OpenTelemetryExporter


@pytest.fixture
def spans() -> Callable[[Outcome], list[ReadableSpan]]:
    """Exports one settled task; gives its spans, the task's own last."""
    memory, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(memory))
    exporter = OpenTelemetryExporter(provider)

    def export(outcome: Outcome) -> list[ReadableSpan]:
        memory.clear()
        exporter(TaskEnded(outcome=outcome))
        return list(memory.get_finished_spans())

    return export


def _attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def test_a_task_is_a_span_and_each_call_a_child(
    spans: Any, make_outcome: Callable[..., Outcome], make_attempt: Callable[..., Attempt], failed_attempt: Any
) -> None:
    outcome = make_outcome(
        failed_attempt(1, latency_ms=50.0),
        make_attempt(2, model="large", first_token_ms=250.0),
        first_token_ms=301.5,
        options=Options(max_tokens=400, temperature=0.2, stop=("END",)),
    )
    first, second, task = spans(outcome)
    assert (task.name, task.kind, task.parent) == ("chat auto", SpanKind.INTERNAL, None)
    assert _attributes(task) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "auto",
        "gen_ai.request.max_tokens": 400,
        "gen_ai.request.temperature": 0.2,
        "gen_ai.request.stop_sequences": ("END",),
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 20,
        "gen_ai.usage.cache_read.input_tokens": 10,
        "gen_ai.usage.reasoning.output_tokens": 5,
        "gen_ai.provider.name": "acme",
        "gen_ai.response.model": "large",
        "gen_ai.response.time_to_first_chunk": 0.3015,
        "podium.task.id": outcome.task.id,
        "podium.decision.id": outcome.decision.id,
        "podium.route": "default",
        "podium.task.type": "simple_qa",
        "podium.status": "ok",
        "podium.attempts": 2,
        "podium.cost_usd": 0.000123,
    }
    assert task.status.status_code is StatusCode.UNSET
    for span, model in ((first, "small"), (second, "large")):
        assert (span.name, span.kind) == (f"chat {model}", SpanKind.CLIENT)
        assert span.parent is not None
        assert task.context is not None
        assert span.parent.span_id == task.context.span_id
    assert _attributes(first)["error.type"] == "unreachable"
    assert first.status.status_code is StatusCode.ERROR
    assert first.status.description == "connection refused"
    assert _attributes(second)["gen_ai.response.id"] == "req-2"
    assert _attributes(second)["http.response.status_code"] == 200
    assert second.status.status_code is StatusCode.UNSET


def test_spans_have_the_times_the_work_had(spans: Any, make_outcome: Callable[..., Outcome]) -> None:
    outcome = make_outcome(latency_ms=812.5)
    call, task = spans(outcome)
    start = round(outcome.task.received_at.timestamp()) * 10**9 + outcome.task.received_at.microsecond * 1000
    assert (task.start_time, task.end_time) == (start, start + 812_500_000)
    assert (call.start_time, call.end_time) == (start + 1_000_000, start + 1_000_000 + 800_250_000)
    assert outcome.attempts[0].started_at == outcome.task.received_at + timedelta(milliseconds=1)


def test_a_failed_task_names_its_last_failure(
    spans: Any, make_outcome: Callable[..., Outcome], failed_attempt: Any
) -> None:
    outcome = make_outcome(
        failed_attempt(1, failure=FailureKind.TIMEOUT), status="failed", error="all attempts failed", cost=None
    )
    *_, task = spans(outcome)
    assert _attributes(task)["error.type"] == "timeout"
    assert (task.status.status_code, task.status.description) == (StatusCode.ERROR, "all attempts failed")
    assert "podium.cost_usd" not in _attributes(task), "unknown is absent, not 0"
    assert "gen_ai.provider.name" not in _attributes(task)
    (alone,) = spans(make_outcome(attempts=(), status="failed", error="nobody"))
    assert _attributes(alone)["error.type"] == "failed"


def test_every_genai_attribute_is_one_the_conventions_know(
    spans: Any, make_outcome: Callable[..., Outcome], make_attempt: Callable[..., Attempt]
) -> None:
    known = {value for name, value in vars(gen_ai_attributes).items() if name.startswith("GEN_AI_")}
    options = Options(max_tokens=1, temperature=1.0, top_p=0.5, seed=7, stop=("a",), n=2)
    attempt = make_attempt(usage=Usage(input=9, output=9, cached=1, cache_write=1, reasoning=1), first_token_ms=1.0)
    used = {name for span in spans(make_outcome(attempt, options=options)) for name in _attributes(span)}
    genai = {name for name in used if name.startswith("gen_ai.")}
    assert len(genai) >= 16
    assert genai <= known


def test_no_span_carries_text(spans: Any, make_outcome: Callable[..., Outcome]) -> None:
    for span in spans(make_outcome(text="xyzzy", answer="xyzzy")):
        assert "xyzzy" not in span.to_json()


def test_other_events_make_no_spans(make_attempt: Callable[..., Attempt]) -> None:
    memory, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(memory))
    OpenTelemetryExporter(provider)(AttemptEnded(task_id="tsk_1", attempt=make_attempt(cost=Money.of(0))))
    assert memory.get_finished_spans() == ()


def test_without_opentelemetry_the_error_gives_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(ConfigError, match=r"pip install 'podium\[otel\]'"):
        OpenTelemetryExporter(TracerProvider())
