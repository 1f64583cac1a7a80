"""Schemas, both ways: OpenAPI's upper-case types read as JSON schema, JSON schema cut to what Gemini understands.

Source of the list of keywords: the Gemini API reference, GenerationConfig.responseJsonSchema. What is not in it is
ignored or refused by the API, so it is left out here and named in a note.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..dialect import NotCarried

_KEPT = frozenset(
    (
        *("$id", "$anchor", "type", "format", "title", "description", "enum", "items", "prefixItems", "minItems"),
        *("maxItems", "minimum", "maximum", "anyOf", "oneOf", "properties", "additionalProperties", "required"),
        "propertyOrdering",
    )
)
_UNSAID = frozenset(("$schema", "$comment", "$defs", "definitions"))
"""Left out without a note: the first two say nothing to a model, the others are put where they are referred to."""
_MAPS = frozenset(("properties", "patternProperties", "$defs", "definitions"))
_LISTS = frozenset(("anyOf", "oneOf", "allOf", "prefixItems"))
_SINGLE = frozenset(("items", "additionalProperties", "not"))
_DEEPEST = 100
_MOST_NODES = 10_000
"""References that refer to references multiply: a schema that grows beyond this is refused."""


def from_openapi(schema: Any, depth: int = 0) -> Any:
    """JSON schema of an OpenAPI 3.0 subset: `STRING` -> `string`, `nullable` -> a type of null, counts as numbers."""
    if not isinstance(schema, dict) or depth > _DEEPEST:
        return schema
    read: dict[str, Any] = {}
    key: str
    for key, value in schema.items():
        if key == "type" and isinstance(value, str):
            read[key] = value.lower()
        elif key in ("properties", "defs", "$defs") and isinstance(value, dict):
            read["$defs" if key == "defs" else key] = {k: from_openapi(v, depth + 1) for k, v in value.items()}
        elif key in ("anyOf", "any_of", "prefixItems") and isinstance(value, list):
            read["anyOf" if key == "any_of" else key] = [from_openapi(item, depth + 1) for item in value]
        elif key in _SINGLE:
            read[key] = from_openapi(value, depth + 1)
        elif key == "ref" and isinstance(value, str):
            read["$ref"] = value.replace("#/defs/", "#/$defs/")
        elif key in _COUNTS and isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
            read[_COUNTS[key]] = int(value)  # 64-bit numbers are strings in protocol buffers' JSON
        else:
            read[_COUNTS.get(key, key)] = value
    if read.pop("nullable", None) is True and isinstance(read.get("type"), str):
        read["type"] = [read["type"], "null"]
    return read


_COUNTS: Mapping[str, str] = {
    **{name: name for name in ("minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties")},
    "min_items": "minItems",
    "max_items": "maxItems",
    "min_length": "minLength",
    "max_length": "maxLength",
    "min_properties": "minProperties",
    "max_properties": "maxProperties",
    "property_ordering": "propertyOrdering",
}


class Cleaned:
    """One schema cut to the documented keywords; `left_out` names what went."""

    __slots__ = ("_nodes", "_root", "_what", "left_out", "schema")

    def __init__(self, schema: Mapping[str, Any], *, what: str) -> None:
        """`what` says whose schema it is. Raises NotCarried for references that cannot be put in place."""
        self._root = schema
        self._what = what
        self._nodes = 0
        self.left_out: set[str] = set()
        self.schema: dict[str, Any] = self._clean(schema, ())

    def _clean(self, schema: Any, within: tuple[str, ...]) -> Any:
        if not isinstance(schema, Mapping):
            return schema
        self._nodes += 1
        if self._nodes > _MOST_NODES or len(within) > _DEEPEST:
            raise NotCarried(f"The schema of {self._what} is too large for Gemini.", remedy="Make it smaller.")
        reference = schema.get("$ref")
        if isinstance(reference, str):
            return self._referred(schema, reference, within)
        only = schema.get("allOf")
        if isinstance(only, list) and len(only) == 1 and isinstance(only[0], Mapping):
            rest = {key: value for key, value in schema.items() if key != "allOf"}
            return self._clean({**only[0], **rest}, (*within, ""))
        cut: dict[str, Any] = {}
        for key, value in schema.items():
            if key == "const" and isinstance(value, str | int | float) and not isinstance(value, bool):
                cut["enum"] = [value]
            elif key in _KEPT:
                cut[key] = self._below(key, value, (*within, ""))
            elif key not in _UNSAID:
                self.left_out.add(key)
        return cut

    def _below(self, key: str, value: Any, within: tuple[str, ...]) -> Any:
        if key in _MAPS and isinstance(value, Mapping):
            return {name: self._clean(below, within) for name, below in value.items()}
        if key in _LISTS and isinstance(value, list):
            return [self._clean(below, within) for below in value]
        return self._clean(value, within) if key in _SINGLE else value

    def _referred(self, schema: Mapping[str, Any], reference: str, within: tuple[str, ...]) -> Any:
        if reference in within:
            raise NotCarried(
                f"The schema of {self._what} refers to itself ({reference}), which Gemini does not take.",
                remedy="Write it out to a fixed depth.",
            )
        target: Any = self._root
        for step in reference.removeprefix("#").strip("/").split("/") if reference != "#" else ():
            target = target.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(target, Mapping) else None
        if not reference.startswith("#") or not isinstance(target, Mapping):
            raise NotCarried(
                f"The schema of {self._what} refers to {reference}, which is not in it.",
                remedy="Give the definition in the schema's own `$defs`.",
            )
        rest = {key: value for key, value in schema.items() if key != "$ref"}
        return self._clean({**target, **rest}, (*within, reference))
