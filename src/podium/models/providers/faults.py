"""What a provider's refusal means: one table from transport errors, one from statuses and error codes.

The kinds decide what happens next (`policies.reliability`), so a wrong row here sends a caller's mistake to five
providers in turn, or hides an outage. Codes before statuses: providers reuse 400 and 429 for different things.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from pyreqwest import exceptions as transport

from podium.core.errors import FailureKind, ProviderError

from .said import no_header, read_said, request_id, stated_wait

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
    # Amazon's words for too many in a minute, which otherwise sound like too many at once.
    (re.compile(r"too many tokens, please wait", re.IGNORECASE), FailureKind.RATE_LIMITED),
    (
        re.compile(
            r"context_length_exceeded|context[ _](?:length|window)|maximum context|prompt is too long"
            r"|too many (?:input )?tokens|input token count .*exceeds|string_above_max_length"
            r"|exceeds? the (?:model'?s |available )?(?:max|context)|exceed_context_size"
            r"|inputs. tokens \+ .max_new_tokens|input is too long for requested model",
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
            r"|no such model|unknown model|\binvalid_model\b|not a valid model|model identifier is invalid",
            re.IGNORECASE,
        ),
        FailureKind.NOT_FOUND,
    ),
)

_CODES: dict[str, FailureKind] = {
    # Anthropic: `error.type`
    "authentication_error": FailureKind.CREDENTIAL,
    "permission_error": FailureKind.CREDENTIAL,
    "billing_error": FailureKind.BILLING,
    "not_found_error": FailureKind.NOT_FOUND,
    "request_too_large": FailureKind.CONTEXT_TOO_LONG,
    "rate_limit_error": FailureKind.RATE_LIMITED,
    "timeout_error": FailureKind.TIMEOUT,
    "overloaded_error": FailureKind.OVERLOADED,
    # Google: `error.status`
    "UNAUTHENTICATED": FailureKind.CREDENTIAL,
    "PERMISSION_DENIED": FailureKind.CREDENTIAL,
    "NOT_FOUND": FailureKind.NOT_FOUND,
    "RESOURCE_EXHAUSTED": FailureKind.RATE_LIMITED,
    # Google: `finishReason`s of an answer the model failed to write
    "MALFORMED_FUNCTION_CALL": FailureKind.GARBAGE,
    "UNEXPECTED_TOOL_CALL": FailureKind.GARBAGE,
    "TOO_MANY_TOOL_CALLS": FailureKind.GARBAGE,
    "MALFORMED_RESPONSE": FailureKind.GARBAGE,
    "MISSING_THOUGHT_SIGNATURE": FailureKind.GARBAGE,
    "ABORTED": FailureKind.SERVER_ERROR,
    "CANCELLED": FailureKind.SERVER_ERROR,
    "INTERNAL": FailureKind.SERVER_ERROR,
    "UNKNOWN": FailureKind.SERVER_ERROR,
    "UNAVAILABLE": FailureKind.OVERLOADED,
    "DEADLINE_EXCEEDED": FailureKind.TIMEOUT,
    # Amazon: the exception's name
    "AccessDeniedException": FailureKind.CREDENTIAL,
    "ExpiredTokenException": FailureKind.CREDENTIAL,
    "IncompleteSignatureException": FailureKind.CREDENTIAL,
    "InvalidSignatureException": FailureKind.CREDENTIAL,
    "MissingAuthenticationTokenException": FailureKind.CREDENTIAL,
    "UnrecognizedClientException": FailureKind.CREDENTIAL,
    "ResourceNotFoundException": FailureKind.NOT_FOUND,
    "ThrottlingException": FailureKind.RATE_LIMITED,
    "ServiceQuotaExceededException": FailureKind.RATE_LIMITED,
    "ServiceUnavailableException": FailureKind.OVERLOADED,
    "ModelNotReadyException": FailureKind.OVERLOADED,
    "ModelTimeoutException": FailureKind.TIMEOUT,
    "ModelErrorException": FailureKind.SERVER_ERROR,
    "ModelStreamErrorException": FailureKind.SERVER_ERROR,
    "InternalServerException": FailureKind.SERVER_ERROR,
}
"""Codes that mean one thing, as whole words of the fields made for them. What a message says comes first: an account
without credit is reported under several of these. `server_error` and `api_error` mean less than the status does."""

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
    424: FailureKind.SERVER_ERROR,
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
    FailureKind.NOT_FOUND: "It does not serve this model to this key: list what it does under"
    " `providers.NAME.models` (`podium providers check` shows them).",
}
_STATUS = re.compile(r"[45][0-9][0-9]")
"""A code that is one. Neither `int` nor `isdigit` could tell: the one fails on `²`, which the other takes."""
_CALLERS_OWN = ("invalid_request", "INVALID_ARGUMENT", "ValidationException")
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


def kind_of(status: int, said: str, codes: Iterable[str] = ()) -> FailureKind:
    """The failure behind a status, what was said with it, and the codes that stood in fields of their own."""
    if status < 400:
        return FailureKind.GARBAGE  # a redirect, or a success without an answer: not what the dialect promises
    if status < 500 or status in (503, 529):
        for pattern, kind in _SAYINGS:
            if pattern.search(said):
                return kind
    for code in codes:
        if (kind_told := _CODES.get(code)) is not None:
            return kind_told
    known = _STATUSES.get(status)
    if known is not None:
        return known
    return FailureKind.SERVER_ERROR if status >= 500 else FailureKind.BAD_REQUEST


def inside_success(body: bytes, provider: str) -> ProviderError:
    """Ours for an error that came inside a 200, whole or streamed: what it says decides, as it does elsewhere."""
    said = read_said(body)
    text = f"{' '.join(said.codes)} {said.message}"
    status = next((int(word) for word in said.codes if _STATUS.fullmatch(word)), None)
    kind = kind_of(status or 400, text, said.codes)
    if kind is FailureKind.BAD_REQUEST and status is None and not any(word in text for word in _CALLERS_OWN):
        kind = FailureKind.SERVER_ERROR  # it took the request and then failed; nothing says the request was wrong
    return ProviderError(
        f"{provider} sent an error inside a success: {said.message}",
        kind=kind,
        provider=provider,
        remedy=_REMEDIES.get(kind, ""),
        http_status=status,
        retry_after_s=said.wait_s,
    )


def from_status(
    status: int,
    body: bytes,
    provider: str,
    *,
    header: Callable[[str], str | None] = no_header,
) -> ProviderError:
    """Ours for a refused call: any status that is not 2xx. `header` gives the answer's headers by name."""
    said = read_said(body, named=header("x-amzn-errortype"))
    kind = kind_of(status, f"{' '.join(said.codes)} {said.message}", said.codes)
    waits = stated_wait(header)
    return ProviderError(
        f"{provider} answered {status}: {said.message}",
        kind=kind,
        provider=provider,
        remedy=_REDIRECTED if 300 <= status < 400 else _REMEDIES.get(kind, ""),
        http_status=status,
        retry_after_s=said.wait_s if waits is None else waits,
        request_id=request_id(header),
        body=body,
    )
