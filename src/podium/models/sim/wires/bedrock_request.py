"""Amazon Bedrock's Converse, what comes in (Bedrock Runtime API reference, page Converse)."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import Struct

from ..ask import Ask, Call, Image, Tool, Turn
from .base64_data import bytes_of
from .wire import Incoming, decoded


class _Model(Struct, rename="camel"):
    """Base of all that Bedrock reads."""


class CachePoint(_Model):
    type: Literal["default"]
    ttl: Literal["5m", "1h"] = "5m"


class Source(_Model):
    bytes: str | None = None
    s3_location: Any = None


class Media(_Model):
    """An image or a document."""

    format: str
    source: Source
    name: str | None = None


class ToolUse(_Model):
    tool_use_id: str
    name: str
    input: dict[str, Any]


class ResultPart(_Model):
    text: str | None = None
    json: Any = None
    image: Media | None = None
    document: Media | None = None


class ToolResult(_Model):
    tool_use_id: str
    content: list[ResultPart]
    status: Literal["success", "error"] | None = None


class ReasoningText(_Model):
    text: str
    signature: str | None = None


class Reasoning(_Model):
    reasoning_text: ReasoningText | None = None
    redacted_content: str | None = None


class Block(_Model):
    text: str | None = None
    image: Media | None = None
    document: Media | None = None
    tool_use: ToolUse | None = None
    tool_result: ToolResult | None = None
    reasoning_content: Reasoning | None = None
    cache_point: CachePoint | None = None


class Message(_Model):
    role: Literal["user", "assistant"]
    content: list[Block]


class Inference(_Model):
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop_sequences: list[str] | None = None


class InputSchema(_Model):
    json: dict[str, Any]


class ToolSpec(_Model):
    name: str
    input_schema: InputSchema
    description: str | None = None


class ToolEntry(_Model):
    tool_spec: ToolSpec | None = None
    cache_point: CachePoint | None = None


class ForcedTool(_Model):
    name: str


class Choice(_Model):
    auto: dict[str, Any] | None = None
    any: dict[str, Any] | None = None
    tool: ForcedTool | None = None


class ToolConfig(_Model):
    tools: list[ToolEntry]
    tool_choice: Choice | None = None


class Thinking(Struct):
    type: str
    budget_tokens: int | None = None


class Additional(Struct):
    """`additionalModelRequestFields`, as far as they are understood here: Anthropic's."""

    thinking: Thinking | None = None


class SchemaText(_Model):
    schema: str
    name: str | None = None


class SchemaStructure(_Model):
    json_schema: SchemaText | None = None


class TextFormat(_Model):
    type: str
    structure: SchemaStructure


class OutputConfig(_Model):
    text_format: TextFormat | None = None


class Request(_Model):
    messages: list[Message] = []
    system: list[Block] | None = None
    inference_config: Inference | None = None
    tool_config: ToolConfig | None = None
    additional_model_request_fields: Additional | None = None
    output_config: OutputConfig | None = None


def parsed(incoming: Incoming) -> Request:
    """The request as it came. Raises Refused."""
    return decoded(incoming.body, Request)


def ask_of(request: Request, incoming: Incoming) -> Ask:
    """The request, read. Raises Refused for images that are none."""
    config = request.inference_config or Inference()
    turns, marked, long_cache = _turns(request)
    entries = request.tool_config.tools if request.tool_config is not None else []
    choice = (request.tool_config.tool_choice if request.tool_config is not None else None) or Choice()
    thinking = (request.additional_model_request_fields or Additional()).thinking
    thinks = thinking is not None and thinking.type != "disabled"
    if marked is None and any(entry.cache_point for entry in entries):
        marked = -1
    return Ask(
        model=incoming.model,
        turns=tuple(turns),
        tools=tuple(
            Tool(name=spec.name, description=spec.description, parameters=spec.input_schema.json)
            for entry in entries
            if (spec := entry.tool_spec) is not None
        ),
        choice="required" if choice.any is not None or choice.tool is not None else "auto",
        only=(choice.tool.name,) if choice.tool is not None else (),
        schema=_schema(request.output_config),
        limit=config.max_tokens,
        stops=tuple(config.stop_sequences or ()),
        stream=incoming.stream,
        thinks=thinks,
        shows=True,
        budget=thinking.budget_tokens if thinking is not None else None,
        marked=marked,
        long_cache=long_cache,
    )


def _schema(config: OutputConfig | None) -> dict[str, Any] | None:
    if config is None or config.text_format is None or config.text_format.structure.json_schema is None:
        return None
    return decoded(config.text_format.structure.json_schema.schema.encode(), dict[str, Any])


def _turns(request: Request) -> tuple[list[Turn], int | None, bool]:
    """Neutral turns, the last one marked for caching, and whether for an hour."""
    turns: list[Turn] = []
    marked: int | None = None
    points: list[CachePoint] = []
    if request.system:
        turns.append(Turn(role="system", text=_text(request.system)))
        points = [point for block in request.system if (point := block.cache_point)]
        marked = 0 if points else None
    for message in request.messages:
        results = [block.tool_result for block in message.content if block.tool_result is not None]
        others = [block for block in message.content if block.tool_result is None]
        turns.extend(_result(result) for result in results)
        if any(block.cache_point is None for block in others):
            turns.append(_said(message.role, others))
        found = [point for block in others if (point := block.cache_point)]
        marked = len(turns) - 1 if found else marked
        points += found
    return turns, marked, any(point.ttl == "1h" for point in points)


def _result(result: ToolResult) -> Turn:
    said = [
        part.text if part.text is not None else msgspec.json.encode(part.json).decode()
        for part in result.content
        if part.text is not None or part.json is not None
    ]
    images = tuple(_image(media) for part in result.content if (media := part.image or part.document) is not None)
    return Turn(role="tool", text="\n".join(said), images=images)


def _said(role: str, blocks: list[Block]) -> Turn:
    return Turn(
        role=role,
        text=_text(blocks),
        images=tuple(_image(media) for block in blocks if (media := block.image or block.document) is not None),
        calls=tuple(
            Call(id=use.tool_use_id, name=use.name, arguments=msgspec.json.encode(use.input).decode())
            for block in blocks
            if (use := block.tool_use) is not None
        ),
    )


def _text(blocks: list[Block]) -> str:
    return "\n".join(block.text for block in blocks if block.text)


def _image(media: Media) -> Image:
    kind = "application" if media.format == "pdf" else "image"
    if media.source.bytes is None:
        return Image(url=str(media.source.s3_location))
    return Image(media=f"{kind}/{media.format}", data=bytes_of(media.source.bytes, "source.bytes"))
