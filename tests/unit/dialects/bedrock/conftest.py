"""What the tests of this wire make things with: tasks, requests read back as JSON, binary messages."""

from __future__ import annotations

import json
import struct
import zlib
from datetime import UTC, datetime
from typing import Any

import pytest

from podium.core.messages import Message, Options, TextPart
from podium.core.tasks import Task
from podium.models.dialects import Quirks, Written, by_name

PLAIN = Quirks()
CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"


class Kit:
    """Makers."""

    wire = by_name("bedrock-converse")

    @staticmethod
    def user(*parts: Any) -> Message:
        return Message(role="user", parts=tuple(TextPart(p) if isinstance(p, str) else p for p in parts))

    @staticmethod
    def task(*messages: Message, **options: Any) -> Task:
        return Task(
            id="tsk_1",
            messages=messages or (Kit.user("Hi"),),
            received_at=datetime(2026, 1, 2, tzinfo=UTC),
            options=Options(**options),
        )

    @classmethod
    def written(
        cls,
        *messages: Message,
        model: str = CLAUDE,
        quirks: Quirks = PLAIN,
        limit: int | None = None,
        **options: Any,
    ) -> tuple[dict[str, Any], Written]:
        """The body as JSON, and what else there is of it."""
        task = cls.task(*messages, **options)
        out = cls.wire.write_request(task, model=model, stream=False, quirks=quirks, max_tokens=limit)
        return json.loads(out.body), out

    @staticmethod
    def message(headers: dict[str, Any], payload: bytes) -> bytes:
        """One binary message; a header's value that is no string is given as (type, bytes)."""
        head = b""
        for name, value in headers.items():
            kind, data = value if isinstance(value, tuple) else (7, struct.pack(">H", len(value)) + value.encode())
            head += bytes([len(name)]) + name.encode() + bytes([kind]) + data
        prelude = struct.pack(">II", 16 + len(head) + len(payload), len(head))
        prelude += struct.pack(">I", zlib.crc32(prelude))
        body = prelude + head + payload
        return body + struct.pack(">I", zlib.crc32(body))

    @classmethod
    def event(cls, kind: str, **fields: Any) -> bytes:
        headers = {":event-type": kind, ":content-type": "application/json", ":message-type": "event"}
        return cls.message(headers, json.dumps(fields, ensure_ascii=False).encode())

    @classmethod
    def delta(cls, index: int, **delta: Any) -> bytes:
        return cls.event("contentBlockDelta", contentBlockIndex=index, delta=delta)

    @classmethod
    def begin(cls, index: int, **start: Any) -> bytes:
        return cls.event("contentBlockStart", contentBlockIndex=index, start=start)

    @classmethod
    def end(cls, index: int) -> bytes:
        return cls.event("contentBlockStop", contentBlockIndex=index)

    @classmethod
    def exception(cls, kind: str, **fields: Any) -> bytes:
        headers = {":exception-type": kind, ":content-type": "application/json", ":message-type": "exception"}
        return cls.message(headers, json.dumps(fields).encode())


@pytest.fixture
def kit() -> type[Kit]:
    """Makers of tasks, bodies and binary messages."""
    return Kit
