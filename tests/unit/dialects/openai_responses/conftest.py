"""What the tests of the Responses dialect share: tasks, and an official client that gets given bytes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import msgspec
import pytest

from podium.core.messages import Message, Options, TextPart
from podium.core.tasks import Task
from podium.models.dialects.openai_responses import OpenAIResponses

NOON = datetime(2030, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
def dialect() -> OpenAIResponses:
    return OpenAIResponses()


@pytest.fixture
def caller() -> Callable[..., Task]:
    """Makes a task as a caller of this dialect asks it; keywords are the body's fields."""

    def make(**fields: Any) -> Task:
        incoming = OpenAIResponses().read_request(msgspec.json.encode({"model": "auto", "input": "Hi."} | fields))
        return Task(
            id="tsk_0193aa",
            messages=incoming.messages,
            options=incoming.options,
            received_at=NOON,
            payload=incoming.payload,
        )

    return make


@pytest.fixture
def foreign() -> Callable[..., Task]:
    """Makes a task as a caller of another dialect asks it."""

    def make(*messages: Message, **options: Any) -> Task:
        return Task(
            id="tsk_0193aa",
            messages=messages or (Message(role="user", parts=(TextPart("Hi."),)),),
            options=Options(**options),
            received_at=NOON,
        )

    return make


class _Served(BaseHTTPRequestHandler):
    body = b""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream" if self.body[:5] != b'{"id"' else "application/json")
        self.send_header("content-length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def client_given() -> Iterator[Callable[[bytes], Any]]:
    """An official client whose server answers with these bytes."""
    import openai

    server = HTTPServer(("127.0.0.1", 0), _Served)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    clients: list[Any] = []

    def make(body: bytes) -> Any:
        _Served.body = body
        client = openai.OpenAI(
            api_key="none", base_url=f"http://127.0.0.1:{server.server_port}/v1", max_retries=0, timeout=10
        )
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.close()
    server.shutdown()
    server.server_close()
    thread.join(5)
