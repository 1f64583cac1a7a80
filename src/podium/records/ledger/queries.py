"""The questions asked of a ledger in a database."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, select

from podium.core.usage import Money
from podium.records.store.open import Store
from podium.records.store.schema import attempts, decisions

from .costs import CostRow, bounds, check_by, in_order
from .recall import decision_dict

_TASK_KEYS = {"task": decisions.c.task_type, "user": decisions.c.user_id, "team": decisions.c.team_id}
_CALL_KEYS = {"provider": attempts.c.provider, "model": attempts.c.model}


def costs(store: Store, by: str, since: datetime | None, until: datetime | None) -> list[CostRow]:
    """The bill over tasks that came in at `since <= at < until`. Raises ValueError, StoreError."""
    check_by(by)
    first, end = bounds(since, until)
    span: list[ColumnElement[bool]] = []
    if first is not None:
        span.append(decisions.c.at >= first)
    if end is not None:
        span.append(decisions.c.at < end)
    with store.read("adding up costs") as connection:
        found = connection.execute(_sums(by).where(and_(True, *span))).mappings().all()
    return in_order(
        CostRow(
            key=row["key"],
            requests=int(row["requests"]),
            failed=int(row["failed"]),
            input=int(row["input"]),
            output=int(row["output"]),
            cached=int(row["cached"]),
            reasoning=int(row["reasoning"]),
            cost=Money.from_nanos(int(row["nanos"])),
            unpriced=int(row["unpriced"]),
            mean_latency_ms=int(row["latency_us"]) / int(row["requests"]) / 1000,
        )
        for row in found
    )


def decision(store: Store, decision_id: str) -> dict[str, Any] | None:
    """One recorded decision with its attempts; None for an unknown identifier. Raises StoreError."""
    found = _decisions(store, select(decisions).where(decisions.c.id == decision_id))
    return found[0] if found else None


def recent(store: Store, limit: int, *, user: str | None = None, team: str | None = None) -> list[dict[str, Any]]:
    """The latest decisions, newest first, of everybody or of one user or team. Raises StoreError."""
    query = select(decisions).order_by(decisions.c.at.desc(), decisions.c.id.desc()).limit(limit)
    if user is not None:
        query = query.where(decisions.c.user_id == user)
    if team is not None:
        query = query.where(decisions.c.team_id == team)
    return _decisions(store, query)


def _decisions(store: Store, query: Select[Any]) -> list[dict[str, Any]]:
    with store.read("recalling decisions") as connection:
        rows = connection.execute(query).mappings().all()
        calls: dict[str, list[Any]] = {row["id"]: [] for row in rows}
        found = connection.execute(
            select(attempts).where(attempts.c.decision_id.in_(list(calls))).order_by(attempts.c.number)
        )
        for call in found.mappings():
            calls[call["decision_id"]].append(dict(call))
    return [decision_dict(dict(row), calls[row["id"]]) for row in rows]


def _sums(by: str) -> Select[Any]:
    table = attempts if by in _CALL_KEYS else decisions
    c = table.c
    key: ColumnElement[Any]
    if by in _CALL_KEYS:
        key = _CALL_KEYS[by]
        failed = and_(c.failure.is_not(None), c.failure != "cancelled")
        nanos: ColumnElement[Any] = func.coalesce(c.cost_nanos, 0)
        unpriced: ColumnElement[Any] = case((c.cost_nanos.is_(None), 1), else_=0)
        # By the task's time, not the call's: otherwise a task at the edge of the span would be on one bill only.
        source = attempts.join(decisions, attempts.c.decision_id == decisions.c.id)
    else:
        key = _TASK_KEYS[by]
        failed = c.status == "failed"
        nanos = func.coalesce(c.cost_nanos, c.partial_nanos, 0)
        unpriced = c.unpriced
        source = decisions  # type: ignore[assignment]  # a table or a join: both can be selected from
    return (
        select(
            key.label("key"),
            func.count().label("requests"),
            func.sum(case((failed, 1), else_=0)).label("failed"),
            *(func.sum(c[kind]).label(kind) for kind in ("input", "output", "cached", "reasoning")),
            func.sum(nanos).label("nanos"),
            func.sum(unpriced).label("unpriced"),
            func.sum(c.latency_us).label("latency_us"),
        )
        .select_from(source)
        .group_by(key)
    )
