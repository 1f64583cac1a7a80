"""The wire's shapes, as far as Podium reads them. Unknown fields pass: the caller's body is forwarded, not rebuilt."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Raw, Struct

from ..caller_fields import NO_FIELDS, CallerFields

NAME = "openai-chat"
"""The dialect's name."""

# --- request -------------------------------------------------------------------------------------------------------


NO_RAW = Raw(b"")
"""A field that is absent. Extensions and figures are read apart, so that a malformed one costs nothing but itself."""


class CacheControl(Struct, frozen=True):
    """Anthropic's mark, which many gateways take in this dialect too."""

    type: str = "ephemeral"
    ttl: str | None = None


class ImageUrl(Struct, frozen=True):
    url: Raw
    detail: str | None = None


class InputAudio(Struct, frozen=True):
    data: Raw
    format: str


class InputFile(Struct, frozen=True):
    file_data: Raw = NO_RAW
    file_id: str | None = None
    filename: str | None = None


class ContentPart(Struct, frozen=True):
    """One content part of any type; which field is set follows from `type`."""

    type: str
    text: str | None = None
    image_url: ImageUrl | None = None
    input_audio: InputAudio | None = None
    file: InputFile | None = None
    refusal: str | None = None
    cache_control: Raw = NO_RAW


class FunctionCall(Struct, frozen=True):
    name: str = ""
    arguments: str | None = None


class CustomCall(Struct, frozen=True):
    """A call of a tool that takes free text instead of JSON."""

    name: str = ""
    input: str = ""


class GoogleExtra(Struct, frozen=True):
    thought_signature: str | None = None


class ExtraContent(Struct, frozen=True):
    """Google's addition to a tool call (its page on OpenAI compatibility)."""

    google: GoogleExtra | None = None


class WireToolCall(Struct, frozen=True):
    id: str | None = None
    function: FunctionCall | None = None
    custom: CustomCall | None = None
    type: str | None = None
    extra_content: Raw = NO_RAW


class ReasoningDetail(Struct, frozen=True):
    """One entry of OpenRouter's `reasoning_details`."""

    type: str = ""
    text: str | None = None
    summary: str | None = None
    data: str | None = None
    signature: str | None = None
    id: str | None = None
    format: str | None = None
    index: int | None = None


class WireMessage(Struct, frozen=True):
    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[ContentPart] | None = None
    name: str | None = None
    tool_calls: list[WireToolCall] | None = None
    tool_call_id: str | None = None
    function_call: FunctionCall | None = None
    """The older form of one tool call."""
    refusal: str | None = None
    reasoning_details: Raw = NO_RAW
    reasoning_content: Raw = NO_RAW
    reasoning: Raw = NO_RAW
    cache_control: Raw = NO_RAW


class Function(Struct, frozen=True):
    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None
    cache_control: Raw = NO_RAW


class CustomTool(Struct, frozen=True):
    name: str
    description: str | None = None


class WireTool(Struct, frozen=True):
    type: str = "function"
    function: Function | None = None
    custom: CustomTool | None = None
    cache_control: Raw = NO_RAW


class ReasoningWish(Struct, frozen=True):
    """OpenRouter's `reasoning` of a request."""

    effort: str | None = None
    max_tokens: int | None = None
    enabled: bool | None = None
    exclude: bool | None = None


class JsonSchema(Struct, frozen=True):
    name: str = "answer"
    schema: dict[str, Any] | None = None
    strict: bool | None = None


class ResponseFormat(Struct, frozen=True):
    type: str
    json_schema: JsonSchema | None = None


class NamedFunction(Struct, frozen=True):
    name: str = ""


class NamedToolChoice(Struct, frozen=True):
    type: str = "function"
    function: NamedFunction | None = None
    custom: NamedFunction | None = None


class StreamOptions(Struct, frozen=True):
    include_usage: bool | None = None


class ChatRequest(Struct, frozen=True):
    messages: list[WireMessage]
    model: str = "auto"
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop: str | list[str] | None = None
    seed: int | None = None
    n: int | None = None
    tools: list[WireTool] | None = None
    tool_choice: str | NamedToolChoice | None = None
    functions: list[Function] | None = None
    """The older form of `tools`."""
    function_call: str | NamedFunction | None = None
    """The older form of `tool_choice`."""
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None
    logprobs: bool | None = None
    reasoning_effort: str | None = None
    reasoning: Raw = NO_RAW
    include_reasoning: Raw = NO_RAW
    top_k: Raw = NO_RAW
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    user: str | None = None
    podium: CallerFields = NO_FIELDS


# --- answers -------------------------------------------------------------------------------------------------------


class PromptDetails(Struct, frozen=True):
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    audio_tokens: int | None = None


class CompletionDetails(Struct, frozen=True):
    reasoning_tokens: int | None = None
    audio_tokens: int | None = None


class WireUsage(Struct, frozen=True):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    prompt_tokens_details: PromptDetails | None = None
    completion_tokens_details: CompletionDetails | None = None
    prompt_cache_hit_tokens: int | None = None
    """DeepSeek's name for cached tokens."""


class AnswerAudio(Struct, frozen=True):
    transcript: str | None = None


class AnswerPart(Struct, frozen=True):
    """Mistral answers in parts: text, and thinking, which is a list of parts again."""

    type: str = ""
    text: str | None = None
    thinking: str | list[AnswerPart] | None = None


class AnswerMessage(Struct, frozen=True):
    content: str | list[AnswerPart] | None = None
    refusal: str | None = None
    tool_calls: list[WireToolCall] | None = None
    function_call: FunctionCall | None = None
    """The older form of one tool call."""
    audio: AnswerAudio | None = None
    reasoning_details: Raw = NO_RAW
    reasoning_content: str | None = None
    reasoning: str | None = None


class Choice(Struct, frozen=True):
    message: AnswerMessage
    finish_reason: str | None = None


class ChatAnswer(Struct, frozen=True):
    choices: list[Choice] | None = None
    id: str | None = None
    model: str | None = None
    usage: Raw = NO_RAW
    error: Any = None


class FunctionPiece(Struct, frozen=True):
    name: str | None = None
    arguments: str | None = None


class CustomPiece(Struct, frozen=True):
    name: str | None = None
    input: str | None = None


class ToolCallPiece(Struct, frozen=True):
    index: int | None = None
    id: str | None = None
    function: FunctionPiece | None = None
    custom: CustomPiece | None = None
    extra_content: Raw = NO_RAW


class Delta(Struct, frozen=True):
    content: str | list[AnswerPart] | None = None
    refusal: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    reasoning_details: Raw = NO_RAW
    tool_calls: list[ToolCallPiece] | None = None
    function_call: FunctionPiece | None = None
    audio: Raw = NO_RAW


class ChunkChoice(Struct, frozen=True):
    delta: Delta | None = None
    message: AnswerMessage | None = None
    """Some backends close with the whole message instead of a last delta."""
    finish_reason: str | None = None
    index: int | None = None


class ChatChunk(Struct, frozen=True):
    choices: list[ChunkChoice] | None = None
    usage: Raw = NO_RAW
    error: Any = None
