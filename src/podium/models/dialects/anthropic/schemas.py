"""JSON schemas in the part of the language this wire's models are held to, and what had to go.

Source: the Claude platform's page "Structured outputs", section on schema limitations, and the transformation the
`anthropic` package applies before it sends a schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_KEPT = frozenset(
    {"$ref", "$defs", "definitions", "type", "enum", "const", "anyOf", "allOf", "properties", "required", "items"}
    | {"additionalProperties", "title", "description", "default", "pattern", "format", "minItems"}
)
_SAYS_NOTHING = frozenset(
    {"$schema", "$id", "$comment", "examples", "deprecated", "readOnly", "writeOnly", "strict", "nullable"}
)
"""Annotations: an answer is no less right without them."""
_FORMATS = frozenset(
    {"date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"}  # the page's list
)
_MAPS = ("properties", "$defs", "definitions")
_LISTS = ("anyOf", "allOf")


class Unheld(ValueError):
    """No model can be held to this schema: it is recursive, or an object's names are open."""


def held(schema: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """(the schema a model can be held to, names of the constraints it lost). Raises Unheld."""
    if _recursive(schema):
        raise Unheld("it refers to itself")
    lost: set[str] = set()
    return _held(schema, lost), tuple(sorted(lost))


def _held(schema: Mapping[str, Any], lost: set[str]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, value in schema.items():
        if name == "oneOf":
            kept["anyOf"] = [_inner(item, lost) for item in value] if isinstance(value, list) else value
        elif name not in _KEPT or (name == "format" and value not in _FORMATS):
            if name not in _SAYS_NOTHING:
                lost.add(name)
        elif name == "minItems" and value not in (0, 1):
            lost.add(name)
        elif name in _MAPS and isinstance(value, Mapping):
            kept[name] = {key: _inner(item, lost) for key, item in value.items()}
        elif name in _LISTS and isinstance(value, list):
            kept[name] = [_inner(item, lost) for item in value]
        elif name == "items":
            kept[name] = _inner(value, lost)
        else:
            kept[name] = value
    if _is_object(schema):
        if not schema.get("properties") and schema.get("additionalProperties", True) is not False:
            raise Unheld("an object's property names are open")
        if schema.get("additionalProperties", False) is not False:
            lost.add("additionalProperties")
        kept["additionalProperties"] = False
    return kept


def _inner(schema: Any, lost: set[str]) -> Any:
    if schema is True or schema == {}:
        raise Unheld("a value may be anything")
    return _held(schema, lost) if isinstance(schema, Mapping) else schema


def _is_object(schema: Mapping[str, Any]) -> bool:
    kind = schema.get("type")
    return kind == "object" or (isinstance(kind, list) and "object" in kind) or "properties" in schema


def _recursive(schema: Mapping[str, Any]) -> bool:
    """Whether a reference leads back to where it came from; references to anywhere but definitions count as such."""
    named: dict[str, Any] = {}
    for place in ("$defs", "definitions"):
        found = schema.get(place)
        if isinstance(found, Mapping):
            named |= {f"#/{place}/{name}": body for name, body in found.items()}
    leads = {name: _references(body) for name, body in named.items()}
    if any(target not in leads for target in _references(schema).union(*leads.values())):
        return True
    while leads:
        ends = {name for name, targets in leads.items() if not targets & leads.keys()}
        if not ends:
            return True
        leads = {name: targets for name, targets in leads.items() if name not in ends}
    return False


def _references(schema: Any) -> set[str]:
    found: set[str] = set()
    pending = [schema]
    while pending:
        item = pending.pop()
        if isinstance(item, Mapping):
            target = item.get("$ref")
            if isinstance(target, str):
                found.add(target)
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)
    return found
