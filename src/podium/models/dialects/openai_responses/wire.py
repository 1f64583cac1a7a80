"""The wire's shapes, as far as Podium reads them. Unknown fields pass: the caller's body is forwarded, not rebuilt.

One struct serves every kind of item and one every kind of event, told apart by `type`: the wire has some thirty of
each, most of which Podium must carry and not understand.
"""

from __future__ import annotations

from typing import Any

from msgspec import Raw, Struct

from ..caller_fields import NO_FIELDS, CallerFields

NAME = "openai-responses"
"""The dialect's name, and the origin of its reasoning."""

NOTHING = Raw(b"")

# --- items, in requests and in answers ----------------------------------------------------------------------------


class InputAudio(Struct, frozen=True):
    data: str = ""
    format: str = ""


class Content(Struct, frozen=True):
    """One content part of any type; which field is set follows from `type`."""

    type: str = ""
    text: str | None = None
    refusal: str | None = None
    image_url: Raw = NOTHING
    """Long ones stay as they came (see core.deferred)."""
    detail: str | None = None
    file_id: str | None = None
    file_data: Raw = NOTHING
    file_url: str | None = None
    filename: str | None = None
    input_audio: InputAudio | None = None


class Item(Struct, frozen=True):
    """One item of an input or output list. Without a `type` it is a message, or a reference where it has only an id."""

    type: str | None = None
    id: str | None = None
    role: str | None = None
    content: str | list[Content] | None = None
    status: str | None = None
    call_id: str | None = None
    name: str | None = None
    arguments: Any = None
    """JSON text in function calls; other kinds of item put objects here."""
    input: Any = None
    output: Raw = NOTHING
    """Text or a list of content parts in results of tools; other kinds put other things here."""
    summary: list[Content] | None = None
    encrypted_content: str | None = None

    @property
    def kind(self) -> str:
        """Its type, spelt out."""
        if self.type is not None:
            return self.type
        return "item_reference" if self.role is None and self.content is None and self.id is not None else "message"


# --- request ------------------------------------------------------------------------------------------------------


class WireTool(Struct, frozen=True):
    type: str
    name: str | None = None
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class NamedToolChoice(Struct, frozen=True):
    type: str
    name: str | None = None
    mode: str | None = None
    """Of `allowed_tools`."""


class TextFormat(Struct, frozen=True):
    type: str
    name: str | None = None
    schema: dict[str, Any] | None = None
    strict: bool | None = None


class TextConfig(Struct, frozen=True):
    format: TextFormat | None = None
    verbosity: str | None = None


class WireReasoning(Struct, frozen=True):
    effort: str | None = None
    summary: str | None = None
    generate_summary: str | None = None
    """The older name of `summary`."""
    context: str | None = None


class ResponsesRequest(Struct, frozen=True):
    input: str | list[Item] | None = None
    model: str = "auto"
    instructions: str | list[Item] | None = None
    stream: bool | None = None
    tools: list[WireTool] | None = None
    tool_choice: str | NamedToolChoice | None = None
    parallel_tool_calls: bool | None = None
    text: TextConfig | None = None
    reasoning: WireReasoning | None = None
    max_output_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_logprobs: int | None = None
    include: list[str] | None = None
    store: bool | None = None
    background: bool | None = None
    conversation: Any = None
    prompt: Any = None
    previous_response_id: str | None = None
    user: str | None = None
    safety_identifier: str | None = None
    podium: CallerFields = NO_FIELDS


# --- answers ------------------------------------------------------------------------------------------------------


class InputDetails(Struct, frozen=True):
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    audio_tokens: int | None = None


class OutputDetails(Struct, frozen=True):
    reasoning_tokens: int | None = None
    audio_tokens: int | None = None


class WireUsage(Struct, frozen=True):
    input_tokens: int | None = None
    output_tokens: int | None = None
    total_tokens: int | None = None
    input_tokens_details: InputDetails | None = None
    output_tokens_details: OutputDetails | None = None


class IncompleteDetails(Struct, frozen=True):
    reason: str | None = None


class Answer(Struct, frozen=True):
    """The response object, whole or inside a stream's lifecycle events."""

    id: str | None = None
    model: str | None = None
    status: str | None = None
    output: list[Item] | None = None
    incomplete_details: IncompleteDetails | None = None
    usage: Raw = NOTHING
    """Read apart, so that a malformed figure costs the figure and not the answer."""
    error: Any = None


# --- streams ------------------------------------------------------------------------------------------------------


class Event(Struct, frozen=True):
    """One event of a stream, as far as every kind of it is read alike."""

    type: str = ""
    delta: Any = None
    output_index: int | None = None
    content_index: int | None = None
    summary_index: int | None = None
    item_id: str | None = None
    text: Any = None
    refusal: str | None = None
    arguments: Any = None
    input: Any = None
    item: Item | None = None
    response: Answer | None = None
    error: Any = None
    message: Any = None
    code: Any = None
