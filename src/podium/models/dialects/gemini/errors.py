"""Errors, in the shape Google's clients raise as their own exceptions: google.rpc.Status as JSON."""

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
from podium.core.messages import StreamFault

from ..status import http_status

_encoder = msgspec.json.Encoder()
_TYPES = "type.googleapis.com/google.rpc."

_STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    402: "FAILED_PRECONDITION",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    413: "INVALID_ARGUMENT",
    422: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    501: "UNIMPLEMENTED",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_CODES = {word: code for code, word in reversed(_STATUSES.items())} | {"INTERNAL": 500, "UNKNOWN": 500}


def status_word(status: int) -> str:
    """google.rpc.Code's name for an HTTP status."""
    return _STATUSES.get(status) or ("INVALID_ARGUMENT" if 400 <= status < 500 else "INTERNAL")


def write_error(error: PodiumError) -> bytes:
    """`{"error": {code, message, status, details}}`; a provider's own error about the request as it came."""
    if isinstance(error, ProviderError) and error.body and _says_error(error.body):
        return error.body
    return _encoder.encode({"error": described(error)})


def _says_error(body: bytes) -> bool:
    """Whether a provider's body is an error in this shape; another dialect's would break a client's parser."""
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    error = value.get("error") if isinstance(value, dict) else None
    return isinstance(error, dict) and isinstance(error.get("code"), int) and isinstance(error.get("status"), str)


def write_stream_error(error: PodiumError) -> bytes:
    """A data event with the error: clients raise on it."""
    return b"data: " + _encoder.encode({"error": described(error)}) + b"\n\n"


def fault_body(fault: StreamFault) -> bytes:
    """A provider's error inside a stream, told on."""
    code = fault.code or ""
    status = _CODES.get(code, 500)
    word = code if code in _CODES else "INTERNAL"
    return _encoder.encode({"error": {"code": status, "message": fault.message, "status": word}})


def described(error: PodiumError) -> dict[str, Any]:
    """An error as google.rpc.Status. Google's clients show the message alone, so the remedy is part of it."""
    status = http_status(error)
    return {"code": status, "message": str(error), "status": status_word(status), "details": _details(error)}


def _details(error: PodiumError) -> list[dict[str, Any]]:
    about: dict[str, str] = {}
    if isinstance(error, ProviderError):
        about |= {"provider": error.provider, "kind": error.kind.value}
    if isinstance(error, AllAttemptsFailed):
        about |= {"decision": error.decision_id, "tried": "\n".join(error.tried)}
    if isinstance(error, RequirementsNotMet):
        about["reasons"] = "\n".join(error.reasons)
    if error.remedy:
        about["remedy"] = error.remedy
    details: list[dict[str, Any]] = [
        {"@type": f"{_TYPES}ErrorInfo", "reason": error.code.upper(), "domain": "podium", "metadata": about}
    ]
    if isinstance(error, RequestError) and error.param:
        violation = {"field": error.param, "description": error.message}
        details.append({"@type": f"{_TYPES}BadRequest", "fieldViolations": [violation]})
    wait = error.retry_after_s if isinstance(error, ProviderError | AllAttemptsFailed) else None
    if wait is not None:
        details.append({"@type": f"{_TYPES}RetryInfo", "retryDelay": f"{max(wait, 0.0):.3f}s"})
    return details
