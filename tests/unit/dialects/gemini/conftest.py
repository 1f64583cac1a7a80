"""One table of streams for both directions, and what the tests of this folder share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
import pytest

from podium.core.messages import (
    Finished,
    FinishReason,
    Message,
    OpaqueDelta,
    Options,
    Payload,
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
from podium.models.dialects.dialect import Address, Quirks
from podium.models.dialects.gemini import Gemini

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def made_task(
    *messages: Message, options: Options | None = None, payload: Payload | None = None, model: str = "auto"
) -> Task:
    return Task(
        id="tsk_1",
        messages=messages or (Message(role="user", parts=(TextPart("hi"),)),),
        received_at=NOW,
        model=model,
        options=options or Options(),
        payload=payload,
    )


def encoded(value: Any) -> bytes:
    return msgspec.json.encode(value)


def decoded(body: bytes) -> Any:
    return msgspec.json.decode(body)


@pytest.fixture
def dialect() -> Gemini:
    return Gemini()


@pytest.fixture
def task_of(dialect: Gemini) -> Callable[..., Task]:
    """A task as the server makes it from a caller's body."""

    def make(body: Any, *, stream: bool = False, model: str = "gemini-2.5-flash", sse: bool = True) -> Task:
        incoming = dialect.read_request(encoded(body), Address(model=model, stream=stream, sse=sse))
        return made_task(*incoming.messages, options=incoming.options, payload=incoming.payload, model=incoming.model)

    return make


@pytest.fixture
def new_task() -> Callable[..., Task]:
    return made_task


@pytest.fixture
def built(dialect: Gemini) -> Callable[..., tuple[Any, Sequence[str]]]:
    """(the body, the notes) a provider gets for canonical messages and options."""

    def make(*messages: Message, model: str = "gemini-2.5-flash", quirks: Quirks | None = None, **options: Any) -> Any:
        task = made_task(*messages, options=Options(**options))
        written = dialect.write_request(task, model=model, stream=False, quirks=quirks or Quirks())
        return decoded(written.body), written.notes

    return make


# --- the table: what a provider sends, and what it means -------------------------------------------------------------


class Case(NamedTuple):
    name: str
    chunks: tuple[Any, ...]
    events: tuple[StreamEvent, ...]
    both_ways: bool = True
    """Whether the events, written, read as themselves again."""


def chunk(*parts: Any, finish: str | None = None, usage: Any = None, **more: Any) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"parts": list(parts), "role": "model"}, "index": 0}
    if finish:
        candidate["finishReason"] = finish
    made: dict[str, Any] = {"candidates": [candidate | more], "modelVersion": "m", "responseId": "r1"}
    return made if usage is None else made | {"usageMetadata": usage}


def call(name: str, args: Any, **more: Any) -> dict[str, Any]:
    return {"functionCall": {"name": name, "args": args, **more}}


def tool(index: int, name: str, arguments: str, signature: str | None = None) -> ToolCallDelta:
    return ToolCallDelta(index=index, id=f"id{index}", name=name, arguments=arguments, signature=signature)


STOP = Finished(FinishReason.STOP)
CALLED = Finished(FinishReason.TOOL_CALLS)
USAGE = {
    "promptTokenCount": 10,
    "cachedContentTokenCount": 4,
    "candidatesTokenCount": 5,
    "thoughtsTokenCount": 7,
    "totalTokenCount": 22,
}
SEEN = UsageSeen(Usage(input=10, cached=4, output=12, reasoning=7))

CASES = [
    Case(
        "text",
        (chunk({"text": "Hel"}), chunk({"text": "lo ✓"}), chunk({"text": ""}, finish="STOP", usage=USAGE)),
        (TextDelta("Hel"), TextDelta("lo ✓"), STOP, SEEN),
    ),
    Case(
        "text with its finish",
        (chunk({"text": "a\u2028\n\nb"}, finish="STOP"),),
        (TextDelta("a\u2028\n\nb"), STOP),
    ),
    Case("empty", (chunk(finish="STOP"),), (STOP,)),
    Case("without content", ({"candidates": [{"finishReason": "MAX_TOKENS"}]},), (Finished(FinishReason.LENGTH),)),
    Case(
        "a call and its finish in a later empty chunk",
        (chunk(call("f", {"a": 1}, id="id0")), chunk(finish="STOP")),
        (tool(0, "f", '{"a":1}'), CALLED),
    ),
    Case(
        "parallel calls, signed once",
        (
            chunk(call("f", {"a": "ü"}, id="id0") | {"thoughtSignature": "c2ln"}, call("g", {}, id="id1")),
            chunk({"text": "!"}),
            chunk(call("h", {"x": [1.0]}, id="id2"), finish="STOP"),
        ),
        (tool(0, "f", '{"a":"ü"}', "c2ln"), tool(1, "g", "{}"), TextDelta("!"), tool(2, "h", '{"x":[1.0]}'), CALLED),
        both_ways=False,  # the writer keeps calls for the end
    ),
    Case(
        "calls, several",
        (chunk(call("f", {"a": 1}, id="id0") | {"thoughtSignature": "c2ln"}, call("g", {}, id="id1"), finish="STOP"),),
        (tool(0, "f", '{"a":1}', "c2ln"), tool(1, "g", "{}"), CALLED),
    ),
    Case(
        "thoughts",
        (
            chunk({"text": "hm", "thought": True}),
            chunk({"text": "m", "thought": True}),
            chunk({"text": "", "thought": True, "thoughtSignature": "c2ln"}),
            chunk({"text": "so"}, finish="STOP"),
        ),
        (
            ReasoningDelta("hm"),
            ReasoningDelta("m"),
            ReasoningSealed(signature="c2ln", origin="gemini"),
            TextDelta("so"),
            STOP,
        ),
    ),
    Case(
        "a signature on a text",
        (chunk({"text": "so"}), chunk({"text": "!", "thoughtSignature": "c2ln"}, finish="STOP")),
        (TextDelta("so"), TextDelta("!"), ReasoningSealed(signature="c2ln", origin="gemini"), STOP),
    ),
    Case(
        "a signature late, which is not the thoughts'",
        (
            chunk({"text": "hm", "thought": True}),
            chunk({"text": "so"}),
            chunk({"text": "", "thoughtSignature": "c2ln"}, finish="STOP"),
        ),
        (
            ReasoningDelta("hm"),
            ReasoningSealed(origin="gemini"),
            TextDelta("so"),
            ReasoningSealed(signature="c2ln", origin="gemini"),
            STOP,
        ),
    ),
    Case(
        "a signature late, after a call",
        (chunk(call("f", {"a": 1}, id="id0")), chunk({"text": "", "thoughtSignature": "c2ln"}, finish="STOP")),
        (tool(0, "f", '{"a":1}'), ReasoningSealed(signature="c2ln", origin="gemini"), CALLED),
        both_ways=False,  # the writer keeps calls for the end
    ),
    Case(
        "usage grows and the latest holds",
        (
            chunk({"text": "a"}, usage={"promptTokenCount": 10}),
            chunk({"text": "b"}, usage={"promptTokenCount": 10}),
            chunk(finish="STOP", usage=USAGE),
        ),
        (TextDelta("a"), UsageSeen(Usage(input=10)), TextDelta("b"), STOP, SEEN),
        both_ways=False,
    ),
    Case(
        "stopped by a filter",
        (chunk({"text": "a"}), {"candidates": [{"finishReason": "SAFETY", "index": 0}]}),
        (TextDelta("a"), Finished(FinishReason.CONTENT_FILTER)),
    ),
    Case("an unknown end", (chunk(finish="BORED"),), (Finished(FinishReason.OTHER),)),
    Case(
        "STOP in every chunk",
        (chunk({"text": "a"}, finish="STOP"), chunk({"text": "b"}, finish="STOP")),
        (TextDelta("a"), STOP, TextDelta("b")),
        both_ways=False,
    ),
    Case(
        "a blocked prompt",
        ({"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 3}},),
        (
            RefusalDelta("The prompt was blocked: SAFETY."),
            Finished(FinishReason.CONTENT_FILTER),
            UsageSeen(Usage(input=3)),
        ),
        both_ways=False,
    ),
    Case(
        "an error inside the stream",
        (chunk({"text": "a"}), {"error": {"code": 503, "message": "overloaded", "status": "UNAVAILABLE"}}),
        (TextDelta("a"), StreamFault(message="overloaded", code="UNAVAILABLE")),
        both_ways=False,
    ),
    Case(
        "a malformed call",
        (chunk({"text": "a"}), chunk(finish="MALFORMED_FUNCTION_CALL", finishMessage="bad call", usage=USAGE)),
        (TextDelta("a"), SEEN, StreamFault(message="bad call", code="MALFORMED_FUNCTION_CALL")),
        both_ways=False,
    ),
    Case(
        "what the canonical form lacks",
        (
            chunk({"inlineData": {"mimeType": "image/png", "data": "QUJD"}}, {"executableCode": {"code": "1"}}),
            chunk({"text": "x", "thoughtSignature": "c2ln"}, groundingMetadata={"webSearchQueries": ["q"]}),
            chunk({}, {"text": ""}, groundingMetadata={"webSearchQueries": ["q"]}, finish="STOP"),
        ),
        (
            OpaqueDelta("inlineData"),
            OpaqueDelta("executableCode"),
            TextDelta("x"),
            ReasoningSealed(signature="c2ln", origin="gemini"),
            OpaqueDelta("groundingMetadata"),
            STOP,
        ),
        both_ways=False,
    ),
    Case(
        "several answers",
        (
            {
                "candidates": [
                    {"content": {"parts": [{"text": "a"}]}},
                    {"content": {"parts": [{"text": "b"}]}, "index": 1},
                ]
            },
            {"candidates": [{"finishReason": "STOP", "index": 1}, {"finishReason": "STOP"}]},
        ),
        (TextDelta("a"), OpaqueDelta("candidate"), Finished(FinishReason.STOP, 1), STOP),
        both_ways=False,
    ),
    Case(
        "usage nobody can read",
        (chunk({"text": "a"}, usage={"promptTokenCount": "many"}), chunk(finish="STOP", usage=None)),
        (TextDelta("a"), STOP),
    ),
]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that takes `stream_case` runs over the table."""
    if "stream_case" in metafunc.fixturenames:
        metafunc.parametrize("stream_case", CASES, ids=[case.name for case in CASES])


@pytest.fixture(scope="session")
def stream_cases() -> list[Case]:
    return CASES
