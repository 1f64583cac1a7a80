"""The wire's shapes, as far as Podium reads them. Unknown fields pass: the caller's body is forwarded, not rebuilt."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Raw, Struct, json

from ..caller_fields import NO_FIELDS, CallerFields

NAME = "openai-chat"
"""The dialect's name."""

# --- request -------------------------------------------------------------------------------------------------------


class ImageUrl(Struct, frozen=True):
    url: str
    detail: str | None = None


class InputAudio(Struct, frozen=True):
    data: str
    format: str


class ContentPart(Struct, frozen=True):
    """One content part of any type; which field is set follows from `type`."""

    type: str
    text: str | None = None
    image_url: ImageUrl | None = None
    input_audio: InputAudio | None = None
    refusal: str | None = None


class FunctionCall(Struct, frozen=True):
    name: str = ""
    arguments: str = ""


class CustomCall(Struct, frozen=True):
    """A call of a tool that takes free text instead of JSON."""

    name: str = ""
    input: str = ""


def custom_arguments(call: CustomCall) -> str:
    """A custom call's text as canonical arguments, which are JSON."""
    return json.encode({"input": call.input}).decode()


class WireToolCall(Struct, frozen=True):
    id: str = ""
    function: FunctionCall | None = None
    custom: CustomCall | None = None
    type: str = "function"


class WireMessage(Struct, frozen=True):
    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[ContentPart] | None = None
    name: str | None = None
    tool_calls: list[WireToolCall] | None = None
    tool_call_id: str | None = None


class Function(Struct, frozen=True):
    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class CustomTool(Struct, frozen=True):
    name: str
    description: str | None = None


class WireTool(Struct, frozen=True):
    type: str = "function"
    function: Function | None = None
    custom: CustomTool | None = None


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
    user: str | None = None
    podium: CallerFields = NO_FIELDS


# --- answers -------------------------------------------------------------------------------------------------------


NO_USAGE = Raw(b"")
"""Usage is read apart from its answer, so that a malformed figure costs the figure and not the answer."""


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


class AnswerMessage(Struct, frozen=True):
    content: str | list[ContentPart] | None = None
    refusal: str | None = None
    tool_calls: list[WireToolCall] | None = None
    function_call: FunctionCall | None = None
    """The older form of one tool call."""
    audio: AnswerAudio | None = None


class Choice(Struct, frozen=True):
    message: AnswerMessage
    finish_reason: str | None = None


class ChatAnswer(Struct, frozen=True):
    choices: list[Choice] | None = None
    model: str | None = None
    usage: Raw = NO_USAGE
    error: Any = None


class ToolCallPiece(Struct, frozen=True):
    index: int | None = None
    id: str | None = None
    function: FunctionPiece | None = None


class FunctionPiece(Struct, frozen=True):
    name: str | None = None
    arguments: str | None = None


class Delta(Struct, frozen=True):
    content: str | None = None
    refusal: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    tool_calls: list[ToolCallPiece] | None = None


class ChunkChoice(Struct, frozen=True):
    delta: Delta | None = None
    finish_reason: str | None = None
    index: int = 0


class ChatChunk(Struct, frozen=True):
    choices: list[ChunkChoice] | None = None
    usage: Raw = NO_USAGE
    error: Any = None
