"""Bodies for providers: the caller's own, forwarded, or one built from canonical form."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

from podium.core.messages import Options, ReasoningPart, Schema, Tool
from podium.core.tasks import Task

from ..dialect import NotCarried, Quirks, Written
from ..forwarding import adapt, encoded
from ..model_names import name_in_path
from .schemas import Cleaned
from .signatures import PLACEHOLDER, is_sealed
from .thinking import is_third_generation, thinking_config
from .turns import Turns
from .wire import NAME, NOTHING

_MOST_STOPS = 5
_MODES = {"auto": "AUTO", "none": "NONE", "required": "ANY"}
_fields_decoder = msgspec.json.Decoder(dict[str, Raw])
_objects_decoder = msgspec.json.Decoder(list[dict[str, Raw]] | None)
_TRUE = b"true"
_MODEL = b'"model"'
_CALLS = ("functionCall", "function_call")
_SIGNATURES = ("thoughtSignature", "thought_signature")
_NEEDED = frozenset(
    (
        *("contents", "systemInstruction", "system_instruction", "tools", "generationConfig", "generation_config"),
        *("cachedContent", "cached_content"),
    )
)
"""Without these the answer would be another one than was asked for."""
_FREE_TEXT = {"type": "object", "properties": {"input": {"type": "string"}}, "required": ["input"]}


def path(model: str, *, stream: bool) -> str:
    """Where requests go: `/models/NAME:generateContent`, or its streaming sister, which must be asked for SSE.

    Raises NotCarried for what is no model's name.
    """
    model = name_in_path(model, slashes=True)
    named = model if model.startswith(("models/", "tunedModels/", "publishers/")) else f"models/{model}"
    return f"/{named}:streamGenerateContent?alt=sse" if stream else f"/{named}:generateContent"


def write_request(task: Task, *, model: str, stream: bool, quirks: Quirks, max_tokens: int | None = None) -> Written:
    """A provider's body. `max_tokens` limits an answer the caller set no limit to. Raises NotCarried."""
    payload = task.payload
    notes: list[str] = []
    mended = False
    limit = max_tokens if task.options.max_tokens is None else None
    if payload is not None and payload.dialect == NAME:
        fields: dict[str, Any] = dict(payload.fields)
        fields.pop("podium", None)
        fields.pop("model", None)  # the path names it
        if limit is not None:
            _set_limit(fields, limit)
        mended = _is_foreign(task, model)
        if mended:
            fields["contents"] = _mended(payload.fields["contents"], model)
    else:
        fields = _built(task, model, stream, quirks, limit, notes)
    fields = adapt(fields, quirks, notes, _NEEDED)
    return Written(body=encoded(fields, much=mended), notes=tuple(notes))


def _set_limit(fields: dict[str, Any], limit: int) -> None:
    name = "generation_config" if "generation_config" in fields else "generationConfig"
    given = fields.get(name)
    config: dict[str, Any] = {}
    if given is not None and bytes(given) != b"null":
        config = dict(_fields_decoder.decode(given))
    config.pop("max_output_tokens", None)
    config["maxOutputTokens"] = limit
    fields[name] = config


def _is_foreign(task: Task, model: str) -> bool:
    """Whether part of this conversation was another vendor's: its reasoning is in envelopes, its calls are unsigned."""
    third = is_third_generation(model)
    for message in task.messages:
        calls = message.tool_calls
        if third and calls and all(call.signature is None for call in calls):
            return True
        if any(isinstance(part, ReasoningPart) and part.origin != NAME for part in message.parts):
            return True
    return False


def _mended(contents: Raw, model: str) -> list[Any]:
    """The caller's contents without envelopes of ours, and with the placeholder where Gemini wants a signature."""
    kept: list[Any] = []
    run: list[dict[str, Any]] = []
    before = None
    for turn in _objects_decoder.decode(contents) or ():
        role = bytes(turn.get("role", NOTHING))
        if before != _MODEL or role != _MODEL:
            _sign(run, model)
            run = []
        before = role
        given = _objects_decoder.decode(turn["parts"]) if "parts" in turn else None
        parts = [opened for part in given or () if (opened := _opened(part)) is not None]
        if role == _MODEL:
            run += parts
        if parts:
            kept.append({**turn, "parts": parts})
    _sign(run, model)
    return kept


def _opened(part: dict[str, Raw]) -> dict[str, Any] | None:
    opened: dict[str, Any] = dict(part)
    for name in _SIGNATURES:
        raw = part.get(name, NOTHING)
        if raw is not NOTHING and is_sealed(msgspec.json.decode(raw)):
            del opened[name]
            if bytes(part.get("thought", NOTHING)) == _TRUE:
                return None
    return opened


def _sign(run: list[dict[str, Any]], model: str) -> None:
    """A signature anywhere in the turn is Gemini's own, in the place it gave it."""
    call = next((part for part in run if not part.keys().isdisjoint(_CALLS)), None)
    if call is not None and is_third_generation(model) and all(part.keys().isdisjoint(_SIGNATURES) for part in run):
        call["thoughtSignature"] = PLACEHOLDER


def _built(task: Task, model: str, stream: bool, quirks: Quirks, limit: int | None, notes: list[str]) -> dict[str, Any]:
    options = task.options
    _refuse(options)
    turns = Turns(task.messages, model=model, ids=not quirks.model_in_path)
    notes += turns.notes
    if _has_cache_marks(task):
        notes.append("Gemini caches prompts by itself; cache marks were left out.")
    body: dict[str, Any] = {"contents": turns.contents}
    if turns.system:
        body["systemInstruction"] = {"parts": turns.system}
    tools = options.tools
    if tools and options.schema is not None and not is_third_generation(model):
        if options.tool_choice != "none":
            raise NotCarried(
                f"{model} takes either tools or a schema for its answer, not both.",
                remedy="Name a model of Gemini 3 or later, or leave one out.",
                param="response_format",
            )
        tools = ()
        notes.append(f"{model} takes no tools beside a schema; as none may be called, they were left out.")
    if tools:
        body["tools"] = [{"functionDeclarations": [_function(tool, notes) for tool in tools]}]
        if options.tool_choice is not None:
            body["toolConfig"] = {"functionCallingConfig": _choice(options.tool_choice)}
        if options.parallel_tool_calls is False:
            notes.append("Gemini cannot be told to call one tool at a time; it may call several.")
    config = _config(options, model, quirks, limit, notes)
    if config:
        body["generationConfig"] = config
    return body


def _refuse(options: Options) -> None:
    """What cannot be done without, and has no place here."""
    if options.n > 1:
        # The wire has candidateCount, but an answer that leaves it has room for one.
        raise NotCarried(
            f"{options.n} answers at once come through Gemini only to callers of its own dialect.",
            remedy="Ask for one answer, or send the request as often as needed.",
            param="n",
        )
    if options.logprobs:
        raise NotCarried(
            "Gemini's log probabilities have another shape and are not translated.",
            remedy="Name a model whose provider speaks the dialect the request came in.",
            param="logprobs",
        )
    if len(options.stop) > _MOST_STOPS:
        raise NotCarried(
            f"Gemini takes at most {_MOST_STOPS} stop sequences, not {len(options.stop)}.",
            remedy="Give fewer.",
            param="stop",
        )


def _has_cache_marks(task: Task) -> bool:
    if any(tool.cache is not None for tool in task.options.tools):
        return True
    for message in task.messages:
        if message.cache is not None or any(getattr(part, "cache", None) is not None for part in message.parts):
            return True
    return False


def _config(options: Options, model: str, quirks: Quirks, limit: int | None, notes: list[str]) -> dict[str, Any]:
    wanted = {
        "maxOutputTokens": limit if options.max_tokens is None else options.max_tokens,
        "temperature": options.temperature,
        "topP": options.top_p,
        "topK": options.top_k,
        "stopSequences": options.stop or None,
        "seed": options.seed,
        "presencePenalty": options.presence_penalty,
        "frequencyPenalty": options.frequency_penalty,
    }
    config: dict[str, Any] = {name: value for name, value in wanted.items() if value is not None}
    if options.schema is not None:
        config["responseMimeType"] = "application/json"
        _set_schema(config, options.schema, quirks, notes)
    thinking, note = thinking_config(options, model)
    if thinking is not None:
        config["thinkingConfig"] = thinking
    if note is not None:
        notes.append(note)
    return config


def _set_schema(config: dict[str, Any], schema: Schema, quirks: Quirks, notes: list[str]) -> None:
    if schema.body is None:
        return
    if not quirks.json_schema:
        notes.append("The provider takes no schema for an answer; it was asked for JSON alone.")
        return
    config["responseJsonSchema"] = _cleaned(schema.body, "the answer", notes)


def _cleaned(schema: Any, what: str, notes: list[str]) -> dict[str, Any]:
    cleaned = Cleaned(schema, what=what)
    if cleaned.left_out:
        names = ", ".join(sorted(cleaned.left_out))
        notes.append(f"Gemini does not know these keywords in the schema of {what}; they were left out: {names}.")
    return cleaned.schema


def _function(tool: Tool, notes: list[str]) -> dict[str, Any]:
    if tool.kind not in ("function", "custom"):
        raise NotCarried(
            f"The tool {tool.kind!r} is run by the provider it was made for; Gemini has none of that name.",
            remedy="Leave it out, or name a model of that provider.",
            param="tools",
        )
    function: dict[str, Any] = {"name": tool.name}
    if tool.description:
        function["description"] = tool.description
    schema = _FREE_TEXT if tool.kind == "custom" else tool.parameters
    if schema and schema != {"type": "object"}:
        function["parametersJsonSchema"] = _cleaned(schema, f"the tool {tool.name!r}", notes)
    return function


def _choice(choice: str) -> dict[str, Any]:
    mode = _MODES.get(choice)
    return {"mode": "ANY", "allowedFunctionNames": [choice]} if mode is None else {"mode": mode}
