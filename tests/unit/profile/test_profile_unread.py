"""What travels in the caller's body beyond the canonical form is looked at before it leaves."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Raw

from podium.core.messages import Message, OpaquePart, Payload, TextPart
from podium.core.tasks import Profile, Sensitivity, Task
from podium.models.dialects import OpenAIChat
from podium.policies.profile import HeuristicProfiler
from podium.policies.profile.unread import unread

CARD = "4111 1111 1111 1111"
HI: dict[str, Any] = {"role": "user", "content": "hi"}


def judged(body: dict[str, Any] | bytes, **declared: Any) -> Profile:
    text = body if isinstance(body, bytes) else json.dumps({"messages": [HI], **body}).encode()
    incoming = OpenAIChat().read_request(text)
    return HeuristicProfiler().profile(
        Task(
            id="tsk_1",
            messages=incoming.messages,
            received_at=datetime(2030, 1, 1, tzinfo=UTC),
            options=incoming.options,
            payload=incoming.payload,
            **declared,
        )
    )


def part(**fields: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": [fields]}]}


def assistant(**fields: Any) -> dict[str, Any]:
    return {"messages": [HI, {"role": "assistant", "content": "ok", **fields}, HI]}


def call(**fields: Any) -> dict[str, Any]:
    return assistant(
        tool_calls=[{"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}, **fields}]
    )


HIDING_PLACES: dict[str, dict[str, Any]] = {
    "unknown part": part(type="document", text=CARD),
    "deep in an unknown part": part(type="document", source={"pages": [{"lines": [f"x\n{CARD}"]}]}),
    "number": part(type="document", number=4111111111111111),
    "name of a field": {"metadata": {CARD: True}},
    "beside the text of a part": part(type="text", text="hi", note=CARD),
    "inside an image": part(type="image_url", image_url={"url": "data:image/png;base64,AA==", "alt": CARD}),
    "prediction": {"prediction": {"type": "content", "content": CARD}},
    "older call": assistant(function_call={"name": "pay", "arguments": json.dumps({"note": f"a\n{CARD}"})}),
    "reasoning": assistant(reasoning_content=CARD),
    "unknown field of a message": assistant(x_notes=[CARD]),
    "custom call": call(custom={"name": "f", "input": CARD}),
    "call's extra": call(extra=CARD),
    "beside a call's arguments": call(function={"name": "f", "arguments": "{}", "note": CARD}),
    "older tools": {"functions": [{"name": "pay", "description": CARD}]},
    "tools": {"tools": [{"type": "function", "function": {"name": "pay", "description": f"a\n{CARD}"}}]},
    "custom tools": {"tools": [{"type": "custom", "custom": {"name": "pay", "description": CARD}}]},
    "schema": {
        "response_format": {"type": "json_schema", "json_schema": {"name": "a", "description": CARD, "schema": {}}}
    },
    "user": {"user": CARD},
    "metadata": {"metadata": {"note": CARD}},
    "safety identifier": {"safety_identifier": CARD},
    "stop": {"stop": [CARD]},
    "unknown field": {"x_vendor": {"deep": [CARD]}},
}


@pytest.mark.parametrize("body", HIDING_PLACES.values(), ids=HIDING_PLACES.keys())
def test_a_card_number_is_found_wherever_the_body_holds_it(body: dict[str, Any]) -> None:
    profile = judged(body)
    assert "card" in profile.findings
    assert profile.sensitivity.value is Sensitivity.CONFIDENTIAL


def test_escapes_do_not_hide_it() -> None:
    hidden = "".join(f"\\u00{ord(letter):02x}" for letter in CARD).encode()
    assert "card" in judged(b'{"messages":[{"role":"user","content":"hi"}],"user":"' + hidden + b'"}').findings


def test_a_word_that_names_the_number_counts_from_the_fields_name() -> None:
    assert "us_ssn" in judged({"metadata": {"ssn": "536-90-4399"}}).findings


def test_the_usual_body_holds_nothing_beyond_its_canonical_form() -> None:
    usual = {
        "model": "auto",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "name": "ann", "content": [{"type": "text", "text": "hi"}]},
            {
                "role": "user",
                "content": [{"type": "image_url", "image_url": {"url": "https://example.com/a", "detail": "low"}}],
            },
        ],
        "temperature": 0.2,
        "max_tokens": 400,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    payload = OpenAIChat().read_request(json.dumps(usual).encode()).payload
    assert payload is not None
    assert unread(payload.fields) == (b"", 0)


def test_a_part_nobody_can_look_into_makes_the_judgement_doubtful() -> None:
    pdf = part(type="file", file={"filename": "a.pdf", "file_data": "data:application/pdf;base64," + "A" * 6_400})
    profile = judged(pdf)
    assert profile.findings == ("unreadable_part",)
    assert (profile.sensitivity.value, profile.sensitivity.confidence) == (Sensitivity.NONE, 0.3)
    assert judged(pdf, sensitivity=Sensitivity.PERSONAL).sensitivity.confidence == 1.0
    assert 200 <= profile.input_tokens <= 230, "a file's letters are not words"
    without_body = Task(
        id="t",
        messages=(Message(role="user", parts=(TextPart("hi"), OpaquePart(kind="file"))),),
        received_at=datetime(2030, 1, 1, tzinfo=UTC),
    )
    assert HeuristicProfiler().profile(without_body).findings == ("unreadable_part",)


def test_tokens_beyond_the_canonical_form_are_counted_once() -> None:
    long = "word " * 1_000
    plain = judged({}).input_tokens
    assert judged({"prediction": {"type": "content", "content": long}}).input_tokens - plain > 900
    tools = {"tools": [{"type": "function", "function": {"name": "f", "description": long}}]}
    assert 900 < judged(tools).input_tokens - plain < 1_300


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(("messages", "tools", "x")), st.binary(max_size=40).map(Raw) | st.just(Raw(b"[{}]"))
    )
)
def test_no_bytes_crash_it(fields: dict[str, Raw]) -> None:
    text, tokens = unread(Payload(dialect="any", fields=fields).fields)
    assert tokens >= 0
    assert isinstance(text, bytes)


def test_deep_nesting_falls_back_to_the_bytes() -> None:
    deep = b"[" * 900 + json.dumps(CARD).encode() + b"]" * 900
    assert CARD.encode() in unread({"x": Raw(deep)})[0]
