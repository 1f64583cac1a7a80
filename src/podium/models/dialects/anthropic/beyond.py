"""What a caller's body holds beyond the canonical form: named, so that losing it on another wire is never silent.

Asked only where a task goes over another wire, so it reads the body once more instead of burdening every request.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

import msgspec
from msgspec import Raw

from podium.core.tasks import Task

from ..forwarding import beyond_fields, says
from .requests import read_betas
from .wire import BETAS, NAME, NO_RAW, MessagesRequest, OutputConfig, Thinking, ToolChoice, WireTool

_CARRIED: Final = frozenset((*MessagesRequest.__struct_fields__, BETAS))
_ANY_BLOCK: Final = frozenset(("type", "cache_control"))
_BLOCKS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        kind: _ANY_BLOCK.union(names)
        for kind, names in {
            "text": ("text",),
            "image": ("source",),
            "document": ("source", "title", "context"),
            "thinking": ("thinking", "signature"),
            "redacted_thinking": ("data",),
            "tool_use": ("id", "name", "input"),
            "tool_result": ("tool_use_id", "content", "is_error"),
        }.items()
    }
)
"""A block of another kind is refused by name where it is written."""
_INSIDE: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        name: frozenset(kind.__struct_fields__)
        for name, kind in (("output_config", OutputConfig), ("thinking", Thinking), ("tool_choice", ToolChoice))
    }
)
_TOOL: Final = frozenset(WireTool.__struct_fields__)
_OWN_TOOLS: Final = frozenset(("", "custom"))
"""Types of tools that the caller runs; the others are refused by name where they are written."""
_LIST: Final = ord("[")
_OBJECT: Final = ord("{")
_objects_decoder = msgspec.json.Decoder(list[dict[str, Raw]])
_object_decoder = msgspec.json.Decoder(dict[str, Raw])
_kind_decoder = msgspec.json.Decoder(str)
_NOT_READABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def beyond(task: Task) -> tuple[str, ...]:
    """Names such as `container`, `messages.content.citations` or `tools.input_examples`, sorted, each once; then the
    betas the caller switched on."""
    payload = task.payload
    if payload is None or payload.dialect != NAME:
        return ()
    fields = payload.fields
    names = set(beyond_fields(fields, _CARRIED))
    for message in _objects(fields.get("messages", NO_RAW)):
        names.update(f"messages.content.{name}" for name in _in_blocks(message.get("content", NO_RAW)))
    names.update(f"system.{name}" for name in _in_blocks(fields.get("system", NO_RAW)))
    for tool in _objects(fields.get("tools", NO_RAW)):
        if _kind(tool) in _OWN_TOOLS:
            names.update(f"tools.{name}" for name in beyond_fields(tool, _TOOL))
    for name, known in _INSIDE.items():
        names.update(f"{name}.{inner}" for inner in beyond_fields(_object(fields.get(name, NO_RAW)), known))
    return (*sorted(names), *(f"{BETAS}: {beta}" for beta in read_betas(payload)))


def _in_blocks(content: Raw) -> Iterator[str]:
    for block in _objects(content):
        kind = _kind(block)
        known = _BLOCKS.get(kind)
        if known is None:
            continue
        for name in beyond_fields(block, known):
            if name != "citations" or _cites(block[name]):
                yield name
        if kind == "tool_result":
            yield from _in_blocks(block.get("content", NO_RAW))


def _cites(raw: Raw) -> bool:
    """Whether citations are asked for, or are there; `{"enabled": false}` says no such thing."""
    return says(_object(raw).get("enabled", NO_RAW)) if _first(raw) == _OBJECT else True


def _objects(raw: Raw) -> list[dict[str, Raw]]:
    """The objects of a list; none where it is something else, as contents may be a string."""
    if _first(raw) != _LIST:
        return []
    try:
        return _objects_decoder.decode(raw)
    except _NOT_READABLE:
        return []


def _object(raw: Raw) -> dict[str, Raw]:
    return _object_decoder.decode(raw) if _first(raw) == _OBJECT else {}


def _kind(held: Mapping[str, Raw]) -> str:
    raw = held.get("type", NO_RAW)
    return _kind_decoder.decode(raw) if says(raw) else ""


def _first(raw: Raw) -> int:
    return memoryview(raw)[0] if len(raw) else 0
