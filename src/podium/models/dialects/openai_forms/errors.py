"""Errors in the shape OpenAI's clients raise as their own exceptions, and providers' errors in whatever shape."""

from __future__ import annotations

from typing import Any, Final

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
_LONGEST_MESSAGE: Final = 2000
_TYPES: Final = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "invalid_request_error",
    413: "invalid_request_error",
    422: "invalid_request_error",
    429: "rate_limit_error",
}


def error_text(error: Any, status: str | None = None) -> tuple[str, str | None]:
    """(message, code) of an `error` value, whatever shape it has: an object in most places, a word in some.

    `status` is the answer's own, for an answer that failed and does not say why.
    """
    if error is None:
        return f"the answer {status or 'failed'}", None
    if not isinstance(error, dict):
        return str(error)[:_LONGEST_MESSAGE], None
    code = next((error[name] for name in ("code", "type", "status") if error.get(name) is not None), None)
    message = error.get("message") or error.get("type") or error.get("code") or "no message"
    return str(message)[:_LONGEST_MESSAGE], None if code is None else str(code)


def write_error(error: PodiumError) -> bytes:
    """`{"error": {message, type, param, code, podium}}`; a provider's own error about the request as it came."""
    if isinstance(error, ProviderError) and error.body and _says_error(error.body):
        return error.body
    return _encoder.encode({"error": described(error)})


def _says_error(body: bytes) -> bool:
    """Whether a provider's body is an error in this shape; what only begins like one would break a client's parser."""
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return isinstance(value, dict) and isinstance(value.get("error"), dict)


def write_stream_error(error: PodiumError) -> bytes:
    """A data event with the error, then the end mark: clients raise on the first and stop on the second."""
    return b"data: " + _encoder.encode({"error": described(error)}) + b"\n\ndata: [DONE]\n\n"


def described(error: PodiumError) -> dict[str, Any]:
    """The `error` object: message, type, param, code, and under `podium` what only Podium can say."""
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
