"""A body from canonical form, for a task that came over another wire or by the library."""

from __future__ import annotations

from typing import Any, Final

from podium.core.messages import Options, Tool
from podium.core.tasks import Task

from ..dialect import NotCarried, Quirks
from ..openai_forms.efforts import taken_effort
from . import extensions
from .schemas import as_instruction, only_json, write_schema
from .turns import Turns
from .wire import NAME

_SAME_NAMES: Final = ("temperature", "top_p", "seed", "presence_penalty", "frequency_penalty")
_BUDGETS: Final = ((0, "none"), (1024, "low"), (8192, "medium"))
"""Up to so many tokens -> this effort; above, `high`. The steps of Google's page on OpenAI compatibility."""
_OPEN_CHOICES: Final = ("auto", "none", "required")


def built(task: Task, quirks: Quirks, notes: list[str]) -> dict[str, Any]:
    """Every field but model, limit and streaming. Adds to `notes` what was left out. Raises NotCarried."""
    options = task.options
    turns = Turns(quirks)
    schema = options.schema
    body: dict[str, Any] = {"messages": turns.messages}
    if schema is not None:
        if schema.body is None or quirks.json_schema:
            body["response_format"] = write_schema(schema)
        else:
            turns.instruct(as_instruction(schema))
            body["response_format"] = only_json(notes)
    turns.add(task.messages)
    for name in _SAME_NAMES:
        value = getattr(options, name)
        if value is not None:
            body[name] = value
    if options.n > 1:
        if task.payload is not None:
            raise NotCarried(
                f"{options.n} answers at once cannot be carried to a provider that speaks {NAME}.",
                remedy="Ask for one answer, several times.",
                param="n",
            )
        body["n"] = options.n
    if options.stop:
        body["stop"] = options.stop
    if options.logprobs:
        if task.payload is not None:  # the answer would go on without them, for its canonical form has none
            raise NotCarried(
                "Log probabilities do not come through from chat completions to another dialect.",
                remedy="Name a model whose provider speaks the dialect the request came in.",
                param="logprobs",
            )
        body["logprobs"] = True
    if options.tools:
        _put_tools(body, options, turns, quirks)
    _put_reasoning(body, options, quirks, notes)
    if options.top_k is not None:
        if "top_k" in quirks.renames:
            body["top_k"] = options.top_k
        else:
            notes.append("`top_k` was left out: the provider's wire has none.")
    notes.extend(turns.notes())
    return body


def _put_tools(body: dict[str, Any], options: Options, turns: Turns, quirks: Quirks) -> None:
    body["tools"] = [_wire_tool(tool, turns, quirks) for tool in options.tools]
    if options.parallel_tool_calls is not None:
        body["parallel_tool_calls"] = options.parallel_tool_calls
    choice = options.tool_choice
    if choice is None:
        return
    if choice in _OPEN_CHOICES:
        body["tool_choice"] = choice
        return
    kind = next((tool.kind for tool in options.tools if tool.name == choice), "function")
    body["tool_choice"] = {"type": kind, kind: {"name": choice}}


def _wire_tool(tool: Tool, turns: Turns, quirks: Quirks) -> dict[str, Any]:
    if tool.kind not in ("function", "custom"):
        raise NotCarried(
            f"The tool {tool.kind!r} runs at the provider it is made for, and no other wire carries it.",
            remedy="Name a model of that provider, or leave the tool out.",
            param="tools",
        )
    described: dict[str, Any] = {"name": tool.name}
    if tool.description:
        described["description"] = tool.description
    if tool.kind == "function":
        described["parameters"] = tool.parameters or {"type": "object", "properties": {}}
        if tool.strict is not None:
            described["strict"] = tool.strict
    wire = {"type": tool.kind, tool.kind: described}
    if tool.cache is not None and turns.takes_mark():
        wire["cache_control"] = extensions.write_mark(tool.cache)
    return wire


def _put_reasoning(body: dict[str, Any], options: Options, quirks: Quirks, notes: list[str]) -> None:
    """The wire knows degrees and no budgets: a budget becomes the degree it would pay for."""
    effort = options.reasoning_effort
    budget = options.reasoning_tokens
    if effort is None and budget is not None and budget >= 0:
        effort = next((name for most, name in _BUDGETS if budget <= most), "high")
        if quirks.efforts != ():
            notes.append(f"The reasoning budget of {budget} tokens was sent as the effort {effort!r}.")
    if effort is not None:
        effort = taken_effort(effort, quirks.efforts, notes)
    if effort is not None:
        body["reasoning_effort"] = effort
