"""Every setting, grouped, each with its unit, default and reason: the shape of `podium.yaml`.

A surface reads the file and the environment and hands these values down. The JSON schema and the table in
docs/configuration.md are made from here, so a setting without a description cannot exist.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from .tasks import Domain, Locality, Modality, Priority, Sensitivity, TaskType

PositiveSeconds = Annotated[float, Meta(gt=0)]
Share = Annotated[float, Meta(ge=0, le=1)]
Tier = Annotated[int, Meta(ge=1, le=3)]
Level = Annotated[int, Meta(ge=1, le=10)]
PositiveInt = Annotated[int, Meta(gt=0)]
NaturalInt = Annotated[int, Meta(ge=0)]
Capability = Literal[
    "text",
    "vision",
    "audio",
    "files",
    "tools",
    "json_schema",
    "logprobs",
    "prefill",
    "reasoning",
    "embedding",
    "transcription",
]
SpokenDialect = Literal["openai-chat", "openai-responses", "anthropic", "gemini"]
ModelRole = Literal["orchestrator", "classifier", "coder", "vision", "executor"]


class _Group(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A group of settings: frozen, by keyword, and a misspelt name is an error."""


class ProviderSettings(_Group, frozen=True, kw_only=True):
    """One provider: `providers.<name>`. The name is what `provider/model` uses."""

    preset: Annotated[str | None, Meta(description="Which preset to start from; default: the provider's own name.")] = (
        None
    )
    base_url: Annotated[str | None, Meta(description="Where its API lives, up to and including /v1.")] = None
    api_key: Annotated[
        str | None,
        Meta(description="The key, or better `${NAME}` for an environment variable; default: the preset's variable."),
    ] = None
    dialect: Annotated[SpokenDialect | None, Meta(description="The wire it speaks; default: the preset's own.")] = None
    region: Annotated[
        str | None, Meta(description="The cloud region, for presets that have them; default: the preset's variable.")
    ] = None
    project: Annotated[
        str | None, Meta(description="The cloud project, for presets that need one; default: the preset's variable.")
    ] = None
    locality: Annotated[
        Locality | None,
        Meta(description="`local` if prompts stay on this machine or network; private data goes there."),
    ] = None
    models: Annotated[
        tuple[str, ...] | None,
        Meta(description="Only these models of it, by its own names; default: all known, or all a local server lists."),
    ] = None
    headers: Annotated[Mapping[str, str], Meta(description="Headers sent with every call.")] = field(
        default_factory=dict
    )
    timeout_s: Annotated[
        PositiveSeconds | None, Meta(description="Seconds a whole answer may take here; default: engine.timeout_s.")
    ] = None
    enabled: Annotated[bool, Meta(description="false leaves the provider out, even if its key is present.")] = True


class PriceSettings(_Group, frozen=True, kw_only=True):
    """What a model costs, in US dollars for a million tokens: `models.<name>.price`."""

    input: Annotated[Decimal, Meta(description="Dollars for a million input tokens.")]
    output: Annotated[Decimal, Meta(description="Dollars for a million output tokens; 0 for an embedding model.")]
    cached: Annotated[
        Decimal | None, Meta(description="Dollars for a million cached input tokens; default: input.")
    ] = None
    cache_write: Annotated[
        Decimal | None, Meta(description="Dollars for a million tokens written to the cache; default: input.")
    ] = None

    cache_write_1h: Annotated[
        Decimal | None,
        Meta(description="Dollars for a million tokens written to be kept for an hour; default: cache_write."),
    ] = None
    audio_minute: Annotated[
        Decimal | None, Meta(description="Dollars for a minute of sound, where that is what is charged.")
    ] = None

    def __post_init__(self) -> None:
        for name in ("input", "output", "cached", "cache_write", "cache_write_1h", "audio_minute"):
            value = getattr(self, name)
            if value is not None and not (value.is_finite() and value >= 0):
                raise ValueError(f"`{name}` must be a price of 0 or more, not {value}")


class SpeedSettings(_Group, frozen=True, kw_only=True):
    """How fast a model is before anything was measured: `models.<name>.speed`."""

    first_token_ms: Annotated[int, Meta(description="Milliseconds to the first token.", gt=0)]
    tokens_per_s: Annotated[float, Meta(description="Output tokens a second after that.", gt=0)]


class ModelSettings(_Group, frozen=True, kw_only=True):
    """What to change or add about one model at one provider: `models.<provider>/<model>`."""

    tier: Annotated[Tier | None, Meta(description="1 small and cheap, 2 middle, 3 strongest.")] = None
    context: Annotated[PositiveInt | None, Meta(description="Context window in tokens.")] = None
    max_output: Annotated[PositiveInt | None, Meta(description="Longest answer in tokens.")] = None
    price: Annotated[PriceSettings | None, Meta(description="Overrides the price list.")] = None
    capabilities: Annotated[tuple[Capability, ...] | None, Meta(description="What it can take and give.")] = None
    strengths: Annotated[tuple[TaskType, ...] | None, Meta(description="Task types it is better at than its tier.")] = (
        None
    )
    roles: Annotated[tuple[ModelRole, ...] | None, Meta(description="Jobs it is meant for.")] = None
    speed: Annotated[SpeedSettings | None, Meta(description="Expected speed, until measured.")] = None
    quality: Annotated[
        Share | None, Meta(description="Expected share of right answers on middling work; default: from the tier.")
    ] = None
    enabled: Annotated[bool, Meta(description="false takes the model out of routing.")] = True


class RequireSettings(_Group, frozen=True, kw_only=True):
    """Requirements every task of a route has: `routes.<name>.require`. A caller can only tighten them."""

    min_quality: Annotated[Share | None, Meta(description="Expected share of right answers, 0 to 1.")] = None
    max_cost_usd: Annotated[Decimal | None, Meta(description="Most a task may cost, in dollars.")] = None
    max_latency_ms: Annotated[PositiveInt | None, Meta(description="Longest expected time to the whole answer.")] = None
    private: Annotated[bool, Meta(description="true: only local models.")] = False

    def __post_init__(self) -> None:
        if self.max_cost_usd is not None and not (self.max_cost_usd.is_finite() and self.max_cost_usd >= 0):
            raise ValueError(f"`max_cost_usd` must be 0 or more, not {self.max_cost_usd}")


class When(_Group, frozen=True, kw_only=True):
    """The condition of a rule; every field given must hold. A list means: any of these."""

    task_type: Annotated[TaskType | tuple[TaskType, ...] | None, Meta(description="Kind of work.")] = None
    domain: Annotated[Domain | tuple[Domain, ...] | None, Meta(description="Field of knowledge.")] = None
    modality: Annotated[Modality | tuple[Modality, ...] | None, Meta(description="Something that must be read.")] = None
    language: Annotated[str | tuple[str, ...] | None, Meta(description="ISO 639-1 code.")] = None
    sensitivity: Annotated[Sensitivity | None, Meta(description="This level of privacy or a higher one.")] = None
    priority: Annotated[Priority | tuple[Priority, ...] | None, Meta(description="Who is waiting.")] = None
    min_complexity: Annotated[Level | None, Meta(description="This complexity or more, 1 to 10.")] = None
    max_complexity: Annotated[Level | None, Meta(description="This complexity or less, 1 to 10.")] = None
    min_tokens: Annotated[NaturalInt | None, Meta(description="This many input tokens or more.")] = None
    max_tokens: Annotated[NaturalInt | None, Meta(description="This many input tokens or fewer.")] = None
    tools: Annotated[bool | None, Meta(description="Whether the request brings tools.")] = None
    user: Annotated[str | tuple[str, ...] | None, Meta(description="Who asks.")] = None
    team: Annotated[str | tuple[str, ...] | None, Meta(description="Whose budget.")] = None
    tags: Annotated[Mapping[str, str], Meta(description="Tags the task must carry, each with this value.")] = field(
        default_factory=dict
    )


class Use(_Group, frozen=True, kw_only=True):
    """What a rule asks for. The first matching rule that sets a field decides that field."""

    tier: Annotated[Tier | None, Meta(description="Start at this tier; stronger ones are the next choice.")] = None
    max_tier: Annotated[Tier | None, Meta(description="Never above this tier.")] = None
    locality: Annotated[Locality | None, Meta(description="Only there; a hard constraint.")] = None
    models: Annotated[
        tuple[str, ...] | None, Meta(description="Only these, by name or provider/model, in this order.")
    ] = None
    deny: Annotated[tuple[str, ...] | None, Meta(description="Never these, by name, provider, or provider/model.")] = (
        None
    )
    role: Annotated[ModelRole | None, Meta(description="Models with this role go first within a tier.")] = None
    prefer: Annotated[Literal["cost", "latency"] | None, Meta(description="What orders models of equal fit.")] = None


class Rule(_Group, frozen=True, kw_only=True):
    """One routing rule."""

    use: Annotated[Use, Meta(description="What it asks for.")]
    when: Annotated[When, Meta(description="When it speaks; empty: always.")] = field(default_factory=When)
    name: Annotated[str | None, Meta(description="How `explain` calls it; default: its place in the list.")] = None


class RouteSettings(_Group, frozen=True, kw_only=True):
    """A named way of routing: `routes.<name>`, asked for as `auto/<name>`; `routes.default` changes plain `auto`."""

    require: Annotated[RequireSettings, Meta(description="Requirements of every task on this route.")] = field(
        default_factory=RequireSettings
    )
    rules: Annotated[tuple[Rule, ...], Meta(description="Asked in order, before the built-in ones.")] = ()
    builtin_rules: Annotated[bool, Meta(description="false: only this route's own rules.")] = True
    priority: Annotated[Priority | None, Meta(description="For tasks that state none.")] = None
    failover: Annotated[
        Literal["sequential"], Meta(description="How the next candidate is used when a call fails: one after another.")
    ] = "sequential"


class EngineSettings(_Group, frozen=True, kw_only=True):
    """How calls are made: `engine`."""

    timeout_s: Annotated[
        PositiveSeconds,
        Meta(description="Seconds one call may take to its whole answer; for streams, the longest silence."),
    ] = 120.0
    connect_timeout_s: Annotated[PositiveSeconds, Meta(description="Seconds to open a connection.")] = 5.0
    retries: Annotated[
        int, Meta(description="Extra calls to the same deployment after a failure that may pass.", ge=0, le=5)
    ] = 1
    max_attempts: Annotated[int, Meta(description="Calls for one task, over all deployments.", ge=1, le=20)] = 4
    backoff_ms: Annotated[
        int, Meta(description="Longest pause before the first retry; it doubles, with full jitter.", ge=0)
    ] = 200
    rest_after: Annotated[
        int, Meta(description="Failures in a row after which a deployment goes to the back of the line.", ge=1)
    ] = 3
    rest_s: Annotated[PositiveSeconds, Meta(description="Seconds it stays there before it is tried again.")] = 10.0


class RoutingSettings(_Group, frozen=True, kw_only=True):
    """How sure a judgement must be: `routing`."""

    low_confidence: Annotated[
        Share, Meta(description="Below this confidence in the task's type or complexity, go one tier up.")
    ] = 0.4
    answer_share: Annotated[
        float, Meta(description="Share of the context window kept free for the answer.", gt=0, lt=1)
    ] = 0.3


class PrivacySettings(_Group, frozen=True, kw_only=True):
    """What detected private data does: `privacy`."""

    local_only: Annotated[
        Literal["personal", "confidential", "secret", "never"],
        Meta(description="From this level on, detected private data is answered by local models or not at all."),
    ] = "confidential"


class ServerSettings(_Group, frozen=True, kw_only=True):
    """The gateway: `server`."""

    host: Annotated[str, Meta(description="Address to listen on.")] = "127.0.0.1"
    port: Annotated[int, Meta(description="Port to listen on.", ge=0, le=65535)] = 4000
    max_body_mb: Annotated[float, Meta(description="Largest request in megabytes; a larger one gets 413.", gt=0)] = 32.0
    drain_s: Annotated[PositiveSeconds, Meta(description="Seconds a graceful stop waits for answers under way.")] = 30.0


class RecordSettings(_Group, frozen=True, kw_only=True):
    """What is kept of prompts and answers: `record`."""

    text: Annotated[
        bool, Meta(description="true keeps prompt and answer text in the ledger, which outlives the reason for it.")
    ] = False
    responses_h: Annotated[
        float,
        Meta(
            description="Hours /v1/responses keeps conversations, so that callers can go on by id; 0 keeps none.",
            ge=0,
        ),
    ] = 720.0


class DiscoverSettings(_Group, frozen=True, kw_only=True):
    """What Podium looks for by itself: `discover`."""

    environment: Annotated[bool, Meta(description="Use the keys found in the environment.")] = True
    local: Annotated[bool, Meta(description="Ask this machine's usual ports for local model servers.")] = True


class Settings(_Group, frozen=True, kw_only=True):
    """Everything in `podium.yaml`; every field is optional."""

    providers: Annotated[Mapping[str, ProviderSettings], Meta(description="Providers by name.")] = field(
        default_factory=dict
    )
    models: Annotated[
        Mapping[str, ModelSettings], Meta(description="Changes and additions to the catalog, by `provider/model`.")
    ] = field(default_factory=dict)
    routes: Annotated[Mapping[str, RouteSettings], Meta(description="Named routes; `default` is plain `auto`.")] = (
        field(default_factory=dict)
    )
    engine: Annotated[EngineSettings, Meta(description="Timeouts, retries, attempts.")] = field(
        default_factory=EngineSettings
    )
    routing: Annotated[RoutingSettings, Meta(description="Confidence and context margins.")] = field(
        default_factory=RoutingSettings
    )
    privacy: Annotated[PrivacySettings, Meta(description="What detected private data does.")] = field(
        default_factory=PrivacySettings
    )
    server: Annotated[ServerSettings, Meta(description="The gateway's address and limits.")] = field(
        default_factory=ServerSettings
    )
    store: Annotated[
        str, Meta(description="Where the ledger lives: sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME.")
    ] = "sqlite:///podium.db"
    record: Annotated[RecordSettings, Meta(description="What is kept of prompts and answers.")] = field(
        default_factory=RecordSettings
    )
    discover: Annotated[DiscoverSettings, Meta(description="What Podium looks for by itself.")] = field(
        default_factory=DiscoverSettings
    )

    def priority_on(self, model: str) -> Priority:
        """The priority of a task that states none, by the route its `model` asks for."""
        name = model.partition("/")[2] if model.startswith("auto/") else "default"
        route = self.routes.get(name)
        return "normal" if route is None or route.priority is None else route.priority


def json_schema() -> dict[str, Any]:
    """The JSON schema of `podium.yaml` (draft 2020-12)."""
    import msgspec

    schema = msgspec.json.schema(Settings)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "podium.yaml", **schema}
