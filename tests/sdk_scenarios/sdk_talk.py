"""One way to talk through any of the official SDKs, so that one list of scenarios serves them all.

Each driver keeps its conversation in its SDK's own types and sends back what came as its users would: whole messages,
reasoning included. Import it with this folder on `sys.path`, as tests/docs imports `snippets`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

from msgspec import Struct, field

End = Literal["stop", "length", "tool_calls", "refusal", "other"]


class Function(Struct, frozen=True, kw_only=True):
    """A tool as a test describes it."""

    name: str
    description: str = "A tool."
    parameters: Mapping[str, Any] = field(default_factory=lambda: {"type": "object", "properties": {}})


class Setup(Struct, frozen=True, kw_only=True):
    """What a conversation is begun with."""

    model: str = "auto"
    system: str | None = None
    tools: tuple[Function, ...] = ()
    force: str | None = None
    """`any`, or the tool that must be called."""
    parallel: bool = True
    schema: Mapping[str, Any] | None = None
    stop: tuple[str, ...] = ()
    max_tokens: int = 2048
    thinks: bool = False
    """Whether the caller asks to see reasoning."""


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
    pieces: int = 1
    """Texts it came in."""


class Conversation(Protocol):
    """One conversation. Each call adds to it."""

    def say(self, text: str, *, image: bytes | None = None, stream: bool = False) -> Said:
        """A user's turn, a PNG with it where one is given, and the answer."""
        ...

    def give(self, results: Sequence[str], *, stream: bool = False) -> Said:
        """What the tools called last returned, in the order of the calls, and the answer."""
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
