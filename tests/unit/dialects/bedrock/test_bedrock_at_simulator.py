"""Bedrock Converse end to end: requests a strict simulated vendor accepts, answers whole and streamed that agree."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from podium.core.errors import FailureKind, ProviderError
from podium.core.messages import (
    FilePart,
    FinishReason,
    ImagePart,
    Message,
    ReasoningDelta,
    ReasoningPart,
    ReasoningSealed,
    Reply,
    Schema,
    StreamEvent,
    TextDelta,
    TextPart,
    Tool,
    ToolCall,
    ToolCallDelta,
    UsageSeen,
)
from podium.core.ports import Call
from podium.models.providers import HttpProvider, Transport, Wire
from podium.testing import Fault, Faults, SimModel, SimServer, SimVendor

CLAUDE, OLD, OTHER = "eu.anthropic.claude-sonnet-4-5-v1:0", "anthropic.claude-3-5-haiku-v1:0", "acme.sharp-v1:0"
MODELS = tuple(
    SimModel(name=name, skill=1.0, reasoning_tokens=20, redacts_reasoning=True) for name in (CLAUDE, OLD, OTHER)
)
TOOLS = (
    Tool(name="get_time", parameters={"type": "object", "properties": {"zone": {"type": "string"}}}),
    Tool(name="ping"),
)
TWO_CALLS = 'Call get_time {"zone": "UTC"} and ping'
SCHEMA = {"type": "object", "properties": {"x": {"type": "string"}}, "required": ["x"], "additionalProperties": False}
PIXEL = "data:image/png;base64,iVBORw=="
PDF = "data:application/pdf;base64,JVBERi0="


@pytest.fixture(scope="module")
def server() -> Iterator[SimServer]:
    with SimServer(SimVendor(name="acme", models=MODELS, time_scale=0)) as running:
        yield running


def both(server: SimServer, task: Any, model: str) -> tuple[Reply, list[StreamEvent]]:
    """The same question answered whole and streamed."""

    async def play() -> tuple[Reply, list[StreamEvent]]:
        door = HttpProvider(
            name="acme",
            base_url=server.root_url,
            transport=Transport(connect_timeout_s=1, silence_timeout_s=5),
            wires=(Wire(dialect="bedrock-converse"),),
            auth="none",
        )
        call = Call(task=task, model=model, timeout_s=5)
        try:
            reply = await door.complete(call)
            events: list[StreamEvent] = []
            async with door.stream(call) as opened:
                async for given in opened:
                    for frame in given if isinstance(given, list | tuple) else [given]:
                        events += frame.events
            return reply, events
        finally:
            await door.aclose()

    return asyncio.run(play())


def put_together(events: list[StreamEvent]) -> tuple[str, list[ToolCall], list[ReasoningPart]]:
    text = "".join(event.text for event in events if isinstance(event, TextDelta))
    calls: list[ToolCall] = []
    thoughts: list[ReasoningPart] = []
    shown = ""
    for event in events:
        if isinstance(event, ToolCallDelta) and event.id is not None:
            calls.append(ToolCall(id=event.id, name=event.name or "", arguments=event.arguments))
        elif isinstance(event, ToolCallDelta):
            before = calls[event.index]
            calls[event.index] = ToolCall(id=before.id, name=before.name, arguments=before.arguments + event.arguments)
        elif isinstance(event, ReasoningDelta):
            shown += event.text
        elif isinstance(event, ReasoningSealed):
            thoughts.append(ReasoningPart(text=shown, signature=event.signature, data=event.data, origin=event.origin))
            shown = ""
    return text, calls, thoughts


def plain(calls: Any) -> list[tuple[str, Any]]:
    return [(call.name, json.loads(call.arguments or "{}")) for call in calls]


@pytest.mark.parametrize(
    ("text", "model", "options", "finish"),
    [
        ("Hello", CLAUDE, {}, FinishReason.STOP),
        ("Repeat after me: größer, 更大, 🙂", OTHER, {}, FinishReason.STOP),
        (TWO_CALLS, CLAUDE, {"tools": TOOLS}, FinishReason.TOOL_CALLS),
        (TWO_CALLS, CLAUDE, {"tools": TOOLS, "reasoning_tokens": 1024}, FinishReason.TOOL_CALLS),
        ("Hello", CLAUDE, {"tools": TOOLS, "tool_choice": "required"}, FinishReason.TOOL_CALLS),
        ("Hello", CLAUDE, {"tools": TOOLS, "tool_choice": "ping"}, FinishReason.TOOL_CALLS),
        ("Hello", CLAUDE, {"tools": TOOLS, "tool_choice": "none"}, FinishReason.STOP),
        ("Hello", CLAUDE, {"max_tokens": 3}, FinishReason.LENGTH),
        ("Hello", CLAUDE, {"stop": (" simulated",)}, FinishReason.STOP),
        ("Refuse this.", CLAUDE, {}, FinishReason.CONTENT_FILTER),
        ("Name x.", CLAUDE, {"schema": Schema(body=SCHEMA)}, FinishReason.STOP),
        ("Name x.", OLD, {"schema": Schema(body=SCHEMA)}, FinishReason.STOP),
        ("Name x.", OTHER, {"schema": Schema(body=SCHEMA)}, FinishReason.STOP),
    ],
)
def test_whole_and_streamed_answers_agree(
    server: SimServer, kit: Any, text: str, model: str, options: dict[str, Any], finish: FinishReason
) -> None:
    reply, events = both(server, kit.task(kit.user(text), **options), model)
    said, calls, thoughts = put_together(events)
    assert reply.finish is finish
    assert said == reply.text or json.loads(said) == json.loads(reply.text)
    assert plain(calls) == plain(reply.tool_calls)
    assert [(part.text, part.data) for part in thoughts] == [(part.text, part.data) for part in reply.reasoning]
    usages = [event.usage for event in events if isinstance(event, UsageSeen)]
    assert usages == [reply.usage]
    if "schema" in options:
        assert json.loads(reply.text).keys() == {"x"}
        assert reply.tool_calls == ()
    if "reasoning_tokens" in options:
        assert [bool(part.signature) for part in thoughts] == [True, False]


def test_a_conversation_with_reasoning_goes_on(server: SimServer, kit: Any) -> None:
    """The vendor refuses a changed signature, a lone result and results out of place; this it takes."""
    asked = {"tools": TOOLS, "reasoning_tokens": 1024}
    reply, _ = both(server, kit.task(kit.user(TWO_CALLS), **asked), CLAUDE)
    assert [part.data is not None for part in reply.reasoning] == [False, True]
    back = Message(role="assistant", parts=(*reply.reasoning, TextPart(reply.text)), tool_calls=reply.tool_calls)
    results = [
        Message(role="tool", tool_call_id=call.id, parts=(TextPart(f"it is {call.name}"),))
        for call in reversed(reply.tool_calls)
    ]
    told, _ = both(server, kit.task(kit.user(TWO_CALLS), back, *results, **asked), CLAUDE)
    assert "it is ping" in told.text
    without_tools, _ = both(server, kit.task(kit.user(TWO_CALLS), back, *results), CLAUDE)
    assert "it is ping" in without_tools.text
    spoilt = ReasoningPart(text="No!", signature=reply.reasoning[0].signature, origin="bedrock-converse")
    changed = Message(role="assistant", parts=(spoilt,), tool_calls=reply.tool_calls)
    with pytest.raises(ProviderError, match="signature") as caught:
        both(server, kit.task(kit.user(TWO_CALLS), changed, *results, **asked), CLAUDE)
    assert caught.value.kind is FailureKind.BAD_REQUEST


def test_pictures_documents_and_caching(server: SimServer, kit: Any) -> None:
    seen, _ = both(server, kit.task(kit.user(ImagePart(url=PIXEL), "Describe the image")), CLAUDE)
    assert seen.text.startswith("image/png, 4 bytes")
    read, _ = both(server, kit.task(kit.user(FilePart(url=PDF, name="a.pdf"), "Describe the image")), CLAUDE)
    assert read.text.startswith("application/pdf, 5 bytes")
    marked = Message(role="system", parts=(TextPart("cached words " * 40, cache="5m"),))
    reply, events = both(server, kit.task(marked, kit.user("one")), CLAUDE)
    assert reply.usage is not None
    assert (reply.usage.cached, reply.usage.cache_write > 0) == (0, True)
    (streamed,) = [event.usage for event in events if isinstance(event, UsageSeen)]
    assert (streamed.cached, streamed.cache_write) == (reply.usage.cache_write, 0)
    assert streamed.input == reply.usage.input, "cached or not, the model read the same"


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault(kind="status", status=429), FailureKind.RATE_LIMITED),
        (Fault(kind="status", status=503), FailureKind.OVERLOADED),
        (Fault(kind="status", status=400), FailureKind.BAD_REQUEST),
    ],
)
def test_refusals_keep_their_meaning(server: SimServer, kit: Any, fault: Fault, kind: FailureKind) -> None:
    server.faults = Faults(script=(fault,))
    with pytest.raises(ProviderError) as caught:
        both(server, kit.task(), CLAUDE)
    assert caught.value.kind is kind


def test_an_exception_inside_a_stream_is_an_error(server: SimServer, kit: Any) -> None:
    server.faults = Faults(script=(None, Fault(kind="error_event")))
    with pytest.raises(ProviderError) as caught:
        both(server, kit.task(), CLAUDE)
    assert caught.value.kind is FailureKind.SERVER_ERROR
