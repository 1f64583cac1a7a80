"""Gemini's generateContent, what comes in (Gemini API reference, pages Generating content and Function calling).

As proto JSON it is taken in camel case and in snake case, and an unknown field is refused, not ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from ..ask import Ask, Call, Image, Refused, Tool, Turn
from .base64_data import bytes_of
from .gemini_schema import plain_schema
from .gemini_shapes import Content, Generation, Part, Request, Thinking, ToolConfig
from .wire import Incoming, decoded

_FREE = ("args", "response", "parameters", "parametersJsonSchema", "responseSchema", "responseJsonSchema",
         "responseJsonSchema", "labels", "partMetadata")  # fmt: skip
"""Fields whose keys are the caller's own."""


def parsed(body: bytes) -> Request:
    """The request as it came. Raises Refused."""
    fields = _camel(decoded(body, dict[str, Any]))
    return decoded(msgspec.json.encode(fields), Request)


def ask_of(request: Request, incoming: Incoming) -> Ask:
    """The request, read."""
    config = request.generation_config or Generation()
    choice, only = _choice(request.tool_config)
    thinking = config.thinking_config or Thinking()
    system = _turns(request.system_instruction, "system") if request.system_instruction is not None else []
    schema = config.response_json_schema or plain_schema(config.response_schema, "generation_config.response_schema")
    if schema is None and config.response_mime_type == "application/json":
        schema = {}
    return Ask(
        model=incoming.model,
        turns=(*system, *(turn for content in request.contents for turn in _turns(content, content.role or "user"))),
        tools=tuple(
            Tool(
                name=function.name,
                description=function.description,
                parameters=function.parameters_json_schema or plain_schema(function.parameters, function.name),
            )
            for tools in request.tools or ()
            for function in tools.function_declarations or ()
        ),
        choice=choice,
        only=only,
        schema=schema,
        limit=config.max_output_tokens,
        stops=tuple(config.stop_sequences or ()),
        stream=incoming.stream,
        thinks=_thinks(thinking),
        shows=bool(thinking.include_thoughts),
        budget=thinking.thinking_budget if (thinking.thinking_budget or 0) > 0 else None,
    )


def _thinks(thinking: Thinking) -> bool | None:
    if thinking.thinking_budget == 0:
        return False
    return True if thinking.thinking_level or (thinking.thinking_budget or 0) > 0 else None


def _choice(config: ToolConfig | None) -> tuple[Literal["auto", "none", "required"], tuple[str, ...]]:
    calling = config.function_calling_config if config is not None else None
    if calling is None:
        return "auto", ()
    match calling.mode.upper():
        case "ANY":
            return "required", tuple(calling.allowed_function_names or ())
        case "NONE":
            return "none", ()
        case "AUTO" | "VALIDATED" | "MODE_UNSPECIFIED":
            return "auto", ()
        case other:
            raise Refused(400, f"Invalid value at 'tool_config.function_calling_config.mode': {other}")


def _turns(content: Content, role: str) -> list[Turn]:
    parts = content.parts or []
    results = [part.function_response for part in parts if part.function_response is not None]
    others = [part for part in parts if part.function_response is None]
    turns = [Turn(role="tool", text=_result(response.response or {})) for response in results]
    if others or not results:
        turns.append(
            Turn(
                role="assistant" if role == "model" else role,
                text="\n".join(part.text for part in others if part.text and not part.thought),
                images=tuple(image for part in others if (image := _image(part)) is not None),
                calls=tuple(
                    Call(
                        id=part.function_call.id or "",
                        name=part.function_call.name,
                        arguments=msgspec.json.encode(part.function_call.args or {}).decode(),
                        signature=part.thought_signature,
                    )
                    for part in others
                    if part.function_call is not None
                ),
            )
        )
    return turns


def _result(response: Mapping[str, Any]) -> str:
    if len(response) == 1:
        (said,) = response.values()
        if isinstance(said, str):
            return said
    return msgspec.json.encode(response).decode()


def _image(part: Part) -> Image | None:
    if part.inline_data is not None:
        data = bytes_of(part.inline_data.data, "inline_data.data", url_safe=True)
        if not part.inline_data.mime_type:
            raise Refused(400, "inline_data.mime_type: must be given")
        return Image(media=part.inline_data.mime_type, data=data)
    return Image(media=part.file_data.mime_type, url=part.file_data.file_uri) if part.file_data is not None else None


def _camel(value: Any) -> Any:
    if isinstance(value, list):
        return [_camel(each) for each in value]
    if not isinstance(value, dict):
        return value
    named = {}
    for key, inner in value.items():
        head, *rest = key.split("_")
        name = head + "".join(word.capitalize() for word in rest)
        named[name] = inner if name in _FREE else _camel(inner)
    return named
