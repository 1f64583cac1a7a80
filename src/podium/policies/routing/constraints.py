"""What a deployment must meet before anything else counts, and the words for what it lacks.

Each check answers None or a fault: the constraint's short name and a detail a person can read. A decision runs
only the checks the task gives reason for, and stops at a deployment's first fault; a refusal runs them all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from msgspec import Struct

from podium.core.health import Standing
from podium.core.tasks import Modality, Operation, Profile, TaskType
from podium.core.usage import Money

from .estimates import Load, allowance, costs, latency_ms
from .rules import Wish
from .traits import ABILITIES, Traits, ability_bits

Fault = tuple[str, str]
"""(constraint, detail)"""


class Demand(Struct, frozen=True, kw_only=True):
    """Everything one task demands of a deployment."""

    abilities: int
    """Bits of what it must be able to read and give."""
    load: Load
    max_tokens: int | None
    task_type: TaskType
    complexity: int
    wish: Wish
    operation: Operation
    keeper: str | None
    """The only provider that can read the state this task goes on from; None where any may."""
    local_reason: str | None
    """Why only local models may see it; None where any may."""
    min_quality: float | None
    max_cost: Decimal | None
    max_latency_ms: float | None
    remaining_ms: float | None
    """Until the deadline."""
    standing: Mapping[str, Standing]

    @property
    def boundable(self) -> bool:
        """Whether a limit on the answer can hold its cost down: the caller left one to set."""
        return self.max_tokens is None and self.operation is Operation.CHAT


Check = Callable[[Traits, Demand], Fault | None]


def needed_abilities(profile: Profile, operation: Operation = Operation.CHAT) -> int:
    """The capabilities a task needs, as bits. A chat never goes to a model made for vectors or transcripts: it writes
    no text of its own."""
    if operation is not Operation.CHAT:
        return _SPECIAL[operation]
    bits = _TEXT
    for modality in profile.modalities.value:
        bits |= _MODALITY_BITS[modality]
    if profile.needs_tools:
        bits |= _TOOLS
    if profile.needs_schema:
        bits |= _SCHEMA
    if profile.needs_logprobs:
        bits |= _LOGPROBS
    return bits


def able_at_all(traits: Traits, operation: Operation) -> bool:
    """Whether it is made for that kind of call."""
    return bool(traits.abilities & _SPECIAL[operation])


def checks_for(demand: Demand) -> tuple[Check, ...]:
    """The checks this demand gives reason for, cheapest and most telling first."""
    wish = demand.wish
    active = list(steady_checks_for(demand))
    if demand.keeper is not None:
        active.append(_keeps_its_state)
    if demand.local_reason is not None:
        active.append(_local)
    if wish.max_tier is not None:
        active.append(_not_above)
    active.append(_able)
    if demand.operation is not Operation.EMBED:  # whose window is for each input, not for all of them
        active.append(_has_room)
    if demand.max_tokens is not None:
        active.append(_writes_enough)
    if demand.min_quality is not None:
        active.append(_good_enough)
    if demand.max_cost is not None:
        active.append(_cheap_enough)
    if demand.max_latency_ms is not None:
        active.append(_fast_enough)
    if demand.remaining_ms is not None:
        active.append(_in_time)
    return tuple(active)


def steady_checks_for(demand: Demand) -> tuple[Check, ...]:
    """Those that hang on the rules alone, not on what one request happens to hold."""
    wish = demand.wish
    active: list[Check] = []
    if wish.pins is not None:
        active.append(_pinned)
    if wish.denials is not None:
        active.append(_not_denied)
    if wish.locality is not None:
        active.append(_where_the_rule_says)
    return tuple(active)


def _pinned(traits: Traits, demand: Demand) -> Fault | None:
    pins = demand.wish.pins
    if pins is None or traits.id in pins.places:
        return None
    return "rule", f"not among the models of rule '{demand.wish.pins_rule}'"


def _not_denied(traits: Traits, demand: Demand) -> Fault | None:
    denials = demand.wish.denials
    if denials is None or denials.isdisjoint(traits.names):
        return None
    return "rule", f"denied by rule '{demand.wish.denials_rule}'"


def _where_the_rule_says(traits: Traits, demand: Demand) -> Fault | None:
    wanted = demand.wish.locality
    if traits.local == (wanted == "local"):
        return None
    here = "here" if traits.local else "in the cloud"
    return "locality", f"runs {here}; rule '{demand.wish.locality_rule}' asks for {wanted} models"


def _keeps_its_state(traits: Traits, demand: Demand) -> Fault | None:
    if traits.provider == demand.keeper:
        return None
    return "state", f"the task goes on from reasoning that only {demand.keeper} can read"


def _local(traits: Traits, demand: Demand) -> Fault | None:
    if traits.local:
        return None
    return "locality", f"runs in the cloud; {demand.local_reason}"


def _not_above(traits: Traits, demand: Demand) -> Fault | None:
    most = demand.wish.max_tier
    if most is None or traits.tier <= most:
        return None
    return "rule", f"tier {traits.tier}; rule '{demand.wish.max_tier_rule}' allows no more than tier {most}"


def _able(traits: Traits, demand: Demand) -> Fault | None:
    missing = demand.abilities & ~traits.abilities
    return _LACKING[missing] if missing else None


def _has_room(traits: Traits, demand: Demand) -> Fault | None:
    tokens = demand.load.input_tokens
    asked = demand.max_tokens or 0
    if tokens <= traits.room and tokens + asked <= traits.context:
        return None
    if tokens > traits.room:
        return (
            "context",
            f"about {tokens:,} tokens to read; of its window of {traits.context:,} it may fill {traits.room:,}",
        )
    return (
        "context",
        f"about {tokens:,} tokens to read and {asked:,} to write do not fit its window of {traits.context:,}",
    )


def _writes_enough(traits: Traits, demand: Demand) -> Fault | None:
    most, asked = traits.max_output, demand.max_tokens
    if most is None or asked is None or asked <= most:
        return None
    return "output", f"writes {most:,} tokens at most, {asked:,} were asked for"


def _good_enough(traits: Traits, demand: Demand) -> Fault | None:
    least = demand.min_quality
    if least is None:
        return None
    if traits.trusted:
        return "quality", f"its quality is unknown, {least:g} asked"
    quality = traits.quality(demand.complexity, demand.task_type)
    return None if quality >= least else ("quality", f"expected quality {quality:g}, {least:g} asked")


def _cheap_enough(traits: Traits, demand: Demand) -> Fault | None:
    most = demand.max_cost
    if most is None:
        return None
    priced = costs(traits, demand.load)
    if priced is None:
        return "cost", f"its price is unknown, so it cannot promise to stay under {Money(most)}"
    if demand.boundable:
        allowed = allowance(traits, demand.load, most)
        if allowed is None or allowed[2] <= most:
            return None
        return "cost", f"a usual answer may cost {Money(allowed[2])}, {Money(most)} allowed"
    return None if priced[1] <= most else ("cost", f"may cost {Money(priced[1])}, {Money(most)} allowed")


def _fast_enough(traits: Traits, demand: Demand) -> Fault | None:
    most = demand.max_latency_ms
    expected = latency_ms(traits, demand.load, demand.standing)
    if most is None or expected <= most:
        return None
    return "latency", f"expected to take {expected:,.0f} ms, {most:,.0f} allowed"


def _in_time(traits: Traits, demand: Demand) -> Fault | None:
    left = demand.remaining_ms
    expected = latency_ms(traits, demand.load, demand.standing)
    if left is None or expected <= left:
        return None
    return "deadline", f"expected to take {expected:,.0f} ms, {left:,.0f} are left"


_TEXT = ability_bits("text")
_TOOLS = ability_bits("tools")
_SCHEMA = ability_bits("json_schema")
_LOGPROBS = ability_bits("logprobs")
_MODALITY_BITS = {
    Modality.TEXT: _TEXT,
    Modality.IMAGE: ability_bits("vision"),
    Modality.AUDIO: ability_bits("audio"),
    Modality.FILE: ability_bits("files"),
}
_SPECIAL = {
    Operation.CHAT: _TEXT,
    Operation.EMBED: ability_bits("embedding"),
    Operation.TRANSCRIBE: ability_bits("transcription"),
}
_CANNOT = {
    "text": ("text", "answer in text"),
    "embedding": ("embedding", "make embeddings"),
    "transcription": ("transcription", "transcribe"),
    "vision": ("vision", "read images"),
    "audio": ("audio", "hear audio"),
    "files": ("files", "read files"),
    "tools": ("tools", "call tools"),
    "json_schema": ("schema", "keep to a JSON schema"),
    "logprobs": ("logprobs", "give log probabilities"),
}


def _lacking(missing: int) -> Fault:
    parts = [_CANNOT[ability] for place, ability in enumerate(ABILITIES) if missing & (1 << place)]
    if not parts:
        return "", ""
    return parts[0][0], "cannot " + " or ".join(words for _, words in parts)


_LACKING: tuple[Fault, ...] = tuple(_lacking(missing) for missing in range(1 << len(ABILITIES)))
"""Every combination of missing capabilities, worded once."""
