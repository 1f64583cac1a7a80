"""Callers who leave before their answer is whole: the upstream call ends soon, and the ledger says what happened."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import openai
import pytest

from podium.core.settings import EngineSettings
from podium.testing import Fault, Faults

PATIENT = EngineSettings(timeout_s=60, rest_s=1e-6)
SHORT = EngineSettings(timeout_s=1.0, rest_s=1e-6)
UNHEARD = (
    "the HTTP client does not abort a call that is cancelled before the first byte of its answer; it ends with its"
    " timeout (pyreqwest 0.15.1)"
)


@pytest.fixture
def gateway(start_gateway: Any) -> Any:
    return start_gateway(engine=PATIENT)


@contextlib.contextmanager
def _asked(gateway: Any, **fields: Any) -> Iterator[socket.socket]:
    """A raw connection with a request sent on it."""
    body = json.dumps({"model": "auto", "messages": [{"role": "user", "content": "hello"}], **fields}).encode()
    host, _, port = gateway.address.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body)
        yield connection


def _until(connection: socket.socket, mark: bytes) -> None:
    heard = b""
    while mark not in heard:
        piece = connection.recv(65536)
        assert piece, heard
        heard += piece


def _is_cancelled(gateway: Any, eventually: Any) -> dict[str, Any]:
    eventually(lambda: gateway.abandoned() == 1, "the vendor's caller left")
    ledger = gateway.runtime.ledger
    eventually(lambda: ledger.flush() and bool(ledger.recent(1)), "the ledger heard of it")
    kept = gateway.latest()
    assert kept["status"] == "cancelled"
    assert kept["served"] is None
    assert [call["failure"] for call in kept["attempts"]] == ["cancelled"]
    assert gateway.get("/podium/v1/costs").json()["rows"][0]["failed"] == 0
    return dict(kept)


def test_leaving_a_whole_answer(start_gateway: Any, eventually: Any) -> None:
    gateway = start_gateway(engine=SHORT)
    gateway.vendors["north"].faults = Faults(always=Fault(kind="hang"))
    with _asked(gateway):
        eventually(lambda: gateway.seen() == 1, "the vendor was asked")
    kept = _is_cancelled(gateway, eventually)
    assert kept["usage"]["estimated"] is True
    assert kept["latency_ms"] < 900
    assert gateway.vendors["south"].state.requests == 0


@pytest.mark.xfail(reason=UNHEARD)
@pytest.mark.parametrize("stream", [False, True])
def test_leaving_ends_the_upstream_call_at_once(start_gateway: Any, eventually: Any, stream: bool) -> None:
    gateway = start_gateway(engine=EngineSettings(timeout_s=1.2))
    gateway.vendors["north"].faults = Faults(always=Fault(kind="hang"))
    with _asked(gateway, stream=stream):
        eventually(lambda: gateway.seen() == 1, "the vendor was asked")
    began = time.monotonic()
    eventually(lambda: gateway.abandoned() == 1, "the vendor's caller left")
    assert time.monotonic() - began < 0.8


def test_leaving_a_stream_before_its_first_word(gateway: Any, eventually: Any) -> None:
    gateway.vendors["north"].faults = Faults(always=Fault(kind="slow_first_token"))
    with _asked(gateway, stream=True):
        eventually(lambda: gateway.seen() == 1, "the vendor was asked")
    kept = _is_cancelled(gateway, eventually)
    assert kept["first_token_ms"] is None
    assert kept["streamed"] is True


def test_leaving_a_stream_in_its_middle(gateway: Any, eventually: Any) -> None:
    gateway.vendors["north"].faults = Faults(always=Fault(kind="stall", after=3))
    with _asked(gateway, stream=True) as connection:
        _until(connection, b"ulated model. I ")  # words reach the caller while the vendor still speaks
    kept = _is_cancelled(gateway, eventually)
    assert kept["first_token_ms"] is not None
    assert kept["usage"]["output"] > 0


def test_the_sdks_cancelled_call_ends_the_upstream_call(start_gateway: Any, eventually: Any) -> None:
    gateway = start_gateway(engine=SHORT)
    gateway.vendors["north"].faults = Faults(always=Fault(kind="hang"))

    async def play() -> None:
        async with openai.AsyncOpenAI(base_url=gateway.base_url, api_key="x", max_retries=0) as client:
            with pytest.raises(openai.APITimeoutError):
                await client.chat.completions.create(
                    model="auto", messages=[{"role": "user", "content": "hello"}], timeout=0.3
                )

    asyncio.run(play())
    _is_cancelled(gateway, eventually)


def test_leaving_a_stream_by_break(gateway: Any, eventually: Any) -> None:
    gateway.vendors["north"].faults = Faults(always=Fault(kind="stall", after=3))
    with openai.OpenAI(base_url=gateway.base_url, api_key="x", max_retries=0) as client:
        hello: Any = [{"role": "user", "content": "hello"}]
        with client.chat.completions.create(model="auto", messages=hello, stream=True) as stream:
            for chunk in stream:
                if chunk.choices[0].delta.content:
                    break
        _is_cancelled(gateway, eventually)


@pytest.mark.parametrize("sent", [b"", b"POST", b"POST /v1/chat/completions HTTP/1.1\r\ncontent-length: 99\r\n\r\n{"])
def test_half_a_request_harms_nobody(house: Any, sent: bytes) -> None:
    host, _, port = house.address.removeprefix("http://").partition(":")
    for _ in range(20):
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(sent)
    assert house.chat().status == 200


def test_words_are_passed_on_as_they_come(gateway: Any, eventually: Any) -> None:
    """The first words must not wait for the last: the vendor goes silent for good, and the caller has its words."""
    gateway.vendors["north"].faults = Faults(always=Fault(kind="stall", after=1))
    with _asked(gateway, stream=True) as connection:
        _until(connection, b"I am pico")
    eventually(lambda: gateway.abandoned() == 1, "the vendor's caller left")


def test_a_stop_lets_answers_under_way_finish_and_records_them(start_gateway: Any, tmp_path: Any) -> None:
    import threading

    from podium.core.clock import SystemClock
    from podium.records.ledger.recorder import Ledger
    from podium.records.store import open_store

    gateway = start_gateway(engine=PATIENT)
    gateway.vendors["north"].faults = Faults(always=Fault(kind="slow_first_token", seconds=0.5))
    answers: list[Any] = []
    asking = threading.Thread(target=lambda: answers.append(gateway.chat()))
    asking.start()
    while gateway.seen() == 0:
        pass
    gateway.__exit__()
    asking.join()
    assert [answer.status for answer in answers] == [200]
    clock = SystemClock()
    ledger = Ledger(open_store(gateway.settings.store, clock=clock), record_text=False, clock=clock)
    try:
        assert [each["status"] for each in ledger.recent()] == ["ok"]
    finally:
        ledger.close()


def test_a_stop_that_cannot_wait_records_what_it_cut_off(start_gateway: Any, eventually: Any) -> None:
    from podium.core.clock import SystemClock
    from podium.records.ledger.recorder import Ledger
    from podium.records.store import open_store

    gateway = start_gateway(engine=PATIENT)  # drains for a second
    gateway.vendors["north"].faults = Faults(always=Fault(kind="hang"))
    with _asked(gateway) as whole, _asked(gateway, stream=True) as streamed:
        eventually(lambda: gateway.seen() == 2, "the vendor was asked")
        gateway.__exit__()
        for connection in (whole, streamed):
            assert b"503 Service Unavailable" in connection.recv(65536)
    clock = SystemClock()
    ledger = Ledger(open_store(gateway.settings.store, clock=clock), record_text=False, clock=clock)
    try:
        assert [each["status"] for each in ledger.recent()] == ["cancelled", "cancelled"]
    finally:
        ledger.close()
