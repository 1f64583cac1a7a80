"""Bedrock Converse: whole answers read, and what is none refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.core.errors import FailureKind, ProviderError
from podium.core.messages import FinishReason, Message, ReasoningPart, Reply, TextPart, ToolCall
from podium.core.usage import Usage
from podium.models.dialects.bedrock_converse import BedrockConverse

WIRE = BedrockConverse()
MINE = "bedrock-converse"
STOP, CALLS, FILTER = FinishReason.STOP, FinishReason.TOOL_CALLS, FinishReason.CONTENT_FILTER


def answer(*content: Any, stop: str | None = "end_turn", **more: Any) -> bytes:
    blocks = [{"text": block} if isinstance(block, str) else block for block in content]
    body = {"output": {"message": {"role": "assistant", "content": blocks}}, "stopReason": stop, **more}
    return json.dumps(body).encode()


def use(name: str, given: Any, **more: Any) -> dict[str, Any]:
    return {"toolUse": {"toolUseId": "t", "name": name, "input": given, **more}}


def read(body: bytes) -> Reply:
    return WIRE.read_reply(body, provider="acme")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (answer("Grü", "ß"), {"text": "Grüß", "finish": STOP}),
        (answer(), {"text": "", "finish": STOP}),
        (answer("x", stop=None), {"finish": STOP}),
        (answer("x", stop="max_tokens"), {"finish": FinishReason.LENGTH}),
        (answer("x", stop="model_context_window_exceeded"), {"finish": FinishReason.LENGTH}),
        (answer("No.", stop="guardrail_intervened"), {"text": "No.", "finish": FILTER}),
        (answer("No.", stop="content_filtered"), {"finish": FILTER}),
        (answer("x", stop="tired"), {"finish": FinishReason.OTHER}),
        (answer("x", stop="stop_sequence", additionalModelResponseFields={"stop_sequence": "END"}),
         {"finish": STOP, "stop_sequence": "END"}),
        (answer("x", stop="stop_sequence", additionalModelResponseFields=["odd"]), {"stop_sequence": None}),
        (answer("So", use("f", {"x": 1}), use("g", {}), stop="tool_use"),
         {"text": "So", "finish": CALLS, "tool_calls": (ToolCall(id="t", name="f", arguments='{"x": 1}'),
                                                         ToolCall(id="t", name="g", arguments="{}"))}),
        (answer(use("f", {})), {"finish": CALLS}),
        (answer(use("podium_answer", {"x": 1}), stop="tool_use"), {"text": '{"x": 1}', "finish": STOP,
                                                                    "tool_calls": ()}),
        (answer({"reasoningContent": {"reasoningText": {"text": "Hm", "signature": "S"}}},
                {"reasoningContent": {"redactedContent": "Zm9v"}},
                {"reasoningContent": {"reasoningText": {"text": "Ah"}}}, "So"),
         {"text": "So", "reasoning": (ReasoningPart(text="Hm", signature="S", origin=MINE),
                                      ReasoningPart(data="Zm9v", origin=MINE), ReasoningPart(text="Ah", origin=MINE))}),
        (answer({"citationsContent": {"content": [{"text": "Said."}], "citations": [{}]}}),
         {"text": "Said.", "notes": ("Content of the kind citations has no place outside Bedrock's wire.",)}),
        (answer("x", {"hologram": {}}, use("web", {}, type="server_tool_use"), {}),
         {"text": "x", "tool_calls": (), "notes": (
             "Content of the kind hologram has no place outside Bedrock's wire.",
             "Content of the kind server_tool_use has no place outside Bedrock's wire.",
             "Content of the kind nothing has no place outside Bedrock's wire.")}),
        (answer("x", usage={"inputTokens": 3, "outputTokens": 5, "totalTokens": 38, "cacheReadInputTokens": 20,
                            "cacheWriteInputTokens": 10, "cacheDetails": [{"ttl": "1h", "inputTokens": 99}]}),
         {"usage": Usage(input=33, output=5, cached=20, cache_write=10, cache_write_1h=10)}),
        (answer("x", usage={"inputTokens": 3, "outputTokens": 5}), {"usage": Usage(input=3, output=5)}),
        (answer("x", usage=None), {"usage": None}),
        (answer("x", usage="lots"), {"text": "x", "usage": None}),
        (answer("x", usage={"totalTokens": 3}), {"usage": None}),
    ],
)  # fmt: skip
def test_answers(body: bytes, expected: dict[str, Any]) -> None:
    reply = read(body)
    assert {name: getattr(reply, name) for name in expected} == expected
    assert (reply.raw, reply.dialect) == (body, MINE)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", FailureKind.GARBAGE),
        (b"<html>", FailureKind.GARBAGE),
        (b"{}", FailureKind.GARBAGE),
        (b'{"output":{}}', FailureKind.GARBAGE),
        (b'{"output":{"message":{"content":[3]}}}', FailureKind.GARBAGE),
        (b'{"output":{"message":{"content":[{"text":"\xff"}]}}}', FailureKind.GARBAGE),
        (b"[" * 5000, FailureKind.GARBAGE),
        (answer("x", stop="malformed_model_output"), FailureKind.GARBAGE),
        (b'{"message":"Too many requests"}', FailureKind.SERVER_ERROR),
    ],
)
def test_what_is_no_answer(body: bytes, kind: FailureKind) -> None:
    with pytest.raises(ProviderError) as caught:
        read(body)
    assert caught.value.kind is kind


def test_a_call_nobody_can_read_is_paid_for() -> None:
    with pytest.raises(ProviderError) as caught:
        read(answer(stop="malformed_tool_use", usage={"inputTokens": 1, "outputTokens": 2, "totalTokens": 3}))
    assert caught.value.usage == Usage(input=1, output=2)


TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=9).filter(lambda text: bool(text.strip()))


@given(
    text=TEXT,
    thoughts=st.lists(st.tuples(TEXT, TEXT), max_size=2),
    calls=st.lists(st.tuples(st.text("abc_", min_size=1, max_size=5), st.dictionaries(TEXT, st.integers() | TEXT)),
                   max_size=3),
)  # fmt: skip
def test_what_was_answered_goes_back_as_it_came(text: str, thoughts: list[Any], calls: list[Any]) -> None:
    """An answer's blocks, read, told to the model again: they are the same blocks."""
    content: list[Any] = [
        {"reasoningContent": {"reasoningText": {"text": thought, "signature": seal}}} for thought, seal in thoughts
    ]
    content.append({"text": text})
    content += [
        {"toolUse": {"toolUseId": f"t{place}", "name": name, "input": given}}
        for place, (name, given) in enumerate(calls)
    ]
    reply = read(answer(*content, stop="tool_use" if calls else "end_turn"))
    from datetime import UTC, datetime

    from podium.core.tasks import Task
    from podium.models.dialects import Quirks

    back = Message(role="assistant", parts=(*reply.reasoning, TextPart(reply.text)), tool_calls=reply.tool_calls)
    results = [Message(role="tool", tool_call_id=call.id, parts=(TextPart("ok"),)) for call in reply.tool_calls]
    said = Message(role="user", parts=(TextPart("Hi"),))
    messages = (said, back, *results, said)
    task = Task(id="tsk", messages=messages, received_at=datetime(2026, 1, 2, tzinfo=UTC))
    body = WIRE.write_request(task, model="anthropic.claude-sonnet-4-5", stream=False, quirks=Quirks()).body
    assert json.loads(body)["messages"][1]["content"] == content


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_noise_never_crashes_the_reader(noise: bytes) -> None:
    with pytest.raises(ProviderError):
        read(noise)


@given(data=st.data())
def test_mutated_answers_raise_nothing_else(data: st.DataObject) -> None:
    body = bytearray(answer("Hi", use("f", {"x": 1}), {"reasoningContent": {"redactedContent": "Zg=="}},
                            usage={"inputTokens": 1, "outputTokens": 2}))  # fmt: skip
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    try:
        assert read(bytes(body)).dialect == MINE
    except ProviderError as error:
        assert error.kind in (FailureKind.GARBAGE, FailureKind.SERVER_ERROR)  # noqa: PT017  # either outcome is right


@pytest.mark.parametrize("fields", [{}, {"input": None}])
def test_a_call_without_input_has_no_arguments(fields: dict[str, Any]) -> None:
    (call,) = read(answer({"toolUse": {"toolUseId": "a", "name": "f", **fields}}, stop="tool_use")).tool_calls
    assert call.arguments == ""
