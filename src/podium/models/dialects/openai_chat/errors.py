"""Errors, in the shape OpenAI's clients raise as their own exceptions."""

from __future__ import annotations

from typing import Any

import msgspec

from podium.core.errors import (
    AllAttemptsFailed,
    PodiumError,
    ProviderError,
    RequestError,
    RequirementsNotMet,
)

from ..status import http_status

_encoder = msgspec.json.Encoder()

_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "invalid_request_error",
    413: "invalid_request_error",
    422: "invalid_request_error",
    429: "rate_limit_error",
}


def write_error(error: PodiumError) -> bytes:
    """`{"error": {message, type, param, code, podium}}`; a provider's own error about the request as it came."""
    if isinstance(error, ProviderError) and error.body and _says_error(error.body):
        return error.body
    return _encoder.encode({"error": _described(error)})


def _says_error(body: bytes) -> bool:
    """Whether a provider's body is an error in this shape; what only begins like one would break a client's parser."""
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return isinstance(value, dict) and isinstance(value.get("error"), dict)


def write_stream_error(error: PodiumError) -> bytes:
    """A data event with the error, then the end mark: clients raise on the first and stop on the second."""
    return b"data: " + _encoder.encode({"error": _described(error)}) + b"\n\ndata: [DONE]\n\n"


def _described(error: PodiumError) -> dict[str, Any]:
    details: dict[str, Any] = {}
    if error.remedy:
        details["remedy"] = error.remedy
    if isinstance(error, RequirementsNotMet):
        details["reasons"] = error.reasons
    if isinstance(error, AllAttemptsFailed):
        details["decision"] = error.decision_id
        details["tried"] = error.tried
    if isinstance(error, ProviderError):
        details["provider"] = error.provider
        details["kind"] = error.kind.value
    status = http_status(error)
    return {
        "message": str(error),
        "type": _TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error"),
        "param": error.param if isinstance(error, RequestError) else None,
        "code": error.code,
        "podium": details,
    }
