"""What a refusal says: message, codes, how long to wait, under which number the provider files it.

Every vendor has a shape of its own; this reads them all, and never raises. Sources: the pages on errors of each
vendor's API reference; for Google `google.rpc.Status` and `RetryInfo`; for Amazon its JSON protocol's error header.
"""

from __future__ import annotations

from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec
from msgspec import Struct

_LONGEST_MESSAGE = 2000
_LONGEST_WAIT_S = 86_400

# The vendor's own first; a content network's only where there is none.
_REQUEST_IDS = (
    "x-request-id",
    "request-id",
    "x-goog-request-id",
    "apim-request-id",
    "x-ms-request-id",
    "x-amzn-requestid",
    "x-correlation-id",
    "cf-ray",
)

Header = Callable[[str], str | None]


def no_header(_name: str) -> str | None:
    """An answer without headers."""
    return None


class Said(Struct, frozen=True, kw_only=True):
    """An error body, read."""

    message: str
    codes: tuple[str, ...] = ()
    wait_s: float | None = None
    """Until the provider says it may be asked again."""


def read_said(body: bytes, *, named: str | None = None) -> Said:
    """Message and codes of an error body in any of the shapes providers use; `named` is a code from a header."""
    codes: tuple[str, ...] = () if named is None else (_name(named),)
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        text = body[:300].decode("utf-8", "replace").strip()
        return Said(message=text or "with an empty body", codes=codes)
    if isinstance(value, list) and value:
        value = value[0]  # Google wraps its error into a list
    if not isinstance(value, dict):
        return Said(message=str(value)[:_LONGEST_MESSAGE], codes=codes)
    said = next((value[name] for name in ("error", "detail", "message", "Message") if value.get(name)), value)
    # Mistral, xAI and older vLLM put the codes beside the message, not into an object around it.
    coded = said if isinstance(said, dict) else value
    codes += tuple(
        _name(str(coded[name])) for name in ("code", "type", "status", "__type") if coded.get(name) is not None
    )
    if not isinstance(said, dict):
        return Said(message=str(said)[:_LONGEST_MESSAGE], codes=codes)
    message = str(said.get("message") or " ".join(codes) or said)[:_LONGEST_MESSAGE]
    return Said(message=message, codes=codes, wait_s=_google_wait(said.get("details")))


def _name(code: str) -> str:
    """Amazon writes `com.amazonaws.x#ThrottlingException:http://...`, and `throttlingException` inside a stream."""
    name = code.rpartition("#")[2].partition(":http")[0]
    return name[:1].upper() + name[1:] if name.endswith("Exception") else name


def _google_wait(details: Any) -> float | None:
    """`RetryInfo` among an error's details: {"@type": "...RetryInfo", "retryDelay": "34.07s"}."""
    for detail in details if isinstance(details, list) else ():
        if isinstance(detail, dict) and str(detail.get("@type", "")).endswith("RetryInfo"):
            return _seconds(str(detail.get("retryDelay", "")).removesuffix("s"))
    return None


def stated_wait(header: Header) -> float | None:
    """Seconds to wait by the answer's headers: `retry-after-ms`, or `retry-after` in seconds or as a date.

    A date is measured against the answer's own `date`, so that neither clock must be right.
    """
    exact = _seconds(header("retry-after-ms"), each=0.001)
    if exact is not None:
        return exact
    stated = header("retry-after")
    if stated is None:
        return None
    seconds = _seconds(stated)
    if seconds is not None or not stated.strip()[:1].isalpha():
        return seconds
    try:
        wait = parsedate_to_datetime(stated) - parsedate_to_datetime(header("date") or "")
    except (ValueError, TypeError):  # no date, or one with a zone and one without
        return None
    return min(max(wait.total_seconds(), 0.0), _LONGEST_WAIT_S - 1)


def _seconds(text: str | None, *, each: float = 1.0) -> float | None:
    if text is None:
        return None
    try:
        seconds = float(text) * each
    except ValueError:
        return None
    return seconds if 0 <= seconds < _LONGEST_WAIT_S else None


def request_id(header: Header) -> str | None:
    """The number under which the provider files a call."""
    for name in _REQUEST_IDS:
        value = header(name)
        if value is not None:
            return value
    return None
