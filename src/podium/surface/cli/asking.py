"""`podium ask` and `podium explain`."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from podium.core.errors import InvalidRequest, RequestError
from podium.core.tasks import Decision
from podium.surface.config import load_settings

from . import options
from .options import asked
from .output import console, money, print_json, table


def ask(
    prompt: options.Prompt,
    config: options.Config = None,
    model: options.Model = "auto",
    system: options.System = None,
    task_type: options.TaskTypeOption = None,
    priority: options.Priority = None,
    sensitivity: options.SensitivityOption = None,
    min_quality: options.MinQuality = None,
    max_cost: options.MaxCost = None,
    max_latency: options.MaxLatency = None,
    private: options.Private = False,
    max_tokens: options.MaxTokens = None,
    user: options.User = None,
    team: options.Team = None,
    tag: options.Tags = None,
    json: options.AsJson = False,
) -> None:
    """Ask, and see which model answered, why, and what it cost."""
    given = asked(
        min_quality=min_quality, max_cost=max_cost, max_latency=max_latency, private=private, tags=tag, model=model,
        system=system, task_type=task_type, priority=_priority(priority), sensitivity=sensitivity,
        max_tokens=max_tokens, user=user, team=team,
    )  # fmt: skip
    answer = asyncio.run(_ask(config, _text(prompt), given))
    if json:
        print_json(answer)
        return
    sys.stdout.write(answer.text.rstrip("\n") + "\n")
    out = console(stderr=True)
    failed = [f"{attempt.deployment} ({attempt.failure.value})" for attempt in answer.attempts if attempt.failure]
    if failed:
        out.print(Text(f"! answered after {len(failed)} failed calls: {', '.join(failed)}", style="yellow"))
    out.print(
        Text(
            f"{answer.model} · {money(answer.cost)} · {answer.latency_ms:.0f} ms · {answer.decision.why}",
            style="dim",
        ),
        soft_wrap=True,
    )
    for warning in answer.warnings:
        out.print(Text(f"! {warning}", style="yellow"), soft_wrap=True)


async def _ask(config: Path | None, prompt: str, given: dict[str, Any]) -> Any:
    from podium.surface.library import AsyncPodium

    async with AsyncPodium(config, source="cli") as podium:
        return await podium.ask(prompt, **given)


def explain(
    prompt: Annotated[str | None, typer.Argument(help="What you would want done; - reads standard input.")] = None,
    decision: Annotated[
        str | None, typer.Option("--decision", "-d", help="Explain a recorded decision (x-podium-decision) instead.")
    ] = None,
    config: options.Config = None,
    model: options.Model = "auto",
    system: options.System = None,
    task_type: options.TaskTypeOption = None,
    priority: options.Priority = None,
    sensitivity: options.SensitivityOption = None,
    min_quality: options.MinQuality = None,
    max_cost: options.MaxCost = None,
    max_latency: options.MaxLatency = None,
    private: options.Private = False,
    max_tokens: options.MaxTokens = None,
    user: options.User = None,
    team: options.Team = None,
    tag: options.Tags = None,
    json: options.AsJson = False,
) -> None:
    """Show the whole decision for a prompt; no call is made. Or a decision from the ledger."""
    if decision is not None:
        _recorded(config, decision)
        return
    if prompt is None:
        raise typer.BadParameter("give a prompt, or --decision with an identifier", param_hint="PROMPT")
    given = asked(
        min_quality=min_quality, max_cost=max_cost, max_latency=max_latency, private=private, tags=tag, model=model,
        system=system, task_type=task_type, priority=_priority(priority), sensitivity=sensitivity,
        max_tokens=max_tokens, user=user, team=team,
    )  # fmt: skip
    made = asyncio.run(_explain(config, _text(prompt), given))
    if json:
        print_json(made)
    else:
        show_decision(made)


async def _explain(config: Path | None, prompt: str, given: dict[str, Any]) -> Decision:
    from podium.surface.library import AsyncPodium

    async with AsyncPodium(config, source="cli") as podium:
        return await podium.explain(prompt, **given)


def _recorded(config: Path | None, decision: str) -> None:
    from podium.core.clock import SystemClock
    from podium.records.ledger.recorder import Ledger
    from podium.records.store import open_store

    settings = load_settings(config, environ=os.environ, cwd=Path.cwd()).settings
    clock = SystemClock()
    ledger = Ledger(open_store(settings.store, clock=clock), record_text=settings.record.text, clock=clock)
    try:
        found = ledger.decision(decision)
    finally:
        ledger.close()
    if found is None:
        raise RequestError(
            f"There is no decision {decision!r} in {settings.store}.",
            remedy="Take the identifier from an answer's x-podium-decision header.",
        )
    print_json(found)


def show_decision(made: Decision) -> None:
    """The decision as tables."""
    out = console()
    profile = made.profile
    out.print(Text(made.why, style="bold"), soft_wrap=True)
    rows = [
        ("task type", profile.task_type.value, f"{profile.task_type.confidence:.2f}"),
        ("complexity", profile.complexity.value, f"{profile.complexity.confidence:.2f}"),
        ("domain", profile.domain.value, f"{profile.domain.confidence:.2f}"),
        ("modality", ", ".join(profile.modalities.value), f"{profile.modalities.confidence:.2f}"),
        ("language", profile.language.value, f"{profile.language.confidence:.2f}"),
        (
            "sensitivity",
            profile.sensitivity.value + (f" ({', '.join(profile.findings)})" if profile.findings else ""),
            f"{profile.sensitivity.confidence:.2f}",
        ),
        ("input tokens", profile.input_tokens, ""),
        ("rules", ", ".join(made.rules) or "none", ""),
    ]
    out.print()
    out.print(table("", ("profile", "judged", "confidence"), rows, right=(2,)))
    out.print()
    candidates = [
        (
            place,
            item.deployment,
            item.tier,
            money(item.expected_cost),
            money(item.worst_cost),
            f"{item.expected_quality:.2f}",
            f"{item.expected_latency_ms} ms",
            item.reason,
        )
        for place, item in enumerate(made.candidates, 1)
    ]
    heads = ("#", "candidate", "tier", "expected", "at most", "quality", "time", "why here")
    out.print(table("", heads, candidates, right=(0, 2, 3, 4, 5, 6)))
    if made.rejected:
        out.print()
        rejected = [(item.deployment, item.constraint, item.detail) for item in made.rejected]
        out.print(table("", ("rejected", "constraint", "because"), rejected))
    for warning in made.warnings:
        out.print(Text(f"! {warning}", style="yellow"), soft_wrap=True)


def _text(prompt: str) -> str:
    return sys.stdin.read() if prompt == "-" else prompt


def _priority(given: str | None) -> str | None:
    if given not in (None, "interactive", "normal", "background"):
        raise InvalidRequest(f"--priority {given!r} is not known.", remedy="Use interactive, normal or background.")
    return given
