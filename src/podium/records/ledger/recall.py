"""Turns recorded rows back into something a person or a JSON API can read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from podium.core.usage import Money

from .entries import USAGE_COLUMNS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def decision_dict(row: Mapping[str, Any], attempts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A recorded decision, JSON-ready: times ISO 8601 in UTC, durations in ms, money as decimal strings or None."""
    verdict = None
    if row["verdict_accepted"] is not None:
        verdict = {
            "accepted": bool(row["verdict_accepted"]),
            "score": row["verdict_score"],
            "check": row["verdict_check"],
            "reason": row["verdict_reason"],
        }
    return {
        "id": row["id"],
        "task_id": row["task_id"],
        "at": _iso(row["at"]),
        "route": row["route"],
        "requested_model": row["requested_model"],
        "profile": {
            "task_type": row["task_type"],
            "task_type_confidence": row["task_type_confidence"],
            "complexity": row["complexity"],
            "domain": row["domain"],
            "language": row["language"],
            "sensitivity": row["sensitivity"],
            "findings": _list(row["findings"]),
            "modalities": row["modality"].split(","),
            "input_tokens": row["input_tokens_est"],
        },
        "priority": row["priority"],
        "source": row["source"],
        "user": row["user_id"],
        "team": row["team_id"],
        "tags": msgspec.json.decode(row["tags"]) if row["tags"] else {},
        "requirements": msgspec.json.decode(row["requirements"]) if row["requirements"] else {},
        "rules": _list(row["rules"]),
        "warnings": _list(row["warnings"]),
        "why": row["why"],
        "candidates": [_candidate(*parts) for parts in msgspec.json.decode(row["candidates"])],
        "candidate_count": row["candidate_count"],
        "rejected_count": row["rejected_count"],
        "chosen": _deployment(row, "chosen"),
        "served": _deployment(row, "served"),
        "status": row["status"],
        "error": row["error"],
        "streamed": bool(row["streamed"]),
        "verdict": verdict,
        "latency_ms": _ms(row["latency_us"]),
        "first_token_ms": _ms(row["first_token_us"]),
        "usage": _usage(row),
        "cost_usd": _usd(row["cost_nanos"]),
        "known_cost_usd": _usd(row["partial_nanos"] if row["cost_nanos"] is None else row["cost_nanos"]),
        "unpriced": row["unpriced"],
        "attempt_count": row["attempt_count"],
        "attempts": [_attempt(attempt) for attempt in attempts],
        "question": row["question"],
        "answer": row["answer"],
    }


def _attempt(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "number": row["number"],
        "deployment": f"{row['provider']}/{row['model']}",
        "provider": row["provider"],
        "model": row["model"],
        "at": _iso(row["at"]),
        "latency_ms": _ms(row["latency_us"]),
        "first_token_ms": _ms(row["first_token_us"]),
        "failure": row["failure"],
        "error": row["error"],
        "status": row["status"],
        "request_id": row["request_id"],
        "usage": _usage(row),
        "cost_usd": _usd(row["cost_nanos"]),
    }


def _candidate(deployment: str, cost_nanos: int | None, quality: int, latency_ms: int) -> dict[str, Any]:
    return {
        "deployment": deployment,
        "expected_cost_usd": _usd(cost_nanos),
        "expected_quality": quality / 1000,
        "expected_latency_ms": latency_ms,
    }


def _deployment(row: Mapping[str, Any], role: str) -> dict[str, Any] | None:
    provider, model = row[f"{role}_provider"], row[f"{role}_model"]
    if provider is None:
        return None
    return {"deployment": f"{provider}/{model}", "provider": provider, "model": model, "tier": row[f"{role}_tier"]}


def _usage(row: Mapping[str, Any]) -> dict[str, Any]:
    return {column: bool(row[column]) if column == "estimated" else row[column] for column in USAGE_COLUMNS}


def _usd(nanos: int | None) -> str | None:
    return None if nanos is None else f"{Money.from_nanos(nanos).usd:f}"


def _ms(micros: int | None) -> float | None:
    return None if micros is None else micros / 1000


def _iso(micros: int) -> str:
    return (_EPOCH + timedelta(microseconds=micros)).isoformat()


def _list(text: str | None) -> list[Any]:
    return msgspec.json.decode(text, type=list) if text else []
