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
    # Not BAD_REQUEST: the set-up is wrong, and the caller cannot mend that.
    (transport.BuilderError, FailureKind.UNREACHABLE, "cannot be called like this", "Check base_url and headers."),
    (transport.PyreqwestError, FailureKind.UNREACHABLE, "could not be called", ""),
)

# (pattern over "code message", kind): what providers say, in the order it must be asked. Messages quote what the
# caller sent (a tool's name, a model's), so a pattern is a whole phrase: a single word would let a caller's text
# put a deployment to rest.
_SAYINGS: tuple[tuple[re.Pattern[str], FailureKind], ...] = (
    (
        re.compile(
            r"context_length_exceeded|context[ _](?:length|window)|maximum context|prompt is too long"
            r"|too many (?:input )?tokens|input token count .*exceeds|string_above_max_length"
            r"|exceeds? the (?:model'?s |available )?(?:max|context)|exceed_context_size"
            r"|inputs. tokens \+ .max_new_tokens",
            re.IGNORECASE,
        ),
        FailureKind.CONTEXT_TOO_LONG,
    ),
    (
        re.compile(
            r"insufficient_quota|billing_(?:not_active|hard_limit)|credit balance|payment required"
            r"|insufficient (?:balance|credits|funds)|used all available credits|monthly spending limit",
            re.IGNORECASE,
        ),
        FailureKind.BILLING,
    ),
    # Before the word "billing": a rate limit's message links to the page where one can pay for a higher one.
    (
        re.compile(
            r"\brate[ _]?limit_(?:exceeded|error)|\brate limit (?:reached|exceeded)|resource_exhausted", re.IGNORECASE
        ),
        FailureKind.RATE_LIMITED,
    ),
    (re.compile(r"\bbilling (?:details|hard limit)", re.IGNORECASE), FailureKind.BILLING),
    (
        re.compile(
            r"content_filter|content_policy|content management policy|safety system|\bmoderation\b"
            r"|violat(?:es|ing) (?:our )?usage|usage guidelines|content exists risk",
            re.IGNORECASE,
        ),
        FailureKind.CONTENT_REFUSED,
    ),
    (
        re.compile(
            r"\binvalid_api_key|incorrect api key|api key not valid|authentication_error"
            r"|invalid authorization header|location is not supported",
            re.IGNORECASE,
        ),
        FailureKind.CREDENTIAL,
    ),
    (re.compile(r"overloaded|over capacity|model is (?:currently )?loading", re.IGNORECASE), FailureKind.OVERLOADED),
    (re.compile(r"too many requests", re.IGNORECASE), FailureKind.RATE_LIMITED),
    (
        re.compile(
            r"model_not_(?:found|available)|model_decommissioned|\bmodel .*(?:does not exist|not found)|model not exist"
            r"|no such model|unknown model|\binvalid_model\b|not a valid model",
            re.IGNORECASE,
        ),
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
    405: FailureKind.NOT_FOUND,
    407: FailureKind.UNREACHABLE,
    408: FailureKind.TIMEOUT,
    409: FailureKind.SERVER_ERROR,
    410: FailureKind.NOT_FOUND,
    413: FailureKind.CONTEXT_TOO_LONG,
    422: FailureKind.BAD_REQUEST,
    425: FailureKind.SERVER_ERROR,
    429: FailureKind.RATE_LIMITED,
    498: FailureKind.OVERLOADED,
    499: FailureKind.SERVER_ERROR,
    503: FailureKind.OVERLOADED,
    504: FailureKind.TIMEOUT,
    524: FailureKind.TIMEOUT,
    529: FailureKind.OVERLOADED,
}

_REMEDIES = {
    FailureKind.CREDENTIAL: "Check its key and what the key may do.",
    FailureKind.BILLING: "Its account has no credit left: top it up or disable the provider.",
    FailureKind.NOT_FOUND: "It does not serve this model under this name: see `podium models`.",
}
_REDIRECTED = "Set its base_url to where it redirects: prompts are not sent on."


def from_transport(exc: Exception, provider: str) -> ProviderError:
    """Ours for a foreign exception; chain it with `from exc`."""
    causes = _causes(exc)
    # The client calls every timeout before the answer's head a connection's. Only a cause that says so means it: a
    # request that was sent may be billed, and to wait for it again helps nobody.
    connected = isinstance(exc, transport.ConnectTimeoutError) and not any("(Connect)" in cause for cause in causes)
    rows = _TRANSPORT[1:] if connected else _TRANSPORT
    _, kind, what, remedy = next((row for row in rows if isinstance(exc, row[0])), _TRANSPORT[-1])
    cause = causes[-1] if causes else str(exc.args[0] if exc.args else exc).rstrip(".")
    return ProviderError(f"{provider} {what}: {cause}.", kind=kind, provider=provider, remedy=remedy)


def _causes(exc: Exception) -> list[str]:
    """The chain of causes, the innermost last: the outer ones say 'error sending request'."""
    details = getattr(exc, "details", None)
    causes = details.get("causes") if isinstance(details, dict) else None
    return [str(cause["message"]) for cause in causes or ()]


def kind_of(status: int, said: str) -> FailureKind:
    """The failure behind a status and what was said with it."""
    if status < 400:
        return FailureKind.GARBAGE  # a redirect, or a success without an answer: not what the dialect promises
    if status < 500 or status in (503, 529):
        for pattern, kind in _SAYINGS:
            if pattern.search(said):
                return kind
    known = _STATUSES.get(status)
    if known is not None:
        return known
    return FailureKind.SERVER_ERROR if status >= 500 else FailureKind.BAD_REQUEST


def inside_success(body: bytes, provider: str) -> ProviderError:
    """Ours for an error that came inside a 200, whole or streamed: what it says decides, as it does elsewhere."""
    message, code = _said(body)
    said = f"{code} {message}"
    status = next((int(word) for word in code.split() if word.isdigit() and 400 <= int(word) < 600), None)
    kind = kind_of(status or 400, said)
    if kind is FailureKind.BAD_REQUEST and status is None and "invalid_request" not in said:
        kind = FailureKind.SERVER_ERROR  # it took the request and then failed; nothing says the request was wrong
    return ProviderError(
        f"{provider} sent an error inside a success: {message}",
        kind=kind,
        provider=provider,
        remedy=_REMEDIES.get(kind, ""),
        http_status=status,
    )


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
        remedy=_REDIRECTED if 300 <= status < 400 else _REMEDIES.get(kind, ""),
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
    # Mistral, xAI and older vLLM put the codes beside the message, not into an object around it.
    coded = said if isinstance(said, dict) else value
    codes = " ".join(str(coded[name]) for name in ("code", "type", "status") if coded.get(name) is not None)
    if not isinstance(said, dict):
        return str(said)[:_LONGEST_MESSAGE], codes
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
