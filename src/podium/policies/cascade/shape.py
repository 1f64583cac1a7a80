"""A stated small part of JSON Schema, enough to see an answer of the wrong shape.

Checked: `type` (one or a list), `enum`, `required`, `properties`, `items` (one schema for all), and OpenAPI's
`nullable`. Everything else (`$ref`, `anyOf`, `pattern`, `minimum` ...) is passed over: this check may let a wrong
answer through, it must never turn a right one away. A malformed schema is passed over for the same reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

DEEPEST = 64
"""Levels looked into; what lies deeper is taken as it is, so that no answer can exhaust the stack."""


def mismatch(value: Any, schema: object, path: str = "$", depth: int = 0) -> str | None:
    """What is wrong with a decoded JSON value, and where; None where nothing is."""
    if not isinstance(schema, Mapping) or depth > DEEPEST:
        return None
    if value is None and schema.get("nullable") is True:
        return None
    wanted = schema.get("type")
    if wanted is not None and not _is_of(value, wanted):
        return f"{path} is {_name(value)}, not {_words(wanted)}"
    choices = schema.get("enum")
    if isinstance(choices, list | tuple) and not any(_same(value, choice) for choice in choices):
        return f"{path} is none of the values allowed"
    if isinstance(value, dict):
        return _object(value, schema, path, depth)
    items = schema.get("items")
    if isinstance(value, list) and isinstance(items, Mapping):
        for place, item in enumerate(value):
            wrong = mismatch(item, items, f"{path}[{place}]", depth + 1)
            if wrong is not None:
                return wrong
    return None


def _object(value: Mapping[str, Any], schema: Mapping[str, Any], path: str, depth: int) -> str | None:
    required = schema.get("required")
    if isinstance(required, list | tuple):
        for name in required:
            if isinstance(name, str) and name not in value:
                return f"{path} lacks {name!r}"
    properties = schema.get("properties")
    if isinstance(properties, Mapping):
        for name, inner in properties.items():
            if name in value:
                wrong = mismatch(value[name], inner, f"{path}.{name}", depth + 1)
                if wrong is not None:
                    return wrong
    return None


def _is_of(value: Any, wanted: object) -> bool:
    """Whether the value is of the type, or one of the types; an unknown type name allows anything."""
    if isinstance(wanted, list | tuple):
        return not wanted or any(_is_of(value, each) for each in wanted)
    test = _TYPES.get(wanted.lower()) if isinstance(wanted, str) else None
    return test is None or test(value)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "integer": lambda value: _number(value) and (isinstance(value, int) or value.is_integer()),
    "number": _number,
}


def _same(value: Any, choice: Any) -> bool:
    """Equal as JSON: true is not 1."""
    return bool(value == choice) and isinstance(value, bool) == isinstance(choice, bool)


def _name(value: Any) -> str:
    return next((name for name, test in _TYPES.items() if test(value)), "something else")


def _words(wanted: object) -> str:
    return " or ".join(str(each) for each in wanted) if isinstance(wanted, list | tuple) else str(wanted)
