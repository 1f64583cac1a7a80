"""The order of those that may do the task, and the reason for each place.

Four questions, each asked only among equals of the one before:

1. group: the tier asked for, then stronger tiers; deployments that rest behind all of these; weaker tiers last.
   Within a tier the holders of the asked-for role go first. A rule's list of models is a group an entry.
2. preference: cost (unknown last), or speed, where whoever is nearly as fast as the fastest counts as equally fast
   and the cheaper goes first. So text never pays for a model whose only advantage is an eye it has no use for.
3. quality, speed, and at last the catalog's order: nothing is left to chance.
4. the second place goes to another provider of the same group, so that failover leaves a broken vendor.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from podium.core.settings import ModelRole
from podium.core.tasks import Candidate
from podium.core.usage import Money

from .constraints import Demand
from .estimates import allowance, costs, latency_ms
from .rules import Pins
from .traits import Traits

NEARLY_AS_FAST = 1.25
"""Times within this factor of the fastest count as equal: priors and averages are no sharper than that."""

# Groups by number, lower first: the low bits count entries of a list, or steps of tier with the role as last bit.
_RESTING = 1 << 20
_BELOW = 1 << 21
_NO_PRICE = float("inf")

Line = list[tuple[int, float, float, float, int, Candidate]]
"""(group, dollars, minus quality, milliseconds, place in the catalog, candidate)"""


class Aim(Struct, frozen=True, kw_only=True):
    """What the order aims at."""

    tier: int | None
    """The tier to start at; None where the caller named the model or there is but one to choose."""
    tier_words: str
    """`tier 2 by rule 'code'`, `the one embedding model here`, for the reasons; empty where the caller named it."""
    role: ModelRole | None
    pins: Pins | None
    pins_rule: str
    fast: bool
    """Speed before cost among equals."""


class Ranked(Struct, frozen=True, kw_only=True):
    """The line, and how many stand in the group of the first."""

    candidates: tuple[Candidate, ...]
    peers: int
    has_role: bool
    """Whether the first holds the role asked for."""
    resting: int
    """How many rest."""
    first_rests: bool


def rank(fits: Sequence[Traits], demand: Demand, aim: Aim, *, now: datetime) -> Ranked:
    """Put them in line. `fits` must not be empty."""
    line: Line = []
    reasons: dict[int, str] = {}
    load, standing = demand.load, demand.standing
    complexity, task_type = demand.complexity, demand.task_type
    for place, traits in enumerate(fits):
        seen = standing.get(traits.id)
        group = _group(traits, aim) + (_RESTING if seen is not None and seen.rests(now) else 0)
        reason = reasons.get(group)
        if reason is None:
            reason = reasons[group] = _reason(group, traits, aim)
        priced = costs(traits, load)
        took = latency_ms(traits, load, standing)
        quality = traits.quality(complexity, task_type)
        worst, limit = None if priced is None else priced[1], None
        if demand.max_cost is not None and worst is not None and worst > demand.max_cost and demand.boundable:
            allowed = allowance(traits, load, demand.max_cost)
            if allowed is not None:
                limit, worst, _ = allowed
        candidate = Candidate(
            deployment=traits.id,
            provider=traits.provider,
            model=traits.model,
            tier=traits.tier,
            expected_cost=None if priced is None else Money(priced[0]),
            worst_cost=None if worst is None else Money(worst),
            max_tokens=limit,
            expected_quality=quality,
            expected_latency_ms=int(took),
            reason=reason,
            context=None if traits.trusted else traits.context,
        )
        line.append((group, _NO_PRICE if priced is None else float(priced[0]), -quality, took, place, candidate))
    return _ranked(line, aim)


def _ranked(line: Line, aim: Aim) -> Ranked:
    line.sort()
    if aim.fast:
        line = _fastest_first(line)
    if len(line) > 2 and line[0][-1].provider == line[1][-1].provider:
        _vary_second(line)
    first = line[0][0]
    peers = 0
    for entry in line:
        if entry[0] != first:
            break
        peers += 1
    return Ranked(
        candidates=tuple([entry[-1] for entry in line]),
        peers=peers,
        has_role=aim.tier is not None and aim.role is not None and not first & 1,
        resting=sum([_rests(entry[0]) for entry in line]),
        first_rests=_rests(first),
    )


def _group(traits: Traits, aim: Aim) -> int:
    if aim.pins is not None:
        return aim.pins.places[traits.id]
    if aim.tier is None:
        return 0
    step = traits.tier - aim.tier
    lacks_role = 0 if aim.role is None or aim.role in traits.roles else 1
    return 2 * step + lacks_role if step >= 0 else _BELOW - 2 * step + lacks_role


def _rests(group: int) -> bool:
    return bool(group & _RESTING)


def _fastest_first(line: Line) -> Line:
    """Within each group: who is about as fast as the fastest, cheapest first; then the rest by time."""
    fastest: dict[int, float] = {}
    for entry in line:
        group, took = entry[0], entry[3]
        if took < fastest.get(group, _NO_PRICE):
            fastest[group] = took
    # The line comes sorted by cost and the sort is stable, so equals keep that order.
    return sorted(
        line,
        key=lambda entry: (entry[0], 0.0 if entry[3] <= fastest[entry[0]] * NEARLY_AS_FAST else entry[3]),
    )


def _vary_second(line: Line) -> None:
    """Let the first of another provider, in the second's group, change to the second place."""
    group, provider = line[1][0], line[0][-1].provider
    for place in range(2, len(line)):
        if line[place][0] != group:
            return
        if line[place][-1].provider != provider:
            line.insert(1, line.pop(place))
            return


def _reason(group: int, traits: Traits, aim: Aim) -> str:
    """Why this group stands where it stands."""
    tail = "; it rests after failures, so it goes behind those that do not" if _rests(group) else ""
    first = "fastest first" if aim.fast else "cheapest first"
    if aim.pins is not None:
        return f"place {aim.pins.places[traits.id] + 1} in the list of rule '{aim.pins_rule}'{tail}"
    if aim.tier is None:
        return f"{aim.tier_words or 'the model the caller named'}, {first}{tail}"
    role = f" with the role {aim.role}" if aim.role is not None and aim.role in traits.roles else ""
    if traits.tier == aim.tier:
        return f"{aim.tier_words}{role}, {first}{tail}"
    if traits.tier > aim.tier:
        return f"tier {traits.tier}, stronger than tier {aim.tier} asks{role}, {first}{tail}"
    return f"tier {traits.tier}, weaker than the tier {aim.tier} asked for{role}: a last resort{tail}"
