"""Both spellings of a field's name, `systemInstruction` and `system_instruction`: the API takes either.

That is protocol buffers' JSON mapping. Callers who write the second are few, so their bodies alone are read twice.
What a caller made himself (arguments, results, schemas, the names of his properties) keeps its spelling.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Raw
from msgspec.structs import force_setattr

from podium.core.errors import InvalidRequest

from ..forwarding import encoded
from .wire import Blob, Content

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


_LIST = ord("[")
_OBJECT = ord("{")
_members_decoder = msgspec.json.Decoder(dict[str, Raw])
_items_decoder = msgspec.json.Decoder(list[Raw])


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


class Respelt:
    """The same body with its fields' names in the first spelling. Raises InvalidRequest where a field comes twice.

    Bytes of pictures and the like are not copied into it: in their place stands their number in `held`.
    """

    __slots__ = ("body", "held")

    def __init__(self, body: bytes) -> None:
        self.held: list[Raw] = []
        self.body = encoded(self._members(_members_decoder.decode(body), REQUEST, ""), much=True)

    def _value(self, value: Raw, shape: Shape, place: str) -> Any:
        first = memoryview(value)[0]
        if first == _LIST:
            items = _items_decoder.decode(value)
            return [self._value(item, shape, f"{place}[{index}]") for index, item in enumerate(items)]
        return self._members(_members_decoder.decode(value), shape, place) if first == _OBJECT else value

    def _members(self, members: Mapping[str, Raw], shape: Shape, place: str) -> dict[str, Any]:
        spelt: dict[str, Any] = {}
        for key, content in members.items():
            name = _FIRST.get(key, key)
            if name not in shape:
                name = key
            where = f"{place}.{name}" if place else name
            if name in spelt:
                raise InvalidRequest(
                    f"`{where}` is given in two spellings.", remedy=f"Give `{name}` once.", param=where
                )
            if shape is _BLOB and name == "data":
                spelt[name] = len(self.held)
                self.held.append(content)
                continue
            below = REQUEST if name == "generateContentRequest" else shape.get(name)
            spelt[name] = content if below is None else self._value(content, below, where)
        return spelt

    def bring_back(self, contents: Iterable[Content | None]) -> None:
        """Puts what was held where its number stands, in what was just decoded from the body."""
        for content in contents:
            for part in (content.parts if content is not None else None) or ():
                self._into(part.inline_data)
                for extra in (part.function_response.parts if part.function_response is not None else None) or ():
                    self._into(extra.inline_data)

    def _into(self, blob: Blob | None) -> None:
        if blob is not None and len(blob.data):
            force_setattr(blob, "data", self.held[int(bytes(blob.data))])
