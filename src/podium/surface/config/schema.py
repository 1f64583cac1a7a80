"""The JSON schema of `podium.yaml`, for editors and for `podium config schema`.

`core.settings` gives the shape as it is held; people write a little more freely (an amount as a number, `${PORT}` for
one, nothing for an empty group), and an editor must not underline what Podium accepts.
"""

from __future__ import annotations

from typing import Any

from podium.core.settings import json_schema

from .checks import NAME

_REFERENCE = {"$ref": "#/$defs/Reference"}
_NOTES = ("title", "description", "default")


def config_schema() -> dict[str, Any]:
    """A JSON schema, draft 2020-12, without `$id`; every setting described, unknown fields refused."""
    schema = _widened(json_schema())
    assert isinstance(schema, dict)
    schema["$defs"]["Reference"] = {
        "title": "Reference",
        "description": "An environment variable's value.",
        "type": "string",
        "pattern": r"\$\{[A-Za-z_][A-Za-z0-9_]*\}",
    }
    top = schema["$defs"]["Settings"]["properties"]
    name = {"pattern": f"^{NAME}$", "not": {"const": "auto"}}
    top["providers"]["propertyNames"] = name
    top["routes"]["propertyNames"] = name
    top["models"]["propertyNames"] = {"pattern": "^[^/]+/.+$"}
    return schema


def _widened(node: Any) -> Any:
    if isinstance(node, list):
        return [_widened(part) for part in node]
    if not isinstance(node, dict):
        return node
    # `default` holds a value, not a schema.
    node = {key: part if key == "default" else _widened(part) for key, part in node.items()}
    kind = node.get("type")
    if kind == "string" and node.get("format") == "decimal":
        exact = {"type": "string", "pattern": r"^[0-9_]*\.?[0-9_]*([eE][+-]?[0-9]+)?$"}
        return {**_notes(node), "anyOf": [{"type": "number", "minimum": 0}, exact, _REFERENCE]}
    if kind in ("integer", "number", "boolean") or isinstance(node.get("enum"), list):
        plain = {key: part for key, part in node.items() if key not in _NOTES}
        return {**_notes(node), "anyOf": [plain, _REFERENCE]}
    if kind in ("object", "array"):
        node["type"] = [kind, "null"]
    return node


def _notes(node: dict[str, Any]) -> dict[str, Any]:
    return {key: node[key] for key in _NOTES if key in node}
