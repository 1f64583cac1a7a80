"""The headers of an answer: who gave it, what it cost, what the caller should know."""

from __future__ import annotations

import math

from podium.core.tasks import Attempt, Decision
from podium.core.usage import Money

from .asgi import Headers

JSON = (b"content-type", b"application/json")
MOST_WARNING_BYTES = 2_000
"""Clients and proxies refuse long header blocks (8 KB is a usual bound), and the ledger has every word."""
_CUT = b" ..."


def described(decision: Decision, served: Attempt | None, attempts: int, warnings: tuple[str, ...]) -> Headers:
    """The headers that name model, provider, attempts and decision of a whole answer."""
    headers = named(
        served.model if served is not None else "", served.provider if served is not None else "", attempts, decision.id
    )
    headers.extend(warned(warnings))
    return headers


def named(model: str, provider: str, attempts: int, decision: str) -> Headers:
    return [
        (b"x-podium-model", ascii_of(model)),
        (b"x-podium-provider", ascii_of(provider)),
        (b"x-podium-attempts", str(attempts).encode()),
        (b"x-podium-decision", decision.encode()),
    ]


def warned(warnings: tuple[str, ...]) -> Headers:
    """All warnings in one header, each once; none where there are none."""
    if not warnings:
        return []
    value = ascii_of("; ".join(dict.fromkeys(warnings)))
    if len(value) > MOST_WARNING_BYTES:
        value = value[: MOST_WARNING_BYTES - len(_CUT)] + _CUT
    return [(b"x-podium-warnings", value)]


def dollars(cost: Money | None) -> bytes:
    return b"unknown" if cost is None else f"{cost.usd.normalize():f}".encode()


def retry_after(seconds: float) -> tuple[bytes, bytes]:
    """Whole seconds, rounded up and never 0: a client that is told to wait must not come back too early."""
    return (b"retry-after", str(max(1, math.ceil(seconds))).encode())


def ascii_of(text: str) -> bytes:
    """Header values are printable ASCII; what is not becomes a question mark, control characters a space."""
    if not text.isprintable():
        text = "".join(each if each.isprintable() else " " for each in text)
    return text.encode("ascii", "replace")
