"""What routing needs to know of a deployment, worked out once so that a decision only compares.

A decision runs on every request over every deployment: capabilities become bits, prices become dollars a token,
quality becomes a table by complexity.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from podium.core.settings import Capability, ModelRole
from podium.core.tasks import TaskType
from podium.models.catalog import TIER_QUALITY, Deployment, Price, Rates

LONGEST_ANSWER = 16_384
"""Tokens assumed for the longest answer where neither the request nor the card states a limit."""
MIDDLING = 5
"""The complexity a card's quality is stated for."""
QUALITY_PER_LEVEL = 0.03
STRENGTH_BONUS = 0.03
FAR_BELOW = 0.08
"""A model expected to be right this much less often than its tier stands one tier lower: a free model of half a
billion parameters must not win all small work by its price."""
QUALITY_FLOOR = 0.05
QUALITY_CEILING = 0.99

ABILITIES: tuple[Capability, ...] = (
    *("text", "embedding", "transcription"),
    *("vision", "audio", "files", "tools", "json_schema", "logprobs"),
)
"""Capabilities a request can need; the place of each is its bit."""
_BIT = {ability: 1 << place for place, ability in enumerate(ABILITIES)}
EVERYTHING = (1 << len(ABILITIES)) - 1
_NO_LIMIT = 1 << 62
_NOTHING = Decimal(0)
UNDESCRIBED = "unknown"
"""The vendor on a card that was made up because no card describes the model."""


def ability_bits(*abilities: Capability) -> int:
    """These capabilities as one number; those no request can ask for count nothing."""
    bits = 0
    for ability in abilities:
        bits |= _BIT.get(ability, 0)
    return bits


def quality_at(middling: float, complexity: int, *, strong: bool) -> float:
    """The prior for work of a complexity, from the prior for middling work."""
    quality = middling + (MIDDLING - complexity) * QUALITY_PER_LEVEL + (STRENGTH_BONUS if strong else 0.0)
    # Four decimals: a floor of 0.9 must not fail on the last bit of a sum of tenths.
    return round(min(max(quality, QUALITY_FLOOR), QUALITY_CEILING), 4)


class PerToken(Struct, frozen=True, kw_only=True):
    """Dollars for one token."""

    input: Decimal
    output: Decimal
    audio: Decimal
    dearest: Decimal
    """The dearer of plain and cache-writing input, for a bound that must hold."""
    dearest_kept: Decimal
    """The same where the request asks for a cache that lives an hour."""
    dearest_output: Decimal
    """The dearer of plain and reasoning output, likewise."""
    request: Decimal
    """Dollars for the call as such."""
    audio_second: Decimal
    """Dollars for a second of sound, beside its tokens."""

    @classmethod
    def of(cls, rates: Rates) -> PerToken:
        """From dollars for a million tokens; exact but for a second's share of an hour."""
        stored = rates.input if rates.cache_write is None else max(rates.input, rates.cache_write)
        kept = stored if rates.cache_write_1h is None else max(stored, rates.cache_write_1h)
        thought = rates.output if rates.reasoning is None else max(rates.output, rates.reasoning)
        return cls(
            input=rates.input.scaleb(-6),
            output=rates.output.scaleb(-6),
            audio=(rates.input if rates.audio_input is None else rates.audio_input).scaleb(-6),
            dearest=stored.scaleb(-6),
            dearest_kept=kept.scaleb(-6),
            dearest_output=thought.scaleb(-6),
            request=rates.request or _NOTHING,
            audio_second=_NOTHING if rates.audio_hour is None else rates.audio_hour / 3_600,
        )


class Traits(Struct, frozen=True, kw_only=True):
    """One deployment, ready to be compared."""

    id: str
    provider: str
    model: str
    kin: str
    """Its card's name: the same model at whatever provider."""
    names: frozenset[str]
    """Everything a rule may call it by: its provider, its names, and both together."""
    tier: int
    """Where it stands in line; 0 for one that falls short of the lowest tier."""
    local: bool
    trusted: bool
    """Nobody described it and somebody named it: abilities and window are taken on trust."""
    abilities: int
    context: int
    room: int
    """Input tokens that still leave the answer's share of the window."""
    max_output: int | None
    longest: Decimal
    """Tokens of the longest answer where the request sets no limit."""
    qualities: tuple[float, ...]
    """Prior by complexity; index 0 is unused."""
    strong_qualities: tuple[float, ...]
    strengths: frozenset[TaskType]
    roles: frozenset[ModelRole]
    price: Price | None
    fixed: PerToken | None
    """Where the price depends on neither hour nor length."""
    moving: tuple[tuple[Rates, PerToken], ...]
    """Otherwise: every rate it can charge."""
    first_token_ms: float
    token_ms: float

    @classmethod
    def of(cls, deployment: Deployment, *, answer_share: float, trust: bool = False) -> Traits:
        """Work them out. `trust` takes abilities and window for granted where no card describes the model."""
        card, price, speed = deployment.card, deployment.price, deployment.speed
        trusted = trust and not deployment.listed and card.vendor == UNDESCRIBED and card.writes
        middling = card.expected_quality
        every = () if price is None else _every_rate(price)
        moving = tuple((rates, PerToken.of(rates)) for rates in every) if len(every) > 1 else ()
        return cls(
            id=deployment.id,
            provider=deployment.provider,
            model=deployment.model,
            kin=card.name,
            names=frozenset({deployment.id, deployment.provider})
            | deployment.names
            | {f"{deployment.provider}/{name}" for name in deployment.names},
            tier=deployment.tier - (middling < TIER_QUALITY[deployment.tier] - FAR_BELOW),
            local=deployment.locality == "local",
            trusted=trusted,
            abilities=EVERYTHING if trusted else ability_bits(*card.capabilities),
            context=_NO_LIMIT if trusted else card.context,
            room=_NO_LIMIT if trusted else int(card.context * (1 - answer_share)),
            max_output=None if trusted else card.max_output,
            longest=Decimal(card.max_output or min(LONGEST_ANSWER, card.context)),
            qualities=tuple(quality_at(middling, level, strong=False) for level in range(11)),
            strong_qualities=tuple(quality_at(middling, level, strong=True) for level in range(11)),
            strengths=deployment.strengths,
            roles=card.roles,
            price=price,
            fixed=PerToken.of(price.rates) if price is not None and not moving else None,
            moving=moving,
            first_token_ms=float(speed.first_token_ms),
            token_ms=1000.0 / speed.tokens_per_s,
        )

    def rate(self, now: datetime, input_tokens: int) -> PerToken | None:
        """The rate of a price that moves, at this moment and length; None where there is no price."""
        if self.price is None:
            return None
        rates = self.price.at(now, input_tokens)
        for known, per_token in self.moving:
            if known is rates:
                return per_token
        return PerToken.of(rates)

    def quality(self, complexity: int, task_type: TaskType) -> float:
        """Prior share of right answers; complexity must lie between 1 and 10."""
        return (self.strong_qualities if task_type in self.strengths else self.qualities)[complexity]


def _every_rate(price: Price) -> tuple[Rates, ...]:
    """Every rate a price can charge, now or after an announced change."""
    rates = [price.rates, *(step for _, step in price.steps)]
    for window in price.windows:
        rates += (window.rates, *(step for _, step in window.steps))
    return tuple(rates) if price.later is None else (*rates, *_every_rate(price.later[1]))
