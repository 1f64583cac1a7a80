"""OpenAI's errors, keys and headers, shared by its four APIs (OpenAI API reference, page Error codes)."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ..ask import Head, Refused
from ..vendor import SimVendor
from .wire import Failure, Incoming, bearer

_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    429: "rate_limit_error",
}


def error_type(status: int) -> str:
    """The `type` of an error with this status."""
    return _TYPES.get(status, "invalid_request_error" if status in (400, 404, 405, 413, 422) else "server_error")


def failure(refused: Refused) -> Failure:
    """A refusal as a body."""
    code = refused.code
    if code is None and refused.status == 429:
        code = "rate_limit_exceeded"
    kind = refused.kind or error_type(refused.status)
    return Failure(status=refused.status, body=error_body(refused.message, kind, param=refused.param, code=code))


def error_body(message: str, kind: str, *, param: str | None = None, code: str | None = None) -> bytes:
    """An error in OpenAI's shape."""
    return msgspec.json.encode({"error": {"message": message, "type": kind, "param": param, "code": code}})


def check_key(vendor: SimVendor, incoming: Incoming) -> None:
    """Raises Refused where the vendor has a key and the caller has not."""
    if vendor.api_key is not None and bearer(incoming) != vendor.api_key:
        raise Refused(401, "Missing or wrong API key.", code="invalid_api_key")


def headers(head: Head) -> Sequence[tuple[bytes, bytes]]:
    """OpenAI's name for the request."""
    return ((b"x-request-id", head.name("req_").encode()),)
