"""What a call used and cost: the catalog prices, this multiplies, the ledger records."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from podium.core.errors import FailureKind
from podium.core.tasks import Attempt
from podium.core.usage import NO_USAGE, ZERO, Money, Usage, total
from podium.models.catalog import Deployment

# A provider that refused a call read nothing it bills for. One that went silent or broke off may well have.
_MAY_BE_BILLED = frozenset({FailureKind.TIMEOUT, FailureKind.BROKEN_STREAM, FailureKind.CANCELLED})
_CHARACTERS_A_TOKEN = 4
_ANSWERED = (None, 200)  # what fails while an answer is read carries no status


def cost_of(deployment: Deployment, usage: Usage, when: datetime) -> Money | None:
    """None where the price is unknown."""
    if deployment.price is None:
        return None
    return deployment.price.at(when, usage.input).cost(usage)


def estimated_usage(input_tokens: int, characters: int) -> Usage:
    """For a provider that said nothing: the profile's count of the question, the answer's length."""
    written = -(-characters // _CHARACTERS_A_TOKEN)
    return Usage(input=input_tokens, output=written, estimated=True)


def usage_of_failure(kind: FailureKind, http_status: int | None, input_tokens: int) -> Usage:
    """What a call that failed is taken to have used. An answer nobody can read is likely billed."""
    billed = kind in _MAY_BE_BILLED or (kind is FailureKind.GARBAGE and http_status in _ANSWERED)
    return estimated_usage(input_tokens, 0) if billed else NO_USAGE


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
