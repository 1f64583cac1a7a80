"""Providers that answer in ways the simulated ones do not: canned bytes, and what reaches the caller of them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import openai
import pytest

from podium.core.settings import ModelSettings, PriceSettings, ProviderSettings
from podium.testing import SimVendor

OK: dict[str, Any] = {
    "id": "x", "object": "chat.completion", "created": 1, "model": "m",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "fine"}, "finish_reason": "stop"}],
}  # fmt: skip


class Canned:
    """A provider that gives everybody the same answer, and counts."""

    def __init__(self) -> None:
        self.calls = 0
        self.status = 200
        self.headers: dict[str, str] = {}
        self.body = b""
        canned = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                canned.calls += 1
                self.rfile.read(int(self.headers["content-length"]))
                self.send_response(canned.status)
                for name, value in {"content-type": "application/json", **canned.headers}.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(canned.body)))
                self.end_headers()
                self.wfile.write(canned.body)

            def log_message(self, *_: Any) -> None:
                """Silent."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.block_on_close = False  # idle connections end when the gateway closes its own
        self.server.daemon_threads = True
        self._thread = threading.Thread(target=lambda: self.server.serve_forever(poll_interval=0.01), daemon=True)
        self._thread.start()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/v1"

    def says(self, status: int, body: Any, **headers: str) -> None:
        self.status = status
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()


@pytest.fixture(scope="module")
def shared_canned() -> Iterator[Canned]:
    made = Canned()
    yield made
    made.close()


@pytest.fixture
def canned(shared_canned: Canned) -> Canned:
    """The odd provider, not called yet."""
    shared_canned.calls = 0
    return shared_canned


@pytest.fixture(scope="module")
def gateway(start_shared: Any, shared_canned: Canned, model: Any) -> Any:
    """`odd/m` goes first because it is cheap; a second vendor stands behind it."""
    odd = ProviderSettings(base_url=shared_canned.base_url, models=("m",))
    able = ModelSettings(tier=1, price=CHEAP, capabilities=("text", "tools", "json_schema"))
    return start_shared(
        SimVendor(name="second", models=(model("m"),), time_scale=0), more={"odd": odd}, models={"odd/m": able}
    )


CHEAP = PriceSettings(input=Decimal("0.01"), output=Decimal("0.01"))

REFUSALS: list[tuple[int, bytes]] = [
    (400, b'{ "error": {"message": "blocked", "type": null, "code": "content_filter", "innererror": {"x": 1}}}'),
    (
        400,
        b'\n{"error":{"message":"Your request was rejected by our safety system","code":"content_policy_violation"}}',
    ),
    (403, b'{"error":{"message":"flagged by moderation","code":"moderation_blocked"}}'),
    (422, b'{"error":{"message":"bad parameter","type":"invalid_request_error","param":"top_k","code":null}}'),
]


@pytest.mark.parametrize(("status", "body"), REFUSALS)
@pytest.mark.parametrize("stream", [False, True])
def test_a_refusal_reaches_the_caller_unchanged(
    gateway: Any, canned: Canned, status: int, body: bytes, stream: bool
) -> None:
    canned.says(status, body)
    before = gateway.seen()
    answer = gateway.chat(stream=stream)
    assert (answer.status, answer.content) == (status, body)
    assert (canned.calls, gateway.seen()) == (1, before)
    assert gateway.latest()["attempts"][0]["failure"] in {"content_refused", "bad_request"}


@pytest.mark.parametrize(
    "body", [b"", b"Bad Request", b'{"error": "cut', b'{"detail":"no"}', b"\xff\xfe", b"[]", b"null"]
)
def test_a_bad_request_told_in_another_shape_is_put_into_ours(gateway: Any, canned: Canned, body: bytes) -> None:
    canned.says(400, body)
    answer = gateway.chat()
    assert answer.status == 400
    assert "odd" in answer.error["message"]


FAILURES: list[tuple[int, Any, dict[str, str]]] = [
    (500, b"<html>oops</html>", {"content_type": "text/html"}),
    (302, b"", {"location": "http://127.0.0.1:1/v1/chat/completions"}),
    (204, b"", {}),
    (200, b"", {}),
    (200, {"choices": []}, {}),
    (200, {"choices": [{"message": None}]}, {}),
    (200, {"error": "overloaded"}, {}),
    (200, [OK], {}),
    (429, {"error": {"message": "slow down"}}, {"retry_after": "Wed, 21 Oct 2099 07:28:00 GMT"}),
    (429, {"error": {"message": "slow down"}}, {"retry_after": "-5"}),
    (503, b"x" * 1_000_000, {}),
]


@pytest.mark.parametrize(("status", "body", "headers"), FAILURES)
def test_whatever_is_no_answer_goes_on_to_the_next(
    gateway: Any, canned: Canned, status: int, body: Any, headers: dict[str, str]
) -> None:
    canned.says(status, body, **headers)
    answer = gateway.chat()
    assert answer.status == 200, answer.text
    assert answer.headers["x-podium-provider"] == "second"
    assert canned.calls >= 1


USAGES: list[Any] = [
    None, {}, {"prompt_tokens": None}, {"prompt_tokens": -5, "completion_tokens": -1},
    {"prompt_tokens": 10, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 99}},
    {"prompt_tokens": 10**12, "completion_tokens": 1},
]  # fmt: skip


@pytest.mark.parametrize("usage", USAGES)
def test_odd_usage_is_recorded_within_reason(gateway: Any, canned: Canned, usage: Any) -> None:
    canned.says(200, {**OK, "usage": usage})
    answer = gateway.chat()
    assert (answer.status, answer.headers["x-podium-provider"]) == (200, "odd")
    kept = gateway.recorded(answer.headers["x-podium-decision"])["usage"]
    assert 0 <= kept["cached"] <= kept["input"]
    assert kept["output"] >= 0
    assert gateway.runtime.ledger.lost == 0


def _chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
    return json.dumps({"id": "x", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}).encode()


STREAMS: dict[str, tuple[bytes, str | None]] = {
    "crlf": (b"data: " + _chunk({"content": "hé"}) + b"\r\n\r\ndata: " + _chunk({}, "stop") + b"\r\n\r\n", "hé"),
    "comments": (
        b": hi\n\ndata:" + _chunk({"content": "a"}) + b"\n\n: there\n\ndata:" + _chunk({}, "stop") + b"\n\n",
        "a",
    ),
    "no blank line at the end": (b"data: " + _chunk({"content": "a"}) + b"\n\ndata: " + _chunk({}, "stop"), "a"),
    "finish with the last word": (b"data: " + _chunk({"content": "a"}, "stop") + b"\n\ndata: [DONE]\n\n", "a"),
    "nothing but the end": (b"data: [DONE]\n\n", None),
    "comments only": (b": ping\n\n" * 10, None),
    "no finish": (b"data: " + _chunk({"content": "a"}) + b"\n\ndata: [DONE]\n\n", "broken"),
    "fault first": (b'data: {"error":{"message":"overloaded"}}\n\n', None),
}


@pytest.mark.parametrize(("body", "text"), STREAMS.values(), ids=STREAMS.keys())
def test_odd_streams(gateway: Any, canned: Canned, events_of: Any, body: bytes, text: str | None) -> None:
    canned.says(200, body, content_type="text/event-stream")
    answer = gateway.chat(stream=True)
    assert answer.status == 200
    if text is None:
        assert answer.headers["x-podium-provider"] == "second"
        return
    assert answer.headers["x-podium-provider"] == "odd"
    status = gateway.recorded(answer.headers["x-podium-decision"])["status"]
    events = [line[5:].strip() for line in answer.text.splitlines() if line.startswith("data:")]
    faults = [event for event in events if event.startswith('{"error"')]
    if text == "broken":
        assert (status, len(faults)) == ("failed", 1)
        assert events.index(faults[0]) < events.index("[DONE]")  # clients stop reading at the end mark
    else:
        assert (status, faults) == ("ok", [])
        said = [json.loads(event) for event in events if event != "[DONE]"]
        assert "".join(each["choices"][0]["delta"].get("content", "") for each in said) == text


@pytest.mark.parametrize("media_type", ["application/json", "application/json; charset=utf-8"])
def test_a_transcript_that_comes_whole_where_a_stream_was_asked_for(
    start_gateway: Any, canned: Canned, media_type: str
) -> None:
    """As OpenAI's whisper-1 does: the caller gets the events it waits for."""
    canned.says(200, {"text": "hello there"}, content_type=media_type)
    hears = {"odd/whisper-1": ModelSettings(price=CHEAP, capabilities=("transcription",))}
    house = start_gateway(more={"odd": ProviderSettings(base_url=canned.base_url, models=("whisper-1",))}, models=hears)
    with openai.OpenAI(base_url=house.base_url, api_key="x", max_retries=0) as client:
        sound = ("talk.wav", b"RIFF" + bytes(4000), "audio/wav")
        events = list(client.audio.transcriptions.create(model="whisper-1", file=sound, stream=True))
    assert [event.type for event in events] == ["transcript.text.done"]
    assert events[0].text == "hello there"
    assert house.latest()["attempts"][0]["failure"] is None


def test_a_whole_answer_to_a_streamed_chat_is_still_garbage(gateway: Any, canned: Canned) -> None:
    canned.says(200, OK)
    assert gateway.chat(stream=True).status == 200
    assert gateway.latest()["attempts"][0]["failure"] == "garbage"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("said", "told"),
    [("invalid x-api-key", "key. Check"), ("No such key.", "key. Check"), ("who are you?", "you? Check")],
)
def test_a_vendors_message_ends_before_the_remedy_begins(
    gateway: Any, canned: Canned, said: str, told: str, stream: bool
) -> None:
    canned.says(401, {"error": {"message": said, "type": "authentication_error"}})
    hi = [{"role": "user", "content": "hi"}]
    bodies = [
        ("/v1/chat/completions", {"model": "odd/m", "messages": hi, "stream": stream}),
        ("/v1/responses", {"model": "odd/m", "input": "hi", "stream": stream}),
        ("/v1/messages", {"model": "odd/m", "max_tokens": 9, "messages": hi, "stream": stream}),
        (
            f"/v1beta/models/odd/m:{'streamGenerateContent?alt=sse' if stream else 'generateContent'}",
            {"contents": [{"parts": [{"text": "hi"}]}]},
        ),
    ]
    for path, body in bodies:
        assert told in json.loads(gateway.post(body, path).content)["error"]["message"]
