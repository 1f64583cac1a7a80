"""The one request google-auth makes, carried by the standard library: no further dependency for a token an hour."""

from __future__ import annotations

from collections.abc import Mapping
from email.message import Message
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from google.auth import exceptions, transport

_TIMEOUT_S = 15
_MOST_BYTES = 1024 * 1024


class UrllibResponse(transport.Response):
    """An answer, read."""

    def __init__(self, status: int, headers: Mapping[str, str], data: bytes) -> None:
        self._status = status
        self._headers = headers
        self._data = data

    @property
    def status(self) -> int:
        return self._status

    @property
    def headers(self) -> Mapping[str, str]:
        return self._headers

    @property
    def data(self) -> bytes:
        return self._data


class _Stays(HTTPRedirectHandler):
    """Follows no redirect: what is sent here proves who somebody is."""

    def redirect_request(self, req: Request, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> None:
        return None


class UrllibRequest(transport.Request):
    """Blocks: used in a thread."""

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        **_more: Any,
    ) -> UrllibResponse:
        """Raises TransportError where no answer came; any status is an answer."""
        if not url.startswith(("https://", "http://")):
            raise _unreached(f"{url[:200]!r} is no address of a token server")
        request = Request(url, data=body, headers=dict(headers or {}), method=method)
        try:
            with build_opener(_Stays).open(request, timeout=timeout or _TIMEOUT_S) as answer:
                return UrllibResponse(answer.status, _named(answer.headers), answer.read(_MOST_BYTES))
        except HTTPError as refused:
            with refused:
                return UrllibResponse(refused.code, _named(refused.headers), refused.read(_MOST_BYTES))
        except (URLError, HTTPException, OSError) as exc:
            raise _unreached(f"{url.split('?')[0]} did not answer: {exc}") from exc


def _unreached(what: str) -> exceptions.TransportError:
    return exceptions.TransportError(what)  # type: ignore[no-untyped-call]  # google-auth leaves its errors untyped


def _named(headers: Message) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
