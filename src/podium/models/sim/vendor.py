"""Simulated models and the vendors that serve them: stated skill, price, speed and faults."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from hashlib import blake2b
from math import exp
from statistics import NormalDist
from typing import Literal

from msgspec import Struct, field

from podium.core.settings import Capability, ModelSettings, PriceSettings, ProviderSettings, SpeedSettings
from podium.core.tasks import Locality, TaskType

from .faults import NO_FAULTS, Faults

Service = Literal["chat", "embedding", "transcription"]

_NORMAL = NormalDist()
_STEPS = 1 << 53  # as fine as a float below 1 gets; more would round up to 1


def draw(*words: object) -> float:
    """A number in [0, 1) that depends on the words alone."""
    digest = blake2b("\0".join(map(str, words)).encode(), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) / _STEPS


class SimModel(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One simulated model.

    The probability of a right answer to a task of type `t` and difficulty `d` (1 to 10) is

        skill_by_type.get(t, skill) - slope * (d - 1)        kept within 0 and 1

    so skill 1 with slope 0 is always right and skill 0 always wrong.
    """

    name: str
    tier: int = 1
    skill: float = 0.9
    """Probability of a right answer at difficulty 1."""
    skill_by_type: Mapping[TaskType, float] = field(default_factory=dict)
    """What replaces `skill` for a type of task."""
    slope: float = 0.0
    """What each further step of difficulty takes off."""
    price_in: Decimal | None = None
    """Dollars for a million input tokens. The simulation charges nothing: this is for the configuration."""
    price_out: Decimal | None = None
    first_token_ms: float = 400.0
    """Median; the distribution is lognormal."""
    first_token_sigma: float = 0.35
    tokens_per_s: float = 80.0
    context: int = 128_000
    vision: bool = True
    tools: bool = True
    json: bool = True
    """Whether it takes `response_format`."""
    verbosity: int = 0
    """Sentences of small talk before an answer, where the answer stays right with them."""
    reasoning_tokens: int = 0
    """Hidden tokens before each answer: billed, and waited for."""
    shows_reasoning: bool = False
    """Whether chat completions carry the reasoning as `reasoning_content`. The other wires show it to who asks."""
    redacts_reasoning: bool = False
    """Whether a part of the reasoning travels sealed (`redacted_thinking`, `redactedContent`)."""
    signs_calls: bool = True
    """Gemini's wire: a reasoning model signs the first call of each answer and refuses to go on without it."""
    call_ids: bool = True
    """Gemini's wire: whether function calls have ids."""
    late_finish: bool = False
    """Gemini's wire: whether a stream's finish comes in a later chunk without content."""
    cached_share: float = 0.0
    """Share of the input tokens reported as cached, where the caller marks nothing for caching himself."""
    chunk_tokens: int = 4
    """Tokens in each chunk of a stream."""
    dimensions: int = 16
    """Length of its embeddings, where the caller gives none."""
    bills_transcripts_by: Literal["tokens", "duration"] = "duration"
    """What the usage of a transcription is stated in; by tokens, a model writes `json` alone, as OpenAI's newer do."""
    serves: tuple[Service, ...] = ("chat", "embedding", "transcription")
    """What it can be asked for."""

    def __post_init__(self) -> None:
        shares = (self.skill, self.cached_share, *self.skill_by_type.values())
        if not all(0 <= share <= 1 for share in shares):
            raise ValueError(f"{self.name}: skills and `cached_share` must lie between 0 and 1")
        if not 1 <= self.dimensions <= 4096:
            raise ValueError(f"{self.name}: `dimensions` must lie between 1 and 4096")
        if self.tokens_per_s <= 0 or self.chunk_tokens < 1 or self.first_token_ms < 0:
            raise ValueError(f"{self.name}: `tokens_per_s` and `chunk_tokens` must be above 0, latency not negative")

    def chance(self, task_type: TaskType, difficulty: int) -> float:
        """Probability of a right answer."""
        return max(0.0, min(1.0, self.skill_by_type.get(task_type, self.skill) - self.slope * (difficulty - 1)))

    def first_token_s(self, seed: int, prompt: str) -> float:
        """Seconds before the first token of the answer to a prompt, always the same for the same prompt."""
        spread = _NORMAL.inv_cdf(draw(seed, self.name, "latency", prompt) * 0.9998 + 0.0001)
        return (
            self.first_token_ms / 1000 * exp(self.first_token_sigma * spread)
            + self.reasoning_tokens / self.tokens_per_s
        )

    def settings(self) -> ModelSettings:
        """What a configuration says of this model: everything but its skill, which is for Podium to find out."""
        flags: dict[Capability, bool] = {"vision": self.vision, "tools": self.tools, "json_schema": self.json}
        price = None
        if self.price_in is not None and self.price_out is not None:
            price = PriceSettings(input=self.price_in, output=self.price_out)
        capabilities: tuple[Capability, ...] = ("text", *(name for name, has in flags.items() if has))
        if "chat" not in self.serves:
            capabilities = tuple(name for name in ("embedding", "transcription") if name in self.serves)
        return ModelSettings(
            tier=self.tier,
            context=self.context,
            price=price,
            capabilities=capabilities,
            speed=SpeedSettings(first_token_ms=max(1, round(self.first_token_ms)), tokens_per_s=self.tokens_per_s),
        )


class SimVendor(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A simulated vendor: what `SimServer` serves, and, as JSON, what `python -m podium.models.sim --spec` reads."""

    name: str
    models: tuple[SimModel, ...]
    seed: int = 0
    """Two vendors with the same seed and model answer alike."""
    api_key: str | None = None
    """Required of callers where given, in the header each wire has for it."""
    aws_secret: str | None = None
    """Secret key that must have signed requests on Bedrock's wire, where given; a bearer `api_key` does too."""
    faults: Faults = NO_FAULTS
    time_scale: float = 1.0
    """Multiplies the models' latency; 0 answers at once."""

    def __post_init__(self) -> None:
        names = [model.name for model in self.models]
        if len(set(names)) != len(names):
            raise ValueError(f"{self.name}: two models share a name")
        if self.time_scale < 0:
            raise ValueError(f"{self.name}: `time_scale` must not be negative")

    def model(self, name: str) -> SimModel | None:
        """The model of that name."""
        return next((model for model in self.models if model.name == name), None)

    def settings(
        self, base_url: str, *, preset: str | None = None, locality: Locality | None = None
    ) -> ProviderSettings:
        """What a configuration says of this vendor when it serves at `base_url`."""
        return ProviderSettings(
            preset=preset,
            base_url=base_url,
            api_key=self.api_key,
            locality=locality,
            models=tuple(model.name for model in self.models),
        )
