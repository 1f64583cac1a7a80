"""The wire's shapes, as far as Podium reads them. Unknown fields pass: the caller's body is forwarded, not rebuilt.

Fields whose shape follows from a block's `type` are kept raw until the type is known: a kind of block that this
version does not know must not make a valid request invalid.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Raw, Struct

from ..caller_fields import NO_FIELDS, CallerFields

NAME = "anthropic"
"""The dialect's name."""
VERSION = "2023-06-01"
"""The `anthropic-version` Podium asks providers for. 2026-10-21 takes nothing that this one does not, and refuses
sampling parameters, which models up to 4.6 still understand."""
BETAS = "anthropic-beta"
"""The header that switches features on; also where `Payload.fields` keeps the caller's (no body field has a hyphen)."""
ANSWER_TOOL = "podium_answer"
"""The tool a model is made to call where it has no schema of its own: its input is the answer's text."""
NO_RAW = Raw(b"")

# --- request -------------------------------------------------------------------------------------------------------


class CacheControl(Struct, frozen=True):
    type: str = "ephemeral"
    ttl: str | None = None


class Source(Struct, frozen=True):
    """Of an image or document: `base64`, `text`, `url`, `file` or `content`."""

    type: str
    media_type: str | None = None
    data: Raw = NO_RAW
    """A string of what may be megabytes: not copied before somebody reads it."""
    url: str | None = None
    file_id: str | None = None


class Block(Struct, frozen=True):
    """One content block of any type; which fields are set follows from `type`."""

    type: str
    text: str | None = None
    thinking: str | None = None
    signature: str | None = None
    data: str | None = None
    id: str | None = None
    name: str | None = None
    input: Raw = NO_RAW
    tool_use_id: str | None = None
    content: Raw = NO_RAW
    is_error: bool | None = None
    source: Raw = NO_RAW
    title: str | None = None
    context: Raw = NO_RAW
    cache_control: CacheControl | None = None


class Turn(Struct, frozen=True):
    role: Literal["user", "assistant", "system"]
    content: str | list[Block]


class WireTool(Struct, frozen=True):
    type: str | None = None
    name: str | None = None
    description: str | None = None
    input_schema: dict[str, Any] | None = None
    strict: bool | None = None
    cache_control: CacheControl | None = None


class ToolChoice(Struct, frozen=True):
    type: str
    name: str | None = None
    disable_parallel_tool_use: bool | None = None


class Thinking(Struct, frozen=True):
    type: str
    budget_tokens: int | None = None
    display: str | None = None


class OutputFormat(Struct, frozen=True):
    type: str
    schema: dict[str, Any] | None = None


class OutputConfig(Struct, frozen=True):
    effort: str | None = None
    format: OutputFormat | None = None


class Metadata(Struct, frozen=True):
    user_id: str | None = None


class MessagesRequest(Struct, frozen=True):
    messages: list[Turn]
    model: str = "auto"
    max_tokens: int | None = None
    system: str | list[Block] | None = None
    stream: bool | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop_sequences: list[str] | None = None
    tools: list[WireTool] | None = None
    tool_choice: ToolChoice | None = None
    thinking: Thinking | None = None
    output_config: OutputConfig | None = None
    output_format: OutputFormat | None = None
    """The older place of `output_config.format`."""
    metadata: Metadata | None = None
    cache_control: CacheControl | None = None
    """Marks the last block that can be marked."""
    podium: CallerFields = NO_FIELDS


# --- answers -------------------------------------------------------------------------------------------------------


class OutputDetails(Struct, frozen=True):
    thinking_tokens: int | None = None


class CacheCreation(Struct, frozen=True):
    ephemeral_1h_input_tokens: int | None = None


class WireUsage(Struct, frozen=True):
    """Cumulative wherever it stands; a streamed one may name only what has changed."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation: CacheCreation | None = None
    output_tokens_details: OutputDetails | None = None


class StopDetails(Struct, frozen=True):
    explanation: str | None = None


class AnswerBlock(Struct, frozen=True):
    type: str = ""
    text: str | None = None
    thinking: str | None = None
    signature: str | None = None
    data: str | None = None
    id: str | None = None
    name: str | None = None
    input: Raw = NO_RAW


class Answer(Struct, frozen=True):
    type: str = ""
    id: str = ""
    content: list[AnswerBlock] | None = None
    model: str | None = None
    stop_reason: str | None = None
    stop_sequence: str | None = None
    stop_details: StopDetails | None = None
    usage: Raw = NO_RAW
    error: Any = None


class Delta(Struct, frozen=True):
    """Of a block, or of the message: `type` is then absent."""

    type: str = ""
    text: str | None = None
    thinking: str | None = None
    signature: str | None = None
    partial_json: str | None = None
    stop_reason: str | None = None
    stop_sequence: str | None = None
    stop_details: StopDetails | None = None


class StreamedMessage(Struct, frozen=True):
    usage: Raw = NO_RAW


class Event(Struct, frozen=True):
    """One event of a stream, of any type."""

    type: str = ""
    index: int = 0
    delta: Delta | None = None
    content_block: AnswerBlock | None = None
    message: StreamedMessage | None = None
    usage: Raw = NO_RAW
    error: Any = None
