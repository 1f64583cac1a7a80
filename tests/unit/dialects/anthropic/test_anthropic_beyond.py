"""Anthropic: what only this wire carries, what the others still tell, and what comes back from Bedrock."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from podium.core.errors import InvalidRequest
from podium.core.messages import FilePart, Message, Options, ReasoningPart, TextDelta, TextPart, ToolCall, ToolCallDelta
from podium.core.tasks import Task
from podium.models.dialects import OpenAIChat, Quirks
from podium.models.dialects.anthropic import Anthropic, writer
from podium.models.dialects.anthropic.seals import foreign_seal
from podium.models.dialects.dialect import NotCarried
from podium.models.dialects.gemini import Gemini

WIRE = Anthropic()
NOW = datetime(2030, 1, 1, tzinfo=UTC)
PDF = {"type": "base64", "media_type": "application/pdf", "data": "QUJD"}
DOCUMENT = {
    "type": "document",
    "source": PDF,
    "title": "plan.pdf",
    "context": "A draft.",
    "citations": {"enabled": True},
}


def made(content: Any, **fields: Any) -> Task:
    body = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": content}], **fields}
    incoming = WIRE.read_request(json.dumps(body).encode())
    return Task(id="t", messages=incoming.messages, received_at=NOW, options=incoming.options, payload=incoming.payload)


CITATIONS = [{"type": "char_location", "cited_text": "x"}]
CASES: dict[str, tuple[Any, dict[str, Any], tuple[str, ...]]] = {
    "nothing": ([{"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}}], {}, ()),
    "a text alone": ("a", {"system": "b"}, ()),
    "a document's citations": ([DOCUMENT], {}, ("messages.content.citations",)),
    "citations switched off": ([DOCUMENT | {"citations": {"enabled": False}}], {}, ()),
    "a text's citations": (
        [{"type": "text", "text": "a", "citations": CITATIONS}],
        {},
        ("messages.content.citations",),
    ),
    "no citations": ([{"type": "text", "text": "a", "citations": None}], {}, ()),
    "inside a result": (
        [{"type": "tool_result", "tool_use_id": "x", "content": [DOCUMENT]}],
        {},
        ("messages.content.citations",),
    ),
    "a new field of a block": ([{"type": "text", "text": "a", "mood": "glad"}], {}, ("messages.content.mood",)),
    "a block of a new kind": ([{"type": "hologram", "beam": 1}], {}, ()),  # refused by name where it is written
    "instructions": ("a", {"system": [{"type": "text", "text": "b", "citations": CITATIONS}]}, ("system.citations",)),
    "tools": (
        "a",
        {
            "tools": [
                {"name": "f", "input_schema": {}, "input_examples": [{"a": 1}], "defer_loading": True},
                {"name": "g", "input_schema": {}, "type": "custom", "defer_loading": False, "allowed_callers": ["x"]},
                {"name": "bash", "type": "bash_20250124", "max_characters": 1},
            ]
        },
        ("tools.allowed_callers", "tools.defer_loading", "tools.input_examples"),
    ),
    "inside of options": (
        "a",
        {
            "output_config": {"effort": "low", "task_budget": {"total": 1}},
            "thinking": {"type": "adaptive", "pace": 1},
            "container": "c",
        },
        ("container", "output_config.task_budget", "thinking.pace"),
    ),
}


@pytest.mark.parametrize(("content", "fields", "names"), CASES.values(), ids=CASES)
def test_what_other_wires_cannot_carry_is_named(content: Any, fields: dict[str, Any], names: tuple[str, ...]) -> None:
    assert WIRE.beyond(made(content, **fields)) == names


def test_a_documents_context_and_title_are_told_on_every_wire() -> None:
    task = made([DOCUMENT, {"type": "text", "text": "What is it?"}])
    url = "data:application/pdf;base64,QUJD"
    assert task.messages[0].parts == (
        TextPart("A draft."),
        FilePart(url=url, media_type="application/pdf", name="plan.pdf"),
        TextPart("What is it?"),
    )
    foreign = Task(id="t", messages=task.messages, received_at=NOW)
    for wire in (OpenAIChat(), Gemini()):
        body = wire.write_request(foreign, model="gemini-2.5-pro", stream=False, quirks=Quirks()).body
        assert b"A draft." in body
        assert b"plan.pdf" in body


@pytest.mark.parametrize("context", [None, ""])
def test_a_document_without_context(context: str | None) -> None:
    (part,) = made([DOCUMENT | {"context": context}]).messages[0].parts
    assert isinstance(part, FilePart)


def test_context_that_is_no_text_is_named_and_a_new_kind_of_block_may_have_any() -> None:
    with pytest.raises(InvalidRequest) as caught:
        made([DOCUMENT | {"context": 7}])
    assert caught.value.param == "messages[0].content[0].context"
    made([{"type": "hologram", "context": {"any": 1}}])


# --- from Bedrock to Anthropic --------------------------------------------------------------------------------------


def turns(*thoughts: ReasoningPart) -> tuple[Message, ...]:
    return (
        Message(role="user", parts=(TextPart("Hi"),)),
        Message(role="assistant", parts=thoughts, tool_calls=(ToolCall(id="a", name="f", arguments="{}"),)),
        Message(role="tool", tool_call_id="a", parts=(TextPart("x"),)),
    )


def test_what_a_claude_on_bedrock_thought_is_kept_at_anthropic() -> None:
    messages = turns(
        ReasoningPart(text="Hm", signature="sig", origin="bedrock-converse"),
        ReasoningPart(data="blob", origin="bedrock-converse"),
    )
    options = Options(reasoning_tokens=2000, max_tokens=9000)
    task = Task(id="t", messages=messages, received_at=NOW, options=options)
    written = WIRE.write_request(task, model="claude-sonnet-4-5", stream=False, quirks=Quirks())
    body = json.loads(written.body)
    thought, use = body["messages"][1]["content"]
    assert thought == {"type": "thinking", "thinking": "Hm", "signature": "sig"}
    assert use["type"] == "tool_use"
    assert body["thinking"]["type"] == "enabled", "the turn began with thinking, so the model may go on thinking"
    assert written.notes == ("Reasoning that another model wrote earlier in the conversation was left out.",)


def test_and_so_it_is_where_the_callers_own_body_is_forwarded() -> None:
    def thinking(seal: str) -> dict[str, Any]:
        return {"type": "thinking", "thinking": "Hm", "signature": seal}

    seals = [
        foreign_seal(origin="bedrock-converse", signature="sig"),
        foreign_seal(origin="bedrock-converse", data="blob"),
        foreign_seal(origin="gemini", signature="sig"),
        "podium:damaged!",
    ]
    use = {"type": "tool_use", "id": "a", "name": "f", "input": {}}
    body = {
        "model": "m",
        "max_tokens": 9000,
        "thinking": {"type": "enabled", "budget_tokens": 2000},
        "messages": [
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": [*map(thinking, seals), use]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", "content": "x"}]},
        ],
    }
    incoming = WIRE.read_request(json.dumps(body).encode())
    task = Task(id="t", messages=incoming.messages, received_at=NOW, options=incoming.options, payload=incoming.payload)
    sent = json.loads(WIRE.write_request(task, model="claude-x", stream=False, quirks=Quirks()).body)
    assert sent["messages"][1]["content"] == [thinking("sig"), use]
    assert sent["thinking"] == body["thinking"]


# --- calls without input, quirks ------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", [{}, {"input": None}])
def test_a_call_without_input_has_no_arguments(given: dict[str, Any]) -> None:
    use = {"type": "tool_use", "id": "a", "name": "f", **given}
    answer = {"type": "message", "role": "assistant", "content": [use], "stop_reason": "tool_use"}
    (call,) = WIRE.read_reply(json.dumps(answer).encode(), provider="p").tool_calls
    assert call.arguments == ""
    body = {"model": "m", "max_tokens": 9, "messages": [{"role": "assistant", "content": [use]}]}
    assert WIRE.read_request(json.dumps(body).encode()).messages[0].tool_calls[0].arguments == ""
    events = (
        {"type": "content_block_start", "index": 0, "content_block": use},
        {"type": "content_block_stop", "index": 0},
    )
    data = b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events)
    told = [event for frame in WIRE.stream_reader(provider="p").feed(data) for event in frame.events]
    assert told == [ToolCallDelta(index=0, id="a", name="f")]


def test_quirks_say_the_same_as_on_every_wire() -> None:
    refuses = frozenset(("top_k", "service_tier", "metadata", "container"))
    quirks = Quirks(refuses=refuses, extra={"anthropic_version": "v"})
    task = made("Hi", top_k=3, service_tier="auto", metadata=None, container="c")
    written = WIRE.write_request(task, model="m", stream=False, quirks=quirks)
    assert json.loads(written.body).keys() == {"model", "max_tokens", "messages", "anthropic_version"}
    assert written.notes == tuple(
        f"`{name}` was left out: the provider does not take it." for name in ("container", "top_k")
    )
    needs = made("Hi", tools=[{"name": "f", "input_schema": {}}])
    with pytest.raises(NotCarried):
        WIRE.write_request(needs, model="m", stream=False, quirks=Quirks(refuses=frozenset({"tools"})))


# --- the cost of interleaved calls ----------------------------------------------------------------------------------


def test_a_call_that_others_wait_for_is_read_once_however_many_fragments_it_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """To join all fragments whenever another call's came would take quadratic time."""
    read: list[str] = []
    is_object = writer._is_object

    def counted(text: str) -> bool:
        read.append(text)
        return is_object(text)

    monkeypatch.setattr(writer, "_is_object", counted)
    made_by = WIRE.stream_writer(task=made("Hi"), model="m", input_tokens=1)
    made_by.write([ToolCallDelta(index=0, name="f", arguments='{"a":['), ToolCallDelta(index=1, name="g")])
    for _ in range(200):
        made_by.write([ToolCallDelta(index=0, arguments='{"x":"}{\\"}"},'), ToolCallDelta(index=1, arguments=" ")])
    assert read == []
    made_by.write([ToolCallDelta(index=0, arguments='{"y":"\\'), ToolCallDelta(index=1, arguments="{")])
    made_by.write([ToolCallDelta(index=0, arguments='""}'), TextDelta("late")])
    assert b'"name":"g"' not in made_by.write([ToolCallDelta(index=0, arguments="]")])
    out = made_by.write([ToolCallDelta(index=0, arguments="}"), ToolCallDelta(index=1, arguments="}")])
    assert b'"name":"g"' in out
    assert len(read) == 1
    assert json.loads(read[0])["a"][-1] == {"y": '"'}
