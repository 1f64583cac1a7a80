"""The wire's answers, as far as Podium reads them. A request is built as plain mappings: nobody sends us one."""

from __future__ import annotations

from typing import Any

from msgspec import Raw, Struct

NAME = "bedrock-converse"
"""The dialect's name."""
STREAM_TYPE = "application/vnd.amazon.eventstream"
ANSWER_TOOL = "podium_answer"
"""The tool a model is made to call where it has no schema of its own: its input is the answer's text."""
NO_RAW = Raw(b"")
SERVER_TOOL = "server_tool_use"
"""`type` of a call the provider answers itself."""


class ReasoningText(Struct, frozen=True):
    text: str = ""
    signature: str | None = None


class Reasoning(Struct, frozen=True, rename="camel"):
    """Of a whole answer (`reasoningText` or `redactedContent`) or of a delta (`text`, `signature`, ...)."""

    reasoning_text: ReasoningText | None = None
    redacted_content: str | None = None
    """Base64, as every blob in this JSON."""
    text: str | None = None
    signature: str | None = None


class ToolUse(Struct, frozen=True, rename="camel"):
    """A whole call, a call's beginning, or a piece of its input (then a string)."""

    tool_use_id: str = ""
    name: str = ""
    input: Raw = NO_RAW
    type: str | None = None


class Cited(Struct, frozen=True):
    text: str | None = None


class CitationsContent(Struct, frozen=True):
    content: list[Cited] | None = None


class Block(Struct, frozen=True, rename="camel"):
    """One content block; exactly one field is set. Kinds this version does not know leave all of them empty."""

    text: str | None = None
    tool_use: ToolUse | None = None
    reasoning_content: Reasoning | None = None
    citations_content: CitationsContent | None = None


class Message(Struct, frozen=True):
    content: list[Raw] | None = None


class Output(Struct, frozen=True):
    message: Message | None = None


class CacheDetail(Struct, frozen=True, rename="camel"):
    ttl: str = ""
    input_tokens: int = 0


class WireUsage(Struct, frozen=True, rename="camel"):
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_write_input_tokens: int | None = None
    cache_details: list[CacheDetail] | None = None


class Answer(Struct, frozen=True, rename="camel"):
    output: Output | None = None
    stop_reason: str | None = None
    usage: Raw = NO_RAW
    additional_model_response_fields: Raw = NO_RAW
    message: Any = None
    """Of an error."""


class Start(Struct, frozen=True, rename="camel"):
    tool_use: ToolUse | None = None


class BlockStart(Struct, frozen=True, rename="camel"):
    start: Raw = NO_RAW
    content_block_index: int = 0


class Delta(Struct, frozen=True, rename="camel"):
    text: str | None = None
    tool_use: ToolUse | None = None
    reasoning_content: Reasoning | None = None
    citation: Raw = NO_RAW
    image: Raw = NO_RAW


class BlockDelta(Struct, frozen=True, rename="camel"):
    delta: Delta
    content_block_index: int = 0


class BlockStop(Struct, frozen=True, rename="camel"):
    content_block_index: int = 0


class MessageStop(Struct, frozen=True, rename="camel"):
    stop_reason: str
    additional_model_response_fields: Raw = NO_RAW


class Metadata(Struct, frozen=True):
    usage: Raw = NO_RAW


class Exceptional(Struct, frozen=True, rename="camel"):
    """The payload of an exception inside a stream."""

    message: str | None = None
    original_message: str | None = None
