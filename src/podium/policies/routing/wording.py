"""One sentence that says what was chosen and why, so that nobody has to read the table to trust it."""

from __future__ import annotations

from podium.core.tasks import Profile

from .order import Aim, Ranked


def why(profile: Profile, ranked: Ranked, *, aim: Aim, named: str | None, rejected: int) -> str:
    """Such as: extraction of complexity 2 (sure: 0.86) → tier 1 by rule 'routine'; openai/small is the cheapest of 4
    that fit at $0.000132; 9 rejected."""
    chosen = ranked.candidates[0]
    if named is not None:
        lead, place = f"the caller named {named}", " of its deployments"
    else:
        sure = min(profile.task_type.confidence, profile.complexity.confidence)
        lead = f"{profile.task_type.value.value} of complexity {profile.complexity.value} (sure: {sure:.2f}) → "
        if aim.tier is None and aim.pins is None:
            lead = ""
        if aim.pins is not None:
            lead, place = f"{lead}the list of rule '{aim.pins_rule}'", " of its entry"
        else:
            lead, place = f"{lead}{aim.tier_words}", ""
            if ranked.has_role:
                place = f" with the role {aim.role}"
            if aim.tier is not None and chosen.tier != aim.tier:
                place = f"{place} at tier {chosen.tier}, with none ready at tier {aim.tier},"
    if ranked.resting and not ranked.first_rests:
        place = f"{place}, {ranked.resting} resting aside,"
    cost = "at an unknown price" if chosen.expected_cost is None else f"at {chosen.expected_cost}"
    return f"{lead}; {chosen.deployment} is {_standing(ranked, fast=aim.fast)}{place} {cost}; {rejected} rejected."


def _standing(ranked: Ranked, *, fast: bool) -> str:
    if ranked.peers == 1:
        return "the only one that fits"
    if not fast:
        return f"the cheapest of {ranked.peers} that fit"
    took = ranked.candidates[0].expected_latency_ms
    quickest = min([candidate.expected_latency_ms for candidate in ranked.candidates[: ranked.peers]])
    if took <= quickest:
        return f"the fastest (about {took:,} ms) of {ranked.peers} that fit"
    return f"nearly the fastest (about {took:,} ms), and no dearer than those, of {ranked.peers} that fit"
