"""Requests of ten megabytes: forwarded with one copy, and read as text only by who reads them."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from podium.core.errors import InvalidRequest
from podium.core.messages import AudioPart, FilePart, ImagePart
from podium.core.tasks import Task
from podium.models.dialects import OpenAIChat, Quirks, Written

WIRE = OpenAIChat()
NOW = datetime(2030, 1, 1, tzinfo=UTC)
SIZE = 10_000_000


def body_with(part: Any) -> bytes:
    text = {"type": "text", "text": "What is this?"}
    return json.dumps({"model": "auto", "messages": [{"role": "user", "content": [text, part]}]}).encode()


def image(url: str) -> bytes:
    return body_with({"type": "image_url", "image_url": {"url": url}})


def through(body: bytes) -> Written:
    incoming = WIRE.read_request(body)
    task = Task(id="t", messages=incoming.messages, received_at=NOW, options=incoming.options, payload=incoming.payload)
    return WIRE.write_request(task, model="m-1", stream=True, quirks=Quirks())


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


def test_a_forwarded_image_is_copied_into_the_outgoing_body_and_nowhere_else() -> None:
    body = image("data:image/png;base64," + "A" * SIZE)
    through(image("data:,x"))  # whatever loads at first use has loaded
    assert most_memory(lambda: WIRE.read_request(body)) < 100_000
    assert most_memory(lambda: through(body)) < len(body) + 100_000


def test_a_big_body_is_forwarded_like_a_small_one() -> None:
    sent = json.loads(through(image("data:image/png;base64," + "A" * 2_000_000)).body)
    assert sent["model"] == "m-1"
    assert sent["stream"] is True
    assert sent["messages"][0]["content"][1]["image_url"]["url"].endswith("AAAA")
    assert through(image("data:,x")).body.startswith(b'{"model":"m-1"')


@pytest.mark.parametrize("length", [10, 100_000])
def test_a_long_text_is_read_as_any_other(length: int) -> None:
    data = "A" * length
    url = f"data:application/pdf;base64,{data}"
    parts = {
        "image": (body_with({"type": "image_url", "image_url": {"url": url}}), ImagePart(url=url)),
        "sound": (
            body_with({"type": "input_audio", "input_audio": {"data": data, "format": "wav"}}),
            AudioPart(data=data, format="wav"),
        ),
        "file": (
            body_with({"type": "file", "file": {"file_data": url}}),
            FilePart(url=url, media_type="application/pdf"),
        ),
    }
    for name, (body, expected) in parts.items():
        part = WIRE.read_request(body).messages[0].parts[1]
        assert type(part) is type(expected), name
        assert msgspec.json.encode(part) == msgspec.json.encode(expected), "read or not, it is written the same"
        long_field = "data" if name == "sound" else "url"
        assert getattr(part, long_field) == getattr(expected, long_field)
        assert part == expected, name


def test_escapes_in_a_long_text_are_undone() -> None:
    body = image("data:image/png;base64,X").replace(b"X", b"\\/" * 20_000)
    (_, part) = WIRE.read_request(body).messages[0].parts
    assert isinstance(part, ImagePart)
    assert part.url == "data:image/png;base64," + "/" * 20_000


def test_a_long_text_that_is_none_is_the_callers_fault_when_it_is_read() -> None:
    body = image("X").replace(b"X", b"\xff" * 20_000)
    (_, part) = WIRE.read_request(body).messages[0].parts
    assert isinstance(part, ImagePart)
    with pytest.raises(InvalidRequest, match="not a text"):
        _ = part.url
