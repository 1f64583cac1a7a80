"""Anthropic: streams read however they are cut, and streams written that read back as what they were made of."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import anthropic
import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podium.core.errors import FailureKind, ProviderError
from podium.core.messages import (
    Finished,
    FinishReason,
    Frame,
    Message,
    OpaqueDelta,
    Options,
    ReasoningDelta,
    ReasoningSealed,
    RefusalDelta,
    StreamEvent,
    StreamFault,
    TextDelta,
    TextPart,
    ToolCallDelta,
    UsageSeen,
)
from podium.core.tasks import Task
from podium.core.usage import Usage
from podium.models.dialects.anthropic import Anthropic

WIRE = Anthropic()
MINE = "anthropic"
STOP, CALLS, LENGTH = FinishReason.STOP, FinishReason.TOOL_CALLS, FinishReason.LENGTH


def event(kind: str, **fields: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields}, ensure_ascii=False)}\n\n".encode()


def begin(index: int, kind: str, **fields: Any) -> bytes:
    return event("content_block_start", index=index, content_block={"type": kind, **fields})


def delta(index: int, kind: str, **fields: Any) -> bytes:
    return event("content_block_delta", index=index, delta={"type": kind, **fields})


def end(index: int) -> bytes:
    return event("content_block_stop", index=index)


def start(**usage: int) -> bytes:
    return event("message_start", message={"id": "msg_1", "content": [], "usage": usage})


def last(reason: str | None, usage: dict[str, Any] | None = None, **fields: Any) -> bytes:
    return event("message_delta", delta={"stop_reason": reason, "stop_sequence": None, **fields}, usage=usage or {})


PING, DONE = event("ping"), event("message_stop")

CASES: list[tuple[str, bytes, list[StreamEvent]]] = [
    (
        "text with usage in both places",
        start(input_tokens=10, cache_creation_input_tokens=5, cache_read_input_tokens=20, output_tokens=1)
        + begin(0, "text", text="") + PING + delta(0, "text_delta", text="Grü") + delta(0, "text_delta", text="ß Gott")
        + end(0) + last("end_turn", {"output_tokens": 7, "output_tokens_details": {"thinking_tokens": 3}}) + DONE,
        [UsageSeen(Usage(input=35, cached=20, cache_write=5, output=1)), TextDelta("Grü"), TextDelta("ß Gott"),
         UsageSeen(Usage(input=35, cached=20, cache_write=5, output=7, reasoning=3)), Finished(STOP)],
    ),
    (
        "zeros after the first figures are none, corrections are",
        start(input_tokens=10) + last(None, {"input_tokens": 0, "output_tokens": 2})
        + last("max_tokens", {"input_tokens": 0, "cache_read_input_tokens": 9, "output_tokens": 3}),
        [UsageSeen(Usage(input=10)), UsageSeen(Usage(input=10, output=2)),
         UsageSeen(Usage(input=9, cached=9, output=3)), Finished(LENGTH)],
    ),
    (
        "thinking, sealed; redacted; hidden; and never sealed",
        begin(0, "thinking", thinking="", signature="") + delta(0, "thinking_delta", thinking="Hm")
        + delta(0, "signature_delta", signature="S==") + end(0)
        + begin(1, "redacted_thinking", data="Zm9v") + end(1)
        + begin(2, "thinking", thinking="") + delta(2, "signature_delta", signature="T") + end(2)
        + begin(3, "thinking", thinking="x") + end(3),
        [ReasoningDelta("Hm"), ReasoningSealed(signature="S==", origin=MINE), ReasoningSealed(data="Zm9v", origin=MINE),
         ReasoningSealed(signature="T", origin=MINE), ReasoningDelta("x"), ReasoningSealed(origin=MINE)],
    ),
    (
        "parallel calls are counted as calls, after text and a provider's own tool",
        begin(0, "text", text="") + delta(0, "text_delta", text="So") + end(0)
        + begin(1, "server_tool_use", id="s", name="web_search", input={})
        + delta(1, "input_json_delta", partial_json='{"q":') + end(1)
        + begin(2, "tool_use", id="a", name="f", input={}) + delta(2, "input_json_delta", partial_json="")
        + delta(2, "input_json_delta", partial_json='{"x": ') + delta(2, "input_json_delta", partial_json="1}") + end(2)
        + begin(3, "tool_use", id="b", name="g", input={}) + end(3) + last("tool_use") + DONE,
        [TextDelta("So"), OpaqueDelta("server_tool_use"), ToolCallDelta(index=0, id="a", name="f"),
         ToolCallDelta(index=0, arguments='{"x": '), ToolCallDelta(index=0, arguments="1}"),
         ToolCallDelta(index=1, id="b", name="g"), Finished(CALLS)],
    ),
    (
        "arguments given with the block's beginning alone",
        begin(0, "tool_use", id="a", name="f", input={"x": 1}) + end(0) + last("end_turn"),
        [ToolCallDelta(index=0, id="a", name="f"), ToolCallDelta(index=0, arguments='{"x": 1}'), Finished(CALLS)],
    ),
    (
        "an answer by forced call is text",
        begin(0, "tool_use", id="a", name="podium_answer", input={})
        + delta(0, "input_json_delta", partial_json='{"x":') + delta(0, "input_json_delta", partial_json="1}") + end(0)
        + last("tool_use") + DONE,
        [TextDelta('{"x":'), TextDelta("1}"), Finished(STOP)],
    ),
    (
        "citations",
        begin(0, "text", text="") + delta(0, "citations_delta", citation={"type": "page_location"}) + end(0),
        [OpaqueDelta("citations_delta")],
    ),
    (
        "a refusal explained, a stop sequence, an unknown reason",
        last("refusal", stop_details={"type": "refusal", "category": None, "explanation": "No."})
        + last("stop_sequence", stop_sequence="END") + last("tired"),
        [RefusalDelta("No."), Finished(FinishReason.CONTENT_FILTER), Finished(STOP, stop_sequence="END"),
         Finished(FinishReason.OTHER)],
    ),
    (
        "an error, and one that does not say it is",
        event("error", error={"type": "overloaded_error", "message": "Overloaded"})
        + b'data: {"error": "out of memory"}\n\n',
        [StreamFault(message="Overloaded", code="overloaded_error"), StreamFault(message="out of memory")],
    ),
    ("events and deltas nobody knows", event("new_event", x=1) + begin(0, "text", text="")
     + delta(0, "new_delta", text="x") + b": comment\n\n" + b"data: [DONE]\n\n", []),
    ("text without a block", delta(0, "text_delta", text="Hi"), [TextDelta("Hi")]),
    ("unreadable usage", start() + event("message_delta", delta={"stop_reason": "end_turn"}, usage="many"),
     [Finished(STOP)]),
]  # fmt: skip
STREAMS = [pytest.param(*row[1:], id=row[0]) for row in CASES]
WHOLE = b"".join(row[1] for row in CASES[:1])


def frames_of(pieces: list[bytes]) -> list[Frame]:
    reader = WIRE.stream_reader(provider="acme")
    frames = [frame for piece in pieces for frame in reader.feed(piece)]
    return frames + reader.close()


def events_of(frames: list[Frame]) -> list[StreamEvent]:
    return [event for frame in frames for event in frame.events]


@pytest.mark.parametrize(("wire", "events"), STREAMS)
class TestRead:
    def test_whole(self, wire: bytes, events: list[StreamEvent]) -> None:
        frames = frames_of([wire])
        assert events_of(frames) == events
        assert b"".join(frame.raw for frame in frames) == wire

    def test_one_byte_at_a_time(self, wire: bytes, events: list[StreamEvent]) -> None:
        assert frames_of([wire[at : at + 1] for at in range(len(wire))]) == frames_of([wire])

    def test_other_line_ends(self, wire: bytes, events: list[StreamEvent]) -> None:
        for line_end in (b"\r\n", b"\r"):
            other = wire.replace(b"\n", line_end)
            frames = frames_of([other])
            assert events_of(frames) == events
            assert b"".join(frame.raw for frame in frames) == other

    def test_without_the_last_line_end(self, wire: bytes, events: list[StreamEvent]) -> None:
        assert events_of(frames_of([wire[:-2]])) == events


@given(data=st.data())
@settings(max_examples=60)
def test_any_split(data: st.DataObject) -> None:
    wire = data.draw(st.sampled_from([row[1] for row in CASES]))
    cuts = sorted(data.draw(st.sets(st.integers(0, len(wire)), max_size=12)))
    edges = [0, *cuts, len(wire)]
    assert frames_of([wire[a:b] for a, b in pairwise(edges)]) == frames_of([wire])


def test_marks_of_frames() -> None:
    frames = frames_of([PING + DONE + event("new_event") + b": hello\n\n"])
    assert [(frame.idle, frame.closing) for frame in frames] == [
        (True, False), (False, True), (False, False), (True, False)]  # fmt: skip
    assert frames_of([WIRE.heartbeat])[0].idle
    assert frames_of([WIRE.end_mark])[0].closing


@pytest.mark.parametrize(
    "wire",
    [
        b"data: {\n\n",
        b"data: 3\n\n",
        b"data: \xff\n\n",
        b'data: {"type": 3}\n\n',
        begin(0, "text", text="") + delta(0, "input_json_delta", partial_json="{"),
        delta(4, "input_json_delta", partial_json="{"),
        begin(0, "tool_use", id="a", name="f") + delta(0, "text_delta", text="x"),
        event("content_block_start", index=0),
    ],
)
def test_garbage_is_named(wire: bytes) -> None:
    with pytest.raises(ProviderError) as caught:
        frames_of([wire])
    assert caught.value.kind is FailureKind.GARBAGE


def garbage_at_worst(wire: bytes) -> None:
    """Any other exception fails the test."""
    kind = FailureKind.GARBAGE
    try:
        frames_of([wire])
    except ProviderError as error:
        kind = error.kind
    assert kind is FailureKind.GARBAGE


@given(wire=st.binary(max_size=300))
@settings(max_examples=150)
def test_arbitrary_bytes_never_crash(wire: bytes) -> None:
    for sent in (wire, b"data: " + wire + b"\n\n"):
        garbage_at_worst(sent)


@given(data=st.data())
@settings(max_examples=200)
def test_mutated_streams_never_crash(data: st.DataObject) -> None:
    wire = bytearray(data.draw(st.sampled_from([row[1] for row in CASES])))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(wire) - 1))
        wire[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    garbage_at_worst(bytes(wire))


# --- written -------------------------------------------------------------------------------------------------------


def task(**options: Any) -> Task:
    return Task(
        id="tsk_1",
        messages=(Message(role="user", parts=(TextPart("Hi"),)),),
        received_at=datetime(2026, 1, 2, tzinfo=UTC),
        options=Options(**{"reasoning_tokens": -1, "show_reasoning": True, **options}),
    )


def write(events: list[StreamEvent], *, together: bool = False, **options: Any) -> bytes:
    writer = WIRE.stream_writer(task=task(**options), model="some-model", input_tokens=12)
    batches = [events] if together else [[one] for one in events]
    return b"".join(writer.write(batch) for batch in batches) + writer.close()


def accumulated(wire: bytes) -> Any:
    """What the official client makes of a stream."""

    def respond(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=wire)

    with (
        httpx2.Client(transport=httpx2.MockTransport(respond)) as http,
        anthropic.Anthropic(api_key="k", base_url="http://a.example", http_client=http, max_retries=0) as client,
        client.messages.stream(model="m", max_tokens=9, messages=[{"role": "user", "content": "Hi"}]) as stream,
    ):
        return stream.get_final_message()


def well_formed(wire: bytes) -> None:
    """One message_start, blocks strictly one after another, one message_stop, at the end."""
    kinds = []
    open_block: int | None = None
    next_block = 0
    for part in wire.split(b"\n\n")[:-1]:
        name, _, data = part.partition(b"\ndata: ")
        value = json.loads(data)
        assert name == b"event: " + value["type"].encode()
        kinds.append(value["type"])
        if value["type"] == "content_block_start":
            assert open_block is None
            assert value["index"] == next_block
            open_block, next_block = next_block, next_block + 1
        elif value["type"] == "content_block_delta":
            assert value["index"] == open_block
        elif value["type"] == "content_block_stop":
            assert value["index"] == open_block
            open_block = None
    assert kinds[0] == "message_start"
    assert kinds[-2:] == ["message_delta", "message_stop"]
    assert kinds.count("message_start") == kinds.count("message_stop") == kinds.count("message_delta") == 1
    assert open_block is None


def call(index: int, name: str, arguments: str = "") -> ToolCallDelta:
    return ToolCallDelta(index=index, id=f"call_{index}", name=name, arguments=arguments)


def more(index: int, arguments: str) -> ToolCallDelta:
    return ToolCallDelta(index=index, arguments=arguments)


class TestWritten:
    def test_the_official_client_reads_it(self) -> None:
        message = accumulated(
            write(
                [
                    ReasoningDelta("Hm"),
                    ReasoningSealed(signature="S==", origin=MINE),
                    ReasoningSealed(data="Zm9v", origin=MINE),
                    TextDelta("Grü"),
                    TextDelta("ß"),
                    call(0, "f"),
                    more(0, '{"x"'),
                    more(0, ": 1}"),
                    call(1, "g"),
                    Finished(CALLS),
                    UsageSeen(Usage(input=30, cached=10, cache_write=5, output=7, reasoning=2)),
                ]
            )
        )
        assert message.id == "msg_tsk_1"
        assert message.model == "some-model"
        assert [block.to_dict() for block in message.content] == [
            {"type": "thinking", "thinking": "Hm", "signature": "S=="},
            {"type": "redacted_thinking", "data": "Zm9v"},
            {"type": "text", "text": "Grüß"},
            {"type": "tool_use", "id": "call_0", "name": "f", "input": {"x": 1}},
            {"type": "tool_use", "id": "call_1", "name": "g", "input": {}},
        ]
        assert message.stop_reason == "tool_use"
        usage = message.usage
        assert (usage.input_tokens, usage.cache_read_input_tokens, usage.cache_creation_input_tokens) == (15, 10, 5)
        assert (usage.output_tokens, usage.output_tokens_details.thinking_tokens) == (7, 2)

    def test_interleaved_calls_come_out_one_after_another(self) -> None:
        events = [call(0, "f"), call(1, "g", '{"b'), more(0, '{"a"'), more(1, '": 2'), more(0, ": 1}"), more(1, "}")]
        for together in (False, True):
            wire = write([*events, Finished(CALLS)], together=together)
            well_formed(wire)
            assert [block.input for block in accumulated(wire).content] == [{"a": 1}, {"b": 2}]

    def test_a_call_after_a_whole_one_is_not_held_back(self) -> None:
        writer = WIRE.stream_writer(task=task(), model="m", input_tokens=1)
        writer.write([call(0, "f", '{"a": {"b": 1}}')])
        assert b"content_block_start" in writer.write([call(1, "g")])
        assert b'"partial_json":"{"' in writer.write([more(1, "{")])

    def test_late_text_and_reasoning_wait_for_the_call(self) -> None:
        wire = write([call(0, "f", '{"a":'), TextDelta("And"), ReasoningDelta("Hm"), more(0, "1}"), Finished(CALLS)])
        well_formed(wire)
        assert [block.type for block in accumulated(wire).content] == ["tool_use", "text", "thinking"]

    def test_reasoning_only_for_who_asked(self) -> None:
        events = [ReasoningDelta("Hm"), ReasoningSealed(signature="s", origin=MINE), TextDelta("Hi"), Finished(STOP)]
        silent = accumulated(write(events, reasoning_tokens=None, show_reasoning=False))
        assert [block.type for block in silent.content] == ["text"]
        hidden = accumulated(write(events, show_reasoning=False))
        assert (hidden.content[0].thinking, hidden.content[0].signature) == ("", "s")

    def test_reasoning_of_other_makers_is_marked_as_theirs(self) -> None:
        for seal in ([], [ReasoningSealed(signature="x", origin="google")], [ReasoningSealed(origin="openai-chat")]):
            message = accumulated(write([ReasoningDelta("Hm"), *seal, TextDelta("Hi"), Finished(STOP)]))
            assert message.content[0].signature.startswith("podium:")

    def test_refusals_and_stop_sequences(self) -> None:
        refused = accumulated(write([RefusalDelta("I can't."), Finished(STOP)]))
        assert (refused.content[0].text, refused.stop_reason) == ("I can't.", "refusal")
        stopped = accumulated(write([TextDelta("Hi"), Finished(STOP, stop_sequence="END")]))
        assert (stopped.stop_reason, stopped.stop_sequence) == ("stop_sequence", "END")

    def test_a_finish_waits_for_its_figures(self) -> None:
        writer = WIRE.stream_writer(task=task(), model="m", input_tokens=12)
        writer.write([TextDelta("Hi")])
        assert b"message_delta" not in writer.write([Finished(LENGTH)])
        assert writer.write([UsageSeen(Usage(input=3, output=2))]) == b""
        closed = writer.close()
        assert b'"max_tokens"' in closed
        assert b'"output_tokens":2' in closed
        assert closed.endswith(WIRE.end_mark)

    def test_figures_nobody_stated_are_estimated(self) -> None:
        message = accumulated(write([TextDelta("x" * 40), Finished(STOP)]))
        assert (message.usage.input_tokens, message.usage.output_tokens) == (12, 10)

    def test_a_call_without_an_identifier_gets_one(self) -> None:
        message = accumulated(write([ToolCallDelta(index=0, name="f", arguments="{}"), Finished(CALLS)]))
        assert message.content[0].id == "toolu_tsk_1_0"

    def test_a_broken_stream_is_no_end(self) -> None:
        writer = WIRE.stream_writer(task=task(), model="m", input_tokens=1)
        wire = writer.write([TextDelta("Hi")])
        error = ProviderError("acme broke off.", kind=FailureKind.OVERLOADED, provider="acme", remedy="Try again.")
        broken = wire + writer.fail(error)
        assert b"message_stop" not in broken
        with pytest.raises(anthropic.APIStatusError) as caught:
            accumulated(broken)
        assert "Try again." in str(caught.value)
        fault = [item for item in events_of(frames_of([broken])) if isinstance(item, StreamFault)]
        assert "acme broke off." in fault[0].message

    def test_an_empty_answer_is_well_formed(self) -> None:
        well_formed(write([Finished(STOP)]))
        well_formed(write([]))


# --- round trips ---------------------------------------------------------------------------------------------------

WORDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
JSON = st.dictionaries(st.text("abc", max_size=3), st.integers() | st.text('{}"\\é', max_size=5), max_size=3)


@st.composite
def streams(draw: st.DrawFn) -> list[StreamEvent]:
    """Any order in which other wires may send text, reasoning and fragments of calls."""
    pieces: dict[int, list[StreamEvent]] = {}
    for index in range(draw(st.integers(0, 3))):
        text = json.dumps(draw(JSON)) if draw(st.booleans()) else ""
        cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=4)))
        edges = [0, *cuts, len(text)]
        fragments = [text[a:b] for a, b in pairwise(edges)]
        pieces[index] = [call(index, f"f{index}"), *(more(index, fragment) for fragment in fragments)]
    prose = st.builds(TextDelta, WORDS) | st.builds(ReasoningDelta, WORDS)
    sealed = st.builds(ReasoningSealed, signature=WORDS, origin=st.just(MINE)) | st.builds(
        ReasoningSealed, data=WORDS, origin=st.just(MINE)
    )
    pieces[-1] = draw(st.lists(prose | sealed, max_size=8))
    order = draw(st.permutations([source for source, queue in pieces.items() for _ in queue]))
    events = [pieces[source].pop(0) for source in order]
    usage = UsageSeen(Usage(input=draw(st.integers(5, 99)), cached=2, cache_write=3, output=draw(st.integers(0, 9))))
    return [*events, Finished(CALLS if pieces.keys() - {-1} else STOP), usage]


def summed(events: list[StreamEvent]) -> dict[str, Any]:
    """What a stream says, whatever its pieces: text, calls in the order they began, reasoning, finish, usage."""
    calls: dict[int, list[str]] = {}
    for one in events:
        if isinstance(one, ToolCallDelta):
            calls.setdefault(one.index, [one.name or ""]).append(one.arguments)
    return {
        "text": "".join(one.text for one in events if isinstance(one, TextDelta)),
        "calls": [(parts[0], "".join(parts[1:])) for parts in calls.values()],
        "thought": "".join(one.text for one in events if isinstance(one, ReasoningDelta)),
        "finish": [one for one in events if isinstance(one, Finished)],
        "usage": [one for one in events if isinstance(one, UsageSeen)][-1:],
    }


@given(events=streams())
@settings(max_examples=200)
def test_what_is_written_reads_back(events: list[StreamEvent]) -> None:
    wire = write(events)
    well_formed(wire)
    assert summed(events_of(frames_of([wire]))) == summed(events)
    assert summed(events_of(frames_of([write(events, together=True)]))) == summed(events)


@given(
    blocks=st.lists(
        st.tuples(WORDS, st.none() | WORDS) | st.tuples(st.none(), WORDS), min_size=1, max_size=4
    )
)  # fmt: skip
def test_reasoning_blocks_read_back_block_by_block(blocks: list[tuple[str | None, str | None]]) -> None:
    events: list[StreamEvent] = []
    for text, seal in blocks:
        if text is None:
            events.append(ReasoningSealed(data=seal, origin=MINE))
        elif seal is not None:
            events += [ReasoningDelta(text), ReasoningSealed(signature=seal, origin=MINE)]
    back = events_of(frames_of([write([*events, Finished(STOP)])]))
    assert [one for one in back if isinstance(one, ReasoningDelta | ReasoningSealed)] == events
