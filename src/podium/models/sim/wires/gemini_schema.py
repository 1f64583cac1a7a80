"""Google's own kind of schema: a part of OpenAPI's, which refuses the words of JSON Schema it does not know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..ask import Refused

_WORDS = frozenset({
    "additionalProperties", "anyOf", "default", "defs", "description", "enum", "example", "format", "items",
    "maxItems", "maxLength", "maxProperties", "maximum", "minItems", "minLength", "minProperties", "minimum",
    "nullable", "pattern", "properties", "propertyOrdering", "ref", "required", "title", "type",
})  # fmt: skip


def plain_schema(schema: Mapping[str, Any] | None, place: str) -> dict[str, Any] | None:
    """The same as JSON Schema: types in lower case. Raises Refused for a word Google does not know."""
    if schema is None:
        return None
    plain: dict[str, Any] = {}
    for key, value in schema.items():
        head, *rest = key.split("_")
        name = head + "".join(word.capitalize() for word in rest)
        if name not in _WORDS:
            raise Refused(
                400, f"Invalid JSON payload received. Unknown name \"{key}\" at '{place}': Cannot find field."
            )
        if name == "type":
            plain[name] = value.lower() if isinstance(value, str) else value
        elif name == "properties" and isinstance(value, dict):
            plain[name] = {field: plain_schema(inner, f"{place}.{field}") for field, inner in value.items()}
        elif name == "items" and isinstance(value, dict):
            plain[name] = plain_schema(value, f"{place}.items")
        elif name == "anyOf" and isinstance(value, list):
            plain[name] = [plain_schema(inner, f"{place}.any_of") for inner in value]
        else:
            plain[name] = value
    return plain
