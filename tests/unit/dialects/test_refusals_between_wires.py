"""What two wires cannot say to each other, as the suite of all pairs found it: told or refused, never lost."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from podium.core.messages import (
    Finished,
    FinishReason,
    Message,
    Options,
    Payload,
    RefusalDelta,
    Reply,
    StreamEvent,
    TextDelta,
    TextPart,
    Tool,
    ToolCall,
)
from podium.core.tasks import Task
from podium.models.dialects import NotCarried, Quirks, by_name

HI = Message(role="user", parts=(TextPart("Hi"),))


def task(*messages: Message, dialect: str | None = None, **options: Any) -> Task:
    payload = None if dialect is None else Payload(dialect=dialect, fields={})
    return Task(
        id="tsk_1",
        messages=messages or (HI,),
        received_at=datetime(2026, 1, 2, tzinfo=UTC),
        options=Options(**options),
        payload=payload,
    )


# --- refusals and what a filter leaves -----------------------------------------------------------------------------


def _gemini_stream(*events: StreamEvent) -> list[Any]:
    writer = by_name("gemini").stream_writer(task=task(), model="m", input_tokens=1)
    written = writer.write(events) + writer.close()
    return [json.loads(line[6:]) for line in written.decode().splitlines() if line.startswith("data: ")]


@pytest.mark.parametrize(
    ("finish", "refusal", "told"),
    [
        (FinishReason.STOP, "no", "SAFETY"),
        (FinishReason.CONTENT_FILTER, "no", "SAFETY"),
        (FinishReason.LENGTH, "no", "MAX_TOKENS"),
        (FinishReason.STOP, None, "STOP"),
    ],
)
def test_a_refusal_finishes_as_one_at_a_gemini_client(finish: FinishReason, refusal: str | None, told: str) -> None:
    """OpenAI's refusals stop like answers, and this wire has no other place to say what they are."""
    reply = Reply(text="" if refusal else "yes", refusal=refusal, finish=finish)
    whole = json.loads(by_name("gemini").write_reply(reply, task=task(), model="m"))
    assert whole["candidates"][0]["finishReason"] == told
    streamed = _gemini_stream(RefusalDelta(refusal) if refusal else TextDelta("yes"), Finished(finish))
    assert streamed[-1]["candidates"][0]["finishReason"] == told
    assert "".join(each["candidates"][0]["content"]["parts"][0]["text"] for each in streamed) == (refusal or "yes")


def _read_stream(chunks: Sequence[dict[str, Any]]) -> list[StreamEvent]:
    reader = by_name("gemini").stream_reader(provider="google")
    frames = [frame for chunk in chunks for frame in reader.feed(b"data: " + json.dumps(chunk).encode() + b"\r\n\r\n")]
    return [event for frame in (*frames, *reader.close()) for event in frame.events]


def _chunk(*parts: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"candidates": [{"content": {"role": "model", "parts": list(parts)}, **more}]}


@pytest.mark.parametrize("reason", ["SAFETY", "SPII", "BLOCKLIST", "PROHIBITED_CONTENT"])
def test_an_answer_a_filter_left_nothing_of_says_so(reason: str) -> None:
    """A finish without any content would be taken for an empty answer, and nobody would read why."""
    body = json.dumps(_chunk(finishReason=reason)).encode()
    reply = by_name("gemini").read_reply(body, provider="google")
    assert reply.refusal == f"The answer was withheld: {reason}."
    assert reply.finish is FinishReason.CONTENT_FILTER
    assert _read_stream([_chunk(finishReason=reason)]) == [
        RefusalDelta(f"The answer was withheld: {reason}."),
        Finished(FinishReason.CONTENT_FILTER),
    ]


def test_an_answer_cut_by_a_filter_keeps_what_was_said() -> None:
    chunks = [_chunk({"text": "So far"}), _chunk(finishReason="SAFETY")]
    assert _read_stream(chunks) == [TextDelta("So far"), Finished(FinishReason.CONTENT_FILTER)]
    whole = json.dumps(_chunk({"text": "So far"}, finishReason="SAFETY")).encode()
    reply = by_name("gemini").read_reply(whole, provider="google")
    assert (reply.text, reply.refusal) == ("So far", None)


def test_the_vendors_own_words_for_it_come_first() -> None:
    chunk = _chunk(finishReason="SAFETY", finishMessage="Not that.")
    assert _read_stream([chunk])[0] == RefusalDelta("Not that.")


# --- what would be lost --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("caller", ["gemini", "openai-responses"])
def test_log_probabilities_are_refused_where_they_would_be_lost(caller: str) -> None:
    """The vendor would give them, and no answer in another dialect would hold them."""
    chat = by_name("openai-chat")
    with pytest.raises(NotCarried, match="Log probabilities") as caught:
        chat.write_request(task(dialect=caller, logprobs=True), model="m", stream=False, quirks=Quirks())
    assert caught.value.param == "logprobs"
    own = chat.write_request(task(logprobs=True), model="m", stream=False, quirks=Quirks())
    assert json.loads(own.body)["logprobs"] is True


@pytest.mark.parametrize(
    "marked",
    [
        task(Message(role="system", parts=(TextPart("Be brief.", cache="5m"),)), HI),
        task(Message(role="user", parts=(TextPart("Hi"),), cache="1h")),
        task(tools=(Tool(name="look", cache="5m"),)),
        task(
            HI,
            Message(role="assistant", tool_calls=(ToolCall(id="1", name="look", arguments="{}", cache="5m"),)),
            Message(role="tool", tool_call_id="1", parts=(TextPart("seen"),)),
        ),
    ],
)
def test_cache_marks_the_responses_api_lacks_are_reported(marked: Task) -> None:
    written = by_name("openai-responses").write_request(marked, model="m", stream=False, quirks=Quirks())
    assert any("Cache marks" in note for note in written.notes)


def test_without_cache_marks_nothing_is_reported() -> None:
    written = by_name("openai-responses").write_request(task(), model="m", stream=False, quirks=Quirks())
    assert written.notes == ()


# --- thinking ------------------------------------------------------------------------------------------------------


def test_who_wants_to_see_thinking_makes_a_claude_think() -> None:
    """Gemini's models think by themselves, so their callers only ask to see it."""
    asked = task(show_reasoning=True, max_tokens=32_000)
    written = by_name("anthropic").write_request(asked, model="claude-sonnet-4-5", stream=False, quirks=Quirks())
    assert json.loads(written.body)["thinking"]["type"] == "enabled"
    written = by_name("anthropic").write_request(task(), model="claude-sonnet-4-5", stream=False, quirks=Quirks())
    assert "thinking" not in json.loads(written.body)


CALL: Any = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}}
FOREIGN: Any = {"type": "thinking", "thinking": "Hm.", "signature": "podium:W10"}
OWN: Any = {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"}
RESULT: Any = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "seen"}


@pytest.mark.parametrize(
    ("said", "then", "thinks"),
    [
        ([FOREIGN, CALL], [RESULT], False),
        ([CALL], [RESULT], False),
        ([OWN, CALL], [RESULT], True),
        ([OWN, CALL], [RESULT, {"type": "text", "text": "And now?"}], True),
        ([{"type": "text", "text": "Done."}], [{"type": "text", "text": "And now?"}], True),
    ],
)
def test_a_turn_another_vendor_began_goes_on_without_thinking(said: Any, then: Any, thinks: bool) -> None:
    """The caller sent back what he was sent; Claude refuses to think from the middle of a turn, and says so by 400."""
    wire = by_name("anthropic")
    body = {
        "model": "auto",
        "max_tokens": 4096,
        "thinking": {"type": "enabled", "budget_tokens": 1024},
        "messages": [
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": said},
            {"role": "user", "content": then},
        ],
    }
    incoming = wire.read_request(json.dumps(body).encode())
    made = Task(
        id="tsk_1",
        messages=incoming.messages,
        received_at=datetime(2026, 1, 2, tzinfo=UTC),
        options=incoming.options,
        payload=incoming.payload,
    )
    written = wire.write_request(made, model="claude-sonnet-4-5", stream=False, quirks=Quirks())
    assert ("thinking" in json.loads(written.body)) is thinks
    assert bool(written.notes) is not thinks
