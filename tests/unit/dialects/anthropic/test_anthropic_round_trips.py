"""Anthropic: what is written reads back the same, is what the official client would have sent, and survives noise."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import anthropic
import httpx2
from anthropic.types import message_create_params
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from podium.core.errors import InvalidRequest
from podium.core.messages import (
    FilePart,
    FinishReason,
    ImagePart,
    Message,
    Options,
    Part,
    ReasoningPart,
    Reply,
    Schema,
    TextPart,
    Tool,
    ToolCall,
)
from podium.core.tasks import Task
from podium.core.usage import Usage
from podium.models.dialects.anthropic import Anthropic
from podium.models.dialects.dialect import Quirks

WIRE = Anthropic()
MINE = "anthropic"
MODEL = "claude-sonnet-4-5"  # takes every field of the canonical form that this wire has
OFFICIAL = TypeAdapter(message_create_params.MessageCreateParamsNonStreaming)

TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12).filter(lambda text: text.strip() == text != "")
MARKS = st.sampled_from([None, "5m", "1h"])
NAMES = st.text("abcXYZ019_-", min_size=1, max_size=8)
OBJECTS = st.dictionaries(TEXT, st.integers() | TEXT | st.none() | st.booleans(), max_size=3)
ARGUMENTS = OBJECTS.map(json.dumps)
TEXTS = st.builds(TextPart, TEXT, MARKS)
IMAGES = st.builds(
    ImagePart, url=st.sampled_from(["https://a.example/x.png", "data:image/webp;base64,aGk="]), cache=MARKS
)
FILES = st.builds(
    FilePart,
    url=st.just("data:application/pdf;base64,aGk="),
    media_type=st.just("application/pdf"),
    name=st.none() | TEXT,
    cache=MARKS,
)
REASONING = st.builds(ReasoningPart, text=TEXT, signature=TEXT, origin=st.just(MINE)) | st.builds(
    ReasoningPart, data=TEXT, origin=st.just(MINE)
)


def parts(kinds: st.SearchStrategy[Part], least: int = 1) -> st.SearchStrategy[tuple[Part, ...]]:
    return st.lists(kinds, min_size=least, max_size=3).map(tuple)


@st.composite
def conversations(draw: st.DrawFn) -> tuple[Message, ...]:
    """Instructions, then turns as models and their callers take them; every call has its result."""
    messages: list[Message] = []
    if draw(st.booleans()):
        messages.append(Message(role="system", parts=draw(parts(TEXTS))))
    number = 0
    for _ in range(draw(st.integers(1, 3))):
        messages.append(Message(role="user", parts=draw(parts(TEXTS | IMAGES | FILES))))
        thoughts = draw(parts(REASONING, 0))
        calls = tuple(
            ToolCall(id=f"call-{number + place}", name=draw(NAMES), arguments=draw(ARGUMENTS), cache=draw(MARKS))
            for place in range(draw(st.integers(0, 3)))
        )
        number += len(calls)
        said = draw(parts(TEXTS, 0 if calls or thoughts else 1))
        messages.append(Message(role="assistant", parts=thoughts + said, tool_calls=calls))
        messages.extend(
            Message(
                role="tool",
                tool_call_id=call.id,
                parts=draw(parts(TEXTS | IMAGES, 0)),
                failed=draw(st.booleans()),
                cache=draw(MARKS),
            )
            for call in calls
        )
    if messages[-1].role == "tool":  # else the turn under way would be the one that called
        messages.append(Message(role="assistant", parts=(TextPart("So."),)))
    messages.append(Message(role="user", parts=(TextPart("Well?"),)))
    return tuple(messages)


@st.composite
def options(draw: st.DrawFn) -> Options:
    tools = tuple(
        Tool(name=name, description=draw(st.just("") | TEXT), parameters={"type": "object", "title": name},
             cache=draw(MARKS))
        for name in draw(st.lists(NAMES.filter(lambda name: name not in ("auto", "none")), max_size=3, unique=True))
    )  # fmt: skip
    thinks = draw(st.booleans())
    choices = ["auto", "none", None] if thinks or not tools else ["auto", "none", None, "required", tools[0].name]
    choice = draw(st.sampled_from(choices)) if tools else None
    schema = {"type": "object", "properties": {"x": {"type": "string"}}, "additionalProperties": False}
    return Options(
        max_tokens=draw(st.integers(3000, 64000)),
        temperature=None if thinks else draw(st.none() | st.floats(0, 1)),
        top_k=None if thinks else draw(st.none() | st.integers(1, 9)),
        stop=tuple(draw(st.lists(TEXT, max_size=2))),
        tools=tools,
        tool_choice=choice,
        parallel_tool_calls=False if choice not in (None, "none") and draw(st.booleans()) else None,
        schema=Schema(body=schema, strict=True) if draw(st.booleans()) else None,
        reasoning_tokens=2048 if thinks else None,
        show_reasoning=thinks,
    )


def task(messages: tuple[Message, ...], chosen: Options | None = None) -> Task:
    return Task(
        id="tsk_1",
        messages=messages,
        received_at=datetime(2026, 1, 2, tzinfo=UTC),
        options=chosen or Options(reasoning_tokens=-1, show_reasoning=True),
    )


def settled(message: Message) -> Message:
    """A message with every address read: until then it may be held as the bytes it came in."""
    for part in message.parts:
        getattr(part, "url", None)
    return message


@given(messages=conversations(), chosen=options())
@settings(max_examples=80, deadline=None)
def test_requests_read_back(messages: tuple[Message, ...], chosen: Options) -> None:
    out = WIRE.write_request(task(messages, chosen), model=MODEL, stream=False, quirks=Quirks())
    back = WIRE.read_request(out.body)
    assert tuple(settled(message) for message in back.messages) == messages
    assert back.options == chosen
    assert out.notes == ()
    OFFICIAL.validate_json(out.body)


@given(
    text=TEXT,
    thoughts=parts(REASONING, 0),
    calls=st.lists(st.tuples(NAMES, OBJECTS), max_size=3),
    used=st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9), st.integers(1, 9)),
    finish=st.sampled_from([FinishReason.STOP, FinishReason.LENGTH, FinishReason.CONTENT_FILTER]),
)
def test_replies_read_back(
    text: str,
    thoughts: tuple[Any, ...],
    calls: list[tuple[str, dict[str, Any]]],
    used: tuple[int, int, int, int],
    finish: FinishReason,
) -> None:
    fresh, cached, kept, wrote = used
    reply = Reply(
        text=text,
        reasoning=thoughts,
        tool_calls=tuple(
            ToolCall(id=f"a{place}", name=name, arguments=json.dumps(arguments))
            for place, (name, arguments) in enumerate(calls)
        ),
        finish=FinishReason.TOOL_CALLS if calls else finish,
        usage=Usage(input=fresh + cached + kept, cached=cached, cache_write=kept, output=wrote, reasoning=wrote - 1),
    )
    back = WIRE.read_reply(WIRE.write_reply(reply, task=task(()), model="m"), provider="acme")
    for name in ("text", "reasoning", "tool_calls", "finish", "usage"):
        assert getattr(back, name) == getattr(reply, name)


def test_the_official_clients_request() -> None:
    """What the `anthropic` package sends, read; and counted tokens likewise."""
    sent: list[bytes] = []

    def keep(request: httpx2.Request) -> httpx2.Response:
        sent.append(request.content)
        return httpx2.Response(400)

    with (
        httpx2.Client(transport=httpx2.MockTransport(keep)) as http,
        anthropic.Anthropic(api_key="k", base_url="http://a.example", http_client=http, max_retries=0) as client,
    ):
        try:
            client.messages.create(
                model="auto",
                max_tokens=99,
                system=[{"type": "text", "text": "S", "cache_control": {"type": "ephemeral"}}],
                messages=[
                    {"role": "user", "content": "Hi"},
                    {"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "f", "input": {"x": 1}}]},
                    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", "content": "one"}]},
                ],
                tools=[{"name": "f", "input_schema": {"type": "object"}}],
                tool_choice={"type": "any"},
                thinking={"type": "disabled"},
                output_config={"effort": "low"},
            )
        except anthropic.BadRequestError:
            incoming = WIRE.read_request(sent[0])
    assert [message.role for message in incoming.messages] == ["system", "user", "assistant", "tool"]
    assert incoming.options == Options(
        max_tokens=99,
        tools=(Tool(name="f", parameters={"type": "object"}),),
        tool_choice="required",
        reasoning_effort="low",
        reasoning_tokens=0,
    )


@given(data=st.data())
@settings(max_examples=150)
def test_mutated_requests_raise_nothing_else(data: st.DataObject) -> None:
    made = task((Message(role="user", parts=(TextPart("Hi"), ImagePart(url="data:image/png;base64,aGk="))),))
    body = bytearray(WIRE.write_request(made, model=MODEL, stream=False, quirks=Quirks()).body)
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    read = None
    try:
        read = WIRE.read_request(bytes(body))
    except InvalidRequest as error:
        assert error.message  # noqa: PT017  # either outcome is right, any other exception fails the test
    assert read is None or read.messages
