"""A signature that came on a text, or late, is Gemini's again in the next request, whichever wire the caller speaks."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from podium.core.messages import (
    FinishReason,
    Message,
    Options,
    ReasoningPart,
    Reply,
    TextPart,
    Tool,
    ToolCall,
)
from podium.core.tasks import Task
from podium.models.dialects import Dialect, OpenAIChat, Quirks
from podium.models.dialects.anthropic import Anthropic
from podium.models.dialects.gemini import Gemini
from podium.models.dialects.openai_responses import OpenAIResponses

GEMINI = Gemini()
NEWEST = "gemini-3-pro-preview"
SIGNATURE = "c2lnbmF0dXJl"
NOW = datetime(2030, 1, 1, tzinfo=UTC)
LATE = {"text": "", "thoughtSignature": SIGNATURE}
CALL = {"functionCall": {"name": "f", "args": {"a": 1}, "id": "id0"}}


def chunk(*parts: Any, **more: Any) -> dict[str, Any]:
    return {"candidates": [{"content": {"role": "model", "parts": list(parts)}, **more}], "responseId": "r"}


def asking(messages: tuple[Message, ...] = (), **fields: Any) -> Task:
    said = messages or (Message(role="user", parts=(TextPart("hi"),)),)
    options = Options(show_reasoning=True, reasoning_tokens=2000, tools=(Tool(name="f"),))
    return Task(id="tsk", messages=said, received_at=NOW, options=options, **fields)


def model_parts(messages: tuple[Message, ...], model: str = NEWEST) -> list[dict[str, Any]]:
    body = json.loads(GEMINI.write_request(asking(messages), model=model, stream=False, quirks=Quirks()).body)
    return [part for content in body["contents"] if content["role"] == "model" for part in content["parts"]]


# --- each caller's client sends back what it was sent ---------------------------------------------------------------


def back_from_anthropic(answer: dict[str, Any]) -> dict[str, Any]:
    turns = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": answer["content"]}]
    uses = [block for block in answer["content"] if block["type"] == "tool_use"]
    results = [{"type": "tool_result", "tool_use_id": use["id"], "content": "x"} for use in uses]
    after = results or [{"type": "text", "text": "go on"}]
    return {"model": "m", "max_tokens": 99, "messages": [*turns, {"role": "user", "content": after}]}


def back_from_chat(answer: dict[str, Any]) -> dict[str, Any]:
    message = answer["choices"][0]["message"]
    results = [{"role": "tool", "tool_call_id": call["id"], "content": "x"} for call in message.get("tool_calls") or ()]
    after = results or [{"role": "user", "content": "go on"}]
    return {"model": "m", "messages": [{"role": "user", "content": "hi"}, message, *after]}


def back_from_responses(answer: dict[str, Any]) -> dict[str, Any]:
    calls = [item["call_id"] for item in answer["output"] if item["type"] == "function_call"]
    after: list[Any] = [{"type": "function_call_output", "call_id": call, "output": "x"} for call in calls]
    said = {"role": "user", "content": "hi"}
    return {"model": "m", "input": [said, *answer["output"], *(after or [{"role": "user", "content": "go on"}])]}


Back = Callable[[dict[str, Any]], dict[str, Any]]
CALLERS: dict[str, tuple[Dialect, Back]] = {
    "anthropic": (Anthropic(), back_from_anthropic),
    "openai-chat": (OpenAIChat(), back_from_chat),
    "openai-responses": (OpenAIResponses(), back_from_responses),
}
each_caller = pytest.mark.parametrize("caller", CALLERS)


def sent_back(caller: str, *parts: Any) -> tuple[Message, ...]:
    """The caller's next request, after an answer of these parts."""
    wire, back = CALLERS[caller]
    reply = GEMINI.read_reply(json.dumps(chunk(*parts, finishReason="STOP")).encode(), provider="p")
    answer = json.loads(wire.write_reply(reply, task=asking(), model="m"))
    return wire.read_request(json.dumps(back(answer)).encode()).messages


@each_caller
def test_a_late_signature_goes_back_on_the_call(caller: str) -> None:
    (call,) = model_parts(sent_back(caller, CALL, LATE))
    assert call["functionCall"]["args"] == {"a": 1}
    assert call["thoughtSignature"] == SIGNATURE


@each_caller
def test_thoughts_do_not_take_the_late_signature_for_theirs(caller: str) -> None:
    parts = model_parts(sent_back(caller, {"text": "hm", "thought": True}, CALL, LATE))
    assert [part["thoughtSignature"] for part in parts if "functionCall" in part] == [SIGNATURE]
    assert all("thoughtSignature" not in part for part in parts if part.get("thought"))


@each_caller
@pytest.mark.parametrize("signed", [({"text": "so", "thoughtSignature": SIGNATURE},), ({"text": "so"}, LATE)])
def test_a_texts_signature_goes_back_on_the_text(caller: str, signed: tuple[Any, ...]) -> None:
    assert model_parts(sent_back(caller, *signed)) == [{"text": "so", "thoughtSignature": SIGNATURE}]


@each_caller
def test_a_calls_own_signature_stays_its_own(caller: str) -> None:
    parts = model_parts(sent_back(caller, CALL | {"thoughtSignature": "b3du"}, LATE))
    (call,) = [part for part in parts if "functionCall" in part]
    assert call["thoughtSignature"] == "b3du"
    assert [part for part in parts if "functionCall" not in part] == [LATE]


@each_caller
def test_streamed_it_is_told_after_the_call_and_before_the_end(caller: str) -> None:
    wire, _ = CALLERS[caller]
    reader = GEMINI.stream_reader(provider="p")
    writer = wire.stream_writer(task=asking(), model="m", input_tokens=1)
    chunks = (chunk(CALL), chunk(LATE, finishReason="STOP"))
    frames = reader.feed(b"".join(b"data: " + json.dumps(each).encode() + b"\n\n" for each in chunks))
    written = b"".join(writer.write(frame.events) for frame in frames) + writer.close()
    whole = json.dumps(wire_of(caller)).encode()  # what the same reply says whole holds the same seal
    seal = next(text for text in _texts(json.loads(whole)) if _opens(caller, text))
    assert seal.encode() in written


def wire_of(caller: str) -> Any:
    wire, _ = CALLERS[caller]
    reply = GEMINI.read_reply(json.dumps(chunk(CALL, LATE, finishReason="STOP")).encode(), provider="p")
    return json.loads(wire.write_reply(reply, task=asking(), model="m"))


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for each in inner for text in _texts(each)]


def _opens(caller: str, text: str) -> bool:
    """Whether a text of the answer is what carries the signature: nothing of the answer but that is so long."""
    return text == SIGNATURE if caller == "openai-chat" else len(text) > 40


# --- Gemini's own callers -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shown", [True, False])
def test_a_gemini_caller_gets_it_as_gemini_gives_it(shown: bool) -> None:
    reply = Reply(
        text="so",
        tool_calls=(ToolCall(id="a", name="f", arguments="{}"),),
        reasoning=(ReasoningPart(text="hm", origin="gemini"), ReasoningPart(signature=SIGNATURE, origin="gemini")),
        finish=FinishReason.TOOL_CALLS,
    )
    task = asking()
    task = Task(id="t", messages=task.messages, received_at=NOW, options=Options(show_reasoning=shown))
    parts = json.loads(GEMINI.write_reply(reply, task=task, model="m"))["candidates"][0]["content"]["parts"]
    assert LATE in parts
    assert (parts[0] == {"text": "hm", "thought": True}) is shown


def test_a_forwarded_turn_with_a_late_signature_stays_as_it_came() -> None:
    body = {"contents": [{"role": "user", "parts": [{"text": "hi"}]}, {"role": "model", "parts": [CALL, LATE]}]}
    incoming = GEMINI.read_request(json.dumps(body).encode())
    task = asking(incoming.messages, payload=incoming.payload)
    sent = json.loads(GEMINI.write_request(task, model=NEWEST, stream=False, quirks=Quirks()).body)
    assert sent["contents"] == body["contents"]


def test_a_damaged_envelope_never_reaches_google() -> None:
    call = CALL | {"thoughtSignature": "cG9kaXVtLnJlYXNvbmluZy4xAAAA"}
    incoming = GEMINI.read_request(json.dumps({"contents": [{"role": "model", "parts": [call]}]}).encode())
    for model in (NEWEST, "gemini-2.5-pro"):
        task = asking(incoming.messages, payload=incoming.payload)
        sent = GEMINI.write_request(task, model=model, stream=False, quirks=Quirks()).body
        assert b"cG9kaXVt" not in sent
        assert json.loads(sent)["contents"][0]["parts"][0]["functionCall"] == CALL["functionCall"]


# --- quirks, and the cost of a long stream --------------------------------------------------------------------------


def test_quirks_say_the_same_as_on_every_wire() -> None:
    body = {
        "contents": [{"parts": [{"text": "hi"}]}],
        "safetySettings": [{"category": "x"}],
        "cachedContent": None,
        "store": False,
        "labels": {"a": "b"},
    }
    incoming = GEMINI.read_request(json.dumps(body).encode())
    quirks = Quirks(
        refuses=frozenset(("store", "safetySettings", "cachedContent", "labels")),
        renames={"contents": "turns"},
        extra={"location": "eu"},
    )
    written = GEMINI.write_request(
        asking(incoming.messages, payload=incoming.payload), model="m", stream=False, quirks=quirks
    )
    assert json.loads(written.body) == {"turns": body["contents"], "location": "eu"}
    assert written.notes == tuple(
        f"`{name}` was left out: the provider does not take it." for name in ("labels", "safetySettings")
    )
