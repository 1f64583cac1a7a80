"""Checks the signature of a request (AWS documentation, Signature Version 4, Create a signed request)."""

from __future__ import annotations

import hashlib
import hmac
import re
from urllib.parse import parse_qsl, quote

from ..ask import Refused
from .wire import Incoming

_HEADER = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/,]+)/(?P<date>\d{8})/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request, ?"
    r"SignedHeaders=(?P<names>[^,]+), ?Signature=(?P<signature>[0-9a-f]{64})"
)
_NEEDED = {"host", "x-amz-date"}


def check(incoming: Incoming, secret: str) -> None:
    """Raises Refused where the request was not signed with the secret, or not as it came."""
    given = _HEADER.fullmatch(incoming.headers.get("authorization", ""))
    if given is None:
        raise Refused(403, "Missing Authentication Token", code="MissingAuthenticationTokenException")
    names = given["names"].split(";")
    stamp = incoming.headers.get("x-amz-date", "")
    if not set(names) >= _NEEDED or stamp[:8] != given["date"]:
        raise Refused(403, "The signed headers must hold host and x-amz-date.", code="IncompleteSignatureException")
    declared = incoming.headers.get("x-amz-content-sha256", "")
    body = hashlib.sha256(incoming.body).hexdigest()
    if declared not in ("", "UNSIGNED-PAYLOAD", body):
        raise Refused(403, "x-amz-content-sha256 is not the body's.", code="InvalidSignatureException")
    canonical = "\n".join(
        (
            incoming.method,
            # The path as sent is percent-encoded once more, as for every service but S3.
            quote(incoming.raw_path.decode("latin-1"), safe="/-_.~"),
            _query(incoming.query),
            *(f"{name}:{' '.join(incoming.headers.get(name, '').split())}" for name in names),
            "",
            given["names"],
            declared or body,
        )
    )
    scope = f"{given['date']}/{given['region']}/{given['service']}/aws4_request"
    to_sign = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{secret}".encode()
    for word in scope.split("/"):
        key = hmac.digest(key, word.encode(), "sha256")
    if not hmac.compare_digest(hmac.digest(key, to_sign.encode(), "sha256").hex(), given["signature"]):
        raise Refused(
            403,
            "The request signature we calculated does not match the signature you provided.",
            code="InvalidSignatureException",
        )


def _query(query: str) -> str:
    pairs = sorted((quote(key, safe="-_.~"), quote(value, safe="-_.~")) for key, value in parse_qsl(query, True))
    return "&".join(f"{key}={value}" for key, value in pairs)
