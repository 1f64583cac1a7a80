"""Model cards: what is known of a model whoever serves it, read from the TOML files in `families/`.

Figures that nobody publishes (tier, quality, speed) are priors: stated, overridable in the configuration, and
replaced by measurement as soon as there is one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from functools import cache, cached_property, lru_cache
from typing import Annotated

import msgspec
from msgspec import Meta, Struct, field

from podium.core.settings import Capability, ModelRole
from podium.core.tasks import TaskType

from .names import local_name

TIER_QUALITY = {1: 0.78, 2: 0.88, 3: 0.95}
"""Expected share of right answers on work of middling complexity, by tier: a prior, not a measurement."""


NO_WINDOW = 100_000_000
"""The context of a model that reads sound piece by piece, however long it is."""

_DATED = re.compile(r"[-@](20\d\d-?\d\d-?\d\d)$")
"""The date vendors put after a name: `-20251001`, `-2025-08-07`, `@20250929`."""
_PROFILE = re.compile(r"^(?:(?:[a-z]{2,6}(?:-gov)?)\.)?(?:anthropic|amazon)\.")
"""What Bedrock puts before a name: where it is processed, and whose it is."""
_VERSION = re.compile(r"-v\d+$")
"""And after it."""


class Speed(Struct, frozen=True, kw_only=True):
    """How fast a model answers, before anything was measured."""

    first_token_ms: int = 800
    tokens_per_s: float = 80.0


TIER_SPEED = {
    1: Speed(first_token_ms=400, tokens_per_s=150.0),
    2: Speed(first_token_ms=700, tokens_per_s=80.0),
    3: Speed(first_token_ms=1200, tokens_per_s=50.0),
}


class Card(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """One model. Its derived values are worked out once: a decision reads them for every candidate."""

    name: str
    """The name people use, the vendor's own where it has one."""
    vendor: str
    """Who made it: `openai`, `anthropic`, `meta` ..."""
    family: str
    tier: Annotated[int, Meta(ge=1, le=3)]
    context: Annotated[int, Meta(gt=0)]
    """Context window in tokens, question and answer together; of an embedding model, for each of its inputs."""
    max_output: Annotated[int, Meta(gt=0)] | None = None
    capabilities: frozenset[Capability] = frozenset({"text"})
    strengths: frozenset[TaskType] = frozenset()
    roles: frozenset[ModelRole] = frozenset()
    aliases: tuple[str, ...] = ()
    """Other names of the same model. Dated ones (`...-20251001`) need no mention."""
    served: Mapping[str, str] = field(default_factory=dict)
    """Provider preset -> the model's name there."""
    lacks: Mapping[str, frozenset[Capability]] = field(default_factory=dict)
    """Provider preset -> what the model can do but not through the wire Podium speaks there."""
    wires: Mapping[str, str] = field(default_factory=dict)
    """Provider preset -> the dialect this model must be asked in there, where that is not the provider's own."""
    tool_wires: Mapping[str, str] = field(default_factory=dict)
    """Likewise for requests that bring tools only."""
    retires: date | None = None
    """The day its maker switches it off, where announced. From then on only a configuration that names it offers it."""
    match: str | None = None
    """Pattern of the names local servers give it, such as `^llama-?3\\.1[:-]8b`, against `names.local_name`."""
    quality: Annotated[float, Meta(ge=0, le=1)] | None = None
    """Overrides the tier's prior."""
    first_token_ms: int | None = None
    tokens_per_s: float | None = None
    note: str = ""

    @property
    def writes(self) -> bool:
        """Whether it answers with text of its own: not a vector, not a transcript."""
        return "text" in self.capabilities

    @cached_property
    def expected_quality(self) -> float:
        """Prior share of right answers on work of middling complexity."""
        return TIER_QUALITY[self.tier] if self.quality is None else self.quality

    @cached_property
    def speed(self) -> Speed:
        """Prior speed: the card's own figures, else the tier's."""
        prior = TIER_SPEED[self.tier]
        return Speed(
            first_token_ms=self.first_token_ms or prior.first_token_ms,
            tokens_per_s=self.tokens_per_s or prior.tokens_per_s,
        )

    def matches(self, name: str) -> bool:
        """Whether a server's model name means this model."""
        return self.match is not None and re.search(self.match, local_name(name)) is not None

    def at(self, preset: str) -> Card:
        """The card as it holds at one provider: itself, or a copy without what the wire there does not carry."""
        missing = self.lacks.get(preset)
        return msgspec.structs.replace(self, capabilities=self.capabilities - missing) if missing else self


class _Family(Struct, frozen=True, forbid_unknown_fields=True):
    """One TOML file: `[[model]]` tables."""

    model: tuple[Card, ...]


@cache
def load_cards() -> tuple[Card, ...]:
    """Every shipped card, in file order. Read once; the files are part of the package."""
    import tomllib
    from importlib.resources import files

    folder = files("podium.models.catalog") / "families"
    cards: list[Card] = []
    for entry in sorted(folder.iterdir(), key=lambda path: path.name):
        if entry.name.endswith(".toml"):
            family = msgspec.convert(tomllib.loads(entry.read_text("utf-8")), _Family)
            cards.extend(family.model)
    return tuple(cards)


@cache
def _cards_by_name() -> Mapping[str, Card]:
    return {name.lower(): card for card in load_cards() for name in (*card.served.values(), *card.aliases, card.name)}


def undated(name: str) -> str:
    """The name without the date its vendor put after it; the name itself where there is none."""
    return _DATED.sub("", name)


@lru_cache(maxsize=4096)
def find_card(name: str) -> Card | None:
    """The shipped card a model's name means at any provider: its own name, an alias, a name it is served under, any
    of these with a date after it, an inference profile of it, or a name a local server gives it. None where nobody
    described it."""
    known = _cards_by_name()
    lowered = name.lower()
    found = known.get(lowered) or known.get(_DATED.sub("", lowered)) or known.get(lowered.rpartition("/")[2])
    if found is None and _PROFILE.match(lowered):
        bare = _PROFILE.sub("", lowered).partition(":")[0]
        found = known.get(bare) or known.get(_DATED.sub("", _VERSION.sub("", bare)))
    return found or next((card for card in load_cards() if card.matches(name)), None)
