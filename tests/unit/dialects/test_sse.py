"""Server-sent events: whatever the split, the same events come out."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.models.dialects import sse
from podium.models.dialects.sse import EventCutter, EventTooLarge, event_data

CASES = [
    ("LF", b"data: a\n\ndata: b\n\n", [b"a", b"b"]),
    ("CRLF", b"data: a\r\n\r\ndata: b\r\n\r\n", [b"a", b"b"]),
    ("CR", b"data: a\r\rdata: b\r\r", [b"a", b"b"]),
    ("no space after the colon", b"data:a\n\n", [b"a"]),
    ("only one space is taken", b"data:  a\n\n", [b" a"]),
    ("several data lines", b"data: a\ndata: b\n\n", [b"a\nb"]),
    ("event and id fields", b"event: x\nid: 7\ndata: a\n\n", [b"a"]),
    ("a comment", b": keep-alive\n\ndata: a\n\n", [b"", b"a"]),
    ("the last event lacks its blank line", b"data: a\n\ndata: b", [b"a", b"b"]),
    ("text in UTF-8", "data: é✓\n\n".encode(), ["é✓".encode()]),
    ("nothing", b"", []),
]


def cut(pieces: list[bytes]) -> list[bytes]:
    cutter = EventCutter()
    events = [event for piece in pieces for event in cutter.feed(piece)] + cutter.close()
    return [data for data, raw in events if raw.strip(b"\r\n")]


@pytest.mark.parametrize(("name", "stream", "expected"), CASES, ids=[case[0] for case in CASES])
def test_whole_and_byte_by_byte(name: str, stream: bytes, expected: list[bytes]) -> None:
    assert cut([stream]) == expected, name
    assert cut([stream[i : i + 1] for i in range(len(stream))]) == expected, name


@given(
    texts=st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=("Cs",))), max_size=6),
    end=st.sampled_from([b"\n", b"\r\n", b"\r"]),
    cuts=st.lists(st.integers(0, 400), max_size=8),
)
def test_any_split_gives_the_same_events(texts: list[str], end: bytes, cuts: list[int]) -> None:
    stream = b"".join(b"data: " + text.encode() + end + end for text in texts)
    places = sorted({min(place, len(stream)) for place in cuts} | {0, len(stream)})
    pieces = [stream[a:b] for a, b in pairwise(places)]
    assert cut(pieces) == [text.encode() for text in texts]


@given(stream=st.binary(max_size=300), size=st.integers(1, 7))
def test_the_bytes_relayed_are_the_bytes_that_came(stream: bytes, size: int) -> None:
    cutter = EventCutter()
    raw = b"".join(raw for i in range(0, len(stream), size) for _, raw in cutter.feed(stream[i : i + size]))
    assert stream.startswith(raw)


def test_one_event_may_be_long_but_not_endless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "MAX_EVENT_BYTES", 1000)
    cutter = EventCutter()
    cutter.feed(b"data: " + b"x" * 900)
    with pytest.raises(EventTooLarge):
        cutter.feed(b"x" * 200)


def test_a_five_megabyte_event_in_small_pieces_is_searched_once() -> None:
    cutter = EventCutter()
    piece = b"x" * 65_536
    cutter.feed(b"data: ")
    for _ in range(80):
        assert cutter.feed(piece) == []
    [(data, _raw)] = cutter.feed(b"\n\n")
    assert len(data) == 80 * 65_536


def test_data_of_an_event_without_data_is_empty() -> None:
    assert event_data(b"event: ping\n\n") == b""


def test_half_of_the_last_line_end_is_passed_on_too() -> None:
    stream = b"data: a\r\n\r\n"
    cutter = EventCutter()
    events = [event for i in range(len(stream)) for event in cutter.feed(stream[i : i + 1])] + cutter.close()
    assert b"".join(raw for _, raw in events) == stream
    assert [data for data, _ in events] == [b"a", b""]


def test_a_long_event_in_small_pieces_is_searched_once_and_joined_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream that is joined and searched anew with every piece costs the square of its length."""
    searched: list[int] = []
    search = sse._end_of_event

    def counting(text: bytes, start: int) -> int:
        searched.append(len(text) - start)
        return search(text, start)

    monkeypatch.setattr(sse, "_end_of_event", counting)
    cutter = EventCutter()
    cutter.feed(b"data: ")
    for _ in range(320):
        cutter.feed(b"x" * 16_384)
    cutter.feed(b"\n\n")
    assert sum(searched) < 320 * (16_384 + 8) + 100
