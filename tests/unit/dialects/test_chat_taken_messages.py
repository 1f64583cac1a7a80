"""A caller's messages at a provider that refuses what it does not know, knows other roles, or other identifiers."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.core.messages import Message, Options, TextPart, ToolCall
from podium.core.tasks import Task
from podium.models.dialects import OpenAIChat, Quirks, Written
from podium.models.providers.presets import PRESETS

WIRE = OpenAIChat()
NOW = datetime(2030, 1, 1, tzinfo=UTC)
USER: dict[str, Any] = {"role": "user", "content": "hi"}
STRICT = Quirks(message_fields=frozenset())
MISTRAL = Quirks(message_fields=frozenset({"prefix"}), call_ids="[a-zA-Z0-9]{9}")
THOUGHT = {
    "reasoning_content": "hm",
    "reasoning_details": [{"type": "reasoning.text", "text": "hm", "signature": "s", "format": "anthropic-claude-v1"}],
}
CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
SIGNED = {**CALL, "extra_content": {"google": {"thought_signature": "s"}}}


def task_of(messages: list[Any], **fields: Any) -> Task:
    incoming = WIRE.read_request(json.dumps({"messages": messages, **fields}).encode())
    return Task(id="t", messages=incoming.messages, received_at=NOW, options=incoming.options, payload=incoming.payload)


def forward(messages: list[Any], quirks: Quirks, **fields: Any) -> tuple[list[Any], Written]:
    written = WIRE.write_request(task_of(messages, **fields), model="m", stream=False, quirks=quirks)
    return json.loads(written.body)["messages"], written


CASES: dict[str, tuple[Quirks, list[Any], list[Any], list[str]]] = {
    "reasoning Podium sent": (
        STRICT,
        [USER, {"role": "assistant", "content": "yo", **THOUGHT}, USER],
        [USER, {"role": "assistant", "content": "yo"}, USER],
        ["reasoning_content", "reasoning_details"],
    ),
    "fields that say nothing go in silence": (
        STRICT,
        [USER, {"role": "assistant", "content": "yo", "refusal": None, "annotations": [], "audio": None}],
        [USER, {"role": "assistant", "content": "yo"}],
        [],
    ),
    "a call's signature": (
        STRICT,
        [USER, {"role": "assistant", "content": None, "tool_calls": [SIGNED]}],
        [USER, {"role": "assistant", "content": None, "tool_calls": [CALL]}],
        ["extra_content"],
    ),
    "a signature where it is taken": (
        Quirks(message_fields=frozenset({"extra_content"})),
        [USER, {"role": "assistant", "content": None, "tool_calls": [SIGNED]}],
        [USER, {"role": "assistant", "content": None, "tool_calls": [SIGNED]}],
        [],
    ),
    "reasoning moves into the field that is taken": (
        Quirks(message_fields=frozenset({"reasoning"}), reasoning_field="reasoning"),
        [USER, {"role": "assistant", "content": "yo", "reasoning_content": "hm"}],
        [USER, {"role": "assistant", "content": "yo", "reasoning": "hm"}],
        [],
    ),
    "a refusal becomes what was said": (
        STRICT,
        [USER, {"role": "assistant", "content": None, "refusal": "no"}],
        [USER, {"role": "assistant", "content": "no"}],
        [],
    ),
    "the older form of a call and its result": (
        STRICT,
        [
            USER,
            {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
            {"role": "function", "name": "f", "content": "1"},
        ],
        [
            USER,
            {"role": "assistant", "content": None, "tool_calls": [{**CALL}]},
            {"role": "tool", "tool_call_id": "call_1", "content": "1"},
        ],
        [],
    ),
    "a speaker's name": (STRICT, [{**USER, "name": "Ann"}], [USER], ["name"]),
    "cache marks in parts": (
        STRICT,
        [{"role": "user", "content": [{"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}}]}],
        [{"role": "user", "content": [{"type": "text", "text": "a"}]}],
        ["cache_control"],
    ),
    "the role developer": (
        Quirks(),
        [{"role": "developer", "content": "Be brief."}, USER],
        [{"role": "system", "content": "Be brief."}, USER],
        [],
    ),
    "the role developer where it is known": (
        Quirks(developer=True),
        [{"role": "developer", "content": "Be brief."}, USER],
        [{"role": "developer", "content": "Be brief."}, USER],
        [],
    ),
    "the word developer is no role": (
        Quirks(),
        [{"role": "system", "content": 'Say "developer".'}, USER],
        [{"role": "system", "content": 'Say "developer".'}, USER],
        [],
    ),
    "a provider that passes over what it does not know": (
        Quirks(),
        [USER, {"role": "assistant", "content": "yo", **THOUGHT}],
        [USER, {"role": "assistant", "content": "yo", **THOUGHT}],
        [],
    ),
}


@pytest.mark.parametrize(("quirks", "given_messages", "sent", "left"), CASES.values(), ids=CASES)
def test_forwarded_messages(quirks: Quirks, given_messages: list[Any], sent: list[Any], left: list[str]) -> None:
    out, written = forward(given_messages, quirks)
    assert out == sent
    said = " ".join(written.notes)
    assert re.findall(r"`(\w+)`", said) == left
    assert len(written.notes) == bool(left)


@pytest.mark.parametrize("quirks", [Quirks(), STRICT, MISTRAL], ids=["any", "strict", "mistral"])
def test_what_needs_no_change_goes_out_as_the_bytes_it_came_in(quirks: Quirks) -> None:
    raw = b'[ {"role":"system","content":"x"}, {"role":"user" , "content":"\\u0068i"} ]'
    incoming = WIRE.read_request(b'{"messages":' + raw + b"}")
    task = Task(id="t", messages=incoming.messages, received_at=NOW, payload=incoming.payload)
    assert raw in WIRE.write_request(task, model="m", stream=False, quirks=quirks).body


@pytest.mark.parametrize("name", ["mistral", "groq", "cerebras", "fireworks", "openai", "azure"])
def test_strict_providers_are_known_as_such(name: str) -> None:
    quirks = PRESETS[name].wires[0].quirks
    echoed = {"role": "assistant", "content": "yo", "reasoning_details": THOUGHT["reasoning_details"]}
    out, _ = forward(
        [USER, {**echoed, "tool_calls": [SIGNED]}, {"role": "tool", "tool_call_id": "call_1", "content": "1"}], quirks
    )
    assert "reasoning_details" not in out[1]
    assert "extra_content" not in out[1]["tool_calls"][0]


# --- identifiers of calls -------------------------------------------------------------------------------------------


def conversation(call_id: str) -> list[Any]:
    return [
        USER,
        {"role": "assistant", "content": None, "tool_calls": [{**CALL, "id": call_id}]},
        {"role": "tool", "tool_call_id": call_id, "content": "1"},
    ]


def test_identifiers_are_made_permissible_in_calls_and_results_alike() -> None:
    out, written = forward(conversation("toolu_01ABCDEF"), MISTRAL)
    made = out[1]["tool_calls"][0]["id"]
    assert re.fullmatch("[a-zA-Z0-9]{9}", made)
    assert out[2]["tool_call_id"] == made
    assert not written.notes
    assert forward(conversation("toolu_01ABCDEF"), MISTRAL)[0] == out, "the same in every turn to come"
    assert forward(conversation("toolu_01ABCDEG"), MISTRAL)[0] != out
    assert forward(conversation("abcDEF123"), MISTRAL)[0] == conversation("abcDEF123")


@given(st.text(min_size=1, max_size=40))
def test_built_and_forwarded_identifiers_are_the_same(call_id: str) -> None:
    messages = (
        Message(role="user", parts=(TextPart("hi"),)),
        Message(role="assistant", parts=(), tool_calls=(ToolCall(id=call_id, name="f", arguments="{}"),)),
        Message(role="tool", parts=(TextPart("1"),), tool_call_id=call_id),
    )
    task = Task(id="t", messages=messages, received_at=NOW)
    built = json.loads(WIRE.write_request(task, model="m", stream=False, quirks=MISTRAL).body)["messages"]
    made = built[1]["tool_calls"][0]["id"]
    assert re.fullmatch("[a-zA-Z0-9]{9}", made)
    assert built[2]["tool_call_id"] == made
    assert forward(conversation(call_id), MISTRAL)[0][1]["tool_calls"][0]["id"] == made


# --- efforts --------------------------------------------------------------------------------------------------------

EFFORTS = ("none", "low", "medium", "high")


@pytest.mark.parametrize(
    ("efforts", "asked", "sent", "notes"),
    [
        (None, "max", "max", 0),
        (EFFORTS, "medium", "medium", 0),
        (EFFORTS, "max", "high", 1),
        (EFFORTS, "xhigh", "high", 1),
        (EFFORTS, "minimal", "low", 1),
        (("low", "high"), "medium", "low", 1),
        (("none", "high"), "medium", "high", 1),
        (("low", "high"), "none", "low", 1),
        (EFFORTS, "default", "default", 0),
        ((), "high", None, 1),
        ((), "none", None, 0),
    ],
)
def test_efforts_in_the_providers_words(
    efforts: tuple[str, ...] | None, asked: str, sent: str | None, notes: int
) -> None:
    quirks = Quirks(efforts=efforts)
    forwarded = WIRE.write_request(task_of([USER], reasoning_effort=asked), model="m", stream=False, quirks=quirks)
    task = Task(id="t", messages=task_of([USER]).messages, received_at=NOW, options=Options(reasoning_effort=asked))
    built = WIRE.write_request(task, model="m", stream=False, quirks=quirks)
    for written in (forwarded, built):
        assert json.loads(written.body).get("reasoning_effort") == sent
        assert len(written.notes) == notes


def test_a_model_that_does_not_reason_is_not_asked_in_openrouters_way_either() -> None:
    task = task_of([USER], reasoning={"effort": "high"}, include_reasoning=True)
    written = WIRE.write_request(task, model="m", stream=False, quirks=Quirks(efforts=()))
    assert not {"reasoning", "include_reasoning", "reasoning_effort"} & json.loads(written.body).keys()
    assert len(written.notes) == 1


def test_a_budget_is_no_effort_of_a_model_that_does_not_reason() -> None:
    task = Task(id="t", messages=task_of([USER]).messages, received_at=NOW, options=Options(reasoning_tokens=4096))
    written = WIRE.write_request(task, model="m", stream=False, quirks=Quirks(efforts=()))
    assert b"reasoning" not in written.body
    assert len(written.notes) == 1


def test_messages_that_changed_still_take_a_schema_as_an_instruction() -> None:
    schema = {"type": "json_schema", "json_schema": {"name": "a", "schema": {"title": "Zebra"}}}
    quirks = Quirks(json_schema=False, message_fields=frozenset())
    messages = [{"role": "developer", "content": "Be brief."}, USER, {"role": "assistant", "content": "yo", **THOUGHT}]
    out, _ = forward(messages, quirks, response_format=schema)
    assert out[0]["role"] == "system"
    assert out[0]["content"].startswith("Be brief.")
    assert "Zebra" in out[0]["content"]
    assert msgspec.json.decode(msgspec.json.encode(out[2])) == {"role": "assistant", "content": "yo"}
