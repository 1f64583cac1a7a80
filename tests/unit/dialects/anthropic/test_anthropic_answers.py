"""Anthropic: whole answers, errors and listings, checked against the official client's own types."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import anthropic
import httpx2
import pytest
from anthropic.types import ErrorResponse, MessageTokensCount, ModelInfo
from anthropic.types import Message as OfficialMessage
from hypothesis import given
from hypothesis import strategies as st

from podium.core.errors import (
    AllAttemptsFailed,
    FailureKind,
    InvalidRequest,
    PodiumError,
    ProviderError,
    RequestTooLarge,
    UnknownModel,
)
from podium.core.messages import FinishReason, Message, Options, Payload, ReasoningPart, Reply, TextPart, ToolCall
from podium.core.tasks import Task
from podium.core.usage import Usage
from podium.models.dialects.anthropic import Anthropic
from podium.models.dialects.anthropic.listings import (
    ModelEntry,
    model_body,
    model_list,
    read_count_request,
    write_count,
)

WIRE = Anthropic()
MINE = "anthropic"
STOP, CALLS = FinishReason.STOP, FinishReason.TOOL_CALLS


def task(payload: Payload | None = None, **options: Any) -> Task:
    return Task(
        id="tsk_1",
        messages=(Message(role="user", parts=(TextPart("Hi"),)),),
        received_at=datetime(2026, 1, 2, tzinfo=UTC),
        options=Options(**{"reasoning_tokens": -1, "show_reasoning": True, **options}),
        payload=payload,
    )


def body(*content: dict[str, Any], stop: str | None = "end_turn", usage: Any = None, **more: Any) -> bytes:
    fields = {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-x", "content": content,
        "stop_reason": stop, "stop_sequence": None, "usage": usage or {"input_tokens": 3, "output_tokens": 2}, **more,
    }  # fmt: skip
    return json.dumps(fields, separators=(",", ":")).encode()


USED = Usage(input=3, output=2)
BOTH_WAYS: list[tuple[str, bytes, Reply]] = [
    ("text", body({"type": "text", "text": "Hi"}), Reply(text="Hi", usage=USED)),
    (
        "thinking, text and calls",
        body(
            {"type": "thinking", "thinking": "Hm", "signature": "S=="},
            {"type": "redacted_thinking", "data": "Zm9v"},
            {"type": "text", "text": "So"},
            {"type": "tool_use", "id": "a", "name": "f", "input": {"x": 1.50}},
            {"type": "tool_use", "id": "b", "name": "g", "input": {}},
            stop="tool_use",
            usage={
                "input_tokens": 3, "cache_creation_input_tokens": 4, "cache_read_input_tokens": 5, "output_tokens": 9,
                "cache_creation": {"ephemeral_5m_input_tokens": 1, "ephemeral_1h_input_tokens": 3},
                "output_tokens_details": {"thinking_tokens": 6},
            },
        ),
        Reply(
            text="So",
            reasoning=(
                ReasoningPart(text="Hm", signature="S==", origin=MINE),
                ReasoningPart(data="Zm9v", origin=MINE),
            ),
            tool_calls=(
                ToolCall(id="a", name="f", arguments='{"x":1.5}'),
                ToolCall(id="b", name="g", arguments="{}"),
            ),
            finish=CALLS,
            usage=Usage(input=12, cached=5, cache_write=4, cache_write_1h=3, output=9, reasoning=6),
        ),
    ),
    ("cut", body({"type": "text", "text": "Hi"}, stop="max_tokens"), Reply(
        text="Hi", usage=USED, finish=FinishReason.LENGTH)),
    ("a stop sequence", body(stop="stop_sequence", stop_sequence="END"), Reply(
        text="", usage=USED, stop_sequence="END")),
]  # fmt: skip


def content_of(reply: Reply) -> tuple[Any, ...]:
    return (
        reply.text, reply.tool_calls, reply.reasoning, reply.refusal, reply.finish, reply.stop_sequence, reply.usage,
    )  # fmt: skip


@pytest.mark.parametrize(("wire", "reply"), [row[1:] for row in BOTH_WAYS], ids=[row[0] for row in BOTH_WAYS])
class TestBothWays:
    def test_read(self, wire: bytes, reply: Reply) -> None:
        read = WIRE.read_reply(wire, provider="acme")
        assert content_of(read) == content_of(reply)
        assert (read.id, read.model, read.dialect, read.raw) == ("msg_1", "claude-x", MINE, wire)

    def test_written(self, wire: bytes, reply: Reply) -> None:
        made = WIRE.write_reply(reply, task=task(), model="claude-x")
        shown, expected = json.loads(made), json.loads(wire)
        for name in ("type", "role", "model", "content", "stop_reason", "stop_sequence"):
            assert shown[name] == expected[name]
        for name, value in expected["usage"].items():
            assert shown["usage"][name] == value
        assert shown["id"] == "msg_tsk_1"
        OfficialMessage.model_validate(shown, strict=True)

    def test_relayed_to_its_own_kind(self, wire: bytes, reply: Reply) -> None:
        read = WIRE.read_reply(wire, provider="acme")
        assert WIRE.write_reply(read, task=task(Payload(dialect=MINE, fields={})), model="m") is wire
        assert WIRE.write_reply(read, task=task(Payload(dialect="openai-chat", fields={})), model="m") is not wire


@pytest.mark.parametrize(
    ("wire", "text", "calls", "finish"),
    [
        (body(stop="pause_turn"), "", 0, STOP),
        (body(stop="model_context_window_exceeded"), "", 0, FinishReason.LENGTH),
        (body(stop="refusal"), "", 0, FinishReason.CONTENT_FILTER),
        (body(stop="tired"), "", 0, FinishReason.OTHER),
        (body(stop=None), "", 0, STOP),
        (body({"type": "tool_use", "id": "a", "name": "f", "input": {}}), "", 1, CALLS),
        (body({"type": "tool_use", "id": "a", "name": "podium_answer", "input": {"x": 1}}, stop="tool_use"),
         '{"x":1}', 0, STOP),
        (body({"type": "tool_use", "id": "a", "name": "podium_answer", "input": {}}, stop="max_tokens"),
         "{}", 0, FinishReason.LENGTH),
        (body({"type": "text", "text": "a"}, {"type": "text", "text": "b"}), "ab", 0, STOP),
    ],
)  # fmt: skip
def test_what_answers_mean(wire: bytes, text: str, calls: int, finish: FinishReason) -> None:
    reply = WIRE.read_reply(wire, provider="acme")
    assert (reply.text, len(reply.tool_calls), reply.finish) == (text, calls, finish)


def test_a_refusal_explained_and_content_without_a_place() -> None:
    wire = body(
        {"type": "web_search_tool_result", "content": []},
        stop="refusal",
        stop_details={"type": "refusal", "explanation": "No."},
        usage="much",
    )
    reply = WIRE.read_reply(wire, provider="acme")
    assert reply.refusal == "No."
    assert "web_search_tool_result" in reply.notes[0]
    assert reply.usage is None


@pytest.mark.parametrize(
    ("wire", "kind"),
    [
        (b"<html>", FailureKind.GARBAGE),
        (b"[]", FailureKind.GARBAGE),
        (b"\xff", FailureKind.GARBAGE),
        (b'{"choices": []}', FailureKind.GARBAGE),
        (b'{"type": "error", "error": {"type": "api_error", "message": "m"}}', FailureKind.SERVER_ERROR),
    ],
)
def test_what_is_no_answer(wire: bytes, kind: FailureKind) -> None:
    with pytest.raises(ProviderError) as caught:
        WIRE.read_reply(wire, provider="acme")
    assert caught.value.kind is kind


@given(wire=st.binary(max_size=200))
def test_arbitrary_bytes_raise_nothing_else(wire: bytes) -> None:
    for read in (lambda: WIRE.read_reply(wire, provider="acme"), lambda: WIRE.read_request(wire)):
        with pytest.raises((ProviderError, InvalidRequest)):
            read()


class TestWritten:
    def test_reasoning_only_for_who_asked(self) -> None:
        reply = Reply(text="Hi", reasoning=(ReasoningPart(text="Hm", origin="openai-chat"),))
        silent = json.loads(WIRE.write_reply(reply, task=task(reasoning_tokens=None, show_reasoning=False), model="m"))
        assert [block["type"] for block in silent["content"]] == ["text"]
        shown = json.loads(WIRE.write_reply(reply, task=task(), model="m"))
        assert shown["content"][0]["thinking"] == "Hm"
        assert shown["content"][0]["signature"].startswith("podium:")

    def test_other_wires_calls(self) -> None:
        calls = (
            ToolCall(id="call_1", name="f", arguments=""),
            ToolCall(id="", name="g", arguments="{broken"),
            ToolCall(id="x", name="h", arguments="{}", signature="T=="),
        )
        content = json.loads(WIRE.write_reply(Reply(text="", tool_calls=calls), task=task(), model="m"))["content"]
        assert content[0] == {"type": "tool_use", "id": "call_1", "name": "f", "input": {}}
        assert content[1]["input"] == {"invalid_arguments": "{broken"}
        assert len({block["id"] for block in content}) == 3

    def test_refusals(self) -> None:
        made = json.loads(WIRE.write_reply(Reply(text="", refusal="I can't."), task=task(), model="m"))
        assert (made["content"][0]["text"], made["stop_reason"]) == ("I can't.", "refusal")


# --- errors --------------------------------------------------------------------------------------------------------


def failed(status: int) -> AllAttemptsFailed:
    return AllAttemptsFailed(
        "All failed.", remedy="Wait.", decision_id="dec_1", tried=("a/m: late",), http_status=status
    )


def provider_error(status: int, said: bytes) -> ProviderError:
    return ProviderError("acme said no.", kind=FailureKind.BAD_REQUEST, provider="acme", http_status=status, body=said)


ERRORS: list[tuple[PodiumError, int, str, type[anthropic.APIStatusError]]] = [
    (InvalidRequest("Bad.", remedy="Mend."), 400, "invalid_request_error", anthropic.BadRequestError),
    (provider_error(401, b""), 401, "authentication_error", anthropic.AuthenticationError),
    (provider_error(403, b""), 403, "permission_error", anthropic.PermissionDeniedError),
    (UnknownModel("No such model."), 404, "not_found_error", anthropic.NotFoundError),
    (RequestTooLarge("Too large."), 413, "request_too_large", anthropic.APIStatusError),
    (provider_error(422, b""), 422, "invalid_request_error", anthropic.UnprocessableEntityError),
    (failed(429), 429, "rate_limit_error", anthropic.RateLimitError),
    (PodiumError("Bug."), 500, "api_error", anthropic.InternalServerError),
    (failed(502), 502, "api_error", anthropic.InternalServerError),
    (failed(503), 529, "overloaded_error", anthropic.APIStatusError),
    (failed(504), 504, "timeout_error", anthropic.APIStatusError),
]


@pytest.mark.parametrize(("error", "status", "kind", "raised"), ERRORS)
def test_the_official_client_raises_errors(
    error: PodiumError, status: int, kind: str, raised: type[anthropic.APIStatusError]
) -> None:
    assert WIRE.http_status(error) == status
    value = json.loads(WIRE.write_error(error))
    assert value["type"] == "error"
    assert value["error"]["type"] == kind
    assert error.remedy in value["error"]["message"]
    if kind != "request_too_large":  # on the errors page, but not among the client's types
        ErrorResponse.model_validate(value)
    transport = httpx2.MockTransport(lambda request: httpx2.Response(status, content=WIRE.write_error(error)))
    with (
        httpx2.Client(transport=transport) as http,
        anthropic.Anthropic(api_key="k", base_url="http://a.example", http_client=http, max_retries=0) as client,
        pytest.raises(raised),
    ):
        client.messages.create(model="m", max_tokens=9, messages=[{"role": "user", "content": "Hi"}])


def test_a_providers_own_error_passes_in_its_own_shape_only() -> None:
    own = b'{"type": "error", "error": {"type": "invalid_request_error", "message": "max_tokens: too many"}}'
    assert WIRE.write_error(provider_error(400, own)) == own
    for other in (b'{"error": {"message": "no"}}', b"{", b"[]", b'{"type": "error", "error": "no"}'):
        assert b"acme said no." in WIRE.write_error(provider_error(400, other))
    assert b"\n\n" not in WIRE.write_stream_error(provider_error(400, b'{"type":\n\n"error"}'))[:-2]


# --- listings ------------------------------------------------------------------------------------------------------


def test_tokens_are_counted_without_a_limit() -> None:
    incoming = read_count_request(b'{"model": "m", "messages": [{"role": "user", "content": "Hi"}]}')
    assert incoming.messages == (Message(role="user", parts=(TextPart("Hi"),)),)
    MessageTokensCount.model_validate_json(write_count(14), strict=True)
    with pytest.raises(InvalidRequest):
        read_count_request(b'{"model": "m"}')


def test_models() -> None:
    entries = [
        ModelEntry(id=name, display_name=name.upper(), created_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
        for name in ("auto", "x")
    ]
    page = json.loads(model_list(entries))
    assert (page["has_more"], page["first_id"], page["last_id"]) == (False, "auto", "x")
    assert page["data"][1]["created_at"] == "2026-01-02T03:04:05Z"
    assert page["data"][0] == json.loads(model_body(entries[0]))
    for item in page["data"]:
        ModelInfo.model_validate(item)
    assert json.loads(model_list([])) == {"data": [], "has_more": False, "first_id": None, "last_id": None}
