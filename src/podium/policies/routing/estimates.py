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
from podium.core.tasks import AUDIO_TOKENS_A_SECOND, Profile, TaskType
from podium.models.catalog import Deployment

from .traits import PerToken, Traits, quality_at

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


SPEECH_TOKENS_A_SECOND = 4
"""Tokens of text in a second of brisk speech, some 180 words a minute."""
_NONE = Decimal(0)


class Load(Struct, frozen=True, kw_only=True):
    """What one call reads and writes, prepared once a task so that each deployment costs five multiplications."""

    input_tokens: int
    answer: int
    """Expected tokens of one answer."""
    answers: int
    """How many answers were asked for (`n`)."""
    sound: Decimal
    """Of the input, tokens of sound: charged at their own price."""
    seconds: Decimal
    """Length of the sound."""
    kept: bool
    """Whether the request asks for a cache that lives an hour."""
    now: datetime
    read: Decimal
    """Every other token."""
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
    task_type: TaskType,
    *,
    input_tokens: int,
    max_tokens: int | None,
    answers: int,
    audio: bool,
    now: datetime,
    audio_seconds: float = 0.0,
    kept: bool = False,
) -> Load:
    """The load of one call. Sound of unknown length (`audio` without `audio_seconds`) may be all of the input."""
    answer = expected_output(task_type, max_tokens)
    sound = 0
    if audio:
        sound = min(input_tokens, int(audio_seconds * AUDIO_TOKENS_A_SECOND)) if audio_seconds else input_tokens
    return Load(
        input_tokens=input_tokens,
        answer=answer,
        answers=answers,
        sound=Decimal(sound),
        seconds=Decimal(round(audio_seconds)),
        kept=kept,
        now=now,
        read=Decimal(input_tokens - sound),
        written=Decimal(answer * answers),
        limit=None if max_tokens is None else Decimal(max_tokens * answers),
    )


def load_of_vectors(*, input_tokens: int, now: datetime) -> Load:
    """The load of an embedding call: it reads and writes nothing."""
    read = Decimal(input_tokens)
    return Load(
        input_tokens=input_tokens, answer=0, answers=1, sound=_NONE, seconds=_NONE, kept=False, now=now, read=read,
        written=_NONE, limit=_NONE,
    )  # fmt: skip


def load_of_transcript(*, input_tokens: int, audio_seconds: float, now: datetime) -> Load:
    """The load of a transcription: as long as the sound is. No transcript is longer than fast speech makes it."""
    answer = max(1, round(audio_seconds * SPEECH_TOKENS_A_SECOND))
    sound = min(input_tokens, int(audio_seconds * AUDIO_TOKENS_A_SECOND))
    return Load(
        input_tokens=input_tokens,
        answer=answer,
        answers=1,
        sound=Decimal(sound),
        seconds=Decimal(round(audio_seconds)),
        kept=False,
        now=now,
        read=Decimal(input_tokens - sound),
        written=Decimal(answer),
        limit=Decimal(2 * answer),
    )


def reading_cost(rate: PerToken, load: Load) -> tuple[Decimal, Decimal]:
    """Dollars for what is read and for the call as such: expected, and at the dearest rates."""
    read = load.read
    dearest = rate.dearest_kept if load.kept else rate.dearest
    expected, worst = read * rate.input + rate.request, read * dearest + rate.request
    if load.sound:
        expected += load.sound * rate.audio
        worst += load.sound * max(rate.audio, dearest)
    if load.seconds:
        heard = load.seconds * rate.audio_second
        return expected + heard, worst + heard
    return expected, worst


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
    expected, worst = reading_cost(rate, load)
    return expected + written * rate.output, worst + longest * rate.dearest_output


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
    reading = reading_cost(rate, load)[1]
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
