"""What vendors added to the wire, read from callers and providers; and what is malformed there costs only itself."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from podium.core.errors import InvalidRequest
from podium.core.messages import (
    FilePart,
    FinishReason,
    ImagePart,
    Message,
    ReasoningPart,
    Reply,
    TextPart,
    Tool,
    ToolCall,
)
from podium.core.tasks import Task
from podium.core.usage import Usage
from podium.models.dialects import Address, OpenAIChat

WIRE = OpenAIChat()
USER = {"role": "user", "content": "hi"}
TASK = Task(id="tsk_1", messages=(), received_at=datetime(2030, 1, 1, tzinfo=UTC))
PDF = "data:application/pdf;base64,JVBERi0="


def read(**fields: Any) -> Any:
    return WIRE.read_request(json.dumps({"messages": [USER], **fields}).encode())


def test_cache_marks_on_parts_messages_and_tools() -> None:
    mark = {"type": "ephemeral"}
    incoming = read(
        messages=[
            {"role": "system", "content": [{"type": "text", "text": "a", "cache_control": mark}]},
            {
                "role": "user",
                "content": [
                    {"type": "image_url", "image_url": {"url": "https://x/y"}, "cache_control": {**mark, "ttl": "1h"}},
                    {"type": "file", "file": {"file_data": PDF, "filename": "a.pdf"}, "cache_control": mark},
                ],
                "cache_control": mark,
            },
        ],
        tools=[
            {"type": "function", "function": {"name": "f"}, "cache_control": mark},
            {"type": "function", "function": {"name": "g", "cache_control": {**mark, "ttl": "1h"}}},
        ],
    )
    assert incoming.messages == (
        Message(role="system", parts=(TextPart("a", "5m"),)),
        Message(
            role="user",
            parts=(
                ImagePart(url="https://x/y", cache="1h"),
                FilePart(url=PDF, media_type="application/pdf", name="a.pdf", cache="5m"),
            ),
            cache="5m",
        ),
    )
    assert incoming.options.tools == (Tool(name="f", cache="5m"), Tool(name="g", cache="1h"))


REASONINGS: list[tuple[dict[str, Any], tuple[ReasoningPart, ...]]] = [
    ({}, ()),
    ({"reasoning_content": "I think"}, (ReasoningPart(text="I think", origin="openai-chat"),)),
    ({"reasoning": "I think"}, (ReasoningPart(text="I think", origin="openai-chat"),)),
    ({"reasoning": {"odd": 1}, "reasoning_details": "odd", "reasoning_content": None}, ()),
    (
        {
            "reasoning": "I think",
            "reasoning_details": [
                {"type": "reasoning.text", "text": "I think", "signature": "s", "format": "anthropic-claude-v1"},
                {"type": "reasoning.encrypted", "data": "x", "format": "anthropic-claude-v1"},
            ],
        },
        (
            ReasoningPart(text="I think", signature="s", origin="anthropic"),
            ReasoningPart(data="x", origin="anthropic"),
        ),
    ),
    (
        {
            "reasoning_details": [
                {"type": "reasoning.summary", "summary": "sum", "id": "rs", "format": "openai-responses-v1"},
                {"type": "reasoning.encrypted", "data": "x", "id": "rs", "format": "openai-responses-v1"},
                {"type": "reasoning.encrypted", "data": "y", "id": "q", "format": "xai-responses-v1"},
                {"type": "reasoning.encrypted", "data": "z", "format": "google-gemini-v1"},
                {"type": "reasoning.text", "text": "", "format": "unknown"},
            ]
        },
        (
            ReasoningPart(text="sum", data="x", id="rs", origin="openai-responses"),
            ReasoningPart(data="y", id="q", origin="xai-responses-v1"),
            ReasoningPart(data="z", origin="gemini"),
        ),
    ),
]


@pytest.mark.parametrize(("fields", "expected"), REASONINGS)
def test_reasoning_of_a_turn_and_of_an_answer(fields: dict[str, Any], expected: tuple[ReasoningPart, ...]) -> None:
    turn = read(messages=[USER, {"role": "assistant", "content": "yes", **fields}]).messages[1]
    assert turn.parts == (*expected, TextPart("yes"))
    if isinstance(fields.get("reasoning", ""), str):
        body = json.dumps({"choices": [{"message": {"content": "yes", **fields}}]}).encode()
        assert WIRE.read_reply(body, provider="p").reasoning == expected


def test_reasoning_survives_the_way_to_a_caller_and_back() -> None:
    parts = (
        ReasoningPart(text="I think", signature="s", origin="anthropic"),
        ReasoningPart(data="x", origin="anthropic"),
        ReasoningPart(text="sum", data="y", id="rs", origin="openai-responses"),
        ReasoningPart(data="z", id="q", origin="xai-responses-v1"),
    )
    body = json.loads(WIRE.write_reply(Reply(text="yes", reasoning=parts), task=TASK, model="m"))
    message = body["choices"][0]["message"]
    assert message["reasoning_content"] == "I think\n\nsum"
    assert read(messages=[USER, message]).messages[1].parts == (*parts, TextPart("yes"))


def test_gemini_signatures_on_calls() -> None:
    call = {
        "id": "1",
        "type": "function",
        "function": {"name": "f", "arguments": "{}"},
        "extra_content": {"google": {"thought_signature": "sig"}},
    }
    expected = (ToolCall(id="1", name="f", arguments="{}", signature="sig"),)
    assert read(messages=[USER, {"role": "assistant", "tool_calls": [call]}]).messages[1].tool_calls == expected
    assert (
        WIRE.read_reply(
            json.dumps({"choices": [{"message": {"tool_calls": [call]}}]}).encode(), provider="p"
        ).tool_calls
        == expected
    )
    written = json.loads(WIRE.write_reply(Reply(text="", tool_calls=expected), task=TASK, model="m"))
    assert written["choices"][0]["message"]["tool_calls"] == [call]
    call["extra_content"] = {"google": None, "odd": 1}
    assert (
        read(messages=[USER, {"role": "assistant", "tool_calls": [call]}]).messages[1].tool_calls[0].signature is None
    )


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, (None, None, False)),
        ({"reasoning_effort": "low"}, ("low", None, False)),
        ({"reasoning": {"effort": "high"}}, ("high", None, True)),
        ({"reasoning": {"max_tokens": 2000, "exclude": True}}, (None, 2000, False)),
        ({"reasoning": {"enabled": False}}, ("none", None, False)),
        ({"reasoning": {"enabled": True}}, ("medium", None, True)),
        ({"reasoning_effort": "low", "reasoning": {"effort": "high"}}, ("low", None, True)),
        ({"include_reasoning": True}, (None, None, True)),
        ({"reasoning": "odd"}, (None, None, False)),
    ],
)
def test_ways_to_ask_for_reasoning(fields: dict[str, Any], expected: Any) -> None:
    options = read(**fields).options
    assert (options.reasoning_effort, options.reasoning_tokens, options.show_reasoning) == expected


def test_penalties_and_top_k() -> None:
    options = read(top_k=3, presence_penalty=0.5, frequency_penalty=1).options
    assert (options.top_k, options.presence_penalty, options.frequency_penalty) == (3, 0.5, 1)
    assert read(top_k="many").options.top_k is None


def test_older_calls_and_their_results_are_matched() -> None:
    incoming = read(
        messages=[
            USER,
            {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
            {"role": "function", "name": "f", "content": "4"},
        ]
    )
    (call,) = incoming.messages[1].tool_calls
    assert (call.name, call.arguments) == ("f", "{}")
    assert incoming.messages[2].role == "tool"
    assert incoming.messages[2].tool_call_id == call.id != ""


def test_the_address_may_name_the_model() -> None:
    body = json.dumps({"messages": [USER], "model": ""}).encode()
    assert WIRE.read_request(body, Address(model="gpt")).model == "gpt"
    assert read(model="mine").model == "mine"


@pytest.mark.parametrize(
    ("part", "param"),
    [
        ({"type": "file", "file": {}}, "messages[0].content[0].file"),
        ({"type": "file"}, "messages[0].content[0].file"),
        ({"type": "image_url", "image_url": {"url": 5}}, "messages[0].content[0].image_url.url"),
        (
            {"type": "input_audio", "input_audio": {"data": None, "format": "wav"}},
            "messages[0].content[0].input_audio.data",
        ),
    ],
)
def test_parts_that_are_not_what_they_say(part: Any, param: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        read(messages=[{"role": "user", "content": [part]}])
    assert caught.value.param == param
    assert caught.value.remedy


def test_thinking_among_the_parts_of_an_answer() -> None:
    content = [
        {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}, {"type": "reference"}]},
        {"type": "text", "text": "yes"},
    ]
    reply = WIRE.read_reply(json.dumps({"choices": [{"message": {"content": content}}]}).encode(), provider="p")
    assert (reply.text, reply.reasoning) == ("yes", (ReasoningPart(text="hm", origin="openai-chat"),))


def test_an_answer_written_anew_says_everything() -> None:
    reply = Reply(
        text="",
        refusal="no",
        finish=FinishReason.CONTENT_FILTER,
        usage=Usage(input=10, output=5, cached=4, cache_write=2, reasoning=3, audio_input=1, audio_output=1),
        raw=b"not ours",
        dialect="anthropic",
    )
    written = WIRE.write_reply(reply, task=TASK, model="m")
    back = WIRE.read_reply(written, provider="p")
    assert (back.text, back.refusal, back.finish, back.usage) == ("", "no", reply.finish, reply.usage)
    assert (back.id, back.model, back.dialect) == ("chatcmpl-tsk_1", "m", "openai-chat")
    assert WIRE.write_reply(back, task=TASK, model="m") is back.raw
    for finish, word in ((FinishReason.OTHER, "stop"), (FinishReason.LENGTH, "length")):
        body = json.loads(WIRE.write_reply(Reply(text="x", finish=finish), task=TASK, model="m"))
        assert body["choices"][0]["finish_reason"] == word
        assert "usage" not in body, "figures nobody stated are not invented"
