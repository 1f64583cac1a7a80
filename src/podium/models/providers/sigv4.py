"""AWS Signature Version 4 for calls to Bedrock: credentials found by botocore, each call signed on the event loop.

Source: the AWS documentation, "Create a signed AWS API request". The signature itself is computed here: botocore's own
takes several times as long, for it builds a request object and the signing key anew each time; that both agree is a
test. Finding and renewing credentials reads files and asks services, so it is done in a thread, and once at a time.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

from podium.core.clock import Clock, SystemClock
from podium.core.errors import FailureKind, ProviderError

from .aws_credentials import CredentialChain, Keys, NoCredentials
from .signing import SigningFacts

_SERVICE = "bedrock"
_ALGORITHM = "AWS4-HMAC-SHA256"
_IN_HOST = re.compile(r"(?:^|\.)bedrock(?:-runtime)?(?:-fips)?\.(?P<region>[a-z]{2}(?:-[a-z]+)+-\d)\.")
_MOST_ON_LOOP = 256 * 1024
"""Bytes hashed on the event loop, about a quarter of a millisecond; a larger body is hashed in a thread."""
_DEFAULT_PORTS = {"http": 80, "https": 443}


class SigV4Signer:
    """Signs calls of one provider."""

    def __init__(self, facts: SigningFacts, *, clock: Clock | None = None) -> None:
        self._provider = facts.provider
        self._clock = clock or SystemClock()
        self._chain = CredentialChain(facts.environ)
        self._region = facts.region
        self._renewing = asyncio.Lock()
        self._found: Any = None
        self._keys: Keys | None = None
        # The key for one day, region and service, which is four sums of its own.
        self._derived: tuple[tuple[str, str, str], bytes] | None = None

    async def sign(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Mapping[str, str]:
        """`authorization`, `x-amz-date`, `x-amz-content-sha256`, and `x-amz-security-token` for temporary keys."""
        keys = await self._usable()
        if len(body) > _MOST_ON_LOOP:
            digest = await asyncio.to_thread(_digest, body)
        else:
            digest = _digest(body)
        parts = urlsplit(url)
        now = self._clock.now().astimezone(UTC)
        return self._signed(method, parts, digest, headers.get("content-type"), keys, now)

    def _signed(
        self, method: str, parts: Any, digest: str, content_type: str | None, keys: Keys, now: datetime
    ) -> dict[str, str]:
        stamp = now.strftime("%Y%m%dT%H%M%SZ")
        region = self._region_of(parts.hostname or "")
        own = {"x-amz-content-sha256": digest, "x-amz-date": stamp}
        if keys.token:
            own["x-amz-security-token"] = keys.token
        covered = {"host": _host(parts), **own}
        if content_type is not None:
            covered["content-type"] = content_type
        names = sorted(covered)
        listed = ";".join(names)
        canonical = "\n".join(
            (
                method,
                quote(parts.path or "/", safe="/-_.~"),  # the path as it is sent, encoded once more
                "&".join(sorted(_pair(pair) for pair in parts.query.split("&") if pair)),
                *[f"{name}:{' '.join(covered[name].split())}" for name in names],
                "",
                listed,
                digest,
            )
        )
        scope = f"{stamp[:8]}/{region}/{_SERVICE}/aws4_request"
        to_sign = f"{_ALGORITHM}\n{stamp}\n{scope}\n{_digest(canonical.encode())}"
        signature = hmac.digest(self._signing_key(keys.secret, stamp[:8], region), to_sign.encode(), "sha256").hex()
        credential = f"{_ALGORITHM} Credential={keys.access}/{scope}"
        own["authorization"] = f"{credential}, SignedHeaders={listed}, Signature={signature}"
        return own

    def _signing_key(self, secret: str, day: str, region: str) -> bytes:
        about = (secret, day, region)
        if self._derived is not None and self._derived[0] == about:
            return self._derived[1]
        key = f"AWS4{secret}".encode()
        for word in (day, region, _SERVICE, "aws4_request"):
            key = hmac.digest(key, word.encode(), "sha256")
        self._derived = (about, key)
        return key

    def _region_of(self, host: str) -> str:
        """The one the address names: a signature for another would be refused there. Else the configuration's."""
        found = _IN_HOST.search(host)
        region = found["region"] if found else self._region or self._chain.region
        if region is None:
            raise self._without("AWS calls are signed for a region, and none is known.", "Set AWS_REGION.")
        return region

    async def _usable(self) -> Keys:
        """Keys that are valid for a while; found, or renewed in time, by one caller for all."""
        if self._keys is not None and not self._chain.ageing(self._found):
            return self._keys
        async with self._renewing:
            if self._keys is not None and not self._chain.ageing(self._found):
                return self._keys
            try:
                self._found, keys = await asyncio.to_thread(self._chain.keys, self._found)
            except NoCredentials as missing:
                raise self._without(str(missing), missing.remedy) from missing
            self._keys = keys
            return keys

    def _without(self, what: str, remedy: str) -> ProviderError:
        return ProviderError(
            f"{self._provider} cannot be called: {what}",
            kind=FailureKind.CREDENTIAL,
            provider=self._provider,
            remedy=remedy,
        )


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _host(parts: Any) -> str:
    """As the client sends it: without the port that goes without saying."""
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    return host if parts.port in (None, _DEFAULT_PORTS.get(parts.scheme)) else f"{host}:{parts.port}"


def _pair(pair: str) -> str:
    return pair if "=" in pair else f"{pair}="
