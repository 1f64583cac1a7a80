"""Model cards: what is known of a model whoever serves it, read from the TOML files in `families/`.

Figures that nobody publishes (tier, quality, speed) are priors: stated, overridable in the configuration, and
replaced by measurement as soon as there is one.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Annotated

import msgspec
from msgspec import Meta, Struct, field

from podium.core.settings import Capability, ModelRole
from podium.core.tasks import TaskType

TIER_QUALITY = {1: 0.78, 2: 0.88, 3: 0.95}
"""Expected share of right answers on work of middling complexity, by tier: a prior, not a measurement."""


class Speed(Struct, frozen=True, kw_only=True):
    """How fast a model answers, before anything was measured."""

    first_token_ms: int = 800
    tokens_per_s: float = 80.0


TIER_SPEED = {
    1: Speed(first_token_ms=400, tokens_per_s=150.0),
    2: Speed(first_token_ms=700, tokens_per_s=80.0),
    3: Speed(first_token_ms=1200, tokens_per_s=50.0),
}


class Card(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One model."""

    name: str
    """The name people use, the vendor's own where it has one."""
    vendor: str
    """Who made it: `openai`, `anthropic`, `meta` ..."""
    family: str
    tier: Annotated[int, Meta(ge=1, le=3)]
    context: Annotated[int, Meta(gt=0)]
    """Context window in tokens, question and answer together."""
    max_output: Annotated[int, Meta(gt=0)] | None = None
    capabilities: frozenset[Capability] = frozenset({"text"})
    strengths: frozenset[TaskType] = frozenset()
    roles: frozenset[ModelRole] = frozenset()
    aliases: tuple[str, ...] = ()
    """Other names of the same model, dated ones for instance."""
    served: Mapping[str, str] = field(default_factory=dict)
    """Provider preset -> the model's name there."""
    match: str | None = None
    """Pattern of the names local servers give it, such as `^llama-?3\\.1[:-]8b`."""
    quality: Annotated[float, Meta(ge=0, le=1)] | None = None
    """Overrides the tier's prior."""
    first_token_ms: int | None = None
    tokens_per_s: float | None = None
    note: str = ""

    @property
    def expected_quality(self) -> float:
        """Prior share of right answers on work of middling complexity."""
        return TIER_QUALITY[self.tier] if self.quality is None else self.quality

    @property
    def speed(self) -> Speed:
        """Prior speed: the card's own figures, else the tier's."""
        prior = TIER_SPEED[self.tier]
        return Speed(
            first_token_ms=self.first_token_ms or prior.first_token_ms,
            tokens_per_s=self.tokens_per_s or prior.tokens_per_s,
        )

    def matches(self, name: str) -> bool:
        """Whether a local server's model name means this model."""
        return self.match is not None and re.search(self.match, name.lower()) is not None


class _Family(Struct, frozen=True, forbid_unknown_fields=True):
    """One TOML file: `[[model]]` tables."""

    model: tuple[Card, ...]


@cache
def load_cards() -> tuple[Card, ...]:
    """Every shipped card, in file order. Read once; the files are part of the package."""
    folder = files("podium.models.catalog") / "families"
    cards: list[Card] = []
    for entry in sorted(folder.iterdir(), key=lambda path: path.name):
        if entry.name.endswith(".toml"):
            family = msgspec.convert(tomllib.loads(entry.read_text("utf-8")), _Family)
            cards.extend(family.model)
    return tuple(cards)
