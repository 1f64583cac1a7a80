"""What a provider itself says of a model, put before what cards and price list say.

A marketplace knows best what it grants and charges. A local server is often started with a smaller window than the
model could take, so of two windows the smaller holds there.
"""

from __future__ import annotations

from decimal import Decimal
from typing import get_args

from msgspec.structs import replace

from podium.core.ports import ListedModel
from podium.core.settings import Capability
from podium.core.tasks import Locality

from .cards import Card
from .prices import Price, Rates

_NEVER_LISTED: frozenset[Capability] = frozenset({"logprobs", "prefill"})
"""Abilities that listings do not speak of: the card's word stands."""
_PURPOSES: frozenset[Capability] = frozenset({"text", "embedding", "transcription"})
_WORDS: tuple[Capability, ...] = get_args(Capability)
_KINDS = frozenset(Rates.__struct_fields__)
_NOTHING = Decimal(0)


def as_stated(
    card: Card, listed: ListedModel | None, context: int | None, locality: Locality, *, complete: bool
) -> Card:
    """The card with the window, longest answer and abilities the provider states.

    Most listings mention some abilities only, so what a card knows stays; a `complete` one says what is missing too.
    """
    window, longest, abilities = card.context, card.max_output, card.capabilities
    believed = card.vendor == "unknown" or (listed is not None and locality == "cloud")
    if listed is not None:
        context = listed.context or context
        if listed.max_output is not None:
            longest = listed.max_output if longest is None or believed else min(listed.max_output, longest)
        if listed.abilities is not None:
            abilities = _abilities(card, listed.abilities, complete=complete)
    if context is not None and (context < window or believed):
        window = context
    longest = None if longest is None else min(longest, window)
    if (window, longest, abilities) == (card.context, card.max_output, card.capabilities):
        return card
    return replace(card, context=window, max_output=longest, capabilities=abilities)


def price_stated(listed: ListedModel, *, writes: bool) -> Price | None:
    """The price a provider states; None where it states none, or not enough of one.

    Kinds are the names of `Rates`; others (pictures, searches) are charges a plain call does not run into.
    """
    if not listed.rates:
        return None
    rates = {kind: rate for kind, rate in listed.rates.items() if kind in _KINDS and rate >= 0}
    if not writes:
        rates = {"input": _NOTHING, "output": _NOTHING, **rates} if rates else {}
    if "input" not in rates or "output" not in rates:
        return None
    return Price(rates=Rates(**rates))


def _abilities(card: Card, stated: frozenset[str], *, complete: bool) -> frozenset[Capability]:
    known = frozenset(word for word in _WORDS if word in stated)
    if not card.writes:
        return card.capabilities  # a name that says what a model is for says it better than a list made for chat
    if card.vendor != "unknown" and not complete:
        return card.capabilities | (known - _PURPOSES)
    kept = card.capabilities & _NEVER_LISTED
    return known | kept if known & _PURPOSES else known | kept | (card.capabilities & _PURPOSES)
