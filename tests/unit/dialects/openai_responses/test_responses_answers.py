"""Whole answers, read and written; what is written passes the official client's own types."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from podium.core.errors import (
    AllAttemptsFailed,
    FailureKind,
    InvalidRequest,
    PodiumError,
    ProviderError,
)
from podium.core.messages import FinishReason, ReasoningPart, Reply, ToolCall
from podium.core.tasks import Task
from podium.core.usage import Usage
from podium.models.dialects.openai_responses import OpenAIResponses

Maker = Callable[..., Task]
NAME = "openai-responses"


def answered(*output: dict[str, Any], status: str = "completed", **more: Any) -> bytes:
    whole = {"id": "resp_1", "object": "response", "model": "gpt-x", "status": status, "output": list(output), **more}
    return json.dumps(whole).encode()


def message(*content: dict[str, Any]) -> dict[str, Any]:
    return {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": list(content)}


def said(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": []}


REPLIES: dict[str, tuple[bytes, dict[str, Any]]] = {
    "text": (answered(message(said("Hi."))), {"text": "Hi."}),
    "two messages": (answered(message(said("a"), said("b")), message(said("c"))), {"text": "abc"}),
    "plain content": (answered({"type": "message", "role": "assistant", "content": "Hi."}), {"text": "Hi."}),
    "a refusal": (answered(message({"type": "refusal", "refusal": "No."})), {"text": "", "refusal": "No."}),
    "thoughts and calls": (
        answered(
            {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "Hm."}]},
            {"type": "reasoning", "id": "rs_0", "summary": []},
            {"type": "reasoning", "id": "rs_2", "summary": [], "encrypted_content": "gAA"},
            {"type": "reasoning", "id": "rs_3", "summary": [], "content": [{"type": "reasoning_text", "text": "So."}]},
            {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "f", "arguments": '{"a":1}'},
            {"type": "function_call", "id": "fc_2", "call_id": "call_2", "name": "g", "arguments": ""},
            {"type": "custom_tool_call", "id": "ctc_1", "call_id": "call_3", "name": "shell", "input": "ls"},
            {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search"}},
        ),
        {
            "text": "",
            "reasoning": (
                ReasoningPart(text="Hm.", id="rs_1", origin=NAME),
                ReasoningPart(data="gAA", id="rs_2", origin=NAME),
                ReasoningPart(text="So.", id="rs_3", origin=NAME),
            ),
            "tool_calls": (
                ToolCall(id="call_1", name="f", arguments='{"a":1}'),
                ToolCall(id="call_2", name="g", arguments="{}"),
                ToolCall(id="call_3", name="shell", arguments='{"input":"ls"}', kind="custom"),
            ),
            "finish": FinishReason.TOOL_CALLS,
        },
    ),
    "cut": (
        answered(message(said("Hi")), status="incomplete", incomplete_details={"reason": "max_output_tokens"}),
        {"text": "Hi", "finish": FinishReason.LENGTH},
    ),
    "filtered": (
        answered(status="incomplete", incomplete_details={"reason": "content_filter"}),
        {"text": "", "finish": FinishReason.CONTENT_FILTER},
    ),
    "cut for a reason nobody knows": (
        answered(message(said("Hi")), status="incomplete", incomplete_details={"reason": "moon"}),
        {"text": "Hi", "finish": FinishReason.OTHER},
    ),
    "usage": (
        answered(
            message(said("Hi.")),
            usage={
                "input_tokens": 10,
                "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 3},
                "output_tokens": 7,
                "output_tokens_details": {"reasoning_tokens": 5},
                "total_tokens": 17,
            },
        ),
        {"text": "Hi.", "usage": Usage(input=10, output=7, cached=4, cache_write=3, reasoning=5)},
    ),
    "usage with parts larger than the whole": (
        answered(
            message(said("Hi.")),
            usage={"input_tokens": 10, "output_tokens": 2, "input_tokens_details": {"cached_tokens": 99}},
        ),
        {"text": "Hi.", "usage": Usage(input=10, output=2, cached=10)},
    ),
    "cached tokens that only the total counts": (
        answered(
            message(said("Hi.")),
            usage={
                "input_tokens": 10,
                "output_tokens": 5,
                "total_tokens": 1015,
                "input_tokens_details": {"cached_tokens": 1000},
            },
        ),
        {"text": "Hi.", "usage": Usage(input=1010, output=5, cached=1000)},
    ),
    "usage nobody can read": (answered(message(said("Hi.")), usage={"input_tokens": "ten"}), {"text": "Hi."}),
}


@pytest.mark.parametrize(("body", "fields"), REPLIES.values(), ids=REPLIES)
def test_answers_are_read(dialect: OpenAIResponses, body: bytes, fields: dict[str, Any]) -> None:
    reply = dialect.read_reply(body, provider="acme")
    assert reply == Reply(id="resp_1", model="gpt-x", dialect=NAME, raw=body, **fields)


BROKEN: dict[str, tuple[bytes, FailureKind]] = {
    "not JSON": (b"<html>", FailureKind.GARBAGE),
    "half a character": (b'{"id":"\xe2"}', FailureKind.GARBAGE),
    "another API": (b'{"choices":[]}', FailureKind.GARBAGE),
    "under way": (answered(status="in_progress"), FailureKind.GARBAGE),
    "failed": (answered(status="failed", error={"code": "server_error", "message": "Oh."}), FailureKind.SERVER_ERROR),
    "cancelled": (answered(status="cancelled"), FailureKind.SERVER_ERROR),
    "an error as a success": (b'{"error":{"message":"Oh."}}', FailureKind.SERVER_ERROR),
    "an error in a word": (b'{"error":"Oh."}', FailureKind.SERVER_ERROR),
}


@pytest.mark.parametrize(("body", "kind"), BROKEN.values(), ids=BROKEN)
def test_what_is_no_answer_is_an_error(dialect: OpenAIResponses, body: bytes, kind: FailureKind) -> None:
    with pytest.raises(ProviderError) as failed:
        dialect.read_reply(body, provider="acme")
    assert failed.value.kind is kind


# --- written -------------------------------------------------------------------------------------------------------

FULL = Reply(
    text="Ok.",
    reasoning=(
        ReasoningPart(text="Hm.", signature="sig", origin="anthropic"),
        ReasoningPart(data="redacted", origin="anthropic"),
        ReasoningPart(text="Plain.", origin="openai-chat"),
    ),
    tool_calls=(
        ToolCall(id="call_1", name="f", arguments='{"a":1}', signature="gsig"),
        ToolCall(id="", name="shell", arguments='{"input":"ls"}', kind="custom"),
    ),
    finish=FinishReason.TOOL_CALLS,
    usage=Usage(input=10, output=7, cached=4, cache_write=1, reasoning=5),
    model="claude-x",
    dialect="anthropic",
    notes=("Something was left out.",),
)
WRITTEN: dict[str, Reply] = {
    "everything": FULL,
    "text": Reply(text="Hi.", dialect="anthropic"),
    "nothing": Reply(text="", dialect="anthropic"),
    "cut": Reply(text="Hi", finish=FinishReason.LENGTH, dialect="anthropic"),
    "a cut call": Reply(
        text="Hi", finish=FinishReason.LENGTH, tool_calls=(ToolCall(id="c", name="f", arguments='{"a'),)
    ),
    "refused": Reply(text="", refusal="No.", finish=FinishReason.CONTENT_FILTER, dialect="anthropic"),
}
ASKED: dict[str, Any] = {
    "instructions": "Be brief.",
    "tools": [
        {"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": False},
        {"type": "custom", "name": "shell"},
        {"type": "web_search"},
    ],
    "tool_choice": {"type": "function", "name": "f"},
    "text": {"format": {"type": "json_schema", "name": "n", "schema": {"type": "object"}}, "verbosity": "low"},
    "reasoning": {"effort": "high", "summary": "auto"},
    "max_output_tokens": 100,
    "temperature": 0.5,
    "top_p": 0.9,
    "metadata": {"k": "v"},
    "previous_response_id": "resp_0",
    "parallel_tool_calls": False,
    "store": False,
    "user": None,
}


@pytest.mark.parametrize("asked", [{}, ASKED], ids=["plain", "everything"])
@pytest.mark.parametrize("reply", WRITTEN.values(), ids=WRITTEN)
def test_written_answers_pass_the_clients_types(
    dialect: OpenAIResponses, caller: Maker, reply: Reply, asked: dict[str, Any]
) -> None:
    from openai.types.responses import Response

    written = dialect.write_reply(reply, task=caller(**asked), model="acme/x")
    whole = json.loads(written)
    response = Response.model_validate(whole)
    assert response.output_text == reply.text
    for name, value in asked.items():
        assert whole[name] == value
    back = dialect.read_reply(written, provider="podium")
    assert (back.text, back.refusal, back.finish) == (reply.text, reply.refusal, reply.finish)
    assert (back.usage, back.model) == (reply.usage, reply.model or "acme/x")


def test_other_wires_reasoning_and_signatures_come_back(dialect: OpenAIResponses, caller: Maker) -> None:
    """A client that sends the output back, as it must, sends the next provider what that provider needs."""
    output = json.loads(dialect.write_reply(FULL, task=caller(), model="m"))["output"]
    assert [item["type"] for item in output] == [
        *("reasoning", "reasoning", "reasoning", "message", "reasoning", "function_call", "custom_tool_call")
    ]
    turn = caller(input=output).messages[0]
    thoughts = [part for part in turn.parts if isinstance(part, ReasoningPart)]
    assert thoughts[:2] == list(FULL.reasoning[:2])
    assert [(call.id, call.arguments, call.signature) for call in turn.tool_calls] == [
        ("call_1", '{"a":1}', "gsig"),
        (output[-1]["call_id"], '{"input":"ls"}', None),
    ]


def test_what_nobody_stated_is_null_and_what_was_lost_is_said(dialect: OpenAIResponses, caller: Maker) -> None:
    plain = json.loads(dialect.write_reply(WRITTEN["text"], task=caller(), model="m"))
    assert plain["usage"] is None
    assert "podium" not in plain
    assert json.loads(dialect.write_reply(FULL, task=caller(), model="m"))["podium"] == {"notes": list(FULL.notes)}


def test_this_dialects_own_bytes_are_passed_on(dialect: OpenAIResponses, caller: Maker) -> None:
    raw = answered(message(said("Hi.")), strange=1)
    reply = dialect.read_reply(raw, provider="acme")
    assert dialect.write_reply(reply, task=caller(), model="m") is raw


def test_the_official_client_reads_a_whole_answer(
    dialect: OpenAIResponses, caller: Maker, client_given: Callable[[bytes], Any]
) -> None:
    client = client_given(dialect.write_reply(FULL, task=caller(), model="m"))
    response = client.responses.create(model="m", input="Hi.")
    assert response.output_text == "Ok."
    assert response.output[-2].arguments == '{"a":1}'
    assert response.usage.output_tokens_details.reasoning_tokens == 5


# --- errors --------------------------------------------------------------------------------------------------------

ERRORS: tuple[PodiumError, ...] = (
    InvalidRequest("No.", remedy="Mend it.", param="input"),
    AllAttemptsFailed("All.", remedy="Wait.", decision_id="dec_1", tried=("a",), http_status=429),
    ProviderError("Oh.", kind=FailureKind.SERVER_ERROR, provider="acme", http_status=500),
)


@pytest.mark.parametrize("error", ERRORS)
def test_a_stream_error_is_raised_by_the_client(
    dialect: OpenAIResponses, error: PodiumError, client_given: Callable[[bytes], Any]
) -> None:
    from openai import APIError

    event = dialect.write_stream_error(error)
    with pytest.raises(APIError, match=str(error).split(".")[0]):
        list(client_given(event).responses.create(model="m", input="Hi.", stream=True))


def test_a_stream_error_is_also_the_apis_own_event(dialect: OpenAIResponses) -> None:
    from openai.types.responses import ResponseErrorEvent

    event = dialect.write_stream_error(ERRORS[0])
    assert event.startswith(b"event: error\ndata: ")
    read = ResponseErrorEvent.model_validate_json(event.split(b"data: ")[1])
    assert (read.message, read.param, read.code) == ("No. Mend it.", "input", "invalid_request")


def test_errors_are_openais(dialect: OpenAIResponses) -> None:
    assert json.loads(dialect.write_error(ERRORS[0]))["error"]["param"] == "input"
    assert dialect.http_status(ERRORS[1]) == 429
