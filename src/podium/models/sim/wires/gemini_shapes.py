"""The fields of a Gemini request, all there are, because one more is refused (Gemini API reference; Vertex AI's)."""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class _Message(Struct, rename="camel", forbid_unknown_fields=True):
    """Base of all that Google reads."""


class Blob(_Message):
    data: str
    mime_type: str = ""
    display_name: str | None = None


class FileData(_Message):
    file_uri: str
    mime_type: str = ""
    display_name: str | None = None


class FunctionCall(_Message):
    name: str
    id: str | None = None
    args: dict[str, Any] | None = None


class FunctionResponse(_Message):
    name: str = ""
    id: str | None = None
    response: dict[str, Any] | None = None
    parts: list[Any] | None = None
    scheduling: str | None = None
    will_continue: bool | None = None


class Part(_Message):
    text: str | None = None
    thought: bool | None = None
    thought_signature: str | None = None
    inline_data: Blob | None = None
    file_data: FileData | None = None
    function_call: FunctionCall | None = None
    function_response: FunctionResponse | None = None
    executable_code: Any = None
    code_execution_result: Any = None
    video_metadata: Any = None
    media_resolution: Any = None
    part_metadata: Any = None


class Content(_Message):
    parts: list[Part] | None = None
    role: str | None = None


class FunctionDeclaration(_Message):
    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None
    parameters_json_schema: dict[str, Any] | None = None
    response: dict[str, Any] | None = None
    response_json_schema: dict[str, Any] | None = None
    behavior: str | None = None


class ToolList(_Message):
    function_declarations: list[FunctionDeclaration] | None = None
    google_search: Any = None
    google_search_retrieval: Any = None
    google_maps: Any = None
    code_execution: Any = None
    url_context: Any = None
    retrieval: Any = None
    computer_use: Any = None
    file_search: Any = None


class FunctionCalling(_Message):
    mode: str = "AUTO"
    allowed_function_names: list[str] | None = None


class ToolConfig(_Message):
    function_calling_config: FunctionCalling | None = None
    retrieval_config: Any = None


class Thinking(_Message):
    include_thoughts: bool | None = None
    thinking_budget: int | None = None
    thinking_level: str | None = None


class Generation(_Message):
    temperature: float | None = None
    top_p: float | None = None
    top_k: float | None = None
    candidate_count: int | None = None
    max_output_tokens: int | None = None
    stop_sequences: list[str] | None = None
    response_mime_type: str | None = None
    response_schema: dict[str, Any] | None = None
    response_json_schema: dict[str, Any] | None = None
    thinking_config: Thinking | None = None
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    response_logprobs: bool | None = None
    logprobs: int | None = None
    response_modalities: list[str] | None = None
    speech_config: Any = None
    media_resolution: str | None = None
    audio_timestamp: bool | None = None


class Request(_Message):
    contents: list[Content] = []
    model: str | None = None
    system_instruction: Content | None = None
    tools: list[ToolList] | None = None
    tool_config: ToolConfig | None = None
    generation_config: Generation | None = None
    safety_settings: Any = None
    cached_content: str | None = None
    labels: dict[str, str] | None = None
    service_tier: str | None = None
    store: bool | None = None
    generate_content_request: Request | None = None
    """Of countTokens only."""
