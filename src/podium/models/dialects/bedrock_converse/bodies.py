"""Bodies for providers, always built: no caller speaks this wire."""

from __future__ import annotations

from typing import Any

import msgspec

from podium.core.messages import Options
from podium.core.tasks import Task

from ..anthropic.reasoning import Ask, ask_for
from ..dialect import NotCarried, Quirks, Written
from ..forwarding import adapt
from .conversation import Conversation
from .families import Family, family_of
from .tools import Toolbox

_encoder = msgspec.json.Encoder(decimal_format="number")
_NEEDED = frozenset({"messages", "outputConfig", "toolConfig"})
"""Fields without which the answer would be another one than was asked for."""
_UNKNOWN_HERE = ("seed", "presence_penalty", "frequency_penalty")
_STOP_PATH = "/stop_sequence"
"""What Claude models say of the stop sequence that ended them, given only when asked for."""
_THREE_LEVELS = {"minimal": "low", "low": "low", "medium": "medium", "high": "high", "xhigh": "high", "max": "high"}


def write_request(task: Task, *, model: str, quirks: Quirks, max_tokens: int | None = None) -> Written:
    """A provider's body. `max_tokens` limits an answer the caller set no limit to. Raises NotCarried."""
    options = task.options
    if options.n > 1:
        raise NotCarried("Bedrock gives one answer a request, and several were asked for.", param="n")
    if options.logprobs:
        raise NotCarried("Bedrock gives no log probabilities.", param="logprobs")
    family = family_of(model)
    conversation = Conversation(family)
    conversation.read(task.messages)
    notes = conversation.notes
    limit = max_tokens if options.max_tokens is None else options.max_tokens
    generation = family.generation
    if limit is not None and generation.known and limit > generation.max_output:
        notes.append(f"The answer's limit was lowered from {limit} to the model's {generation.max_output} tokens.")
        limit = generation.max_output
    tools = Toolbox(options, family, quirks, conversation)
    ask = _asked(options, family, limit, tools, conversation)
    body: dict[str, Any] = {"messages": conversation.turns}
    if conversation.system:
        body["system"] = conversation.system
    if tools.config is not None:
        body["toolConfig"] = tools.config
    extra = _reasoning_fields(options, family, ask, limit, notes)
    sampling = _sampling(options, family, ask, extra, notes)
    config = {
        "maxTokens": None if limit is None else max(limit, 1),
        **sampling,
        "stopSequences": _stops(options, notes),
    }
    config = {name: value for name, value in config.items() if value is not None}
    if config:
        body["inferenceConfig"] = config
    output = tools.output or {}
    if ask.effort is not None:
        output["effort"] = ask.effort
    if output:
        body["outputConfig"] = output
    if extra:
        body["additionalModelRequestFields"] = extra
    if family.claude and config.get("stopSequences"):
        body["additionalModelResponseFieldPaths"] = [_STOP_PATH]
    return Written(body=_encoder.encode(adapt(body, quirks, notes, _NEEDED)), notes=tuple(notes))


# --- reasoning -----------------------------------------------------------------------------------------------------


def _asked(options: Options, family: Family, limit: int | None, tools: Toolbox, conversation: Conversation) -> Ask:
    """How much a model asked in Claude's way is to think; the others' is no `Ask`."""
    notes = conversation.notes
    if family.effort != "claude":
        _refuse_prefilled(conversation, tools, options, asked=False)
        return Ask()
    ask = ask_for(options, family.generation, limit, bare_call=conversation.bare_call, notes=notes)
    if (tools.forced or tools.answers_by_tool) and ask.active:
        if ask.asked and tools.forced:
            raise NotCarried(
                "A model that thinks cannot be made to call a tool, and the request asks for both.",
                remedy="Leave out the reasoning effort, or leave the choice of tools to the model.",
                param="tool_choice",
            )
        if ask.asked:
            notes.append(
                "Thinking was left out: the model gives the schema's answer by a forced call, which excludes it."
            )
        off = family.generation.off
        thinking = None if off == "omit" else {"type": off}
        ask = Ask(thinking=thinking, effort="high" if ask.effort in ("xhigh", "max") else ask.effort)
    _refuse_prefilled(conversation, tools, options, asked=ask.asked)
    return ask


def _refuse_prefilled(conversation: Conversation, tools: Toolbox, options: Options, *, asked: bool) -> None:
    if conversation.prefilled and (asked or tools.forced or options.schema is not None):
        raise NotCarried(
            "The conversation ends with an answer begun, and a model that goes on from one neither thinks, nor keeps to"
            " a schema, nor can be made to call a tool.",
            remedy="End with a user's message.",
        )


def _reasoning_fields(
    options: Options, family: Family, ask: Ask, limit: int | None, notes: list[str]
) -> dict[str, Any]:
    """`additionalModelRequestFields`, as far as reasoning goes."""
    if family.effort == "claude":
        return {} if ask.thinking is None else {"thinking": ask.thinking}
    effort, budget = options.reasoning_effort, options.reasoning_tokens
    if effort in (None, "none") and budget in (None, 0):
        return {}
    level = _THREE_LEVELS.get(effort or "medium", "medium")
    if family.effort == "field":
        return {"reasoning_effort": level}
    if family.effort == "nova":
        if level == "high" and limit is not None:
            # Nova reasons at its highest only where nothing limits the answer.
            level = "medium"
            notes.append("The reasoning effort was lowered to 'medium': the model takes no limit with a higher one.")
        return {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": level}}
    notes.append("Bedrock has no way to ask this model to reason: the request's reasoning effort was left out.")
    return {}


# --- sampling ------------------------------------------------------------------------------------------------------


def _sampling(
    options: Options, family: Family, ask: Ask, extra: dict[str, Any], notes: list[str]
) -> dict[str, float | None]:
    """temperature and topP for `inferenceConfig`; top_k goes into `extra`."""
    left_out = [name for name in _UNKNOWN_HERE if getattr(options, name) is not None]
    wanted = {name: getattr(options, name) for name in ("temperature", "top_p", "top_k")}
    wanted = {name: value for name, value in wanted.items() if value is not None}
    dropped = _excluded(wanted, family, ask, extra)
    if family.top_k is None and "top_k" in wanted and "top_k" not in dropped:
        dropped.append("top_k")
    wanted = {name: value for name, value in wanted.items() if name not in dropped}
    left_out += dropped
    if wanted.get("temperature", 0) > 1:
        notes.append(f"temperature was lowered from {wanted['temperature']} to 1, the most Bedrock takes.")
        wanted["temperature"] = 1
    if left_out:
        notes.append(f"The model takes no {', '.join(left_out)} here: left out.")
    if "top_k" in wanted and family.top_k is not None:
        outer, _, inner = family.top_k.partition(".")
        extra[outer] = {inner: wanted["top_k"]} if inner else wanted["top_k"]
    return {"temperature": wanted.get("temperature"), "topP": wanted.get("top_p")}


def _excluded(wanted: dict[str, Any], family: Family, ask: Ask, extra: dict[str, Any]) -> list[str]:
    """Which of these the model refuses, in this request."""
    generation = family.generation
    if family.effort == "nova":
        high = extra.get("reasoningConfig", {}).get("maxReasoningEffort") == "high"
        return list(wanted) if high else []
    if not generation.sampling:
        return list(wanted)
    if ask.active:
        # Thinking goes with the default temperature, no top_k, and a top_p that cuts next to nothing.
        refused = [name for name, value in wanted.items() if name != "top_p" or not 0.95 <= value <= 1]
        return [name for name in refused if not (name == "temperature" and wanted[name] == 1)]
    if not generation.both_samplings and len(wanted.keys() & {"temperature", "top_p"}) == 2:
        return ["top_p"]
    return []


def _stops(options: Options, notes: list[str]) -> list[str] | None:
    stops = [text for text in options.stop if text.strip()]
    if len(stops) < len(options.stop):
        notes.append("Stop sequences of white space alone were left out: Bedrock refuses them.")
    return stops or None
