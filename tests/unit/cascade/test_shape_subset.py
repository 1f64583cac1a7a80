"""The part of JSON Schema that is checked: right answers pass, wrong ones are found, odd schemas harm nobody."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.policies.cascade.shape import DEEPEST, mismatch

ODD = [
    True,
    "string",
    {"type": 5},
    {"type": "colour"},
    {"type": []},
    {"enum": "abc"},
    {"required": 3},
    {"required": [1, None]},
    {"properties": ["a"]},
    {"properties": {"a": 7}},
    {"items": [{"type": "string"}]},
    {"$ref": "#/$defs/x"},
    {"anyOf": [{"type": "string"}]},
    {"minimum": 99},
]


@pytest.mark.parametrize("schema", ODD)
@pytest.mark.parametrize("value", [None, 1, "x", {"a": 1}, [1]])
def test_what_is_not_checked_never_turns_an_answer_away(schema: Any, value: Any) -> None:
    assert mismatch(value, schema) is None


@pytest.mark.parametrize(
    ("value", "schema", "right"),
    [
        (1, {"enum": [True]}, False),
        (True, {"enum": [1]}, False),
        (1.0, {"enum": [1]}, True),
        (None, {"type": ["string", "null"]}, True),
        (None, {"type": "string", "nullable": True}, True),
        (None, {"type": "string"}, False),
        ("x", {"type": "STRING"}, True),
        (1, {"type": "STRING"}, False),
        (2, {"type": "number"}, True),
    ],
)
def test_the_edges(value: Any, schema: Any, right: bool) -> None:
    assert (mismatch(value, schema) is None) == right


def test_deep_answers_are_looked_into_only_so_far() -> None:
    value: Any = "leaf"
    schema: Any = {"type": "integer"}
    for _ in range(5_000):
        value, schema = [value], {"type": "array", "items": schema}
    assert mismatch(value, schema) is None
    for _ in range(5_000 - DEEPEST):
        value, schema = value[0], schema["items"]
    wrong = mismatch(value, schema)
    assert wrong is not None
    assert "is string, not integer" in wrong


@st.composite
def shaped(draw: st.DrawFn, depth: int = 0) -> tuple[dict[str, Any], Any]:
    """A schema and a value that fits it."""
    kinds = ["string", "integer", "boolean", "null", "enum"] + (["object", "array"] if depth < 3 else [])
    kind = draw(st.sampled_from(kinds))
    if kind == "object":
        inner = draw(st.dictionaries(st.sampled_from("abcd"), shaped(depth=depth + 1), max_size=4))
        schema = {
            "type": "object",
            "required": sorted(inner),
            "properties": {name: s for name, (s, _) in inner.items()},
        }
        return schema, {name: value for name, (_, value) in inner.items()}
    if kind == "array":
        item, value = draw(shaped(depth=depth + 1))
        return {"type": "array", "items": item}, [value] * draw(st.integers(0, 3))
    if kind == "enum":
        choices = draw(st.lists(st.text(max_size=3), min_size=1, max_size=3))
        return {"enum": choices}, draw(st.sampled_from(choices))
    values: dict[str, Any] = {"string": st.text(max_size=3), "integer": st.integers(), "boolean": st.booleans()}
    return {"type": kind}, draw(values.get(kind, st.none()))


def places(value: Any, schema: dict[str, Any], path: tuple[Any, ...] = ()) -> list[tuple[tuple[Any, ...], bool]]:
    """Every place in the value, and whether it is a required member of an object."""
    found: list[tuple[tuple[Any, ...], bool]] = []
    if isinstance(value, dict):
        for name in value:
            found += [((*path, name), True), *places(value[name], schema["properties"][name], (*path, name))]
    elif isinstance(value, list):
        for place, item in enumerate(value):
            found += [((*path, place), False), *places(item, schema["items"], (*path, place))]
    return found


def edited(value: Any, path: tuple[Any, ...], remove: bool) -> Any:
    """A copy with what is at the path removed, or replaced by an array where none can stand."""
    if not path:
        return [["wrong"]]
    copy = dict(value) if isinstance(value, dict) else list(value)
    if remove and len(path) == 1:
        del copy[path[0]]
    else:
        copy[path[0]] = edited(copy[path[0]], path[1:], remove)
    return copy


@given(data=st.data())
def test_right_answers_pass_and_a_single_wrong_place_is_found(data: st.DataObject) -> None:
    schema, value = data.draw(shaped())
    assert mismatch(value, schema) is None
    everywhere = [((), False), *places(value, schema)]
    path, required = data.draw(st.sampled_from(everywhere))
    inner: Any = schema
    for part in path:
        inner = inner["properties"][part] if isinstance(part, str) else inner["items"]
    if inner.get("type") != "array":
        wrong = mismatch(edited(value, path, remove=False), schema)
        assert wrong is not None
        assert wrong.startswith("$" + "".join(f".{part}" if isinstance(part, str) else f"[{part}]" for part in path))
    if required:
        assert "lacks" in (mismatch(edited(value, path, remove=True), schema) or "")
