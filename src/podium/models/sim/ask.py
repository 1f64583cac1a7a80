"""What every wire translates to and from: a request and an answer that belong to no vendor.

The mind works on these alone, so that one prompt gets one answer whatever wire it came by. They are not
`core.messages`: what tests a translation must not share its vocabulary with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct


class Refused(Exception):
    """A request the vendor turns down; the wire it came by writes it in its own shape."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str | None = None,
        param: str | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.kind = kind
        """The error's type in the wire's own words; None for the usual one of the status."""
        self.param = param
        self.code = code
        self.retry_after_s: float | None = None


class Image(Struct, frozen=True, kw_only=True):
    """An image of a request: its bytes where they came along, else where it lies."""

    media: str = ""
    data: bytes | None = None
    url: str = ""


class Call(Struct, frozen=True, kw_only=True):
    """A tool call, made or being made. `arguments` is JSON text."""

    id: str
    name: str
    arguments: str
    signature: str | None = None
    """Gemini's `thoughtSignature`, as the caller sent it back."""


class Turn(Struct, frozen=True, kw_only=True):
    """One message. A tool's result is a turn of its own, of role `tool`, on every wire."""

    role: str
    """`system`, `developer`, `user`, `assistant` or `tool`."""
    text: str = ""
    images: tuple[Image, ...] = ()
    calls: tuple[Call, ...] = ()
    answers: str = ""
    """Of a tool's turn: the call it answers, where the wire says so here."""


class Tool(Struct, frozen=True, kw_only=True):
    """A function the model may call."""

    name: str
    description: str | None = None
    parameters: Mapping[str, Any] | None = None


class Ask(Struct, frozen=True, kw_only=True):
    """A request, read."""

    model: str
    turns: tuple[Turn, ...]
    tools: tuple[Tool, ...] = ()
    choice: Literal["auto", "none", "required"] = "auto"
    only: tuple[str, ...] = ()
    """With `required`: the tools it may choose among; empty for all."""
    parallel: bool = True
    schema: Mapping[str, Any] | None = None
    """Shape of the answer; `{}` for any JSON object, None for free text."""
    limit: int | None = None
    """The most tokens the answer may have, reasoning included."""
    stops: tuple[str, ...] = ()
    stream: bool = False
    include_usage: bool = True
    """Whether a stream states the usage."""
    thinks: bool | None = None
    """None leaves it to the model; True is refused by a model that cannot."""
    shows: bool | None = None
    """Whether the caller wants to see the reasoning; None leaves it to the model."""
    budget: int | None = None
    """The most tokens of reasoning."""
    marked: int | None = None
    """The caller wants everything up to the turn of this number cached; -1 for the tools alone."""
    long_cache: bool = False
    """For an hour, not five minutes."""
    encrypted: bool = False
    """Whether the caller wants the reasoning in a form it can send back (OpenAI's `include`)."""
    instructed: bool = False
    """Whether the first turn is instructions for this answer alone, not part of what is kept."""
    previous: str | None = None
    """The answer this continues, where the vendor keeps answers."""
    keep: bool = False
    """Whether the vendor keeps this answer."""

    @property
    def prompt(self) -> str:
        """Everything said, for the draws that must depend on the whole prompt."""
        return "\n".join(f"{turn.role}: {turn.text}" for turn in self.turns)

    @property
    def images(self) -> tuple[Image, ...]:
        """Every image, in order."""
        return tuple(image for turn in self.turns for image in turn.images)


class Figures(Struct, frozen=True, kw_only=True):
    """Tokens used."""

    input: int
    """All of the prompt, cached or not."""
    output: int
    """All that was written, reasoning included."""
    reasoning: int = 0
    cached: int = 0
    """Part of the input read from a cache."""
    written: int = 0
    """Part of the input written to a cache."""


Finish = Literal["stop", "length", "tool_calls", "refusal"]


class Spoken(Struct, frozen=True, kw_only=True):
    """An answer ready to be written."""

    text: str
    calls: tuple[Call, ...] = ()
    finish: Finish
    stopped_by: str | None = None
    """The stop sequence that ended it."""
    refusal: str = ""
    thoughts: str = ""
    """The reasoning as the caller may see it; empty where there is none."""
    hidden_thoughts: str = ""
    """Reasoning that only travels sealed (Anthropic's redacted thinking)."""
    reasoned: bool = False
    """Whether there was reasoning at all, seen or not."""
    usage: Figures


class Head(Struct, frozen=True, kw_only=True):
    """What all parts of one answer repeat."""

    number: int
    """Of the request at this vendor."""
    vendor: str
    seed: int
    created: int
    """Unix time."""
    model: str
    states_usage: bool = True
    """False where a fault keeps the figures back."""

    def name(self, prefix: str) -> str:
        """An identifier of this answer, such as `chatcmpl-acme-0-1`."""
        return f"{prefix}{self.vendor}-{self.seed}-{self.number}"
