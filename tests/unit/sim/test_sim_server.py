"""Starting, stopping, streaming and being killed: a simulated vendor's life as a server."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import openai
import pytest
from openai._streaming import SSEDecoder  # the SDK's own reader of event streams, as the judge of ours

from podium.models.sim.wires.openai_chat_request import read as read_request
from podium.testing import (
    FakeClock,
    Fault,
    Faults,
    Flap,
    SimApp,
    SimModel,
    SimProcess,
    SimServer,
    SimVendor,
    make_tasks,
)

VENDOR = SimVendor(name="acme", models=(SimModel(name="m", skill=1.0),), time_scale=0)


def _body(stream: bool = True, text: str = "hello", **fields: Any) -> bytes:
    messages = [{"role": "user", "content": text}]
    return json.dumps({"model": "m", "stream": stream, "messages": messages, **fields}).encode()


async def _call(app: SimApp, body: bytes, path: str = "/v1/chat/completions") -> tuple[int, list[bytes]]:
    """The app in process: status and the body's pieces."""
    pending = [{"type": "http.request", "body": body, "more_body": False}]
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return pending.pop() if pending else await asyncio.Event().wait()  # type: ignore[return-value]

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    await app({"type": "http", "method": "POST", "path": path, "headers": []}, receive, send)
    return sent[0]["status"], [message["body"] for message in sent[1:] if message["body"]]


def test_the_stream_is_valid_however_it_is_cut() -> None:
    task = next(task for task in make_tasks(1, 60, {"tools": 1}) if "; " in task.expected)
    body = _body(text=task.prompt, stream_options={"include_usage": True}, **task.options)
    status, pieces = asyncio.run(_call(SimApp(VENDOR), body))
    assert status == 200
    whole = b"".join(pieces)

    def events(chunks: list[bytes]) -> list[str]:
        return [event.data for event in SSEDecoder().iter_bytes(iter(chunks))]

    expected = events([whole])
    assert expected[-1] == "[DONE]"
    assert len(expected) == len(pieces)
    parsed = [json.loads(event) for event in expected[:-1]]
    assert parsed[-1]["choices"] == []
    assert all(event["usage"] is None for event in parsed[:-1])
    assert len({event["id"] for event in parsed}) == 1
    for i in range(1, len(whole)):
        assert events([whole[:i], whole[i:]]) == expected
    assert events([whole[i : i + 1] for i in range(len(whole))]) == expected


def test_text_of_every_script_survives_the_stream() -> None:
    task = next(task for task in make_tasks(3, 80, {"translation": 1}) if "ü" in task.expected)
    _, pieces = asyncio.run(_call(SimApp(VENDOR), _body(text=task.prompt)))
    deltas = [json.loads(piece[6:])["choices"][0]["delta"] for piece in pieces if b"[DONE]" not in piece]
    assert "".join(delta.get("content") or "" for delta in deltas) == task.expected


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"x"', b"\xff", b'{"model": 1}', b'{"model": "m", "messages": "hi"}', b"[" * 100_000]
)
def test_malformed_bodies_get_a_400_in_openais_shape(body: bytes) -> None:
    status, pieces = asyncio.run(_call(SimApp(VENDOR), body))
    assert status == 400
    assert set(json.loads(pieces[0])["error"]) == {"message", "type", "param", "code"}


def test_the_app_in_process_raises_where_there_is_no_connection_to_break() -> None:
    app = SimApp(VENDOR)
    app.faults = Faults(always=Fault(kind="reset", after=0))
    with pytest.raises(ConnectionResetError):
        asyncio.run(_call(app, _body()))
    app.faults = Faults(always=Fault(kind="refuse"))
    with pytest.raises(ConnectionRefusedError):
        asyncio.run(_call(app, _body()))


def test_schedules_follow_the_given_clock() -> None:
    clock = FakeClock()
    vendor = SimVendor(
        name="v",
        models=VENDOR.models,
        time_scale=0,
        faults=Faults(flap=Flap(fault=Fault(kind="status"), well_s=60, broken_s=60)),
    )
    app = SimApp(vendor, clock=clock)
    statuses = []
    for _ in range(4):
        statuses.append(asyncio.run(_call(app, _body(stream=False)))[0])
        clock.advance(60)
    assert statuses == [200, 500, 200, 500]


def test_latency_is_waited_for_and_scaled() -> None:
    model = SimModel(name="m", first_token_ms=60, first_token_sigma=0, tokens_per_s=1000)
    for scale, least, most in ((1.0, 0.06, 1.0), (0.0, 0.0, 0.05)):
        app = SimApp(SimVendor(name="v", models=(model,), time_scale=scale))
        for stream in (True, False):
            started = time.perf_counter()
            asyncio.run(_call(app, _body(stream=stream)))
            assert least <= time.perf_counter() - started < most


def test_it_remembers_what_it_was_sent() -> None:
    with SimServer(VENDOR) as server, openai.OpenAI(base_url=server.base_url, api_key="k", max_retries=0) as client:
        client.chat.completions.create(
            model="m", messages=[{"role": "user", "content": "hi"}], extra_headers={"x-a": "1"}
        )
        seen = server.seen[-1]
        assert (seen.model, seen.headers["x-a"], seen.fault, seen.stream) == ("m", "1", None, False)
        assert read_request(seen.body).turns[0].text == "hi"
        assert server.state.by_model == {"m": 1}


def test_starting_and_stopping_leaves_no_thread_and_no_port() -> None:
    before = set(threading.enumerate())
    for _ in range(5):
        with SimServer(VENDOR) as server:
            port = server.port
            busy = socket.create_connection(("127.0.0.1", port))
            server.faults = Faults(always=Fault(kind="hang"))
            body = _body()
            busy.sendall(
                b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body) + body
            )
            while not server.seen:
                pass
        with busy:
            assert busy.recv(1) == b""
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))
    assert set(threading.enumerate()) == before


def test_a_server_that_is_down_stops_too() -> None:
    for faults in (
        Faults(always=Fault(kind="refuse")),
        Faults(flap=Flap(fault=Fault(kind="refuse"), well_s=9, broken_s=9)),
    ):
        with SimServer(SimVendor(name="v", models=VENDOR.models, faults=faults)) as server:
            assert server.port


def test_it_can_be_started_again_but_not_twice() -> None:
    server = SimServer(VENDOR)
    with pytest.raises(RuntimeError, match="not running"):
        _ = server.base_url
    for _ in range(2):
        with server, pytest.raises(RuntimeError, match="already running"):
            server.start()


def test_a_port_in_use_is_reported_to_the_starter() -> None:
    with SimServer(VENDOR) as first, pytest.raises(OSError, match="in use"):
        SimServer(VENDOR, port=first.port).start()


def test_async_start_and_stop() -> None:
    async def play() -> list[str]:
        async with SimServer(VENDOR) as server, openai.AsyncOpenAI(base_url=server.base_url, api_key="k") as client:
            return [model.id async for model in client.models.list()]

    before = set(threading.enumerate())
    assert asyncio.run(play()) == ["m"]
    assert set(threading.enumerate()) <= before


def test_a_process_serves_switches_faults_and_dies_when_killed() -> None:
    vendor = SimVendor(name="acme", models=VENDOR.models, api_key="k", time_scale=0)
    with (
        SimProcess(vendor) as process,
        openai.OpenAI(base_url=process.base_url, api_key="k", max_retries=0) as client,
    ):
        ask: Any = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
        assert client.chat.completions.create(**ask).choices
        faults_url = process.base_url.removesuffix("/v1") + "/sim/faults"
        client.post(faults_url, body={"always": {"kind": "status", "status": 503}}, cast_to=object)
        with pytest.raises(openai.InternalServerError):
            client.chat.completions.create(**ask)
        process.kill()
        with pytest.raises(openai.APIConnectionError):
            client.chat.completions.create(**ask)


def test_a_tied_process_ends_with_its_parent() -> None:
    process = SimProcess(VENDOR).start()
    pid = process.pid
    process.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.parametrize(
    ("spec", "words"),
    [("{", "cannot be used"), ('{"name": "v", "models": [], "speed": 1}', "speed"), (None, "No such file")],
)
def test_a_bad_spec_ends_with_2_and_a_reason(tmp_path: Path, spec: str | None, words: str) -> None:
    path = tmp_path / "spec.json"
    if spec is not None:
        path.write_text(spec)
    command = [sys.executable, "-m", "podium.models.sim", "--spec", str(path)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert words in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_process_on_a_taken_port_says_so() -> None:
    with SimServer(VENDOR) as server, pytest.raises(RuntimeError, match="cannot be used"):
        SimProcess(VENDOR, port=server.port).start()
