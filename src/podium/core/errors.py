"""Every error Podium raises on purpose.

    PodiumError
    ├── ConfigError                 the set-up cannot work; exit code 2
    ├── StoreError                  the ledger's database cannot be used
    ├── RequestError                the caller can mend it
    │   ├── InvalidRequest          400  malformed, wrong type, impossible value
    │   ├── UnknownModel            404  no such model, provider or route
    │   ├── RequestTooLarge         413  more bytes than the gateway takes
    │   └── RequirementsNotMet      422  no usable model meets the requirements
    ├── ProviderError               one call to one provider failed (see FailureKind)
    └── AllAttemptsFailed           502/503/504/429  every candidate was tried

An error says what happened, to which request and provider, whether to try again, and what to do about it.
"""

from __future__ import annotations

from typing import ClassVar

from .usage import Usage
from .words import Word


class FailureKind(Word):
    """What went wrong with one call, in terms that decide what to do next (see policies.reliability)."""

    UNREACHABLE = "unreachable"
    """No connection: refused, reset before an answer, name not found."""
    TIMEOUT = "timeout"
    RATE_LIMITED = "rate_limited"
    OVERLOADED = "overloaded"
    SERVER_ERROR = "server_error"
    CREDENTIAL = "credential"
    """Key missing, wrong, or not allowed."""
    BILLING = "billing"
    """The account has no credit left."""
    BAD_REQUEST = "bad_request"
    NOT_FOUND = "not_found"
    """The provider does not know the model."""
    CONTEXT_TOO_LONG = "context_too_long"
    CONTENT_REFUSED = "content_refused"
    GARBAGE = "garbage"
    """An answer that is not what the dialect promises."""
    BROKEN_STREAM = "broken_stream"
    NOT_CARRIED = "not_carried"
    """The provider's wire has no place for something in the request. Nothing was sent."""
    UNFIT = "unfit"
    """A proper answer that fell short of its check."""
    CANCELLED = "cancelled"
    """The caller went away."""


class PodiumError(Exception):
    """Root of the tree."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "podium_error"

    def __init__(self, message: str, *, remedy: str = "", request_id: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.request_id = request_id

    def __str__(self) -> str:
        if not self.remedy:
            return self.message
        ended = self.message if self.message.endswith((".", "!", "?")) else f"{self.message}."
        return f"{ended} {self.remedy}"


class ConfigError(PodiumError):
    """The configuration or environment cannot work. `where` is `file:line` where there is one."""

    code = "config_error"

    def __init__(self, message: str, *, remedy: str = "", where: str = "", field: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.where = where
        self.field = field

    def __str__(self) -> str:
        place = ": ".join(part for part in (self.where, self.field) if part)
        return f"{place}: {super().__str__()}" if place else super().__str__()


class StoreError(PodiumError):
    """The database cannot be opened, migrated or written."""

    status = 503
    code = "store_error"


class RequestError(PodiumError):
    """The caller can mend it. `param` names the offending field."""

    status = 400
    code = "invalid_request"

    def __init__(self, message: str, *, remedy: str = "", param: str | None = None) -> None:
        super().__init__(message, remedy=remedy)
        self.param = param


class InvalidRequest(RequestError):
    """Malformed, of the wrong type, or impossible."""


class UnknownModel(RequestError):
    """No such model, provider or route here."""

    status = 404
    code = "model_not_found"


class RequestTooLarge(RequestError):
    """More bytes than the gateway is set to take."""

    status = 413
    code = "request_too_large"


class RequirementsNotMet(RequestError):
    """No usable model meets the requirements; `reasons` has a line for each model and what it lacks."""

    status = 422
    code = "requirements_not_met"

    def __init__(
        self, message: str, *, remedy: str = "", param: str | None = None, reasons: tuple[str, ...] = ()
    ) -> None:
        super().__init__(message, remedy=remedy, param=param)
        self.reasons = reasons


class ProviderError(PodiumError):
    """One call to one provider failed."""

    status = 502
    code = "provider_error"

    def __init__(
        self,
        message: str,
        *,
        kind: FailureKind,
        provider: str,
        remedy: str = "",
        http_status: int | None = None,
        retry_after_s: float | None = None,
        request_id: str | None = None,
        body: bytes | None = None,
        usage: Usage | None = None,
    ) -> None:
        super().__init__(message, remedy=remedy, request_id=request_id)
        self.kind = kind
        self.provider = provider
        self.http_status = http_status
        self.retry_after_s = retry_after_s
        self.body = body
        """The provider's own error body, for a caller whose fault it was."""
        self.usage = usage
        """What the call used, where an answer arrived all the same."""


class AllAttemptsFailed(PodiumError):
    """Every candidate that could be tried was tried. `http_status` follows the failure that tells the caller most."""

    code = "all_attempts_failed"

    def __init__(
        self,
        message: str,
        *,
        remedy: str,
        decision_id: str,
        tried: tuple[str, ...],
        http_status: int = 502,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message, remedy=remedy, request_id=decision_id)
        self.decision_id = decision_id
        self.tried = tried
        """One line an attempt: deployment and what happened."""
        self.http_status = http_status
        self.retry_after_s = retry_after_s
