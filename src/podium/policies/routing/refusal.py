"""The answer when nothing may do a task: what each model lacks, which came nearest, and what would help.

Off the hot path, so it runs every check on every model and takes the time to say it well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from podium.core.errors import InvalidRequest, RequirementsNotMet
from podium.core.usage import Money

from .constraints import Check, Demand, Fault
from .estimates import allowance, costs, latency_ms
from .traits import Traits

_PARAMS: Mapping[str, str] = {
    "quality": "podium.min_quality",
    "cost": "podium.max_cost_usd",
    "latency": "podium.max_latency_ms",
    "deadline": "podium.deadline",
    "output": "max_tokens",
    "context": "messages",
    "vision": "messages",
    "audio": "messages",
    "files": "messages",
    "text": "model",
    "embedding": "model",
    "transcription": "model",
    "state": "previous_response_id",
    "tools": "tools",
    "schema": "response_format",
    "logprobs": "logprobs",
}


_MADE_FOR: Mapping[str, str] = {
    "text": "Name a chat model, or `auto`.",
    "embedding": "Name an embedding model, or add one: `podium models` lists what each model is for.",
    "transcription": "Name a transcription model, or add one: `podium models` lists what each model is for.",
}


def many_vectors(models: Sequence[str]) -> InvalidRequest:
    """More than one embedding model to choose from, and nobody chose."""
    return InvalidRequest(
        f"`auto` cannot choose among {len(models)} embedding models ({', '.join(models[:5])}"
        f"{' ...' if len(models) > 5 else ''}): vectors of different models cannot be compared.",
        remedy=f"Name one, such as {models[0]}, or give embeddings a route of their own (`routes.embed` in podium.yaml,"
        " with a rule whose `models` names one), asked for as auto/embed.",
        param="model",
    )


def nothing_configured() -> RequirementsNotMet:
    """No deployment at all."""
    return RequirementsNotMet(
        "No model is usable here.",
        remedy="Set a provider's API key in the environment, or run `podium init`, and start Podium again; or"
        " start a local model server: it is found within a minute, and lists that did not come are asked for again.",
    )


def too_late(deadline: datetime, now: datetime) -> RequirementsNotMet:
    """The deadline lies behind."""
    seconds = (now - deadline).total_seconds()
    return RequirementsNotMet(
        f"The deadline {deadline.isoformat()} passed {seconds:,.1f} s ago; no call was made.",
        remedy="Send a later deadline, or none.",
        param="podium.deadline",
    )


def nothing_fits(
    pool: Sequence[Traits], checks: Sequence[Check], demand: Demand, *, named: str | None, local_remedy: str
) -> RequirementsNotMet:
    """Nothing in the pool passes. `named` is the model the caller named, if any; `local_remedy` what would lift the
    limit to local models, if there is one."""
    faults = {traits.id: [fault for check in checks if (fault := check(traits, demand))] for traits in pool}
    nearest = min(pool, key=lambda traits: _distance(traits, faults[traits.id], demand))
    lacks = faults[nearest.id]
    words = "; ".join(detail for _, detail in lacks)
    if named is not None:
        message = f"{named} may not do this task: {words}."
        if len(pool) > 1:
            message = (
                f"None of the {len(pool)} deployments of {named} may do this task. Nearest is {nearest.id}: {words}."
            )
    elif len(pool) == 1:
        message = f"The one usable model, {nearest.id}, may not do this task: {words}."
    else:
        message = f"None of {len(pool)} usable models may do this task. Nearest is {nearest.id}: {words}."
    kinds = list(dict.fromkeys(constraint for constraint, _ in lacks))
    remedies = [remedy for kind in kinds if (remedy := _remedy(kind, nearest, demand, local_remedy))]
    return RequirementsNotMet(
        message,
        remedy=" ".join(dict.fromkeys(remedies)),
        param=next((_PARAMS[kind] for kind in kinds if kind in _PARAMS), "model" if named else None),
        reasons=tuple(
            f"{traits.id}: {', '.join(f'{kind}: {detail}' for kind, detail in faults[traits.id])}" for traits in pool
        ),
    )


def _distance(traits: Traits, faults: Sequence[Fault], demand: Demand) -> tuple[int, float, float, float]:
    """How far it is from fitting: constraints failed, then dollars and time where these fail, then quality."""
    kinds = {kind for kind, _ in faults}
    priced = costs(traits, demand.load) if "cost" in kinds else None
    dollars = 0.0 if "cost" not in kinds else float("inf") if priced is None else float(priced[1])
    late = latency_ms(traits, demand.load, demand.standing) if kinds & {"latency", "deadline"} else 0.0
    return len(faults), dollars, late, -traits.quality(demand.complexity, demand.task_type)


def _remedy(kind: str, nearest: Traits, demand: Demand, local_remedy: str) -> str:
    if kind == "locality":
        return local_remedy or "Add a local model, or change the rule that limits where models may run."
    if kind == "quality":
        quality = nearest.quality(demand.complexity, demand.task_type)
        if nearest.trusted:
            return "State its quality under `models` in podium.yaml, or ask without min_quality."
        return f"Ask for a min_quality of {quality:g} or less, or add a stronger model."
    if kind == "cost":
        priced = costs(nearest, demand.load)
        if priced is None:
            return "State its price under `models` in podium.yaml, or ask without max_cost_usd."
        if demand.max_tokens is None:
            allowed = allowance(nearest, demand.load, Decimal(0))
            return f"Allow {Money(allowed[2] if allowed else priced[1])}, or set a smaller max_tokens."
        return f"Allow {Money(priced[1])}, or set a smaller max_tokens."
    if kind in {"latency", "deadline"}:
        took = latency_ms(nearest, demand.load, demand.standing)
        return f"Allow {took:,.0f} ms or more, or ask for a shorter answer with max_tokens."
    if kind == "context":
        return "Shorten the input, or add a model with a larger window."
    if kind == "output":
        return f"Ask for a max_tokens of {nearest.max_output:,} or less."
    if kind == "state":
        return f"Make {demand.keeper} usable again, or begin the conversation anew without that reasoning."
    if kind in _MADE_FOR:
        return _MADE_FOR[kind]
    if kind == "rule":
        return "Make a model the rule allows usable, change the rule in podium.yaml, or use another route."
    return "Use a model that can, or leave that part of the request out. `podium models` lists what each can do."
