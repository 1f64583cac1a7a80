"""Bedrock Converse: streams read however they are cut, and never read where a checksum is wrong."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from typing import Any

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from podium.core.errors import FailureKind, ProviderError
from podium.core.messages import (
    Finished,
    FinishReason,
    Frame,
    OpaqueDelta,
    ReasoningDelta,
    ReasoningSealed,
    StreamEvent,
    StreamFault,
    TextDelta,
    ToolCallDelta,
    UsageSeen,
)
from podium.core.usage import Usage
from podium.models.dialects.bedrock_converse import BedrockConverse
from podium.models.dialects.bedrock_converse.stream import ConverseStreamReader

WIRE = BedrockConverse()
MINE = "bedrock-converse"
STOP, CALLS = FinishReason.STOP, FinishReason.TOOL_CALLS
Case = tuple[Callable[[Any], list[bytes]], list[StreamEvent]]

CASES: dict[str, Case] = {
    "text, with usage after the end": (
        lambda k: [k.event("messageStart", role="assistant"), k.delta(0, text="Grü"), k.delta(0, text=""),
                   k.delta(0, text="ß 🙂"), k.end(0), k.event("messageStop", stopReason="end_turn"),
                   k.event("metadata", metrics={"latencyMs": 1}, usage={
                       "inputTokens": 3, "outputTokens": 7, "totalTokens": 40, "cacheReadInputTokens": 20,
                       "cacheWriteInputTokens": 10, "cacheDetails": [{"ttl": "1h", "inputTokens": 4}]})],
        [TextDelta("Grü"), TextDelta("ß 🙂"), Finished(STOP),
         UsageSeen(Usage(input=33, output=7, cached=20, cache_write=10, cache_write_1h=4))],
    ),
    "reasoning signed in two pieces, hidden in two, and never signed": (
        lambda k: [k.delta(0, reasoningContent={"text": "Hm"}), k.delta(0, reasoningContent={"signature": "S"}),
                   k.delta(0, reasoningContent={"signature": "=="}), k.end(0),
                   k.delta(1, reasoningContent={"redactedContent": "Zg=="}),
                   k.delta(1, reasoningContent={"redactedContent": "b28="}), k.end(1),
                   k.delta(2, reasoningContent={"text": "x"}), k.end(2), k.delta(3, text="So"), k.end(3)],
        [ReasoningDelta("Hm"), ReasoningSealed(signature="S==", origin=MINE),
         ReasoningSealed(data="Zm9v", origin=MINE), ReasoningDelta("x"), ReasoningSealed(origin=MINE),
         TextDelta("So")],
    ),
    "reasoning that no stop closes ends with the message": (
        lambda k: [k.delta(0, reasoningContent={"text": "Hm"}), k.event("messageStop", stopReason="max_tokens")],
        [ReasoningDelta("Hm"), ReasoningSealed(origin=MINE), Finished(FinishReason.LENGTH)],
    ),
    "parallel calls are counted as calls, after text and a provider's own tool": (
        lambda k: [k.delta(0, text="So"), k.end(0),
                   k.begin(1, toolUse={"toolUseId": "s", "name": "web", "type": "server_tool_use"}),
                   k.delta(1, toolUse={"input": '{"q'}), k.end(1), k.begin(2, toolResult={"toolUseId": "s"}),
                   k.delta(2, toolResult=[{"text": "x"}]), k.end(2),
                   k.begin(3, toolUse={"toolUseId": "a", "name": "f"}), k.delta(3, toolUse={"input": ""}),
                   k.delta(3, toolUse={"input": '{"x": '}), k.delta(3, toolUse={"input": "1}"}), k.end(3),
                   k.begin(4, toolUse={"toolUseId": "b", "name": "g"}), k.end(4),
                   k.event("messageStop", stopReason="tool_use")],
        [TextDelta("So"), OpaqueDelta("server_tool_use"), OpaqueDelta("toolResult"),
         ToolCallDelta(index=0, id="a", name="f"), ToolCallDelta(index=0, arguments='{"x": '),
         ToolCallDelta(index=0, arguments="1}"), ToolCallDelta(index=1, id="b", name="g"), Finished(CALLS)],
    ),
    "an answer by forced call is text": (
        lambda k: [k.begin(0, toolUse={"toolUseId": "a", "name": "podium_answer"}),
                   k.delta(0, toolUse={"input": '{"x":'}), k.delta(0, toolUse={"input": "1}"}), k.end(0),
                   k.event("messageStop", stopReason="tool_use")],
        [TextDelta('{"x":'), TextDelta("1}"), Finished(STOP)],
    ),
    "a call that ends with end_turn is a call": (
        lambda k: [k.begin(0, toolUse={"toolUseId": "a", "name": "f"}), k.end(0),
                   k.event("messageStop", stopReason="end_turn")],
        [ToolCallDelta(index=0, id="a", name="f"), Finished(CALLS)],
    ),
    "a stop sequence is told where the model says it": (
        lambda k: [k.event("messageStop", stopReason="stop_sequence",
                           additionalModelResponseFields={"stop_sequence": "END"})],
        [Finished(STOP, stop_sequence="END")],
    ),
    "filters, an unknown reason, citations, an image": (
        lambda k: [k.event("messageStop", stopReason=reason)
                   for reason in ("guardrail_intervened", "content_filtered", "model_context_window_exceeded", "new")]
        + [k.delta(0, citation={"title": "x"}), k.begin(1, image={"format": "png"}), k.delta(1, image={"source": {}})],
        [Finished(FinishReason.CONTENT_FILTER), Finished(FinishReason.CONTENT_FILTER), Finished(FinishReason.LENGTH),
         Finished(FinishReason.OTHER), OpaqueDelta("citation"), OpaqueDelta("image")],
    ),
    "an exception the API knows, one with its cause, and an error it does not know": (
        lambda k: [k.exception("throttlingException", message="Slow down"),
                   k.exception("modelStreamErrorException", message="It broke.", originalMessage="GPU on fire"),
                   k.message({":message-type": "error", ":error-code": "InternalFailure",
                              ":error-message": "Oops"}, b""),
                   k.exception("validationException")],
        [StreamFault(message="Slow down", code="throttlingException"),
         StreamFault(message="It broke. GPU on fire", code="modelStreamErrorException"),
         StreamFault(message="Oops", code="InternalFailure"),
         StreamFault(message="validationException", code="validationException")],
    ),
    "a call nobody can read is a fault": (
        lambda k: [k.event("messageStop", stopReason="malformed_tool_use")],
        [StreamFault(message="The model wrote a tool call that cannot be read.", code="malformed_tool_use")],
    ),
    "events and headers nobody knows": (
        lambda k: [k.event("somethingNew", x=1),
                   k.message({":event-type": "contentBlockDelta", "t": (0, b""), "n": (4, b"\0\0\0\1"),
                              "d": (8, bytes(8)), "b": (6, b"\0\2xy"), "u": (9, bytes(16))},
                             b'{"contentBlockIndex":0,"delta":{"text":"Hi"},"p":"abcdef"}'),
                   k.delta(1, brandNew={"x": 1}), k.event("metadata", usage="many")],
        [TextDelta("Hi")],
    ),
}  # fmt: skip


def read(pieces: list[bytes]) -> list[Frame]:
    reader = WIRE.stream_reader(provider="acme")
    frames = [frame for piece in pieces for frame in reader.feed(piece)]
    return frames + reader.close()


def events(frames: list[Frame]) -> list[StreamEvent]:
    return [event for frame in frames for event in frame.events]


def fault(reader: ConverseStreamReader, pieces: list[bytes], got: list[StreamEvent]) -> ProviderError:
    """What reading these ends with; `got` holds what came before."""
    try:
        for piece in pieces:
            got += events(reader.feed(piece))
        reader.close()
    except ProviderError as error:
        return error
    raise AssertionError("nothing was found wrong")


@pytest.mark.parametrize("name", CASES)
def test_a_stream_means_the_same_however_it_is_cut(name: str, kit: Any) -> None:
    make, expected = CASES[name]
    messages = make(kit)
    whole = b"".join(messages)
    for pieces in ([whole], messages, [whole[i : i + 1] for i in range(len(whole))]):
        frames = read(pieces)
        assert events(frames) == expected
        assert [frame.raw for frame in frames] == messages


@given(data=st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_split_gives_the_same_frames(data: st.DataObject, kit: Any) -> None:
    make, expected = CASES[data.draw(st.sampled_from(sorted(CASES)))]
    whole = b"".join(make(kit))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=9)))
    pieces = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    assert events(read(pieces)) == expected


@pytest.mark.parametrize("name", CASES)
def test_botocore_reads_the_same_messages(name: str, kit: Any) -> None:
    messages = CASES[name][0](kit)
    buffer = EventStreamBuffer()
    buffer.add_data(b"".join(messages))
    theirs = [(parsed.headers.get(":event-type"), parsed.payload) for parsed in buffer]
    reader = WIRE.stream_reader(provider="acme")
    ours = [(each.headers.get(":event-type"), each.payload) for each in reader._cutter.feed(b"".join(messages))]
    assert ours == theirs


def test_the_last_event_closes_and_unknown_ones_are_idle(kit: Any) -> None:
    frames = read([kit.event("messageStart", role="assistant"), kit.event("new"), kit.event("metadata")])
    assert [(frame.closing, frame.idle) for frame in frames] == [(False, False), (False, True), (True, False)]


@given(data=st.data())
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_one_changed_byte_is_never_read(data: st.DataObject, kit: Any) -> None:
    first, second = kit.delta(0, text="Hello"), kit.delta(0, text=" there")
    at = data.draw(st.integers(0, len(second) - 1))
    spoilt = bytearray(second)
    spoilt[at] ^= data.draw(st.integers(1, 255))
    for pieces in ([first + bytes(spoilt)], [first, *(bytes([byte]) for byte in spoilt)]):
        reader = WIRE.stream_reader(provider="acme")
        got: list[StreamEvent] = []
        assert fault(reader, pieces, got).kind is FailureKind.GARBAGE
        assert got == [TextDelta("Hello")], "what came whole before the fault is told"
        with pytest.raises(ProviderError):
            reader.feed(first)


@pytest.mark.parametrize(
    "make",
    [
        lambda k: b"HTTP/1.1 502 Bad Gateway\r\n",
        lambda k: b'data: {"type":"ping"}\n\n',
        lambda k: k.message({":event-type": "contentBlockDelta"}, b"{"),
        lambda k: k.message({":event-type": "contentBlockDelta"}, b"[1]"),
        lambda k: k.message({":event-type": "messageStop"}, b"{}"),
        lambda k: k.message({":event-type": "contentBlockDelta"}, b'{"delta":{"text":"\xff"}}'),
        lambda k: k.delta(0, text="x") + k.delta(0, toolUse={"input": "{"}),
        lambda k: k.delta(0, toolUse={"input": "{"}),
        lambda k: k.begin(0, toolUse={"toolUseId": "a", "name": "f"}) + k.delta(0, text="x"),
        lambda k: k.message({"x": (99, b"")}, b""),
        lambda k: k.message({"x": (7, b"\xff\xff")}, b""),
    ],
)
def test_what_is_no_message_of_this_api_is_garbage(make: Callable[[Any], bytes], kit: Any) -> None:
    caught = fault(WIRE.stream_reader(provider="acme"), [make(kit)], [])
    assert caught.kind is FailureKind.GARBAGE
    assert "acme" in str(caught)


def test_a_length_beyond_all_bounds_is_refused_at_once(kit: Any) -> None:
    import zlib

    prelude = struct.pack(">II", 1 << 31, 0)
    with pytest.raises(ProviderError):
        WIRE.stream_reader(provider="acme").feed(prelude + struct.pack(">I", zlib.crc32(prelude)))


def test_a_cut_stream_ends_without_a_finish(kit: Any) -> None:
    whole = kit.delta(0, text="Hel") + kit.event("messageStop", stopReason="end_turn")
    assert events(read([whole[:-5]])) == [TextDelta("Hel")]


def test_a_large_event_in_small_pieces(kit: Any) -> None:
    whole = kit.delta(0, text="x" * 5_000_000)
    frames = read([whole[i : i + 4096] for i in range(0, len(whole), 4096)])
    assert len(events(frames)[0].text) == 5_000_000  # type: ignore[union-attr]  # a TextDelta


@given(st.binary(max_size=200))
def test_noise_never_crashes_the_reader(noise: bytes) -> None:
    reader = WIRE.stream_reader(provider="acme")
    try:
        frames = reader.feed(noise) + reader.close()
    except ProviderError as error:
        assert error.kind is FailureKind.GARBAGE  # noqa: PT017  # either outcome is right, any other fails the test
    else:
        assert frames == []


@given(
    payload=st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["delta", "text", "toolUse", "input", "start", "contentBlockIndex", "reasoningContent",
                             "stopReason", "usage", "redactedContent", "additionalModelResponseFields"]),
            inner, max_size=4),
        max_leaves=8,
    ),
    kind=st.sampled_from(["contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata"]),
)  # fmt: skip
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_strange_payloads_raise_nothing_else(payload: Any, kind: str, kit: Any) -> None:
    reader = WIRE.stream_reader(provider="acme")
    message = kit.message({":event-type": kind, ":message-type": "event"}, json.dumps(payload).encode())
    try:
        assert len(reader.feed(message)) == 1
    except ProviderError as error:
        assert error.kind is FailureKind.GARBAGE  # noqa: PT017  # either outcome is right, any other fails the test
