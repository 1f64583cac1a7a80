"""`podium up`: starts, serves, drains at a signal and ends with exit code 0; nothing it answered is lost."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import socket
import threading
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from podium.testing import Fault, Faults

HELLO = json.dumps({"model": "auto", "messages": [{"role": "user", "content": "hello"}]}).encode()


@contextlib.contextmanager
def _up(podium: Any, *arguments: str) -> Iterator[tuple[Any, str, str]]:
    process = podium.start("up", "--port", "0", *arguments)
    try:
        said = ""
        while "OpenAI clients" not in said:
            line = process.stderr.readline()
            assert line, said
            said += line
        address = re.search(r"listens on (http://\S+)", said)
        assert address
        yield process, address.group(1), said
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=10)


def _ask(address: str) -> Any:
    request = urllib.request.Request(f"{address}/v1/chat/completions", HELLO, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.status, json.loads(answer.read())


def test_it_says_where_each_sdk_finds_it(podium: Any) -> None:
    with _up(podium) as (_, address, said):
        assert f'Anthropic clients: base_url="{address}", model="auto"' in said
        assert f'Gemini clients: base_url="{address}" (in http_options), model="auto"' in said
        assert f'OpenAI clients: base_url="{address}/v1", model="auto"' in said


def test_without_a_model_it_says_what_to_do_first(bare: Any) -> None:
    with _up(bare) as (_, address, said):
        assert "Set a key such as OPENAI_API_KEY" in said
        assert "podium providers" in said
        assert f'OpenAI clients: base_url="{address}/v1"\n' in said
        assert "auto" not in said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_and_ends_cleanly(podium: Any, number: signal.Signals) -> None:
    with _up(podium) as (process, address, _):
        for _ in range(20):
            status, body = _ask(address)
            assert (status, body["model"]) == (200, "pico")
        process.send_signal(number)
        out, err = process.communicate(timeout=10)
        assert process.returncode == 0
        assert (out, "Traceback" in err) == ("", False)
    assert podium("costs", "--json").json()["rows"][0]["requests"] == 20


def test_a_signal_lets_the_answer_under_way_finish(podium: Any) -> None:
    podium.vendor.faults = Faults(always=Fault(kind="slow_first_token", seconds=0.6))
    try:
        with _up(podium) as (process, address, _):
            before = podium.vendor.state.requests
            answers: list[Any] = []
            asking = threading.Thread(target=lambda: answers.append(_ask(address)))
            asking.start()
            while podium.vendor.state.requests == before:
                pass
            process.send_signal(signal.SIGTERM)
            asking.join(10)
            assert answers[0][0] == 200
            process.communicate(timeout=10)
            assert process.returncode == 0
    finally:
        podium.vendor.faults = Faults()
    (row,) = podium("costs", "--json").json()["rows"]
    assert (row["requests"], row["failed"]) == (1, 0)


def test_a_port_in_use(podium: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = podium("up", "--port", str(taken.getsockname()[1]))
    assert done.code == 2
    assert "--port" in done.err
    assert "Traceback" not in done.err
