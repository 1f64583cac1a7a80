"""One way to talk through any of the official SDKs, so that one list of scenarios serves them all.

Each driver keeps its conversation in its SDK's own types and sends back what came as its users would: whole messages,
reasoning included. Import it with this folder on `sys.path`, as tests/docs imports `snippets`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Protocol

import httpx2
from msgspec import Struct, field

End = Literal["stop", "length", "tool_calls", "refusal", "other"]
Hear = Callable[[httpx2.Response], None]
"""Told of every response of an SDK's connection, before the SDK reads it."""


class Lacking(Exception):
    """An API has no word for what a scenario asks of its SDK."""


def listening(hear: Hear | None) -> httpx2.Client:
    """The connection an SDK is given, so that a test sees the headers its user could ask for."""
    return httpx2.Client(timeout=15, follow_redirects=True, event_hooks={"response": [hear] if hear else []})


class Function(Struct, frozen=True, kw_only=True):
    """A tool as a test describes it."""

    name: str
    description: str = "A tool."
    parameters: Mapping[str, Any] = field(default_factory=lambda: {"type": "object", "properties": {}})


class Setup(Struct, frozen=True, kw_only=True):
    """What a conversation is begun with."""

    model: str = "auto"
    system: str | None = None
    also: tuple[str, ...] = ()
    """Further instructions, each by itself."""
    cached: bool = False
    """Whether the instructions are marked to be kept in the provider's cache."""
    tools: tuple[Function, ...] = ()
    force: str | None = None
    """`any`, `none`, or the tool that must be called."""
    parallel: bool = True
    schema: Mapping[str, Any] | None = None
    stop: tuple[str, ...] = ()
    max_tokens: int = 2048
    thinks: bool = False
    """Whether the caller asks to see reasoning."""
    json: bool = False
    """Whether the answer must be JSON of any shape."""
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    answers: int = 1
    logprobs: bool = False


class Called(Struct, frozen=True, kw_only=True):
    """A tool call as the SDK gave it."""

    id: str
    name: str
    arguments: Mapping[str, Any]


class Said(Struct, frozen=True, kw_only=True):
    """An answer, whole or put together from its stream."""

    text: str
    calls: tuple[Called, ...] = ()
    end: End
    thoughts: str = ""
    refusal: str = ""
    input_tokens: int
    """All of the prompt, cached or not."""
    output_tokens: int
    """All that was written, reasoning included."""
    cached_tokens: int = 0
    """Of the input: read from the provider's cache."""
    written_tokens: int = 0
    """Of the input: written to it."""
    pieces: int = 1
    """Texts it came in."""
    answers: int = 1
    """How many there were; the rest of this is the first."""
    logprobs: bool = False
    """Whether it came with log probabilities."""


class Conversation(Protocol):
    """One conversation. Each call adds to it."""

    def say(self, text: str, *, image: bytes | str | None = None, stream: bool = False) -> Said:
        """A user's turn, with it a PNG or an image's address where one is given, and the answer."""
        ...

    def give(self, results: Sequence[str], *, order: Sequence[int] | None = None, stream: bool = False) -> Said:
        """What the tools called last returned, by the calls' order, and the answer. `order`: which is sent first."""
        ...

    def instruct(self, text: str) -> None:
        """Instructions in the middle of the conversation. Raises Lacking."""
        ...

    def move(self, model: str) -> None:
        """From now on another model is asked."""
        ...

    def leave(self, text: str) -> str:
        """A user's turn whose stream is closed at its first text; that text."""
        ...


class Driver(Protocol):
    """An SDK against one address."""

    name: str
    dialect: str
    """Podium's name of what it speaks."""

    def begin(self, setup: Setup) -> Conversation: ...

    def raises(self, status: int) -> type[Exception]:
        """The SDK's own exception for an HTTP status."""
        ...

    def status_of(self, error: Exception) -> int: ...

    def close(self) -> None: ...
