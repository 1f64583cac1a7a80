"""OpenAI embeddings: texts in, vectors relayed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.core.errors import FailureKind, InvalidRequest, PodiumError, ProviderError
from podium.core.messages import ImagePart, Message, OpaquePart, Reply, TextPart
from podium.core.tasks import Operation, Task
from podium.core.usage import Usage
from podium.models.dialects import NotCarried, Quirks
from podium.models.dialects.openai_embeddings import OpenAIEmbeddings

WIRE = OpenAIEmbeddings()
NOW = datetime(2030, 1, 1, tzinfo=UTC)


def read(**fields: Any) -> Any:
    return WIRE.read_request(json.dumps({"model": "emb", **fields}).encode())


def send(quirks: Quirks | None = None, **fields: Any) -> tuple[Any, tuple[str, ...]]:
    incoming = read(**fields)
    task = Task(
        id="t",
        messages=incoming.messages,
        received_at=NOW,
        operation=incoming.operation,
        options=incoming.options,
        payload=incoming.payload,
    )
    written = WIRE.write_request(task, model="m", stream=False, quirks=quirks or Quirks())
    return json.loads(written.body), written.notes


@pytest.mark.parametrize(
    ("given_input", "parts"),
    [
        ("a", (TextPart("a"),)),
        (["a", "b"], (TextPart("a"), TextPart("b"))),
        ([1, 2, 3], (OpaquePart(kind="tokens"),)),
        ([[1, 2], [3]], (OpaquePart(kind="tokens"), OpaquePart(kind="tokens"))),
    ],
)
def test_inputs_of_every_kind(given_input: Any, parts: Any) -> None:
    incoming = read(input=given_input, user="ann", podium={"team": "x"})
    assert incoming.messages == (Message(role="user", parts=parts),)
    assert (incoming.operation, incoming.stream, incoming.user, incoming.model) == (
        Operation.EMBED,
        False,
        "ann",
        "emb",
    )
    assert incoming.fields.team == "x"
    assert send(input=given_input)[0]["input"] == given_input


def test_a_body_is_forwarded_but_for_the_models_name() -> None:
    sent, notes = send(input="a", dimensions=3, encoding_format="base64", odd={"x": [1.50]}, podium={"team": "x"})
    assert sent == {"model": "m", "input": "a", "dimensions": 3, "encoding_format": "base64", "odd": {"x": [1.5]}}
    assert notes == ()


def test_quirks() -> None:
    quirks = Quirks(refuses=frozenset({"user"}), renames={"dimensions": "size"}, extra={"type": "search"})
    sent, notes = send(quirks, input="a", dimensions=3, user="ann")
    assert sent == {"model": "m", "input": "a", "size": 3, "type": "search"}
    assert len(notes) == 1
    with pytest.raises(NotCarried):
        send(Quirks(refuses=frozenset({"dimensions"})), input="a", dimensions=3)


def test_a_task_that_came_another_way() -> None:
    texts = (Message(role="user", parts=(TextPart("a"), TextPart("b"))),)
    task = Task(id="t", messages=texts, received_at=NOW, operation=Operation.EMBED)
    assert json.loads(WIRE.write_request(task, model="m", stream=False, quirks=Quirks()).body) == {
        "input": ["a", "b"],
        "model": "m",
    }
    picture = (Message(role="user", parts=(ImagePart(url="https://x"),)),)
    with pytest.raises(NotCarried):
        WIRE.write_request(Task(id="t", messages=picture, received_at=NOW), model="m", stream=False, quirks=Quirks())


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b"", None),
        (b"[]", None),
        (b'{"model": "m"}', None),
        (b'{"input": []}', "input"),
        (b'{"input": 5}', "input"),
        (b'{"input": ["a", 5]}', "input"),
        (b'{"input": [[1.5]]}', "input[0][0]"),
        (b'{"input": "a", "podium": {"tem": "x"}}', "podium"),
    ],
)
def test_bad_requests(body: bytes, param: str | None) -> None:
    with pytest.raises(InvalidRequest) as caught:
        WIRE.read_request(body)
    assert caught.value.param == param
    assert caught.value.remedy


def test_what_is_beyond() -> None:
    incoming = read(input="a", dimensions=3, encoding_format="float", user=None)
    task = Task(id="t", messages=incoming.messages, received_at=NOW, payload=incoming.payload)
    assert WIRE.beyond(task) == ("dimensions",)


def answer(**fields: Any) -> bytes:
    return json.dumps({"object": "list", "model": "emb", **fields}).encode()


VECTOR = {"object": "embedding", "index": 0, "embedding": [0.5, 1]}


@pytest.mark.parametrize("embedding", [[0.5, 1], "AACAPw=="])
@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"prompt_tokens": 8, "total_tokens": 8}, Usage(input=8)),
        ({"prompt_tokens": 8}, Usage(input=8)),
        ({"prompt_tokens": 8, "completion_tokens": 0, "total_tokens": 8}, Usage(input=8)),
        ({"total_tokens": 8}, None),
        (None, None),
        ("many", None),
    ],
)
def test_an_answer_is_kept_as_it_came(embedding: Any, usage: Any, expected: Usage | None) -> None:
    body = answer(data=[{**VECTOR, "embedding": embedding}], usage=usage)
    reply = WIRE.read_reply(body, provider="p")
    assert (reply.text, reply.usage, reply.model, reply.dialect) == ("", expected, "emb", WIRE.name)
    assert WIRE.write_reply(reply, task=Task(id="t", messages=(), received_at=NOW), model="m") is body


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", FailureKind.GARBAGE),
        (b"<html>", FailureKind.GARBAGE),
        (b"\xff", FailureKind.GARBAGE),
        (answer(data=[]), FailureKind.GARBAGE),
        (answer(data=None), FailureKind.GARBAGE),
        (answer(data=[{"index": 0}]), FailureKind.GARBAGE),
        (answer(data=[{**VECTOR, "embedding": None}]), FailureKind.GARBAGE),
        (answer(data=[{**VECTOR, "embedding": []}]), FailureKind.GARBAGE),
        (answer(error={"message": "busy"}), FailureKind.SERVER_ERROR),
    ],
)
def test_what_is_no_list_of_embeddings(body: bytes, kind: FailureKind) -> None:
    with pytest.raises(ProviderError) as caught:
        WIRE.read_reply(body, provider="acme")
    assert caught.value.kind is kind
    assert "acme" in caught.value.message


def test_there_are_no_streams() -> None:
    task = Task(id="t", messages=(), received_at=NOW)
    assert (WIRE.stream_type, WIRE.end_mark, WIRE.heartbeat) == ("", b"", b"")
    for ask in (
        lambda: WIRE.stream_reader(provider="p"),
        lambda: WIRE.stream_writer(task=task, model="m", input_tokens=0),
        lambda: WIRE.write_stream_error(PodiumError("x")),
        lambda: WIRE.write_request(task, model="m", stream=True, quirks=Quirks()),
        lambda: WIRE.write_reply(Reply(text="x"), task=task, model="m"),
    ):
        with pytest.raises(PodiumError, match=r"streams|embeddings"):
            ask()


def test_errors_in_openai_shape() -> None:
    error = InvalidRequest("bad", param="input")
    assert json.loads(WIRE.write_error(error))["error"]["param"] == "input"
    assert WIRE.http_status(error) == 400


@given(st.binary(max_size=100))
def test_no_bytes_crash_the_readers(body: bytes) -> None:
    for work in (lambda: WIRE.read_request(body), lambda: WIRE.read_reply(body, provider="p")):
        try:
            work()
        except (InvalidRequest, ProviderError) as error:
            assert error.message  # noqa: PT017  # only these may come out
