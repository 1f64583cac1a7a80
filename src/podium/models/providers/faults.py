"""What a provider's refusal means: one table from transport errors, one from statuses and error codes.

The kinds decide what happens next (`policies.reliability`), so a wrong row here sends a caller's mistake to five
providers in turn, or hides an outage. Codes before statuses: providers reuse 400 and 429 for different things.
"""

from __future__ import annotations

import re

import msgspec
from pyreqwest import exceptions as transport

from podium.core.errors import FailureKind, ProviderError

# First match wins: from the particular to the general.
_TRANSPORT: tuple[tuple[type[Exception], FailureKind, str, str], ...] = (
    (
        transport.ConnectTimeoutError,
        FailureKind.UNREACHABLE,
        "did not accept a connection in time",
        "Check the address and the network.",
    ),
    (
        transport.RequestTimeoutError,
        FailureKind.TIMEOUT,
        "did not answer in time",
        "Raise engine.timeout_s to wait longer.",
    ),
    (
        transport.ConnectError,
        FailureKind.UNREACHABLE,
        "could not be reached",
        "Check that it is running and that base_url is right.",
    ),
    (transport.NetworkError, FailureKind.UNREACHABLE, "broke the connection", ""),
    (transport.TransportError, FailureKind.UNREACHABLE, "could not be talked to", ""),
    (transport.DecodeError, FailureKind.GARBAGE, "sent an undecodable body", ""),
    (transport.BuilderError, FailureKind.BAD_REQUEST, "cannot be called like this", "Check base_url and headers."),
)

# (pattern over "code message", kind): what providers say, in the order it must be asked.
_SAYINGS: tuple[tuple[re.Pattern[str], FailureKind], ...] = (
    (
        re.compile(
            r"context_length_exceeded|context[ _](?:length|window)|maximum context|prompt is too long"
            r"|too many (?:input )?tokens|input token count .*exceeds|string_above_max_length"
            r"|exceeds? the (?:model'?s )?(?:max|context)",
            re.IGNORECASE,
        ),
        FailureKind.CONTEXT_TOO_LONG,
    ),
    (
        re.compile(r"insufficient_quota|billing|credit balance|payment required|insufficient balance", re.IGNORECASE),
        FailureKind.BILLING,
    ),
    (
        re.compile(r"content_filter|content_policy|content management policy|safety system|moderation", re.IGNORECASE),
        FailureKind.CONTENT_REFUSED,
    ),
    (
        re.compile(r"invalid_api_key|incorrect api key|api key not valid|authentication_error", re.IGNORECASE),
        FailureKind.CREDENTIAL,
    ),
    (re.compile(r"overloaded|over capacity|model is (?:currently )?loading", re.IGNORECASE), FailureKind.OVERLOADED),
    (re.compile(r"rate_?limit|too many requests|resource_exhausted", re.IGNORECASE), FailureKind.RATE_LIMITED),
    (
        re.compile(r"model_not_found|model .*(?:does not exist|not found)|no such model|unknown model", re.IGNORECASE),
        FailureKind.NOT_FOUND,
    ),
)

_LONGEST_MESSAGE = 2000

_STATUSES = {
    400: FailureKind.BAD_REQUEST,
    401: FailureKind.CREDENTIAL,
    402: FailureKind.BILLING,
    403: FailureKind.CREDENTIAL,
    404: FailureKind.NOT_FOUND,
    408: FailureKind.TIMEOUT,
    409: FailureKind.SERVER_ERROR,
    413: FailureKind.CONTEXT_TOO_LONG,
    422: FailureKind.BAD_REQUEST,
    425: FailureKind.SERVER_ERROR,
    429: FailureKind.RATE_LIMITED,
    499: FailureKind.SERVER_ERROR,
    503: FailureKind.OVERLOADED,
    504: FailureKind.TIMEOUT,
    529: FailureKind.OVERLOADED,
}

_REMEDIES = {
    FailureKind.CREDENTIAL: "Check its key and what the key may do.",
    FailureKind.BILLING: "Its account has no credit left: top it up or disable the provider.",
    FailureKind.NOT_FOUND: "It does not serve this model under this name: see `podium models`.",
}


def from_transport(exc: Exception, provider: str) -> ProviderError:
    """Ours for a foreign exception; chain it with `from exc`."""
    for kind_of_error, kind, what, remedy in _TRANSPORT:
        if isinstance(exc, kind_of_error):
            return ProviderError(f"{provider} {what}: {_cause(exc)}.", kind=kind, provider=provider, remedy=remedy)
    return ProviderError(f"{provider} could not be called: {exc}.", kind=FailureKind.UNREACHABLE, provider=provider)


def _cause(exc: Exception) -> str:
    """The innermost cause: the outer ones say 'error sending request'."""
    details = getattr(exc, "details", None)
    causes = details.get("causes") if isinstance(details, dict) else None
    return str(causes[-1]["message"]) if causes else str(exc).rstrip(".")


def kind_of(status: int, said: str) -> FailureKind:
    """The failure behind a status and what was said with it."""
    if status < 500 or status in (503, 529):
        for pattern, kind in _SAYINGS:
            if pattern.search(said):
                return kind
    known = _STATUSES.get(status)
    if known is not None:
        return known
    return FailureKind.SERVER_ERROR if status >= 500 else FailureKind.BAD_REQUEST


def from_status(
    status: int, body: bytes, provider: str, *, retry_after: str | None, request_id: str | None
) -> ProviderError:
    """Ours for a refused call: any status that is not 2xx."""
    message, code = _said(body)
    kind = kind_of(status, f"{code} {message}")
    return ProviderError(
        f"{provider} answered {status}: {message}",
        kind=kind,
        provider=provider,
        remedy=_REMEDIES.get(kind, ""),
        http_status=status,
        retry_after_s=_seconds(retry_after),
        request_id=request_id,
        body=body,
    )


def _said(body: bytes) -> tuple[str, str]:
    """(message, codes) of an error body in any of the shapes providers use."""
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        text = body[:300].decode("utf-8", "replace").strip()
        return (text or "with an empty body"), ""
    if isinstance(value, list) and value:
        value = value[0]  # Google wraps its error into a list
    if not isinstance(value, dict):
        return str(value)[:_LONGEST_MESSAGE], ""
    said = next((value[name] for name in ("error", "detail", "message") if value.get(name)), value)
    if not isinstance(said, dict):
        return str(said)[:_LONGEST_MESSAGE], ""
    codes = " ".join(str(said[name]) for name in ("code", "type", "status") if said.get(name) is not None)
    return str(said.get("message") or codes or said)[:_LONGEST_MESSAGE], codes


def _seconds(retry_after: str | None) -> float | None:
    """Retry-After as seconds. The date form is left out: providers of models send seconds."""
    if retry_after is None:
        return None
    try:
        seconds = float(retry_after)
    except ValueError:
        return None
    return seconds if 0 <= seconds < 86_400 else None
