"""Whole answers, errors and lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from google.genai import errors as google_errors
from google.genai import types

from podium.core.errors import (
    AllAttemptsFailed,
    FailureKind,
    InvalidRequest,
    PodiumError,
    ProviderError,
    RequirementsNotMet,
    UnknownModel,
)
from podium.core.messages import FinishReason, Options, ReasoningPart, Reply, ToolCall
from podium.core.tasks import Task
from podium.core.usage import Usage
from podium.models.dialects.gemini import Gemini
from podium.models.dialects.gemini.listings import ListedModel

DIALECT = Gemini()


def answer(*parts: Any, finish: str | None = "STOP", **more: Any) -> bytes:
    candidate = {"content": {"parts": list(parts), "role": "model"}, "finishReason": finish}
    return msgspec.json.encode({"candidates": [candidate], "modelVersion": "m", "responseId": "r", **more})


def read(body: bytes) -> Reply:
    return DIALECT.read_reply(body, provider="p")


def test_a_whole_answer() -> None:
    usage = {
        "promptTokenCount": 10,
        "cachedContentTokenCount": 4,
        "candidatesTokenCount": 5,
        "thoughtsTokenCount": 7,
        "toolUsePromptTokenCount": 3,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 8}, {"modality": "AUDIO", "tokenCount": 2}],
        "candidatesTokensDetails": [{"modality": "AUDIO", "tokenCount": 1}],
    }
    body = answer(
        {"text": "hm", "thought": True},
        {"text": "m", "thought": True, "thoughtSignature": "c2ln"},
        {"text": "Hel"},
        {"text": "lo", "thoughtSignature": "dA=="},
        {"functionCall": {"name": "f", "id": "i", "args": {"n": 1.50}}, "thoughtSignature": "Yw=="},
        {"functionCall": {"name": "g"}},
        usageMetadata=usage,
    )
    reply = read(body)
    assert reply.text == "Hello"
    assert reply.reasoning == (
        ReasoningPart(text="hmm", signature="c2ln", origin="gemini"),
        ReasoningPart(signature="dA==", origin="gemini"),
    )
    first, second = reply.tool_calls
    assert first == ToolCall(id="i", name="f", arguments='{"n":1.5}', signature="Yw==")
    assert (second.name, second.arguments) == ("g", "{}")
    assert second.id.startswith("call_")
    assert reply.finish is FinishReason.TOOL_CALLS
    assert reply.usage == Usage(input=13, cached=4, output=12, reasoning=7, audio_input=2, audio_output=1)
    assert (reply.id, reply.model, reply.dialect, reply.raw, reply.notes) == ("r", "m", "gemini", body, ())


@pytest.mark.parametrize(
    ("wire", "reason"),
    [
        ("STOP", "stop"),
        ("MAX_TOKENS", "length"),
        *((name, "content_filter") for name in ("SAFETY", "BLOCKLIST", "SPII", "PROHIBITED_CONTENT", "RECITATION")),
        *((name, "content_filter") for name in ("LANGUAGE", "IMAGE_SAFETY", "MODEL_ARMOR")),
        ("OTHER", "other"),
        ("SOMETHING_NEW", "other"),
        (None, "stop"),
    ],
)
def test_why_it_stopped(wire: str | None, reason: str) -> None:
    assert read(answer({"text": "a"}, finish=wire)).finish == reason


@pytest.mark.parametrize("wire", ["MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS"])
def test_a_faulty_end_is_an_error_with_its_usage(wire: str) -> None:
    with pytest.raises(ProviderError) as caught:
        read(answer(finish=wire, usageMetadata={"promptTokenCount": 3}))
    assert caught.value.kind is FailureKind.GARBAGE
    assert caught.value.usage == Usage(input=3)


def test_a_blocked_prompt_is_a_refusal() -> None:
    body = msgspec.json.encode({"promptFeedback": {"blockReason": "BLOCKLIST"}})
    reply = read(body)
    assert (reply.text, reply.refusal, reply.finish) == (
        "",
        "The prompt was blocked: BLOCKLIST.",
        FinishReason.CONTENT_FILTER,
    )


def test_an_error_inside_a_success() -> None:
    with pytest.raises(ProviderError, match="overloaded") as caught:
        read(b'{"error": {"code": 503, "message": "overloaded"}}')
    assert caught.value.kind is FailureKind.SERVER_ERROR
    with pytest.raises(ProviderError) as caught:
        read(b"{}")
    assert caught.value.kind is FailureKind.GARBAGE


def test_what_cannot_be_told_is_noted() -> None:
    reply = read(answer({"inlineData": {"mimeType": "image/png", "data": "QUJD"}}, {"executableCode": {"code": "1"}}))
    assert len(reply.notes) == 2
    assert "inlineData" in reply.notes[0]


@pytest.mark.parametrize(
    ("stated", "usage"),
    [
        (None, None),
        ({}, None),
        ({"promptTokenCount": "x"}, None),
        ({"promptTokenCount": 5}, Usage(input=5)),
        ({"promptTokenCount": -5, "candidatesTokenCount": 3, "thoughtsTokenCount": None}, Usage(output=3)),
        ({"promptTokenCount": 5, "cachedContentTokenCount": 9}, Usage(input=5, cached=5)),
    ],
)
def test_figures(stated: Any, usage: Usage | None) -> None:
    assert read(answer({"text": "a"}, usageMetadata=stated)).usage == usage


# --- written --------------------------------------------------------------------------------------------------------


def test_the_same_dialect_gets_the_providers_bytes(new_task: Callable[..., Task]) -> None:
    body = answer({"text": "a"}, new_field=1)
    assert DIALECT.write_reply(read(body), task=new_task(), model="m") == body
    foreign = msgspec.structs.replace(read(body), dialect="openai-chat")
    assert DIALECT.write_reply(foreign, task=new_task(), model="m") != body


@pytest.mark.parametrize("shown", [True, False])
def test_what_is_written_reads_as_itself(new_task: Callable[..., Task], shown: bool) -> None:
    reply = Reply(
        text="so",
        reasoning=(ReasoningPart(text="hm", signature="c2ln", origin="gemini"),) if shown else (),
        tool_calls=(ToolCall(id="a", name="f", arguments='{"n":1.50}'), ToolCall(id="b", name="g", arguments="")),
        finish=FinishReason.TOOL_CALLS,
        usage=Usage(input=10, cached=4, output=12, reasoning=7),
        model="gpt",
    )
    body = DIALECT.write_reply(reply, task=new_task(options=Options(show_reasoning=shown)), model="m")
    known = types.GenerateContentResponse.model_validate_json(body)
    assert known.text == "so"
    assert known.model_version == "gpt"
    back = read(body)
    calls = (reply.tool_calls[0], msgspec.structs.replace(reply.tool_calls[1], arguments="{}"))
    assert (back.text, back.reasoning, back.tool_calls, back.finish, back.usage) == (
        "so",
        reply.reasoning,
        calls,
        reply.finish,
        reply.usage,
    )


def test_an_empty_answer_still_has_a_part_and_a_refusal_is_said(new_task: Callable[..., Task]) -> None:
    empty = msgspec.json.decode(DIALECT.write_reply(Reply(text=""), task=new_task(), model="m"))
    assert empty["candidates"][0]["content"]["parts"] == [{"text": ""}]
    assert "usageMetadata" not in empty
    no = Reply(text="", refusal="no", finish=FinishReason.CONTENT_FILTER)
    refused = types.GenerateContentResponse.model_validate_json(DIALECT.write_reply(no, task=new_task(), model="m"))
    assert refused.text == "no"
    assert refused.candidates
    assert refused.candidates[0].finish_reason is types.FinishReason.SAFETY


def test_broken_arguments_are_never_passed_on(new_task: Callable[..., Task]) -> None:
    broken = (ToolCall(id="a", name="f", arguments='{"x'),)
    with pytest.raises(ProviderError):
        DIALECT.write_reply(Reply(text="", tool_calls=broken), task=new_task(), model="m")
    cut = Reply(text="a", tool_calls=broken, finish=FinishReason.LENGTH)
    assert read(DIALECT.write_reply(cut, task=new_task(), model="m")).tool_calls == ()


# --- errors ---------------------------------------------------------------------------------------------------------


def refused(status: int, **more: Any) -> ProviderError:
    return ProviderError("no", kind=FailureKind.BAD_REQUEST, provider="p", http_status=status, **more)


@pytest.mark.parametrize(
    ("error", "code", "status"),
    [
        (InvalidRequest("bad", remedy="Mend it.", param="contents"), 400, "INVALID_ARGUMENT"),
        (UnknownModel("no such"), 404, "NOT_FOUND"),
        (RequirementsNotMet("none", reasons=("a: b",)), 422, "INVALID_ARGUMENT"),
        (refused(401), 401, "UNAUTHENTICATED"),
        (refused(403), 403, "PERMISSION_DENIED"),
        (refused(429, retry_after_s=3), 429, "RESOURCE_EXHAUSTED"),
        (refused(529), 502, "UNAVAILABLE"),
        (refused(418), 418, "INVALID_ARGUMENT"),
        (PodiumError("oh"), 500, "INTERNAL"),
        (
            AllAttemptsFailed("all", remedy="Wait.", decision_id="d", tried=("a",), http_status=504),
            504,
            "DEADLINE_EXCEEDED",
        ),
    ],
)
def test_errors_in_googles_shape(error: PodiumError, code: int, status: str) -> None:
    body = msgspec.json.decode(DIALECT.write_error(error))
    assert DIALECT.http_status(error) == code
    assert (body["error"]["code"], body["error"]["status"]) == (code, status)
    assert body["error"]["message"] == str(error)  # the remedy included
    assert all("@type" in detail for detail in body["error"]["details"])
    with pytest.raises(google_errors.APIError) as caught:
        google_errors.APIError.raise_error(code, body, None)
    assert caught.value.status == status


def test_a_providers_own_error_is_passed_on_where_it_has_this_shape() -> None:
    own = b'{"error": {"code": 400, "message": "x", "status": "INVALID_ARGUMENT"}}'
    assert DIALECT.write_error(refused(400, body=own)) == own
    for other in (b'{"error": {"message": "x", "type": "invalid"}}', b"<html>", b"[]"):
        assert DIALECT.write_error(refused(400, body=other)) != other


# --- lists ----------------------------------------------------------------------------------------------------------


def test_token_counts() -> None:
    body = DIALECT.write_token_count(7)
    assert types.CountTokensResponse.model_validate_json(body).total_tokens == 7
    assert DIALECT.read_token_count(body, provider="p") == 7
    with pytest.raises(ProviderError):
        DIALECT.read_token_count(b"{}", provider="p")


def test_models() -> None:
    models = [ListedModel(name="a", display_name="A", input_tokens=5, output_tokens=2), ListedModel(name="b")]
    first, second = msgspec.json.decode(DIALECT.write_models(models))["models"]
    assert first == {
        "name": "models/a",
        "displayName": "A",
        "inputTokenLimit": 5,
        "outputTokenLimit": 2,
        "supportedGenerationMethods": ["generateContent", "streamGenerateContent", "countTokens"],
    }
    assert second["displayName"] == "b"
    assert msgspec.json.decode(DIALECT.write_model(models[0])) == first
    assert types.Model.model_validate({"name": first["name"]}).name == "models/a"


def test_the_dialect_is_found_by_its_name() -> None:
    from podium.models.dialects.registry import by_name

    assert isinstance(by_name("gemini"), Gemini)
