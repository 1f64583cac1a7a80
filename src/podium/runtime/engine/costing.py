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


def cost_of(deployment: Deployment, usage: Usage, when: datetime) -> Money | None:
    """None where the price is unknown."""
    if deployment.price is None:
        return None
    return deployment.price.at(when, usage.input).cost(usage)


def estimated_usage(input_tokens: int, characters: int) -> Usage:
    """For a provider that said nothing: the profile's count of the question, the answer's length."""
    written = -(-characters // _CHARACTERS_A_TOKEN)
    return Usage(input=input_tokens, output=written, estimated=True)


def usage_of_failure(kind: FailureKind, input_tokens: int, characters: int = 0) -> Usage:
    """What a call that failed is taken to have used."""
    return estimated_usage(input_tokens, characters) if kind in _MAY_BE_BILLED else NO_USAGE


def cost_of_failure(deployment: Deployment, usage: Usage, when: datetime) -> Money | None:
    """Nothing used costs nothing, also where the price is unknown."""
    return ZERO if usage is NO_USAGE else cost_of(deployment, usage, when)


def sum_up(attempts: Sequence[Attempt]) -> tuple[Usage, Money | None]:
    """Of all attempts together."""
    if len(attempts) == 1:
        return attempts[0].usage, attempts[0].cost
    usage = NO_USAGE
    for attempt in attempts:
        usage = usage + attempt.usage
    return usage, total(attempt.cost for attempt in attempts)
