"""The task, what it requires, what we judge it to be, what was decided, tried and got.

`Task` and `Requirements` come from the caller, `Profile` from `policies.profile`, `Decision` from
`policies.routing`, `Attempt`, `Verdict` and `Outcome` from the engine.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Generic, Literal, TypeVar

from msgspec import Struct, field
from msgspec.structs import force_setattr

from .errors import FailureKind, InvalidRequest
from .messages import Message, Options, Payload
from .usage import NO_USAGE, Money, Usage
from .words import Word

T = TypeVar("T")

Priority = Literal["interactive", "normal", "background"]
Source = Literal["api", "library", "cli", "webhook", "queue", "batch"]
Locality = Literal["local", "cloud"]


class TaskType(Word):
    """What kind of work a task is."""

    CLASSIFICATION = "classification"
    EXTRACTION = "extraction"
    SUMMARISATION = "summarisation"
    SIMPLE_QA = "simple_qa"
    CODE = "code"
    PLANNING = "planning"
    REASONING = "reasoning"
    CREATIVE = "creative"
    TRANSLATION = "translation"
    VISION = "vision"
    AUDIO = "audio"
    TOOL_EXECUTION = "tool_execution"
    CONVERSATION = "conversation"


class Operation(Word):
    """What is asked of a model. Each needs models made for it."""

    CHAT = "chat"
    EMBED = "embed"
    TRANSCRIBE = "transcribe"


class Domain(Word):
    """The field of knowledge a task moves in."""

    GENERAL = "general"
    CODE = "code"
    LEGAL = "legal"
    MEDICAL = "medical"
    FINANCE = "finance"
    SCIENCE = "science"


class Modality(Word):
    """What a model has to be able to read."""

    TEXT = "text"
    IMAGE = "image"
    AUDIO = "audio"
    FILE = "file"
    """A document such as a PDF."""


class Sensitivity(Word):
    """How private a task's text is, from least to most."""

    NONE = "none"
    PERSONAL = "personal"
    """E-mail addresses, phone numbers."""
    CONFIDENTIAL = "confidential"
    """Payment cards, bank accounts, national identity numbers."""
    SECRET = "secret"
    """Credentials such as API keys."""

    @property
    def rank(self) -> int:
        """0 for none up to 3 for secret."""
        return _SENSITIVITY_RANK[self]


_SENSITIVITY_RANK = {level: rank for rank, level in enumerate(Sensitivity)}


_FINEST_COST = 12
"""Costs are understood from a millionth of a millionth of a dollar up to a million million."""


class Requirements(Struct, frozen=True, kw_only=True):
    """What the caller demands of an answer instead of naming a model. Every field is a hard constraint.

    Raises InvalidRequest for values no answer could meet (a quality above 1, a cost below 0).
    """

    min_quality: float | None = None
    """Expected share of right answers, 0 to 1."""
    max_cost_usd: Decimal | str | float | None = None
    """Upper bound for the whole task, in dollars. Held as Decimal."""
    max_latency_ms: int | None = None
    """Upper bound for the expected time to the whole answer."""
    deadline: datetime | None = None
    """When the answer is worth nothing any more; must carry a timezone."""
    private: bool = False
    """Only models on this machine or in this network."""

    def __post_init__(self) -> None:
        if self.min_quality is not None and not 0 <= self.min_quality <= 1:
            raise InvalidRequest(
                f"min_quality must lie between 0 and 1, not {self.min_quality}",
                remedy="Give the share of answers that must be right, such as 0.9.",
                param="podium.min_quality",
            )
        if self.max_cost_usd is not None:
            try:
                cost = Money.of(self.max_cost_usd).usd
            except ValueError as exc:
                raise InvalidRequest(
                    f"max_cost_usd: {exc}.",
                    remedy="Give dollars for one task, such as 0.01.",
                    param="podium.max_cost_usd",
                ) from exc
            if cost and not -_FINEST_COST <= cost.adjusted() <= _FINEST_COST:
                # 1e999999 is a number too, and arithmetic with it overflows or fills pages with zeros.
                raise InvalidRequest(
                    f"max_cost_usd of {cost.adjusted():+d} powers of ten is no amount for one task.",
                    remedy="Give dollars for one task, such as 0.01.",
                    param="podium.max_cost_usd",
                )
            if cost < 0:
                raise InvalidRequest(
                    f"max_cost_usd must not be negative, not {cost}",
                    remedy="Give dollars for one task, such as 0.01.",
                    param="podium.max_cost_usd",
                )
            force_setattr(self, "max_cost_usd", cost)
        if self.max_latency_ms is not None and self.max_latency_ms <= 0:
            raise InvalidRequest(
                f"max_latency_ms must be positive, not {self.max_latency_ms}",
                remedy="Give milliseconds to the whole answer, such as 2000.",
                param="podium.max_latency_ms",
            )
        if self.deadline is not None and self.deadline.tzinfo is None:
            raise InvalidRequest(
                "deadline has no timezone",
                remedy="Write it with an offset, such as 2030-01-31T12:00:00Z.",
                param="podium.deadline",
            )

    @property
    def max_cost(self) -> Money | None:
        """The cost bound as money."""
        return None if self.max_cost_usd is None else Money.of(self.max_cost_usd)

    def tightened_by(self, other: Requirements) -> Requirements:
        """Both at once: of each bound the stricter."""
        return Requirements(
            min_quality=_stricter(max, self.min_quality, other.min_quality),
            max_cost_usd=_stricter(min, _decimal(self), _decimal(other)),
            max_latency_ms=_stricter(min, self.max_latency_ms, other.max_latency_ms),
            deadline=_stricter(min, self.deadline, other.deadline),
            private=self.private or other.private,
        )


def _decimal(requirements: Requirements) -> Decimal | None:
    bound = requirements.max_cost
    return None if bound is None else bound.usd


def _stricter(choose: object, mine: T | None, theirs: T | None) -> T | None:
    if mine is None or theirs is None:
        return theirs if mine is None else mine
    return choose(mine, theirs)  # type: ignore[operator, no-any-return]  # min or max over one ordered type


NO_REQUIREMENTS = Requirements()


class Task(Struct, frozen=True, kw_only=True):
    """What a caller wants done."""

    id: str
    messages: tuple[Message, ...]
    received_at: datetime
    model: str = "auto"
    """`auto`, `auto/<route>`, a model's name, or `provider/model`: how much Podium decides."""
    operation: Operation = Operation.CHAT
    keeper: str | None = None
    """The provider that holds state this task builds on (encrypted reasoning): no other can read it."""
    options: Options = field(default_factory=Options)
    requirements: Requirements = NO_REQUIREMENTS
    source: Source = "api"
    priority: Priority = "normal"
    sensitivity: Sensitivity | None = None
    """As declared by the caller; None lets Podium look."""
    task_type: TaskType | None = None
    """As declared by the caller; None lets Podium judge."""
    tags: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    team: str | None = None
    payload: Payload | None = None


class Guess(Struct, Generic[T], frozen=True):
    """A judgement and how sure we are of it (0 to 1; 1 when the caller said so)."""

    value: T
    confidence: float


AUDIO_TOKENS_A_SECOND = 10
"""What sound is taken to be worth before a provider says: between the common vendors' figures."""


class Profile(Struct, frozen=True, kw_only=True):
    """What we judge a task to be."""

    task_type: Guess[TaskType]
    complexity: Guess[int]
    """1 (a lookup) to 10 (research)."""
    domain: Guess[Domain]
    modalities: Guess[tuple[Modality, ...]]
    """What a model must read; text always included."""
    language: Guess[str]
    """ISO 639-1 code, `und` where undetermined."""
    sensitivity: Guess[Sensitivity]
    findings: tuple[str, ...] = ()
    """Kinds of private data seen (`email`, `card` ...), never the data."""
    input_tokens: int
    """Estimated tokens of messages, tools and schema; sound counts by its length."""
    audio_seconds: float = 0.0
    """Estimated length of the sound in it."""
    needs_tools: bool = False
    needs_schema: bool = False
    needs_logprobs: bool = False


class Candidate(Struct, frozen=True, kw_only=True):
    """A deployment that may do the task, with what it is expected to cost, score and take."""

    deployment: str
    """`provider/model`."""
    provider: str
    model: str
    tier: int
    expected_cost: Money | None
    """For the expected length of answer; None where the price is unknown."""
    worst_cost: Money | None
    """For the longest answer the request allows."""
    max_tokens: int | None = None
    """The limit Podium sets on the answer so that `max_cost_usd` holds; None where none is needed."""
    expected_quality: float
    expected_latency_ms: int
    reason: str
    """Why it stands where it stands."""
    context: int | None = None
    """Its window in tokens, so that failover for a too long input knows who has a larger one; None where unknown."""


class Rejected(Struct, frozen=True, kw_only=True):
    """A deployment that may not do the task, and the constraint that says so."""

    deployment: str
    constraint: str
    """Short name: `context`, `vision`, `tools`, `schema`, `locality`, `quality`, `cost`, `latency`, `rule` ..."""
    detail: str


class Decision(Struct, frozen=True, kw_only=True):
    """The ordered candidates and why: made before any call, kept for ever."""

    id: str
    task_id: str
    route: str
    candidates: tuple[Candidate, ...]
    rejected: tuple[Rejected, ...]
    rules: tuple[str, ...]
    """Names of the rules that spoke, in order."""
    why: str
    """One sentence a person can read."""
    profile: Profile
    requirements: Requirements
    warnings: tuple[str, ...] = ()

    @property
    def chosen(self) -> Candidate:
        """The first candidate."""
        return self.candidates[0]

    def __str__(self) -> str:
        """The sentence, then a line a candidate: what `print(podium.explain(...))` shows."""
        lines = [self.why]
        for place, candidate in enumerate(self.candidates, 1):
            cost = "price unknown" if candidate.expected_cost is None else str(candidate.expected_cost)
            lines.append(
                f"{place:>3}. {candidate.deployment}  tier {candidate.tier}  {cost}"
                f"  quality {candidate.expected_quality:.2f}  {candidate.expected_latency_ms} ms  {candidate.reason}"
            )
        lines.extend(f"  - {no.deployment}: {no.constraint}: {no.detail}" for no in self.rejected)
        lines.extend(f"  ! {warning}" for warning in self.warnings)
        return "\n".join(lines)


class Attempt(Struct, frozen=True, kw_only=True):
    """One call to one provider."""

    number: int
    """1 for the first call of a task."""
    deployment: str
    provider: str
    model: str
    started_at: datetime
    latency_ms: float
    first_token_ms: float | None = None
    failure: FailureKind | None = None
    """None where it succeeded."""
    error: str | None = None
    status: int | None = None
    """HTTP status, where there was one."""
    usage: Usage = NO_USAGE
    cost: Money | None = None
    request_id: str | None = None
    """The provider's own id for the call."""


class Verdict(Struct, frozen=True, kw_only=True):
    """A judgement of one answer's quality."""

    accepted: bool
    score: float
    """0 to 1."""
    reason: str
    check: str
    """Which check judged."""


OutcomeStatus = Literal["ok", "failed", "cancelled"]


class Outcome(Struct, frozen=True, kw_only=True):
    """What happened in the end: one task, settled."""

    task: Task
    decision: Decision
    attempts: tuple[Attempt, ...]
    status: OutcomeStatus
    verdict: Verdict | None = None
    error: str | None = None
    usage: Usage = NO_USAGE
    """Of all attempts together."""
    cost: Money | None = None
    """Of all attempts together; None where any of it is unknown."""
    latency_ms: float = 0.0
    first_token_ms: float | None = None
    answer: str | None = None
    """The answer's text, for a ledger that is asked to keep text."""
    streamed: bool = False

    @property
    def served_by(self) -> Attempt | None:
        """The attempt whose answer the caller got: the one that worked, else the last that fell short of its check."""
        if self.status != "ok":
            return None
        for attempt in reversed(self.attempts):
            if attempt.failure is None:
                return attempt
        return next((a for a in reversed(self.attempts) if a.failure is FailureKind.UNFIT), None)
