"""Anthropic: options read, and written for models of each generation."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from podium.core.messages import Message, Options, ReasoningPart, Schema, TextPart, Tool, ToolCall
from podium.core.tasks import Task
from podium.models.dialects.anthropic import Anthropic
from podium.models.dialects.anthropic.generations import generation_of
from podium.models.dialects.anthropic.schemas import Unheld, held
from podium.models.dialects.dialect import Address, NotCarried, Quirks, Written

WIRE = Anthropic()
HI = Message(role="user", parts=(TextPart("Hi"),))
LOOK = Tool(name="look", description="Looks.", parameters={"type": "object", "properties": {"x": {"type": "integer"}}})
POINT = {"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"], "additionalProperties": False}


def write(
    model: str,
    *messages: Message,
    max_tokens: int | None = None,
    quirks: Quirks | None = None,
    stream: bool = False,
    **options: Any,
) -> tuple[dict[str, Any], Written]:
    made = Task(
        id="tsk_1",
        messages=messages or (HI,),
        received_at=datetime(2026, 1, 2, tzinfo=UTC),
        options=Options(**options),
    )
    out = WIRE.write_request(made, model=model, stream=stream, quirks=quirks or Quirks(), max_tokens=max_tokens)
    return json.loads(out.body), out


def forward(fields: dict[str, Any], quirks: Quirks | None = None, betas: tuple[str, ...] = (), **more: Any) -> Any:
    body = {"messages": [{"role": "user", "content": "Hi"}], "model": "auto", **fields}
    incoming = WIRE.read_request(json.dumps(body).encode(), Address(betas=betas))
    made = Task(
        id="t",
        messages=incoming.messages,
        received_at=datetime(2026, 1, 2, tzinfo=UTC),
        options=incoming.options,
        payload=incoming.payload,
    )
    out = WIRE.write_request(made, model="claude-x", stream=incoming.stream, quirks=quirks or Quirks(), **more)
    return json.loads(out.body), out, made


READ: list[tuple[dict[str, Any], Options]] = [
    ({}, Options(max_tokens=9)),
    (
        {"temperature": 0.5, "top_p": 0.9, "top_k": 3, "stop_sequences": ["a", "b"]},
        Options(max_tokens=9, temperature=0.5, top_p=0.9, top_k=3, stop=("a", "b")),
    ),
    ({"thinking": {"type": "enabled", "budget_tokens": 2000}}, Options(
        max_tokens=9, reasoning_tokens=2000, show_reasoning=True)),
    ({"thinking": {"type": "adaptive", "display": "omitted"}, "output_config": {"effort": "xhigh"}}, Options(
        max_tokens=9, reasoning_tokens=-1, reasoning_effort="xhigh")),
    ({"thinking": {"type": "disabled"}}, Options(max_tokens=9, reasoning_tokens=0)),
    ({"thinking": {"type": "between_tools"}}, Options(max_tokens=9, reasoning_tokens=0)),
    (
        {"tools": [{"name": "look", "input_schema": {"type": "object"}, "strict": True,
                    "cache_control": {"type": "ephemeral"}},
                   {"type": "custom", "name": "b", "description": "B", "input_schema": {}},
                   {"type": "web_search_20250305", "name": "web_search", "max_uses": 3}],
         "tool_choice": {"type": "any", "disable_parallel_tool_use": True}},
        Options(max_tokens=9, tools=(
            Tool(name="look", parameters={"type": "object"}, strict=True, cache="5m"),
            Tool(name="b", description="B", parameters={}),
            Tool(name="web_search", kind="web_search_20250305"),
        ), tool_choice="required", parallel_tool_calls=False),
    ),
    ({"tool_choice": {"type": "tool", "name": "look"}}, Options(max_tokens=9, tool_choice="look")),
    ({"tool_choice": {"type": "none"}}, Options(max_tokens=9, tool_choice="none")),
    ({"output_config": {"format": {"type": "json_schema", "schema": POINT}}},
     Options(max_tokens=9, schema=Schema(body=POINT, strict=True))),
    ({"output_format": {"type": "json_schema", "schema": POINT}},
     Options(max_tokens=9, schema=Schema(body=POINT, strict=True))),
    ({"max_tokens": 0}, Options(max_tokens=0)),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "options"), READ)
def test_options_read(fields: dict[str, Any], options: Options) -> None:
    body = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}], **fields}
    assert WIRE.read_request(json.dumps(body).encode()).options == options


def test_what_stands_beside_the_options() -> None:
    body = {
        "max_tokens": 9,
        "messages": [{"role": "user", "content": "Hi"}],
        "stream": True,
        "metadata": {"user_id": "u1"},
        "podium": {"private": True},
    }
    incoming = WIRE.read_request(json.dumps(body).encode())
    assert (incoming.model, incoming.stream, incoming.user, incoming.fields.private) == ("auto", True, "u1", True)
    assert WIRE.read_request(json.dumps(body).encode(), Address(model="m", stream=False)).model == "m"


class TestForwarded:
    def test_untouched_but_for_the_model(self) -> None:
        fields = {"max_tokens": 9, "container": "c", "podium": {"private": True}, "thinking": {"type": "adaptive"}}
        body, out, _ = forward(fields)
        assert body == {
            "model": "claude-x",
            "messages": [{"role": "user", "content": "Hi"}],
            "max_tokens": 9,
            "container": "c",
            "thinking": {"type": "adaptive"},
        }
        assert out.headers == {"anthropic-version": "2023-06-01"}

    def test_betas_go_on_by_header(self) -> None:
        _, out, made = forward({"max_tokens": 9, "speed": "fast", "service_tier": None}, betas=("b-1", "b-2"))
        assert out.headers["anthropic-beta"] == "b-1,b-2"
        assert WIRE.beyond(made) == ("speed", "anthropic-beta: b-1", "anthropic-beta: b-2")

    def test_bedrock(self) -> None:
        quirks = Quirks(model_in_path=True, extra={"anthropic_version": "bedrock-2023-05-31"})
        body, out, _ = forward({"max_tokens": 9, "stream": True}, quirks, betas=("b-1",))
        assert body == {
            "messages": [{"role": "user", "content": "Hi"}],
            "max_tokens": 9,
            "anthropic_version": "bedrock-2023-05-31",
            "anthropic_beta": ["b-1"],
        }
        assert out.headers == {}

    def test_vertex(self) -> None:
        quirks = Quirks(model_in_path=True, extra={"anthropic_version": "vertex-2023-10-16"})
        body, out, _ = forward({"max_tokens": 9, "stream": True}, quirks, betas=("b-1",))
        assert body["stream"] is True
        assert "model" not in body
        assert out.headers == {"anthropic-beta": "b-1"}

    def test_quirks(self) -> None:
        quirks = Quirks(refuses=frozenset({"top_k"}), renames={"stop_sequences": "stop"})
        body, out, _ = forward({"max_tokens": 9, "top_k": 3, "stop_sequences": ["x"]}, quirks)
        assert "top_k" not in body
        assert body["stop"] == ["x"]
        assert len(out.notes) == 1


OLD, MIDDLE, NEW, ALWAYS, STRANGER = (
    "claude-sonnet-4-5-20250929",
    "anthropic/claude-opus-4.6",
    "claude-opus-5",
    "claude-opus-5-5",
    "kimi-k3",
)
ADAPTIVE = {"type": "adaptive"}


@pytest.mark.parametrize(
    ("model", "options", "expected", "note"),
    [
        (OLD, {}, {"max_tokens": 32000}, ""),
        ("claude-3-5-haiku-20241022", {}, {"max_tokens": 8192}, ""),
        (STRANGER, {}, {"max_tokens": 8192}, ""),
        (OLD, {"max_tokens": 100_000}, {"max_tokens": 64_000}, "lowered"),
        (OLD, {"temperature": 1.5}, {"temperature": 1}, "lowered from 1.5"),
        (OLD, {"temperature": 0.5, "top_p": 0.5}, {"temperature": 0.5}, "top_p"),
        (STRANGER, {"temperature": 0.5, "top_p": 0.5, "top_k": 2},
         {"temperature": 0.5, "top_p": 0.5, "top_k": 2}, ""),
        (NEW, {"temperature": 0.5, "top_k": 2}, {}, "temperature, top_k"),
        (OLD, {"seed": 1, "presence_penalty": 0.1}, {}, "seed, presence_penalty"),
        (OLD, {"stop": ("x", "\n")}, {"stop_sequences": ["x"]}, "white space"),
        (OLD, {"reasoning_effort": "low"}, {"thinking": {"type": "enabled", "budget_tokens": 2048}}, ""),
        (OLD, {"reasoning_tokens": 5000, "temperature": 0.3, "top_p": 0.97},
         {"thinking": {"type": "enabled", "budget_tokens": 5000}, "top_p": 0.97}, "temperature"),
        (OLD, {"reasoning_effort": "high", "max_tokens": 8000},
         {"thinking": {"type": "enabled", "budget_tokens": 4000}, "max_tokens": 8000}, "lowered from 16384"),
        (OLD, {"reasoning_effort": "high", "max_tokens": 500}, {"max_tokens": 500}, "Thinking was left out"),
        (OLD, {"reasoning_tokens": 40_000},
         {"thinking": {"type": "enabled", "budget_tokens": 40_000}, "max_tokens": 41_024}, ""),
        (OLD, {"reasoning_effort": "none"}, {}, ""),
        (MIDDLE, {"reasoning_effort": "xhigh"}, {"thinking": ADAPTIVE, "output_config": {"effort": "high"}}, "'xhigh'"),
        (MIDDLE, {"reasoning_tokens": 4000}, {"thinking": {"type": "enabled", "budget_tokens": 4000}}, ""),
        (NEW, {"reasoning_effort": "minimal"}, {"thinking": ADAPTIVE, "output_config": {"effort": "low"}}, "'minimal'"),
        (NEW, {"reasoning_tokens": 4000}, {"thinking": ADAPTIVE}, "chooses itself"),
        (NEW, {"reasoning_tokens": -1, "show_reasoning": True},
         {"thinking": {"type": "adaptive", "display": "summarized"}}, ""),
        (NEW, {"reasoning_effort": "none"}, {"thinking": {"type": "disabled"}}, ""),
        ("claude-sonnet-5-5", {"reasoning_effort": "none"}, {"thinking": {"type": "between_tools"}}, ""),
        ("claude-opus-4-8", {"reasoning_effort": "none"}, {}, ""),
        (ALWAYS, {"reasoning_effort": "none"}, {"output_config": {"effort": "low"}}, "always thinks"),
        ("claude-3-5-sonnet-20241022", {"reasoning_effort": "high"}, {}, "does not think"),
    ],
)  # fmt: skip
def test_options_written(model: str, options: dict[str, Any], expected: dict[str, Any], note: str) -> None:
    body, out = write(model, **options)
    shown = {name: value for name, value in body.items() if name not in ("model", "messages")}
    assert shown == {"max_tokens": shown["max_tokens"], **expected}
    assert note in " ".join(out.notes)
    assert bool(out.notes) is bool(note)
    thinking = body.get("thinking", {})
    assert thinking.get("budget_tokens", 0) < body["max_tokens"]


def test_the_gateways_limit_holds_where_the_caller_set_none() -> None:
    assert write(OLD, max_tokens=77)[0]["max_tokens"] == 77
    made = Task(id="t", messages=(HI,), received_at=datetime(2026, 1, 2, tzinfo=UTC), options=Options(max_tokens=5))
    body = WIRE.write_request(made, model=OLD, stream=True, quirks=Quirks(), max_tokens=77).body
    assert json.loads(body)["max_tokens"] == 5
    assert json.loads(body)["stream"] is True


def test_thinking_does_not_begin_in_the_middle_of_a_turn() -> None:
    call = ToolCall(id="a", name="look", arguments="{}")
    result = Message(role="tool", tool_call_id="a", parts=(TextPart("x"),))
    bare = Message(role="assistant", tool_calls=(call,))
    body, out = write(OLD, HI, bare, result, reasoning_effort="low", tools=(LOOK,))
    assert "thinking" not in body
    assert "began without it" in " ".join(out.notes)
    thought = ReasoningPart(text="Hm", signature="s", origin="anthropic")
    body, _ = write(OLD, HI, Message(role="assistant", parts=(thought,), tool_calls=(call,)), result,
                    reasoning_effort="low", tools=(LOOK,))  # fmt: skip
    assert "thinking" in body


@pytest.mark.parametrize(
    ("options", "choice"),
    [
        ({}, None),
        ({"tool_choice": "auto"}, {"type": "auto"}),
        ({"tool_choice": "none"}, {"type": "none"}),
        ({"tool_choice": "none", "parallel_tool_calls": False}, {"type": "none"}),
        ({"tool_choice": "required"}, {"type": "any"}),
        ({"tool_choice": "look"}, {"type": "tool", "name": "look"}),
        ({"parallel_tool_calls": False}, {"type": "auto", "disable_parallel_tool_use": True}),
        ({"tool_choice": "look", "parallel_tool_calls": False},
         {"type": "tool", "name": "look", "disable_parallel_tool_use": True}),
    ],
)  # fmt: skip
def test_tool_choices(options: dict[str, Any], choice: dict[str, Any] | None) -> None:
    body, _ = write(OLD, tools=(LOOK,), **options)
    assert body.get("tool_choice") == choice
    assert body["tools"] == [{"name": "look", "description": "Looks.", "input_schema": LOOK.parameters}]


def test_tools_of_other_kinds() -> None:
    strict = Tool(name="a", parameters=POINT, strict=True, cache="1h")
    loose = Tool(name="b", parameters={"type": "object"}, strict=True)
    free = Tool(name="c", kind="custom")
    body, out = write(OLD, tools=(strict, loose, free))
    assert body["tools"] == [
        {"name": "a", "input_schema": POINT, "strict": True, "cache_control": {"type": "ephemeral", "ttl": "1h"}},
        {"name": "b", "input_schema": {"type": "object"}},
        {
            "name": "c",
            "input_schema": {"type": "object", "properties": {"input": {"type": "string"}}, "required": ["input"]},
        },
    ]
    assert "'b'" in out.notes[0]


@pytest.mark.parametrize(
    ("model", "options", "said"),
    [
        (OLD, {"n": 2}, "one answer"),
        (OLD, {"logprobs": True}, "log probabilities"),
        (OLD, {"tools": (Tool(name="web", kind="web_search"),)}, "run by the provider"),
        (OLD, {"tools": (Tool(name="a.b"),)}, "'a.b'"),
        (OLD, {"tools": (LOOK,), "tool_choice": "required", "reasoning_effort": "high"}, "asks for both"),
        (NEW, {"tools": (LOOK,), "tool_choice": "look", "reasoning_tokens": -1}, "asks for both"),
        (ALWAYS, {"tools": (LOOK,), "tool_choice": "look"}, "always thinks"),
        (STRANGER, {"schema": Schema(body={"type": "array"})}, "objects only"),
    ],
)
def test_what_has_no_place(model: str, options: dict[str, Any], said: str) -> None:
    with pytest.raises(NotCarried) as caught:
        write(model, **options)
    assert said in caught.value.what


def test_a_forced_tool_switches_off_what_would_think_unasked() -> None:
    body, _ = write(NEW, tools=(LOOK,), tool_choice="look")
    assert body["thinking"] == {"type": "disabled"}


class TestSchemas:
    def test_native(self) -> None:
        body, out = write(OLD, schema=Schema(body=POINT))
        assert body["output_config"] == {"format": {"type": "json_schema", "schema": POINT}}
        assert out.notes == ()

    def test_native_beside_an_effort(self) -> None:
        body, _ = write(NEW, schema=Schema(body=POINT), reasoning_effort="low")
        assert body["output_config"] == {"format": {"type": "json_schema", "schema": POINT}, "effort": "low"}

    def test_lost_constraints_are_named(self) -> None:
        schema = {"type": "object", "properties": {"x": {"type": "integer", "minimum": 1, "examples": [2]}}}
        body, out = write(OLD, schema=Schema(body=schema))
        assert body["output_config"]["format"]["schema"] == {
            "type": "object",
            "properties": {"x": {"type": "integer"}},
            "additionalProperties": False,
        }
        assert "minimum" in out.notes[0]

    @pytest.mark.parametrize("quirks", [Quirks(json_schema=False), None])
    def test_by_forced_call(self, quirks: Quirks | None) -> None:
        body, out = write(OLD if quirks else STRANGER, schema=Schema(body=POINT), quirks=quirks)
        assert body["tool_choice"] == {"type": "tool", "name": "podium_answer", "disable_parallel_tool_use": True}
        assert body["tools"][0]["input_schema"] == POINT
        assert "output_config" not in body
        assert "forced call" in out.notes[0]

    def test_by_forced_call_beside_tools(self) -> None:
        body, _ = write(STRANGER, schema=Schema(body=POINT), tools=(LOOK,))
        assert body["tool_choice"] == {"type": "any"}
        assert [tool["name"] for tool in body["tools"]] == ["look", "podium_answer"]

    def test_a_named_tool_is_the_answer(self) -> None:
        body, _ = write(STRANGER, schema=Schema(body=POINT), tools=(LOOK,), tool_choice="look")
        assert body["tool_choice"] == {"type": "tool", "name": "look"}
        assert len(body["tools"]) == 1

    def test_thinking_yields_to_a_schema_by_forced_call(self) -> None:
        body, out = write(OLD, schema=Schema(body=POINT), reasoning_effort="low", quirks=Quirks(json_schema=False))
        assert "thinking" not in body
        assert "excludes it" in " ".join(out.notes)

    def test_any_object(self) -> None:
        body, out = write(OLD, schema=Schema())
        assert "JSON object" in body["system"][0]["text"]
        assert "in words" in out.notes[0]

    @pytest.mark.parametrize(
        ("schema", "kept", "lost"),
        [
            (POINT, POINT, ()),
            ({"oneOf": [{"type": "null"}, {"const": 1}]}, {"anyOf": [{"type": "null"}, {"const": 1}]}, ()),
            ({"type": "string", "format": "date", "maxLength": 3},
             {"type": "string", "format": "date"}, ("maxLength",)),
            ({"type": "string", "format": "color"}, {"type": "string"}, ("format",)),
            ({"type": "array", "items": {"type": "string"}, "minItems": 1},
             {"type": "array", "items": {"type": "string"}, "minItems": 1}, ()),
            ({"type": "array", "items": {"type": "string"}, "minItems": 2},
             {"type": "array", "items": {"type": "string"}}, ("minItems",)),
            ({"$defs": {"a": {"type": "string"}}, "$ref": "#/$defs/a", "$schema": "x"},
             {"$defs": {"a": {"type": "string"}}, "$ref": "#/$defs/a"}, ()),
        ],
    )  # fmt: skip
    def test_held(self, schema: dict[str, Any], kept: dict[str, Any], lost: tuple[str, ...]) -> None:
        assert held(schema) == (kept, lost)

    @pytest.mark.parametrize(
        "schema",
        [
            {"type": "object"},
            {"type": "object", "additionalProperties": {"type": "string"}},
            {"type": "object", "properties": {"a": {}}},
            {"$ref": "#/$defs/a", "$defs": {"a": {"type": "array", "items": {"$ref": "#/$defs/a"}}}},
            {"$ref": "https://a.example/schema"},
        ],
    )
    def test_unheld(self, schema: dict[str, Any]) -> None:
        with pytest.raises(Unheld):
            held(schema)


@pytest.mark.parametrize(
    ("name", "budgets", "adaptive", "sampling", "off"),
    [
        ("claude-3-7-sonnet-20250219", True, False, True, "omit"),
        ("claude-3-5-haiku-latest", False, False, True, "omit"),
        ("claude-opus-4-20250514", True, False, True, "omit"),
        ("us.anthropic.claude-haiku-4-5-20251001-v1:0", True, False, True, "omit"),
        ("claude-opus-4-6@default", True, True, True, "omit"),
        ("claude-opus-4-7", False, True, False, "omit"),
        ("claude-sonnet-5", False, True, False, "disabled"),
        ("claude-haiku-5-5", False, True, False, "disabled"),
        ("claude-fable-5", False, True, False, "never"),
        ("claude-mythos-preview", False, True, False, "never"),
        ("claude-opus-12", False, True, False, "never"),
        ("claude", True, False, True, "omit"),
        ("gpt-5", True, False, True, "omit"),
    ],
)
def test_generations(name: str, budgets: bool, adaptive: bool, sampling: bool, off: str) -> None:
    found = generation_of(name)
    assert (found.budgets, found.adaptive, found.sampling, found.off) == (budgets, adaptive, sampling, off)
