"""Streams written for callers: read back they say the same, and the official client agrees."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.core.errors import FailureKind, ProviderError
from podium.core.messages import (
    Finished,
    FinishReason,
    Noted,
    OpaqueDelta,
    Options,
    Payload,
    ReasoningDelta,
    ReasoningSealed,
    RefusalDelta,
    StreamEvent,
    TextDelta,
    Tool,
    ToolCallDelta,
    UsageSeen,
)
from podium.core.tasks import Task
from podium.core.usage import Usage
from podium.models.dialects import OpenAIChat

WIRE = OpenAIChat()
NOW = datetime(2030, 1, 1, tzinfo=UTC)
USAGE = Usage(input=10, output=5, cached=4, reasoning=3)


def writer(*, wants_usage: bool = True, tools: tuple[Tool, ...] = ()) -> Any:
    payload = Payload(dialect="openai-chat", fields={}, wants_usage=wants_usage)
    task = Task(id="tsk_1", messages=(), received_at=NOW, options=Options(tools=tools), payload=payload)
    return WIRE.stream_writer(task=task, model="m", input_tokens=9)


def chunks(stream: bytes) -> list[Any]:
    data = [event.removeprefix(b"data: ") for event in stream.split(b"\n\n")[:-1]]
    return [each.decode() if each == b"[DONE]" else json.loads(each) for each in data]


def deltas(stream: bytes) -> list[Any]:
    return [chunk["choices"][0]["delta"] for chunk in chunks(stream) if isinstance(chunk, dict) and chunk["choices"]]


def test_a_stream_from_its_first_word_to_its_end_mark() -> None:
    out = writer()
    assert out.write(()) == b""
    first = out.write((TextDelta("Hel"), TextDelta("lo")))
    rest = out.write((Finished(FinishReason.STOP), UsageSeen(USAGE)))
    said = chunks(first + rest + out.close())
    head = {"id": "chatcmpl-tsk_1", "object": "chat.completion.chunk", "created": int(NOW.timestamp()), "model": "m"}

    def chunk(delta: Any, finish: str | None = None) -> Any:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return {**head, "choices": [choice], "usage": None}

    assert said[:-2] == [
        chunk({"role": "assistant", "content": ""}),
        chunk({"content": "Hel"}),
        chunk({"content": "lo"}),
        chunk({}, "stop"),
    ]
    assert said[-2]["choices"] == []
    assert said[-2]["usage"]["prompt_tokens_details"]["cached_tokens"] == 4
    assert said[-1] == "[DONE]"


def test_usage_only_for_who_asked() -> None:
    out = writer(wants_usage=False)
    stream = out.write((TextDelta("x"), UsageSeen(USAGE), Finished(FinishReason.STOP))) + out.close()
    assert b"usage" not in stream
    foreign = Task(id="t", messages=(), received_at=NOW, payload=Payload(dialect="gemini", fields={}))
    assert b"usage" not in WIRE.stream_writer(task=foreign, model="m", input_tokens=0).write((TextDelta("x"),))


@pytest.mark.parametrize(
    ("reason", "called", "word"),
    [
        (FinishReason.STOP, False, "stop"),
        (FinishReason.STOP, True, "tool_calls"),
        (FinishReason.TOOL_CALLS, True, "tool_calls"),
        (FinishReason.LENGTH, True, "length"),
        (FinishReason.CONTENT_FILTER, False, "content_filter"),
        (FinishReason.OTHER, False, "stop"),
    ],
)
def test_the_finish_is_one_of_the_words_clients_know(reason: FinishReason, called: bool, word: str) -> None:
    out = writer()
    if called:
        out.write((ToolCallDelta(index=0, id="a", name="f"),))
    said = chunks(out.write((Finished(reason, 1),)))
    assert said[-1]["choices"][0]["finish_reason"] == word
    assert said[-1]["choices"][0]["index"] == 1


def test_calls_keep_their_index_and_name_themselves_once() -> None:
    out = writer()
    stream = out.write(
        (
            ToolCallDelta(index=0, id="a", name="f", signature="s"),
            ToolCallDelta(index=1, name="g", arguments="{"),
            ToolCallDelta(index=0, arguments="{}"),
            ToolCallDelta(index=1, arguments="}"),
        )
    )
    assert [delta["tool_calls"] for delta in deltas(stream)[1:]] == [
        [
            {
                "index": 0,
                "id": "a",
                "type": "function",
                "function": {"name": "f", "arguments": ""},
                "extra_content": {"google": {"thought_signature": "s"}},
            }
        ],
        [{"index": 1, "id": "call_1", "type": "function", "function": {"name": "g", "arguments": "{"}}],
        [{"index": 0, "function": {"arguments": "{}"}}],
        [{"index": 1, "function": {"arguments": "}"}}],
    ]


def test_calls_of_free_text_tools_come_whole() -> None:
    out = writer(tools=(Tool(name="run", kind="custom"),))
    held = out.write(
        (ToolCallDelta(index=0, id="a", name="run", arguments='{"inp'), ToolCallDelta(index=0, arguments='ut":"ls"}'))
    )
    assert held == b""
    said = chunks(out.write((Finished(FinishReason.TOOL_CALLS),)))
    assert said[1]["choices"][0]["delta"]["tool_calls"] == [
        {"index": 0, "id": "a", "type": "custom", "custom": {"name": "run", "input": "ls"}}
    ]
    assert said[-1]["choices"][0]["finish_reason"] == "tool_calls"


def test_what_has_no_place_leaves_no_trace() -> None:
    assert writer().write((Noted("x"), OpaqueDelta("server_tool"), UsageSeen(USAGE))) == b""


def test_a_broken_stream_ends_as_an_error() -> None:
    out = writer()
    out.write((TextDelta("x"),))
    end = chunks(out.fail(ProviderError("cut", kind=FailureKind.BROKEN_STREAM, provider="p")))
    assert end[0]["error"]["message"] == "cut"
    assert end[-1] == "[DONE]"


TEXTS = st.text(min_size=1, max_size=20)
BLOCKS = st.one_of(
    st.tuples(TEXTS.map(ReasoningDelta), st.builds(ReasoningSealed, signature=TEXTS, origin=st.just("anthropic"))),
    st.tuples(st.builds(ReasoningSealed, data=TEXTS, origin=st.just("openai-responses"), id=TEXTS)),
)
CALLS = st.lists(st.tuples(TEXTS, TEXTS, st.lists(TEXTS, max_size=3)), max_size=3, unique_by=lambda call: call[0])


@given(
    blocks=st.lists(BLOCKS, max_size=2),
    texts=st.lists(TEXTS.map(TextDelta), max_size=3),
    refusals=st.lists(TEXTS.map(RefusalDelta), max_size=1),
    calls=CALLS,
    reason=st.sampled_from([FinishReason.LENGTH, FinishReason.CONTENT_FILTER]),
    size=st.integers(1, 60),
)
def test_what_is_written_reads_back(
    blocks: list[Any], texts: list[Any], refusals: list[Any], calls: Any, reason: FinishReason, size: int
) -> None:
    events: list[StreamEvent] = [*texts, *refusals]
    for index, (call_id, name, pieces) in enumerate(calls):
        events.append(ToolCallDelta(index=index, id=call_id, name=name))
        events += [ToolCallDelta(index=index, arguments=each) for each in pieces]
    thoughts = [event for block in blocks for event in block]
    out = writer()
    stream = out.write([*thoughts, *events]) + out.write((UsageSeen(USAGE), Finished(reason))) + out.close()
    reader = WIRE.stream_reader(provider="p")
    frames = [frame for i in range(0, len(stream), size) for frame in reader.feed(stream[i : i + size])]
    back = [event for frame in frames for event in frame.events]
    assert back == [*thoughts, *events, Finished(reason), UsageSeen(USAGE)]
    assert frames[-1].closing


@pytest.fixture
def answering() -> Iterator[tuple[str, list[bytes]]]:
    """A server on this machine that answers every request with the bytes put into the list; and its address."""
    answers: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.send_header("content-type", WIRE.stream_type)
            self.end_headers()
            self.wfile.write(b"".join(answers))

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/v1", answers
        server.shutdown()
        thread.join()


def test_the_official_client_reads_it_and_skips_heartbeats(answering: tuple[str, list[bytes]]) -> None:
    import openai

    address, answers = answering
    out = writer()
    answers += [WIRE.heartbeat, out.write((ReasoningDelta("hm"), TextDelta("Hello"))), WIRE.heartbeat]
    answers.append(out.write((ToolCallDelta(index=0, id="a", name="f", arguments="{}"), UsageSeen(USAGE))))
    answers += [out.write((Finished(FinishReason.TOOL_CALLS),)), WIRE.heartbeat, out.close()]
    with openai.OpenAI(api_key="k", base_url=address, max_retries=0) as client:
        got = list(client.chat.completions.create(model="m", messages=[{"role": "user", "content": "hi"}], stream=True))
    said = [chunk.choices[0] for chunk in got if chunk.choices]
    assert "".join(choice.delta.content or "" for choice in said) == "Hello"
    assert [call.id for choice in said for call in choice.delta.tool_calls or ()] == ["a"]
    assert said[-1].finish_reason == "tool_calls"
    assert got[-1].usage is not None
    assert got[-1].usage.prompt_tokens == 10
