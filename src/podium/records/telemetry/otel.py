"""OpenTelemetry traces by the GenAI semantic conventions: a span a task, a child span a call.

Attribute names: https://opentelemetry.io/docs/specs/semconv/registry/attributes/gen-ai/. Spans are made when the
task is settled, with the times it really had, so that nothing of OpenTelemetry runs while a caller waits. Text is
never put into a span.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from podium.core.errors import ConfigError
from podium.core.events import Event, TaskEnded
from podium.core.tasks import Attempt, Outcome, Task
from podium.core.usage import Money, Usage

if TYPE_CHECKING:
    from opentelemetry.trace import Span, TracerProvider

_OPERATION = "chat"
_EPOCH_SECONDS = 1_000_000_000


class OpenTelemetryExporter:
    """Makes spans of settled tasks. Raises ConfigError where OpenTelemetry is not installed."""

    def __init__(self, tracer_provider: TracerProvider) -> None:
        try:
            from opentelemetry import trace
        except ImportError as exc:
            raise ConfigError(
                f"Traces need OpenTelemetry, which cannot be imported ({exc}).",
                remedy="Install it with: pip install 'podium[otel]'",
            ) from exc
        self._trace = trace
        self._tracer = tracer_provider.get_tracer("podium")

    def __call__(self, event: Event) -> None:
        """Make the spans of a settled task; other events are part of it."""
        if isinstance(event, TaskEnded):
            self._task(event.outcome)

    def _task(self, outcome: Outcome) -> None:
        task, served = outcome.task, outcome.served_by
        attributes: dict[str, Any] = {
            "gen_ai.operation.name": _OPERATION,
            "gen_ai.request.model": task.model,
            **_request(task),
            **_usage(outcome.usage),
            "podium.task.id": task.id,
            "podium.decision.id": outcome.decision.id,
            "podium.route": outcome.decision.route,
            "podium.task.type": outcome.decision.profile.task_type.value.value,
            "podium.status": outcome.status,
            "podium.attempts": len(outcome.attempts),
            **_cost(outcome.cost),
        }
        if served is not None:
            attributes["gen_ai.provider.name"] = served.provider
            attributes["gen_ai.response.model"] = served.model
        if outcome.first_token_ms is not None:
            attributes["gen_ai.response.time_to_first_chunk"] = outcome.first_token_ms / 1000
        span = self._start(f"{_OPERATION} {task.model}", self._trace.SpanKind.INTERNAL, attributes, task.received_at)
        context = self._trace.set_span_in_context(span)
        for attempt in outcome.attempts:
            self._attempt(task, attempt, context)
        if outcome.status != "ok":
            # The failure that ended the task; a task that ended without any call has only its status.
            last = outcome.attempts[-1].failure if outcome.attempts else None
            self._fail(span, (last or outcome.status), outcome.error)
        span.end(_nanos(task.received_at, outcome.latency_ms))

    def _attempt(self, task: Task, attempt: Attempt, context: Any) -> None:
        attributes: dict[str, Any] = {
            "gen_ai.operation.name": _OPERATION,
            "gen_ai.provider.name": attempt.provider,
            "gen_ai.request.model": attempt.model,
            **_request(task),
            **_usage(attempt.usage),
            "podium.attempt.number": attempt.number,
            **_cost(attempt.cost),
        }
        if attempt.request_id is not None:
            attributes["gen_ai.response.id"] = attempt.request_id
        if attempt.first_token_ms is not None:
            attributes["gen_ai.response.time_to_first_chunk"] = attempt.first_token_ms / 1000
        if attempt.status is not None:
            attributes["http.response.status_code"] = attempt.status
        name = f"{_OPERATION} {attempt.model}"
        span = self._start(name, self._trace.SpanKind.CLIENT, attributes, attempt.started_at, context)
        if attempt.failure is not None:
            self._fail(span, attempt.failure, attempt.error)
        span.end(_nanos(attempt.started_at, attempt.latency_ms))

    def _start(
        self, name: str, kind: Any, attributes: dict[str, Any], started_at: datetime, context: Any = None
    ) -> Span:
        return self._tracer.start_span(
            name, context=context, kind=kind, attributes=attributes, start_time=_nanos(started_at)
        )

    def _fail(self, span: Span, kind: str, error: str | None) -> None:
        span.set_attribute("error.type", str(kind))
        span.set_status(self._trace.Status(self._trace.StatusCode.ERROR, error))


def _request(task: Task) -> dict[str, Any]:
    options = task.options
    given = {
        "gen_ai.request.max_tokens": options.max_tokens,
        "gen_ai.request.temperature": options.temperature,
        "gen_ai.request.top_p": options.top_p,
        "gen_ai.request.seed": options.seed,
        "gen_ai.request.stop_sequences": options.stop or None,
        "gen_ai.request.choice.count": options.n if options.n != 1 else None,
    }
    return {name: value for name, value in given.items() if value is not None}


def _usage(usage: Usage) -> dict[str, int]:
    kinds = {
        "gen_ai.usage.input_tokens": usage.input,
        "gen_ai.usage.output_tokens": usage.output,
    }
    parts = {
        "gen_ai.usage.cache_read.input_tokens": usage.cached,
        "gen_ai.usage.cache_creation.input_tokens": usage.cache_write,
        "gen_ai.usage.reasoning.output_tokens": usage.reasoning,
    }
    return kinds | {name: count for name, count in parts.items() if count}


def _cost(cost: Money | None) -> dict[str, float]:
    # Absent where unknown: a trace must not say $0 either.
    return {} if cost is None else {"podium.cost_usd": float(cost.usd)}


def _nanos(when: datetime, plus_ms: float = 0.0) -> int:
    moment = when + timedelta(milliseconds=plus_ms)
    return int(moment.timestamp()) * _EPOCH_SECONDS + moment.microsecond * 1000
