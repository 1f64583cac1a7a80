"""Tools, the choice among them, and the shape of the answer, which for older models is a tool, too."""

from __future__ import annotations

import re
from typing import Any

from podium.core.messages import Options, Tool

from ..dialect import NotCarried, Quirks
from .conversation import Conversation, marked
from .generations import Generation
from .schemas import Unheld, held
from .wire import ANSWER_TOOL

_TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")
_JSON_PLEASE = "Answer with one JSON object and nothing else: no Markdown fence, no words around it."
_FREE_TEXT = {"type": "object", "properties": {"input": {"type": "string"}}, "required": ["input"]}


def write_tools(body: dict[str, Any], options: Options, notes: list[str], *, strict: bool) -> bool:
    """Writes tools and the choice among them; True where a call is forced."""
    if not options.tools:
        return False
    body["tools"] = [_tool(tool, notes, strict=strict) for tool in options.tools]
    choice: dict[str, Any] | None = None
    wanted = options.tool_choice
    if wanted in ("auto", "none"):
        choice = {"type": wanted}
    elif wanted == "required":
        choice = {"type": "any"}
    elif wanted is not None:
        choice = {"type": "tool", "name": wanted}
    if options.parallel_tool_calls is False and wanted != "none":
        choice = {**(choice or {"type": "auto"}), "disable_parallel_tool_use": True}
    if choice is not None:
        body["tool_choice"] = choice
    return wanted not in (None, "auto", "none")


def _tool(tool: Tool, notes: list[str], *, strict: bool) -> dict[str, Any]:
    if tool.kind not in ("function", "custom"):
        raise NotCarried(
            f"The tool {tool.kind!r} is run by the provider it belongs to, and Anthropic is not the one.",
            remedy="Name a model of that provider, or leave the tool out.",
            param="tools",
        )
    if not _TOOL_NAME.fullmatch(tool.name) or tool.name == ANSWER_TOOL:
        raise NotCarried(
            f"Anthropic takes no tool called {tool.name[:80]!r}.",
            remedy="Use letters, digits, _ and -, 128 at most.",
            param="tools",
        )
    schema = _FREE_TEXT if tool.kind == "custom" else dict(tool.parameters or {})
    wire: dict[str, Any] = {"name": tool.name, "input_schema": {"type": "object", **schema}}
    if tool.description:
        wire["description"] = tool.description
    if tool.strict:
        if strict and _is_held(schema):
            wire["strict"] = True
        else:
            notes.append(f"The model is not held strictly to the parameters of {tool.name!r}.")
    return marked(wire, tool.cache)


def _is_held(schema: dict[str, Any]) -> bool:
    """Whether a model can be held to a schema as it is, nothing stripped."""
    try:
        kept, lost = held(schema)
    except Unheld:
        return False
    return not lost and kept == schema


def write_schema(
    body: dict[str, Any], options: Options, generation: Generation, quirks: Quirks, conversation: Conversation
) -> bool:
    """Writes the shape of the answer; True where that takes a forced call."""
    schema = options.schema
    if schema is None:
        return False
    notes = conversation.notes
    if schema.body is None:
        conversation.system.append({"type": "text", "text": _JSON_PLEASE})
        notes.append("Anthropic has no JSON mode without a schema: the model was asked for JSON in words.")
        return False
    if generation.schema and quirks.json_schema:
        try:
            kept, lost = held(schema.body)
        except Unheld:
            pass  # a tool's input may have any schema, so the way below is open
        else:
            if lost:
                notes.append(f"The schema's {', '.join(lost)} could not be enforced: check the answer for it.")
            body["output_config"] = {"format": {"type": "json_schema", "schema": kept}}
            return False
    return _answer_by_tool(body, options, notes)


def _answer_by_tool(body: dict[str, Any], options: Options, notes: list[str]) -> bool:
    """The answer as the input of a call the model must make; the readers of this dialect turn it into text again."""
    schema = options.schema
    if schema is None or schema.body is None or options.tool_choice not in (None, "auto", "none", "required"):
        return False  # the answer is a call of the tool the caller named
    if schema.body.get("type", "object") != "object":
        raise NotCarried("The model gives objects only, and the schema asks for another kind of value.")
    described = "Give your answer by calling this tool, once, when you know it."
    tools = body.setdefault("tools", [])
    own = bool(tools) and options.tool_choice != "none"
    tools.append({"name": ANSWER_TOOL, "description": described, "input_schema": {"type": "object", **schema.body}})
    choice: dict[str, Any] = {"type": "any"} if own else {"type": "tool", "name": ANSWER_TOOL}
    if not own or options.parallel_tool_calls is False:
        choice["disable_parallel_tool_use"] = True
    body["tool_choice"] = choice
    notes.append("The model has no schema of its own here: the answer came as the input of a forced call.")
    return True
