"""Canonical messages, call options and answers: the form every dialect translates to and from.

A caller whose dialect is also the provider's never pays for this translation: its own body travels beside the
canonical form as a `Payload` and is forwarded untouched.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Raw, Struct

from .deferred import defer
from .usage import Usage
from .words import Word

Role = Literal["system", "user", "assistant", "tool"]


CacheMark = str
"""How long a provider is asked to keep everything up to a marked place: `5m` or `1h` (Anthropic's cache_control)."""


class TextPart(Struct, frozen=True, tag="text"):
    """Plain text."""

    text: str
    cache: CacheMark | None = None
    signature: str | None = None
    """Gemini's `thoughtSignature` on a text part, to be sent back as it came."""


class ImagePart(Struct, frozen=True, kw_only=True, tag="image"):
    """An image, by `https:` or `data:` URL."""

    url: str
    detail: str | None = None
    cache: CacheMark | None = None


class AudioPart(Struct, frozen=True, kw_only=True, tag="audio"):
    """Audio as base64 `data` in `format` (wav, mp3 ...)."""

    data: str
    format: str


class FilePart(Struct, frozen=True, kw_only=True, tag="file"):
    """A document (a PDF, mostly): by `https:` or `data:` URL, or by the identifier one provider gave it."""

    url: str | None = None
    file_id: str | None = None
    media_type: str | None = None
    name: str | None = None
    cache: CacheMark | None = None


class ReasoningPart(Struct, frozen=True, kw_only=True, tag="reasoning"):
    """One block of a model's reasoning, to be sent back verbatim, and before the tool calls it led to.

    Only the wire that made it can read its `signature` or `data`: `origin` is that dialect's name.
    """

    text: str = ""
    signature: str | None = None
    """Proves to its maker that the text is unchanged."""
    data: str | None = None
    """Reasoning nobody but its maker can read (redacted or encrypted)."""
    id: str | None = None
    origin: str = ""


class OpaquePart(Struct, frozen=True, kw_only=True, tag="opaque"):
    """A part this version does not know, by its wire name. It survives only where the dialect stays the same."""

    kind: str


# What may be megabytes long is not copied before somebody reads it.
defer(ImagePart, "url")
defer(AudioPart, "data")
defer(FilePart, "url")

Part = TextPart | ImagePart | AudioPart | FilePart | ReasoningPart | OpaquePart


class ToolCall(Struct, frozen=True, kw_only=True):
    """A model's wish to call a tool. `arguments` is the JSON text as the model wrote it, never re-parsed."""

    id: str
    """Empty where the wire gave none."""
    name: str
    arguments: str
    """Empty means `{}`."""
    signature: str | None = None
    """Gemini's `thoughtSignature`, to be sent back as it came."""
    cache: CacheMark | None = None
    kind: Literal["function", "custom"] = "function"
    """`custom` tools take free text: canonical arguments are then `{"input": TEXT}`."""


class Message(Struct, frozen=True, kw_only=True):
    """One turn: reasoning and other parts first, then the calls. `tool_call_id` names the call a `tool` message
    answers."""

    role: Role
    parts: tuple[Part, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    name: str | None = None
    failed: bool = False
    """A tool's result that reports the tool's own failure."""
    cache: CacheMark | None = None
    """On the whole turn: a tool's result, mostly."""

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
    cache: CacheMark | None = None
    kind: str = "function"
    """`function`; `custom` for free-text input; else the wire's name of a tool the provider runs itself, such as
    `web_search`, which no other wire carries."""


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
    """`none`, `minimal`, `low`, `medium`, `high`, `xhigh` or `max`."""
    reasoning_tokens: int | None = None
    """A budget for reasoning in tokens; 0 switches it off, -1 leaves it to the model."""
    show_reasoning: bool = False
    """Whether the caller asked to see reasoning (Gemini's includeThoughts, Anthropic's thinking)."""
    top_k: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None


class Attachment(Struct, frozen=True, kw_only=True):
    """A file of a multipart body."""

    field: str
    filename: str
    media_type: str
    data: bytes


class Payload(Struct, frozen=True, kw_only=True):
    """The caller's own body, kept to be forwarded field by field where the provider speaks the same dialect."""

    dialect: str
    fields: Mapping[str, Raw]
    """Top-level fields as the bytes they came in."""
    attachment: Attachment | None = None
    """What came beside the fields in a multipart body."""
    wants_usage: bool = True
    """Whether a streaming caller asked to see the usage chunk."""
    sse: bool = True
    """False where a streaming caller wants one JSON array instead of events (Gemini without `alt=sse`)."""


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
    reasoning: tuple[ReasoningPart, ...] = ()
    refusal: str | None = None
    finish: FinishReason = FinishReason.STOP
    stop_sequence: str | None = None
    """The caller's own stop text that ended the answer, where the wire says which."""
    usage: Usage | None = None
    """None where the provider stated none."""
    id: str = ""
    """The answer's identifier at the provider."""
    model: str = ""
    """The name the provider gave itself."""
    dialect: str = ""
    """The wire `raw` is written in."""
    raw: bytes | None = None
    """The provider's body, for a caller of the same dialect."""
    media_type: str = "application/json"
    """Of `raw`."""
    request_id: str | None = None
    notes: tuple[str, ...] = ()
    """What this answer's way between two wires could not carry, in words for the caller."""


# --- what a stream is made of -------------------------------------------------------------------------------------


class TextDelta(Struct, frozen=True):
    """More text."""

    text: str


class ReasoningDelta(Struct, frozen=True):
    """More of the model's visible reasoning, in the block under way (a new one where none is)."""

    text: str


class ReasoningSealed(Struct, frozen=True, kw_only=True):
    """The reasoning block under way is complete; without one under way, a block of `data` alone."""

    signature: str | None = None
    data: str | None = None
    id: str | None = None
    origin: str = ""


class RefusalDelta(Struct, frozen=True):
    """More of a refusal."""

    text: str


class ToolCallDelta(Struct, frozen=True, kw_only=True):
    """A fragment of a tool call. `id`, `name` and `signature` come once, with the first fragment of `index`.

    `index` counts tool calls from 0, whatever else the wire counts.
    """

    index: int
    id: str | None = None
    name: str | None = None
    arguments: str = ""
    signature: str | None = None


class OpaqueDelta(Struct, frozen=True):
    """Content of a kind the canonical form lacks (sound, a provider's own tool), by its wire name."""

    kind: str


class Finished(Struct, frozen=True):
    """The model is done with one answer; `index` says with which, where several were asked for."""

    reason: FinishReason
    index: int = 0
    stop_sequence: str | None = None


class UsageSeen(Struct, frozen=True):
    """The provider's figures so far, merged: the latest replaces what came before. May come after the finish."""

    usage: Usage


class Noted(Struct, frozen=True):
    """Something that could not be carried between two wires, in words for the caller."""

    text: str


class StreamFault(Struct, frozen=True, kw_only=True):
    """The provider reported an error inside a stream that began well."""

    message: str
    code: str | None = None


StreamEvent = (
    TextDelta
    | ReasoningDelta
    | ReasoningSealed
    | RefusalDelta
    | ToolCallDelta
    | OpaqueDelta
    | Finished
    | UsageSeen
    | Noted
    | StreamFault
)


class Frame(Struct, frozen=True, kw_only=True):
    """One wire frame: what it means, and the bytes to relay to a caller of the same dialect (b"" for nothing)."""

    events: tuple[StreamEvent, ...] = ()
    raw: bytes = b""
    closing: bool = False
    """True for the dialect's own end mark (`[DONE]`, `message_stop`)."""
    idle: bool = False
    """True for what only keeps the connection alive (a comment, an event without data)."""
