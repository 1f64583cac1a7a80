"""What a caller's body holds beyond the canonical form: named, so that losing it on another wire is never silent.

Asked only where a task goes over another wire, so it reads the body once more instead of burdening every request. Names
are those of the API's reference, whichever spelling the caller chose.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec
from msgspec import Raw

from podium.core.tasks import Task

from ..forwarding import says
from .spelling import first_spelling
from .wire import NAME, NOTHING

_CARRIED: Final = frozenset(
    ("contents", "systemInstruction", "tools", "toolConfig", "generationConfig", "labels", "model", "podium")
)
_CONFIG: Final = frozenset(
    (
        *("maxOutputTokens", "temperature", "topP", "topK", "stopSequences", "candidateCount", "seed"),
        *("presencePenalty", "frequencyPenalty", "responseMimeType", "responseSchema", "responseJsonSchema"),
        *("responseLogprobs", "thinkingConfig"),
    )
)
_THINKING: Final = frozenset(("includeThoughts", "thinkingBudget", "thinkingLevel"))
_TOOLS: Final = frozenset(("mode", "allowedFunctionNames"))
_PART: Final = frozenset(
    (
        *("text", "thought", "thoughtSignature", "functionCall", "functionResponse", "inlineData", "fileData"),
        # Refused by name where they are written.
        *("executableCode", "codeExecutionResult", "toolCall", "toolResponse"),
    )
)
_FUNCTION: Final = frozenset(
    ("name", "description", "parameters", "parametersJsonSchema", "response", "responseJsonSchema")
)
"""What a function gives back is told by its results."""
_VALIDATED: Final = b'"VALIDATED"'
_LIST: Final = ord("[")
_OBJECT: Final = ord("{")
_objects_decoder = msgspec.json.Decoder(list[dict[str, Raw]])
_object_decoder = msgspec.json.Decoder(dict[str, Raw])
_NOT_READABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def beyond(task: Task) -> tuple[str, ...]:
    """Names such as `safetySettings`, `generationConfig.speechConfig` or `contents.parts.videoMetadata`, sorted, each
    once."""
    payload = task.payload
    if payload is None or payload.dialect != NAME:
        return ()
    fields = {first_spelling(name): raw for name, raw in payload.fields.items()}
    names = set(_outside(fields, _CARRIED))
    config = _object(fields, "generationConfig")
    names.update(f"generationConfig.{name}" for name in _outside(config, _CONFIG))
    thinking = _outside(_object(config, "thinkingConfig"), _THINKING)
    names.update(f"generationConfig.thinkingConfig.{name}" for name in thinking)
    for content in _objects(fields, "contents"):
        names.update(f"contents.parts.{name}" for name in _in_parts(content))
    names.update(f"systemInstruction.parts.{name}" for name in _in_parts(_object(fields, "systemInstruction")))
    for tool in _objects(fields, "tools"):
        for function in _objects(tool, "functionDeclarations"):
            names.update(f"tools.functionDeclarations.{name}" for name in _outside(function, _FUNCTION))
    names.update(_in_tool_config(_object(fields, "toolConfig")))
    return tuple(sorted(names))


def _in_parts(content: Mapping[str, Raw]) -> Iterator[str]:
    for part in _objects(content, "parts"):
        yield from _outside(part, _PART)


def _in_tool_config(config: Mapping[str, Raw]) -> Iterator[str]:
    yield from (f"toolConfig.{name}" for name in _outside(config, frozenset(("functionCallingConfig",))))
    calling = _object(config, "functionCallingConfig")
    yield from (f"toolConfig.functionCallingConfig.{name}" for name in _outside(calling, _TOOLS))
    if bytes(calling.get("mode", NOTHING)).upper() == _VALIDATED:
        yield "toolConfig.functionCallingConfig.mode"


def _outside(fields: Mapping[str, Raw], known: frozenset[str]) -> Iterator[str]:
    return (name for name, raw in fields.items() if name not in known and says(raw))


def _objects(fields: Mapping[str, Raw], name: str) -> list[dict[str, Raw]]:
    """The objects of a list, their names in the first spelling; none where it is something else."""
    raw = fields.get(name, NOTHING)
    if not len(raw) or memoryview(raw)[0] != _LIST:
        return []
    try:
        return [_spelt(held) for held in _objects_decoder.decode(raw)]
    except _NOT_READABLE:
        return []


def _object(fields: Mapping[str, Raw], name: str) -> dict[str, Raw]:
    raw = fields.get(name, NOTHING)
    return _spelt(_object_decoder.decode(raw)) if len(raw) and memoryview(raw)[0] == _OBJECT else {}


def _spelt(held: Mapping[str, Raw]) -> dict[str, Raw]:
    return {first_spelling(name): raw for name, raw in held.items()}
