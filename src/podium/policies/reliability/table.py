"""One row a kind of failure: whether the same call may work again, whether another model may, whose fault it was."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from podium.core.errors import FailureKind


class Reaction(Struct, frozen=True, kw_only=True):
    """What one kind of failure calls for."""

    retry_here: bool = False
    """The same call to the same deployment may work in a moment."""
    go_elsewhere: bool = False
    """Another candidate may do it."""
    larger_window: bool = False
    """Only a candidate with a larger context window may."""
    provider_wide: bool = False
    """The provider's other models likely fail alike, so another provider goes first."""
    callers_fault: bool = False
    """The caller gets the provider's own error, because only the caller can mend it."""
    counts_against_health: bool = False
    """One more failure in a row of this deployment."""
    rests_at_once: bool = False
    """It cannot pass by itself: rest at once, and long."""
    reason: str


REACTIONS: Mapping[FailureKind, Reaction] = {
    FailureKind.UNREACHABLE: Reaction(
        retry_here=True,
        go_elsewhere=True,
        provider_wide=True,
        counts_against_health=True,
        reason="no connection; a second one often succeeds",
    ),
    FailureKind.TIMEOUT: Reaction(
        go_elsewhere=True,
        counts_against_health=True,
        reason="it was given its whole time; to wait as long again helps nobody",
    ),
    FailureKind.RATE_LIMITED: Reaction(
        retry_here=True,
        go_elsewhere=True,
        counts_against_health=True,
        reason="it has too much to do from us; it says when to come back",
    ),
    FailureKind.OVERLOADED: Reaction(
        retry_here=True,
        go_elsewhere=True,
        counts_against_health=True,
        reason="it has too much to do from everybody",
    ),
    FailureKind.SERVER_ERROR: Reaction(
        retry_here=True,
        go_elsewhere=True,
        counts_against_health=True,
        reason="a fault on its side, mostly passing",
    ),
    FailureKind.CREDENTIAL: Reaction(
        go_elsewhere=True,
        provider_wide=True,
        counts_against_health=True,
        rests_at_once=True,
        reason="the key does not open this door; it will not in a moment either",
    ),
    FailureKind.BILLING: Reaction(
        go_elsewhere=True,
        provider_wide=True,
        counts_against_health=True,
        rests_at_once=True,
        reason="the account is empty until somebody pays",
    ),
    FailureKind.BAD_REQUEST: Reaction(
        callers_fault=True,
        reason="the request itself is wrong; another model would say the same",
    ),
    FailureKind.NOT_FOUND: Reaction(
        go_elsewhere=True,
        counts_against_health=True,
        rests_at_once=True,
        reason="the provider does not have this model",
    ),
    FailureKind.CONTEXT_TOO_LONG: Reaction(
        go_elsewhere=True,
        larger_window=True,
        callers_fault=True,
        reason="the input does not fit the window",
    ),
    FailureKind.CONTENT_REFUSED: Reaction(
        callers_fault=True,
        reason="the provider's policy refuses the content; to shop around for one that does not is not ours to do",
    ),
    FailureKind.GARBAGE: Reaction(
        go_elsewhere=True,
        counts_against_health=True,
        reason="what answered does not speak its dialect",
    ),
    FailureKind.BROKEN_STREAM: Reaction(
        retry_here=True,
        go_elsewhere=True,
        counts_against_health=True,
        reason="the answer broke off before anything of it was passed on",
    ),
    FailureKind.NOT_CARRIED: Reaction(
        go_elsewhere=True,
        reason="its wire has no place for something in the request; nothing was sent",
    ),
    FailureKind.UNFIT: Reaction(
        go_elsewhere=True,
        reason="it answered, and the answer fell short; a better model may not",
    ),
    FailureKind.CANCELLED: Reaction(
        callers_fault=True,
        reason="the caller went away, so nobody waits for another try",
    ),
}
"""Complete: a kind without a row would be a failure nobody thought about."""
