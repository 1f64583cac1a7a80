"""The chat endpoint under arbitrary input: always an answer in JSON or a whole stream, never a 500, never a hang."""

from __future__ import annotations

import copy
import json
import time
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

ALLOWED = {200, 400, 404, 413, 422, 502}
"""502 because an odd request may be more than a (simulated) vendor can bear; that it says so is ours to see to."""

QUICKLY = settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck), derandomize=True)

TEXT = st.text(max_size=20)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=-(10**40), max_value=10**40),
    st.floats(allow_nan=True, allow_infinity=True),
    TEXT,
    st.sampled_from(
        ["auto", "auto/x", "pico", "north/pico", "/", "north/", "a/b/c", "1e999999", "-1", "0", "null", "\0"]
    ),
)
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3))

FULL: dict[str, Any] = {
    "model": "auto",
    "messages": [
        {"role": "system", "content": "Be brief."},
        {
            "role": "user",
            "name": "ann",
            "content": [
                {"type": "text", "text": "What is this?"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA==", "detail": "low"}},
            ],
        },
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "42"},
        {"role": "user", "content": "And what is 17 + 25?"},
    ],
    "tools": [{"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"}}}],
    "tool_choice": {"type": "function", "function": {"name": "f"}},
    "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}},
    "stream": False,
    "stream_options": {"include_usage": True},
    "temperature": 0.5,
    "max_tokens": 20,
    "max_completion_tokens": None,
    "n": 1,
    "stop": ["\n"],
    "seed": 1,
    "logprobs": False,
    "parallel_tool_calls": True,
    "reasoning_effort": "low",
    "user": "ann",
    "podium": {
        "task_type": "extraction",
        "min_quality": 0.1,
        "max_cost_usd": "0.5",
        "max_latency_ms": 60000,
        "deadline": "2999-01-01T00:00:00Z",
        "private": False,
        "priority": "normal",
        "sensitivity": "none",
        "tags": {"a": "b"},
        "user": "u",
        "team": "t",
    },
}


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inside: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        inside = list(value.items())
    elif isinstance(value, list):
        inside = list(enumerate(value))
    return [place for key, each in inside for place in ((*path, key), *_places(each, (*path, key)))]


PLACES = _places(FULL)
REMOVE = object()
CHANGES = st.lists(st.tuples(st.sampled_from(PLACES), st.one_of(st.just(REMOVE), JSON)), min_size=1, max_size=4)
KEPT = st.sets(st.sampled_from(sorted(FULL)))


def _changed(keep: set[str], changes: list[tuple[tuple[Any, ...], Any]]) -> Any:
    body = {key: copy.deepcopy(value) for key, value in FULL.items() if key in keep or key == "messages"}
    for place, value in changes:
        target: Any = body
        try:
            for step in place[:-1]:
                target = target[step]
            if value is REMOVE:
                del target[place[-1]]
            else:
                target[place[-1]] = value
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took the place away
    return body


def _check(house: Any, body: bytes, headers: dict[str, str] | None = None) -> None:
    began = time.monotonic()
    answer = house.post(body, headers=headers)
    assert time.monotonic() - began < 5
    assert answer.status in ALLOWED, (answer.status, answer.text)
    if answer.status != 200:
        assert answer.headers["content-type"] == "application/json"
        assert answer.error["message"]
    elif answer.headers["content-type"] == "application/json":
        assert answer.json()["choices"]
    else:
        assert answer.text.endswith("data: [DONE]\n\n")


@QUICKLY
@given(keep=KEPT, changes=CHANGES)
def test_changed_requests(shared_house: Any, keep: set[str], changes: Any) -> None:
    _check(shared_house, json.dumps(_changed(keep, changes)).encode())


@QUICKLY
@given(JSON)
def test_any_json(shared_house: Any, value: Any) -> None:
    _check(shared_house, json.dumps(value).encode())


@QUICKLY
@given(st.dictionaries(st.sampled_from(sorted(FULL)), JSON))
def test_any_values_in_known_fields(shared_house: Any, body: Any) -> None:
    _check(shared_house, json.dumps({"messages": [{"role": "user", "content": "hi"}], **body}).encode())


@QUICKLY
@given(st.binary(max_size=200))
def test_any_bytes(shared_house: Any, body: bytes) -> None:
    _check(shared_house, body)


@QUICKLY
@given(st.data())
def test_bytes_of_a_request_with_some_changed(shared_house: Any, data: Any) -> None:
    body = bytearray(json.dumps(FULL).encode())
    for _ in range(data.draw(st.integers(1, 5))):
        place = data.draw(st.integers(0, len(body) - 1))
        body[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    _check(shared_house, bytes(body))


NAMES = st.sampled_from([f"x-podium-{name.replace('_', '-')}" for name in FULL["podium"]] + ["x-podium-other"])
VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=20)


@QUICKLY
@given(st.dictionaries(NAMES, VALUES | st.sampled_from(["nan", "inf", "1e999999", "true", "0", "-1", "=", "a=b,,"])))
def test_any_headers_of_ours(shared_house: Any, headers: dict[str, str]) -> None:
    _check(shared_house, b'{"messages":[{"role":"user","content":"hi"}]}', headers)


def test_the_house_still_stands(shared_house: Any) -> None:
    answer = shared_house.chat()
    assert answer.status == 200
    assert shared_house.recorded(answer.headers["x-podium-decision"])["status"] == "ok"
    assert shared_house.runtime.ledger.lost == 0
