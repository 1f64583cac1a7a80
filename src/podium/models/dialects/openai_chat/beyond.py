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
from .wire import NAME, NO_RAW, ChatRequest

_CANONICAL: Final = frozenset(ChatRequest.__struct_fields__)
_MESSAGE: Final = frozenset(
    (
        *("role", "content", "name", "tool_calls", "tool_call_id", "function_call", "refusal"),
        *("reasoning_details", "reasoning_content", "reasoning", "cache_control"),
    )
)
_PART: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "text": frozenset(("type", "text", "cache_control")),
        "image_url": frozenset(("type", "image_url", "cache_control")),
        "input_audio": frozenset(("type", "input_audio")),
        "file": frozenset(("type", "file", "cache_control")),
        "refusal": frozenset(("type", "refusal")),
    }
)
_LIST: Final = ord("[")
_OBJECT: Final = ord("{")
_objects_decoder = msgspec.json.Decoder(list[dict[str, Raw]])
_object_decoder = msgspec.json.Decoder(dict[str, Raw])
_kind_decoder = msgspec.json.Decoder(str)
_NOT_READABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def beyond(task: Task) -> tuple[str, ...]:
    """Names such as `logit_bias`, `messages.audio` or `tools.custom.format`, sorted, each once."""
    payload = task.payload
    if payload is None or payload.dialect != NAME:
        return ()
    fields = payload.fields
    names = set(beyond_fields(fields, _CANONICAL))
    names.update(_in_messages(fields.get("messages", NO_RAW)))
    names.update(_in_tools(fields.get("tools", NO_RAW)))
    if task.options.tool_choice is None and says(fields.get("tool_choice", NO_RAW)):
        names.add("tool_choice")
    return tuple(sorted(names))


def _in_messages(raw: Raw) -> Iterator[str]:
    for message in _objects(raw):
        for name in message.keys() - _MESSAGE:
            if says(message[name]):
                yield f"messages.{name}"
        content = message.get("content", NO_RAW)
        if content is not NO_RAW and memoryview(content)[0] == _LIST:
            for part in _objects(content):
                known = _PART.get(_kind(part))
                if known is not None:  # a part of an unknown kind is refused by name where it is written
                    yield from (f"messages.content.{name}" for name in part.keys() - known if says(part[name]))


def _in_tools(raw: Raw) -> Iterator[str]:
    for tool in _objects(raw):
        custom = tool.get("custom", NO_RAW)
        if custom is not NO_RAW and memoryview(custom)[0] == _OBJECT:
            held = _object_decoder.decode(custom)
            if says(held.get("format", NO_RAW)):
                yield "tools.custom.format"


def _objects(raw: Raw) -> list[dict[str, Raw]]:
    """The objects of a list; none where it is something else, which was read otherwise or refused."""
    if raw is NO_RAW:
        return []
    try:
        return _objects_decoder.decode(raw)
    except _NOT_READABLE:
        return []


def _kind(part: Mapping[str, Raw]) -> str:
    try:
        return _kind_decoder.decode(part["type"])
    except (KeyError, *_NOT_READABLE):
        return ""
