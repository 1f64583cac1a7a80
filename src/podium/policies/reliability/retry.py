"""What to do after a failed call: the same again after a pause, the next candidate, or stop.

Pauses grow exponentially with full jitter: a random share of the longest pause, so that many callers who failed
together do not come back together.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from podium.core.errors import FailureKind
from podium.core.settings import EngineSettings
from podium.core.tasks import Candidate
from podium.core.usage import Money

from .table import REACTIONS, Reaction

PATIENCE_S = 1.0
"""Longest pause a provider may ask for while another candidate stands ready."""


class Retry(Struct, frozen=True, kw_only=True):
    """The same candidate again, after a pause."""

    delay_s: float


class Next(Struct, frozen=True, kw_only=True):
    """Another candidate, at once."""

    place: int
    """Its place in the decision's list."""


class Stop(Struct, frozen=True, kw_only=True):
    """No further call."""

    callers_fault: bool
    """The caller should see the provider's own error."""
    reason: str


Step = Retry | Next | Stop


def next_step(
    kind: FailureKind,
    *,
    retry_after_s: float | None,
    made_here: int,
    made: int,
    place: int,
    candidates: Sequence[Candidate],
    seconds_left: float | None,
    spent: Money,
    max_cost: Money | None,
    settings: EngineSettings,
    random: float,
) -> Step:
    """The step after the call to `candidates[place]` failed.

    `made_here` and `made` count the calls to this candidate and of the task, the failed one included. `seconds_left`
    until the deadline (None: no deadline), `retry_after_s` as the provider asked, `spent` by the calls so far of the
    `max_cost` allowed for the whole task (None: no bound), `random` in [0, 1). No step leads past the deadline, past
    `settings.max_attempts` calls, or to a call whose worst cost is more than what is left.
    """
    reaction = REACTIONS[kind]
    if made >= settings.max_attempts:
        return _stop(reaction, f"{made} calls were made, as many as engine.max_attempts allows")
    if seconds_left is not None and seconds_left <= 0:
        return _stop(reaction, "the deadline is over")
    left = None if max_cost is None else max_cost - spent
    other = _other(reaction, place, candidates, left)
    if reaction.retry_here and made_here <= settings.retries and _affordable(candidates[place], left):
        delay = _pause(made_here, retry_after_s, settings, random)
        if _worth_waiting(delay, asked=retry_after_s, other=other, seconds_left=seconds_left, settings=settings):
            return Retry(delay_s=delay)
    if other is not None:
        return Next(place=other)
    if left is not None and _other(reaction, place, candidates, None) is not None:
        return _stop(reaction, f"{spent} were spent, and what is left of {max_cost} pays for no other candidate")
    return _stop(reaction, f"{reaction.reason}; no candidate is left")


def _stop(reaction: Reaction, reason: str) -> Stop:
    return Stop(callers_fault=reaction.callers_fault, reason=reason)


def _pause(made_here: int, retry_after_s: float | None, settings: EngineSettings, random: float) -> float:
    """Seconds: a random share of the longest pause, and no less than the provider asked for."""
    longest = settings.backoff_ms / 1000 * 2.0 ** (made_here - 1)
    return max(random * longest, retry_after_s or 0.0)


def _worth_waiting(
    delay: float, *, asked: float | None, other: int | None, seconds_left: float | None, settings: EngineSettings
) -> bool:
    """Whether the pause ends before the deadline, and a pause the provider asked for before our patience does."""
    if seconds_left is not None and delay >= seconds_left:
        return False
    if asked is None:
        return True
    return delay <= (settings.timeout_s if other is None else PATIENCE_S)


def _affordable(candidate: Candidate, left: Money | None) -> bool:
    """Whether its worst cost fits what is `left`; None: money is no bound. Under a bound no unknown price fits."""
    return left is None or (candidate.worst_cost is not None and candidate.worst_cost <= left)


def _other(reaction: Reaction, place: int, candidates: Sequence[Candidate], left: Money | None) -> int | None:
    """The place of the next candidate that may do better and fits what is left; None where there is none."""
    if not reaction.go_elsewhere:
        return None
    rest = [each for each in range(place + 1, len(candidates)) if _affordable(candidates[each], left)]
    if reaction.larger_window:
        window = candidates[place].context
        return next((each for each in rest if _larger(candidates[each].context, window)), None)
    if reaction.provider_wide:
        provider = candidates[place].provider
        elsewhere = next((each for each in rest if candidates[each].provider != provider), None)
        if elsewhere is not None:
            return elsewhere
    return next(iter(rest), None)


def _larger(theirs: int | None, ours: int | None) -> bool:
    """An unknown window may be larger, and is given the chance."""
    return theirs is None or ours is None or theirs > ours
