"""Errors, in the shape Anthropic's clients raise as their own exceptions.

Source: the Anthropic API reference, page "Errors". The clients choose an exception by status, and try again after
408, 409, 429 and everything from 500. An overloaded provider is 503 elsewhere and 529 here: the page pairs 529 with
`overloaded_error`, the clients have a class of its own for it and try it again all the same.
"""

from __future__ import annotations

from typing import Any

import msgspec

from podium.core.errors import AllAttemptsFailed, PodiumError, ProviderError, RequirementsNotMet

from .. import status

_encoder = msgspec.json.Encoder()
_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}


def http_status(error: PodiumError) -> int:
    """As in every dialect, but for 503."""
    code = status.http_status(error)
    return 529 if code == 503 else code


def write_error(error: PodiumError) -> bytes:
    """`{"type": "error", "error": {type, message, podium}}`; a provider's own error about the request as it came."""
    if isinstance(error, ProviderError) and error.body and _says_error(error.body):
        return error.body
    return _encoder.encode(_described(error))


def write_stream_error(error: PodiumError) -> bytes:
    """An `error` event. It ends a stream: clients raise on it, and an end mark after it would deny it."""
    return b"event: error\ndata: " + _encoder.encode(_described(error)) + b"\n\n"


def write_stream_fault(message: str, code: str | None) -> bytes:
    """A provider's error inside its stream, as an event of ours."""
    known = code if code in _TYPES.values() else "api_error"
    body = {"type": "error", "error": {"type": known, "message": message}}
    return b"event: error\ndata: " + _encoder.encode(body) + b"\n\n"


def _says_error(body: bytes) -> bool:
    """Whether a provider's body is an error in this shape; another dialect's would break a client's parser."""
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    if not isinstance(value, dict) or value.get("type") != "error":
        return False
    inner = value.get("error")
    return isinstance(inner, dict) and isinstance(inner.get("type"), str) and isinstance(inner.get("message"), str)


def _described(error: PodiumError) -> dict[str, Any]:
    details: dict[str, Any] = {"code": error.code}
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
    code = http_status(error)
    kind = _TYPES.get(code, "api_error" if code >= 500 else "invalid_request_error")
    body: dict[str, Any] = {"type": "error", "error": {"type": kind, "message": str(error), "podium": details}}
    if error.request_id is not None:
        body["request_id"] = error.request_id
    return body
