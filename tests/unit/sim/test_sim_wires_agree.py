"""All wires lead to one mind: the same prompt, the same answer and figures; and no body makes the vendor stumble."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from podium.testing import Faults, SimApp, SimModel, SimVendor, make_tasks

VENDOR = SimVendor(name="acme", models=(SimModel(name="m", skill=0.5),), time_scale=0)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5000) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def _told(door: Any, app: SimApp, text: str) -> tuple[str, str]:
    whole = json.loads(door.call(app, text, stream=False).body)
    events = door.events(door.call(app, text, stream=True).body)
    return door.said(whole), "".join(map(door.more, events))


def test_the_same_task_gets_the_same_answer_on_every_wire(doors: Any) -> None:
    app = SimApp(VENDOR)
    for task in make_tasks(5, 12, {"arithmetic": 1, "lookup": 1, "translation": 1, "dates": 1}):
        answers = {answer for door in doors.values() for answer in _told(door, app, task.prompt)}
        assert len(answers) == 1
    assert app.state.requests == 12 * 2 * len(doors)


@given(text=st.text(st.characters(codec="utf-8"), min_size=1, max_size=80).filter(str.strip))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_survives_every_wire(doors: Any, text: str) -> None:
    app = SimApp(VENDOR)
    for door in doors.values():
        assert set(_told(door, app, f"Repeat after me: {text}")) == {text}


@given(data=st.data())
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_body_makes_the_vendor_stumble(door: Any, data: st.DataObject) -> None:
    """Replaces one value somewhere in a good request; the answer is an answer or a refusal, never an accident."""
    body = door.body("hello", True)
    body.update(deepcopy(data.draw(st.sampled_from(EXTRAS))))
    place: Any = body
    while True:
        key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        if not (isinstance(place[key], dict | list) and place[key]) or data.draw(st.booleans()):
            break
        place = place[key]
    place[key] = data.draw(JSON)

    answer = door.send(SimApp(VENDOR), json.dumps(body).encode(), stream=True)
    assert answer.status in (200, 400, 404)
    if answer.status != 200:
        told = json.loads(answer.body)
        assert door.error(told[0] if isinstance(told, list) else told)


EXTRAS: list[dict[str, Any]] = [
    {},
    {
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}],
        "tool_choice": "auto",
    },
    {"tools": [{"name": "f", "input_schema": {"type": "object"}}], "tool_choice": {"type": "any"}},
    {"tools": [{"functionDeclarations": [{"name": "f", "parameters": {"type": "OBJECT"}}]}]},
    {"generationConfig": {"responseMimeType": "application/json", "responseSchema": {"type": "OBJECT"}}},
    {"toolConfig": {"tools": [{"toolSpec": {"name": "f", "inputSchema": {"json": {"type": "object"}}}}]}},
    {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}}},
    {"output_config": {"format": {"type": "json_schema", "schema": {"properties": {"a": {"type": "array"}}}}}},
    {
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}}]},
            {
                "role": "assistant",
                "content": [
                    {"type": "redacted_thinking", "data": ""},
                    {"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}},
                ],
            },
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text"}]}]},
        ]
    },
    {
        "messages": [
            {
                "role": "user",
                "content": [{"image": {"format": "png", "source": {"bytes": "AA=="}}}, {"cachePoint": {}}],
            },
            {
                "role": "assistant",
                "content": [
                    {"reasoningContent": {"reasoningText": {"text": "", "signature": ""}}},
                    {"toolUse": {"toolUseId": "t", "name": "f", "input": {}}},
                ],
            },
            {"role": "user", "content": [{"toolResult": {"toolUseId": "t", "content": [{"json": {}}]}}]},
        ]
    },
    {
        "messages": [
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}]},
            {"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": "{}"}}]},
            {"role": "tool", "tool_call_id": "c", "content": "x"},
        ]
    },
    {
        "contents": [
            {"parts": [{"inlineData": {"mimeType": "image/png", "data": "AA"}}, {"text": "a"}]},
            {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {}}, "thoughtSignature": "AA=="}]},
            {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {"a": "b"}}}]},
        ]
    },
    {
        "input": [
            {"role": "user", "content": [{"type": "input_image", "image_url": "x"}]},
            {"type": "reasoning", "id": "rs", "summary": [], "encrypted_content": "AA=="},
            {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c", "output": [{"type": "input_text", "text": "x"}]},
        ]
    },
    {"text": {"format": {"type": "json_schema", "name": "x", "schema": {"$ref": "#/a"}}}, "instructions": "x"},
]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff", b"[" * 100_000, b'{"model": 1}'])
def test_malformed_bodies_are_refused_in_the_wires_shape(door: Any, body: bytes) -> None:
    answer = door.send(SimApp(VENDOR), body, stream=False)
    assert answer.status == 400
    assert door.error(json.loads(answer.body))


def test_what_was_seen_says_by_which_wire(doors: Any) -> None:
    app = SimApp(VENDOR)
    app.faults = Faults()
    for door in doors.values():
        door.call(app, "hi", stream=True)
    assert [seen.wire for seen in app.seen] == [
        "openai-chat", "openai-responses", "anthropic-messages", "gemini", "gemini", "bedrock-converse",
    ]  # fmt: skip
    assert all(seen.stream for seen in app.seen)
