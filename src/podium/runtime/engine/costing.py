"""What a call used and cost: the catalog prices, this multiplies, the ledger records."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from podium.core.errors import FailureKind
from podium.core.messages import Reply
from podium.core.tasks import Attempt, Profile
from podium.core.usage import NO_USAGE, ZERO, Money, Usage, total
from podium.models.catalog import Deployment
from podium.policies.profile import weigh

# A provider that refused a call read nothing it bills for. One that went silent or broke off may well have.
_MAY_BE_BILLED = frozenset({FailureKind.TIMEOUT, FailureKind.BROKEN_STREAM, FailureKind.CANCELLED})
_FOLD_AT = 256
"""Pieces kept before they are weighed together: weighing each costs ten times as much."""
_MOST_TOKENS = 1_000_000_000
_MOST_SECONDS = 1_000_000.0
"""A thousand of the largest windows, and eleven days of sound: a figure beyond is a slip of the provider's."""
_ANSWERED = (None, 200)  # what fails while an answer is read carries no status


def cost_of(deployment: Deployment, usage: Usage, when: datetime) -> Money | None:
    """None where the price is unknown."""
    if deployment.price is None:
        return None
    return deployment.price.at(when, usage.input).cost(usage)


class OutputCount:
    """Counts the tokens of an answer as it comes, as the profile counts a question's. Cheap for each piece, and of
    bounded memory however long the answer is."""

    __slots__ = ("_add", "_any", "_pieces", "_weight")

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._add = self._pieces.append
        self._weight = 0.0
        self._any = False

    def add(self, text: str) -> None:
        """More of what the model wrote: text, reasoning, a refusal, a call's name or arguments."""
        self._add(text)
        if len(self._pieces) >= _FOLD_AT:
            self._fold()

    def add_unseen(self) -> None:
        """Content came that has no text to count: the answer is not empty."""
        self._any = True

    @property
    def tokens(self) -> int:
        """Estimated tokens so far; 0 only for an answer without any content."""
        self._fold()
        return max(1, round(self._weight)) if self._weight or self._any else 0

    def _fold(self) -> None:
        text = "".join(self._pieces)
        self._pieces.clear()
        if text:
            self._weight += weigh(text.encode("utf-8", "surrogatepass"), ascii_only=text.isascii())


def written_tokens(reply: Reply) -> int:
    """Estimated tokens of a whole answer; 0 only for an empty one. Vectors have none."""
    count = OutputCount()
    count.add(reply.text)
    for block in reply.reasoning:
        count.add(block.text)
        if block.data:
            count.add_unseen()
    if reply.refusal:
        count.add(reply.refusal)
    for call in reply.tool_calls:
        count.add(call.name)
        count.add(call.arguments)
    return count.tokens


def counted_usage(profile: Profile, written: int) -> Usage:
    """For a provider that said nothing: the profile's count of the question, and the answer's tokens."""
    return Usage(
        input=profile.input_tokens, output=written, audio_seconds=round(profile.audio_seconds, 3), estimated=True
    )


def says_figures(stated: Usage | None) -> bool:
    """Whether the provider stated, of what was read and of what was written, something that can be true."""
    return stated is not None and 0 < stated.input <= _MOST_TOKENS and 0 < stated.output <= _MOST_TOKENS


def credible(stated: Usage | None) -> Usage | None:
    """The statement, None for one beyond all that a call could use: nobody is billed for a provider's slip."""
    if stated is None or max(stated.input, stated.output) > _MOST_TOKENS or stated.audio_seconds > _MOST_SECONDS:
        return None
    return stated


def usage_or_count(stated: Usage | None, profile: Profile, written: int) -> Usage:
    """What the provider stated, and Podium's count of what it did not: a zero for a text that was there is none."""
    known = credible(stated)
    if known is None or not (known.input or known.output or known.audio_seconds):
        return counted_usage(profile, written)
    if known.audio_seconds or says_figures(known):
        return known
    read, wrote = known.input or profile.input_tokens, known.output or written
    if (read, wrote) == (known.input, known.output):  # vectors: nothing is written
        return known
    return replace(known, input=read, output=wrote, estimated=True)


def usage_of_failure(kind: FailureKind, http_status: int | None, profile: Profile) -> Usage:
    """What a call that failed is taken to have used. An answer nobody can read is likely billed."""
    billed = kind in _MAY_BE_BILLED or (kind is FailureKind.GARBAGE and http_status in _ANSWERED)
    return counted_usage(profile, 0) if billed else NO_USAGE


def cost_of_failure(deployment: Deployment, usage: Usage, when: datetime) -> Money | None:
    """Nothing used costs nothing, also where the price is unknown."""
    return ZERO if usage is NO_USAGE else cost_of(deployment, usage, when)


def spent(attempts: Sequence[Attempt]) -> Money:
    """What is known to be spent so far; an unknown cost counts as nothing."""
    known = ZERO
    for attempt in attempts:
        if attempt.cost is not None:
            known = known + attempt.cost
    return known


def sum_up(attempts: Sequence[Attempt]) -> tuple[Usage, Money | None]:
    """Of all attempts together."""
    if len(attempts) == 1:
        return attempts[0].usage, attempts[0].cost
    usage = NO_USAGE
    for attempt in attempts:
        usage = usage + attempt.usage
    return usage, total(attempt.cost for attempt in attempts)
