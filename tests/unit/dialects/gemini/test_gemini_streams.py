"""Streams, both ways: any split of the bytes gives the same events, and what is written reads as it was meant."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Callable, Iterable
from typing import Any

import httpx2
import msgspec
import pytest
from google.genai import errors as google_errors
from google.genai import types
from google.genai._api_client import HttpResponse
from hypothesis import given, settings
from hypothesis import strategies as st

from podium.core.errors import FailureKind, InvalidRequest, ProviderError
from podium.core.messages import (
    Finished,
    FinishReason,
    Frame,
    Message,
    Options,
    Payload,
    ReasoningDelta,
    ReasoningPart,
    ReasoningSealed,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    UsageSeen,
)
from podium.core.tasks import Task
from podium.core.usage import Usage
from podium.models.dialects.dialect import Quirks
from podium.models.dialects.gemini import Gemini

DIALECT = Gemini()


def sse(chunks: Iterable[Any], end: str = "\r\n\r\n") -> bytes:
    return b"".join(b"data: " + msgspec.json.encode(chunk) + end.encode() for chunk in chunks)


def read(pieces: Iterable[bytes]) -> list[Frame]:
    reader = DIALECT.stream_reader(provider="p")
    frames = [frame for piece in pieces for frame in reader.feed(piece)]
    return frames + reader.close()


def meant(frames: Iterable[Frame]) -> tuple[StreamEvent, ...]:
    return tuple(event for frame in frames for event in frame.events)


def pieces(data: bytes, cuts: Iterable[int]) -> list[bytes]:
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(places)]


@pytest.mark.parametrize("end", ["\n\n", "\r\n\r\n", "\r\r"])
def test_whole_and_one_byte_at_a_time(stream_case: Any, end: str) -> None:
    data = sse(stream_case.chunks, end)
    for fed in ([data], [bytes([byte]) for byte in data]):
        frames = read(fed)
        assert meant(frames) == stream_case.events
        assert b"".join(frame.raw for frame in frames) == data


@given(data_source=st.data(), cuts=st.lists(st.integers(0, 5000), max_size=12))
@settings(max_examples=60)
def test_any_split_gives_the_same(stream_cases: list[Any], data_source: st.DataObject, cuts: list[int]) -> None:
    stream_case = data_source.draw(st.sampled_from(stream_cases))
    data = sse(stream_case.chunks)
    frames = read(pieces(data, cuts))
    assert meant(frames) == stream_case.events
    assert b"".join(frame.raw for frame in frames) == data


def test_a_last_event_without_its_blank_line_counts(stream_cases: list[Any]) -> None:
    data = sse(stream_cases[0].chunks).removesuffix(b"\r\n\r\n")
    assert meant(read([data])) == stream_cases[0].events


def test_idle_frames_are_kept(stream_cases: list[Any]) -> None:
    frames = read([b": hello\n\n", DIALECT.heartbeat, sse(stream_cases[1].chunks)])
    assert [frame.idle for frame in frames] == [True, True, False]


def test_calls_without_identifiers_get_unlike_ones() -> None:
    def ids(response: str | None) -> list[str]:
        call = {"functionCall": {"name": "f", "args": {}}}
        made = {"candidates": [{"content": {"parts": [call, call]}}], "responseId": response}
        return [event.id for event in meant(read([sse([made])])) if isinstance(event, ToolCallDelta) and event.id]

    assert ids("r1") == ids("r1")  # however often it is read
    every = ids("r1") + ids("r2") + ids(None) + ids(None)
    assert len(set(every)) == 8
    assert all(len(name) <= 40 for name in every)


GARBAGE = [
    b"data: [DONE]\n\n",
    b"data: {\n\n",
    b"data: []\n\n",
    b"data: <html>\n\n",
    b'data: {"candidates": 1}\n\n',
    b'data: {"candidates":[{"content":{"parts":[{"text":"\xff"}]}}]}\n\n',
    b'data: {"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":[1]}}]}}]}\n\n',
    b'data: {"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{"a":"\xff"}}}]}}]}\n\n',
    b"data: " + b"[" * 100_000 + b"\n\n",
]


@pytest.mark.parametrize("data", GARBAGE)
def test_garbage_is_an_error(data: bytes) -> None:
    with pytest.raises(ProviderError) as caught:
        read([data])
    assert caught.value.kind is FailureKind.GARBAGE
    with pytest.raises(ProviderError):
        DIALECT.read_reply(data.removeprefix(b"data: ").strip(), provider="p")


# --- written --------------------------------------------------------------------------------------------------------


def shown_task(new_task: Callable[..., Task], *, shown: bool = True, **payload: Any) -> Task:
    made = Payload(dialect="gemini", fields={}, **payload)
    return new_task(options=Options(show_reasoning=shown), payload=made)


def written(task: Task, events: Iterable[StreamEvent], *, at_once: bool = False) -> bytes:
    writer = DIALECT.stream_writer(task=task, model="m", input_tokens=1)
    listed = list(events)
    steps = [listed] if at_once else [[event] for event in listed]
    return b"".join(writer.write(step) for step in steps) + writer.close()


def googles(data: bytes) -> list[types.GenerateContentResponse]:
    """What google-genai makes of a stream."""
    response = HttpResponse(headers={}, response_stream=httpx2.Response(200, content=data))
    return [types.GenerateContentResponse.model_validate(chunk) for chunk in response.segments()]


@pytest.mark.parametrize("at_once", [True, False])
def test_what_is_written_reads_as_itself(stream_case: Any, at_once: bool, new_task: Callable[..., Task]) -> None:
    if not stream_case.both_ways:
        return
    data = written(shown_task(new_task), stream_case.events, at_once=at_once)
    assert meant(read([data])) == stream_case.events
    answers = googles(data)
    assert all(answer.candidates and answer.candidates[0].content for answer in answers)
    assert answers[-1].candidates
    assert answers[-1].candidates[0].finish_reason is not None
    assert {answer.response_id for answer in answers} == {"tsk_1"}


def test_the_array_form_holds_the_same_chunks(stream_case: Any, new_task: Callable[..., Task]) -> None:
    array = msgspec.json.decode(written(shown_task(new_task, sse=False), stream_case.events))
    events = written(shown_task(new_task), stream_case.events)
    assert [msgspec.json.decode(line[6:]) for line in events.decode().split("\n") if line] == array


def test_a_relayed_stream_becomes_an_array_untouched(stream_case: Any) -> None:
    relay = DIALECT.array_relay()
    made = b"".join([relay.write(frame.raw) for frame in read([sse(stream_case.chunks)])])
    assert msgspec.json.decode(made + relay.close()) == list(
        msgspec.json.decode(msgspec.json.encode(stream_case.chunks))
    )
    assert msgspec.json.decode(made + relay.fail(InvalidRequest("x")))[-1]["error"]["code"] == 400


def test_fragments_of_calls_become_whole_objects(new_task: Callable[..., Task]) -> None:
    events = [
        ToolCallDelta(index=0, id="a", name="f"),
        ToolCallDelta(index=1, id="b", name="g", arguments='{"x"'),
        ToolCallDelta(index=0, arguments=""),
        ToolCallDelta(index=1, arguments=":1.50}"),
        Finished(FinishReason.TOOL_CALLS),
    ]
    data = written(shown_task(new_task), events)
    assert b'"args":{"x":1.50}' in data  # digit for digit
    (answer,) = googles(data)
    assert answer.function_calls is not None
    assert [(call.id, call.name, call.args) for call in answer.function_calls] == [
        ("a", "f", {}),
        ("b", "g", {"x": 1.5}),
    ]


def test_broken_arguments_are_never_passed_on(new_task: Callable[..., Task]) -> None:
    broken = ToolCallDelta(index=0, id="a", name="f", arguments='{"x')
    with pytest.raises(ProviderError):
        written(shown_task(new_task), [broken, Finished(FinishReason.TOOL_CALLS)])
    data = written(shown_task(new_task), [TextDelta("a"), broken, Finished(FinishReason.LENGTH)])
    assert meant(read([data])) == (TextDelta("a"), Finished(FinishReason.LENGTH))


def test_usage_is_split_as_google_splits_it(new_task: Callable[..., Task]) -> None:
    usage = Usage(input=10, cached=4, output=12, reasoning=7)
    last = googles(written(shown_task(new_task), [Finished(FinishReason.STOP), UsageSeen(usage)]))[-1].usage_metadata
    assert last is not None
    assert (last.prompt_token_count, last.cached_content_token_count) == (10, 4)
    assert (last.candidates_token_count, last.thoughts_token_count, last.total_token_count) == (5, 7, 22)


def test_reasoning_nobody_asked_to_see_is_not_shown(new_task: Callable[..., Task]) -> None:
    data = written(
        shown_task(new_task, shown=False), [ReasoningDelta("hm"), TextDelta("a"), Finished(FinishReason.STOP)]
    )
    assert b"hm" not in data


# --- other vendors' reasoning through a Gemini client ---------------------------------------------------------------


@pytest.mark.parametrize("shown", [True, False])
def test_another_vendors_signature_survives_googles_client(new_task: Callable[..., Task], shown: bool) -> None:
    blocks = (
        ReasoningPart(text="first ✓ ~~~???", signature="sig/+=", origin="anthropic"),
        ReasoningPart(text="", data="opaque", id="rs_1", origin="openai-responses"),
    )
    events = [
        ReasoningDelta("first ✓ "),
        ReasoningDelta("~~~???"),
        ReasoningSealed(signature="sig/+=", origin="anthropic"),
        ReasoningSealed(data="opaque", id="rs_1", origin="openai-responses"),
        ToolCallDelta(index=0, id="a", name="f", arguments="{}"),
        Finished(FinishReason.TOOL_CALLS),
    ]
    answers = googles(written(shown_task(new_task, shown=shown), events))
    # A client keeps what it was sent, in pydantic's alphabet of base64, and sends it again.
    turns = [
        answer.candidates[0].content.model_dump(mode="json", by_alias=True, exclude_none=True)
        for answer in answers
        if answer.candidates and answer.candidates[0].content
    ]
    body = msgspec.json.encode({"contents": [*turns, {"parts": [{"functionResponse": {"name": "f", "id": "a"}}]}]})
    incoming = DIALECT.read_request(body)
    assert incoming.messages[0].parts == blocks
    assert incoming.messages[0].tool_calls[0].signature is None
    assert incoming.messages[1].tool_call_id == "a"
    # ... and Google never sees it.
    task = new_task(*incoming.messages, payload=incoming.payload)
    for model, placeholder in (("gemini-3-pro-preview", True), ("gemini-2.5-pro", False)):
        sent = DIALECT.write_request(task, model=model, stream=False, quirks=Quirks()).body
        assert b"cG9kaXVtLnJlYXNvbmluZy4x" not in sent
        assert (b"skip_thought_signature_validator" in sent) is placeholder
        assert b'"functionCall"' in sent


def test_a_damaged_envelope_is_no_reasoning() -> None:
    call = {"functionCall": {"name": "f"}, "thoughtSignature": "cG9kaXVtLnJlYXNvbmluZy4xAAAA"}
    body = msgspec.json.encode({"contents": [{"role": "model", "parts": [call]}]})
    (message,) = DIALECT.read_request(body).messages
    assert isinstance(message, Message)
    assert message.parts == (ReasoningPart(),), "an empty block tells the writer that there is an envelope to take out"
    assert message.tool_calls[0].signature is None


# --- silence and failure, as Google's client takes them -------------------------------------------------------------


def test_heartbeats_are_invisible_to_googles_client(stream_cases: list[Any]) -> None:
    beat = DIALECT.heartbeat
    data = beat + sse(stream_cases[0].chunks[:1]) + beat * 3 + sse(stream_cases[0].chunks[1:], "\n\n") + beat
    assert len(googles(data)) == len(stream_cases[0].chunks)
    assert meant(read([data])) == stream_cases[0].events


def test_an_error_inside_a_stream_raises_in_googles_client(new_task: Callable[..., Task]) -> None:
    error = ProviderError("It broke.", kind=FailureKind.BROKEN_STREAM, provider="p", remedy="Try again.")
    writer = DIALECT.stream_writer(task=shown_task(new_task), model="m", input_tokens=1)
    for data in (writer.fail(error), DIALECT.write_stream_error(error)):
        response = HttpResponse(headers={}, response_stream=httpx2.Response(200, content=data))
        (chunk,) = response.segments()
        assert msgspec.json.encode(chunk).startswith(b'{"error":')  # how the client tells an error
        with pytest.raises(google_errors.ServerError, match=r"It broke. Try again."):
            google_errors.APIError.raise_error(chunk["error"]["code"], chunk, None)
    array = DIALECT.stream_writer(task=shown_task(new_task, sse=False), model="m", input_tokens=1)
    cut = array.write([TextDelta("a")]) + array.fail(error)
    assert msgspec.json.decode(cut)[-1]["error"]["status"] == "UNAVAILABLE"


# --- whatever comes -------------------------------------------------------------------------------------------------


@given(st.binary(max_size=300), st.booleans())
def test_arbitrary_bytes_never_crash(data: bytes, framed: bool) -> None:
    fed = b"data: " + data + b"\n\n" if framed else data
    for attempt in (lambda: read([fed]), lambda: DIALECT.read_reply(data, provider="p")):
        with contextlib.suppress(ProviderError):
            attempt()
    with contextlib.suppress(InvalidRequest):
        DIALECT.read_request(data)


@given(data=st.data())
@settings(max_examples=150)
def test_damaged_streams_and_bodies_never_crash(stream_cases: list[Any], data: st.DataObject) -> None:
    stream_case = data.draw(st.sampled_from(stream_cases))
    whole = bytearray(sse(stream_case.chunks))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(whole) - 1))
        whole[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    with contextlib.suppress(ProviderError):
        read([bytes(whole)])
    with contextlib.suppress(ProviderError):
        DIALECT.read_reply(bytes(whole).removeprefix(b"data: "), provider="p")


NAMES = (
    *("contents", "parts", "role", "text", "thought", "thoughtSignature", "functionCall", "functionResponse"),
    *("name", "id", "args", "response", "inlineData", "inline_data", "mimeType", "data", "fileData", "fileUri"),
    *("tools", "functionDeclarations", "parameters", "type", "generationConfig", "generation_config", "responseSchema"),
    *("candidates", "content", "finishReason", "usageMetadata", "promptTokenCount", "promptFeedback", "error"),
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=12,
)


@given(json_values)
@settings(max_examples=150)
def test_odd_shapes_never_crash(value: Any) -> None:
    for body in (value, {"contents": [{"role": "model", "parts": value}]}, {"contents": value, "tools": [value]}):
        with contextlib.suppress(InvalidRequest):
            DIALECT.read_request(msgspec.json.encode(body))
    for answer in (value, {"candidates": [{"content": {"parts": value}}], "usageMetadata": value}):
        with contextlib.suppress(ProviderError):
            DIALECT.read_reply(msgspec.json.encode(answer), provider="p")


def test_a_long_batch_of_events_is_joined_once(new_task: Callable[..., Task]) -> None:
    """A chunk at a time to the bytes before it would copy gigabytes: seconds, where this takes milliseconds."""
    writer = DIALECT.stream_writer(task=shown_task(new_task), model="m", input_tokens=1)
    begun = time.process_time()
    out = writer.write([TextDelta("a")] * 32_000)
    assert time.process_time() - begun < 2
    assert out.count(b"data: ") == 32_000
