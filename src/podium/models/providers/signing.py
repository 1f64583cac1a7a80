"""How a call proves who pays for it: a key in a header, or a signature made for each call.

Keys are plain data and cost a call nothing. What must be computed (AWS's Signature Version 4) or fetched and renewed
(Google's access tokens) is a `Signer`; each comes with an extra and is entered in `SIGNERS` under its scheme.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from types import MappingProxyType
from typing import Protocol, cast

from msgspec import Struct

from podium.core.ports import Environment

from .presets import Auth


class Signer(Protocol):
    """Makes the headers that sign one call."""

    async def sign(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Mapping[str, str]:
        """Headers to add to these (their names in lower case), for exactly this call; `body` is b"" for a GET.

        Raises ProviderError(CREDENTIAL) where there are no credentials, with what to do about it.
        """
        ...


class SigningFacts(Struct, frozen=True, kw_only=True):
    """What a signer is made from."""

    provider: str
    """The name it has in errors."""
    region: str | None
    environ: Environment


def _maker(module: str, kind: str) -> Callable[[SigningFacts], Signer]:
    def make(facts: SigningFacts) -> Signer:
        return cast(Signer, getattr(import_module(f".{module}", __package__), kind)(facts))

    return make


SIGNERS: Mapping[Auth, Callable[[SigningFacts], Signer]] = MappingProxyType(
    {"sigv4": _maker("sigv4", "SigV4Signer"), "google-oauth": _maker("google_oauth", "GoogleSigner")}
)
"""Scheme -> its maker. A maker imports what is heavy when it is called, not before."""

_NEEDS: Mapping[Auth, tuple[str, str]] = MappingProxyType(
    {"sigv4": ("botocore", "bedrock"), "google-oauth": ("google.auth", "vertex")}
)
"""Scheme -> the module it needs and the extra that brings it."""


def missing_extra(auth: Auth) -> str | None:
    """The extra that must be installed before this scheme works; None where nothing is missing."""
    needed = _NEEDS.get(auth)
    if needed is None:
        return None
    module, extra = needed
    try:
        return None if find_spec(module) is not None else extra
    except ModuleNotFoundError:  # the package above it is missing
        return extra


def key_headers(auth: Auth, key: str | None) -> dict[str, str]:
    """The header that carries a key. Schemes that sign take a ready token as a bearer instead."""
    if key is None or auth == "none":
        return {}
    if auth in ("x-api-key", "x-goog-api-key", "api-key"):
        return {auth: key}
    return {"authorization": f"Bearer {key}"}


_SHORTEST_SECRET = 12
"""Shorter header values are names and flags."""


def secrets_of(*values: str | None) -> tuple[str, ...]:
    """What nobody may read of these keys and header values, the longest first: each whole, what follows a scheme
    (`Bearer`, `Basic`), and what Basic wraps."""
    found: set[str] = set()
    for value in values:
        if not value:
            continue
        scheme, _, bare = value.strip().partition(" ")
        found |= {value, bare.strip()}
        if scheme.lower() == "basic":
            found |= _unwrapped(bare)
    return tuple(sorted((each for each in found if len(each) >= _SHORTEST_SECRET), key=len, reverse=True))


def _unwrapped(basic: str) -> set[str]:
    """`user:password` of Basic's, and the password alone."""
    try:
        pair = b64decode(basic.strip(), validate=True).decode()
    except ValueError:  # no base64, or no text inside
        return set()
    return {pair, pair.partition(":")[2]}
