"""JSON that fits a schema: how a model that must answer in a given shape does so."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_DEEPEST = 8
_LONGEST_FILL = 1000


def as_json(text: str, schema: Mapping[str, Any]) -> str:
    """The answer as JSON: itself if it is an object already, else laid into the schema's first text or number."""
    if text.startswith("{"):
        return text
    if not schema:
        return json.dumps({"answer": text})
    value = filled(schema)
    for key, part in (schema.get("properties") or {}).items():
        said = text.rpartition(": ")[2]
        if part.get("type") == "string" and "enum" not in part:
            return json.dumps({**value, key: text})
        if part.get("type") in ("integer", "number") and said.lstrip("-").isdigit():
            return json.dumps({**value, key: int(said)})
    return json.dumps(value)


def filled(schema: Mapping[str, Any], root: Mapping[str, Any] | None = None, depth: int = 0) -> Any:
    """The plainest value a JSON schema allows: enough for every caller's parser."""
    root = schema if root is None else root
    if "$ref" in schema and depth < _DEEPEST:
        target: Any = root
        for step in str(schema["$ref"]).removeprefix("#/").split("/"):
            target = target.get(step, {}) if isinstance(target, dict) else {}
        return filled(target, root, depth + 1)
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    for union in ("anyOf", "oneOf", "allOf"):
        if schema.get(union):
            return filled(schema[union][0], root, depth + 1)
    kind = schema.get("type", "object" if "properties" in schema or not depth else "string")
    match kind[0] if isinstance(kind, list) else kind:
        case "object":
            if depth >= _DEEPEST:
                return {}
            properties: Mapping[str, Any] = schema.get("properties") or {}
            names = schema.get("required", properties) if depth else properties
            return {name: filled(properties.get(name, {"type": "string"}), root, depth + 1) for name in names}
        case "array":
            return [filled(schema.get("items") or {}, root, depth + 1)] * _count(schema.get("minItems"))
        case "integer" | "number":
            return schema.get("minimum", 0)
        case "boolean":
            return False
        case "null":
            return None
        case _:
            return "simulated"[: _count(schema.get("maxLength", _LONGEST_FILL))].ljust(
                _count(schema.get("minLength")), "x"
            )


def _count(value: object) -> int:
    """A length out of a schema, within reason."""
    return max(0, min(value, _LONGEST_FILL)) if isinstance(value, int) else 0
