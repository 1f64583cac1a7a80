"""Whatever dialect a body comes in: all of it is looked at, nothing is counted twice, pictures are not read as text."""

from __future__ import annotations

import json
import tracemalloc
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Raw

from podium.core.messages import (
    Attachment,
    AudioPart,
    FilePart,
    ImagePart,
    Message,
    Payload,
    ReasoningPart,
    TextPart,
)
from podium.core.tasks import Modality, Operation, Profile, Sensitivity, Task, TaskType
from podium.models.dialects import by_name
from podium.policies.profile import HeuristicProfiler, estimate_tokens
from podium.policies.profile.shapes import HELD
from podium.policies.profile.unread import unread

CARD = "4111 1111 1111 1111"
WHEN = datetime(2030, 1, 1, tzinfo=UTC)
PROFILER = HeuristicProfiler()
DIALECTS = ("openai-chat", "anthropic", "gemini", "openai-responses")


def task_of(dialect: str, body: dict[str, Any]) -> Task:
    incoming = by_name(dialect).read_request(json.dumps(body).encode())
    return Task(
        id="t",
        messages=incoming.messages,
        received_at=WHEN,
        options=incoming.options,
        payload=incoming.payload,
        operation=incoming.operation,
    )


def judged(dialect: str, body: dict[str, Any]) -> Profile:
    return PROFILER.profile(task_of(dialect, body))


def asked(dialect: str, text: str, **more: Any) -> dict[str, Any]:
    """The plain body of a dialect."""
    if dialect == "anthropic":
        block = {"type": "text", "text": text, "cache_control": {"type": "ephemeral", "ttl": "1h"}}
        return {"max_tokens": 9, "system": "Be brief.", "messages": [{"role": "user", "content": [block]}], **more}
    if dialect == "gemini":
        return {
            "systemInstruction": {"parts": [{"text": "Be brief."}]},
            "contents": [{"role": "user", "parts": [{"text": text}]}],
            "generationConfig": {"temperature": 0.2, "maxOutputTokens": 9, "responseMimeType": "text/plain"},
            "safetySettings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}],
            **more,
        }
    if dialect == "openai-responses":
        content = [{"type": "input_text", "text": text}]
        return {"instructions": "Be brief.", "input": [{"role": "user", "content": content}], "store": False, **more}
    said = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": [{"type": "text", "text": text}]}]
    return {"messages": said, "max_tokens": 9, **more}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_plain_body_holds_nothing_beyond_its_canonical_form(dialect: str) -> None:
    task = task_of(dialect, asked(dialect, "hi"))
    assert task.payload is not None
    assert unread(task.payload.fields, dialect) == (b"", 0)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_same_question_weighs_the_same_in_every_dialect(dialect: str) -> None:
    words = "word " * 500
    assert (
        judged(dialect, asked(dialect, words)).input_tokens
        == judged("openai-chat", asked("openai-chat", words)).input_tokens
    )


ANTHROPIC = {
    "system": {"system": [{"type": "text", "text": CARD}]},
    "beside a block's text": {
        "messages": [{"role": "user", "content": [{"type": "text", "text": "hi", "note": CARD}]}]
    },
    "citations of a text": {
        "messages": [{"role": "user", "content": [{"type": "text", "text": "a", "citations": [{"cited_text": CARD}]}]}]
    },
    "tool input": {
        "messages": [
            {"role": "user", "content": "hi"},
            {
                "role": "assistant",
                "content": [{"type": "tool_use", "id": "t1", "name": "f", "input": {"n": f"a\n{CARD}"}}],
            },
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "ok"}]},
        ]
    },
    "tool result": {
        "messages": [
            {"role": "user", "content": "hi"},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "f", "input": {}}]},
            {
                "role": "user",
                "content": [{"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": CARD}]}],
            },
        ]
    },
    "thinking": {
        "messages": [
            {"role": "user", "content": "hi"},
            {"role": "assistant", "content": [{"type": "thinking", "thinking": CARD, "signature": "x"}]},
        ]
    },
    "document of text": {
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": f"a {CARD}"}}
                ],
            }
        ]
    },
    "unknown block": {
        "messages": [
            {"role": "user", "content": [{"type": "search_result", "source": "s", "title": CARD, "content": []}]}
        ]
    },
    "tools": {"tools": [{"name": "f", "description": CARD, "input_schema": {"type": "object"}}]},
    "schema": {"output_config": {"format": {"type": "json_schema", "schema": {"type": "object", "description": CARD}}}},
    "metadata": {"metadata": {"user_id": CARD}},
    "stop": {"stop_sequences": [CARD]},
    "unknown field": {"x_new": [{"deep": CARD}]},
}
GEMINI = {
    "system": {"systemInstruction": {"parts": [{"text": CARD}]}},
    "other spelling": {"contents": [{"parts": [{"text": "hi"}, {"file_data": {"file_uri": f"https://x.org/{CARD}"}}]}]},
    "unknown part": {
        "contents": [{"parts": [{"text": "a"}, {"executableCode": {"language": "PYTHON", "code": CARD}}]}]
    },
    "beside a part's text": {"contents": [{"parts": [{"text": "hi", "partMetadata": {"note": CARD}}]}]},
    "call": {
        "contents": [
            {"parts": [{"text": "hi"}]},
            {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {"n": CARD}}}]},
            {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {"ok": True}}}]},
        ]
    },
    "result": {
        "contents": [
            {"parts": [{"text": "hi"}]},
            {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {}}}]},
            {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {"n": {"x": CARD}}}}]},
        ]
    },
    "tools": {"tools": [{"functionDeclarations": [{"name": "f", "description": CARD}]}]},
    "schema": {"generationConfig": {"responseSchema": {"type": "OBJECT", "description": CARD}}},
    "stop": {"generationConfig": {"stopSequences": [CARD]}},
    "labels": {"labels": {"note": CARD}},
    "unknown field": {"cachedContent": CARD},
}
RESPONSES = {
    "instructions": {"instructions": CARD},
    "input as text": {"input": CARD},
    "call": {
        "input": [
            {"role": "user", "content": "hi"},
            {"type": "function_call", "call_id": "c1", "name": "f", "arguments": json.dumps({"n": CARD})},
            {"type": "function_call_output", "call_id": "c1", "output": "ok"},
        ]
    },
    "result": {
        "input": [
            {"role": "user", "content": "hi"},
            {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c1", "output": CARD},
        ]
    },
    "a call's field of another kind": {
        "input": [
            {"role": "user", "content": "hi"},
            {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}", "output": CARD},
        ]
    },
    "reasoning": {
        "input": [
            {"role": "user", "content": "hi"},
            {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": CARD}]},
        ]
    },
    "unknown item": {"input": [{"role": "user", "content": "hi"}, {"type": "mcp_call", "id": "m", "arguments": CARD}]},
    "message's identifier": {"input": [{"role": "user", "id": f"msg_ {CARD}", "content": "hi"}]},
    "tools": {"tools": [{"type": "function", "name": "f", "description": CARD, "parameters": {}}]},
    "schema": {"text": {"format": {"type": "json_schema", "name": "a", "schema": {"description": CARD}}}},
    "metadata": {"metadata": {"note": CARD}},
    "safety identifier": {"safety_identifier": CARD},
}
PLACES = [
    (dialect, name, body)
    for dialect, places in (("anthropic", ANTHROPIC), ("gemini", GEMINI), ("openai-responses", RESPONSES))
    for name, body in places.items()
]


@pytest.mark.parametrize(("dialect", "name", "body"), PLACES, ids=[f"{d}: {n}" for d, n, _ in PLACES])
def test_a_card_number_is_found_wherever_the_body_holds_it(dialect: str, name: str, body: dict[str, Any]) -> None:
    profile = judged(dialect, {**asked(dialect, "hi"), **body})
    assert "card" in profile.findings
    assert profile.sensitivity.value is Sensitivity.CONFIDENTIAL


LONG = "word " * 1_000
SPOKEN = {"role": "assistant", "content": "a", "reasoning_content": LONG}
CALLED = {"role": "assistant", "function_call": {"name": "f", "arguments": LONG}}
ONCE = [
    ("anthropic", {"tools": [{"name": "f", "description": LONG, "input_schema": {"type": "object"}}]}),
    ("anthropic", ANTHROPIC["tool result"]),
    ("anthropic", ANTHROPIC["document of text"]),
    ("gemini", {"tools": [{"functionDeclarations": [{"name": "f", "description": LONG}]}]}),
    ("gemini", GEMINI["result"]),
    ("gemini", {"generationConfig": {"responseSchema": {"type": "OBJECT", "description": LONG}}}),
    ("openai-responses", {"tools": [{"type": "function", "name": "f", "description": LONG, "parameters": {}}]}),
    ("openai-responses", RESPONSES["result"]),
    ("openai-responses", RESPONSES["call"]),
    ("openai-responses", {"input": [{"id": "msg_1", "role": "user", "content": LONG}]}),
    ("openai-chat", {"messages": [{"role": "user", "content": "hi"}, SPOKEN]}),
    ("openai-chat", {"messages": [{"role": "user", "content": "a"}, CALLED]}),
]


@pytest.mark.parametrize(("dialect", "body"), ONCE)
def test_a_text_counts_once_wherever_it_stands(dialect: str, body: dict[str, Any]) -> None:
    grown = json.loads(json.dumps(body).replace(CARD, LONG))
    small = json.loads(json.dumps(body).replace(CARD, "x").replace(LONG, "x"))
    added = (
        judged(dialect, {**asked(dialect, "hi"), **grown}).input_tokens
        - judged(dialect, {**asked(dialect, "hi"), **small}).input_tokens
    )
    assert 0.9 * estimate_tokens(LONG) < added < 1.15 * estimate_tokens(LONG)


def picture(dialect: str, letters: str, *, odd: bool) -> dict[str, Any]:
    odd_field = {"odd": "x"} if odd else {}
    url = f"data:image/png;base64,{letters}"
    if dialect == "anthropic":
        source = {"type": "base64", "media_type": "image/png", "data": letters}
        return {"messages": [{"role": "user", "content": [{"type": "image", "source": source, **odd_field}]}]}
    if dialect == "gemini":
        return {"contents": [{"parts": [{"inlineData": {"mimeType": "image/png", "data": letters}, **odd_field}]}]}
    if dialect == "openai-responses":
        return {"input": [{"role": "user", "content": [{"type": "input_image", "image_url": url, **odd_field}]}]}
    return {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}, **odd_field}]}]}


@pytest.mark.parametrize("odd", [False, True])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_large_picture_is_neither_copied_nor_read_as_text(dialect: str, odd: bool) -> None:
    task = task_of(dialect, {**asked(dialect, "hi"), **picture(dialect, "A" * 3_000_000, odd=odd)})
    PROFILER.profile(task)
    tracemalloc.start()
    try:
        profile = PROFILER.profile(task)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 100_000
    assert Modality.IMAGE in profile.modalities.value
    assert profile.input_tokens < 1_200


def message(*parts: Any) -> Task:
    return Task(id="t", messages=(Message(role="user", parts=parts),), received_at=WHEN)


def test_a_file_is_unreadable_and_counted_by_its_pages() -> None:
    profile = PROFILER.profile(
        message(TextPart("Sum it up"), FilePart(url="data:application/pdf;base64," + "A" * 64_000))
    )
    assert Modality.FILE in profile.modalities.value
    assert profile.findings == ("unreadable_part",)
    assert profile.sensitivity.confidence == 0.3
    assert 2_000 < profile.input_tokens < 2_050
    named = PROFILER.profile(message(FilePart(file_id="file-1", name=f"{CARD}.pdf")))
    assert "card" in named.findings
    assert named.input_tokens >= 10_000


def test_addresses_are_looked_at_and_cost_nothing() -> None:
    plain = PROFILER.profile(message(ImagePart(url="https://example.com/a")))
    signed = PROFILER.profile(message(ImagePart(url="https://example.com/a?mail=ann@example.org" + "&x=1" * 200)))
    assert "email" in signed.findings
    assert signed.input_tokens == plain.input_tokens


def test_reasoning_counts_and_is_looked_at() -> None:
    profile = PROFILER.profile(message(ReasoningPart(text=f"{CARD} " + LONG), TextPart("and?")))
    assert "card" in profile.findings
    assert profile.input_tokens > 900
    assert PROFILER.profile(message(ReasoningPart(data="x" * 6_000))).input_tokens > 900


def wav(seconds: int, rate: int) -> bytes:
    head = (
        b"RIFF"
        + bytes(4)
        + b"WAVEfmt "
        + (16).to_bytes(4, "little")
        + bytes(8)
        + rate.to_bytes(4, "little")
        + bytes(12)
    )
    return head + bytes(seconds * rate - len(head))


@pytest.mark.parametrize(("data", "seconds"), [(wav(7, 32_000), 7.0), (b"ID3" + bytes(159_997), 10.0)])
def test_sound_is_measured_by_its_head_and_size(data: bytes, seconds: float) -> None:
    heard = PROFILER.profile(message(AudioPart(data=b64encode(data).decode(), format="wav")))
    assert heard.audio_seconds == pytest.approx(seconds, rel=0.01)
    assert heard.input_tokens == pytest.approx(seconds * 10, abs=6)
    sent = Task(
        id="t",
        messages=(),
        received_at=WHEN,
        operation=Operation.TRANSCRIBE,
        payload=Payload(
            dialect="openai-transcription",
            fields={"prompt": Raw(json.dumps(f"Ann, {CARD}").encode()), "language": Raw(b'"en"')},
            attachment=Attachment(field="file", filename="a.wav", media_type="audio/wav", data=data),
        ),
    )
    profile = PROFILER.profile(sent)
    assert profile.audio_seconds == pytest.approx(seconds, rel=0.01)
    assert (profile.task_type.value, profile.task_type.confidence) == (TaskType.AUDIO, 1.0)
    assert profile.complexity.confidence == 1.0
    assert profile.modalities.value == (Modality.TEXT, Modality.AUDIO)
    assert profile.findings == ("card", "unreadable_part")


def test_an_embedding_is_sure_of_its_kind_and_weighs_its_texts() -> None:
    texts = tuple(Message(role="user", parts=(TextPart(LONG),)) for _ in range(3))
    body = {"input": Raw(json.dumps([LONG] * 3).encode()), "encoding_format": Raw(b'"float"')}
    task = Task(
        id="t",
        messages=texts,
        received_at=WHEN,
        operation=Operation.EMBED,
        payload=Payload(dialect="openai-embeddings", fields=body),
    )
    profile = PROFILER.profile(task)
    assert (profile.task_type.value, profile.task_type.confidence) == (TaskType.EXTRACTION, 1.0)
    assert (profile.complexity.value, profile.complexity.confidence) == (1, 1.0)
    assert profile.input_tokens == pytest.approx(3 * estimate_tokens(LONG), rel=0.01)


def test_tokens_sent_for_embedding_are_counted_and_cannot_be_read() -> None:
    for given_tokens, count in (([1, 2, 3], 3), ([[1, 2], [3, 4, 5]], 5)):
        profile = judged("openai-embeddings", {"model": "m", "input": given_tokens})
        assert profile.input_tokens == count
        assert profile.findings == ("unreadable_part",)
    assert judged("openai-embeddings", {"model": "m", "input": ["hi", CARD]}).findings == ("card",)


def test_a_transcription_s_own_form_is_measured() -> None:
    sound = wav(7, 32_000)
    sent = Task(
        id="t",
        messages=(Message(role="user", parts=(AudioPart(data="", format="wav"), TextPart("Ann"))),),
        received_at=WHEN,
        operation=Operation.TRANSCRIBE,
        payload=Payload(
            dialect="openai-transcription",
            fields={"prompt": Raw(b'"Ann"')},
            attachment=Attachment(field="file", filename="a.wav", media_type="audio/wav", data=sound),
        ),
    )
    assert PROFILER.profile(sent).audio_seconds == pytest.approx(7.0, rel=0.01)


NAMES = st.sampled_from(("type", "role", "content", "text", "parts", "source")) | st.text(max_size=4)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(HELD)), st.data())
def test_no_shape_crashes_it_and_a_planted_number_is_found(dialect: str, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(HELD[dialect])))
    value = data.draw(JSON)
    text, tokens = unread({name: Raw(json.dumps(value).encode()), "x": Raw(json.dumps([CARD]).encode())}, dialect)
    assert CARD.encode() in text
    assert tokens > 0
