"""Providers' bodies written: forwarded untouched, or built from canonical form."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from google.genai import types
from hypothesis import given
from hypothesis import strategies as st

from podium.core.messages import (
    AudioPart,
    FilePart,
    ImagePart,
    Message,
    OpaquePart,
    Options,
    ReasoningPart,
    Schema,
    TextPart,
    Tool,
    ToolCall,
)
from podium.core.tasks import Task
from podium.models.dialects.dialect import NotCarried, Quirks
from podium.models.dialects.gemini import Gemini

USER = Message(role="user", parts=(TextPart("hi"),))
HELLO = {"role": "user", "parts": [{"text": "hi"}]}
Build = Callable[..., tuple[Any, tuple[str, ...]]]
PLACEHOLDER = "skip_thought_signature_validator"


def called(*calls: ToolCall, parts: Any = ()) -> Message:
    return Message(role="assistant", parts=parts, tool_calls=calls)


def result(call: str, text: str, **more: Any) -> Message:
    return Message(role="tool", parts=(TextPart(text),), tool_call_id=call, **more)


def test_the_path_names_model_and_method(dialect: Gemini) -> None:
    assert dialect.path("m", stream=False) == "/models/m:generateContent"
    assert dialect.path("m", stream=True) == "/models/m:streamGenerateContent?alt=sse"
    assert dialect.path("tunedModels/x", stream=False) == "/tunedModels/x:generateContent"


# --- the caller's own body ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["generationConfig", "generation_config"])
def test_the_same_dialect_is_forwarded_untouched(dialect: Gemini, task_of: Callable[..., Task], name: str) -> None:
    body = {
        "contents": [HELLO],
        name: {"temperature": 1, "new_thing": {"x": 1.50}},
        "safetySettings": [],
        "unheard_of": {"a": [1]},
        "model": "models/other",
        "podium": {},
    }
    task = task_of(body)
    written = dialect.write_request(task, model="m", stream=True, quirks=Quirks(), max_tokens=50)
    sent = msgspec.json.decode(written.body)
    assert sent.pop(name) == {"temperature": 1, "new_thing": {"x": 1.5}, "maxOutputTokens": 50}
    assert sent == {key: body[key] for key in ("contents", "safetySettings", "unheard_of")}
    assert b'{"x":1.5}' in written.body
    without = dialect.write_request(task, model="m", stream=True, quirks=Quirks())
    assert msgspec.json.decode(without.body)[name] == body[name]


def test_a_forwarded_conversation_begun_elsewhere_gets_the_placeholder(
    dialect: Gemini, task_of: Callable[..., Task]
) -> None:
    def turn(*signatures: str | None) -> dict[str, Any]:
        parts = [{"functionCall": {"name": "f", "args": {"n": 1.0}}, "thoughtSignature": s} for s in signatures]
        return {"role": "model", "parts": [{k: v for k, v in part.items() if v} for part in parts]}

    answer = {"parts": [{"functionResponse": {"name": "f", "response": {}}}]}

    def sent(*turns: Any, model: str) -> list[Any]:
        task = task_of({"contents": [HELLO, *turns]})
        written = dialect.write_request(task, model=model, stream=False, quirks=Quirks())
        contents = msgspec.json.decode(written.body)["contents"]
        return [part.get("thoughtSignature") for turn in contents for part in turn["parts"] if "functionCall" in part]

    foreign = (turn(None, None), answer, turn(None), turn("eA=="), answer, turn("eQ==", None))
    assert sent(*foreign, model="gemini-3-pro") == [PLACEHOLDER, None, None, "eA==", "eQ==", None]
    assert sent(*foreign, model="gemini-2.5-pro") == [None, None, None, "eA==", "eQ==", None]


def test_the_callers_own_limit_stands(dialect: Gemini, task_of: Callable[..., Task]) -> None:
    task = task_of({"contents": [HELLO], "generationConfig": {"maxOutputTokens": 7}})
    written = dialect.write_request(task, model="m", stream=False, quirks=Quirks(), max_tokens=50)
    assert msgspec.json.decode(written.body)["generationConfig"] == {"maxOutputTokens": 7}


def test_a_providers_quirks_hold_for_both(dialect: Gemini, task_of: Callable[..., Task]) -> None:
    task = task_of({"contents": [HELLO], "labels": {"a": "b"}, "toolConfig": {}})
    quirks = Quirks(
        refuses=frozenset({"labels"}), renames={"toolConfig": "tool_config"}, extra={"anthropic_version": "x"}
    )
    written = dialect.write_request(task, model="m", stream=False, quirks=quirks)
    assert set(msgspec.json.decode(written.body)) == {"contents", "tool_config", "anthropic_version"}
    assert "labels" in written.notes[0]


# --- built from canonical form --------------------------------------------------------------------------------------


def test_system_goes_apart_and_roles_merge(built: Build) -> None:
    body, notes = built(
        Message(role="system", parts=(TextPart("one"),)),
        USER,
        USER,
        Message(role="assistant", parts=(TextPart("yes"),)),
        Message(role="system", parts=(TextPart("two"),)),
        USER,
    )
    assert body["systemInstruction"] == {"parts": [{"text": "one"}, {"text": "two"}]}
    assert [(turn["role"], len(turn["parts"])) for turn in body["contents"]] == [("user", 2), ("model", 1), ("user", 1)]
    assert notes == ()
    only, _ = built(Message(role="system", parts=(TextPart("one"),)))
    assert only == {"contents": [{"role": "user", "parts": [{"text": "one"}]}]}


PARTS = [
    (ImagePart(url="data:image/png;base64,QUJD"), {"inlineData": {"mimeType": "image/png", "data": "QUJD"}}),
    (ImagePart(url="https://a.b/c.png"), {"fileData": {"fileUri": "https://a.b/c.png", "mimeType": "image/png"}}),
    (ImagePart(url="https://a.b/c"), {"fileData": {"fileUri": "https://a.b/c"}}),
    (AudioPart(data="QUJD", format="mp3"), {"inlineData": {"mimeType": "audio/mp3", "data": "QUJD"}}),
    (
        FilePart(url="data:application/pdf;base64,QUJD", name="a.pdf"),
        {"inlineData": {"mimeType": "application/pdf", "data": "QUJD", "displayName": "a.pdf"}},
    ),
    (
        FilePart(file_id="gs://b/c", media_type="video/mp4"),
        {"fileData": {"fileUri": "gs://b/c", "mimeType": "video/mp4"}},
    ),
    (TextPart("a", signature="Yw=="), {"text": "a", "thoughtSignature": "Yw=="}),
]


@pytest.mark.parametrize(("part", "wire"), PARTS)
def test_a_part_is_written(built: Build, part: Any, wire: Any) -> None:
    body, _ = built(Message(role="user", parts=(part,)))
    assert body["contents"] == [{"role": "user", "parts": [wire]}]
    types.Content.model_validate(body["contents"][0])


@pytest.mark.parametrize(
    "part",
    [
        OpaquePart(kind="x"),
        FilePart(file_id="file-123"),
        ImagePart(url="http://a.b/c.png"),
        ImagePart(url="ftp://a"),
    ],
)
def test_a_part_without_a_place_is_refused(built: Build, part: Any) -> None:
    with pytest.raises(NotCarried):
        built(Message(role="user", parts=(part,)))


def test_older_models_fetch_nothing(built: Build) -> None:
    with pytest.raises(NotCarried):
        built(Message(role="user", parts=(ImagePart(url="https://a.b/c.png"),)), model="gemini-2.0-flash")


def test_parallel_results_are_one_turn_in_the_order_of_their_calls(built: Build) -> None:
    body, _ = built(
        USER,
        called(ToolCall(id="a", name="f", arguments='{"n": 1.0}'), ToolCall(id="b", name="g", arguments="")),
        result("b", "B", failed=True),
        result("a", '{"x": 10000000000000000000001}'),
        USER,
    )
    _, model, user = body["contents"]
    assert model["parts"] == [
        {"functionCall": {"name": "f", "args": {"n": 1.0}, "id": "a"}},
        {"functionCall": {"name": "g", "args": {}, "id": "b"}},
    ]
    first, second, text = user["parts"]
    assert first["functionResponse"]["name"] == "f"
    assert second["functionResponse"] == {"name": "g", "response": {"error": "B"}, "id": "b"}
    assert text == {"text": "hi"}


def test_identifiers_may_be_used_again_in_a_later_step(built: Build) -> None:
    one, two = (ToolCall(id="c", name=name, arguments="{}") for name in ("f", "g"))
    body, _ = built(USER, called(one), result("c", "1"), called(two), result("c", "2"))
    names = [p["functionResponse"]["name"] for t in body["contents"] for p in t["parts"] if "functionResponse" in p]
    assert names == ["f", "g"]


def test_providers_that_take_no_identifiers_get_none(built: Build) -> None:
    body, _ = built(
        called(ToolCall(id="c", name="f", arguments="{}")), result("c", "1"), quirks=Quirks(model_in_path=True)
    )
    assert body["contents"][0]["parts"] == [{"functionCall": {"name": "f", "args": {}}}]
    assert body["contents"][1]["parts"] == [{"functionResponse": {"name": "f", "response": {"result": "1"}}}]


@pytest.mark.parametrize("arguments", ["{", "[1]", '"x"', "nope", '{"a":}'])
def test_broken_arguments_are_refused(built: Build, arguments: str) -> None:
    with pytest.raises(NotCarried, match="arguments"):
        built(called(ToolCall(id="c", name="f", arguments=arguments)))


def test_a_result_without_its_call_is_refused(built: Build) -> None:
    with pytest.raises(NotCarried, match="not in the conversation"):
        built(USER, result("nobody", "x"))
    body, _ = built(USER, result("nobody", "x", name="f"))
    assert body["contents"][0]["parts"][1]["functionResponse"]["name"] == "f"


@pytest.mark.parametrize(
    ("model", "signatures"),
    [
        ("gemini-3-pro-preview", [PLACEHOLDER, None]),
        ("gemini-flash-latest", [PLACEHOLDER, None]),
        ("gemini-2.5-pro", [None, None]),
    ],
)
def test_calls_made_elsewhere_get_the_documented_placeholder(built: Build, model: str, signatures: list[Any]) -> None:
    calls = [ToolCall(id=name, name=name, arguments="{}") for name in ("f", "g")]
    body, _ = built(USER, called(*calls), result("f", "1"), result("g", "2"), model=model)
    assert [part.get("thoughtSignature") for part in body["contents"][1]["parts"]] == signatures


def test_geminis_own_reasoning_goes_back_and_others_stay(built: Build) -> None:
    parts = (
        ReasoningPart(text="mine", signature="c2ln", origin="gemini"),
        ReasoningPart(text="theirs", signature="x", origin="anthropic"),
        TextPart("so"),
    )
    call = ToolCall(id="c", name="f", arguments="{}", signature="Yw==")
    body, notes = built(USER, called(call, parts=parts), result("c", "1"), model="gemini-3-flash-preview")
    assert body["contents"][1]["parts"] == [
        {"text": "mine", "thought": True, "thoughtSignature": "c2ln"},
        {"text": "so"},
        {"functionCall": {"name": "f", "args": {}, "id": "c"}, "thoughtSignature": "Yw=="},
    ]
    assert len(notes) == 1
    assert "reasoning" in notes[0]


def test_options_are_carried(built: Build) -> None:
    body, notes = built(
        USER,
        max_tokens=9,
        temperature=0.5,
        top_p=0.9,
        top_k=40,
        stop=("a", "b"),
        seed=3,
        presence_penalty=0.1,
        frequency_penalty=0.2,
    )
    config = body["generationConfig"]
    assert config == {
        "maxOutputTokens": 9,
        "temperature": 0.5,
        "topP": 0.9,
        "topK": 40,
        "stopSequences": ["a", "b"],
        "seed": 3,
        "presencePenalty": 0.1,
        "frequencyPenalty": 0.2,
    }
    types.GenerationConfig.model_validate(config)
    assert notes == ()


@pytest.mark.parametrize("options", [{"n": 2}, {"logprobs": True}, {"stop": tuple("abcdef")}])
def test_what_cannot_be_done_is_refused(built: Build, options: Any) -> None:
    with pytest.raises(NotCarried):
        built(USER, **options)


def test_a_limit_applies_where_the_caller_set_none(dialect: Gemini, new_task: Callable[..., Task]) -> None:
    for mine, sent in ((None, 50), (7, 7)):
        task = new_task(USER, options=Options(max_tokens=mine))
        written = dialect.write_request(task, model="m", stream=False, quirks=Quirks(), max_tokens=50)
        assert msgspec.json.decode(written.body)["generationConfig"] == {"maxOutputTokens": sent}


@pytest.mark.parametrize(
    ("model", "options", "config", "noted"),
    [
        ("gemini-2.5-flash", {"reasoning_effort": "none"}, {"thinkingBudget": 0}, False),
        ("gemini-2.5-flash", {"reasoning_effort": "medium"}, {"thinkingBudget": 8192}, False),
        ("gemini-2.5-pro", {"reasoning_effort": "none"}, {"thinkingBudget": 128}, True),
        ("gemini-2.5-flash-lite", {"reasoning_tokens": 100}, {"thinkingBudget": 512}, True),
        ("gemini-2.5-flash", {"reasoning_tokens": -1}, {"thinkingBudget": -1}, False),
        ("gemini-2.5-flash", {"show_reasoning": True}, {"includeThoughts": True}, False),
        ("gemini-3-pro-preview", {"reasoning_effort": "low"}, {"thinkingLevel": "LOW"}, False),
        ("gemini-3-pro-preview", {"reasoning_effort": "medium"}, {"thinkingLevel": "HIGH"}, True),
        ("gemini-3.1-pro-preview", {"reasoning_effort": "medium"}, {"thinkingLevel": "MEDIUM"}, False),
        ("gemini-3-flash-preview", {"reasoning_effort": "none"}, {"thinkingLevel": "MINIMAL"}, True),
        ("gemini-3-flash-preview", {"reasoning_effort": "xhigh"}, {"thinkingLevel": "HIGH"}, True),
        ("gemini-3-flash-preview", {"reasoning_tokens": 4000}, {"thinkingLevel": "MEDIUM"}, False),
        ("gemini-3-flash-preview", {"reasoning_effort": "bogus"}, None, True),
        ("models/gemini-flash-latest", {"reasoning_effort": "high"}, {"thinkingLevel": "HIGH"}, False),
        ("gemini-2.0-flash", {"reasoning_effort": "high"}, None, True),
        ("gemini-2.0-flash-001", {"reasoning_effort": "none"}, None, False),
        ("gemma-3-27b-it", {"reasoning_effort": "high"}, None, True),
    ],
)
def test_thinking_by_generation(built: Build, model: str, options: Any, config: Any, noted: bool) -> None:
    body, notes = built(USER, model=model, **options)
    assert body.get("generationConfig", {}).get("thinkingConfig") == config
    assert bool(notes) is noted


# --- tools and schemas ----------------------------------------------------------------------------------------------

WEATHER = Tool(name="weather", description="d", parameters={"type": "object", "properties": {"p": {"type": "string"}}})


@pytest.mark.parametrize(
    ("choice", "config"),
    [
        ("auto", {"mode": "AUTO"}),
        ("none", {"mode": "NONE"}),
        ("required", {"mode": "ANY"}),
        ("weather", {"mode": "ANY", "allowedFunctionNames": ["weather"]}),
    ],
)
def test_tools_and_the_choice_of_them(built: Build, choice: str, config: Any) -> None:
    body, notes = built(USER, tools=(WEATHER, Tool(name="now")), tool_choice=choice, parallel_tool_calls=False)
    assert body["tools"] == [
        {
            "functionDeclarations": [
                {"name": "weather", "description": "d", "parametersJsonSchema": WEATHER.parameters},
                {"name": "now"},
            ]
        }
    ]
    types.Tool.model_validate(body["tools"][0])
    assert body["toolConfig"] == {"functionCallingConfig": config}
    assert len(notes) == 1


def test_tools_of_other_kinds(built: Build) -> None:
    body, _ = built(USER, tools=(Tool(name="run", kind="custom"),))
    (function,) = body["tools"][0]["functionDeclarations"]
    assert function["parametersJsonSchema"]["required"] == ["input"]
    with pytest.raises(NotCarried, match="web_search"):
        built(USER, tools=(Tool(name="w", kind="web_search"),))


def test_tools_and_a_schema_together(built: Build) -> None:
    both = {"tools": (WEATHER,), "schema": Schema(body={"type": "object"})}
    with pytest.raises(NotCarried, match="not both"):
        built(USER, **both)
    body, notes = built(USER, model="gemini-3-pro-preview", **both)
    assert {"tools", "generationConfig"} <= set(body)
    assert notes == ()
    body, notes = built(USER, **both, tool_choice="none")
    assert "tools" not in body
    assert len(notes) == 1


def test_a_schema_is_cut_to_the_documented_keywords(built: Build) -> None:
    schema = {
        "$schema": "x",
        "type": "object",
        "$defs": {"Pet": {"type": "object", "properties": {"pattern": {"type": "string", "pattern": "a+"}}}},
        "properties": {
            "pet": {"$ref": "#/$defs/Pet", "description": "whose"},
            "one": {"allOf": [{"type": "integer", "exclusiveMinimum": 3}], "default": 4},
            "kind": {"const": "cat"},
        },
        "required": ["pet"],
        "additionalProperties": False,
    }
    body, notes = built(USER, schema=Schema(body=schema))
    config = body["generationConfig"]
    assert config["responseMimeType"] == "application/json"
    assert config["responseJsonSchema"] == {
        "type": "object",
        "properties": {
            "pet": {"type": "object", "properties": {"pattern": {"type": "string"}}, "description": "whose"},
            "one": {"type": "integer"},
            "kind": {"enum": ["cat"]},
        },
        "required": ["pet"],
        "additionalProperties": False,
    }
    assert re.search("default, exclusiveMinimum, pattern", notes[0])


@pytest.mark.parametrize("reference", ["#", "#/$defs/Loop", "#/$defs/None", "https://a.b/c", "#/type"])
def test_references_that_cannot_be_put_in_place_are_refused(built: Build, reference: str) -> None:
    loop = {"type": "array", "items": {"$ref": "#/$defs/Loop"}}
    schema = {"type": "object", "properties": {"a": {"$ref": reference}}, "$defs": {"Loop": loop}}
    with pytest.raises(NotCarried, match="refers to"):
        built(USER, schema=Schema(body=schema))


def test_a_schema_that_multiplies_is_refused(built: Build) -> None:
    defs: dict[str, Any] = {"d0": {"type": "string"}}
    for level in range(1, 30):
        below = {"$ref": f"#/$defs/d{level - 1}"}
        defs[f"d{level}"] = {"type": "object", "properties": {"a": below, "b": below}}
    with pytest.raises(NotCarried, match="too large"):
        built(USER, schema=Schema(body={"$ref": "#/$defs/d29", "$defs": defs}))


def test_json_mode(built: Build) -> None:
    body, _ = built(USER, schema=Schema())
    assert body["generationConfig"] == {"responseMimeType": "application/json"}
    body, notes = built(USER, schema=Schema(body={"type": "object"}), quirks=Quirks(json_schema=False))
    assert body["generationConfig"] == {"responseMimeType": "application/json"}
    assert notes


def test_hints_that_have_no_place_are_said_so(built: Build) -> None:
    user = Message(
        role="user", name="ann", parts=(TextPart("a", cache="5m"), ImagePart(url="https://a/b", detail="low"))
    )
    _, notes = built(user)
    assert len(notes) == 3


# --- there and back -------------------------------------------------------------------------------------------------

texts = st.text(min_size=1, max_size=8)
users = st.builds(
    lambda parts: Message(role="user", parts=tuple(parts)),
    st.lists(
        st.one_of(
            st.builds(TextPart, texts),
            st.just(ImagePart(url="data:image/png;base64,QUJD")),
            st.just(AudioPart(data="QUJD", format="wav")),
        ),
        min_size=1,
        max_size=3,
    ),
)


@st.composite
def steps(draw: st.DrawFn, number: int) -> list[Message]:
    names = draw(st.lists(st.sampled_from(["f", "g"]), max_size=3))
    calls = [ToolCall(id=f"c{number}_{i}", name=name, arguments='{"a":1}') for i, name in enumerate(names)]
    said = draw(st.lists(st.builds(TextPart, texts), max_size=1))
    if not calls and not said:
        said = [TextPart("x")]
    results = [
        Message(role="tool", parts=(TextPart(draw(st.text(max_size=5))),), tool_call_id=c.id, name=c.name)
        for c in calls
    ]
    return [Message(role="assistant", parts=tuple(said), tool_calls=tuple(calls)), *results]


@st.composite
def conversations(draw: st.DrawFn) -> tuple[Message, ...]:
    messages = [draw(users)]
    for number in range(draw(st.integers(0, 3))):
        step = draw(steps(number))
        messages += step
        if len(step) == 1:
            messages.append(draw(users))
    return tuple(messages)


@given(conversations())
def test_a_conversation_comes_back_as_it_went(messages: tuple[Message, ...]) -> None:
    dialect = Gemini()

    task = Task(id="t", messages=messages, received_at=datetime(2026, 1, 1, tzinfo=UTC))
    body = dialect.write_request(task, model="gemini-2.5-pro", stream=False, quirks=Quirks()).body
    assert dialect.read_request(body).messages == tuple(
        msgspec.structs.replace(message, failed=False) for message in messages
    )
