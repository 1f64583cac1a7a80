"""Options several commands share, spelt the same everywhere."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer

from podium.core.errors import InvalidRequest
from podium.core.tasks import Requirements

Config = Annotated[Path | None, typer.Option("--config", "-c", help="podium.yaml to use; default: the usual places.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Prompt = Annotated[str, typer.Argument(help="What you want done; - reads standard input.")]
Model = Annotated[str, typer.Option("--model", "-m", help="auto, auto/ROUTE, a model's name, or provider/model.")]
System = Annotated[str | None, typer.Option("--system", help="A system prompt.")]
TaskTypeOption = Annotated[str | None, typer.Option("--task-type", help="Declare the kind of work.")]
Priority = Annotated[str | None, typer.Option("--priority", help="interactive, normal or background.")]
SensitivityOption = Annotated[
    str | None, typer.Option("--sensitivity", help="Declare: none, personal, confidential or secret.")
]
MinQuality = Annotated[float | None, typer.Option("--min-quality", help="Expected share of right answers, 0 to 1.")]
MaxCost = Annotated[str | None, typer.Option("--max-cost", help="Most it may cost, in dollars.")]
MaxLatency = Annotated[int | None, typer.Option("--max-latency", help="Longest expected time, in milliseconds.")]
Private = Annotated[bool, typer.Option("--private", help="Only local models.")]
User = Annotated[str | None, typer.Option("--user", help="Who asks, for the books.")]
Team = Annotated[str | None, typer.Option("--team", help="Whose budget, for the books.")]
Tags = Annotated[list[str] | None, typer.Option("--tag", help="name=value, for rules and books; may be repeated.")]
MaxTokens = Annotated[int | None, typer.Option("--max-tokens", help="Longest answer in tokens.")]


def asked(
    *,
    min_quality: float | None,
    max_cost: str | None,
    max_latency: int | None,
    private: bool,
    tags: list[str] | None,
    **plain: Any,
) -> dict[str, Any]:
    """The keyword arguments of `ask`, from options. Raises InvalidRequest."""
    require = Requirements(min_quality=min_quality, max_cost_usd=max_cost, max_latency_ms=max_latency, private=private)
    return {**plain, "require": require, "tags": _tags(tags or [])}


def _tags(pairs: list[str]) -> dict[str, str]:
    tags: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise InvalidRequest(f"--tag {pair!r} is not name=value.", remedy="Write --tag ticket=4711.")
        tags[name] = value
    return tags


def moment(text: str | None, option: str) -> datetime | None:
    """A date or a time with or without an offset (then local time). Raises InvalidRequest."""
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).astimezone()
    except ValueError as exc:
        raise InvalidRequest(
            f"{option} {text!r} is not a date.", remedy="Write 2030-01-31 or 2030-01-31T12:00."
        ) from exc


def dollars(amount: Decimal | None) -> str:
    """A price for a million tokens."""
    return "?" if amount is None else f"{amount.normalize():f}"
