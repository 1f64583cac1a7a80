"""Tool calls between the wire and canonical form, in the three ways the wire has for them.

`function` calls carry JSON, `custom` calls free text, and the older `function_call` is a function call without an id.
A call may bring `extra_content.google.thought_signature` (Google's page on OpenAI compatibility, thought signatures).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from podium.core.messages import ToolCall

from ..openai_forms.calls import custom_arguments, custom_input
from . import extensions
from .wire import FunctionCall, WireToolCall


def read_calls(wire: Sequence[WireToolCall] | None, older: FunctionCall | None) -> tuple[ToolCall, ...]:
    """The calls of a message. Some servers send both forms, or an empty older one."""
    if wire:
        return tuple([_read_call(call) for call in wire])
    if older is not None and older.name:
        return (ToolCall(id="", name=older.name, arguments=older.arguments or ""),)
    return ()


def _read_call(wire: WireToolCall) -> ToolCall:
    custom = wire.custom
    if wire.function is None and custom is not None:
        return ToolCall(id=wire.id or "", name=custom.name, arguments=custom_arguments(custom.input), kind="custom")
    function = wire.function or FunctionCall()
    return ToolCall(
        id=wire.id or "",
        name=function.name,
        arguments=function.arguments or "",
        signature=extensions.signature(wire.extra_content),
    )


def write_calls(calls: Iterable[ToolCall], ids: Callable[[str], str] = str) -> list[dict[str, Any]]:
    """The `tool_calls` of a message; `ids` makes identifiers the provider takes."""
    written: list[dict[str, Any]] = []
    for place, call in enumerate(calls):
        wire: dict[str, Any] = {"id": ids(call.id or f"call_{place}")}
        if call.kind == "custom":
            wire["type"] = "custom"
            wire["custom"] = {"name": call.name, "input": custom_input(call.arguments)}
        else:
            wire["type"] = "function"
            wire["function"] = {"name": call.name, "arguments": call.arguments or "{}"}
        if call.signature is not None:
            wire["extra_content"] = extensions.wire_signature(call.signature)
        written.append(wire)
    return written
