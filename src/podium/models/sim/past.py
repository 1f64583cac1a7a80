"""What a vendor remembers between requests: prompts its callers had cached, answers it keeps for them."""

from __future__ import annotations

from collections import OrderedDict

import msgspec

from .ask import Ask, Refused, Spoken, Turn
from .mind import cache_key

_KEPT = 256


class Past:
    """The memory of one vendor; the oldest entries go first. Cached prompts do not expire."""

    def __init__(self) -> None:
        self._cached: OrderedDict[str, None] = OrderedDict()
        self._kept: OrderedDict[str, tuple[Turn, ...]] = OrderedDict()

    def warm(self, ask: Ask) -> bool:
        """Whether what a request marks for caching is in the cache; afterwards it is."""
        key = cache_key(ask)
        if key is None:
            return False
        known = key in self._cached
        self._cached[key] = None
        self._cached.move_to_end(key)
        if len(self._cached) > _KEPT:
            self._cached.popitem(last=False)
        return known

    def keep(self, name: str, ask: Ask, spoken: Spoken) -> None:
        """Remember an answer and what led to it, so that a request may continue it."""
        said = Turn(role="assistant", text=spoken.text or spoken.refusal, calls=spoken.calls)
        self._kept[name] = (*ask.turns[ask.instructed :], said)
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)

    def continued(self, ask: Ask) -> Ask:
        """The request with what it continues before it. Raises Refused for an answer that is not kept."""
        if ask.previous is None:
            return ask
        before = self._kept.get(ask.previous)
        if before is None:
            raise Refused(
                400,
                f"Previous response with id '{ask.previous}' not found.",
                param="previous_response_id",
                code="previous_response_not_found",
            )
        first = int(ask.instructed)
        return msgspec.structs.replace(ask, turns=(*ask.turns[:first], *before, *ask.turns[first:]))
