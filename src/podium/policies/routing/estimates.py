"""What a deployment is expected to score, cost and take, before anything was measured.

All of it is prior knowledge stated in figures. A quality here means "by tier and complexity, models like this one
are right about that often", never a measurement of this model on this work.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from msgspec import Struct

from podium.core.health import Standing
from podium.core.tasks import Profile, TaskType
from podium.models.catalog import Deployment

from .traits import Traits, quality_at

EXPECTED_OUTPUT: Mapping[TaskType, int] = {
    TaskType.CLASSIFICATION: 20,
    TaskType.TOOL_EXECUTION: 120,
    TaskType.EXTRACTION: 150,
    TaskType.SIMPLE_QA: 150,
    TaskType.SUMMARISATION: 250,
    TaskType.VISION: 250,
    TaskType.CONVERSATION: 250,
    TaskType.AUDIO: 300,
    TaskType.TRANSLATION: 400,
    TaskType.PLANNING: 700,
    TaskType.CREATIVE: 800,
    TaskType.CODE: 900,
    TaskType.REASONING: 900,
}
"""Tokens of a usual answer by kind of work, hidden reasoning included where it is usual: priors."""


class Load(Struct, frozen=True, kw_only=True):
    """What one call reads and writes, prepared once a task so that each deployment costs five multiplications."""

    input_tokens: int
    answer: int
    """Expected tokens of one answer."""
    answers: int
    """How many answers were asked for (`n`)."""
    audio: bool
    now: datetime
    read: Decimal
    written: Decimal
    """Expected tokens of all answers."""
    limit: Decimal | None
    """Longest all answers may be by the request's `max_tokens`; None leaves it to the model."""


def expected_quality(deployment: Deployment, profile: Profile) -> float:
    """Prior share of right answers (0 to 1) of this deployment on this work.

    The card's figure holds for work of complexity 5; each level above takes three points, each below adds three,
    and a task type among the model's strengths adds three. Clipped to 0.05..0.99: a prior is never certain.
    """
    strong = profile.task_type.value in deployment.strengths
    return quality_at(deployment.quality, profile.complexity.value, strong=strong)


def expected_output(task_type: TaskType, max_tokens: int | None) -> int:
    """Tokens one answer usually has, never more than the request allows."""
    usual = EXPECTED_OUTPUT[task_type]
    return usual if max_tokens is None or usual <= max_tokens else max_tokens


def load_of(
    task_type: TaskType, *, input_tokens: int, max_tokens: int | None, answers: int, audio: bool, now: datetime
) -> Load:
    """The load of one call."""
    answer = expected_output(task_type, max_tokens)
    return Load(
        input_tokens=input_tokens,
        answer=answer,
        answers=answers,
        audio=audio,
        now=now,
        read=Decimal(input_tokens),
        written=Decimal(answer * answers),
        limit=None if max_tokens is None else Decimal(max_tokens * answers),
    )


def costs(traits: Traits, load: Load) -> tuple[Decimal, Decimal] | None:
    """Dollars for the expected answer and for the longest one allowed; None where the price is unknown.

    The longest answer is `max_tokens`, else the model's own limit, else `traits.LONGEST_ANSWER`. The worst case
    charges input and output at the dearest of their rates; the count of input tokens itself is an estimate.
    """
    rate = traits.fixed
    if rate is None:
        rate = traits.rate(load.now, load.input_tokens)
        if rate is None:
            return None
    written = load.written
    longest = load.limit
    if longest is None:
        longest = traits.longest if load.answers == 1 else traits.longest * load.answers
        if written > longest:
            written = longest
    read = load.read
    answer, longest_answer = written * rate.output, longest * rate.dearest_output
    if load.audio:
        return read * rate.audio + answer, read * max(rate.audio, rate.dearest) + longest_answer
    return read * rate.input + answer, read * rate.dearest + longest_answer


ROOM = 2
"""Times the usual answer must fit into what a cost bound leaves, or the bound would cut ordinary answers."""


def allowance(traits: Traits, load: Load, most: Decimal) -> tuple[int, Decimal, Decimal] | None:
    """How a cost bound holds where the request sets no `max_tokens`: by limiting the answer.

    Returns (tokens an answer may have, what that costs at worst, the least bound under which this model may be
    asked). Tokens are the model's own longest answer where that fits; below ROOM usual answers the bound is too
    tight. None where the price is unknown.
    """
    rate = traits.fixed or traits.rate(load.now, load.input_tokens)
    if rate is None:
        return None
    reading = load.read * (max(rate.audio, rate.dearest) if load.audio else rate.dearest)
    a_token = rate.dearest_output * load.answers
    longest = int(traits.longest)
    usual = min(load.answer * ROOM, longest)
    tokens = longest if not a_token else min(longest, int((most - reading) / a_token))
    return tokens, reading + tokens * a_token, reading + usual * a_token


OBSERVATION_HOLDS = timedelta(seconds=60)
"""How long an observed latency counts; then the prior does, so that one slow answer locks nobody out for good."""


def _fresh(seen: Standing, now: datetime) -> bool:
    return seen.measured_at is None or now - seen.measured_at < OBSERVATION_HOLDS


def latency_ms(traits: Traits, load: Load, standing: Mapping[str, Standing]) -> float:
    """Milliseconds to the whole answer: as observed, else first token plus the rest at the model's pace."""
    seen = standing.get(traits.id)
    if seen is not None and seen.latency_ms is not None and _fresh(seen, load.now):
        return seen.latency_ms
    return traits.first_token_ms + load.answer * traits.token_ms
