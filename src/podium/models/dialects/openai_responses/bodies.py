"""Bodies for providers: the caller's own with the model's name changed, or one built from canonical form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import Raw

from podium.core.messages import Message, Options, ReasoningPart, Schema, Tool
from podium.core.tasks import Task

from ..dialect import NotCarried, Quirks, Written
from ..forwarding import adapt, encoded, has_much, named, refuse_addresses
from ..openai_forms.calls import call_id_mender
from ..openai_forms.efforts import taken_effort
from .sealing import unseal
from .turns import write_input
from .wire import NAME, Item

_encoder = msgspec.json.Encoder(decimal_format="number")
_items_decoder = msgspec.json.Decoder(list[Raw])
_item_decoder = msgspec.json.Decoder(Item)
_fields_decoder = msgspec.json.Decoder(dict[str, Raw])
_include_decoder = msgspec.json.Decoder(list[str] | None)
_said_decoder = msgspec.json.Decoder(str | list[Raw] | None)
_TRUE: Final = Raw(b"true")
_NEEDED: Final = frozenset(("instructions", "text", "tools"))
_LIMIT: Final = "max_output_tokens"
_CIPHER: Final = "reasoning.encrypted_content"
_OURS: Final = ("podium", "previous_response_id")
"""Never forwarded: Podium itself goes on from kept answers, whoever gave them (see `continuing`)."""
_OPEN_CHOICES: Final = frozenset(("auto", "none", "required"))
_EFFORT_BUDGETS: Final = ((2_048, "low"), (8_192, "medium"))
"""Up to so many tokens of reasoning are so much effort; more is `high`."""
_DOWN: Final = "Name a model whose provider speaks the dialect the request came in."


def write_request(task: Task, *, model: str, stream: bool, quirks: Quirks, max_tokens: int | None = None) -> Written:
    """A provider's body: the caller's own with the model's name changed, or a new one from canonical form.

    `max_tokens` limits an answer the caller set no limit to. Raises NotCarried.
    """
    notes: list[str] = []
    payload = task.payload
    if payload is not None and payload.dialect == NAME:
        fields = _forwarded(payload.fields, task, quirks, notes)
    else:
        fields = _built(task, quirks, notes)
    limit = max_tokens if task.options.max_tokens is None else task.options.max_tokens
    if limit is not None:
        fields[_LIMIT] = limit
    if stream:
        fields["stream"] = _TRUE
    else:
        fields.pop("stream", None)
        fields.pop("stream_options", None)
    much = not isinstance(fields.get("input"), Raw) and has_much(task)
    fields = adapt(fields, quirks, notes, _NEEDED)
    named(fields, model, quirks)
    return Written(body=encoded(fields, much=much), notes=tuple(notes))


def _forwarded(given: Mapping[str, Raw], task: Task, quirks: Quirks, notes: list[str]) -> dict[str, Any]:
    """The caller's fields as they came, but for what Podium must decide."""
    fields: dict[str, Any] = dict(given)
    for name in _OURS:
        fields.pop(name, None)
    items = fields.get("input")
    if isinstance(items, Raw) and any(_seals(message) for message in task.messages):
        fields["input"] = items = _without_sealed(items, notes)
    if quirks.call_ids and any(message.tool_calls or message.tool_call_id for message in task.messages):
        fields["input"] = _with_call_ids(items, quirks)
    if quirks.efforts is not None and "reasoning" in fields:
        _ask_to_reason(fields, task.options.reasoning_effort, quirks.efforts, notes)
    if not quirks.image_urls:
        refuse_addresses(task, param="input")
    schema = task.options.schema
    if not quirks.json_schema and schema is not None and schema.body is not None:
        text = _fields_decoder.decode(fields["text"])
        fields["text"] = {**text, "format": {"type": "json_object"}}
        said = fields.get("instructions")
        before = _said_decoder.decode(said) if isinstance(said, Raw) else None
        fields["instructions"] = _with_schema(before if isinstance(before, str) else "", schema.body, notes)
    return fields


def _with_schema(instructions: str, body: Mapping[str, Any], notes: list[str]) -> str:
    """The instructions and the schema in words, for a provider that has JSON mode but no schema."""
    notes.append("The answer's JSON schema went as an instruction: this provider has JSON mode only.")
    told = f"Answer with one JSON value that fits this JSON schema: {_encoder.encode(body).decode()}"
    return f"{instructions}\n\n{told}" if instructions else told


def _seals(message: Message) -> bool:
    """Whether a turn holds what only sealed items bring: another wire's reasoning, or a call's signature."""
    return any(call.signature is not None for call in message.tool_calls) or any(
        isinstance(part, ReasoningPart) and part.origin != NAME for part in message.parts
    )


def _without_sealed(items: Raw, notes: list[str]) -> list[Raw]:
    """The items but those another wire's reasoning was sealed in: this provider would refuse them as forged."""
    kept: list[Raw] = []
    for raw in _items_decoder.decode(items):
        if unseal(_item_decoder.decode(raw).encrypted_content) is not None:
            continue
        kept.append(raw)
    notes.append("Reasoning that another provider made was left out: this one cannot read it.")
    return kept


def _with_call_ids(items: Any, quirks: Quirks) -> list[Any]:
    """The items with identifiers of calls that the provider takes."""
    mended = call_id_mender(quirks.call_ids)
    kept: list[Any] = []
    for raw in _items_decoder.decode(items) if isinstance(items, Raw) else items:
        call_id = _item_decoder.decode(raw).call_id
        if call_id and (other := mended(call_id)) != call_id:
            kept.append({**_fields_decoder.decode(raw), "call_id": other})
        else:
            kept.append(raw)
    return kept


def _ask_to_reason(fields: dict[str, Any], effort: str | None, efforts: tuple[str, ...], notes: list[str]) -> None:
    """The caller's effort in the provider's words; without an effort to ask for, no wish to reason at all."""
    taken = None if effort is None else taken_effort(effort, efforts, notes)
    if not efforts:
        del fields["reasoning"]
        _unasked(fields)
    elif taken != effort:
        reasoning: dict[str, Any] = dict(_fields_decoder.decode(fields["reasoning"]))
        reasoning["effort"] = taken
        fields["reasoning"] = reasoning


def _unasked(fields: dict[str, Any]) -> None:
    """Models that do not reason answer the wish for its cipher with an error."""
    given = fields.get("include")
    if not isinstance(given, Raw):
        return
    wishes = _include_decoder.decode(given) or []
    if _CIPHER in wishes:
        fields["include"] = [wish for wish in wishes if wish != _CIPHER]


def _built(task: Task, quirks: Quirks, notes: list[str]) -> dict[str, Any]:
    options = task.options
    _check(options)
    instructions, items, own_reasoning = write_input(task.messages, options, quirks, notes)
    fields: dict[str, Any] = {"model": None, "input": items, "store": False}
    if instructions:
        fields["instructions"] = instructions
    for name in ("temperature", "top_p", "parallel_tool_calls"):
        value = getattr(options, name)
        if value is not None:
            fields[name] = value
    if options.tools:
        fields["tools"] = [_tool(tool) for tool in options.tools]
    if options.tool_choice is not None:
        fields["tool_choice"] = _tool_choice(options.tool_choice, options.tools)
    if options.schema is not None:
        fields["text"] = {"format": _schema(options.schema, quirks)}
        if options.schema.body is not None and not quirks.json_schema:
            fields["instructions"] = _with_schema(instructions, options.schema.body, notes)
    reasoning = _reasoning(options, quirks, notes)
    if reasoning:
        fields["reasoning"] = reasoning
    # Only so can reasoning come back to a service told to store nothing. Asked for where there will be some: models
    # that do not reason answer this wish with an error, and the current API sends it unasked.
    if (own_reasoning and quirks.efforts != ()) or (reasoning and options.reasoning_effort != "none"):
        fields["include"] = [_CIPHER]
    _note_losses(task, notes)
    return fields


def _check(options: Options) -> None:
    """What the answer cannot do without and this API lacks."""
    if options.stop:
        raise NotCarried("The Responses API has no stop sequences.", remedy=_DOWN, param="stop")
    if options.n > 1:
        raise NotCarried("The Responses API gives one answer a request.", remedy="Ask once for each.", param="n")
    if options.logprobs:
        raise NotCarried(
            "Log probabilities do not come through from the Responses API to another dialect.",
            remedy=_DOWN,
            param="logprobs",
        )


def _note_losses(task: Task, notes: list[str]) -> None:
    options = task.options
    for name in ("seed", "top_k", "presence_penalty", "frequency_penalty"):
        if getattr(options, name) is not None:
            notes.append(f"`{name}` was left out: the Responses API has no such field.")
    if any(tool.cache is not None for tool in options.tools) or any(map(_is_marked, task.messages)):
        notes.append("Cache marks were left out: the Responses API has none, it caches by itself.")


def _is_marked(message: Message) -> bool:
    return (
        message.cache is not None
        or any(call.cache is not None for call in message.tool_calls)
        or any(getattr(part, "cache", None) is not None for part in message.parts)
    )


def _reasoning(options: Options, quirks: Quirks, notes: list[str]) -> dict[str, Any]:
    reasoning: dict[str, Any] = {}
    if quirks.efforts == ():
        if options.reasoning_effort is not None:
            taken_effort(options.reasoning_effort, quirks.efforts, notes)
        return reasoning
    budget = options.reasoning_tokens
    if options.reasoning_effort is not None:
        effort = taken_effort(options.reasoning_effort, quirks.efforts, notes)
        if effort is not None:
            reasoning["effort"] = effort
    elif budget == 0:
        notes.append("Reasoning could not be switched off by budget: the Responses API has only `reasoning.effort`.")
    elif budget is not None and budget > 0:
        effort = next((effort for most, effort in _EFFORT_BUDGETS if budget <= most), "high")
        effort = taken_effort(effort, quirks.efforts, notes) or effort
        reasoning["effort"] = effort
        notes.append(f"The reasoning budget of {budget} tokens went as effort `{effort}`.")
    if options.show_reasoning:
        reasoning["summary"] = "auto"
    return reasoning


def _tool(tool: Tool) -> dict[str, Any]:
    if tool.kind == "custom":
        return {"type": "custom", "name": tool.name, "description": tool.description}
    if tool.kind != "function":
        raise NotCarried(
            f"The tool {tool.kind!r} is run by the provider whose dialect the request came in.",
            remedy=_DOWN,
            param="tools",
        )
    # Said in full because the default differs: left out, this API takes a tool for strict and changes its schema.
    return {
        "type": "function",
        "name": tool.name,
        "description": tool.description or None,
        "parameters": tool.parameters or {"type": "object", "properties": {}},
        "strict": bool(tool.strict),
    }


def _tool_choice(choice: str, tools: tuple[Tool, ...]) -> Any:
    if choice in _OPEN_CHOICES:
        return choice
    kind = next((tool.kind for tool in tools if tool.name == choice), "function")
    return {"type": kind, "name": choice}


def _schema(schema: Schema, quirks: Quirks) -> dict[str, Any]:
    if schema.body is None or not quirks.json_schema:
        return {"type": "json_object"}
    return {"type": "json_schema", "name": schema.name, "schema": schema.body, "strict": bool(schema.strict)}
