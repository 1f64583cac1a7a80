"""Quirks in the top-level fields of a body, and the bytes it is sent as."""

from __future__ import annotations

import json
import tracemalloc
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from podium.core.messages import FilePart, ImagePart, Message, TextPart
from podium.core.tasks import Task
from podium.models.dialects import NotCarried, OpenAIChat, Quirks, by_name
from podium.models.dialects.forwarding import adapt, encoded, has_much, refuse_addresses

NOW = datetime(2030, 1, 1, tzinfo=UTC)
MB = 1_000_000

QUIET: list[tuple[str, Any]] = [
    ("seed", None),
    ("tools", []),
    ("metadata", {}),
    ("user", ""),
    ("stream", False),
    ("n", 1),
    ("n", 1.0),
    ("presence_penalty", 0),
    ("frequency_penalty", 0.0),
    ("logprobs", False),
    ("parallel_tool_calls", True),
    ("tool_choice", "auto"),
    ("service_tier", "auto"),
    ("response_format", {"type": "text"}),
    ("text", {"format": {"type": "text"}}),
    ("truncation", "disabled"),
    ("top_logprobs", 0),
]
SAID: list[tuple[str, Any]] = [
    ("presence_penalty", 1),
    ("frequency_penalty", 1.0),
    ("seed", 1),
    ("seed", 0),
    ("top_k", 1),
    ("n", 2),
    ("parallel_tool_calls", False),
    ("store", True),
    ("logit_bias", {"1": 2}),
    ("user", "x" * 100),
]


@pytest.mark.parametrize("raw", [True, False], ids=["as it came", "built"])
@pytest.mark.parametrize(("name", "value"), QUIET)
def test_a_refused_default_goes_in_silence(name: str, value: Any, raw: bool) -> None:
    notes: list[str] = []
    given_value = Raw(b" " + json.dumps(value).encode() + b" ") if raw else value
    assert adapt({name: given_value}, Quirks(refuses=frozenset({name})), notes, frozenset({name})) == {}
    assert notes == []


@pytest.mark.parametrize("raw", [True, False], ids=["as it came", "built"])
@pytest.mark.parametrize(("name", "value"), SAID)
def test_anything_else_is_said_or_refused(name: str, value: Any, raw: bool) -> None:
    notes: list[str] = []
    quirks = Quirks(refuses=frozenset({name}))
    given_value = Raw(json.dumps(value).encode()) if raw else value
    assert adapt({name: given_value}, quirks, notes) == {}
    assert notes == [f"`{name}` was left out: the provider does not take it."]
    with pytest.raises(NotCarried) as caught:
        adapt({name: given_value}, quirks, [], frozenset({name}))
    assert caught.value.param == name


def test_notes_come_in_a_stable_order() -> None:
    names = ["zeta", "alpha", "seed", "mid", "beta"]
    notes: list[str] = []
    adapt(dict.fromkeys(names, 7), Quirks(refuses=frozenset(names)), notes)
    assert [note.split("`")[1] for note in notes] == sorted(names)


def test_renames_and_what_the_provider_must_have() -> None:
    fields: dict[str, Any] = {"seed": 3, "stop": ["a"], "version": "callers"}
    quirks = Quirks(renames={"seed": "random_seed", "stop": "stop"}, extra={"version": "needed", "k": 1})
    assert adapt(fields, quirks, []) is fields
    assert fields == {"random_seed": 3, "stop": ["a"], "version": "needed", "k": 1}
    both = adapt({"seed": 3, "random_seed": 4}, quirks, [])
    assert both["random_seed"] == 4


@pytest.mark.parametrize("dialect", ["openai-chat", "openai-responses", "anthropic", "gemini"])
def test_quirks_mean_the_same_in_every_dialect(dialect: str) -> None:
    wire = by_name(dialect)
    task = Task(id="t", messages=(Message(role="user", parts=(TextPart("hi"),)),), received_at=NOW)
    plain = json.loads(wire.write_request(task, model="m-1", stream=False, quirks=Quirks()).body)
    name = next(name for name in ("messages", "input", "contents") if name in plain)
    quirks = Quirks(renames={name: "said"}, extra={"k": 1, "said_by": "podium"})
    out = json.loads(wire.write_request(task, model="m-1", stream=False, quirks=quirks).body)
    assert out["said"] == plain[name]
    assert (out["k"], out["said_by"]) == (1, "podium")


# --- addresses ------------------------------------------------------------------------------------------------------


def picture(url: Any) -> Task:
    return Task(id="t", messages=(Message(role="user", parts=(ImagePart(url=url),)),), received_at=NOW)


@pytest.mark.parametrize("url", ["https://a.example/x.png", "HTTP://a.example", "file:///etc/passwd", "x"])
def test_addresses_are_refused_where_nobody_fetches_them(url: str) -> None:
    with pytest.raises(NotCarried, match="address"):
        refuse_addresses(picture(url), param="messages")


def test_bytes_pass_and_are_not_looked_at() -> None:
    refuse_addresses(picture("DATA:image/png;base64,AA=="), param="messages")
    parts = (FilePart(file_id="f-1"), TextPart("https://a.example"))
    refuse_addresses(Task(id="t", messages=(Message(role="user", parts=parts),), received_at=NOW), param="messages")
    task = picture(Raw(b'"data:image/png;base64,' + b"A" * 10 * MB + b'"'))
    tracemalloc.start()
    try:
        refuse_addresses(task, param="messages")
        assert tracemalloc.get_traced_memory()[1] < 10_000
    finally:
        tracemalloc.stop()


# --- bytes ----------------------------------------------------------------------------------------------------------

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=3), VALUES, max_size=4), st.booleans())
def test_however_a_body_is_made_it_is_the_same(fields: dict[str, Any], much: bool) -> None:
    assert json.loads(encoded(fields, much=much)) == fields
    raw = {name: Raw(msgspec.json.encode(value)) for name, value in fields.items()}
    assert json.loads(encoded(raw, much=much)) == fields


def most_memory(work: Any) -> int:
    tracemalloc.start()
    try:
        kept = work()
        most = tracemalloc.get_traced_memory()[1]
        del kept
        return most
    finally:
        tracemalloc.stop()


def test_a_big_body_is_made_in_one_copy() -> None:
    big = Raw(b'"' + b"A" * 3 * MB + b'"')
    assert most_memory(lambda: encoded({"model": "m", "input": big})) < 3.1 * MB
    nested = {"model": "m", "messages": [{"content": [{"url": big}, {"url": big}, {"url": big}]}]}
    assert most_memory(lambda: encoded(nested, much=True)) < 9.1 * MB


@pytest.mark.parametrize("wire", ["openai-chat", "openai-responses"])
def test_pictures_of_another_wire_are_written_unread(wire: str) -> None:
    url = b"data:image/png;base64," + b"A" * 3 * MB
    body = b'{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"%b"}}]}]}' % url
    incoming = OpenAIChat().read_request(body)
    task = Task(id="t", messages=incoming.messages, received_at=NOW)
    assert has_much(task)
    dialect = by_name(wire)

    def written() -> bytes:
        return dialect.write_request(task, model="m", stream=False, quirks=Quirks(image_urls=False)).body

    assert url in written()
    assert most_memory(written) < 3.1 * MB
