"""Both spellings of a field's name, `systemInstruction` and `system_instruction`: the API takes either.

That is protocol buffers' JSON mapping. Callers who write the second are few, so their bodies alone are read twice.
What a caller made himself (arguments, results, schemas, the names of his properties) keeps its spelling.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from podium.core.errors import InvalidRequest

Shape = Mapping[str, "Shape | None"]
"""Names in the first spelling, each with the shape of what it holds; None where nothing below is renamed."""

_BLOB: Shape = {"mimeType": None, "displayName": None, "data": None}
_FILE: Shape = {"mimeType": None, "displayName": None, "fileUri": None}
_PART: Shape = {
    "thoughtSignature": None,
    "functionCall": None,
    "functionResponse": {"parts": {"inlineData": _BLOB, "fileData": _FILE}},
    "inlineData": _BLOB,
    "fileData": _FILE,
    "executableCode": None,
    "codeExecutionResult": None,
    "toolCall": None,
    "toolResponse": None,
    "videoMetadata": None,
    "mediaResolution": None,
    "partMetadata": None,
}
_CONTENT: Shape = {"parts": _PART}
_CONFIG: Shape = dict.fromkeys(
    (
        *("maxOutputTokens", "topP", "topK", "stopSequences", "candidateCount", "presencePenalty"),
        *("frequencyPenalty", "responseMimeType", "responseSchema", "responseJsonSchema", "responseLogprobs"),
        *("responseModalities", "speechConfig", "mediaResolution", "imageConfig", "audioTimestamp"),
        *("routingConfig", "enableEnhancedCivicAnswers", "responseFormat", "audioTranscriptionConfig"),
    )
) | {"thinkingConfig": {"includeThoughts": None, "thinkingBudget": None, "thinkingLevel": None}}
_TOOL: Shape = {
    "functionDeclarations": {"parametersJsonSchema": None, "responseJsonSchema": None},
    "googleSearch": None,
    "googleSearchRetrieval": None,
    "codeExecution": None,
    "urlContext": None,
    "googleMaps": None,
    "computerUse": None,
    "fileSearch": None,
    "mcpServers": None,
    "enterpriseWebSearch": None,
}
REQUEST: Shape = {
    "contents": _CONTENT,
    "systemInstruction": _CONTENT,
    "generationConfig": _CONFIG,
    "tools": _TOOL,
    "toolConfig": {
        "functionCallingConfig": {"allowedFunctionNames": None, "streamFunctionCallArguments": None},
        "retrievalConfig": None,
        "includeServerSideToolInvocations": None,
    },
    "safetySettings": None,
    "cachedContent": None,
    "serviceTier": None,
    "generateContentRequest": {},
}


def _snake(name: str) -> str:
    return re.sub(r"[A-Z]", lambda found: "_" + found.group().lower(), name)


def _names(shape: Shape) -> set[str]:
    found: set[str] = set()
    for name, below in shape.items():
        found.add(name)
        if below:
            found |= _names(below)
    return found


_FIRST = {_snake(name): name for name in _names(REQUEST) if _snake(name) != name}
_SECOND_SPELLING = re.compile(rb'"(?:' + "|".join(sorted(_FIRST)).encode() + rb')"\s*:')


def is_respelt(body: bytes) -> bool:
    """Whether any field may be written in the second spelling."""
    return _SECOND_SPELLING.search(body) is not None


def first_spelling(name: str) -> str:
    """The name as the API's reference writes it."""
    return _FIRST.get(name, name)


def respell(value: Any, shape: Shape = REQUEST, place: str = "") -> Any:
    """The same value with its fields' names in the first spelling. Raises InvalidRequest where a field comes twice."""
    if isinstance(value, list):
        return [respell(item, shape, f"{place}[{index}]") for index, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    spelt: dict[str, Any] = {}
    key: str
    for key, content in value.items():
        name = _FIRST.get(key, key)
        if name not in shape:
            name = key
        where = f"{place}.{name}" if place else name
        if name in spelt:
            raise InvalidRequest(f"`{where}` is given in two spellings.", remedy=f"Give `{name}` once.", param=where)
        below = REQUEST if name == "generateContentRequest" else shape.get(name)
        spelt[name] = content if below is None else respell(content, below, where)
    return spelt
