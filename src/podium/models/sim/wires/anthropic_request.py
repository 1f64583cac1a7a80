"""Anthropic's messages, what comes in (Anthropic API reference, page Messages)."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

from ..ask import Ask, Call, Image, Refused, Tool, Turn
from .base64_data import bytes_of
from .wire import Incoming, decoded

Role = Literal["user", "assistant"]
_MEDIA = ("image/jpeg", "image/png", "image/gif", "image/webp")


class CacheControl(Struct):
    """A caller's wish to have everything up to here cached."""

    type: Literal["ephemeral"]
    ttl: Literal["5m", "1h"] = "5m"


class _Source(Struct):
    type: Literal["base64", "url", "text", "file", "content"]
    media_type: str = ""
    data: str = ""
    url: str = ""
    file_id: str = ""


class Block(Struct):
    """Any content block: which fields are there depends on its type."""

    type: str
    text: str | None = None
    source: _Source | None = None
    id: str = ""
    name: str = ""
    input: dict[str, Any] | UnsetType = UNSET
    tool_use_id: str = ""
    content: str | list[Block] | None = None
    thinking: str | None = None
    signature: str | None = None
    data: str | None = None
    cache_control: CacheControl | None = None


class Message(Struct):
    """A turn as it came."""

    role: Role
    content: str | list[Block]

    @property
    def blocks(self) -> list[Block]:
        """Its blocks; a string is one of text."""
        return [Block(type="text", text=self.content)] if isinstance(self.content, str) else self.content


class _Tool(Struct):
    name: str
    type: str | None = None
    description: str | None = None
    input_schema: dict[str, Any] | None = None
    cache_control: CacheControl | None = None


class _Choice(Struct):
    type: Literal["auto", "any", "tool", "none"]
    name: str = ""
    disable_parallel_tool_use: bool = False


class Thinking(Struct):
    """How the caller wants the model to reason."""

    type: Literal["enabled", "disabled", "adaptive", "between_tools"]
    budget_tokens: int | None = None
    display: Literal["summarized", "omitted"] | None = None


class _Format(Struct):
    type: Literal["json_schema"]
    schema: dict[str, Any]


class _OutputConfig(Struct):
    format: _Format | None = None


class Request(Struct):
    """The fields of a request that the simulation honours; others are ignored, as long as they are JSON."""

    model: str
    messages: list[Message]
    max_tokens: int | None = None
    system: str | list[Block] | None = None
    stream: bool = False
    stop_sequences: list[str] | None = None
    temperature: float | None = None
    tools: list[_Tool] | None = None
    tool_choice: _Choice | None = None
    thinking: Thinking | None = None
    output_config: _OutputConfig | None = None
    cache_control: CacheControl | None = None

    @property
    def thinks(self) -> bool:
        """Whether the caller asked the model to reason first."""
        return self.thinking is not None and self.thinking.type != "disabled"


def parsed(incoming: Incoming) -> Request:
    """The request as it came. Raises Refused."""
    if "anthropic-version" not in incoming.headers:
        raise Refused(400, "anthropic-version: header is required")
    return decoded(incoming.body, Request)


def ask_of(request: Request) -> Ask:
    """The request, read. Raises Refused for images that are none."""
    turns, marks = _turns(request)
    tools = [tool for tool in request.tools or () if tool.type in (None, "custom")]
    marks = [mark for tool in tools if (mark := tool.cache_control)] + marks
    marked = -1 if any(tool.cache_control for tool in tools) else None
    for i, (_, mark) in enumerate(turns):
        marked = i if mark is not None else marked
    if request.cache_control is not None:
        marked, marks = len(turns) - 1, [*marks, request.cache_control]
    if len(marks) > 4:
        raise Refused(400, f"At most 4 blocks may carry cache_control; found {len(marks)}.")
    choice, thinking, config = request.tool_choice, request.thinking, request.output_config
    return Ask(
        model=request.model,
        turns=tuple(turn for turn, _ in turns),
        tools=tuple(Tool(name=tool.name, description=tool.description, parameters=tool.input_schema) for tool in tools),
        choice="auto" if choice is None or choice.type == "auto" else "none" if choice.type == "none" else "required",
        only=(choice.name,) if choice is not None and choice.type == "tool" else (),
        parallel=choice is None or not choice.disable_parallel_tool_use,
        schema=config.format.schema if config is not None and config.format is not None else None,
        limit=request.max_tokens,
        stops=tuple(request.stop_sequences or ()),
        stream=request.stream,
        thinks=request.thinks,
        shows=thinking is not None and thinking.display != "omitted",
        budget=thinking.budget_tokens if thinking is not None else None,
        marked=marked,
        long_cache=any(mark.ttl == "1h" for mark in marks),
    )


_Marked = tuple[Turn, CacheControl | None]


def _turns(request: Request) -> tuple[list[_Marked], list[CacheControl]]:
    """Neutral turns, each with the mark on its last marked block, and all marks there are."""
    turns: list[_Marked] = []
    marks: list[CacheControl] = []
    if request.system:
        blocks = [Block(type="text", text=request.system)] if isinstance(request.system, str) else request.system
        turns.append((Turn(role="system", text=_text(blocks)), _mark(blocks, marks)))
    for message in request.messages:
        results = [block for block in message.blocks if block.type == "tool_result"]
        others = [block for block in message.blocks if block.type != "tool_result"]
        turns.extend((_result(block), _mark([block], marks)) for block in results)
        if others or not results:
            turns.append((_said(message.role, others), _mark(others, marks)))
    return turns, marks


def _mark(blocks: list[Block], marks: list[CacheControl]) -> CacheControl | None:
    found = [block.cache_control for block in blocks if block.cache_control is not None]
    marks.extend(found)
    return found[-1] if found else None


def _result(block: Block) -> Turn:
    inner = [Block(type="text", text=block.content)] if isinstance(block.content, str) else block.content or []
    return Turn(role="tool", text=_text(inner), images=_images(inner))


def _said(role: Role, blocks: list[Block]) -> Turn:
    calls = tuple(
        Call(id=block.id, name=block.name, arguments=msgspec.json.encode(block.input or {}).decode())
        for block in blocks
        if block.type == "tool_use"
    )
    return Turn(role=role, text=_text(blocks), images=_images(blocks), calls=calls)


def _text(blocks: list[Block]) -> str:
    return "\n".join(block.text for block in blocks if block.type == "text" and block.text)


def _images(blocks: list[Block]) -> tuple[Image, ...]:
    return tuple(_image(block) for block in blocks if block.type in ("image", "document"))


def _image(block: Block) -> Image:
    source = block.source
    if source is None:
        raise Refused(400, f"{block.type}.source: Field required")
    if source.type == "base64":
        if block.type == "image" and source.media_type not in _MEDIA:
            raise Refused(400, f"image.source.base64.media_type: must be one of {', '.join(_MEDIA)}")
        return Image(media=source.media_type, data=bytes_of(source.data, "image.source.base64.data"))
    if source.type == "text":
        return Image(media=source.media_type, data=source.data.encode())
    return Image(url=source.url or source.file_id)
