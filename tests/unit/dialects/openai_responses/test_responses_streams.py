"""Streams: read however they are cut, written in the API's order, and equal to the whole form."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podium.core.errors import FailureKind, ProviderError
from podium.core.messages import (
    Finished,
    FinishReason,
    Frame,
    Noted,
    OpaqueDelta,
    ReasoningDelta,
    ReasoningPart,
    ReasoningSealed,
    RefusalDelta,
    Reply,
    StreamEvent,
    StreamFault,
    TextDelta,
    ToolCall,
    ToolCallDelta,
    UsageSeen,
)
from podium.core.tasks import Task
from podium.core.usage import Usage
from podium.models.dialects.openai_responses import OpenAIResponses, final_response

Maker = Callable[..., Task]
NAME = "openai-responses"
USAGE = {
    "input_tokens": 5,
    "input_tokens_details": {"cached_tokens": 1, "cache_write_tokens": 0},
    "output_tokens": 3,
    "output_tokens_details": {"reasoning_tokens": 2},
    "total_tokens": 8,
}
USED = UsageSeen(Usage(input=5, output=3, cached=1, reasoning=2))


THOUGHT = {
    "type": "reasoning",
    "id": "rs",
    "summary": [{"type": "summary_text", "text": "Hm."}],
    "encrypted_content": "x",
}
MESSAGE = {"type": "message", "id": "m", "role": "assistant", "content": [{"type": "output_text", "text": "Hi."}]}
CALLED = {"type": "function_call", "id": "fc", "call_id": "call_1", "name": "f", "arguments": "{}"}
PLACELESS: list[StreamEvent] = [
    ReasoningDelta("Hm."),
    ReasoningSealed(data="x", id="rs", origin=NAME),
    TextDelta("Hi."),
    ToolCallDelta(index=0, id="call_1", name="f"),
    ToolCallDelta(index=0, arguments="{}"),
]


def event(kind: str, **fields: Any) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (kind.encode(), json.dumps({"type": f"{kind}", **fields}).encode())


def life(kind: str, status: str, **fields: Any) -> bytes:
    return event(f"response.{kind}", response={"id": "resp_1", "status": status, "output": [], **fields})


def added(place: int, kind: str, **fields: Any) -> bytes:
    return event("response.output_item.added", output_index=place, item={"type": kind, "id": f"i_{place}", **fields})


def done(place: int, kind: str, **fields: Any) -> bytes:
    return event("response.output_item.done", output_index=place, item={"type": kind, "id": f"i_{place}", **fields})


def delta(kind: str, place: int, text: str, **fields: Any) -> bytes:
    return event(f"response.{kind}.delta", output_index=place, item_id=f"i_{place}", delta=text, **fields)


def text(place: int, said: str, part: int = 0) -> bytes:
    return delta("output_text", place, said, content_index=part)


OPENING = life("created", "in_progress") + life("in_progress", "in_progress")
END = life("completed", "completed", usage=USAGE)
SAID = {"type": "output_text", "text": "Hi, you.", "annotations": []}


def call(index: int, id: str | None = None, name: str | None = None, arguments: str = "") -> ToolCallDelta:
    return ToolCallDelta(index=index, id=id, name=name, arguments=arguments)


STREAMS: dict[str, tuple[bytes, list[StreamEvent]]] = {
    "text": (
        OPENING
        + added(0, "message", role="assistant", content=[])
        + event("response.content_part.added", output_index=0, content_index=0, part=SAID | {"text": ""})
        + text(0, "Hi, ")
        + text(0, "you.")
        + event("response.output_text.annotation.added", output_index=0, content_index=0, annotation={"type": "x"})
        + event("response.output_text.done", output_index=0, content_index=0, text="Hi, you.")
        + event("response.content_part.done", output_index=0, content_index=0, part=SAID)
        + done(0, "message", role="assistant", content=[SAID])
        + END,
        [TextDelta("Hi, "), TextDelta("you."), Finished(FinishReason.STOP), USED],
    ),
    "text told only at its end": (
        OPENING
        + event("response.output_text.done", output_index=0, content_index=0, text="Hi.")
        + done(0, "message", role="assistant", content=[SAID])
        + done(1, "message", role="assistant", content=[SAID, {"type": "refusal", "refusal": "No."}])
        + END,
        [TextDelta("Hi."), TextDelta("Hi, you."), RefusalDelta("No."), Finished(FinishReason.STOP), USED],
    ),
    "everything in the last event": (
        OPENING
        + life(
            "completed",
            "completed",
            output=[
                {"type": "message", "role": "assistant", "content": [SAID]},
                {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
            ],
        ),
        [TextDelta("Hi, you."), call(0, "c1", "f"), call(0, arguments="{}"), Finished(FinishReason.TOOL_CALLS)],
    ),
    "parallel calls, in turns, after thoughts": (
        OPENING
        + added(0, "reasoning", summary=[])
        + event("response.reasoning_summary_part.added", output_index=0, summary_index=0, part={})
        + delta("reasoning_summary_text", 0, "One.", summary_index=0)
        + event("response.reasoning_summary_text.done", output_index=0, summary_index=0, text="One.")
        + event("response.reasoning_summary_part.added", output_index=0, summary_index=1, part={})
        + delta("reasoning_summary_text", 0, "Two.", summary_index=1)
        + done(0, "reasoning", summary=[{"type": "summary_text", "text": "One."}], encrypted_content="gAA")
        + added(1, "function_call", call_id="c1", name="f", arguments="")
        + added(2, "function_call", call_id="c2", name="g", arguments="")
        + delta("function_call_arguments", 1, '{"a"')
        + delta("function_call_arguments", 2, '{"b"')
        + delta("function_call_arguments", 1, ":1}")
        + delta("function_call_arguments", 2, ":2}")
        + event("response.function_call_arguments.done", output_index=1, arguments='{"a":1}')
        + done(1, "function_call", call_id="c1", name="f", arguments='{"a":1}')
        + done(2, "function_call", call_id="c2", name="g", arguments='{"b":2}')
        + END,
        [
            ReasoningDelta("One."),
            ReasoningDelta("\n\n"),
            ReasoningDelta("Two."),
            ReasoningSealed(data="gAA", id="i_0", origin=NAME),
            call(0, "c1", "f"),
            call(1, "c2", "g"),
            call(0, arguments='{"a"'),
            call(1, arguments='{"b"'),
            call(0, arguments=":1}"),
            call(1, arguments=":2}"),
            Finished(FinishReason.TOOL_CALLS),
            USED,
        ],
    ),
    "arguments told only at their end": (
        OPENING
        + added(0, "function_call", call_id="c1", name="f")
        + event("response.function_call_arguments.done", output_index=0, arguments='{"a":1}')
        + done(0, "function_call", call_id="c1", name="f", arguments='{"a":1}')
        + added(1, "function_call", call_id="c2", name="g")
        + event("response.function_call_arguments.done", output_index=1, arguments="")
        + done(1, "function_call", call_id="c2", name="g", arguments='{"b":2}')
        + done(2, "function_call", call_id="c3", name="h", arguments="{}")
        + END,
        [
            call(0, "c1", "f"),
            call(0, arguments='{"a":1}'),
            call(1, "c2", "g"),
            call(1, arguments='{"b":2}'),
            call(2, "c3", "h"),
            call(2, arguments="{}"),
            Finished(FinishReason.TOOL_CALLS),
            USED,
        ],
    ),
    "calls without places": (
        event("response.output_item.added", item={"type": "function_call", "id": "a", "call_id": "c1", "name": "f"})
        + event("response.output_item.added", item={"type": "function_call", "id": "b", "call_id": "c2", "name": "g"})
        + event("response.function_call_arguments.delta", item_id="b", delta="2")
        + event("response.function_call_arguments.delta", item_id="a", delta="1")
        + END,
        [
            call(0, "c1", "f"),
            call(1, "c2", "g"),
            call(1, arguments="2"),
            call(0, arguments="1"),
            Finished(FinishReason.TOOL_CALLS),
            USED,
        ],
    ),
    "free text": (
        added(0, "custom_tool_call", call_id="c1", name="shell", input="")
        + delta("custom_tool_call_input", 0, 'say "')
        + delta("custom_tool_call_input", 0, 'é"\n')
        + event("response.custom_tool_call_input.done", output_index=0, input='say "é"\n')
        + done(0, "custom_tool_call", call_id="c1", name="shell", input='say "é"\n')
        + done(1, "custom_tool_call", call_id="c2", name="shell", input="ls")
        + END,
        [
            call(0, "c1", "shell", '{"input":"'),
            call(0, arguments='say \\"'),
            call(0, arguments='é\\"\\n'),
            call(0, arguments='"}'),
            call(1, "c2", "shell", '{"input":"'),
            call(1, arguments='ls"}'),
            Finished(FinishReason.TOOL_CALLS),
            USED,
        ],
    ),
    "a refusal": (
        added(0, "message")
        + delta("refusal", 0, "No", content_index=0)
        + delta("refusal", 0, ".", content_index=0)
        + event("response.refusal.done", output_index=0, content_index=0, refusal="No.")
        + END,
        [RefusalDelta("No"), RefusalDelta("."), Finished(FinishReason.STOP), USED],
    ),
    "open reasoning": (
        added(0, "reasoning")
        + delta("reasoning_text", 0, "Hm.", content_index=0)
        + done(0, "reasoning", content=[{"type": "reasoning_text", "text": "Hm."}])
        + done(1, "reasoning", summary=[{"type": "summary_text", "text": "So."}])
        + done(2, "reasoning", summary=[])
        + END,
        [
            ReasoningDelta("Hm."),
            ReasoningSealed(id="i_0", origin=NAME),
            ReasoningDelta("So."),
            ReasoningSealed(id="i_1", origin=NAME),
            Finished(FinishReason.STOP),
            USED,
        ],
    ),
    "a provider's own tool, and events nobody knows": (
        added(0, "web_search_call", status="in_progress")
        + event("response.web_search_call.searching", output_index=0, delta={"odd": 1}, item="odd")
        + event("response.moon.phase", response="odd", output_index="odd")
        + b": a comment\n\nevent: keepalive\ndata: {}\n\n"
        + text(1, "Hi.")
        + END
        + b"data: [DONE]\n\n",
        [OpaqueDelta("web_search_call"), TextDelta("Hi."), Finished(FinishReason.STOP), USED],
    ),
    "cut": (
        text(0, "Hi")
        + life("incomplete", "incomplete", incomplete_details={"reason": "max_output_tokens"}, usage=USAGE),
        [TextDelta("Hi"), Finished(FinishReason.LENGTH), USED],
    ),
    "filtered": (
        text(0, "Hi") + life("incomplete", "incomplete", incomplete_details={"reason": "content_filter"}),
        [TextDelta("Hi"), Finished(FinishReason.CONTENT_FILTER)],
    ),
    "failed": (
        text(0, "Hi") + life("failed", "failed", error={"code": "server_error", "message": "Oh."}),
        [TextDelta("Hi"), StreamFault(message="Oh.", code="server_error")],
    ),
    "an error event": (
        event("error", code="rate_limit_exceeded", message="Slow.", param=None),
        [StreamFault(message="Slow.", code="rate_limit_exceeded")],
    ),
    "an error inside an error event": (
        event("error", error={"type": "too_many", "message": "Slow."}),
        [StreamFault(message="Slow.", code="too_many")],
    ),
    "an error without a type": (b'data: {"error":{"message":"Oh."}}\n\n', [StreamFault(message="Oh.")]),
    "items without a place in the output": (
        event("response.output_item.added", item={"type": "reasoning", "id": "rs"})
        + event("response.reasoning_summary_text.delta", item_id="rs", delta="Hm.")
        + event("response.output_item.done", item=THOUGHT)
        + event("response.output_item.added", item={"type": "message", "id": "m", "role": "assistant"})
        + event("response.output_text.delta", item_id="m", delta="Hi.")
        + event("response.output_text.done", item_id="m", text="Hi.")
        + event("response.output_item.done", item=MESSAGE)
        + event("response.output_item.added", item={**CALLED, "arguments": ""})
        + event("response.function_call_arguments.delta", item_id="fc", delta="{}")
        + event("response.output_item.done", item=CALLED)
        + life("completed", "completed", output=[THOUGHT, MESSAGE, CALLED], usage=USAGE),
        [*PLACELESS, Finished(FinishReason.TOOL_CALLS), USED],
    ),
    "deltas that name nothing at all": (
        event("response.reasoning_summary_text.delta", delta="Hm.")
        + event("response.output_item.done", item=THOUGHT)
        + event("response.output_text.delta", delta="Hi.")
        + event("response.output_item.done", item=MESSAGE)
        + event("response.output_item.added", item={**CALLED, "arguments": ""})
        + event("response.function_call_arguments.delta", delta="{}")
        + event("response.output_item.done", item=CALLED)
        + life("completed", "completed", output=[THOUGHT, MESSAGE, CALLED], usage=USAGE),
        [*PLACELESS, Finished(FinishReason.TOOL_CALLS), USED],
    ),
    "a place in the deltas alone": (
        event("response.output_text.delta", output_index=3, item_id="m", content_index=0, delta="Hi.")
        + event("response.output_item.done", item=MESSAGE)
        + life("completed", "completed", output=[MESSAGE], usage=USAGE),
        [TextDelta("Hi."), Finished(FinishReason.STOP), USED],
    ),
    "a call that stands in the whole answer alone": (
        text(0, "Hi.")
        + life(
            "completed",
            "completed",
            output=[
                MESSAGE,
                CALLED,
                {"type": "custom_tool_call", "id": "c", "call_id": "call_2", "name": "run", "input": "ls"},
            ],
            usage=USAGE,
        ),
        [
            TextDelta("Hi."),
            ToolCallDelta(index=0, id="call_1", name="f"),
            ToolCallDelta(index=0, arguments="{}"),
            ToolCallDelta(index=1, id="call_2", name="run", arguments='{"input":"'),
            ToolCallDelta(index=1, arguments='ls"}'),
            Finished(FinishReason.TOOL_CALLS),
            USED,
        ],
    ),
    "arguments that stand in the whole answer alone, and calls it tells again": (
        added(0, "function_call", call_id="call_1", name="f", arguments="")
        + added(1, "function_call", call_id="call_2", name="f", arguments="")
        + delta("function_call_arguments", 1, "[]")
        + life(
            "completed", "completed", output=[CALLED, {**CALLED, "call_id": "call_2", "arguments": "[]"}], usage=USAGE
        ),
        [
            ToolCallDelta(index=0, id="call_1", name="f"),
            ToolCallDelta(index=1, id="call_2", name="f"),
            ToolCallDelta(index=1, arguments="[]"),
            ToolCallDelta(index=0, arguments="{}"),
            Finished(FinishReason.TOOL_CALLS),
            USED,
        ],
    ),
    "text that stands in the whole answer alone, after a call that was streamed": (
        added(0, "function_call", call_id="call_1", name="f", arguments="")
        + delta("function_call_arguments", 0, "{}")
        + life("completed", "completed", output=[MESSAGE, CALLED], usage=USAGE),
        [
            ToolCallDelta(index=0, id="call_1", name="f"),
            ToolCallDelta(index=0, arguments="{}"),
            TextDelta("Hi."),
            Finished(FinishReason.TOOL_CALLS),
            USED,
        ],
    ),
    "completed, but failed": (
        life("completed", "failed", error={"code": "x", "message": "Oh."}),
        [StreamFault(message="Oh.", code="x")],
    ),
}


def read(chunks: Sequence[bytes]) -> list[Frame]:
    reader = OpenAIResponses().stream_reader(provider="acme")
    frames = [frame for chunk in chunks for frame in reader.feed(chunk)]
    return frames + reader.close()


def events_of(frames: Sequence[Frame]) -> list[StreamEvent]:
    return [one for frame in frames for one in frame.events]


@pytest.mark.parametrize(("stream", "events"), STREAMS.values(), ids=STREAMS)
def test_streams_are_read_whole_and_byte_by_byte(stream: bytes, events: list[StreamEvent]) -> None:
    whole = read([stream])
    assert events_of(whole) == events
    assert b"".join(frame.raw for frame in whole) == stream
    assert read([stream[place : place + 1] for place in range(len(stream))]) == whole


@given(st.sampled_from(sorted(STREAMS)), st.lists(st.integers(0, 5000), max_size=12))
def test_any_split_gives_the_same_frames(name: str, cuts: list[int]) -> None:
    stream = STREAMS[name][0]
    places = sorted({0, len(stream), *(cut % (len(stream) + 1) for cut in cuts)})
    chunks = [stream[start:end] for start, end in itertools.pairwise(places)]
    assert read(chunks) == read([stream])


def test_the_terminal_event_closes_and_a_lost_blank_line_is_forgiven() -> None:
    frames = read([text(0, "Hi."), END.rstrip(b"\n")])
    assert [frame.closing for frame in frames] == [False, True]
    assert frames[-1].events == (Finished(FinishReason.STOP), USED)


def test_nothing_closes_a_stream_that_was_cut() -> None:
    frames = read([OPENING + text(0, "Hi."), b"data: [DONE]\n\n"])
    assert not any(frame.closing for frame in frames)
    assert frames[-1].idle


@pytest.mark.parametrize(
    "garbage",
    [
        b"data: {oops\n\n",
        b'data: {"type":"response.output_text.delta","delta":"\xe2"}\n\n',
        b'data: {"type":"response.output_item.done","item":5}\n\n',
        b"data: 5\n\n",
        event("response.completed"),
        delta("function_call_arguments", 3, "{}"),
        event("response.function_call_arguments.done", output_index=3, arguments="{}"),
    ],
)
def test_garbage_is_an_error(garbage: bytes) -> None:
    with pytest.raises(ProviderError) as failed:
        read([OPENING, garbage])
    assert failed.value.kind is FailureKind.GARBAGE


_KINDS = st.sampled_from([*(f"response.{kind}" for kind in ("output_text.delta", "completed", "failed")), "error", "x"])
_VALUES = (
    st.none() | st.integers(-1, 3) | st.text(max_size=4) | st.dictionaries(st.text(max_size=3), st.none(), max_size=2)
)


@given(
    st.lists(
        st.fixed_dictionaries(
            {"type": _KINDS},
            optional=dict.fromkeys(
                ("delta", "item", "output_index", "content_index", "text", "response", "error", "arguments"), _VALUES
            ),
        ),
        max_size=5,
    )
)
def test_no_event_crashes_the_reader(told: list[dict[str, Any]]) -> None:
    reader = OpenAIResponses().stream_reader(provider="acme")
    try:
        for one in told:
            reader.feed(b"data: " + json.dumps(one).encode() + b"\n\n")
    except ProviderError as failed:
        garbage = failed.kind
    else:
        garbage = FailureKind.GARBAGE
    assert garbage is FailureKind.GARBAGE


@given(st.binary(max_size=60))
def test_no_bytes_crash_the_reader(data: bytes) -> None:
    try:
        frames = read([data + b"\n\n"])
    except ProviderError as failed:
        assert failed.kind is FailureKind.GARBAGE  # noqa: PT017  # some bytes are an event, most are not
    else:
        assert not any(frame.closing for frame in frames)


# --- written -------------------------------------------------------------------------------------------------------

TOOLS = [
    {"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": False},
    {"type": "custom", "name": "shell"},
]
WRITTEN: dict[str, tuple[list[StreamEvent], Reply]] = {
    "text": (
        [TextDelta("Hi, "), TextDelta("you é."), Finished(FinishReason.STOP), USED],
        Reply(text="Hi, you é.", usage=USED.usage),
    ),
    "nothing": ([Finished(FinishReason.STOP)], Reply(text="")),
    "a thought and nothing": (
        [ReasoningDelta("Hm."), Finished(FinishReason.STOP)],
        Reply(text="", reasoning=(ReasoningPart(text="Hm.", origin="openai-chat"),)),
    ),
    "everything": (
        [
            ReasoningDelta("Hm"),
            ReasoningDelta("."),
            ReasoningSealed(signature="sig", origin="anthropic"),
            ReasoningSealed(data="redacted", origin="anthropic"),
            TextDelta("Ok."),
            RefusalDelta("But no."),
            ToolCallDelta(index=0, id="c1", name="f", signature="gsig"),
            ToolCallDelta(index=0, arguments='{"a"'),
            ToolCallDelta(index=0, arguments=":1}"),
            ToolCallDelta(index=1, id="c2", name="shell", arguments='{"in'),
            ToolCallDelta(index=1, arguments='put":"ls"}'),
            Noted("Something was left out."),
            UsageSeen(Usage(input=1)),
            Finished(FinishReason.TOOL_CALLS),
            USED,
        ],
        Reply(
            text="Ok.",
            refusal="But no.",
            reasoning=(
                ReasoningPart(text="Hm.", signature="sig", origin="anthropic"),
                ReasoningPart(data="redacted", origin="anthropic"),
            ),
            tool_calls=(
                ToolCall(id="c1", name="f", arguments='{"a":1}', signature="gsig"),
                ToolCall(id="c2", name="shell", arguments='{"input":"ls"}'),
            ),
            finish=FinishReason.TOOL_CALLS,
            usage=USED.usage,
            notes=("Something was left out.",),
        ),
    ),
    "parallel calls in turns": (
        [
            call(0, "c1", "f"),
            call(1, "c2", "f"),
            call(0, arguments='{"a"'),
            call(1, arguments='{"b"'),
            call(0, arguments=":1}"),
            call(1, arguments=":2}"),
            Finished(FinishReason.TOOL_CALLS),
        ],
        Reply(
            text="",
            tool_calls=(
                ToolCall(id="c1", name="f", arguments='{"a":1}'),
                ToolCall(id="c2", name="f", arguments='{"b":2}'),
            ),
            finish=FinishReason.TOOL_CALLS,
        ),
    ),
    "a call without arguments or identifier, named late": (
        [call(0), call(0, arguments=""), call(0, name="f"), Finished(FinishReason.TOOL_CALLS)],
        Reply(text="", tool_calls=(ToolCall(id="", name="f", arguments=""),), finish=FinishReason.TOOL_CALLS),
    ),
    "arguments before the name": (
        [call(0, arguments='{"a"'), call(0, "c1", "f", ":1}"), Finished(FinishReason.TOOL_CALLS)],
        Reply(text="", tool_calls=(ToolCall(id="c1", name="f", arguments='{"a":1}'),), finish=FinishReason.TOOL_CALLS),
    ),
    "cut": ([TextDelta("Hi"), Finished(FinishReason.LENGTH)], Reply(text="Hi", finish=FinishReason.LENGTH)),
    "a cut call": (
        [TextDelta("Hi"), call(0, "c1", "f", '{"a'), Finished(FinishReason.LENGTH)],
        Reply(text="Hi", tool_calls=(ToolCall(id="c1", name="f", arguments='{"a'),), finish=FinishReason.LENGTH),
    ),
    "refused": (
        [RefusalDelta("No."), Finished(FinishReason.CONTENT_FILTER)],
        Reply(text="", refusal="No.", finish=FinishReason.CONTENT_FILTER),
    ),
}


def told(stream: bytes) -> list[dict[str, Any]]:
    blocks = [block for block in stream.split(b"\n\n") if block]
    events = [json.loads(block.split(b"data: ", 1)[1]) for block in blocks]
    assert [block.split(b"\n")[0] for block in blocks] == [b"event: " + one["type"].encode() for one in events]
    return events


def write(dialect: OpenAIResponses, task: Task, events: Sequence[StreamEvent]) -> tuple[bytes, bytes]:
    writer = dialect.stream_writer(task=task, model="m", input_tokens=1)
    return b"".join([writer.write([one]) for one in events]), writer.close()


@pytest.mark.parametrize(("events", "reply"), WRITTEN.values(), ids=WRITTEN)
def test_a_written_stream_ends_as_the_whole_form(
    dialect: OpenAIResponses, caller: Maker, events: list[StreamEvent], reply: Reply
) -> None:
    task = caller(tools=TOOLS)
    before, last = write(dialect, task, events)
    final = final_response(last)
    assert final is not None
    assert json.loads(final) == json.loads(dialect.write_reply(reply, task=task, model="m"))
    assert final_response(before + last) == final


@pytest.mark.parametrize(("events", "reply"), WRITTEN.values(), ids=WRITTEN)
def test_a_written_stream_passes_the_clients_types_in_order(
    dialect: OpenAIResponses, caller: Maker, events: list[StreamEvent], reply: Reply
) -> None:
    from openai.types.responses import ResponseStreamEvent
    from pydantic import TypeAdapter

    stream = told(b"".join(write(dialect, caller(tools=TOOLS), events)))
    check: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
    for one in stream:
        check.validate_python(one)
    assert [one["sequence_number"] for one in stream] == list(range(len(stream)))
    assert [one["type"] for one in stream[:2]] == ["response.created", "response.in_progress"]
    items: dict[int, str] = {}
    for one in stream:
        place = one.get("output_index")
        if one["type"] == "response.output_item.added":
            assert place == len(items)
            items[place] = one["item"]["id"]
        elif place is not None:
            assert one.get("item_id", one.get("item", {}).get("id")) == items[place]
    finished = [
        one["item"]
        for one in sorted(
            (o for o in stream if o["type"] == "response.output_item.done"), key=lambda o: o["output_index"]
        )
    ]
    assert finished == stream[-1]["response"]["output"]


@pytest.mark.parametrize(("events", "reply"), WRITTEN.values(), ids=WRITTEN)
def test_what_was_written_reads_back(
    dialect: OpenAIResponses, caller: Maker, events: list[StreamEvent], reply: Reply
) -> None:
    stream = b"".join(write(dialect, caller(tools=TOOLS), events))
    back = events_of(read([stream]))
    assert "".join(one.text for one in back if isinstance(one, TextDelta)) == reply.text
    assert "".join(one.text for one in back if isinstance(one, RefusalDelta)) == (reply.refusal or "")
    for index, made in enumerate(reply.tool_calls):
        pieces = [one for one in back if isinstance(one, ToolCallDelta) and one.index == index]
        assert pieces[0].name == made.name
        assert "".join(one.arguments for one in pieces) == (made.arguments or "{}")
    sealed = [one for one in back if isinstance(one, ReasoningSealed) and (one.signature or one.data)]
    assert [(one.signature, one.data, one.origin) for one in sealed] == [
        (part.signature, part.data, part.origin) for part in reply.reasoning if part.signature or part.data
    ]
    assert [one for one in back if isinstance(one, Finished)] == [Finished(reply.finish)]


@pytest.mark.parametrize("name", ["text", "everything", "parallel calls in turns", "nothing"])
def test_the_official_stream_helper_follows(
    dialect: OpenAIResponses, caller: Maker, name: str, client_given: Callable[[bytes], Any]
) -> None:
    events, reply = WRITTEN[name]
    stream = b"".join(write(dialect, caller(tools=TOOLS), events))
    stream = stream.replace(b"\n\n", b"\n\n" + dialect.heartbeat, 2)
    with client_given(stream).responses.stream(model="m", input="Hi.") as live:
        seen = [one.type for one in live]
        final = live.get_final_response()
    assert final.output_text == reply.text
    calls = [item for item in final.output if item.type in ("function_call", "custom_tool_call")]
    assert [item.name for item in calls] == [made.name for made in reply.tool_calls]
    assert seen[-1] == "response.completed"


@pytest.mark.parametrize("begun", [0, 1, 3, 8])
def test_a_broken_stream_is_an_error_for_every_client(
    dialect: OpenAIResponses, caller: Maker, begun: int, client_given: Callable[[bytes], Any]
) -> None:
    from openai import APIError
    from openai.types.responses import ResponseErrorEvent, ResponseFailedEvent

    writer = dialect.stream_writer(task=caller(tools=TOOLS), model="m", input_tokens=1)
    stream = b"".join([writer.write([one]) for one in WRITTEN["everything"][0][:begun]])
    stream += writer.fail(ProviderError("It broke.", kind=FailureKind.BROKEN_STREAM, provider="acme"))
    failed, error = told(stream)[-2:]
    assert ResponseFailedEvent.model_validate(failed).response.error.message == "It broke."  # type: ignore[union-attr]  # seen to be there
    ResponseErrorEvent.model_validate(error)
    assert error["sequence_number"] == failed["sequence_number"] + 1
    live = client_given(stream).responses.create(model="m", input="Hi.", stream=True)
    with pytest.raises(APIError, match="It broke"):
        list(live)
    assert final_response(stream) is None
    assert isinstance(events_of(read([stream]))[-1], StreamFault)


_EVENTS = st.one_of(
    st.builds(TextDelta, st.text(max_size=5)),
    st.builds(RefusalDelta, st.text(max_size=3)),
    st.builds(ReasoningDelta, st.text(max_size=3)),
    st.builds(ReasoningSealed, signature=st.none() | st.just("s"), data=st.none() | st.just("d"), origin=st.just("x")),
    st.builds(
        ToolCallDelta,
        index=st.integers(0, 2),
        id=st.none() | st.just("c"),
        name=st.none() | st.sampled_from(["f", "shell"]),
        arguments=st.text(max_size=4),
    ),
    st.just(USED),
)


@settings(max_examples=60)
@given(st.lists(_EVENTS, max_size=12))
def test_any_events_make_an_orderly_stream(events: list[StreamEvent]) -> None:
    from datetime import UTC, datetime

    from openai.types.responses import Response

    dialect = OpenAIResponses()
    incoming = dialect.read_request(json.dumps({"input": "Hi.", "tools": TOOLS}).encode())
    task = Task(
        id="tsk_1",
        messages=incoming.messages,
        options=incoming.options,
        payload=incoming.payload,
        received_at=datetime(2030, 1, 1, tzinfo=UTC),
    )
    stream = b"".join(write(dialect, task, [*events, Finished(FinishReason.STOP)]))
    whole = told(stream)
    assert [one["sequence_number"] for one in whole] == list(range(len(whole)))
    final = Response.model_validate(whole[-1]["response"])
    assert final.output_text == "".join(one.text for one in events if isinstance(one, TextDelta))
    assert len([one for one in whole if one["type"] == "response.output_item.done"]) == len(final.output)
    read([stream])
