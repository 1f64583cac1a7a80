"""Every fault on every wire, whole and streamed: each shows what its name says, in that wire's own form."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.eventstream import ChecksumMismatch, ParserError

from podium.testing import Fault, Faults, SimApp, SimModel, SimVendor

VENDOR = SimVendor(name="acme", models=(SimModel(name="m", context=10_000_000),), time_scale=0)
TEXT = "one two three four five six seven eight nine ten"
ASKED = f"Repeat after me: {TEXT}"


def _app(**fault: Any) -> SimApp:
    app = SimApp(VENDOR)
    app.faults = Faults(always=Fault(**fault))
    return app


def _text(door: Any, body: bytes) -> str:
    return "".join(door.more(event) for event in door.events(body))


def test_without_a_fault_the_answer_is_there_with_its_usage(door: Any) -> None:
    whole = door.call(SimApp(VENDOR), ASKED, stream=False)
    assert (whole.status, door.said(json.loads(whole.body))) == (200, TEXT)
    assert door.usage(json.loads(whole.body))
    streamed = door.call(SimApp(VENDOR), ASKED, stream=True)
    assert (streamed.status, _text(door, streamed.body)) == (200, TEXT)
    assert any(map(door.usage, door.events(streamed.body)))
    assert streamed.body.count(door.end) == 1 or not door.end


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 429, 500, 503, 529])
def test_status(door: Any, status: int, stream: bool) -> None:
    answer = door.call(_app(kind="status", status=status), ASKED, stream=stream)
    body = json.loads(answer.body)
    assert answer.status == status
    assert str(status) in door.error(body[0] if isinstance(body, list) else body)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("after", [0, 2])
def test_reset(door: Any, stream: bool, after: int) -> None:
    with pytest.raises(ConnectionResetError):
        door.call(_app(kind="reset", after=after), ASKED, stream=stream)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("kind", ["stall", "slow_first_token", "hang"])
def test_what_takes_its_time_comes_whole_in_the_end(door: Any, kind: str, stream: bool) -> None:
    answer = door.call(_app(kind=kind, seconds=0.001), ASKED, stream=stream)
    assert (_text(door, answer.body) if stream else door.said(json.loads(answer.body))) == TEXT


def test_cut(door: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # any that JSON has
        json.loads(door.call(_app(kind="cut"), ASKED, stream=False).body)
    answer = door.call(_app(kind="cut", after=2), ASKED, stream=True)
    if door.framing == "array":
        with pytest.raises(ValueError, match="delimiter"):
            door.events(answer.body)
        return
    assert _text(door, answer.body) == TEXT[:32]
    assert not door.end or door.end not in answer.body


def test_garbage(door: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # not UTF-8 or not JSON, either will do
        json.loads(door.call(_app(kind="garbage"), ASKED, stream=False).body)
    with pytest.raises(ValueError):  # noqa: PT011
        door.events(door.call(_app(kind="garbage"), ASKED, stream=True).body)


def test_error_inside_a_200(door: Any) -> None:
    whole = door.call(_app(kind="error_event"), ASKED, stream=False)
    assert (whole.status, "Simulated failure" in door.error(json.loads(whole.body))) == (200, True)
    streamed = door.call(_app(kind="error_event", after=1), ASKED, stream=True)
    body = streamed.body + (b"]" if door.framing == "array" else b"")
    assert streamed.status == 200
    assert door.error(door.events(body)[-1]) == "Simulated failure inside the stream."


@pytest.mark.parametrize("stream", [False, True])
def test_empty_and_wrong_content_type(door: Any, stream: bool) -> None:
    answer = door.call(_app(kind="empty"), ASKED, stream=stream)
    assert (answer.status, answer.body) == (200, b"")
    answer = door.call(_app(kind="content_type"), ASKED, stream=stream)
    assert (answer.status, answer.media.partition(";")[0]) == (200, "text/html")


@pytest.mark.parametrize(("kind", "count"), [("no_end", 0), ("two_ends", 2)])
def test_end_marks(door: Any, kind: str, count: int) -> None:
    body = door.call(_app(kind=kind), ASKED, stream=True).body
    if door.end:
        assert body.count(door.end) == count
    else:
        assert _text(door, body) == TEXT


def test_no_usage(door: Any) -> None:
    assert door.usage(json.loads(door.call(_app(kind="no_usage"), ASKED, stream=False).body)) is None
    assert not any(map(door.usage, door.events(door.call(_app(kind="no_usage"), ASKED, stream=True).body)))


def test_a_huge_event(door: Any) -> None:
    answer = door.call(_app(kind="huge_event"), ASKED, stream=True)
    assert max(len(piece) for piece in answer.pieces) > 5_000_000
    assert _text(door, answer.body).startswith(TEXT)
    assert sum(door.more(event) != "" for event in door.events(answer.body)) == 1


def test_half_a_character(door: Any) -> None:
    for stream in (False, True):
        answer = door.call(_app(kind="half_character", after=1), ASKED, stream=stream)
        with pytest.raises(ValueError):  # noqa: PT011  # whichever way the decoder says it
            (door.events if stream else json.loads)(answer.body)


def test_a_character_split_over_two_chunks(door: Any) -> None:
    for stream in (False, True):
        answer = door.call(_app(kind="split_character"), ASKED, stream=stream)
        assert any(piece.endswith(b"\xc3") for piece in answer.pieces)
        told = _text(door, answer.body) if stream else door.said(json.loads(answer.body))
        assert told.replace("é", "") == TEXT


def test_a_spoilt_binary_stream_keeps_its_checksums(doors: Any) -> None:
    body = doors["bedrock-converse"].call(SimApp(VENDOR), ASKED, stream=True).body
    for place in (9, 30, len(body) - 1):
        with pytest.raises((ChecksumMismatch, ParserError, ValueError)):
            doors["bedrock-converse"].events(body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :])
