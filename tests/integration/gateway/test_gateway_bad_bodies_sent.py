"""What callers send besides JSON: addresses that Podium would fetch, forms, and HTTP that is none."""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from podium.core.settings import EngineSettings, ModelSettings, PriceSettings, ProviderSettings, ServerSettings
from podium.testing import SimVendor

sys.path.insert(0, str(Path(__file__).parents[2] / "wire_scripts"))
from wire_callers import CALLERS, Caller
from wire_forms import FORMS
from wire_upstream import Upstream, whole

LIMIT_MB = 40.0
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 32


class Served:
    """A gateway whose providers fetch nothing themselves: `server` speaks OpenAI chat, `google` Gemini."""

    def __init__(self, gateway: Any, upstream: Upstream) -> None:
        self.gateway = gateway
        self.upstream = upstream
        host, _, port = gateway.address.removeprefix("http://").partition(":")
        self.at = (host, int(port))

    def raw(self, *pieces: bytes, close: bool = False, end: bool = True) -> bytes:
        """Bytes out, everything that comes back. `close` hangs up at once, `end` tells that nothing more comes."""
        with socket.create_connection(self.at, timeout=5) as connection:
            for piece in pieces:
                connection.sendall(piece)
            if close:
                return b""
            if end:
                connection.shutdown(socket.SHUT_WR)
            return _all(connection)


def _all(connection: socket.socket) -> bytes:
    data = b""
    try:
        while more := connection.recv(65536):
            data += more
    except (ConnectionResetError, TimeoutError):
        pass  # what had come until then is what counts
    return data


@pytest.fixture(scope="module")
def shared_served(start_shared: Any) -> Iterator[Served]:
    upstream = Upstream()
    upstream.scripts = {
        "server": whole(FORMS["openai-chat"].body()),
        "google": whole(FORMS["gemini"].body()),
        "secret.png": whole(PNG, kind="image/png"),
    }
    sees = ModelSettings(
        tier=1,
        price=PriceSettings(input=Decimal(1), output=Decimal(1)),
        capabilities=("text", "vision", "files", "tools"),
    )
    hears = ModelSettings(tier=1, capabilities=("transcription",))
    try:
        gateway = start_shared(
            SimVendor(name="unused", models=()),
            more={
                "server": ProviderSettings(
                    preset="vllm", base_url=f"{upstream.address}/server/v1", models=("m", "ears"), locality="cloud"
                ),
                "google": ProviderSettings(
                    dialect="gemini", base_url=f"{upstream.address}/google/v1beta", models=("m",)
                ),
            },
            models={"server/m": sees, "google/m": sees, "server/ears": hears},
            engine=EngineSettings(timeout_s=10, backoff_ms=1, rest_s=1e-6),
            server=ServerSettings(max_body_mb=LIMIT_MB, drain_s=1.0),
        )
        yield Served(gateway, upstream)
    finally:
        upstream.close()


@pytest.fixture
def served(shared_served: Served) -> Iterator[Served]:
    yield shared_served
    answer = shared_served.gateway.chat(model="server/m")
    assert answer.status == 200, answer.text
    assert shared_served.gateway.runtime.ledger.lost == 0


# --- addresses -----------------------------------------------------------------------------------------------------

ADDRESSES = [
    "http://127.0.0.1:PORT/secret.png",
    "HTTP://127.0.0.1:PORT/secret.png",
    "http://localhost:PORT/secret.png",
    "http://LOCALHOST:PORT/secret.png",
    "http://localhost.:PORT/secret.png",
    "http://[::1]:PORT/secret.png",
    "http://[::ffff:127.0.0.1]:PORT/secret.png",
    "http://[::ffff:7f00:1]:PORT/secret.png",
    "http://[::127.0.0.1]:PORT/secret.png",
    "http://[64:ff9b::7f00:1]:PORT/secret.png",
    "http://[2002:7f00:1::]:PORT/secret.png",
    "http://[fe80::1]/secret.png",
    "http://[fc00::1]/secret.png",
    "http://[::]:PORT/secret.png",
    "http://2130706433:PORT/secret.png",
    "http://0x7f000001:PORT/secret.png",
    "http://0x7f.0.0.1:PORT/secret.png",
    "http://0177.0.0.1:PORT/secret.png",
    "http://017700000001:PORT/secret.png",
    "http://127.1:PORT/secret.png",
    "http://127.0.1:PORT/secret.png",
    "http://0:PORT/secret.png",
    "http://0.0.0.0:PORT/secret.png",
    "http://①②⑦.⓪.⓪.①:PORT/secret.png",
    "http://127。0。0。1:PORT/secret.png",
    "http://%31%32%37.0.0.1:PORT/secret.png",
    "http://169.254.169.254/latest/meta-data/",
    "http://2852039166/latest/meta-data/",
    "http://10.0.0.1/x.png",
    "http://172.16.0.1/x.png",
    "http://192.168.1.1/x.png",
    "http://100.64.0.1/x.png",
    "http://224.0.0.1/x.png",
    "http://255.255.255.255/x.png",
    "http://user:pass@127.0.0.1:PORT/secret.png",
    "http://example.com@127.0.0.1:PORT/secret.png",
    "http://127.0.0.1:PORT#@example.com/secret.png",
    "http://127.0.0.1:PORT\\@example.com/secret.png",
    "http:\\\\127.0.0.1:PORT\\secret.png",
    "http:/127.0.0.1:PORT/secret.png",
    "http:127.0.0.1:PORT/secret.png",
    "//127.0.0.1:PORT/secret.png",
    " http://127.0.0.1:PORT/secret.png",
    "\thttp://127.0.0.1:PORT/secret.png",
    "ht\ntp://127.0.0.1:PORT/secret.png",
    "http://127.0\n.0.1:PORT/secret.png",
    "http://127.0.0.1:PORT/\r\nx: y",
    "http://",
    "http://:PORT/",
    "http://[",
    "http://127.0.0.1:99999/",
    "https://127.0.0.1:PORT/secret.png",
    "file:///etc/passwd",
    "FILE:///etc/passwd",
    "file://localhost/etc/passwd",
    "ftp://127.0.0.1/x.png",
    "gopher://127.0.0.1:PORT/_x",
    "unix:///var/run/docker.sock",
    "jar:http://127.0.0.1:PORT/!/x",
    "/etc/passwd",
    "javascript:alert(1)",
    "http://" + "a" * 100_000 + "/",
    "http://no-such-host.invalid/x.png",
]


def _asks(caller: Caller, model: str, url: str) -> dict[str, Any]:
    body = caller.body(model)
    if caller.name == "openai-chat":
        body["messages"] = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}]
    elif caller.name == "openai-responses":
        body["input"] = [{"role": "user", "content": [{"type": "input_image", "image_url": url}]}]
    else:
        source = {"type": "url", "url": url}
        body["messages"] = [{"role": "user", "content": [{"type": "image", "source": source}]}]
    return body


@pytest.mark.parametrize("name", ["openai-chat", "openai-responses", "anthropic"])
@pytest.mark.parametrize("model", ["server/m", "google/m"])
def test_addresses_that_are_not_fetched(served: Served, name: str, model: str) -> None:
    caller = CALLERS[name]
    wrong: list[str] = []
    for address in ADDRESSES:
        url = address.replace("PORT", str(served.upstream.port))
        before = len(served.upstream.asked)
        began = time.perf_counter()
        answer = served.gateway.post(_asks(caller, model, url), caller.path(model, stream=False))
        took = time.perf_counter() - began
        sent = served.upstream.asked[before:]
        if any("secret" in each.path for each in sent):
            wrong.append(f"FETCHED {address[:80]}")
        elif sent:
            wrong.append(f"passed on {address[:80]}: {sent[-1].body[:300]!r}")
        elif not 400 <= answer.status < 500:
            wrong.append(f"{answer.status} {address[:80]}: {answer.text[:300]}")
        elif len(answer.content) > 4_000:
            wrong.append(f"says {len(answer.content)} bytes: {address[:80]}")
        elif took > 2:
            wrong.append(f"{took:.1f} s: {address[:80]}")
        else:
            assert caller.error_of(answer.json(), answer.status)["message"]
            assert "127.0.0.1:80" not in answer.text
    assert not wrong, "\n".join(wrong)


def test_files_behind_addresses(served: Served) -> None:
    """Documents are fetched as pictures are, and so refused alike."""
    for address in ADDRESSES[:40]:
        url = address.replace("PORT", str(served.upstream.port))
        document = {"type": "document", "source": {"type": "url", "url": url}}
        for model in ("server/m", "google/m"):
            before = len(served.upstream.asked)
            body = {**CALLERS["anthropic"].body(model), "messages": [{"role": "user", "content": [document]}]}
            answer = served.gateway.post(body, "/v1/messages")
            assert 400 <= answer.status < 500, (address, answer.text)
            assert len(served.upstream.asked) == before, address


# --- forms ---------------------------------------------------------------------------------------------------------

WAV = (
    b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00data"
)


def _part(name: str, value: bytes, *, file: str | None = None) -> bytes:
    given = f'; filename="{file}"' if file is not None else ""
    return (
        b'--B\r\ncontent-disposition: form-data; name="'
        + name.encode()
        + b'"'
        + given.encode()
        + (b"\r\n\r\n" + value + b"\r\n")
    )


_MODEL = _part("model", b"server/ears")
_FILE = _part("file", WAV + b"\0" * 200, file="a.wav")
_END = b"--B--\r\n"
FORM = "multipart/form-data; boundary=B"
FORMS_SENT: Mapping[str, tuple[str, bytes]] = {
    "no boundary": ("multipart/form-data", _MODEL + _FILE + _END),
    "an empty boundary": ("multipart/form-data; boundary=", _MODEL + _FILE + _END),
    "another boundary": ("multipart/form-data; boundary=XYZ", _MODEL + _FILE + _END),
    "a boundary of 1,000 characters": ("multipart/form-data; boundary=" + "B" * 1000, _MODEL + _FILE + _END),
    "no type": ("", _MODEL + _FILE + _END),
    "JSON": ("application/json", b'{"model":"server/ears"}'),
    "JSON called a form": (FORM, b'{"model":"server/ears"}'),
    "empty": (FORM, b""),
    "only the end": (FORM, _END),
    "truncated": (FORM, _MODEL + _FILE[:-100]),
    "truncated in a header": (FORM, _MODEL + b"--B\r\ncontent-dispo"),
    "no end": (FORM, _MODEL + _FILE),
    "no file": (FORM, _MODEL + _END),
    "two files": (FORM, _MODEL + _FILE + _FILE + _END),
    "an empty file": (FORM, _MODEL + _part("file", b"", file="a.wav") + _END),
    "a model that is a file": (FORM, _part("model", b"server/ears", file="m.txt") + _FILE + _END),
    "a model in broken UTF-8": (FORM, _part("model", b"\xff\xfe") + _FILE + _END),
    "10,000 parts": (FORM, _part("x", b"y") * 10_000 + _MODEL + _FILE + _END),
    "a header of 1 MB": (FORM, b"--B\r\nx: " + b"y" * 1_000_000 + b"\r\n\r\nz\r\n" + _MODEL + _FILE + _END),
    "a temperature that is a word": (FORM, _MODEL + _part("temperature", b"warm") + _FILE + _END),
    "beyond the limit": (FORM, _MODEL + _part("file", b"x" * 41_000_000, file="a.wav") + _END),
}


FORMS_TAKEN: Mapping[str, bytes] = {
    "no model": _FILE + _END,
    "two models": _MODEL + _MODEL + _FILE + _END,
    "a file that is a text": _MODEL + _part("file", b"hello") + _END,
    "a part without a name": b"--B\r\ncontent-disposition: form-data\r\n\r\nx\r\n" + _MODEL + _FILE + _END,
    "a part without headers": b"--B\r\n\r\nx\r\n" + _MODEL + _FILE + _END,
    "stream that is a word": _MODEL + _part("stream", b"perhaps") + _FILE + _END,
    "an unknown format": _MODEL + _part("response_format", b"pdf") + _FILE + _END,
}
"""Odd, and for the provider to judge."""


@pytest.mark.parametrize("body", FORMS_TAKEN.values(), ids=FORMS_TAKEN.keys())
def test_forms_that_are_odd(served: Served, body: bytes) -> None:
    """What goes on names one model: the one Podium decided on."""
    served.upstream.scripts["server"] = whole(b'{"text":"hello"}')
    answer = served.gateway.ask("POST", "/v1/audio/transcriptions", body, {"content-type": FORM})
    served.upstream.scripts["server"] = whole(FORMS["openai-chat"].body())
    assert answer.status == 200, answer.text
    sent = served.upstream.asked[-1].body
    assert sent.count(b'name="model"') == 1
    assert b"server/ears" not in sent


@pytest.mark.parametrize(("kind", "body"), FORMS_SENT.values(), ids=FORMS_SENT.keys())
def test_forms_that_are_none(served: Served, kind: str, body: bytes) -> None:
    before = len(served.upstream.asked)
    headers = {"content-type": kind} if kind else {}
    began = time.perf_counter()
    answer = served.gateway.ask("POST", "/v1/audio/transcriptions", body, headers)
    took = time.perf_counter() - began
    assert 400 <= answer.status < 500, answer.text[:500]
    error = CALLERS["openai-chat"].error_of(answer.json(), answer.status)
    assert error["message"]
    assert len(answer.content) < 4_000
    assert len(served.upstream.asked) == before
    assert took < 1


def test_thirty_megabytes_of_sound_go_through(served: Served) -> None:
    served.upstream.scripts["server"] = whole(b'{"text":"hello"}')
    body = _MODEL + _part("file", WAV + b"\0" * 30_000_000, file="a.wav") + _END
    began = time.process_time()
    answer = served.gateway.ask("POST", "/v1/audio/transcriptions", body, {"content-type": FORM})
    served.upstream.scripts["server"] = whole(FORMS["openai-chat"].body())
    assert answer.status == 200, answer.text[:300]
    assert answer.json()["text"] == "hello"
    assert time.process_time() - began < 2
    assert len(served.upstream.asked[-1].body) > 30_000_000


# --- HTTP ----------------------------------------------------------------------------------------------------------

CHAT = b'{"model":"server/m","messages":[{"role":"user","content":"hi"}]}'


def _post(path: str, *headers: str) -> bytes:
    return "\r\n".join([f"POST {path} HTTP/1.1", "host: x", "connection: close", *headers, "", ""]).encode()


PATHS = {
    "/v1/chat/completions": "openai-chat",
    "/v1/responses": "openai-responses",
    "/v1/messages": "anthropic",
    "/v1/messages/count_tokens": "anthropic",
    "/v1/embeddings": "openai-chat",
    "/v1/audio/transcriptions": "openai-chat",
    "/v1beta/models/m:generateContent": "gemini",
    "/v1beta/models/m:countTokens": "gemini",
}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"])
def test_wrong_methods_in_every_dialect(served: Served, path: str, method: str) -> None:
    if method == "BREW":  # httptools takes no method HTTP does not know; the connection then says so itself
        assert b" 400 " in served.raw(f"BREW {path} HTTP/1.1\r\nhost: x\r\n\r\n".encode())[:20]
        return
    answer = served.gateway.ask(method, path)
    assert answer.status == 405
    assert answer.headers["allow"] == "POST"
    CALLERS[PATHS[path]].error_of(answer.json(), 405)


@pytest.mark.parametrize("path", PATHS)
def test_no_length_and_no_body(served: Served, path: str) -> None:
    told = served.raw(_post(path))
    assert b" 400 " in told[:20], told


@pytest.mark.parametrize("path", PATHS)
def test_a_body_beyond_the_limit(served: Served, path: str) -> None:
    stated = served.raw(_post(path, "content-length: 999999999999"))
    assert b" 413 " in stated[:20]
    answer = served.gateway.ask("POST", path, (b"x" * 1_000_000 for _ in range(41)))
    assert answer.status == 413
    error = CALLERS[PATHS[path]].error_of(answer.json(), 413)
    assert "40 MB" in error["message"]


ODD_HTTP: Mapping[str, tuple[bytes, ...]] = {
    "nothing": (b"",),
    "rubbish": (b"\x00\x01\x02\x03" * 100,),
    "TLS": (bytes.fromhex("16030100f8010000f40303") + b"\0" * 240,),
    "no version": (b"POST /v1/chat/completions\r\n\r\n",),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",),
    "two lengths": (_post("/v1/chat/completions", "content-length: 5", "content-length: 64") + CHAT,),
    "a length and chunks": (
        _post("/v1/chat/completions", "content-length: 64", "transfer-encoding: chunked") + b"0\r\n\r\n",
    ),
    "a length that is a word": (_post("/v1/chat/completions", "content-length: many") + CHAT,),
    "a negative length": (_post("/v1/chat/completions", "content-length: -1") + CHAT,),
    "chunks of no size": (_post("/v1/chat/completions", "transfer-encoding: chunked") + b"zz\r\nhi\r\n",),
    "an endless chunk size": (_post("/v1/chat/completions", "transfer-encoding: chunked") + b"f" * 100,),
    "a head of 1 MB": (b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nx: " + b"y" * 1_000_000 + b"\r\n\r\n",),
    "a path of 100 KB": (b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n",),
    "a line break in a header": (b"GET / HTTP/1.1\r\nhost: x\r\nx: a\nb: c\r\n\r\n",),
    "a broken path": (b"GET /%ff%fe%00 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",),
    "an upgrade": (_post("/v1/chat/completions", "upgrade: websocket", "connection: upgrade", "content-length: 0"),),
}


@pytest.mark.parametrize("pieces", ODD_HTTP.values(), ids=ODD_HTTP.keys())
def test_http_that_is_none(served: Served, pieces: tuple[bytes, ...]) -> None:
    before = len(served.upstream.asked)
    told = served.raw(*pieces)
    assert not told or told.startswith(b"HTTP/1.1 4"), told[:300]
    assert b"Traceback" not in told
    assert len(served.upstream.asked) == before


def test_a_body_in_chunks_is_taken(served: Served) -> None:
    pieces = b"".join(b"1\r\n" + bytes([byte]) + b"\r\n" for byte in CHAT)
    told = served.raw(_post("/v1/chat/completions", "transfer-encoding: chunked") + pieces + b"0\r\n\r\n", end=False)
    assert b" 200 " in told[:20], told


@pytest.mark.parametrize("path", PATHS)
def test_a_caller_that_hangs_up_in_the_middle(served: Served, path: str) -> None:
    before = len(served.upstream.asked)
    served.raw(_post(path, "content-length: 100000") + CHAT, close=True)
    served.raw(_post(path, "transfer-encoding: chunked") + b"40\r\n" + CHAT, close=True)
    served.raw(_post(path)[:-9], close=True)
    answer = served.gateway.chat(model="server/m")
    assert answer.status == 200
    assert len(served.upstream.asked) == before + 1
