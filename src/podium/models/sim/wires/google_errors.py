"""Google's errors (Gemini API guide, page Troubleshooting; google.rpc.Status)."""

from __future__ import annotations

from typing import Any

from ..ask import Refused

_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
BAD_KEY = "API_KEY_INVALID"


def error(refused: Refused) -> dict[str, Any]:
    """A refusal in Google's shape."""
    status = refused.status
    body: dict[str, Any] = {
        "code": status,
        "message": refused.message,
        "status": _STATUS.get(status, "FAILED_PRECONDITION" if status < 500 else "INTERNAL"),
    }
    if refused.code == BAD_KEY:
        info = {"reason": BAD_KEY, "domain": "googleapis.com"}
        body["details"] = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", **info}]
    if refused.retry_after_s is not None:
        info = {"retryDelay": f"{refused.retry_after_s:g}s"}
        body["details"] = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", **info}]
    return {"error": body}
