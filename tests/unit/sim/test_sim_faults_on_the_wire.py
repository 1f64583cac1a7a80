"""Each fault shows on the wire what its name says, seen through a bare socket."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator

import pytest

from podium.testing import Fault, Faults, Flap, SimModel, SimServer, SimVendor

VENDOR = SimVendor(name="acme", models=(SimModel(name="m"), SimModel(name="other")), time_scale=0)


@pytest.fixture(scope="module")
def running() -> Iterator[SimServer]:
    with SimServer(VENDOR) as server:
        yield server


@pytest.fixture
def server(running: SimServer) -> Iterator[SimServer]:
    yield running
    running.faults = Faults()


def _send(
    server: SimServer, *, stream: bool = False, path: str = "/v1/chat/completions", model: str = "m"
) -> socket.socket:
    sock = socket.create_connection(("127.0.0.1", server.port), timeout=5)
    body = json.dumps({"model": model, "stream": stream, "messages": [{"role": "user", "content": "hello"}]}).encode()
    if path != "/v1/chat/completions":
        sock.sendall(f"GET {path} HTTP/1.1\r\nhost: sim\r\nconnection: close\r\n\r\n".encode())
    else:
        head = f"POST {path} HTTP/1.1\r\nhost: sim\r\nconnection: close\r\ncontent-length: {len(body)}\r\n\r\n"
        sock.sendall(head.encode() + body)
    return sock


def _read(sock: socket.socket) -> bytes:
    """Everything until the end; raises ConnectionResetError where the connection is torn."""
    received = b""
    while data := sock.recv(65536):
        received += data
    return received


def _drained(sock: socket.socket) -> tuple[bytes, type[OSError] | None]:
    """What still comes, and the error that ends it; None for a proper end."""
    received = b""
    try:
        while data := sock.recv(65536):
            received += data
    except OSError as exc:
        return received, type(exc)
    return received, None


def _exchange(server: SimServer, **how: object) -> tuple[int, dict[str, str], bytes]:
    with _send(server, **how) as sock:  # type: ignore[arg-type]
        return _parsed(_read(sock))


def _parsed(received: bytes) -> tuple[int, dict[str, str], bytes]:
    head, _, body = received.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    if headers.get("transfer-encoding") == "chunked":
        body, rest = b"", body
        while rest:
            size, _, rest = rest.partition(b"\r\n")
            body, rest = body + rest[: int(size, 16)], rest[int(size, 16) + 2 :]
    return int(status.split()[1]), headers, body


def _until(sock: socket.socket, mark: bytes) -> bytes:
    received = b""
    while mark not in received:
        data = sock.recv(65536)
        assert data, received
        received += data
    return received


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("status", [500, 503, 429, 529, 401, 402])
def test_status(server: SimServer, status: int, stream: bool) -> None:
    server.faults = Faults(always=Fault(kind="status", status=status, retry_after_s=1.5 if status == 429 else None))
    got, headers, body = _exchange(server, stream=stream)
    assert got == status
    assert headers.get("retry-after") == ("1.5" if status == 429 else None)
    assert set(json.loads(body)["error"]) == {"message", "type", "param", "code"}


@pytest.mark.parametrize("stream", [False, True])
def test_reset_at_once_and_half_way(server: SimServer, stream: bool) -> None:
    server.faults = Faults(always=Fault(kind="reset", after=0))
    with _send(server, stream=stream) as sock, pytest.raises(ConnectionResetError):
        _read(sock)
    server.faults = Faults(always=Fault(kind="reset", after=2))
    with _send(server, stream=stream) as sock:
        received, torn_by = _drained(sock)
    assert torn_by is ConnectionResetError
    assert b"[DONE]" not in received
    assert b'finish_reason":"stop' not in received


@pytest.mark.parametrize("stream", [False, True])
def test_hang_says_nothing_and_notices_when_the_caller_leaves(server: SimServer, stream: bool) -> None:
    server.faults = Faults(always=Fault(kind="hang"))
    before = server.state.abandoned
    with _send(server, stream=stream) as sock:
        sock.settimeout(0.1)
        with pytest.raises(TimeoutError):
            sock.recv(1)
    deadline = time.monotonic() + 5
    while server.state.abandoned == before:
        assert time.monotonic() < deadline
    assert server.seen[-1].fault == "hang"


@pytest.mark.parametrize("kind", ["slow_first_token", "hang", "stall"])
@pytest.mark.parametrize("stream", [False, True])
def test_a_fault_with_seconds_ends_and_the_answer_comes_whole(server: SimServer, kind: str, stream: bool) -> None:
    server.faults = Faults(always=Fault(kind=kind, seconds=0.15))  # type: ignore[arg-type]
    started = time.monotonic()
    status, _, body = _exchange(server, stream=stream)
    assert time.monotonic() - started >= 0.15
    assert status == 200
    assert body.endswith(b"data: [DONE]\n\n") if stream else json.loads(body)["choices"]


def test_slow_first_token_comes_after_the_headers(server: SimServer) -> None:
    server.faults = Faults(always=Fault(kind="slow_first_token"))
    with _send(server, stream=True) as sock:
        assert b'"content":""' in _until(sock, b'"role":"assistant"')
        sock.settimeout(0.1)
        with pytest.raises(TimeoutError):
            sock.recv(1)


@pytest.mark.parametrize("stream", [False, True])
def test_stall_goes_silent_half_way(server: SimServer, stream: bool) -> None:
    server.faults = Faults(always=Fault(kind="stall", after=2))
    with _send(server, stream=stream) as sock:
        received = _until(sock, b"simulated" if stream else b'"choices"')
        sock.settimeout(0.1)
        rest, ended_by = _drained(sock)
    received += rest
    assert ended_by is TimeoutError
    assert b"[DONE]" not in received
    if stream:
        assert received.count(b'"delta"') == 3  # the opening and two pieces


def test_cut_stream_ends_cleanly_without_a_finish(server: SimServer) -> None:
    server.faults = Faults(always=Fault(kind="cut", after=2))
    status, _, body = _exchange(server, stream=True)
    assert status == 200
    events = [json.loads(line[6:]) for line in body.decode().split("\n\n") if line]
    assert len(events) == 3
    assert all(event["choices"][0]["finish_reason"] is None for event in events)


def test_cut_whole_answer_is_half_a_json(server: SimServer) -> None:
    server.faults = Faults(always=Fault(kind="cut"))
    status, headers, body = _exchange(server)
    assert (status, int(headers["content-length"])) == (200, len(body))
    with pytest.raises(json.JSONDecodeError):
        json.loads(body)


@pytest.mark.parametrize("stream", [False, True])
def test_garbage_is_not_json(server: SimServer, stream: bool) -> None:
    server.faults = Faults(always=Fault(kind="garbage"))
    status, headers, body = _exchange(server, stream=stream)
    assert status == 200
    assert ("event-stream" in headers["content-type"]) == stream
    last = body.rstrip(b"\n").split(b"data: ")[-1]
    with pytest.raises(ValueError):  # noqa: PT011  # not UTF-8 or not JSON, either will do
        json.loads(last)


@pytest.mark.parametrize("stream", [False, True])
def test_empty_body(server: SimServer, stream: bool) -> None:
    server.faults = Faults(always=Fault(kind="empty"))
    status, headers, body = _exchange(server, stream=stream)
    assert (status, body) == (200, b"")
    assert headers["content-type"] == ("text/event-stream" if stream else "application/json")


@pytest.mark.parametrize("stream", [False, True])
def test_wrong_content_type(server: SimServer, stream: bool) -> None:
    server.faults = Faults(always=Fault(kind="content_type"))
    status, headers, body = _exchange(server, stream=stream)
    assert status == 200
    assert headers["content-type"].startswith("text/html")
    assert b"<h1>" in body


def test_error_event_inside_a_stream_that_began_well(server: SimServer) -> None:
    server.faults = Faults(always=Fault(kind="error_event", after=1))
    status, _, body = _exchange(server, stream=True)
    assert status == 200
    events = [json.loads(line[6:]) for line in body.decode().split("\n\n") if line]
    assert events[1]["choices"][0]["delta"]["content"]
    assert set(events[-1]) == {"error"}
    assert "error" in json.loads(_exchange(server)[2])


def test_refuse_closes_the_port_and_comes_back_on_the_same_one(server: SimServer) -> None:
    port = server.port
    idle = socket.create_connection(("127.0.0.1", port), timeout=5)
    _exchange(server)  # so that the idle connection has been accepted
    server.faults = Faults(always=Fault(kind="refuse"))
    with idle:
        assert idle.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)
    server.faults = Faults()
    assert server.port == port
    assert _exchange(server)[0] == 200


def test_refuse_for_a_while_ends_by_itself(server: SimServer) -> None:
    server.faults = Faults(always=Fault(kind="refuse", seconds=0.1))
    with pytest.raises(ConnectionRefusedError):
        _send(server)
    assert _eventually_listening(server)


def test_flapping_listener(server: SimServer) -> None:
    server.faults = Faults(flap=Flap(fault=Fault(kind="refuse"), well_s=0.15, broken_s=0.15))
    assert _exchange(server)[0] == 200
    deadline = time.monotonic() + 5
    while _listening(server):
        assert time.monotonic() < deadline
        time.sleep(0.005)  # a real listener in another thread: leave it some of the processor
    assert _eventually_listening(server)


def test_faults_of_one_model_spare_the_other_and_the_list(server: SimServer) -> None:
    server.faults = Faults(always=Fault(kind="status", models=("m",)))
    assert _exchange(server, model="m")[0] == 500
    assert _exchange(server, model="other")[0] == 200
    assert _exchange(server, path="/v1/models")[0] == 200
    server.faults = Faults(always=Fault(kind="status", status=503, everywhere=True))
    assert _exchange(server, path="/v1/models")[0] == 503


def test_faults_and_counts_are_reached_over_http(server: SimServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as sock:
        body = b'{"script": [null, {"kind": "status", "status": 503}]}'
        sock.sendall(
            b"POST /sim/faults HTTP/1.1\r\nhost: sim\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(body)
            + body
        )
        assert _parsed(_read(sock))[0] == 200
    before = server.state.requests
    assert [_exchange(server)[0] for _ in range(3)] == [200, 503, 200]
    state = json.loads(_exchange(server, path="/sim/state")[2])
    assert state["requests"] == before + 3
    assert state["faults"]["status"] >= 1
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as sock:
        sock.sendall(
            b'POST /sim/faults HTTP/1.1\r\nhost: sim\r\nconnection: close\r\ncontent-length: 11\r\n\r\n{"often":1}'
        )
        status, _, reply = _parsed(_read(sock))
    assert status == 400
    assert "often" in json.loads(reply)["error"]["message"]


@pytest.mark.parametrize(
    ("request_line", "status"),
    [("GET /v1/chat/completions", 405), ("POST /v1/models", 405), ("GET /v2", 404), ("GET /sim/nothing", 404)],
)
def test_unknown_addresses_and_methods(server: SimServer, request_line: str, status: int) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as sock:
        sock.sendall(f"{request_line} HTTP/1.1\r\nhost: sim\r\nconnection: close\r\n\r\n".encode())
        got, _, body = _parsed(_read(sock))
    assert got == status
    assert json.loads(body)["error"]["code"]


def _listening(server: SimServer) -> bool:
    try:
        socket.create_connection(("127.0.0.1", server.port), timeout=5).close()
    except (ConnectionRefusedError, ConnectionResetError):
        return False
    return True


def _eventually_listening(server: SimServer) -> bool:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if _listening(server):
            return True
        time.sleep(0.005)
    return False
