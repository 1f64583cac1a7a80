"""Input that cannot be served: a clear error in OpenAI's shape with a remedy and the right status; nothing breaks."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from podium.core.errors import ConfigError, StoreError
from podium.core.settings import DiscoverSettings, ServerSettings, Settings
from podium.surface.server import serve
from podium.testing import SimVendor

HI = [{"role": "user", "content": "hi"}]
DEEP = 100_000


def _body(**fields: Any) -> bytes:
    return json.dumps({"messages": HI, **fields}).encode()


def _with(part: bytes) -> bytes:
    return b'{"messages":[{"role":"user","content":"hi"}],' + part + b"}"


@pytest.fixture(autouse=True)
def nothing_breaks(house: Any) -> Iterator[None]:
    """What was recorded before stays, the process stays up, and no entry is lost."""
    before = house.chat("before").headers["x-podium-decision"]
    house.recorded(before)
    yield
    after = house.chat("after")
    assert after.status == 200
    assert house.recorded(after.headers["x-podium-decision"])["status"] == "ok"
    assert house.recorded(before)["status"] == "ok"
    assert house.runtime.ledger.lost == 0


MALFORMED: dict[str, bytes] = {
    "empty": b"",
    "blank": b"  \n ",
    "cut": b'{"messages": [{"role": "user"',
    "text": b"hello",
    "array": b"[]",
    "null": b"null",
    "number": b"1",
    "two values": _body() + b"{}",
    "single quotes": b"{'messages': []}",
    "binary": bytes(range(256)),
    "utf-16": _body().decode().encode("utf-16"),
    "broken utf-8": b'{"messages":[{"role":"user","content":"\xff\xfe"}]}',
    "lone surrogate": b'{"messages":[{"role":"user","content":"\\ud800"}]}',
    "lone surrogate elsewhere": _with(b'"metadata":{"a":"\\udfff"}'),
    "nan": _with(b'"temperature":NaN'),
    "infinity": _with(b'"temperature":-Infinity'),
    "number out of range": _with(b'"temperature":1e999999'),
    "bomb of arrays": _with(b'"metadata":' + b"[" * DEEP + b"]" * DEEP),
    "bomb of objects": _with(b'"metadata":' + b'{"a":' * DEEP + b"1" + b"}" * DEEP),
    "bomb in a schema": _with(
        b'"tools":[{"function":{"name":"x","parameters":' + b'{"a":' * DEEP + b"1" + b"}" * DEEP + b"}}]"
    ),
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/podium/v1/explain"])
def test_malformed_json(house: Any, body: bytes, path: str) -> None:
    before = house.seen()
    answer = house.post(body, path)
    assert answer.status == 400
    assert answer.error["type"] == "invalid_request_error"
    assert answer.error["code"] == "invalid_request"
    assert answer.error["podium"]["remedy"]
    assert house.seen() == before


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "messages missing": ({"messages": None}, "messages"),
    "messages a text": ({"messages": "hi"}, "messages"),
    "messages empty": ({"messages": []}, "messages"),
    "message a text": ({"messages": ["hi"]}, "messages[0]"),
    "role missing": ({"messages": [{"content": "x"}]}, "messages[0]"),
    "role unknown": ({"messages": [{"role": "root", "content": "x"}]}, "messages[0].role"),
    "content missing": ({"messages": [{"role": "user"}]}, "messages[0].content"),
    "content a number": ({"messages": [{"role": "user", "content": 7}]}, "messages[0].content"),
    "content empty list": ({"messages": [{"role": "user", "content": []}]}, "messages[0].content"),
    "part without its content": (
        {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "messages[0].content[0].image_url",
    ),
    "model a number": ({"model": 7}, "model"),
    "model null": ({"model": None}, "model"),
    "model too long": ({"model": "x" * 9999}, "model"),
    "stream a text": ({"stream": "yes"}, "stream"),
    "temperature a text": ({"temperature": "0.5"}, "temperature"),
    "max_tokens negative": ({"max_tokens": -1}, "max_tokens"),
    "max_tokens a fraction": ({"max_tokens": 1.5}, "max_tokens"),
    "max_tokens huge": ({"max_tokens": 10**40}, "max_tokens"),
    "n huge": ({"n": 10**40}, "n"),
    "stop a number": ({"stop": 3}, "stop"),
    "tools an object": ({"tools": {}}, "tools"),
    "tool without function": ({"tools": [{"type": "function"}]}, "tools[0].function"),
    "schema without schema": ({"response_format": {"type": "json_schema"}}, "response_format"),
    "format unknown": ({"response_format": {"type": "xml"}}, "response_format"),
    "user too long": ({"user": "x" * 9999}, "user"),
    "podium a text": ({"podium": "fast"}, "podium"),
    "podium misspelt": ({"podium": {"tema": "x"}}, "podium"),
    "quality above 1": ({"podium": {"min_quality": 1.1}}, "podium.min_quality"),
    "cost a word": ({"podium": {"max_cost_usd": "cheap"}}, "podium.max_cost_usd"),
    "cost negative": ({"podium": {"max_cost_usd": -1}}, "podium.max_cost_usd"),
    "cost nan": ({"podium": {"max_cost_usd": "nan"}}, "podium.max_cost_usd"),
    "cost beyond all numbers": ({"podium": {"max_cost_usd": "1e999999"}}, "podium.max_cost_usd"),
    "cost below all numbers": ({"podium": {"max_cost_usd": "1e-999999"}}, "podium.max_cost_usd"),
    "latency nothing": ({"podium": {"max_latency_ms": 0}}, "podium.max_latency_ms"),
    "deadline a word": ({"podium": {"deadline": "soon"}}, "podium.deadline"),
    "deadline anywhere": ({"podium": {"deadline": "2030-01-01T00:00:00"}}, "podium.deadline"),
    "task type unknown": ({"podium": {"task_type": "magic"}}, "podium.task_type"),
    "tags of numbers": ({"podium": {"tags": {"a": 1}}}, "podium.tags"),
    "too many tags": ({"podium": {"tags": {str(i): "" for i in range(999)}}}, "podium.tags"),
    "team too long": ({"podium": {"team": "x" * 9999}}, "podium.team"),
}  # fmt: skip


@pytest.mark.parametrize(("fields", "param"), WRONG.values(), ids=WRONG.keys())
def test_wrong_types_and_impossible_values(house: Any, fields: dict[str, Any], param: str) -> None:
    answer = house.post({"messages": HI, **fields})
    assert answer.status == 400, answer.text
    assert answer.error["param"].startswith(param), answer.error
    assert answer.error["podium"]["remedy"]
    assert len(answer.content) < 2_000


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("x-podium-colour", "red"),
        ("x-podium-min-quality", "high"),
        ("x-podium-min-quality", "nan"),
        ("x-podium-max-cost-usd", ""),
        ("x-podium-max-latency-ms", "1.5"),
        ("x-podium-deadline", "tomorrow"),
        ("x-podium-private", "perhaps"),
        ("x-podium-tags", "no-equals-sign"),
        ("x-podium-task-type", "\xff\xfe"),
    ],
)
def test_headers_of_ours_that_say_nothing_sensible(house: Any, header: str, value: str) -> None:
    answer = house.chat(headers={header: value})
    assert answer.status == 400
    assert header.removeprefix("x-podium-").replace("-", "_") in answer.error["param"].replace("-", "_")


def test_our_own_answer_headers_may_come_back(house: Any) -> None:
    first = house.chat()
    echoed = {name: value for name, value in first.headers.items() if name.startswith("x-podium-")}
    assert house.chat(headers=echoed).status == 200


UNMET: dict[str, dict[str, Any]] = {
    "quality": {"min_quality": 1.0},
    "cost": {"max_cost_usd": 0},
    "latency": {"max_latency_ms": 1, "min_quality": 0.95},  # only `grande`, whose speed nobody has measured yet
    "privacy": {"private": True},
    "yesterday": {"deadline": (datetime.now(UTC) - timedelta(days=1)).isoformat()},
    "the beginning of time": {"deadline": "0001-01-01T00:00:00+23:59"},
}


@pytest.mark.parametrize("podium", UNMET.values(), ids=UNMET.keys())
@pytest.mark.parametrize("stream", [False, True])
def test_requirements_nobody_meets(house: Any, podium: dict[str, Any], stream: bool) -> None:
    before = house.seen()
    answer = house.chat(podium=podium, stream=stream)
    assert answer.status == 422
    error = answer.error
    assert error["code"] == "requirements_not_met"
    assert error["podium"]["remedy"]
    assert "deadline" in podium or len(error["podium"]["reasons"]) == 4
    assert house.seen() == before


def test_what_no_model_can_read(house: Any) -> None:
    sound = [{"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav"}}]
    answer = house.chat(messages=[{"role": "user", "content": sound}])
    assert answer.status == 422
    assert "hear audio" in answer.error["message"]
    long = house.chat("word " * 190_000)
    assert long.status == 422
    assert long.error["param"] == "messages"
    assert "window" in long.error["message"]


@pytest.mark.parametrize(
    ("name", "close"), [("picco", "pico"), ("nort/pico", "north/pico"), ("auto/sport", "auto/"), ("grand", "grande")]
)
def test_unknown_names_come_with_suggestions(house: Any, name: str, close: str) -> None:
    for path in ("/v1/chat/completions", "/podium/v1/explain"):
        answer = house.post({"model": name, "messages": HI}, path)
        assert answer.status == 404
        assert (answer.error["code"], answer.error["param"]) == ("model_not_found", "model")
        assert close in answer.error["podium"]["remedy"]


def test_duplicate_keys_mean_the_last_and_are_forwarded_once(house: Any) -> None:
    twice = b'{"model":"nobody","messages":[],"messages":[{"role":"user","content":"hi"}],"model":"north/pico"}'
    assert house.post(twice).status == 200
    assert house.vendors["north"].seen[-1].body.count(b'"messages"') == 1


def test_what_is_odd_and_allowed(house: Any) -> None:
    odd: list[dict[str, Any]] = [
        {"seed": 10**30},
        {"podium": {"max_latency_ms": 10**30}},
        {"podium": {"deadline": "9999-12-31T23:59:59-23:59"}},
        {"podium": {"deadline": "9999-12-31T23:59:59Z"}, "stream": True},
        {"podium": {"tags": {"a\0": "\0"}}, "user": "\0"},
        {"model": ""},
        {"stop": []},
        {"messages": [{"role": "user", "content": "\0\x01\ud7ff\U0010ffff"}]},
        {"unheard_of": {"a": [1, 2, {}]}},
    ]
    for fields in odd:
        answer = house.post({"messages": HI, **fields})
        assert answer.status == 200, (fields, answer.text)
        house.recorded(answer.headers["x-podium-decision"])


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
def test_wrong_methods(house: Any, method: str) -> None:
    answer = house.ask(method, "/v1/chat/completions")
    assert answer.status == 405
    assert answer.headers["allow"] == "POST"
    if method != "HEAD":
        assert answer.error["code"] == "method_not_allowed"
    assert house.ask("DELETE", "/v1/models").status == 405


@pytest.mark.parametrize(
    "path", ["/nowhere", "/v1", "/v1/chat/completions/", "/v1/embeddings/x", "/%00", "/../etc/passwd"]
)
def test_unknown_paths(house: Any, path: str) -> None:
    for method in ("GET", "POST"):
        answer = house.ask(method, path)
        assert answer.status == 404
        assert answer.error["type"] == "invalid_request_error"
        assert answer.error["podium"]["remedy"]


# --- size ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def small(start_gateway: Any) -> Any:
    return start_gateway(server=ServerSettings(max_body_mb=0.1, drain_s=1))


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/podium/v1/explain"])
def test_a_body_over_the_limit(small: Any, path: str) -> None:
    for size in (100_001, 10_000_000):
        told = small.post(b"x" * size, path)
        assert told.status == 413
        assert told.error["code"] == "request_too_large"
        assert "max_body_mb" in told.error["podium"]["remedy"]
        chunks = (b"x" * 10_000 for _ in range(size // 10_000 + 1))
        chunked = small.post(chunks, path)
        assert chunked.status == 413
    assert small.chat("x" * 90_000).status == 200


def test_a_length_that_is_a_lie_is_refused_before_the_body_comes(small: Any) -> None:
    host, _, port = small.address.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 999999999999\r\n\r\n")
        assert b" 413 " in connection.recv(65536)


def test_a_body_in_many_pieces_is_read_whole(house: Any) -> None:
    body = _body(messages=[{"role": "user", "content": "x" * 5_000}])
    pieces = (body[place : place + 100] for place in range(0, len(body), 100))
    assert house.post(pieces).status == 200


def test_ten_megabytes_are_taken_where_allowed(start_gateway: Any, model: Any) -> None:
    gateway = start_gateway(SimVendor(name="v", models=(model("m", context=9_000_000),), time_scale=0))
    answer = gateway.chat("lorem ipsum " * 850_000, podium={"sensitivity": "none"})
    assert answer.status == 200, answer.text[:300]
    assert answer.json()["usage"]["prompt_tokens"] > 2_000_000


# --- starting ------------------------------------------------------------------------------------------------------

QUIET = DiscoverSettings(environment=False, local=False)


def _start(settings: Settings) -> None:
    def started(*_: object) -> None:
        raise AssertionError("it started")

    asyncio.run(serve(settings, environ={}, started=started))


def test_a_port_in_use(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server = ServerSettings(port=taken.getsockname()[1])
        with pytest.raises(ConfigError, match="--port"):
            _start(Settings(server=server, discover=QUIET, store=f"sqlite:///{tmp_path}/x.db"))


def test_an_address_that_is_not_ours(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot listen"):
        _start(Settings(server=ServerSettings(host="203.0.113.1", port=0), discover=QUIET, store="sqlite:///x.db"))


def test_a_data_folder_that_cannot_be_written(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("not a folder")
    with pytest.raises((StoreError, ConfigError)) as caught:
        _start(Settings(server=ServerSettings(port=0), discover=QUIET, store=f"sqlite:///{file}/podium.db"))
    assert caught.value.remedy
