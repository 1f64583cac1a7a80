"""The wire's shapes, as far as Podium reads them. Unknown fields pass: the caller's body is forwarded, not rebuilt."""

from __future__ import annotations

from typing import Any

from msgspec import Raw, Struct, field

from ..caller_fields import NO_FIELDS, CallerFields

NAME = "gemini"
"""The dialect's name."""

NOTHING = Raw(b"")
"""A field that was not given."""


class Blob(Struct, frozen=True, rename="camel"):
    """Bytes as base64, in the standard alphabet or the one for URLs."""

    mime_type: str = ""
    data: Raw = NOTHING
    """A string of what may be megabytes: not copied before somebody reads it."""
    display_name: str | None = None


class FileData(Struct, frozen=True, rename="camel"):
    file_uri: str = ""
    mime_type: str | None = None
    display_name: str | None = None


class FunctionCall(Struct, frozen=True, rename="camel"):
    name: str | None = None
    id: str | None = None
    args: Raw = NOTHING


class ResultPart(Struct, frozen=True, rename="camel"):
    """What a tool's result holds beside its object: pictures, mostly."""

    inline_data: Blob | None = None
    file_data: FileData | None = None


class FunctionResponse(Struct, frozen=True, rename="camel"):
    name: str | None = None
    id: str | None = None
    response: Raw = NOTHING
    parts: list[ResultPart] | None = None


class Part(Struct, frozen=True, rename="camel"):
    """One part of any kind: which field is set says which."""

    text: str | None = None
    thought: bool | None = None
    thought_signature: str | None = None
    function_call: FunctionCall | None = None
    function_response: FunctionResponse | None = None
    inline_data: Blob | None = None
    file_data: FileData | None = None
    executable_code: Raw = NOTHING
    code_execution_result: Raw = NOTHING
    tool_call: Raw = NOTHING
    tool_response: Raw = NOTHING


OPAQUE_PARTS = {
    "executable_code": "executableCode",
    "code_execution_result": "codeExecutionResult",
    "tool_call": "toolCall",
    "tool_response": "toolResponse",
}
"""Parts about tools Google runs itself, by field: no other wire carries them."""


def opaque_kind(part: Part) -> str | None:
    """The wire's name of a part the canonical form lacks; None where the part says nothing at all."""
    for name, kind in OPAQUE_PARTS.items():
        value = getattr(part, name)
        if value is not NOTHING and bytes(value) != b"null":
            return kind
    return None


# --- request -------------------------------------------------------------------------------------------------------


class Content(Struct, frozen=True):
    parts: list[Part] | None = None
    role: str | None = None


class FunctionDeclaration(Struct, frozen=True, rename="camel"):
    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None
    parameters_json_schema: dict[str, Any] | None = None


class FunctionCallingConfig(Struct, frozen=True, rename="camel"):
    mode: str | None = None
    allowed_function_names: list[str] | None = None


class ToolConfig(Struct, frozen=True, rename="camel"):
    function_calling_config: FunctionCallingConfig | None = None


class ThinkingConfig(Struct, frozen=True, rename="camel"):
    include_thoughts: bool | None = None
    thinking_budget: int | None = None
    thinking_level: str | None = None


class GenerationConfig(Struct, frozen=True, rename="camel"):
    max_output_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: float | None = None
    """A float on this wire, whole in practice."""
    stop_sequences: list[str] | None = None
    candidate_count: int | None = None
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    response_mime_type: str | None = None
    response_schema: dict[str, Any] | None = None
    response_json_schema: dict[str, Any] | None = None
    response_logprobs: bool | None = None
    thinking_config: ThinkingConfig | None = None


class GenerateRequest(Struct, frozen=True, rename="camel"):
    contents: list[Content] | None = None
    system_instruction: Content | None = None
    tools: list[dict[str, Raw]] | None = None
    tool_config: ToolConfig | None = None
    generation_config: GenerationConfig | None = None
    labels: dict[str, str] | None = None
    model: str | None = None
    podium: CallerFields = NO_FIELDS


class CountRequest(Struct, frozen=True, rename="camel"):
    """What countTokens takes: the contents alone, or a whole request under a name of its own."""

    generate_content_request: Raw = NOTHING
    second_spelling: Raw = field(default=NOTHING, name="generate_content_request")


# --- answers -------------------------------------------------------------------------------------------------------


class ModalityCount(Struct, frozen=True, rename="camel"):
    modality: str | None = None
    token_count: int | None = None


class WireUsage(Struct, frozen=True, rename="camel"):
    prompt_token_count: int | None = None
    """Cached tokens included, a tool's own not."""
    cached_content_token_count: int | None = None
    candidates_token_count: int | None = None
    """Thoughts not included."""
    thoughts_token_count: int | None = None
    tool_use_prompt_token_count: int | None = None
    total_token_count: int | None = None
    prompt_tokens_details: list[ModalityCount] | None = None
    candidates_tokens_details: list[ModalityCount] | None = None


class Candidate(Struct, frozen=True, rename="camel"):
    content: Content | None = None
    finish_reason: str | None = None
    finish_message: str | None = None
    index: int = 0
    grounding_metadata: Raw = NOTHING


class PromptFeedback(Struct, frozen=True, rename="camel"):
    block_reason: str | None = None
    block_reason_message: str | None = None


class AnswerWithoutUsage(Struct, frozen=True, rename="camel"):
    """For an answer whose figures cannot be read: they cost the figures, and not the answer."""

    candidates: list[Candidate] | None = None
    prompt_feedback: PromptFeedback | None = None
    model_version: str | None = None
    response_id: str | None = None
    error: Any = None


class Answer(AnswerWithoutUsage, frozen=True, rename="camel"):
    """A whole answer, and a chunk of one: the wire has one shape for both."""

    usage_metadata: WireUsage | None = None
