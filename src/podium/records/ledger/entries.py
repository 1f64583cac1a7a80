"""Turns an outcome into the rows the ledger keeps: the only place that says what is recorded.

This runs on the serving path, once a task, so it is written for speed: plain tuples in the order of the columns,
enumerations taken as the strings they are. The attempts are the bill: a task's tokens and money are the sums of its
attempts' own, each rounded once, so that every way of adding the ledger up gives the same total.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import msgspec

from podium.core.tasks import NO_REQUIREMENTS, Attempt, Candidate, Decision, Outcome, Profile, Requirements
from podium.core.usage import NO_USAGE, Usage

Value = str | int | float | bool | None
Row = tuple[Value, ...]
Entry = tuple[Row, tuple[Row, ...]]
"""One task: its row in `decisions`, its rows in `attempts`."""


USAGE_COLUMNS = ("input", "output", "cached", "cache_write", "reasoning", "audio_input", "audio_output", "estimated")
DECISION_COLUMNS = (
    *("id", "task_id", "at", "route", "requested_model"),
    *("task_type", "task_type_confidence", "complexity", "domain", "language", "sensitivity", "findings", "modality"),
    *("input_tokens_est", "priority", "source", "user_id", "team_id", "tags", "requirements"),
    *("rules", "warnings", "why", "candidates", "candidate_count", "rejected_count"),
    *("chosen_provider", "chosen_model", "chosen_tier", "served_provider", "served_model", "served_tier"),
    *("status", "error", "attempt_count", "streamed"),
    *("verdict_score", "verdict_accepted", "verdict_check", "verdict_reason", "latency_us", "first_token_us"),
    *USAGE_COLUMNS,
    *("cost_nanos", "partial_nanos", "unpriced", "question", "answer"),
)
ATTEMPT_COLUMNS = (
    *("decision_id", "number", "provider", "model", "at", "latency_us", "first_token_us"),
    *("failure", "error", "status", "request_id"),
    *USAGE_COLUMNS,
    "cost_nanos",
)

KEPT_CANDIDATES = 5
_INT32 = 2**31 - 1
_WIDE_COLUMNS = frozenset(
    {"at", "latency_us", "first_token_us", "cost_nanos", "partial_nanos"}
)  # 64 bits in the schema
_ERROR_LENGTH = 500  # a provider's error page is not worth more than this, times a million rows
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_encode = msgspec.json.Encoder(decimal_format="string").encode
_Money = tuple[int | None, int | None, int]  # whole cost, its known part where the whole is unknown, unknown attempts


def entry_of(outcome: Outcome, *, record_text: bool) -> Entry:
    """The rows of one settled task. Text of question and answer only where `record_text` asks for it."""
    task, decision, attempts = outcome.task, outcome.decision, outcome.attempts
    profile = decision.profile
    served = outcome.served_by
    served_tier = None if served is None else _tier_of(served, decision)
    chosen = decision.candidates[0] if decision.candidates else None
    verdict = outcome.verdict
    rows = tuple([_attempt_row(decision.id, attempt) for attempt in attempts])
    usage = _usage_of(attempts)
    cost, partial, unpriced = _money_of(rows)
    row: Row = (
        *(decision.id, task.id, micros(task.received_at), decision.route, task.model),
        *_profile_values(profile),
        *(task.priority, task.source, task.user, task.team, _json(task.tags), _requirements(decision.requirements)),
        *(_json(decision.rules), _json(decision.warnings), decision.why, _candidates(decision.candidates)),
        *(len(decision.candidates), len(decision.rejected)),
        *((None, None, None) if chosen is None else (chosen.provider, chosen.model, chosen.tier)),
        *((None, None, None) if served is None else (served.provider, served.model, served_tier)),
        *(outcome.status, _short(outcome.error), len(attempts), outcome.streamed),
        *(
            (None, None, None, None)
            if verdict is None
            else (verdict.score, verdict.accepted, verdict.check, verdict.reason)
        ),
        *(round(outcome.latency_ms * 1000), _us(outcome.first_token_ms)),
        *_usage_values(usage),
        *(cost, partial, unpriced),
        *((_question(outcome), outcome.answer) if record_text else (None, None)),
    )
    return row, rows


def micros(when: datetime) -> int:
    """Whole microseconds since 1970, UTC: how the ledger stores a moment. Exact, where a float timestamp is not."""
    return (when - _EPOCH) // _MICROSECOND


def text_size(entry: Entry) -> int:
    """Characters of recorded question and answer: what makes an entry big."""
    question, answer = entry[0][-2:]
    return len(str(question or "")) + len(str(answer or ""))


def scrubbed(entry: Entry) -> Entry:
    """An entry most databases take: unstorable characters replaced, absurd counts cut to 32 bits, money untouched."""
    row, attempts = entry
    return _scrub(DECISION_COLUMNS, row), tuple(_scrub(ATTEMPT_COLUMNS, attempt) for attempt in attempts)


def _scrub(columns: tuple[str, ...], row: Row) -> Row:
    clean: list[Value] = []
    for column, value in zip(columns, row, strict=True):
        if isinstance(value, str):
            clean.append(value.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8"))
        elif isinstance(value, int) and column not in _WIDE_COLUMNS and abs(value) > _INT32:
            clean.append(_INT32 if value > 0 else -_INT32)
        else:
            clean.append(value)
    return tuple(clean)


def _profile_values(profile: Profile) -> Row:
    modalities = profile.modalities.value
    return (
        profile.task_type.value,
        profile.task_type.confidence,
        profile.complexity.value,
        profile.domain.value,
        profile.language.value,
        profile.sensitivity.value,
        _json(profile.findings),
        modalities[0] if len(modalities) == 1 else ",".join(modalities),
        profile.input_tokens,
    )


def _attempt_row(decision_id: str, attempt: Attempt) -> Row:
    return (
        decision_id,
        attempt.number,
        attempt.provider,
        attempt.model,
        micros(attempt.started_at),
        round(attempt.latency_ms * 1000),
        _us(attempt.first_token_ms),
        attempt.failure,
        _short(attempt.error),
        attempt.status,
        attempt.request_id,
        *_usage_values(attempt.usage),
        None if attempt.cost is None else attempt.cost.to_nanos(),
    )


def _usage_of(attempts: tuple[Attempt, ...]) -> Usage:
    if len(attempts) == 1:
        return attempts[0].usage
    return sum((attempt.usage for attempt in attempts), NO_USAGE)


def _usage_values(usage: Usage) -> Row:
    return (
        usage.input,
        usage.output,
        usage.cached,
        usage.cache_write,
        usage.reasoning,
        usage.audio_input,
        usage.audio_output,
        usage.estimated,
    )


def _money_of(rows: tuple[Row, ...]) -> _Money:
    known, unpriced = 0, 0
    for row in rows:
        nanos = row[-1]
        if nanos is None:
            unpriced += 1
        else:
            known += int(nanos)
    return (None, known, unpriced) if unpriced else (known, None, 0)


def _tier_of(served: Attempt, decision: Decision) -> int | None:
    for candidate in decision.candidates:
        if candidate.deployment == served.deployment:
            return candidate.tier
    return None


def _candidates(candidates: tuple[Candidate, ...]) -> str:
    return _encode(
        [
            (
                candidate.deployment,
                None if candidate.expected_cost is None else candidate.expected_cost.to_nanos(),
                round(candidate.expected_quality * 1000),
                candidate.expected_latency_ms,
            )
            for candidate in candidates[:KEPT_CANDIDATES]
        ]
    ).decode()


def _requirements(requirements: Requirements) -> str | None:
    if requirements is NO_REQUIREMENTS or requirements == NO_REQUIREMENTS:
        return None
    given = {name: getattr(requirements, name) for name in requirements.__struct_fields__}
    return _encode({name: value for name, value in given.items() if value is not None and value is not False}).decode()


def _json(value: Iterable[object]) -> str | None:
    return _encode(value).decode() if value else None


def _us(milliseconds: float | None) -> int | None:
    return None if milliseconds is None else round(milliseconds * 1000)


def _short(text: str | None) -> str | None:
    return text if text is None or len(text) <= _ERROR_LENGTH else text[: _ERROR_LENGTH - 1] + "…"


def _question(outcome: Outcome) -> str:
    return "\n\n".join(f"{message.role}: {message.text}" for message in outcome.task.messages)
