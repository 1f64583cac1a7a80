"""Streamed tool calls from backends with ways of their own; and the other odd things streams hold."""

from __future__ import annotations

import json
import time
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.core.errors import FailureKind, ProviderError
from podium.core.messages import (
    Finished,
    FinishReason,
    OpaqueDelta,
    ReasoningDelta,
    ReasoningSealed,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
)
from podium.models.dialects import OpenAIChat

WIRE = OpenAIChat()
ABSENT = object()


def piece(index: Any = ABSENT, call_id: Any = ABSENT, name: Any = ABSENT, arguments: Any = ABSENT, **more: Any) -> Any:
    function = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not ABSENT}
    given = {key: value for key, value in (("index", index), ("id", call_id)) if value is not ABSENT}
    return {**given, "function": function, **more}


def calls(*pieces: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {"tool_calls": list(pieces)}, "finish_reason": None}]}


def says(finish: str | None = None, **delta: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def closes(**message: Any) -> dict[str, Any]:
    return {"choices": [{"message": {"content": None, **message}, "finish_reason": "tool_calls"}]}


def opened(index: int, call_id: str | None, name: str, arguments: str = "", **more: Any) -> ToolCallDelta:
    return ToolCallDelta(index=index, id=call_id, name=name, arguments=arguments, **more)


def more(index: int, arguments: str) -> ToolCallDelta:
    return ToolCallDelta(index=index, arguments=arguments)


CASES: list[tuple[str, list[Any], list[Any]]] = [
    (
        "the wire as it is written",
        [calls(piece(0, "a", "f", "")), calls(piece(0, arguments="{")), calls(piece(0, arguments="}"))],
        [opened(0, "a", "f"), more(0, "{"), more(0, "}")],
    ),
    (
        "indices that begin at one",
        [calls(piece(1, "a", "f", "{}")), calls(piece(2, "b", "g", "{}"))],
        [opened(0, "a", "f", "{}"), opened(1, "b", "g", "{}")],
    ),
    (
        "always index 0, ids tell",
        [calls(piece(0, "a", "f", '{"x"')), calls(piece(0, arguments=":1}")), calls(piece(0, "b", "f", "{}"))],
        [opened(0, "a", "f", '{"x"'), more(0, ":1}"), opened(1, "b", "f", "{}")],
    ),
    (
        "always index 0, the same function, arguments later",
        [calls(piece(0, "a", "f", "")), calls(piece(0, "b", "f", "")), calls(piece(0, arguments="{}"))],
        [opened(0, "a", "f"), opened(1, "b", "f"), more(1, "{}")],
    ),
    (
        "always index 0 in one chunk",
        [calls(piece(0, "a", "f", "{}"), piece(0, "b", "f", "{}"))],
        [opened(0, "a", "f", "{}"), opened(1, "b", "f", "{}")],
    ),
    (
        "id and name again with every piece",
        [calls(piece(0, "a", "f", "{")), calls(piece(0, "a", "f", "}")), calls(piece(0, "a", "f", ""))],
        [opened(0, "a", "f", "{"), more(0, "}")],
    ),
    (
        "name again, no id at all",
        [calls(piece(0, ABSENT, "f", '{"x":')), calls(piece(0, ABSENT, "f", "1}"))],
        [opened(0, None, "f", '{"x":'), more(0, "1}")],
    ),
    (
        "two whole calls of one function, no ids, one index",
        [calls(piece(0, "", "f", '{"x":1}')), calls(piece(0, "", "f", '{"x":2}'))],
        [opened(0, None, "f", '{"x":1}'), opened(1, None, "f", '{"x":2}')],
    ),
    (
        "two functions, no ids, one index",
        [calls(piece(0, None, "f", "")), calls(piece(0, None, "g", "{}"))],
        [opened(0, None, "f"), opened(1, None, "g", "{}")],
    ),
    (
        "index null",
        [
            calls(piece(None, "a", "f", "")),
            calls(piece(None, None, None, "{")),
            calls(piece(None, arguments="}")),
            calls(piece(None, "b", "g", "{}")),
        ],
        [opened(0, "a", "f"), more(0, "{"), more(0, "}"), opened(1, "b", "g", "{}")],
    ),
    (
        "index absent, parallel pieces by their place",
        [
            calls(piece(ABSENT, "a", "f", ""), piece(ABSENT, "b", "g", "")),
            calls(piece(arguments="{}"), piece(arguments="[]")),
        ],
        [opened(0, "a", "f"), opened(1, "b", "g"), more(0, "{}"), more(1, "[]")],
    ),
    (
        "the id comes late and is kept to",
        [calls(piece(0, ABSENT, "f", "")), calls(piece(0, "a", ABSENT, "{")), calls(piece(None, "a", ABSENT, "}"))],
        [opened(0, None, "f"), more(0, "{"), more(0, "}")],
    ),
    (
        "interleaved",
        [
            calls(piece(0, "a", "f", "")),
            calls(piece(1, "b", "g", "")),
            calls(piece(0, arguments="{"), piece(1, arguments="[")),
            calls(piece(1, arguments="]")),
            calls(piece(0, arguments="}")),
        ],
        [opened(0, "a", "f"), opened(1, "b", "g"), more(0, "{"), more(1, "["), more(1, "]"), more(0, "}")],
    ),
    (
        "arguments only in the closing chunk",
        [
            calls(piece(0, "a", "f")),
            {"choices": [{"delta": {"tool_calls": [piece(0, arguments="{}")]}, "finish_reason": "tool_calls"}]},
        ],
        [opened(0, "a", "f"), more(0, "{}"), Finished(FinishReason.TOOL_CALLS)],
    ),
    (
        "arguments only in a closing message",
        [
            calls(piece(0, "a", "f", "")),
            {
                "choices": [
                    {
                        "message": {
                            "content": None,
                            "tool_calls": [{"id": "a", "function": {"name": "f", "arguments": "{}"}}],
                        },
                        "finish_reason": "stop",
                    }
                ]
            },
        ],
        [opened(0, "a", "f"), more(0, "{}"), Finished(FinishReason.TOOL_CALLS)],
    ),
    (
        "a closing message says again what the deltas said",
        [
            says(content="hi"),
            calls(piece(0, "a", "f", "{}")),
            {
                "choices": [
                    {
                        "message": {
                            "content": "hi",
                            "tool_calls": [{"id": "a", "function": {"name": "f", "arguments": "{}"}}],
                        },
                        "finish_reason": "tool_calls",
                    }
                ]
            },
        ],
        [TextDelta("hi"), opened(0, "a", "f", "{}"), Finished(FinishReason.TOOL_CALLS)],
    ),
    (
        "nothing but a closing message",
        [
            {
                "choices": [
                    {
                        "message": {"content": "hi", "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]},
                        "finish_reason": "stop",
                    }
                ]
            }
        ],
        [TextDelta("hi"), opened(0, None, "f", "{}"), Finished(FinishReason.TOOL_CALLS)],
    ),
    (
        "stop after a call is tool_calls",
        [calls(piece(0, "a", "f", "{}")), says("stop")],
        [opened(0, "a", "f", "{}"), Finished(FinishReason.TOOL_CALLS)],
    ),
    ("a reason nobody knows", [says(content="x"), says("brand_new")], [TextDelta("x"), Finished(FinishReason.OTHER)]),
    (
        "Gemini's signature",
        [calls(piece(0, "a", "f", "{}", extra_content={"google": {"thought_signature": "s"}}))],
        [opened(0, "a", "f", "{}", signature="s")],
    ),
    (
        "the older form",
        [
            says(function_call={"name": "f", "arguments": ""}),
            says(function_call={"arguments": '{"x"'}),
            says(function_call={"arguments": ":1}"}),
            says("function_call"),
        ],
        [opened(0, None, "f"), more(0, '{"x"'), more(0, ":1}"), Finished(FinishReason.TOOL_CALLS)],
    ),
    (
        "free text",
        [
            calls({"index": 0, "id": "a", "type": "custom", "custom": {"name": "run", "input": ""}}),
            calls({"index": 0, "custom": {"input": 'say "'}}),
            calls({"index": 0, "custom": {"input": 'hi"\n'}}),
            calls({"index": 1, "id": "b", "type": "custom", "custom": {"name": "run", "input": "ls"}}),
            says("tool_calls"),
        ],
        [
            opened(0, "a", "run", '{"input":"'),
            more(0, 'say \\"'),
            more(0, 'hi\\"\\n'),
            opened(1, "b", "run", '{"input":"ls'),
            more(0, '"}'),
            more(1, '"}'),
            Finished(FinishReason.TOOL_CALLS),
        ],
    ),
    (
        "free text that a closing message brings, or tells again",
        [
            calls({"index": 0, "id": "a", "type": "custom", "custom": {"name": "run", "input": ""}}),
            calls({"index": 1, "id": "b", "type": "custom", "custom": {"name": "run", "input": "b"}}),
            closes(
                tool_calls=[
                    {"id": "a", "type": "custom", "custom": {"name": "run", "input": "l"}},
                    {"id": "b", "type": "custom", "custom": {"name": "run", "input": "b"}},
                ]
            ),
        ],
        [
            opened(0, "a", "run", '{"input":"'),
            opened(1, "b", "run", '{"input":"b'),
            more(0, "l"),
            more(0, '"}'),
            more(1, '"}'),
            Finished(FinishReason.TOOL_CALLS),
        ],
    ),
    (
        "sound is content",
        [says(audio={"id": "s"}), says(audio=None, function_call=None), says("stop")],
        [OpaqueDelta("audio"), Finished(FinishReason.STOP)],
    ),
    (
        "an empty reason to finish is none",
        [says("", content="a"), says("", content="b"), says("stop")],
        [TextDelta("a"), TextDelta("b"), Finished(FinishReason.STOP)],
    ),
    (
        "a refusal and calls without identifiers are told once, a closing message or not",
        [
            says(refusal="no"),
            calls(piece(0, ABSENT, "f", '{"x":1}')),
            calls(piece(1, ABSENT, "f", '{"x":2}')),
            closes(
                refusal="no",
                tool_calls=[
                    {"id": "late", "function": {"name": "f", "arguments": '{"x":1}'}},
                    {"function": {"name": "f", "arguments": '{"x":2}'}},
                    {"function": {"name": "f", "arguments": '{"x":3}'}},
                ],
            ),
        ],
        [
            RefusalDelta("no"),
            opened(0, None, "f", '{"x":1}'),
            opened(1, None, "f", '{"x":2}'),
            opened(2, None, "f", '{"x":3}'),
            Finished(FinishReason.TOOL_CALLS),
        ],
    ),
    (
        "the same call under two identifiers",
        [
            calls(piece(0, "a", "f", '{"x":1}')),
            closes(tool_calls=[{"id": "b", "function": {"name": "f", "arguments": '{"x":1}'}}]),
        ],
        [opened(0, "a", "f", '{"x":1}'), Finished(FinishReason.TOOL_CALLS)],
    ),
    (
        "brackets and quotes in strings, cut anywhere, close nothing",
        [
            calls(piece(0, ABSENT, "f", '{"x":"}\\')),
            calls(piece(0, ABSENT, "f", '"}')),
            calls(piece(0, ABSENT, "f", '"}')),
            calls(piece(0, ABSENT, "f", "{}")),
        ],
        [opened(0, None, "f", '{"x":"}\\'), more(0, '"}'), more(0, '"}'), opened(1, None, "f", "{}")],
    ),
    ("no choices", [{"choices": None}, {"usage": None}, {"choices": [], "usage": None}], []),
    (
        "content in parts, thinking among them",
        [
            says(content=[{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]),
            says(content=[{"type": "text", "text": "yes"}]),
        ],
        [ReasoningDelta("hm"), TextDelta("yes")],
    ),
    (
        "reasoning in both plain fields counts once",
        [says(reasoning="a", reasoning_content="a"), says(reasoning="b"), says(reasoning_content="c", reasoning=None)],
        [ReasoningDelta("a"), ReasoningDelta("b"), ReasoningDelta("c")],
    ),
    (
        "reasoning details: text, its signature, then a block nobody can read",
        [
            says(
                reasoning="I",
                reasoning_details=[
                    {"type": "reasoning.text", "text": "I", "index": 0, "format": "anthropic-claude-v1"}
                ],
            ),
            says(
                reasoning=" do",
                reasoning_details=[
                    {"type": "reasoning.text", "text": " do", "index": 0, "format": "anthropic-claude-v1"}
                ],
            ),
            says(
                reasoning_details=[
                    {"type": "reasoning.text", "signature": "s", "index": 0, "format": "anthropic-claude-v1"}
                ]
            ),
            says(
                reasoning_details=[
                    {"type": "reasoning.encrypted", "data": "x", "index": 1, "format": "anthropic-claude-v1"}
                ]
            ),
            says("stop"),
        ],
        [
            ReasoningDelta("I"),
            ReasoningDelta(" do"),
            ReasoningSealed(signature="s", origin="anthropic"),
            ReasoningSealed(data="x", origin="anthropic"),
            Finished(FinishReason.STOP),
        ],
    ),
    (
        "reasoning details: blocks without a seal end where the next begins, or the answer",
        [
            says(reasoning_details=[{"type": "reasoning.text", "text": "a", "index": 0}]),
            says(reasoning_details=[{"type": "reasoning.text", "text": "b", "index": 1}]),
            says(reasoning_details=[{"type": "reasoning.encrypted", "data": "x", "index": 2, "id": "q"}]),
            says(reasoning_details=[{"type": "reasoning.summary", "summary": "c", "index": 3, "id": "rs"}]),
            says("stop"),
        ],
        [
            ReasoningDelta("a"),
            ReasoningSealed(origin="openai-chat"),
            ReasoningDelta("b"),
            ReasoningSealed(origin="openai-chat"),
            ReasoningSealed(data="x", id="q", origin="openai-chat"),
            ReasoningDelta("c"),
            ReasoningSealed(id="rs", origin="openai-chat"),
            Finished(FinishReason.STOP),
        ],
    ),
    (
        "a summary and its cipher are one block",
        [
            says(
                reasoning_details=[
                    {"type": "reasoning.summary", "summary": "a", "id": "rs", "format": "openai-responses-v1"}
                ]
            ),
            says(
                reasoning_details=[
                    {"type": "reasoning.encrypted", "data": "x", "id": "rs", "format": "openai-responses-v1"}
                ]
            ),
        ],
        [ReasoningDelta("a"), ReasoningSealed(data="x", id="rs", origin="openai-responses")],
    ),
    (
        "details that cannot be read leave the plain text",
        [says(reasoning="a", reasoning_details="odd"), says(reasoning="b", reasoning_details=[])],
        [ReasoningDelta("a"), ReasoningDelta("b")],
    ),
]


def wire(chunks: list[Any]) -> bytes:
    return b"".join(b"data: " + json.dumps(chunk, ensure_ascii=False).encode() + b"\n\n" for chunk in chunks)


def read(stream: bytes, cuts: list[int]) -> list[Any]:
    reader = WIRE.stream_reader(provider="p")
    frames = [frame for a, b in pairwise(cuts) for frame in reader.feed(stream[a:b])] + reader.close()
    assert b"".join(frame.raw for frame in frames) == stream
    return [event for frame in frames for event in frame.events]


@pytest.mark.parametrize(("name", "chunks", "events"), CASES, ids=[case[0] for case in CASES])
def test_whole_and_byte_by_byte(name: str, chunks: list[Any], events: list[Any]) -> None:
    stream = wire(chunks)
    assert read(stream, [0, len(stream)]) == events, name
    assert read(stream, list(range(len(stream) + 1))) == events, name


@given(case=st.sampled_from(CASES), cuts=st.lists(st.integers(0, 3000), max_size=12))
def test_any_split_gives_the_same_events(case: tuple[str, list[Any], list[Any]], cuts: list[int]) -> None:
    stream = wire(case[1])
    assert read(stream, sorted({min(cut, len(stream)) for cut in cuts} | {0, len(stream)})) == case[2]


@pytest.mark.parametrize("split", [True, False])
def test_what_came_before_the_garbage_is_given_whatever_the_split(split: bool) -> None:
    good, bad = wire([says(content="x"), says("stop")]), b"data: <html>\n\n"
    reader = WIRE.stream_reader(provider="p")
    frames = reader.feed(good) if split else reader.feed(good + bad)
    assert [event for frame in frames for event in frame.events] == [TextDelta("x"), Finished(FinishReason.STOP)]
    for then in (lambda: reader.feed(bad if split else b""), reader.close if not split else lambda: reader.feed(bad)):
        with pytest.raises(ProviderError) as caught:
            then()
        assert caught.value.kind is FailureKind.GARBAGE


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 3) | st.sampled_from(["", "a", "f", "{}", "stop", "reasoning.text"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("choices", "delta", "message", "index", "id", "function", "name", "arguments", "custom", "usage"),
                    *("tool_calls", "content", "reasoning_details", "type", "text", "data", "signature", "audio"),
                    *("finish_reason", "extra_content", "google", "thinking", "error", "function_call", "refusal"),
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(
    deltas=st.lists(
        st.dictionaries(st.sampled_from(["content", "tool_calls", "reasoning_details", "audio"]), JSON, max_size=3),
        max_size=3,
    ),
    anything=JSON,
)
def test_no_json_crashes_the_reader(deltas: list[Any], anything: Any) -> None:
    reader = WIRE.stream_reader(provider="p")
    for chunk in [*({"choices": [{"delta": delta, "finish_reason": "stop"}]} for delta in deltas), anything]:
        try:
            reader.feed(wire([chunk]))
        except ProviderError as error:
            assert error.kind is FailureKind.GARBAGE  # noqa: PT017  # the only way out


def test_a_name_with_every_piece_costs_no_more_than_the_piece() -> None:
    """Quadratic, this would look at 8 GB; linear, at 0.4 MB."""
    pieces = ['{"text":"'] + ["abcdefghij" * 2] * 20_000 + ['"}']
    stream = wire([calls(piece(0, ABSENT, "f", text)) for text in pieces])
    began = time.process_time()
    events = read(stream, [0, len(stream)])
    assert time.process_time() - began < 5
    assert len(events) == len(pieces)
    assert {event.index for event in events} == {0}


def test_free_text_streams_read_back_as_whole_calls() -> None:
    body = {
        "choices": [
            {"message": {"tool_calls": [{"id": "a", "type": "custom", "custom": {"name": "run", "input": 'x"'}}]}}
        ]
    }
    (call,) = WIRE.read_reply(json.dumps(body).encode(), provider="p").tool_calls
    cut = [
        calls({"index": 0, "id": "a", "custom": {"name": "run", "input": "x"}}),
        calls({"index": 0, "custom": {"input": '"'}}),
        says("stop"),
    ]
    stream = wire(cut)
    deltas = [event for event in read(stream, [0, len(stream)]) if isinstance(event, ToolCallDelta)]
    assert "".join(event.arguments for event in deltas) == call.arguments
