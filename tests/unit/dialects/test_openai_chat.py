"""OpenAI chat completions: requests, answers and streams, from one table of cases each."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.core.errors import (
    AllAttemptsFailed,
    FailureKind,
    InvalidRequest,
    PodiumError,
    ProviderError,
    RequestTooLarge,
    RequirementsNotMet,
)
from podium.core.messages import (
    AudioPart,
    FilePart,
    Finished,
    FinishReason,
    ImagePart,
    Message,
    OpaquePart,
    Options,
    Reply,
    Schema,
    StreamFault,
    TextDelta,
    TextPart,
    Tool,
    ToolCall,
    ToolCallDelta,
    UsageSeen,
)
from podium.core.tasks import Task, TaskType
from podium.core.usage import Usage
from podium.models.dialects import OpenAIChat, Quirks

WIRE = OpenAIChat()
NOW = datetime(2030, 1, 1, tzinfo=UTC)
USER = {"role": "user", "content": "hi"}


def read(**fields: Any) -> Any:
    return WIRE.read_request(json.dumps({"model": "auto", "messages": [USER], **fields}).encode())


def task(*messages: Message, **changes: Any) -> Task:
    return Task(
        id="tsk_1",
        messages=messages or (Message(role="user", parts=(TextPart("hi"),)),),
        received_at=NOW,
        **changes,
    )


# --- requests in ---------------------------------------------------------------------------------------------------


def test_every_kind_of_message() -> None:
    incoming = read(
        messages=[
            {"role": "developer", "content": "Be terse."},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What is this?"},
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA==", "detail": "low"}},
                    {"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav"}},
                    {"type": "file", "file": {"file_id": "f"}},
                    {"type": "hologram", "hologram": {}},
                ],
            },
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"a":1}'}}],
            },
            {"role": "tool", "tool_call_id": "c1", "content": "seen"},
        ]
    )
    assert incoming.messages == (
        Message(role="system", parts=(TextPart("Be terse."),)),
        Message(
            role="user",
            parts=(
                TextPart("What is this?"),
                ImagePart(url="data:image/png;base64,AA==", detail="low"),
                AudioPart(data="AA==", format="wav"),
                FilePart(file_id="f"),
                OpaquePart(kind="hologram"),
            ),
        ),
        Message(role="assistant", tool_calls=(ToolCall(id="c1", name="look", arguments='{"a":1}'),)),
        Message(role="tool", parts=(TextPart("seen"),), tool_call_id="c1"),
    )


def test_every_option() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    incoming = read(
        max_completion_tokens=7,
        max_tokens=9,
        temperature=0.5,
        top_p=0.9,
        stop="END",
        seed=3,
        n=2,
        tools=[{"type": "function", "function": {"name": "look", "parameters": schema, "strict": True}}],
        tool_choice={"type": "function", "function": {"name": "look"}},
        parallel_tool_calls=False,
        response_format={"type": "json_schema", "json_schema": {"name": "out", "schema": schema, "strict": True}},
        logprobs=True,
        reasoning_effort="low",
        user="ann",
        podium={"task_type": "extraction", "max_cost_usd": "0.01", "tags": {"ticket": "4711"}},
    )
    assert incoming.options == Options(
        max_tokens=7,
        temperature=0.5,
        top_p=0.9,
        stop=("END",),
        seed=3,
        n=2,
        tools=(Tool(name="look", parameters=schema, strict=True),),
        tool_choice="look",
        parallel_tool_calls=False,
        schema=Schema(name="out", body=schema, strict=True),
        logprobs=True,
        reasoning_effort="low",
    )
    assert incoming.user == "ann"
    assert incoming.fields.task_type is TaskType.EXTRACTION
    assert incoming.fields.max_cost_usd == Decimal("0.01")
    assert incoming.fields.tags == {"ticket": "4711"}


BAD_REQUESTS = [
    (b"", "not valid JSON", None),
    (b"{", "not valid JSON", None),
    (b"\xff\xfe", "not valid JSON", None),
    (b"[]", "Expected `object`", None),
    (b"null", "Expected `object`", None),
    (b"{}", "missing required field `messages`", None),
    (b'{"messages": []}', "`messages` is empty", "messages"),
    (b'{"messages": "hi"}', "Expected `array`", "messages"),
    (b'{"messages": [1]}', "Expected `object`", "messages[0]"),
    (b'{"messages": [{"role": "robot", "content": "x"}]}', "Invalid enum value", "messages[0].role"),
    (b'{"messages": [{"role": "user"}]}', "has no content", "messages[0].content"),
    (b'{"messages": [{"role": "user", "content": []}]}', "has no content", "messages[0].content"),
    (b'{"messages": [{"role": "user", "content": 5}]}', "Expected", "messages[0].content"),
    (b'{"messages": [{"role": "user", "content": [{"type": "text"}]}]}', "no `text`", "messages[0].content[0].text"),
    (
        b'{"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}',
        "no `image_url`",
        "messages[0].content[0].image_url",
    ),
    (b'{"model": 5, "messages": [{"role": "user", "content": "x"}]}', "Expected `str`", "model"),
    (b'{"max_tokens": 0, "messages": [{"role": "user", "content": "x"}]}', "at least 1", "max_tokens"),
    (b'{"n": 0, "messages": [{"role": "user", "content": "x"}]}', "at least 1", "n"),
    (
        b'{"tools": [{"type": "function"}], "messages": [{"role": "user", "content": "x"}]}',
        "no `function`",
        "tools[0].function",
    ),
    (
        b'{"response_format": {"type": "xml"}, "messages": [{"role": "user", "content": "x"}]}',
        "not understood",
        "response_format",
    ),
    (b'{"podium": {"min_qualty": 1}, "messages": [{"role": "user", "content": "x"}]}', "min_qualty", "podium"),
    (
        b'{"podium": {"task_type": "x"}, "messages": [{"role": "user", "content": "x"}]}',
        "Invalid enum",
        "podium.task_type",
    ),
    (b"[" * 100_000, "", None),
]


@pytest.mark.parametrize(("body", "words", "param"), BAD_REQUESTS, ids=[str(case[0][:60]) for case in BAD_REQUESTS])
def test_bad_requests_name_the_field(body: bytes, words: str, param: str | None) -> None:
    with pytest.raises(InvalidRequest) as caught:
        WIRE.read_request(body)
    assert words in caught.value.message
    assert caught.value.param == param
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"teem": "x"}, "Known: deadline, max_cost_usd"),
        ({"min_quality": "high"}, '"min_quality": 0.9'),
        ({"deadline": "soon"}, "2030-01-31T12:00:00Z"),
        ({"team": 7}, "README lists what `team` takes"),
    ],
)
def test_a_slip_in_our_own_fields_gets_our_own_remedy(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        read(podium=fields)
    assert words in caught.value.remedy


@given(st.binary(max_size=200))
def test_no_bytes_crash_the_reader(body: bytes) -> None:
    try:
        WIRE.read_request(body)
    except InvalidRequest as error:
        assert error.message  # noqa: PT017  # only this error may come out


# --- requests out --------------------------------------------------------------------------------------------------


def forwarded(body: dict[str, Any], *, stream: bool = False, quirks: Quirks | None = None) -> Any:
    incoming = WIRE.read_request(json.dumps(body).encode())
    sent = task(*incoming.messages, options=incoming.options, payload=incoming.payload)
    return json.loads(WIRE.write_request(sent, model="m-1", stream=stream, quirks=quirks or Quirks()).body)


def test_the_callers_body_is_forwarded_but_for_the_models_name() -> None:
    body = {
        "model": "auto",
        "messages": [{"role": "user", "content": "hi", "unknown": [1.50, None]}],
        "x_vendor_field": {"deep": [True]},
        "podium": {"team": "support"},
    }
    expected = {**body, "model": "m-1"}
    del expected["podium"]
    assert forwarded(body) == expected


def test_numbers_survive_to_the_last_digit() -> None:
    body = b'{"model":"auto","messages":[{"role":"user","content":"x"}],"seed_like":12345678901234567890123,"p":0.10}'
    incoming = WIRE.read_request(body)
    sent = task(*incoming.messages, payload=incoming.payload)
    out = WIRE.write_request(sent, model="m", stream=False, quirks=Quirks()).body
    assert b"12345678901234567890123" in out
    assert b'"p":0.10' in out


def test_streams_are_always_asked_for_usage_and_keep_other_options() -> None:
    out = forwarded({"messages": [USER], "stream": True, "stream_options": {"x": 1}}, stream=True)
    assert out["stream_options"] == {"x": 1, "include_usage": True}
    out = forwarded({"messages": [USER], "stream": True, "stream_options": None}, stream=True)
    assert out["stream_options"] == {"include_usage": True}


def test_a_provider_without_stream_options_is_not_sent_any() -> None:
    out = forwarded(
        {"messages": [USER], "stream": True, "stream_options": {"include_usage": True}},
        stream=True,
        quirks=Quirks(stream_usage=False),
    )
    assert "stream_options" not in out


@pytest.mark.parametrize("given_name", ["max_tokens", "max_completion_tokens"])
@pytest.mark.parametrize("taken", ["max_tokens", "max_completion_tokens"])
def test_the_answer_limit_goes_by_the_name_the_provider_takes(given_name: str, taken: str) -> None:
    out = forwarded({"messages": [USER], given_name: 5}, quirks=Quirks(max_tokens_field=taken))
    assert {name: out[name] for name in ("max_tokens", "max_completion_tokens") if name in out} == {taken: 5}


def test_podium_limits_an_answer_only_where_the_caller_did_not() -> None:
    for body, expected in (({}, 50), ({"max_tokens": 5}, 5), ({"max_completion_tokens": 6}, 6)):
        incoming = WIRE.read_request(json.dumps({"messages": [USER], **body}).encode())
        for payload in (incoming.payload, None):
            sent = task(*incoming.messages, options=incoming.options, payload=payload)
            out = json.loads(WIRE.write_request(sent, model="m", stream=False, quirks=Quirks(), max_tokens=50).body)
            assert out["max_tokens"] == expected


PARTS = st.one_of(
    st.text().map(TextPart),
    st.builds(ImagePart, url=st.text(min_size=1), detail=st.none() | st.sampled_from(["low", "high"])),
    st.builds(AudioPart, data=st.text(min_size=1), format=st.sampled_from(["wav", "mp3"])),
)
MESSAGES = st.lists(
    st.one_of(
        st.builds(
            Message, role=st.sampled_from(["user", "system"]), parts=st.lists(PARTS, min_size=1, max_size=3).map(tuple)
        ),
        st.builds(
            Message,
            role=st.just("assistant"),
            tool_calls=st.lists(
                st.builds(ToolCall, id=st.text(min_size=1), name=st.text(min_size=1), arguments=st.text()),
                min_size=1,
                max_size=3,
            ).map(tuple),
        ),
        st.builds(
            Message, role=st.just("tool"), parts=st.tuples(st.text().map(TextPart)), tool_call_id=st.text(min_size=1)
        ),
    ),
    min_size=1,
    max_size=4,
)


@given(MESSAGES, st.integers(1, 100) | st.none(), st.lists(st.text(min_size=1), max_size=2))
def test_canonical_form_survives_the_wire(messages: list[Message], limit: int | None, stop: list[str]) -> None:
    options = Options(max_tokens=limit, stop=tuple(stop), schema=Schema(body={"type": "object"}))
    body = WIRE.write_request(task(*messages, options=options), model="m", stream=False, quirks=Quirks()).body
    back = WIRE.read_request(body)
    assert back.options == options
    # Empty arguments mean `{}`, and go out as that: several providers parse what they are sent.
    assert [[(call.id, call.name, call.arguments) for call in message.tool_calls] for message in back.messages] == [
        [(call.id, call.name, call.arguments or "{}") for call in message.tool_calls] for message in messages
    ]
    # Several text parts become one text: the wire has no other form for plain text.
    assert [message.text for message in back.messages] == [message.text for message in messages]


# --- answers -------------------------------------------------------------------------------------------------------


def answer(message: dict[str, Any], finish: str | None = "stop", usage: Any = None, **more: Any) -> bytes:
    body = {"id": "c", "model": "m", "choices": [{"index": 0, "message": message, "finish_reason": finish}], **more}
    return json.dumps({**body, "usage": usage} if usage is not None else body).encode()


def test_text_tool_calls_refusal_and_finish() -> None:
    assert WIRE.read_reply(answer({"content": "hello"}), provider="p").text == "hello"
    refused = WIRE.read_reply(answer({"content": None, "refusal": "no"}, "content_filter"), provider="p")
    assert (refused.text, refused.refusal, refused.finish) == ("", "no", FinishReason.CONTENT_FILTER)
    called = WIRE.read_reply(
        answer({"content": None, "tool_calls": [{"id": "1", "function": {"name": "f", "arguments": ""}}]}), provider="p"
    )
    assert called.tool_calls == (ToolCall(id="1", name="f", arguments="{}"),)
    assert called.finish is FinishReason.TOOL_CALLS, "a server that says stop although it called a tool"
    assert WIRE.read_reply(answer({"content": "x"}, "brand_new"), provider="p").finish is FinishReason.OTHER


USAGES: list[tuple[dict[str, Any], Usage | None]] = [
    ({"prompt_tokens": 10, "completion_tokens": 5}, Usage(input=10, output=5)),
    (
        {
            "prompt_tokens": 10,
            "completion_tokens": 5,
            "prompt_tokens_details": {"cached_tokens": 4, "audio_tokens": None},
        },
        Usage(input=10, output=5, cached=4),
    ),
    (
        {"prompt_tokens": 10, "completion_tokens": 5, "completion_tokens_details": {"reasoning_tokens": 3}},
        Usage(input=10, output=5, reasoning=3),
    ),
    ({"prompt_tokens": 10, "completion_tokens": 5, "prompt_cache_hit_tokens": 6}, Usage(input=10, output=5, cached=6)),
    (
        {"prompt_tokens": 10, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 99}},
        Usage(input=10, output=5, cached=10),
    ),
    (
        {
            "prompt_tokens": 10,
            "completion_tokens": 5,
            "total_tokens": 1015,
            "prompt_tokens_details": {"cached_tokens": 1000},
        },
        Usage(input=1010, output=5, cached=1000),
    ),
    (
        {
            "prompt_tokens": 10,
            "completion_tokens": 5,
            "total_tokens": 1215,
            "prompt_tokens_details": {"cached_tokens": 1000, "cache_write_tokens": 200},
        },
        Usage(input=1210, output=5, cached=1000, cache_write=200),
    ),
    (
        {
            "prompt_tokens": 100,
            "completion_tokens": 5,
            "total_tokens": 145,
            "prompt_tokens_details": {"cached_tokens": 40},
        },
        Usage(input=100, output=45, cached=40, reasoning=40),
    ),
    ({"prompt_tokens": None, "completion_tokens": None}, None),
    ({}, None),
]


@pytest.mark.parametrize(("wire", "expected"), USAGES)
def test_usage_counts_each_token_once(wire: dict[str, Any], expected: Usage | None) -> None:
    assert WIRE.read_reply(answer({"content": "x"}, usage=wire), provider="p").usage == expected


GARBAGE = [b"", b"<html>", b"{}", b'{"choices": []}', b'{"choices": null}', b'{"choices": [{}]}', b'"ok"', b"\xff"]


@pytest.mark.parametrize("body", GARBAGE)
def test_what_is_not_an_answer_is_a_failure(body: bytes) -> None:
    with pytest.raises(ProviderError) as caught:
        WIRE.read_reply(body, provider="acme")
    assert caught.value.kind is FailureKind.GARBAGE
    assert "acme" in caught.value.message


def test_an_error_dressed_as_a_success_is_a_failure() -> None:
    with pytest.raises(ProviderError) as caught:
        WIRE.read_reply(b'{"error": {"message": "busy", "code": 503}}', provider="p")
    assert caught.value.kind is FailureKind.SERVER_ERROR
    assert "busy" in caught.value.message


def test_an_answer_built_from_canonical_form_reads_back() -> None:
    reply = Reply(
        text="hello",
        tool_calls=(ToolCall(id="1", name="f", arguments='{"a":1}'),),
        usage=Usage(input=3, output=2, cached=1),
    )
    back = WIRE.read_reply(WIRE.write_reply(reply, task=task(), model="m"), provider="p")
    assert (back.text, back.tool_calls, back.usage) == (reply.text, reply.tool_calls, reply.usage)


# --- streams -------------------------------------------------------------------------------------------------------


def sse(*chunks: Any) -> bytes:
    return b"".join(b"data: " + (c if isinstance(c, bytes) else json.dumps(c).encode()) + b"\n\n" for c in chunks)


def delta(finish: str | None = None, **fields: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": fields, "finish_reason": finish}]}


def piece(index: int | None, arguments: str = "", **more: Any) -> dict[str, Any]:
    function = {"arguments": arguments, **({"name": more.pop("name")} if "name" in more else {})}
    return {**({} if index is None else {"index": index}), "function": function, **more}


STREAMS: list[tuple[str, bytes, list[Any]]] = [
    (
        "text, finish, usage, end mark",
        sse(
            delta(role="assistant", content=""),
            delta(content="Hel"),
            delta(content="lo"),
            delta("stop"),
            {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}},
            b"[DONE]",
        ),
        [TextDelta("Hel"), TextDelta("lo"), Finished(FinishReason.STOP), UsageSeen(Usage(input=3, output=2))],
    ),
    (
        "parallel tool calls keep their own index",
        sse(
            delta(tool_calls=[piece(0, id="a", name="f")]),
            delta(tool_calls=[piece(1, id="b", name="g")]),
            delta(tool_calls=[piece(0, '{"x"'), piece(1, "{}")]),
            delta(tool_calls=[piece(0, ":1}")]),
            delta("tool_calls"),
        ),
        [
            ToolCallDelta(index=0, id="a", name="f"),
            ToolCallDelta(index=1, id="b", name="g"),
            ToolCallDelta(index=0, arguments='{"x"'),
            ToolCallDelta(index=1, arguments="{}"),
            ToolCallDelta(index=0, arguments=":1}"),
            Finished(FinishReason.TOOL_CALLS),
        ],
    ),
    (
        "choices may be null",
        sse({"choices": None, "usage": {"prompt_tokens": 1, "completion_tokens": 1}}),
        [UsageSeen(Usage(input=1, output=1))],
    ),
    ("usage null is no usage", sse({**delta(content="x"), "usage": None}), [TextDelta("x")]),
    (
        "an error inside a 200 stream",
        sse({"error": {"message": "overloaded", "code": "x"}}),
        [StreamFault(message="overloaded", code="x")],
    ),
    ("an error that is a word", sse({"error": "boom"}), [StreamFault(message="boom")]),
    ("comments are nothing", b": ping\n\n" + sse(delta(content="x")), [TextDelta("x")]),
]


@pytest.mark.parametrize(("name", "stream", "events"), STREAMS, ids=[case[0] for case in STREAMS])
@pytest.mark.parametrize("size", [1, 7, 1_000_000])
def test_streams_in_any_pieces(name: str, stream: bytes, events: list[Any], size: int) -> None:
    reader = WIRE.stream_reader(provider="p")
    frames = [frame for i in range(0, len(stream), size) for frame in reader.feed(stream[i : i + size])]
    frames += reader.close()
    assert [event for frame in frames for event in frame.events] == events, name
    assert b"".join(frame.raw for frame in frames) == stream


@pytest.mark.parametrize(
    "chunk", [b"not json", b'{"choices": 5}', b'{"choices": [{"delta": {"content": 7}}]}', b"\xff"]
)
def test_garbage_in_a_stream_is_a_failure(chunk: bytes) -> None:
    with pytest.raises(ProviderError) as caught:
        WIRE.stream_reader(provider="p").feed(sse(chunk))
    assert caught.value.kind is FailureKind.GARBAGE


@given(st.binary(max_size=300), st.integers(1, 9))
def test_no_stream_crashes_the_reader(stream: bytes, size: int) -> None:
    reader = WIRE.stream_reader(provider="p")
    try:
        for i in range(0, len(stream), size):
            reader.feed(stream[i : i + size])
        reader.close()
    except ProviderError as error:
        assert error.kind is FailureKind.GARBAGE  # noqa: PT017  # the only way out


# --- errors --------------------------------------------------------------------------------------------------------

ERRORS: list[tuple[PodiumError, int, str]] = [
    (InvalidRequest("bad", remedy="mend it", param="messages"), 400, "invalid_request_error"),
    (RequestTooLarge("big"), 413, "invalid_request_error"),
    (RequirementsNotMet("none fits", reasons=("a: too dear",)), 422, "invalid_request_error"),
    (PodiumError("bug"), 500, "server_error"),
    (
        AllAttemptsFailed("all", remedy="wait", decision_id="d", tried=("a: timeout",), http_status=429),
        429,
        "rate_limit_error",
    ),
    (
        ProviderError("no", kind=FailureKind.CONTENT_REFUSED, provider="p", http_status=400),
        400,
        "invalid_request_error",
    ),
    (ProviderError("no", kind=FailureKind.SERVER_ERROR, provider="p", http_status=500), 502, "server_error"),
]


@pytest.mark.parametrize(
    ("error", "status", "kind"), ERRORS, ids=[type(case[0]).__name__ + str(case[1]) for case in ERRORS]
)
def test_errors_in_openai_shape(error: PodiumError, status: int, kind: str) -> None:
    body = json.loads(WIRE.write_error(error))["error"]
    assert WIRE.http_status(error) == status
    assert (body["type"], body["code"], body["message"]) == (kind, error.code, str(error))
    assert WIRE.write_stream_error(error).endswith(b"data: [DONE]\n\n")


def test_a_providers_own_word_about_the_request_reaches_the_caller() -> None:
    body = b'{"error": {"message": "stop is too long", "type": "invalid_request_error", "code": null}}'
    error = ProviderError("x", kind=FailureKind.BAD_REQUEST, provider="p", http_status=400, body=body)
    assert WIRE.write_error(error) == body


# --- older forms and vendors' ways ---------------------------------------------------------------------------------


@pytest.mark.parametrize("taken", ["max_tokens", "max_completion_tokens"])
@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"max_completion_tokens": 10, "max_tokens": 1000}, 10),
        ({"max_completion_tokens": None, "max_tokens": 1000}, 1000),
        ({"max_completion_tokens": 10, "max_tokens": None}, 10),
        ({"max_completion_tokens": None, "max_tokens": None}, None),
    ],
)
def test_of_two_limits_the_one_that_was_judged_is_sent(
    fields: dict[str, Any], expected: int | None, taken: str
) -> None:
    out = forwarded({"messages": [USER], **fields}, quirks=Quirks(max_tokens_field=taken))
    sent = {name: out[name] for name in ("max_tokens", "max_completion_tokens") if name in out}
    assert sent == ({} if expected is None else {taken: expected})


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"tool_choice": "any"}, "required"),
        ({"tool_choice": "ANY"}, "required"),
        ({"tool_choice": {"type": "any"}}, "required"),
        ({"tool_choice": "Auto"}, "auto"),
        ({"tool_choice": {"type": "custom", "custom": {"name": "run"}}}, "run"),
        ({"function_call": "none"}, "none"),
        ({"function_call": {"name": "look"}}, "look"),
        ({"function_call": "auto", "tool_choice": "required"}, "required"),
        ({}, None),
    ],
)
def test_tool_choice_by_any_name_is_understood_and_forwarded_as_it_came(
    fields: dict[str, Any], expected: str | None
) -> None:
    assert read(**fields).options.tool_choice == expected
    out = forwarded({"messages": [USER], **fields})
    assert {name: out[name] for name in fields} == fields


def test_a_custom_call_in_the_history_reads_as_the_answer_did() -> None:
    call = {"id": "1", "type": "custom", "custom": {"name": "run", "input": "ls"}}
    incoming = read(messages=[USER, {"role": "assistant", "tool_calls": [call]}])
    asked = WIRE.read_reply(answer({"content": None, "tool_calls": [call]}), provider="p")
    expected = (ToolCall(id="1", name="run", arguments='{"input":"ls"}', kind="custom"),)
    assert incoming.messages[1].tool_calls == asked.tool_calls == expected


def test_older_functions_and_custom_tools_are_tools() -> None:
    incoming = read(
        functions=[{"name": "look", "description": "Looks."}],
        tools=[{"type": "custom", "custom": {"name": "run", "description": "Runs."}}],
    )
    assert incoming.options.tools == (
        Tool(name="run", description="Runs.", kind="custom"),
        Tool(name="look", description="Looks."),
    )


def test_older_custom_and_spoken_answers_are_not_empty() -> None:
    older = WIRE.read_reply(
        answer({"content": None, "function_call": {"name": "f", "arguments": '{"a":1}'}}, "function_call"), provider="p"
    )
    assert older.tool_calls == (ToolCall(id="", name="f", arguments='{"a":1}'),)
    both = {"function_call": {"name": "f"}, "tool_calls": [{"id": "1", "function": {"name": "f", "arguments": "{}"}}]}
    assert len(WIRE.read_reply(answer(both), provider="p").tool_calls) == 1
    assert WIRE.read_reply(answer({"content": "x", "function_call": {"name": ""}}), provider="p").tool_calls == ()
    custom = WIRE.read_reply(
        answer(
            {"content": None, "tool_calls": [{"id": "1", "type": "custom", "custom": {"name": "run", "input": "ls"}}]}
        ),
        provider="p",
    )
    assert custom.tool_calls == (ToolCall(id="1", name="run", arguments='{"input":"ls"}', kind="custom"),)
    assert custom.finish is FinishReason.TOOL_CALLS
    spoken = WIRE.read_reply(answer({"content": None, "audio": {"id": "a", "transcript": "Hello."}}), provider="p")
    assert spoken.text == "Hello."
    assert WIRE.read_reply(answer({"content": None, "audio": {"id": "a", "data": "AA=="}}), provider="p").text.strip()


OUTSIDE_USAGES: list[tuple[Any, Usage | None]] = [
    ({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}, Usage(input=10, output=5)),
    ({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 45}, Usage(input=10, output=35, reasoning=30)),
    (
        {
            "prompt_tokens": 10,
            "completion_tokens": 5,
            "total_tokens": 45,
            "completion_tokens_details": {"reasoning_tokens": 30},
        },
        Usage(input=10, output=35, reasoning=30),
    ),
    (
        {
            "prompt_tokens": 10,
            "completion_tokens": 5,
            "prompt_tokens_details": {"cached_tokens": -1, "audio_tokens": -2},
            "completion_tokens_details": {"reasoning_tokens": -3, "audio_tokens": -4},
        },
        Usage(input=10, output=5),
    ),
    ({"completion_tokens": 5, "total_tokens": 15}, Usage(input=10, output=5)),
    ({"prompt_tokens": 10, "total_tokens": 15}, Usage(input=10, output=5)),
    ({"prompt_tokens": 1.5, "completion_tokens": 5}, None),
    ({"prompt_tokens": "many", "completion_tokens": 5}, None),
    ("none", None),
    ([], None),
]


@pytest.mark.parametrize(("wire", "expected"), OUTSIDE_USAGES)
def test_usage_is_read_apart_from_its_answer(wire: Any, expected: Usage | None) -> None:
    whole = WIRE.read_reply(answer({"content": "x"}, usage=wire), provider="p")
    assert (whole.text, whole.usage) == ("x", expected)
    chunk = json.dumps({"choices": [{"index": 0, "delta": {"content": "x"}}], "usage": wire}).encode()
    (frame,) = WIRE.stream_reader(provider="p").feed(b"data: " + chunk + b"\n\n")
    seen = () if expected is None else (UsageSeen(expected),)
    assert frame.events == (TextDelta("x"), *seen)
