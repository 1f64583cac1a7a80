"""The gateway's own errors: those that neither a request's fields nor a provider brings about."""

from __future__ import annotations

import logging

from podium.core.errors import PodiumError, RequestError
from podium.core.ids import new_id

log = logging.getLogger("podium.server")


class Bug(PodiumError):
    """Something nobody foresaw: the caller gets a number, the log the rest."""

    code = "internal_error"


def unforeseen(error: Exception) -> PodiumError:
    """What a caller is told of a bug: the number under which the log has it."""
    number = new_id("err")
    log.error("unexpected error %s", number, exc_info=error)
    return Bug(f"Podium failed on its own account (error {number}).", remedy="The log has the details.")


_FORMS = frozenset({"/v1/audio/transcriptions"})
"""Paths whose bodies are forms, because files come with them."""


class WrongMethod(RequestError):
    """The path exists, for other methods."""

    status = 405
    code = "method_not_allowed"

    def __init__(self, method: str, path: str, allowed: str = "POST") -> None:
        super().__init__(
            f"{method} is not for {path}.",
            remedy=f"Use POST with {_body_of(path)}." if allowed == "POST" else f"Use {allowed}.",
        )
        self.allowed = allowed


def _body_of(path: str) -> str:
    return "a multipart/form-data body" if path in _FORMS else "a JSON body"


class UnknownPath(RequestError):
    """Nothing is here."""

    status = 404
    code = "not_found"

    def __init__(self, method: str, path: str) -> None:
        super().__init__(f"{method} {path}: Not Found.", remedy="GET / lists what is here.")


class NotOffered(RequestError):
    """A path of a known API that Podium does not serve."""

    status = 404
    code = "not_supported"


class WrongBase(RequestError):
    """A path that a client makes of a base address it was given with a part too many, or too few."""

    status = 404
    code = "wrong_base_url"

    def __init__(self, method: str, path: str, remedy: str) -> None:
        super().__init__(f"{method} {path}: Not Found: the client's base address is not quite right.", remedy=remedy)


class Stopping(PodiumError):
    """The gateway was stopped and could not wait any longer."""

    status = 503
    code = "stopping"

    def __init__(self) -> None:
        super().__init__("The gateway is stopping and cut this answer off.", remedy="Send the request again.")
