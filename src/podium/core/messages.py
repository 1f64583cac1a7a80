"""Canonical messages, call options and answers: the form every dialect translates to and from.

A caller whose dialect is also the provider's never pays for this translation: its own body travels beside the
canonical form as a `Payload` and is forwarded untouched.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Raw, Struct

from .usage import Usage
from .words import Word

Role = Literal["system", "user", "assistant", "tool"]


class TextPart(Struct, frozen=True, tag="text"):
    """Plain text."""

    text: str


class ImagePart(Struct, frozen=True, kw_only=True, tag="image"):
    """An image, by `https:` or `data:` URL."""

    url: str
    detail: str | None = None


class AudioPart(Struct, frozen=True, kw_only=True, tag="audio"):
    """Audio as base64 `data` in `format` (wav, mp3 ...)."""

    data: str
    format: str


class OpaquePart(Struct, frozen=True, kw_only=True, tag="opaque"):
    """A part this version does not know, by its wire name. It survives only where the dialect stays the same."""

    kind: str


Part = TextPart | ImagePart | AudioPart | OpaquePart


class ToolCall(Struct, frozen=True, kw_only=True):
    """A model's wish to call a tool. `arguments` is the JSON text as the model wrote it, never re-parsed."""

    id: str
    name: str
    arguments: str


class Message(Struct, frozen=True, kw_only=True):
    """One turn. `tool_call_id` names the call a `tool` message answers."""

    role: Role
    parts: tuple[Part, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    name: str | None = None

    @property
    def text(self) -> str:
        """All text parts, joined with line breaks."""
        return "\n".join(part.text for part in self.parts if isinstance(part, TextPart))


class Tool(Struct, frozen=True, kw_only=True):
    """A function the model may call; `parameters` is its JSON schema."""

    name: str
    description: str = ""
    parameters: Mapping[str, Any] | None = None
    strict: bool | None = None


class Schema(Struct, frozen=True, kw_only=True):
    """The shape the answer must have. Without a `body`, any JSON object."""

    name: str = "answer"
    body: Mapping[str, Any] | None = None
    strict: bool | None = None


class Options(Struct, frozen=True, kw_only=True):
    """How the model is asked. None means: the provider's default."""

    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    n: int = 1
    tools: tuple[Tool, ...] = ()
    tool_choice: str | None = None
    """`auto`, `none`, `required`, or a tool's name."""
    parallel_tool_calls: bool | None = None
    schema: Schema | None = None
    logprobs: bool = False
    reasoning_effort: str | None = None


class Payload(Struct, frozen=True, kw_only=True):
    """The caller's own body, kept to be forwarded field by field where the provider speaks the same dialect."""

    dialect: str
    fields: Mapping[str, Raw]
    """Top-level fields as the bytes they came in."""
    wants_usage: bool = True
    """Whether a streaming caller asked to see the usage chunk."""


class FinishReason(Word):
    """Why the model stopped, across dialects."""

    STOP = "stop"
    LENGTH = "length"
    TOOL_CALLS = "tool_calls"
    CONTENT_FILTER = "content_filter"
    OTHER = "other"


class Reply(Struct, frozen=True, kw_only=True):
    """One provider's whole answer."""

    text: str
    tool_calls: tuple[ToolCall, ...] = ()
    refusal: str | None = None
    finish: FinishReason = FinishReason.STOP
    usage: Usage | None = None
    """None where the provider stated none."""
    model: str = ""
    """The name the provider gave itself."""
    raw: bytes | None = None
    """The provider's body, for a caller of the same dialect."""
    request_id: str | None = None


# --- what a stream is made of -------------------------------------------------------------------------------------


class TextDelta(Struct, frozen=True):
    """More text."""

    text: str


class ReasoningDelta(Struct, frozen=True):
    """More of the model's visible reasoning."""

    text: str


class RefusalDelta(Struct, frozen=True):
    """More of a refusal."""

    text: str


class ToolCallDelta(Struct, frozen=True, kw_only=True):
    """A fragment of a tool call. `id` and `name` come once, with the first fragment of `index`."""

    index: int
    id: str | None = None
    name: str | None = None
    arguments: str = ""


class Finished(Struct, frozen=True):
    """The model is done with one answer; `index` says with which, where several were asked for."""

    reason: FinishReason
    index: int = 0


class UsageSeen(Struct, frozen=True):
    """The provider's figures; they may come after the finish."""

    usage: Usage


class StreamFault(Struct, frozen=True, kw_only=True):
    """The provider reported an error inside a stream that began well."""

    message: str
    code: str | None = None


StreamEvent = TextDelta | ReasoningDelta | RefusalDelta | ToolCallDelta | Finished | UsageSeen | StreamFault


class Frame(Struct, frozen=True, kw_only=True):
    """One wire frame: what it means, and the bytes to relay to a caller of the same dialect (b"" for nothing)."""

    events: tuple[StreamEvent, ...] = ()
    raw: bytes = b""
    closing: bool = False
    """True for the dialect's own end mark (`[DONE]`)."""
    idle: bool = False
    """True for what only keeps the connection alive (a comment, an event without data)."""
