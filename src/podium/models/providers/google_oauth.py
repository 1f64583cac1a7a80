"""Google's access tokens for Vertex AI: fetched with google-auth, kept until shortly before they expire.

Sources: Google Cloud's page "How Application Default Credentials works", and google-auth's own loaders. A token is
fetched in a thread, by one caller for all who wait. google-auth's ready-made search reads the process's environment
and needs `requests`; here the environment is handed in and the standard library carries the request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from podium.core.errors import FailureKind, ProviderError

from .google_credentials import Unusable, find_credentials
from .signing import SigningFacts

_REMEDY = (
    "Run `gcloud auth application-default login`, set GOOGLE_APPLICATION_CREDENTIALS to a key's file, or give a token"
    " as api_key."
)


class GoogleSigner:
    """Puts an access token into calls of one provider."""

    def __init__(self, facts: SigningFacts) -> None:
        from google.auth import credentials, exceptions  # noqa: F401  # loaded here, not while a call waits

        self._provider = facts.provider
        self._environ = facts.environ
        self._states = credentials.TokenState
        self._found: Any = None
        self._fetching = asyncio.Lock()

    async def sign(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Mapping[str, str]:
        """`authorization`, and `x-goog-user-project` where the credentials bill another project's quota."""
        if not self._fresh():
            async with self._fetching:
                if not self._fresh():
                    await self._fetch()
        signed: dict[str, str] = {}
        self._found.apply(signed)
        return {name.lower(): value for name, value in signed.items()}

    def _fresh(self) -> bool:
        return self._found is not None and self._found.token_state is self._states.FRESH

    async def _fetch(self) -> None:
        """A new token. One that is still good for minutes outlives a failure to renew it."""
        from google.auth import exceptions

        try:
            await asyncio.to_thread(self._refresh)
        except (Unusable, exceptions.GoogleAuthError, OSError, ValueError) as exc:
            if self._found is not None and self._found.token_state is self._states.STALE:
                return
            unreachable = isinstance(exc, exceptions.TransportError)
            raise ProviderError(
                f"{self._provider} cannot be called: Google gave no access token: {_said(exc)}.",
                kind=FailureKind.CREDENTIAL,
                provider=self._provider,
                remedy="Check the network between here and Google's token server." if unreachable else _REMEDY,
            ) from exc

    def _refresh(self) -> None:
        from .google_transport import UrllibRequest

        if self._found is None:
            self._found = find_credentials(self._environ)
        self._found.refresh(UrllibRequest())


def _said(exc: Exception) -> str:
    """The message alone: google-auth puts the whole answer beside it."""
    return str(exc.args[0] if exc.args else exc).rstrip(".")
