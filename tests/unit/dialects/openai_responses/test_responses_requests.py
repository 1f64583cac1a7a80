"""Requests: read, forwarded, and built for a provider."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from podium.core.deferred import unread
from podium.core.errors import InvalidRequest
from podium.core.messages import (
    AudioPart,
    FilePart,
    ImagePart,
    Message,
    OpaquePart,
    Options,
    Payload,
    ReasoningPart,
    Schema,
    TextPart,
    Tool,
    ToolCall,
)
from podium.core.tasks import Task
from podium.models.dialects.dialect import NotCarried, Quirks
from podium.models.dialects.openai_responses import OpenAIResponses
from podium.models.dialects.openai_responses.sealing import seal_call, seal_part

Maker = Callable[..., Task]
NAME = "openai-responses"


def user(text: str) -> Message:
    return Message(role="user", parts=(TextPart(text),))


def read(dialect: OpenAIResponses, **fields: Any) -> Any:
    return dialect.read_request(json.dumps({"model": "auto", **fields}).encode())


CALL = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "f", "arguments": '{"a":1}'}
REASONING = {
    "type": "reasoning",
    "id": "rs_1",
    "summary": [{"type": "summary_text", "text": "One."}, {"type": "summary_text", "text": "Two."}],
    "encrypted_content": "gAAA",
}
THOUGHT = ReasoningPart(text="One.\n\nTwo.", data="gAAA", id="rs_1", origin=NAME)

READ: dict[str, tuple[Any, tuple[Message, ...]]] = {
    "text": ("Hi.", (user("Hi."),)),
    "an easy message": ([{"role": "user", "content": "Hi."}], (user("Hi."),)),
    "a developer is the system": (
        [{"role": "developer", "content": "Be brief."}, {"role": "user", "content": "Hi."}],
        (Message(role="system", parts=(TextPart("Be brief."),)), user("Hi.")),
    ),
    "parts": (
        [
            {
                "type": "message",
                "role": "user",
                "content": [
                    {"type": "input_text", "text": "See."},
                    {"type": "input_image", "image_url": "https://e.org/a.png", "detail": "low"},
                    {"type": "input_image", "file_id": "file-1"},
                    {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,QQ=="},
                    {"type": "input_file", "file_data": "QQ=="},
                    {"type": "input_file", "file_url": "https://e.org/a.pdf"},
                    {"type": "input_file", "file_id": "file-2"},
                    {"type": "input_audio", "input_audio": {"data": "QQ==", "format": "wav"}},
                    {"type": "hologram", "x": 1},
                ],
            }
        ],
        (
            Message(
                role="user",
                parts=(
                    TextPart("See."),
                    ImagePart(url="https://e.org/a.png", detail="low"),
                    OpaquePart(kind="input_image by file_id"),
                    FilePart(url="data:application/pdf;base64,QQ==", media_type="application/pdf", name="a.pdf"),
                    FilePart(url="data:application/pdf;base64,QQ==", media_type="application/pdf"),
                    FilePart(url="https://e.org/a.pdf"),
                    FilePart(file_id="file-2"),
                    AudioPart(data="QQ==", format="wav"),
                    OpaquePart(kind="hologram"),
                ),
            ),
        ),
    ),
    "what the model did in a row is one turn, its thoughts first": (
        [
            {"role": "user", "content": "Go."},
            {
                "type": "message",
                "id": "msg_1",
                "role": "assistant",
                "content": [{"type": "output_text", "text": "Ok."}],
            },
            REASONING,
            CALL,
            {"type": "custom_tool_call", "call_id": "call_2", "name": "shell", "input": 'say "x"'},
            {"type": "function_call_output", "call_id": "call_1", "output": "1"},
            {
                "type": "custom_tool_call_output",
                "call_id": "call_2",
                "output": [
                    {"type": "input_text", "text": "x"},
                    {"type": "input_image", "image_url": "data:image/png;base64,QQ=="},
                ],
            },
        ],
        (
            user("Go."),
            Message(
                role="assistant",
                parts=(THOUGHT, TextPart("Ok.")),
                tool_calls=(
                    ToolCall(id="call_1", name="f", arguments='{"a":1}'),
                    ToolCall(id="call_2", name="shell", arguments='{"input":"say \\"x\\""}', kind="custom"),
                ),
            ),
            Message(role="tool", parts=(TextPart("1"),), tool_call_id="call_1"),
            Message(
                role="tool",
                parts=(TextPart("x"), ImagePart(url="data:image/png;base64,QQ==")),
                tool_call_id="call_2",
            ),
        ),
    ),
    "a refusal, a reference, an unknown item": (
        [
            {"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]},
            {"type": "item_reference", "id": "msg_9"},
            {"id": "msg_8"},
            {"type": "web_search_call", "id": "ws_1", "status": "completed"},
            {"role": "user", "content": "Why?"},
        ],
        (
            Message(
                role="assistant",
                parts=(
                    TextPart("No."),
                    OpaquePart(kind="item_reference"),
                    OpaquePart(kind="item_reference"),
                    OpaquePart(kind="web_search_call"),
                ),
            ),
            user("Why?"),
        ),
    ),
    "another wire's reasoning and signature come out of their seals": (
        [
            {
                "type": "reasoning",
                "id": "rs_2",
                "summary": [{"type": "summary_text", "text": "Hm."}],
                "encrypted_content": seal_part(ReasoningPart(text="Hm.", signature="s1", origin="anthropic")),
            },
            {"type": "reasoning", "id": "rs_3", "summary": [], "encrypted_content": seal_call("s2")},
            CALL,
            {"type": "function_call_output", "call_id": "call_1", "output": ""},
        ],
        (
            Message(
                role="assistant",
                parts=(ReasoningPart(text="Hm.", signature="s1", origin="anthropic"),),
                tool_calls=(ToolCall(id="call_1", name="f", arguments='{"a":1}', signature="s2"),),
            ),
            Message(role="tool", parts=(TextPart(""),), tool_call_id="call_1"),
        ),
    ),
}


@pytest.mark.parametrize(("given_input", "messages"), READ.values(), ids=READ)
def test_input_becomes_turns(dialect: OpenAIResponses, given_input: Any, messages: tuple[Message, ...]) -> None:
    assert read(dialect, input=given_input).messages == messages


def test_instructions_are_the_first_turn_and_the_fields_stay_as_they_came(dialect: OpenAIResponses) -> None:
    incoming = read(dialect, instructions="Be brief.", input="Hi.", metadata={"k": "v"}, store=False, new_field=1.50)
    assert incoming.messages == (Message(role="system", parts=(TextPart("Be brief."),)), user("Hi."))
    assert bytes(incoming.payload.fields["new_field"]) == b"1.5"
    assert (incoming.payload.dialect, incoming.keep, incoming.previous) == (NAME, False, None)


def test_who_keeps_what(dialect: OpenAIResponses) -> None:
    assert read(dialect, input="Hi.").keep is True
    gone_on = read(dialect, input=[], previous_response_id="resp_1")
    assert (gone_on.previous, gone_on.messages) == ("resp_1", ())
    assert read(dialect, input="Hi.", user="ann").user == "ann"
    assert read(dialect, input="Hi.", safety_identifier="a1").user == "a1"


def test_options(dialect: OpenAIResponses) -> None:
    schema = {"type": "object"}
    options = read(
        dialect,
        input="Hi.",
        tools=[
            {"type": "function", "name": "f", "description": "d", "parameters": schema, "strict": True},
            {"type": "custom", "name": "shell"},
            {"type": "web_search"},
        ],
        tool_choice={"type": "function", "name": "f"},
        parallel_tool_calls=False,
        text={"format": {"type": "json_schema", "name": "n", "schema": schema, "strict": True}, "verbosity": "low"},
        reasoning={"effort": "high", "summary": "auto"},
        max_output_tokens=7,
        temperature=0.5,
        top_p=0.9,
        include=["message.output_text.logprobs"],
    ).options
    assert options == Options(
        max_tokens=7,
        temperature=0.5,
        top_p=0.9,
        tools=(
            Tool(name="f", description="d", parameters=schema, strict=True),
            Tool(name="shell", kind="custom"),
            Tool(name="web_search", kind="web_search"),
        ),
        tool_choice="f",
        parallel_tool_calls=False,
        schema=Schema(name="n", body=schema, strict=True),
        logprobs=True,
        reasoning_effort="high",
        show_reasoning=True,
    )


@pytest.mark.parametrize(
    ("choice", "read_as"),
    [
        ("required", "required"),
        ({"type": "allowed_tools", "mode": "required", "tools": []}, "required"),
        ({"type": "custom", "name": "shell"}, "shell"),
        ({"type": "web_search"}, "web_search"),
        (None, None),
    ],
)
def test_tool_choices(dialect: OpenAIResponses, choice: Any, read_as: str | None) -> None:
    assert read(dialect, input="Hi.", tool_choice=choice).options.tool_choice == read_as


BAD: dict[str, tuple[Any, str]] = {
    "background": ({"background": True}, "background"),
    "a conversation": ({"conversation": "conv_1"}, "conversation"),
    "a prompt template": ({"prompt": {"id": "pmpt_1"}}, "prompt"),
    "nothing": ({"input": ""}, "input"),
    "a role": ({"input": [{"role": "robot", "content": "Hi."}]}, "input[0].role"),
    "no content": ({"input": [{"role": "user", "content": []}]}, "input[0].content"),
    "a part without its field": (
        {"input": [{"role": "user", "content": [{"type": "input_text"}]}]},
        "input[0].content[0]",
    ),
    "an image that is no text": (
        {"input": [{"role": "user", "content": [{"type": "input_image", "image_url": {"url": "x"}}]}]},
        "input[0].content[0].image_url",
    ),
    "a result without its call": ({"input": [{"type": "function_call_output", "output": "x"}]}, "input[0].call_id"),
    "a result without output": ({"input": [{"type": "function_call_output", "call_id": "c"}]}, "input[0].output"),
    "an output of numbers": (
        {"input": [{"type": "function_call_output", "call_id": "c", "output": 4}]},
        "input[0].output",
    ),
    "a call without a name": ({"input": [{"type": "function_call", "call_id": "c"}]}, "input[0].name"),
    "a nested tool": ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "tools[0].name"),
    "a limit of 0": ({"max_output_tokens": 0}, "max_output_tokens"),
    "an effort": ({"reasoning": {"effort": "huge"}}, "reasoning.effort"),
    "a format": ({"text": {"format": {"type": "yaml"}}}, "text.format"),
    "our own field": ({"podium": {"min_qualty": 1}}, "podium"),
    "a type": ({"temperature": "hot"}, "temperature"),
}


@pytest.mark.parametrize(("fields", "param"), BAD.values(), ids=BAD)
def test_what_is_refused_says_where(dialect: OpenAIResponses, fields: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read(dialect, **({"input": "Hi."} | fields))
    assert refused.value.param == param
    assert refused.value.remedy


@given(st.binary(max_size=200))
def test_no_bytes_crash_the_reader(data: bytes) -> None:
    with pytest.raises(InvalidRequest):
        OpenAIResponses().read_request(b'{"input":' + data)


_LEAVES = st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5)
_WORDS = st.sampled_from(
    (
        *("type", "role", "content", "text", "message", "user", "output", "call_id", "name", "function_call"),
        *("input_text", "image_url", "input_image", "reasoning", "encrypted_content", "summary", "id", "file_data"),
    )
)
_JSON = st.recursive(
    _LEAVES | _WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_WORDS, inner, max_size=5),
    max_leaves=12,
)


@given(st.lists(_JSON, max_size=4))
def test_no_items_crash_the_reader(items: list[Any]) -> None:
    dialect = OpenAIResponses()
    with contextlib.suppress(InvalidRequest):
        read(dialect, input=items)


def test_a_long_image_is_not_copied_before_it_is_read(dialect: OpenAIResponses, caller: Maker) -> None:
    url = "data:image/png;base64," + "A" * 100_000
    items = [{"role": "user", "content": [{"type": "input_image", "image_url": url}]}]
    task = caller(input=items)
    written = dialect.write_request(task, model="m", stream=False, quirks=Quirks())
    assert json.loads(written.body)["input"] == items
    part = task.messages[0].parts[0]
    assert isinstance(part, ImagePart)
    assert part.url == url


# --- beyond --------------------------------------------------------------------------------------------------------


def test_what_no_other_wire_carries_is_named(dialect: OpenAIResponses, caller: Maker, foreign: Maker) -> None:
    task = caller(
        text={"format": {"type": "text"}, "verbosity": "low"},
        reasoning={"effort": "low", "context": "all_turns"},
        include=["reasoning.encrypted_content", "web_search_call.results"],
        tool_choice={"type": "allowed_tools", "mode": "auto", "tools": []},
        max_tool_calls=3,
        truncation="auto",
        service_tier="auto",
        metadata={"a": "b"},
        prompt_cache_key="k",
        background=False,
        unheard_of={"a": 1},
        nothing=None,
    )
    assert dialect.beyond(task) == (
        "include: web_search_call.results",
        "max_tool_calls",
        "reasoning.context",
        "text.verbosity",
        "tool_choice.allowed_tools",
        "truncation",
        "unheard_of",
    )
    assert dialect.beyond(caller()) == dialect.beyond(foreign()) == ()


# --- forwarded -----------------------------------------------------------------------------------------------------


def sent(dialect: OpenAIResponses, task: Task, *, stream: bool = False, **more: Any) -> tuple[dict[str, Any], Any]:
    quirks = more.pop("quirks", Quirks())
    written = dialect.write_request(task, model="gpt-x", stream=stream, quirks=quirks, **more)
    return json.loads(written.body), written.notes


def test_the_callers_fields_are_forwarded(dialect: OpenAIResponses, caller: Maker) -> None:
    task = caller(
        input=[REASONING, CALL], previous_response_id="resp_1", podium={"user": "a"}, unheard_of=[1], stream=True
    )
    body, notes = sent(dialect, task, stream=True, max_tokens=50)
    assert body == {
        "model": "gpt-x",
        "input": [REASONING, CALL],
        "unheard_of": [1],
        "stream": True,
        "max_output_tokens": 50,
    }
    assert notes == ()
    assert "stream" not in sent(dialect, task)[0]


def test_the_callers_own_limit_stays(dialect: OpenAIResponses, caller: Maker) -> None:
    assert sent(dialect, caller(max_output_tokens=9), max_tokens=50)[0]["max_output_tokens"] == 9


def test_sealed_reasoning_is_not_shown_to_this_wires_providers(dialect: OpenAIResponses, caller: Maker) -> None:
    sealed = REASONING | {"encrypted_content": seal_part(ReasoningPart(data="x", origin="anthropic"))}
    carrier = {"type": "reasoning", "id": "rs_7", "summary": [], "encrypted_content": seal_call("s")}
    body, notes = sent(dialect, caller(input=[sealed, REASONING, carrier, CALL]))
    assert body["input"] == [REASONING, CALL]
    assert len(notes) == 1


def test_quirks(dialect: OpenAIResponses, caller: Maker) -> None:
    quirks = Quirks(
        refuses=frozenset(("store", "metadata", "truncation")),
        renames={"safety_identifier": "end_user"},
        extra={"api_version": "v1"},
        model_in_path=True,
    )
    body, notes = sent(dialect, caller(store=False, metadata={"a": "b"}, safety_identifier="x"), quirks=quirks)
    assert body == {"input": "Hi.", "end_user": "x", "api_version": "v1"}
    assert notes == ("`metadata` was left out: the provider does not take it.",)
    tools = [{"type": "custom", "name": "shell"}]
    with pytest.raises(NotCarried, match="`tools`"):
        sent(dialect, caller(tools=tools), quirks=Quirks(refuses=frozenset(("tools",))))


@pytest.mark.parametrize("own", [True, False])
def test_a_provider_without_schemas_gets_it_in_words(
    dialect: OpenAIResponses, caller: Maker, foreign: Maker, own: bool
) -> None:
    text = {"format": {"type": "json_schema", "name": "n", "schema": {"type": "object"}}}
    task = caller(text=text, instructions="Be brief.") if own else foreign(schema=Schema(body={"type": "object"}))
    body, notes = sent(dialect, task, quirks=Quirks(json_schema=False))
    assert body["text"]["format"] == {"type": "json_object"}
    assert '{"type":"object"}' in body["instructions"]
    assert body["instructions"].startswith("Be brief." if own else "Answer")
    assert len(notes) == 1


@pytest.mark.parametrize("own", [True, False])
def test_images_by_address_are_refused_for_providers_that_fetch_none(
    dialect: OpenAIResponses, caller: Maker, foreign: Maker, own: bool
) -> None:
    url = "https://e.org/a.png"
    if own:
        task = caller(input=[{"role": "user", "content": [{"type": "input_image", "image_url": url}]}])
    else:
        task = foreign(Message(role="user", parts=(ImagePart(url=url),)))
    with pytest.raises(NotCarried):
        sent(dialect, task, quirks=Quirks(image_urls=False))


@pytest.mark.parametrize(
    ("efforts", "asked", "sent_effort", "notes"),
    [
        (None, "max", "max", 0),
        (("low", "high"), "max", "high", 1),
        (("low", "high"), "low", "low", 0),
        ((), "high", None, 1),
    ],
)
@pytest.mark.parametrize("own", [True, False])
def test_efforts_in_the_providers_words(
    dialect: OpenAIResponses,
    caller: Maker,
    foreign: Maker,
    own: bool,
    efforts: tuple[str, ...] | None,
    asked: str,
    sent_effort: str | None,
    notes: int,
) -> None:
    include = ["reasoning.encrypted_content", "message.output_text.logprobs"]
    task = caller(reasoning={"effort": asked}, include=include) if own else foreign(reasoning_effort=asked)
    body, said = sent(dialect, task, quirks=Quirks(efforts=efforts))
    assert body.get("reasoning", {}).get("effort") == sent_effort
    assert ("reasoning.encrypted_content" in body.get("include", ())) == (sent_effort is not None)
    assert len(said) == notes


@pytest.mark.parametrize("own", [True, False])
def test_identifiers_of_calls_are_made_permissible(
    dialect: OpenAIResponses, caller: Maker, foreign: Maker, own: bool
) -> None:
    items = [
        {"type": "function_call", "call_id": "toolu_01ABC", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "toolu_01ABC", "output": "1"},
    ]
    task = caller(input=items)
    if not own:
        task = foreign(*task.messages)
    body, notes = sent(dialect, task, quirks=Quirks(call_ids="[a-zA-Z0-9]{9}"))
    first, second = (item["call_id"] for item in body["input"])
    assert first == second
    assert len(first) == 9
    assert first.isalnum()
    assert not notes


def test_a_picture_stays_unread_where_addresses_are_refused(dialect: OpenAIResponses, caller: Maker) -> None:
    url = "data:image/png;base64," + "A" * 100_000
    task = caller(input=[{"role": "user", "content": [{"type": "input_image", "image_url": url}]}])
    sent(dialect, task, quirks=Quirks(image_urls=False))
    (part,) = task.messages[0].parts
    assert isinstance(unread(part, "url"), Raw)


# --- built ---------------------------------------------------------------------------------------------------------


def test_a_built_request(dialect: OpenAIResponses, foreign: Maker) -> None:
    task = foreign(
        Message(role="system", parts=(TextPart("Be brief."),)),
        Message(role="system", parts=(TextPart("Be kind."),)),
        Message(
            role="user",
            parts=(
                TextPart("See."),
                ImagePart(url="data:image/png;base64,QQ=="),
                FilePart(url="data:application/pdf;base64,QQ==", name="a.pdf"),
                FilePart(url="https://e.org/a.pdf"),
            ),
        ),
        Message(
            role="assistant",
            parts=(THOUGHT, ReasoningPart(text="x", signature="s", origin="anthropic"), TextPart("Ok.")),
            tool_calls=(
                ToolCall(id="", name="f", arguments=""),
                ToolCall(id="c2", name="shell", arguments='{"input":"ls"}', kind="custom"),
            ),
        ),
        Message(role="tool", parts=(TextPart("1"),)),
        Message(role="tool", parts=(TextPart("2"),), tool_call_id="c2", failed=True),
        Message(role="system", parts=(TextPart("Now."),)),
        Message(role="user", parts=(TextPart("Go."),), name="ann"),
        tools=(
            Tool(name="f", parameters={"type": "object"}),
            Tool(name="g", strict=True),
            Tool(name="shell", kind="custom"),
        ),
        tool_choice="shell",
        schema=Schema(name="n", body={"type": "object"}, strict=True),
        reasoning_tokens=4000,
        show_reasoning=True,
        seed=1,
        top_k=2,
        temperature=0.1,
        parallel_tool_calls=False,
    )
    body, notes = sent(dialect, task, stream=True, quirks=Quirks(system_role="developer"), max_tokens=99)
    assert body == {
        "model": "gpt-x",
        "stream": True,
        "store": False,
        "include": ["reasoning.encrypted_content"],
        "instructions": "Be brief.\n\nBe kind.",
        "max_output_tokens": 99,
        "temperature": 0.1,
        "parallel_tool_calls": False,
        "reasoning": {"effort": "medium", "summary": "auto"},
        "text": {"format": {"type": "json_schema", "name": "n", "schema": {"type": "object"}, "strict": True}},
        "tool_choice": {"type": "custom", "name": "shell"},
        "tools": [
            {"type": "function", "name": "f", "description": None, "parameters": {"type": "object"}, "strict": False},
            {
                "type": "function",
                "name": "g",
                "description": None,
                "parameters": {"type": "object", "properties": {}},
                "strict": True,
            },
            {"type": "custom", "name": "shell", "description": ""},
        ],
        "input": [
            {
                "role": "user",
                "content": [
                    {"type": "input_text", "text": "See."},
                    {"type": "input_image", "image_url": "data:image/png;base64,QQ==", "detail": "auto"},
                    {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,QQ=="},
                    {"type": "input_file", "file_url": "https://e.org/a.pdf"},
                ],
            },
            {
                "type": "reasoning",
                "id": "rs_1",
                "summary": [{"type": "summary_text", "text": "One.\n\nTwo."}],
                "encrypted_content": "gAAA",
            },
            {"role": "assistant", "content": "Ok."},
            {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"},
            {"type": "custom_tool_call", "call_id": "c2", "name": "shell", "input": "ls"},
            {"type": "function_call_output", "call_id": "call_1", "output": "1"},
            {"type": "custom_tool_call_output", "call_id": "c2", "output": "2"},
            {"role": "developer", "content": "Now."},
            {"role": "user", "content": "Go."},
        ],
    }
    said = " ".join(notes)
    assert all(word in said for word in ("another provider", "failed", "speakers", "`seed`", "`top_k`", "medium"))
    assert len(notes) == 6


NOT_CARRIED: dict[str, tuple[tuple[Message, ...], dict[str, Any]]] = {
    "stop": ((), {"stop": ("END",)}),
    "several answers": ((), {"n": 2}),
    "logprobs": ((), {"logprobs": True}),
    "a provider's tool": ((), {"tools": (Tool(name="web_search", kind="web_search_20250305"),)}),
    "audio": ((Message(role="user", parts=(AudioPart(data="QQ==", format="wav"),)),), {}),
    "a file by identifier": ((Message(role="user", parts=(FilePart(file_id="f"),)),), {}),
    "an unknown part": ((Message(role="user", parts=(OpaquePart(kind="x"),)),), {}),
    "an image the model made": ((Message(role="assistant", parts=(ImagePart(url="data:image/png;base64,QQ=="),)),), {}),
}


@pytest.mark.parametrize(("messages", "options"), NOT_CARRIED.values(), ids=NOT_CARRIED)
def test_what_the_answer_cannot_do_without_is_refused(
    dialect: OpenAIResponses, foreign: Maker, messages: tuple[Message, ...], options: dict[str, Any]
) -> None:
    with pytest.raises(NotCarried) as refused:
        sent(dialect, foreign(*messages, **options))
    assert refused.value.remedy


def test_a_plain_request_wishes_for_nothing_special(dialect: OpenAIResponses, foreign: Maker) -> None:
    body, notes = sent(dialect, foreign())
    assert body == {"model": "gpt-x", "input": [{"role": "user", "content": "Hi."}], "store": False}
    assert notes == ()


def test_instructions_alone_stay_an_item(dialect: OpenAIResponses, foreign: Maker) -> None:
    body, _ = sent(dialect, foreign(Message(role="system", parts=(TextPart("Go."),))))
    assert body["input"] == [{"role": "system", "content": "Go."}]
    assert "instructions" not in body


def test_reasoning_nobody_can_read_again_is_left_out(dialect: OpenAIResponses, foreign: Maker) -> None:
    alone = Message(role="assistant", parts=(THOUGHT,))
    no_data = Message(role="assistant", parts=(ReasoningPart(text="x", id="rs_2", origin=NAME), TextPart("Ok.")))
    body, notes = sent(dialect, foreign(user("a"), alone, no_data, user("b")))
    assert [item.get("role") for item in body["input"]] == ["user", "assistant", "user"]
    assert len(notes) == 2


def test_built_items_read_back_as_they_were(dialect: OpenAIResponses, foreign: Maker) -> None:
    messages = (
        user("Go."),
        Message(
            role="assistant",
            parts=(THOUGHT, TextPart("Ok.")),
            tool_calls=(
                ToolCall(id="c1", name="f", arguments='{"a":1}'),
                ToolCall(id="c2", name="shell", arguments='{"input":"ls"}', kind="custom"),
            ),
        ),
        Message(role="tool", parts=(TextPart("1"),), tool_call_id="c1"),
        Message(
            role="tool", parts=(TextPart("2"), ImagePart(url="https://e.org/a.png", detail="auto")), tool_call_id="c2"
        ),
        Message(role="assistant", parts=(TextPart("Done."),)),
        user("Thanks."),
    )
    body, _ = sent(dialect, foreign(*messages))
    assert read(dialect, input=body["input"]).messages == messages


@given(st.text(max_size=40), st.text(max_size=40), st.text(min_size=1, max_size=20))
def test_any_text_survives_the_round_trip(question: str, answer: str, call_id: str) -> None:
    dialect = OpenAIResponses()
    messages = (
        user(question),
        Message(
            role="assistant",
            parts=(TextPart(answer),) if answer else (),
            tool_calls=(ToolCall(id=call_id, name="f", arguments=msgspec.json.encode({"a": answer}).decode()),),
        ),
        Message(role="tool", parts=(TextPart(question),), tool_call_id=call_id),
    )
    if not question:
        return
    from datetime import UTC, datetime

    task = Task(
        id="tsk_1",
        messages=messages,
        received_at=datetime(2030, 1, 1, tzinfo=UTC),
        payload=Payload(dialect="openai-chat", fields={}),
    )
    body = dialect.write_request(task, model="m", stream=False, quirks=Quirks()).body
    assert dialect.read_request(body).messages == messages
