"""Tools, the choice among them, and the shape of the answer, which for some models is a tool, too."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from podium.core.messages import Options, Schema, Tool

from ..anthropic.schemas import Unheld, held
from ..dialect import NotCarried, Quirks
from .conversation import Conversation, cache_point
from .families import Family
from .wire import ANSWER_TOOL

_TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_NOT_NAME = re.compile(r"[^a-zA-Z0-9_-]")
_FREE_TEXT = {"type": "object", "properties": {"input": {"type": "string"}}, "required": ["input"]}
_ANSWER_HERE = "Give your answer by calling this tool, once, when you know it."
_JSON_PLEASE = "Answer with one JSON object and nothing else: no Markdown fence, no words around it."
_UNASKED = (None, "auto", "none")


class Toolbox:
    """Builds `toolConfig` and `outputConfig` for one request, and says whether a call is forced."""

    def __init__(self, options: Options, family: Family, quirks: Quirks, conversation: Conversation) -> None:
        self.config: dict[str, Any] | None = None
        self.output: dict[str, Any] | None = None
        self.forced = False
        """The caller's own choice forces a call."""
        self.answers_by_tool = False
        """The answer is the input of a call the model must make."""
        self._family = family
        self._notes = conversation.notes
        self._entries: list[dict[str, Any]] = []
        self._choice: dict[str, Any] | None = None
        self._offer(options, conversation)
        self._shape(options, quirks, conversation)
        if self._entries:
            self.config = {"tools": self._entries}
            if self._choice is not None:
                self.config["toolChoice"] = self._choice

    # --- tools -----------------------------------------------------------------------------------------------------

    def _offer(self, options: Options, conversation: Conversation) -> None:
        tools = options.tools
        wanted = options.tool_choice
        if wanted == "none" and tools and not conversation.used_tools:
            tools = ()  # there is no word for "none", and a model without tools calls none
        elif wanted == "none" and tools:
            self._notes.append(
                "Bedrock cannot be told to call no tool while the conversation holds calls; the model may call one."
            )
        if wanted not in (*_UNASKED, "required") and tools:
            tools = self._only(tools, wanted)
        for tool in tools:
            self._entries.append({"toolSpec": self._tool(tool)})
            if tool.cache is not None:
                point = cache_point(tool.cache, self._family, tools=True, notes=self._notes)
                self._entries += [] if point is None else [point]
        if not tools:
            for name in conversation.used_tools:
                # The API wants a definition wherever the conversation holds calls, also where none is offered.
                self._entries.append({"toolSpec": {"name": name, "inputSchema": {"json": {"type": "object"}}}})
            if self._entries:
                self._notes.append("Tools the conversation called earlier were named to Bedrock, which insists on it.")
        if tools and wanted not in _UNASKED:
            self._force(wanted)
        if tools and options.parallel_tool_calls is False:
            self._notes.append("Bedrock cannot be told to call one tool at a time; the model may call several.")

    def _only(self, tools: tuple[Tool, ...], name: str | None) -> tuple[Tool, ...]:
        """Where a model cannot be made to call one tool among several, it is offered that one alone."""
        if not any(tool.name == name for tool in tools):
            raise NotCarried(
                f"The tool {(name or '')[:80]!r} is to be called and not among those offered.", param="tool_choice"
            )
        return tools if self._family.forces_one else tuple(tool for tool in tools if tool.name == name)

    def _force(self, wanted: str | None) -> None:
        if not self._family.forces_tools:
            raise NotCarried(
                "This model cannot be made to call a tool.",
                remedy="Leave the choice of tools to the model, or name another model.",
                param="tool_choice",
            )
        self.forced = True
        one = wanted != "required" and self._family.forces_one
        self._choice = {"tool": {"name": wanted}} if one else {"any": {}}

    def _tool(self, tool: Tool) -> dict[str, Any]:
        if tool.kind not in ("function", "custom"):
            raise NotCarried(
                f"The tool {tool.kind!r} is run by the provider it belongs to, and Bedrock is not the one.",
                remedy="Name a model of that provider, or leave the tool out.",
                param="tools",
            )
        if not _TOOL_NAME.fullmatch(tool.name) or tool.name == ANSWER_TOOL:
            raise NotCarried(
                f"Bedrock takes no tool called {tool.name[:80]!r}.",
                remedy="Use letters, digits, _ and -, 64 at most.",
                param="tools",
            )
        schema = _FREE_TEXT if tool.kind == "custom" else dict(tool.parameters or {})
        spec: dict[str, Any] = {"name": tool.name, "inputSchema": {"json": {"type": "object", **schema}}}
        if tool.description.strip():
            spec["description"] = tool.description
        if tool.strict:
            if self._family.schema and _is_held(schema):
                spec["strict"] = True
            else:
                self._notes.append(f"The model is not held strictly to the parameters of {tool.name!r}.")
        return spec

    # --- the answer's shape ----------------------------------------------------------------------------------------

    def _shape(self, options: Options, quirks: Quirks, conversation: Conversation) -> None:
        schema = options.schema
        if schema is None:
            return
        if schema.body is None:
            conversation.system.append({"text": _JSON_PLEASE})
            self._notes.append("Bedrock has no JSON mode without a schema: the model was asked for JSON in words.")
        elif not (self._family.schema and quirks.json_schema and self._native(schema, schema.body)):
            self._without(options, schema.body, conversation)

    def _native(self, schema: Schema, body: Mapping[str, Any]) -> bool:
        """`outputConfig.textFormat`, whose schema is a text; False where the model cannot be held to this one."""
        try:
            kept, lost = held(body)
        except Unheld:
            return False
        if lost:
            self._notes.append(f"The schema's {', '.join(lost)} could not be enforced: check the answer for it.")
        text = msgspec.json.encode(kept).decode()
        named = {"schema": text, "name": _NOT_NAME.sub("_", schema.name)[:64] or "answer"}
        self.output = {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": named}}}
        return True

    def _without(self, options: Options, body: Mapping[str, Any], conversation: Conversation) -> None:
        """No schema of the wire's own: a call the model must make, and words where it cannot be made to."""
        if options.tool_choice not in (*_UNASKED, "required"):
            return  # the answer is a call of the tool the caller named
        if not self._family.forces_tools:
            text = msgspec.json.encode(body).decode()
            conversation.system.append({"text": f"{_JSON_PLEASE} It must be valid against this JSON schema:\n{text}"})
            self._notes.append("The model takes no schema: it was shown the schema and asked for JSON in words.")
            return
        if body.get("type", "object") != "object":
            raise NotCarried("The model gives objects only, and the schema asks for another kind of value.")
        own = bool(options.tools) and options.tool_choice != "none"
        spec = {
            "name": ANSWER_TOOL,
            "description": _ANSWER_HERE,
            "inputSchema": {"json": {"type": "object", **body}},
        }
        self._entries.append({"toolSpec": spec})
        one = not own and self._family.forces_one
        self._choice = {"tool": {"name": ANSWER_TOOL}} if one else {"any": {}}
        self.answers_by_tool = True
        self._notes.append("The model has no schema of its own here: the answer came as the input of a forced call.")


def _is_held(schema: dict[str, Any]) -> bool:
    """Whether a model can be held to a schema as it is, nothing stripped."""
    try:
        kept, lost = held(schema)
    except Unheld:
        return False
    return not lost and kept == schema
