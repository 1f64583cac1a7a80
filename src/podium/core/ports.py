"""The seams between wings: small protocols, with fakes in `podium.testing`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from decimal import Decimal
from typing import Protocol

from msgspec import Struct

from .messages import Frame, Reply
from .tasks import Outcome, Profile, Task


class BroughtFile(Struct, frozen=True, kw_only=True):
    """What stood at an address among a task's pictures and documents, ready for a request."""

    media_type: str
    """As its own bytes say."""
    data_url: str


class Call(Struct, frozen=True, kw_only=True):
    """What one attempt asks of one provider."""

    task: Task
    model: str
    """The model's name as this provider knows it."""
    timeout_s: float
    """For a whole answer, and for the first content of a stream; after that a stream is bounded by its silences."""
    max_tokens: int | None = None
    """A limit on the answer that Podium sets where the caller set none."""
    wire: str | None = None
    """The dialect this model must be asked in at this provider; None leaves it to the provider."""
    left_s: float | None = None
    """Until the task's deadline, where it has one: bounds streams too."""
    reasons: bool | None = None
    """Whether the model reasons, and so takes a reasoning effort. None: nobody described it, so it is sent."""
    files: Mapping[str, BroughtFile] | None = None
    """What stands at the task's addresses, for a provider that fetches none itself; None where nobody asked."""


class ListedModel(Struct, frozen=True, kw_only=True):
    """A model as its provider lists it. None: the provider does not say."""

    name: str
    context: int | None = None
    """Window in tokens."""
    max_output: int | None = None
    rates: Mapping[str, Decimal] | None = None
    """Dollars for a million tokens by kind (`input`, `output`, `cached`, `cache_write` ...), as it charges them."""
    abilities: frozenset[str] | None = None
    """Capabilities in the catalog's words (`text`, `vision`, `tools` ...)."""


class Provider(Protocol):
    """A vendor's door: one per configured provider."""

    name: str

    def speaks(self, call: Call) -> str:
        """The wire this call goes over, by its dialect's name: the caller's own where the provider has it."""
        ...

    def wants_files(self, call: Call) -> bool:
        """Whether this call needs `files`: the wire it goes over takes bytes, and no addresses.

        Raises ProviderError(NOT_CARRIED) where there is no wire for it.
        """
        ...

    async def complete(self, call: Call) -> Reply:
        """A whole answer. Raises ProviderError."""
        ...

    def stream(self, call: Call) -> AbstractAsyncContextManager[AsyncIterator[Sequence[Frame]]]:
        """An answer as it comes, frames that arrived together in one list. Entering raises ProviderError for a
        refused call; iterating, for a broken one, after every whole frame before the break.

        Leaving the context closes the upstream call at once.
        """
        ...

    async def list_models(self) -> tuple[ListedModel, ...]:
        """What the provider offers, by a free call. Raises ProviderError."""
        ...

    async def aclose(self) -> None:
        """Close connections."""
        ...


class FileBringer(Protocol):
    """Brings what stands at the addresses a caller gave."""

    def addresses(self, task: Task) -> tuple[str, ...]:
        """Every web address among the task's pictures and documents, once. Asked for each task, so it is cheap."""
        ...

    async def bring(self, urls: Sequence[str], *, seconds: float) -> Mapping[str, BroughtFile]:
        """All of them, within so many seconds. Raises InvalidRequest, which names a host and no more of an address."""
        ...


class Profiler(Protocol):
    """Judges what a task is."""

    def profile(self, task: Task) -> Profile: ...


class LedgerWriter(Protocol):
    """Takes settled tasks; never blocks and never raises on the serving path."""

    def record(self, outcome: Outcome) -> None: ...


Environment = Mapping[str, str]
"""Environment variables, handed in by a surface: nothing below reads the process's own."""
