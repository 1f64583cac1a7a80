"""Every wire of a simulated vendor, called in process: one prompt in each wire's words, and what came back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

import pytest
from botocore.eventstream import EventStreamBuffer
from msgspec import Struct

from podium.testing import SimApp

MODEL = "m"


class Reply(Struct, kw_only=True):
    """What the app sent."""

    status: int
    media: str
    pieces: list[bytes]
    """The body as it was written, write by write."""

    @property
    def body(self) -> bytes:
        return b"".join(self.pieces)


class Door(Struct, frozen=True, kw_only=True):
    """One wire, from the caller's side."""

    name: str
    whole_path: str
    stream_path: str
    body: Callable[[str, bool], dict[str, Any]]
    said: Callable[[Any], str]
    """The text of a whole body."""
    more: Callable[[Any], str]
    """The text of one event."""
    usage: Callable[[Any], Any]
    """The usage of a whole body or an event; None where it states none."""
    end: bytes
    """The end mark; empty where there is none."""
    error: Callable[[Any], str]
    """The message of an error body or event."""
    framing: str = "sse"

    def call(self, app: SimApp, text: str, *, stream: bool) -> Reply:
        """One request; raises what the app raises."""
        return self.send(app, json.dumps(self.body(text, stream)).encode(), stream=stream)

    def send(self, app: SimApp, body: bytes, *, stream: bool) -> Reply:
        """The same with any body."""
        return _post(app, self.stream_path if stream else self.whole_path, body)

    def events(self, body: bytes) -> list[Any]:
        """The events of a stream; raises ValueError for one that is not as it should be."""
        if self.framing == "array":
            return list(json.loads(body))
        if self.framing == "aws":
            buffer = EventStreamBuffer()
            buffer.add_data(body)
            return [json.loads(message.payload) for message in buffer]
        lines = [line[6:] for line in body.decode().split("\n") if line.startswith("data: ")]
        return [json.loads(line) for line in lines if line.strip() != "[DONE]"]


def _post(app: SimApp, path: str, body: bytes) -> Reply:
    """A POST to the app, with the headers every wire wants."""
    sent: list[MutableMapping[str, Any]] = []
    path, _, query = path.partition("?")
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": query.encode(),
        "headers": [(b"anthropic-version", b"2023-06-01")] if path.startswith("/v1/messages") else [],
    }

    async def run() -> None:
        pending = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> MutableMapping[str, Any]:
            return pending.pop() if pending else await asyncio.Event().wait()  # type: ignore[return-value]

        async def send(message: MutableMapping[str, Any]) -> None:
            sent.append(message)

        await app(scope, receive, send)

    asyncio.run(run())
    headers = dict(sent[0]["headers"])
    pieces = [message["body"] for message in sent[1:] if message["body"]]
    return Reply(status=sent[0]["status"], media=headers[b"content-type"].decode(), pieces=pieces)


def _user(text: str) -> list[dict[str, Any]]:
    return [{"role": "user", "content": text}]


def _gemini_text(body: Any) -> str:
    parts = body["candidates"][0].get("content", {}).get("parts", [])
    return "".join(part.get("text", "") for part in parts)


def _message(body: Any) -> str:
    return str(body["error"]["message"])


def _gemini(name: str, root: str, query: str, framing: str) -> Door:
    return Door(
        name=name,
        whole_path=f"{root}/models/{MODEL}:generateContent",
        stream_path=f"{root}/models/{MODEL}:streamGenerateContent{query}",
        body=lambda text, stream: {"contents": [{"role": "user", "parts": [{"text": text}]}]},
        said=_gemini_text,
        more=_gemini_text,
        usage=lambda body: body.get("usageMetadata"),
        end=b"\r\n]" if framing == "array" else b"",
        error=_message,
        framing=framing,
    )


def _responses_error(body: Any) -> str:
    return (
        str(body["message"]) if body.get("type") == "error" else str((body.get("response") or body)["error"]["message"])
    )


DOORS = (
    Door(
        name="openai-chat",
        whole_path="/v1/chat/completions",
        stream_path="/v1/chat/completions",
        body=lambda text, stream: {
            "model": MODEL,
            "messages": _user(text),
            "stream": stream,
            **({"stream_options": {"include_usage": True}} if stream else {}),
        },
        said=lambda body: body["choices"][0]["message"]["content"],
        more=lambda event: "".join(choice["delta"].get("content") or "" for choice in event.get("choices", ())),
        usage=lambda body: body.get("usage"),
        end=b"data: [DONE]\n\n",
        error=_message,
    ),
    Door(
        name="openai-responses",
        whole_path="/v1/responses",
        stream_path="/v1/responses",
        body=lambda text, stream: {"model": MODEL, "input": text, "stream": stream},
        said=lambda body: body["output"][-1]["content"][0]["text"],
        more=lambda event: event["delta"] if event["type"] == "response.output_text.delta" else "",
        usage=lambda body: body.get("response", body).get("usage"),
        end=b"event: response.completed\n",
        error=_responses_error,
    ),
    Door(
        name="anthropic-messages",
        whole_path="/v1/messages",
        stream_path="/v1/messages",
        body=lambda text, stream: {"model": MODEL, "max_tokens": 100_000, "messages": _user(text), "stream": stream},
        said=lambda body: "".join(block.get("text", "") for block in body["content"]),
        more=lambda event: event.get("delta", {}).get("text", ""),
        usage=lambda body: body.get("usage") or body.get("message", {}).get("usage"),
        end=b"event: message_stop\n",
        error=_message,
    ),
    _gemini("gemini", "/v1beta", "?alt=sse", "sse"),
    _gemini("vertex-array", "/v1/projects/p/locations/l/publishers/google", "", "array"),
    Door(
        name="bedrock-converse",
        whole_path=f"/model/{MODEL}/converse",
        stream_path=f"/model/{MODEL}/converse-stream",
        body=lambda text, stream: {"messages": [{"role": "user", "content": [{"text": text}]}]},
        said=lambda body: "".join(block.get("text", "") for block in body["output"]["message"]["content"]),
        more=lambda event: event.get("delta", {}).get("text", ""),
        usage=lambda body: body.get("usage"),
        end=b"metrics",
        error=lambda body: str(body["message"]),
        framing="aws",
    ),
)


@pytest.fixture(params=DOORS, ids=lambda door: door.name)
def door(request: pytest.FixtureRequest) -> Door:
    """Each wire in turn."""
    found: Door = request.param
    return found


@pytest.fixture
def doors() -> Mapping[str, Door]:
    """All wires by name."""
    return {each.name: each for each in DOORS}
