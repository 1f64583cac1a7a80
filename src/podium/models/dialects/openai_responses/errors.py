"""Errors, in the shapes this API's clients raise or report.

OpenAI describes an error alike in all its APIs, so the body is the chat dialect's. Streams differ: this API has an
`error` event that carries message and code itself. The official client raises only for data with an `error` object,
and yields anything else as an event, so the event here has both.
"""

from __future__ import annotations

from typing import Any

import msgspec

from podium.core.errors import PodiumError, RequestError

from ..openai_forms.errors import described, write_error
from ..status import http_status

__all__ = ["failure", "write_error", "write_stream_error"]

_encoder = msgspec.json.Encoder()


def write_stream_error(error: PodiumError, *, number: int = 0) -> bytes:
    """The `error` event. `number` is its place in the stream, 0 where the provider was counting."""
    told = described(error)
    event = {
        "type": "error",
        "code": told.get("code"),
        "message": told.get("message"),
        "param": told.get("param"),
        "sequence_number": number,
        "error": told,
    }
    return b"event: error\ndata: " + _encoder.encode(event) + b"\n\n"


def failure(error: PodiumError) -> dict[str, Any]:
    """The `error` of a failed response object, whose codes are a closed list."""
    if http_status(error) == 429:
        code = "rate_limit_exceeded"
    elif isinstance(error, RequestError):
        code = "invalid_prompt"
    else:
        code = "server_error"
    return {"code": code, "message": str(described(error)["message"])}
