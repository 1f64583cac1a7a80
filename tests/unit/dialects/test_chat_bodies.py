"""Bodies for providers: a caller's own with the provider's quirks, and one built for a task that came another way."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

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
from podium.models.dialects import NotCarried, OpenAIChat, Quirks, Written

WIRE = OpenAIChat()
NOW = datetime(2030, 1, 1, tzinfo=UTC)
PDF = "data:application/pdf;base64,JVBERi0="
PNG = "data:image/png;base64,AA=="
USER = {"role": "user", "content": "hi"}
ASK = Message(role="user", parts=(TextPart("hi"),))


def forward(quirks: Quirks, *, stream: bool = False, **fields: Any) -> tuple[Any, Written]:
    incoming = WIRE.read_request(json.dumps({"messages": [USER], **fields}).encode())
    task = Task(id="t", messages=incoming.messages, received_at=NOW, options=incoming.options, payload=incoming.payload)
    written = WIRE.write_request(task, model="m", stream=stream, quirks=quirks)
    return json.loads(written.body), written


def build(*messages: Message, quirks: Quirks | None = None, **options: Any) -> tuple[Any, Written]:
    task = Task(id="t", messages=messages or (ASK,), received_at=NOW, options=Options(**options))
    written = WIRE.write_request(task, model="m", stream=False, quirks=quirks or Quirks())
    return json.loads(written.body), written


# --- quirks on a caller's own body ---------------------------------------------------------------------------------


def test_a_refused_field_is_left_out_and_said() -> None:
    out, written = forward(Quirks(refuses=frozenset({"logit_bias", "seed"})), logit_bias={"1": 2}, seed=None)
    assert "logit_bias" not in out
    assert "seed" not in out
    (note,) = written.notes
    assert "`logit_bias`" in note


@pytest.mark.parametrize(
    ("field", "value", "refused"),
    [
        ("n", 2, True),
        ("n", 1, False),
        ("logprobs", True, True),
        ("logprobs", False, False),
        ("tools", [{"type": "function", "function": {"name": "f"}}], True),
        ("tools", [], False),
        ("response_format", {"type": "json_object"}, True),
        ("response_format", {"type": "text"}, False),
    ],
)
def test_what_the_answer_cannot_do_without_is_refused_and_never_dropped(field: str, value: Any, refused: bool) -> None:
    quirks = Quirks(refuses=frozenset({field}))
    if not refused:
        out, written = forward(quirks, **{field: value})
        assert field not in out
        assert written.notes == ()
        return
    with pytest.raises(NotCarried) as caught:
        forward(quirks, **{field: value})
    assert caught.value.param == field
    assert caught.value.remedy


def test_renamed_extra_and_pathed() -> None:
    out, written = forward(
        Quirks(renames={"seed": "random_seed"}, extra={"safe": True, "user": "x"}, model_in_path=True), seed=3, user="a"
    )
    assert out == {"messages": [USER], "random_seed": 3, "safe": True, "user": "x"}
    assert written.notes == ()


def test_a_whole_answer_is_asked_for_as_one() -> None:
    out, _ = forward(Quirks(), stream_options={"include_usage": True})
    assert "stream" not in out
    assert "stream_options" not in out
    assert forward(Quirks(), stream=True)[0]["stream"] is True


SCHEMA = {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object", "title": "Zebra"}}}


@pytest.mark.parametrize("role", ["system", "developer"])
def test_a_schema_for_json_mode_joins_the_first_instruction(role: str) -> None:
    out, written = forward(
        Quirks(json_schema=False), response_format=SCHEMA, messages=[{"role": role, "content": "Be brief."}, USER]
    )
    assert out["response_format"] == {"type": "json_object"}
    assert out["messages"][0]["content"].startswith("Be brief.\n\nAnswer with one JSON object")
    assert "Zebra" in out["messages"][0]["content"]
    assert out["messages"][1:] == [USER]
    assert len(written.notes) == 1


def test_a_schema_for_json_mode_comes_first_where_there_is_no_instruction() -> None:
    for out in (
        forward(Quirks(json_schema=False), response_format=SCHEMA)[0],
        build(quirks=Quirks(json_schema=False), schema=Schema(body={"title": "Zebra"}))[0],
    ):
        assert out["messages"][0]["role"] == "system"
        assert "Zebra" in out["messages"][0]["content"]
        assert out["messages"][1] == USER
    plain, written = forward(Quirks(json_schema=False), response_format={"type": "json_object"})
    assert plain["messages"] == [USER]
    assert written.notes == ()


def test_image_addresses_are_refused_where_nobody_would_fetch_them() -> None:
    part = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    with pytest.raises(NotCarried):
        forward(Quirks(image_urls=False), messages=[{"role": "user", "content": [part]}])
    part["image_url"] = {"url": PNG}
    assert forward(Quirks(image_urls=False), messages=[{"role": "user", "content": [part]}])[0]["messages"]


# --- built from canonical form -------------------------------------------------------------------------------------

CALL = ToolCall(id="c1", name="look", arguments="")
PARTS: list[tuple[str, Any, Any]] = [
    ("image", ImagePart(url=PNG, detail="low"), {"type": "image_url", "image_url": {"url": PNG, "detail": "low"}}),
    (
        "sound",
        AudioPart(data="AA==", format="wav"),
        {"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav"}},
    ),
    ("pdf", FilePart(url=PDF, name="a.pdf"), {"type": "file", "file": {"filename": "a.pdf", "file_data": PDF}}),
    ("unnamed", FilePart(url=PDF), {"type": "file", "file": {"filename": "document.pdf", "file_data": PDF}}),
    ("by id", FilePart(file_id="f1"), {"type": "file", "file": {"file_id": "f1"}}),
    (
        "text file",
        FilePart(url="data:text/plain;base64,aGVsbG8=", name="a.txt"),
        {"type": "text", "text": "a.txt:\nhello"},
    ),
]


@pytest.mark.parametrize(("name", "part", "expected"), PARTS, ids=[case[0] for case in PARTS])
def test_parts(name: str, part: Any, expected: Any) -> None:
    out, _ = build(Message(role="user", parts=(part, TextPart("what?"))))
    assert out["messages"] == [{"role": "user", "content": [expected, {"type": "text", "text": "what?"}]}], name


NOWHERE: list[Message] = [
    Message(role="user", parts=(OpaquePart(kind="hologram"),)),
    Message(role="user", parts=(FilePart(url="https://example.com/a.pdf"),)),
    Message(role="user", parts=(FilePart(),)),
    Message(role="assistant", parts=(ImagePart(url=PNG),)),
]


@pytest.mark.parametrize("message", NOWHERE)
def test_what_has_no_place_is_refused(message: Message) -> None:
    with pytest.raises(NotCarried) as caught:
        build(message)
    assert caught.value.what
    assert caught.value.remedy


def test_pictures_in_tool_results_follow_all_the_results() -> None:
    out, written = build(
        ASK,
        Message(role="assistant", tool_calls=(CALL, ToolCall(id="c2", name="look", arguments="{}"))),
        Message(role="tool", tool_call_id="c1", parts=(TextPart("one"), ImagePart(url=PNG))),
        Message(role="tool", tool_call_id="c2", parts=(TextPart("no such file"),), failed=True),
        Message(role="user", parts=(TextPart("go on"),)),
    )
    assert out["messages"][1]["tool_calls"][0]["function"] == {"name": "look", "arguments": "{}"}
    assert out["messages"][2:] == [
        {"role": "tool", "tool_call_id": "c1", "content": "one"},
        {"role": "tool", "tool_call_id": "c2", "content": "The tool failed: no such file"},
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": PNG}}]},
        {"role": "user", "content": "go on"},
    ]
    assert len(written.notes) == 1


def test_a_tool_result_of_a_picture_alone_at_the_end() -> None:
    out, _ = build(ASK, Message(role="tool", tool_call_id="c", parts=(ImagePart(url=PNG),), failed=True))
    assert out["messages"][1]["content"] == "The tool failed: it gave no reason."
    assert out["messages"][2]["role"] == "user"


def test_cache_marks_where_they_are_taken_and_one_note_where_not() -> None:
    messages = (
        Message(role="system", parts=(TextPart("Rules.", "1h"), TextPart("More."))),
        Message(role="user", parts=(TextPart("hi"),), cache="5m"),
    )
    tools = (Tool(name="f", cache="5m"), Tool(name="g"))
    out, written = build(*messages, quirks=Quirks(cache_marks=True), tools=tools)
    assert out["messages"][0]["content"][0]["cache_control"] == {"type": "ephemeral", "ttl": "1h"}
    assert "cache_control" not in out["messages"][0]["content"][1]
    assert out["messages"][1]["content"] == [{"type": "text", "text": "hi", "cache_control": {"type": "ephemeral"}}]
    assert out["tools"][0]["cache_control"] == {"type": "ephemeral"}
    assert "cache_control" not in out["tools"][1]
    assert written.notes == ()
    out, written = build(*messages, tools=tools)
    assert out["messages"] == [{"role": "system", "content": "Rules.\nMore."}, USER]
    assert len(written.notes) == 1


OWN = ReasoningPart(text="I think", origin="openai-chat")
SIGNED = ReasoningPart(text="I thought", signature="s", origin="anthropic")


@pytest.mark.parametrize(
    ("field", "parts", "expected", "notes"),
    [
        ("", (OWN,), {}, 0),
        ("", (SIGNED,), {}, 1),
        ("reasoning_content", (OWN,), {"reasoning_content": "I think"}, 0),
        ("reasoning", (OWN, SIGNED), {"reasoning": "I think"}, 1),
        (
            "reasoning_details",
            (SIGNED, ReasoningPart(text="sum", data="x", id="rs", origin="openai-responses"), OWN),
            {
                "reasoning_details": [
                    {
                        "type": "reasoning.text",
                        "text": "I thought",
                        "signature": "s",
                        "format": "anthropic-claude-v1",
                        "id": None,
                        "index": 0,
                    },
                    {
                        "type": "reasoning.summary",
                        "summary": "sum",
                        "format": "openai-responses-v1",
                        "id": "rs",
                        "index": 1,
                    },
                    {
                        "type": "reasoning.encrypted",
                        "data": "x",
                        "format": "openai-responses-v1",
                        "id": "rs",
                        "index": 2,
                    },
                    {
                        "type": "reasoning.text",
                        "text": "I think",
                        "signature": None,
                        "format": "unknown",
                        "id": None,
                        "index": 3,
                    },
                ]
            },
            0,
        ),
    ],
)
def test_reasoning_goes_back_where_its_maker_takes_it(field: str, parts: Any, expected: Any, notes: int) -> None:
    out, written = build(
        ASK,
        Message(role="assistant", parts=(*parts, TextPart("yes")), tool_calls=(CALL,)),
        quirks=Quirks(reasoning_field=field),
    )
    turn = out["messages"][1]
    assert {name: turn[name] for name in turn if name.startswith("reasoning")} == expected
    assert turn["content"] == "yes"
    assert len(written.notes) == notes


def test_a_turn_that_was_reasoning_alone_is_empty_and_not_null() -> None:
    out, _ = build(ASK, Message(role="assistant", parts=(OWN,)), Message(role="assistant", tool_calls=(CALL,)))
    assert [turn["content"] for turn in out["messages"]] == ["hi", "", None]


def test_tools_of_every_kind() -> None:
    out, _ = build(
        ASK,
        Message(
            role="assistant",
            tool_calls=(
                ToolCall(id="1", name="run", arguments='{"input":"ls"}', kind="custom"),
                ToolCall(id="", name="f", arguments="{}", signature="sig"),
            ),
        ),
        tools=(Tool(name="run", description="Runs.", kind="custom"), Tool(name="f", strict=True)),
        tool_choice="run",
        parallel_tool_calls=False,
    )
    assert out["messages"][1]["tool_calls"] == [
        {"id": "1", "type": "custom", "custom": {"name": "run", "input": "ls"}},
        {
            "id": "call_1",
            "type": "function",
            "function": {"name": "f", "arguments": "{}"},
            "extra_content": {"google": {"thought_signature": "sig"}},
        },
    ]
    assert out["tools"][0] == {"type": "custom", "custom": {"name": "run", "description": "Runs."}}
    assert out["tools"][1]["function"]["strict"] is True
    assert out["tool_choice"] == {"type": "custom", "custom": {"name": "run"}}
    assert out["parallel_tool_calls"] is False
    with pytest.raises(NotCarried, match="web_search"):
        build(tools=(Tool(name="web_search", kind="web_search"),))


@pytest.mark.parametrize(
    ("options", "expected", "notes"),
    [
        ({"reasoning_effort": "low", "reasoning_tokens": 9000}, "low", 0),
        ({"reasoning_tokens": 0}, "none", 1),
        ({"reasoning_tokens": 1024}, "low", 1),
        ({"reasoning_tokens": 8192}, "medium", 1),
        ({"reasoning_tokens": 8193}, "high", 1),
        ({"reasoning_tokens": -1}, None, 0),
        ({}, None, 0),
    ],
)
def test_a_reasoning_budget_becomes_the_effort_it_pays_for(options: Any, expected: str | None, notes: int) -> None:
    out, written = build(**options)
    assert out.get("reasoning_effort") == expected
    assert len(written.notes) == notes


def test_options_and_roles() -> None:
    out, written = build(
        Message(role="system", parts=(TextPart("Rules."),)),
        ASK,
        quirks=Quirks(system_role="developer"),
        top_k=5,
        presence_penalty=0.5,
        frequency_penalty=0.25,
        temperature=0.0,
        seed=1,
        n=2,
        max_tokens=9,
    )
    assert out["messages"][0]["role"] == "developer"
    assert {name: out[name] for name in ("presence_penalty", "frequency_penalty", "temperature", "seed", "n")} == {
        "presence_penalty": 0.5,
        "frequency_penalty": 0.25,
        "temperature": 0.0,
        "seed": 1,
        "n": 2,
    }
    assert "top_k" not in out
    assert any("top_k" in note for note in written.notes)
    assert build(top_k=5, quirks=Quirks(renames={"top_k": "top_k"}))[0]["top_k"] == 5


def test_several_answers_are_never_silently_one() -> None:
    incoming = WIRE.read_request(json.dumps({"messages": [USER], "n": 2}).encode())
    foreign = type(incoming.payload)(dialect="gemini", fields={})
    task = Task(id="t", messages=(ASK,), received_at=NOW, options=incoming.options, payload=foreign)
    with pytest.raises(NotCarried):
        WIRE.write_request(task, model="m", stream=False, quirks=Quirks())


# --- what a caller's body holds besides ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ()),
        ({"temperature": 1, "user": "a", "podium": {"team": "x"}, "top_k": 3, "reasoning": {}}, ()),
        ({"store": False, "metadata": None, "logit_bias": {}}, ()),
        ({"store": True, "logit_bias": {"1": 2}, "verbosity": "low"}, ("logit_bias", "store", "verbosity")),
        ({"messages": [{**USER, "prefix": True, "weight": None}]}, ("messages.prefix",)),
        (
            {"messages": [{"role": "user", "content": [{"type": "text", "text": "a", "note": "b"}]}]},
            ("messages.content.note",),
        ),
        (
            {"tools": [{"type": "custom", "custom": {"name": "r", "format": {"type": "grammar"}}}]},
            ("tools.custom.format",),
        ),
        (
            {"tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": []}}},
            ("tool_choice",),
        ),
    ],
)
def test_what_only_this_wire_carries_is_named(fields: dict[str, Any], expected: tuple[str, ...]) -> None:
    incoming = WIRE.read_request(json.dumps({"messages": [USER], **fields}).encode())
    task = Task(id="t", messages=incoming.messages, received_at=NOW, options=incoming.options, payload=incoming.payload)
    assert WIRE.beyond(task) == expected
    assert WIRE.beyond(Task(id="t", messages=incoming.messages, received_at=NOW)) == ()
