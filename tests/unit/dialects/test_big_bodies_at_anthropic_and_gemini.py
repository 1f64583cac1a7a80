"""Requests of ten megabytes at Anthropic and Gemini: forwarded with one copy, read as text only by who reads them."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from podium.core.errors import InvalidRequest
from podium.core.messages import AudioPart, FilePart, ImagePart, Message, TextPart
from podium.core.tasks import Task
from podium.models.dialects import Address, Dialect, Quirks
from podium.models.dialects.anthropic import Anthropic
from podium.models.dialects.anthropic.seals import foreign_seal
from podium.models.dialects.gemini import Gemini

NOW = datetime(2030, 1, 1, tzinfo=UTC)
SIZE = 10_000_000
ANTHROPIC, GEMINI = Anthropic(), Gemini()
Body = Callable[[str], bytes]


def anthropic(data: str, *before: dict[str, Any], kind: str = "image", media_type: str = "image/png") -> bytes:
    source = {"type": "base64", "media_type": media_type, "data": data}
    asked = {"role": "user", "content": [{"type": kind, "source": source}, {"type": "text", "text": "What is this?"}]}
    return json.dumps({"model": "auto", "max_tokens": 9, "messages": [*before, asked]}).encode()


def gemini(data: str, *before: dict[str, Any], media_type: str = "image/png") -> bytes:
    parts = [{"inlineData": {"mimeType": media_type, "data": data}}, {"text": "What is this?"}]
    return json.dumps({"contents": [*before, {"role": "user", "parts": parts}]}).encode()


def gemini_respelt(data: str) -> bytes:
    parts = [{"inline_data": {"mime_type": "image/png", "data": data}}, {"text": "What is this?"}]
    config = {"maxOutputTokens": 9, "top_p": 0.5}
    return json.dumps({"contents": [{"role": "user", "parts": parts}], "generation_config": config}).encode()


HELLO = {"role": "user", "content": "Hi"}
FOREIGN = {
    "role": "assistant",
    "content": [
        {"type": "thinking", "thinking": "Hm", "signature": foreign_seal(origin="gemini", signature="s")},
        {"type": "text", "text": "So."},
    ],
}
ENVELOPE = "cG9kaXVtLnJlYXNvbmluZy4xAAAA"
OPENED = {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {}}, "thoughtSignature": ENVELOPE}]}

BODIES: dict[str, tuple[Dialect, Body]] = {
    "anthropic": (ANTHROPIC, anthropic),
    "anthropic, with another's reasoning": (ANTHROPIC, lambda data: anthropic(data, HELLO, FOREIGN)),
    "gemini": (GEMINI, gemini),
    "gemini, with another's reasoning": (GEMINI, lambda data: gemini(data, OPENED)),
    "gemini, second spelling": (GEMINI, gemini_respelt),
}
each_body = pytest.mark.parametrize("name", BODIES)


def read(wire: Dialect, body: bytes) -> Task:
    incoming = wire.read_request(body, Address(model="m", stream=True))
    return Task(id="t", messages=incoming.messages, received_at=NOW, options=incoming.options, payload=incoming.payload)


def sent(wire: Dialect, body: bytes) -> bytes:
    task = read(wire, body)
    return wire.write_request(task, model="gemini-3-pro", stream=True, quirks=Quirks(), max_tokens=9).body


def most_memory(work: Callable[[], object]) -> int:
    """Bytes allocated at the worst moment of `work`."""
    tracemalloc.start()
    try:
        kept = work()
        most = tracemalloc.get_traced_memory()[1]
        del kept
        return most
    finally:
        tracemalloc.stop()


@each_body
def test_a_forwarded_image_is_copied_into_the_outgoing_body_and_nowhere_else(name: str) -> None:
    wire, make = BODIES[name]
    sent(wire, make("QUJD"))  # whatever loads at first use has loaded
    body = make("A" * SIZE)
    assert most_memory(lambda: read(wire, body)) < 100_000
    assert most_memory(lambda: sent(wire, body)) < len(body) + 100_000


@each_body
def test_a_big_body_is_forwarded_like_a_small_one(name: str) -> None:
    wire, make = BODIES[name]
    small, big = sent(wire, make("QUJD")), sent(wire, make("A" * 200_000))
    assert json.loads(big.replace(b"A" * 200_000, b"QUJD")) == json.loads(small)
    assert b"podium" not in small
    assert ENVELOPE.encode() not in small


@each_body
@pytest.mark.parametrize("length", [4, 100_000])
def test_a_long_image_is_read_as_any_other(name: str, length: int) -> None:
    wire, make = BODIES[name]
    *_, message = read(wire, make("A" * length)).messages
    assert message == Message(
        role="user", parts=(ImagePart(url="data:image/png;base64," + "A" * length), TextPart("What is this?"))
    )


@pytest.mark.parametrize("length", [3, 50_000])
def test_every_kind_of_long_content_is_read_right(length: int) -> None:
    for_urls, standard = "-_A=" * length, "+/A=" * length
    (sound, _), (file, _), (picture, _) = (
        read(GEMINI, gemini(for_urls, media_type=kind)).messages[0].parts
        for kind in ("audio/wav", "application/pdf", "image/webp")
    )
    assert sound == AudioPart(data=standard, format="wav")
    assert file == FilePart(url=f"data:application/pdf;base64,{standard}", media_type="application/pdf")
    assert picture == ImagePart(url=f"data:image/webp;base64,{standard}")
    (document, _) = (
        read(ANTHROPIC, anthropic("QUJD" * length, kind="document", media_type="application/pdf")).messages[0].parts
    )
    assert document == FilePart(url="data:application/pdf;base64," + "QUJD" * length, media_type="application/pdf")


@each_body
def test_a_long_text_that_is_none_is_the_callers_fault_when_it_is_read(name: str) -> None:
    wire, make = BODIES[name]
    body = make("X" * 20_000).replace(b"X" * 20_000, b"\xff" * 20_000)
    *_, message = read(wire, body).messages
    with pytest.raises(InvalidRequest, match="not a text"):
        _ = message.parts[0].url  # type: ignore[union-attr]  # an image, which the test above sees


@pytest.mark.parametrize("value", [b"7", b"{}", b"0", b"true", b'"\xff"'])
def test_bytes_that_are_no_text_are_named(value: bytes) -> None:
    for make in (gemini, gemini_respelt):
        with pytest.raises(InvalidRequest) as caught:
            read(GEMINI, make("QUJD").replace(b'"QUJD"', value))
        assert caught.value.param == "contents[0].parts[0].inlineData.data"
    for nothing in (b"null", b'""'):
        with pytest.raises(InvalidRequest, match="no `data`"):
            read(GEMINI, gemini_respelt("QUJD").replace(b'"QUJD"', nothing))
