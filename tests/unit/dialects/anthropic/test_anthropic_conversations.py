"""Anthropic: conversations, from one table of cases read in one direction and written in the other."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from podium.core.messages import (
    AudioPart,
    FilePart,
    ImagePart,
    Message,
    OpaquePart,
    Options,
    Part,
    ReasoningPart,
    TextPart,
    ToolCall,
)
from podium.core.tasks import Task
from podium.models.dialects.anthropic import Anthropic
from podium.models.dialects.dialect import NotCarried, Quirks, Written

WIRE = Anthropic()
TAKES_PREFILL = "claude-sonnet-4-5"


def task(*messages: Message, **options: Any) -> Task:
    return Task(id="tsk_1", messages=messages, received_at=datetime(2026, 1, 2, tzinfo=UTC), options=Options(**options))


def written(made: Task, model: str = TAKES_PREFILL, quirks: Quirks | None = None) -> tuple[dict[str, Any], Written]:
    out = WIRE.write_request(made, model=model, stream=False, quirks=quirks or Quirks())
    return json.loads(out.body), out


def read(**fields: Any) -> tuple[Message, ...]:
    body = {"model": "m", "max_tokens": 10, **fields}
    return WIRE.read_request(json.dumps(body).encode()).messages


def user(*parts: Part) -> Message:
    return Message(role="user", parts=parts)


def assistant(*parts: Part, calls: tuple[ToolCall, ...] = ()) -> Message:
    return Message(role="assistant", parts=parts, tool_calls=calls)


def result(call: str, *parts: Part, **fields: Any) -> Message:
    return Message(role="tool", parts=parts, tool_call_id=call, **fields)


def text(said: str, **fields: Any) -> dict[str, Any]:
    return {"type": "text", "text": said, **fields}


def turn(role: str, *blocks: dict[str, Any]) -> dict[str, Any]:
    return {"role": role, "content": list(blocks)}


def use(call: str, arguments: dict[str, Any], name: str = "look") -> dict[str, Any]:
    return {"type": "tool_use", "id": call, "name": name, "input": arguments}


def answer(call: str, content: Any = None, **fields: Any) -> dict[str, Any]:
    block: dict[str, Any] = {"type": "tool_result", "tool_use_id": call, **fields}
    return block if content is None else {**block, "content": content}


HI = user(TextPart("Hi"))
SAID_HI = turn("user", text("Hi"))
MARK = {"type": "ephemeral"}
PIXEL = {"type": "base64", "media_type": "image/png", "data": "aGk="}

BOTH_WAYS: list[tuple[str, dict[str, Any], tuple[Message, ...]]] = [
    ("one question", {"messages": [SAID_HI]}, (HI,)),
    (
        "instructions with a cache mark",
        {"system": [text("Be brief."), text("Long.", cache_control=MARK)], "messages": [SAID_HI]},
        (Message(role="system", parts=(TextPart("Be brief."), TextPart("Long.", "5m"))), HI),
    ),
    (
        "an hour's cache mark",
        {"messages": [turn("user", text("Hi", cache_control={"type": "ephemeral", "ttl": "1h"}))]},
        (user(TextPart("Hi", "1h")),),
    ),
    (
        "images by data and by address",
        {
            "messages": [
                turn(
                    "user",
                    {"type": "image", "source": PIXEL, "cache_control": MARK},
                    {"type": "image", "source": {"type": "url", "url": "https://a.example/x.png"}},
                )
            ]
        },
        (user(ImagePart(url="data:image/png;base64,aGk=", cache="5m"), ImagePart(url="https://a.example/x.png")),),
    ),
    (
        "documents",
        {
            "messages": [
                turn(
                    "user",
                    {
                        "type": "document",
                        "source": {"type": "base64", "media_type": "application/pdf", "data": "aGk="},
                        "title": "a.pdf",
                    },
                    {"type": "document", "source": {"type": "url", "url": "https://a.example/b.pdf"}},
                    {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "grün"}},
                )
            ]
        },
        (
            user(
                FilePart(url="data:application/pdf;base64,aGk=", media_type="application/pdf", name="a.pdf"),
                FilePart(url="https://a.example/b.pdf", media_type="application/pdf"),
                FilePart(url="data:text/plain;base64,Z3LDvG4=", media_type="text/plain"),
            ),
        ),
    ),
    (
        "parallel calls, their results in one turn, then words",
        {
            "messages": [
                SAID_HI,
                turn("assistant", text("Let me see."), use("a", {"x": 1}), use("b", {})),
                turn("user", answer("a", "one"), answer("b", "two", is_error=True), text("Go on")),
            ]
        },
        (
            HI,
            assistant(
                TextPart("Let me see."),
                calls=(
                    ToolCall(id="a", name="look", arguments='{"x":1}'),
                    ToolCall(id="b", name="look", arguments="{}"),
                ),
            ),
            result("a", TextPart("one")),
            result("b", TextPart("two"), failed=True),
            user(TextPart("Go on")),
        ),
    ),
    (
        "a result with an image, a result with nothing, a marked result",
        {
            "messages": [
                SAID_HI,
                turn("assistant", use("a", {}), use("b", {}), use("c", {})),
                turn(
                    "user",
                    answer("a", [text("see"), {"type": "image", "source": PIXEL}]),
                    answer("b"),
                    answer("c", "x", cache_control=MARK),
                ),
            ]
        },
        (
            HI,
            assistant(calls=tuple(ToolCall(id=name, name="look", arguments="{}") for name in "abc")),
            result("a", TextPart("see"), ImagePart(url="data:image/png;base64,aGk=")),
            result("b"),
            result("c", TextPart("x"), cache="5m"),
        ),
    ),
    (
        "thinking and redacted thinking, verbatim and before the call",
        {
            "messages": [
                SAID_HI,
                turn(
                    "assistant",
                    {"type": "thinking", "thinking": "Hm, ‘ok’ ", "signature": "Sig+/=="},
                    {"type": "redacted_thinking", "data": "Zm9v"},
                    text("So"),
                    use("a", {}),
                ),
                turn("user", answer("a", "x")),
            ]
        },
        (
            HI,
            assistant(
                ReasoningPart(text="Hm, ‘ok’ ", signature="Sig+/==", origin="anthropic"),
                ReasoningPart(data="Zm9v", origin="anthropic"),
                TextPart("So"),
                calls=(ToolCall(id="a", name="look", arguments="{}"),),
            ),
            result("a", TextPart("x")),
        ),
    ),
    (
        "a prefill",
        {"messages": [SAID_HI, turn("assistant", text("The answer is"))]},
        (HI, assistant(TextPart("The answer is"))),
    ),
]


@pytest.mark.parametrize(("wire", "messages"), [row[1:] for row in BOTH_WAYS], ids=[row[0] for row in BOTH_WAYS])
class TestBothWays:
    def test_read(self, wire: dict[str, Any], messages: tuple[Message, ...]) -> None:
        body = json.dumps({"model": "m", "max_tokens": 10, **wire}, separators=(",", ":")).encode()
        assert WIRE.read_request(body).messages == messages

    def test_written(self, wire: dict[str, Any], messages: tuple[Message, ...]) -> None:
        body, out = written(task(*messages))
        assert {name: body[name] for name in ("system", "messages") if name in body} == wire
        assert out.notes == ()


ONLY_READ: list[tuple[str, dict[str, Any], tuple[Message, ...]]] = [
    (
        "plain strings",
        {"system": "S", "messages": [{"role": "user", "content": "Hi"}]},
        (Message(role="system", parts=(TextPart("S"),)), HI),
    ),
    (
        "a file by its id, an image by its id, blocks of other kinds",
        {
            "messages": [
                turn(
                    "user",
                    {"type": "document", "source": {"type": "file", "file_id": "file_1"}},
                    {"type": "image", "source": {"type": "file", "file_id": "file_2"}},
                    {"type": "search_result", "source": "https://x.example", "title": "t", "content": [text("c")]},
                    {"type": "something_new", "content": {"deep": [1]}, "input": 3, "source": 4},
                )
            ]
        },
        (
            user(
                FilePart(file_id="file_1"), OpaquePart(kind="image"), OpaquePart(kind="search_result"),
                OpaquePart(kind="something_new"),
            ),
        ),
    ),
    (
        "text before a result",
        {"messages": [turn("user", text("See:"), answer("a", "x"))]},
        (result("a", TextPart("x")), user(TextPart("See:"))),
    ),
    (
        "instructions in the middle",
        {"messages": [SAID_HI, {"role": "system", "content": "Now in French."}]},
        (HI, Message(role="system", parts=(TextPart("Now in French."),))),
    ),
    (
        "cache control for the whole request",
        {"cache_control": MARK, "messages": [SAID_HI]},
        (Message(role="user", parts=(TextPart("Hi"),), cache="5m"),),
    ),
    (
        "thinking nobody signed",
        {"messages": [SAID_HI, turn("assistant", {"type": "thinking", "thinking": "Hm", "signature": ""})]},
        (HI, assistant(ReasoningPart(text="Hm"))),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("wire", "messages"), [row[1:] for row in ONLY_READ], ids=[row[0] for row in ONLY_READ])
def test_only_read(wire: dict[str, Any], messages: tuple[Message, ...]) -> None:
    assert read(**wire) == messages


CALL = ToolCall(id="a", name="look", arguments="")
ONLY_WRITTEN: list[tuple[str, tuple[Message, ...], dict[str, Any], str]] = [
    (
        "adjacent turns merge",
        (HI, user(TextPart("there")), assistant(TextPart("Yes")), assistant(TextPart("?")), HI),
        {"messages": [turn("user", text("Hi"), text("there")), turn("assistant", text("Yes"), text("?")), SAID_HI]},
        "",
    ),
    (
        "a late result still comes first",
        (HI, assistant(calls=(CALL, ToolCall(id="b", name="look", arguments="{}"))), result("a", TextPart("1")),
         user(TextPart("wait")), result("b", TextPart("2"))),
        {"messages": [SAID_HI, turn("assistant", use("a", {}), use("b", {})),
                      turn("user", answer("a", "1"), answer("b", "2"), text("wait"))]},
        "",
    ),
    (
        "instructions in the middle are kept",
        (HI, assistant(TextPart("Yes")), Message(role="system", parts=(TextPart("French!"),)), HI),
        {"system": [text("French!")], "messages": [SAID_HI, turn("assistant", text("Yes")), SAID_HI]},
        "moved to its beginning",
    ),
    (
        "instructions alone",
        (Message(role="system", parts=(TextPart("Say hi."),)),),
        {"messages": [turn("user", text("Say hi."))]},
        "",
    ),
    (
        "the assistant begins",
        (assistant(TextPart("Hello!")), HI),
        {"messages": [turn("user", text("(The assistant speaks first.)")), turn("assistant", text("Hello!")), SAID_HI]},
        "",
    ),
    (
        "empty text goes, white space at a prefill's end goes",
        (user(TextPart(""), TextPart("Hi"), TextPart(" \n")), assistant(TextPart(""), TextPart("So: \n"))),
        {"messages": [SAID_HI, turn("assistant", text("So:"))]},
        "",
    ),
    (
        "reasoning of another wire",
        (HI, assistant(ReasoningPart(text="Hm", origin="openai-chat"), TextPart("Yes")), HI),
        {"messages": [SAID_HI, turn("assistant", text("Yes")), SAID_HI]},
        "another model wrote",
    ),
    (
        "reasoning after text goes first",
        (HI, assistant(TextPart("Yes"), ReasoningPart(text="Hm", signature="s", origin="anthropic")), HI),
        {"messages": [SAID_HI,
                      turn("assistant", {"type": "thinking", "thinking": "Hm", "signature": "s"}, text("Yes")),
                      SAID_HI]},
        "",
    ),
    (
        "arguments that are no object",
        (HI, assistant(calls=(ToolCall(id="a", name="look", arguments='{"x": '),)), result("a", TextPart("bad"))),
        {"messages": [SAID_HI, turn("assistant", use("a", {"invalid_arguments": '{"x": '})),
                      turn("user", answer("a", "bad"))]},
        "not a JSON object",
    ),
    (
        "calls without identifiers",
        (HI, assistant(calls=(ToolCall(id="", name="f", arguments=""), ToolCall(id="", name="g", arguments=""))),
         Message(role="tool", name="g", parts=(TextPart("2"),)),
         Message(role="tool", name="f", parts=(TextPart("1"),))),
        {"messages": [SAID_HI, turn("assistant", use("toolu_podium_0", {}, "f"), use("toolu_podium_1", {}, "g")),
                      turn("user", answer("toolu_podium_1", "2"), answer("toolu_podium_0", "1"))]},
        "",
    ),
    (
        "an image's detail and a participant's name",
        (Message(role="user", name="Ann", parts=(ImagePart(url="data:image/jpg;base64,aGk=", detail="low"),)),),
        {"messages": [turn("user", {"type": "image",
                                    "source": {"type": "base64", "media_type": "image/jpeg", "data": "aGk="}})]},
        "How finely",
    ),
    (
        "a file that is an image",
        (user(FilePart(url="data:image/png;base64,aGk=")),),
        {"messages": [turn("user", {"type": "image", "source": PIXEL})]},
        "",
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("messages", "wire", "note"), [row[1:] for row in ONLY_WRITTEN], ids=[row[0] for row in ONLY_WRITTEN]
)
def test_only_written(messages: tuple[Message, ...], wire: dict[str, Any], note: str) -> None:
    body, out = written(task(*messages))
    assert {name: body[name] for name in ("system", "messages") if name in body} == wire
    assert note in " ".join(out.notes)
    assert bool(out.notes) is bool(note)


def test_late_instructions_stay_in_place_where_the_model_takes_them() -> None:
    late = Message(role="system", parts=(TextPart("French!"),))
    body, out = written(task(HI, late, assistant(TextPart("Oui")), HI), "claude-opus-4-8")
    assert [one["role"] for one in body["messages"]] == ["user", "system", "assistant", "user"]
    assert out.notes == ()
    body, out = written(task(HI, late, HI), "claude-opus-4-8")  # not before a model's turn: refused there
    assert body["system"] == [text("French!")]
    assert out.notes


def test_identifiers_other_wires_allow_still_match() -> None:
    call = ToolCall(id="functions.look:0", name="look", arguments="{}")
    other = ToolCall(id="functions.look.0", name="look", arguments="{}")
    body, _ = written(task(HI, assistant(calls=(call, other)), result(call.id), result(other.id)))
    called = [block["id"] for block in body["messages"][1]["content"]]
    answered = [block["tool_use_id"] for block in body["messages"][2]["content"]]
    assert called == answered
    assert len(set(called)) == 2
    assert all(part.replace("_", "").replace("-", "").isalnum() for part in called)


@pytest.mark.parametrize(
    ("messages", "said"),
    [
        ((user(AudioPart(data="aGk=", format="wav")),), "do not hear"),
        ((user(OpaquePart(kind="video")),), "'video'"),
        ((user(FilePart(file_id="file_1")),), "identifier"),
        ((user(FilePart(url="data:application/zip;base64,aGk=")),), "application/zip"),
        ((user(FilePart(url="data:text/plain;base64,/w==")),), "UTF-8"),
        ((user(FilePart(url="data:text/plain,hi")),), "base64"),
        ((user(ImagePart(url="data:image/tiff;base64,aGk=")),), "JPEG"),
        ((user(TextPart(" ")),), "says nothing"),
        ((HI, assistant(calls=(CALL,))), "no result"),
        ((Message(role="tool", parts=(TextPart("x"),)),), "which call"),
        ((Message(role="system", parts=(ImagePart(url="https://a.example/x"),)), HI), "only text"),
    ],
)
def test_what_has_no_place(messages: tuple[Message, ...], said: str) -> None:
    with pytest.raises(NotCarried) as caught:
        written(task(*messages))
    assert said in caught.value.what


def test_images_by_address_only_where_the_provider_fetches_them() -> None:
    with pytest.raises(NotCarried):
        written(task(user(ImagePart(url="https://a.example/x"))), quirks=Quirks(image_urls=False))


def test_no_prefill_for_models_without() -> None:
    with pytest.raises(NotCarried) as caught:
        written(task(HI, assistant(TextPart("So"))), "claude-opus-5")
    assert "prefill" in caught.value.remedy


def test_other_wires_reasoning_comes_back_through_a_caller() -> None:
    """What `writer` sealed for a caller is another wire's again, and never shown to Anthropic."""
    from podium.models.dialects.anthropic.seals import foreign_seal, signed_id

    seal = foreign_seal(origin="openai-responses", data="gAAA", id="rs_1")
    body = {
        "model": "m",
        "max_tokens": 10,
        "messages": [
            SAID_HI,
            turn(
                "assistant", {"type": "thinking", "thinking": "Hm", "signature": seal}, use(signed_id("a", "T=="), {})
            ),
            turn("user", answer(signed_id("a", "T=="), "x")),
        ],
    }
    incoming = WIRE.read_request(json.dumps(body).encode())
    assert incoming.messages[1].parts == (ReasoningPart(text="Hm", data="gAAA", id="rs_1", origin="openai-responses"),)
    assert incoming.messages[1].tool_calls[0].signature == "T=="
    assert incoming.messages[2].tool_call_id == incoming.messages[1].tool_calls[0].id == "a"
    made = Task(
        id="t", messages=incoming.messages, received_at=datetime(2026, 1, 2, tzinfo=UTC), payload=incoming.payload
    )
    forwarded = json.loads(WIRE.write_request(made, model="claude-x", stream=False, quirks=Quirks()).body)
    assert [block["type"] for block in forwarded["messages"][1]["content"]] == ["tool_use"]
