"""Who made which encrypted reasoning: a caller that sends it back must reach the account that can read it.

Kept in memory and bounded: after a restart, and on another replica, a task is not pinned, and a provider that cannot
read what it gets says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

from msgspec.structs import replace

from podium.core.messages import ReasoningPart
from podium.core.tasks import Task

_SEALED_TO_ITS_ACCOUNT = frozenset({"openai-responses"})
"""Dialects whose encrypted reasoning only the account that made it can read; elsewhere any account of the maker can."""
_MOST = 50_000


class Keepers:
    """Remembers the provider of each piece of encrypted reasoning, by its digest."""

    def __init__(self, *, most: int = _MOST) -> None:
        self._most = most
        self._providers: dict[bytes, str] = {}  # in the order they were made: the oldest goes first

    def remember(self, blocks: Iterable[ReasoningPart], provider: str) -> None:
        """Note what a provider's answer holds."""
        for block in blocks:
            self.note(block.data, block.origin, provider)

    def note(self, data: str | None, origin: str, provider: str) -> None:
        """Note one piece."""
        if data and origin in _SEALED_TO_ITS_ACCOUNT:
            if len(self._providers) >= self._most:
                del self._providers[next(iter(self._providers))]
            self._providers[_digest(data)] = provider

    def pinned(self, task: Task) -> Task:
        """The task, tied to the provider that made the latest encrypted reasoning in it; itself where none is known."""
        if not self._providers or task.keeper is not None:
            return task
        for message in reversed(task.messages):
            if message.role != "assistant":
                continue
            for part in message.parts:
                if type(part) is ReasoningPart and part.data and part.origin in _SEALED_TO_ITS_ACCOUNT:
                    provider = self._providers.get(_digest(part.data))
                    if provider is not None:
                        return replace(task, keeper=provider)
        return task


def _digest(data: str) -> bytes:
    return blake2b(data.encode("utf-8", "surrogatepass"), digest_size=16).digest()
