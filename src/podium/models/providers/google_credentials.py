"""Google's application default credentials, looked for where the environment handed in says.

The order is Google's: the file GOOGLE_APPLICATION_CREDENTIALS names, what `gcloud auth application-default login`
left, and the metadata server of the machine. Each kind of file has its own loader in google-auth.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from podium.core.ports import Environment

from .google_transport import UrllibRequest

_SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
_FILE = "application_default_credentials.json"
_METADATA_HOST = "metadata.google.internal"
_METADATA_TIMEOUT_S = 3
_METADATA_PATH = "/computeMetadata/v1/instance/service-accounts/default/token"
_KINDS = "service_account, authorized_user, impersonated_service_account or external_account"


class Unusable(Exception):
    """Credentials that are not there, or that cannot be used."""


def find_credentials(environ: Environment) -> Any:
    """google-auth's object for what was found. Blocks: call it in a thread. Raises Unusable."""
    named = environ.get("GOOGLE_APPLICATION_CREDENTIALS", "").strip()
    if named:
        return _from_file(Path(named))
    folder = environ.get("CLOUDSDK_CONFIG", "").strip()
    home = environ.get("HOME", "").strip()
    if folder or home:
        file = Path(folder or f"{home}/.config/gcloud") / _FILE
        if file.is_file():
            return _from_file(file)
    if environ.get("NO_GCE_CHECK", "").lower() == "true":
        raise Unusable("no application default credentials were found")
    return _on_this_machine(environ.get("GCE_METADATA_HOST", "").strip() or _METADATA_HOST)


def _from_file(file: Path) -> Any:
    try:
        info = msgspec.json.decode(file.read_bytes())
    except OSError as exc:
        raise Unusable(f"{file} cannot be read: {exc.strerror}") from exc
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise Unusable(f"{file} is not JSON") from exc
    if not isinstance(info, dict):
        raise Unusable(f"{file} holds no credentials")
    try:
        return _loaded(info, file)
    except (ValueError, KeyError, TypeError) as exc:  # google-auth's own errors for malformed files are ValueErrors
        raise Unusable(f"{file} holds credentials that cannot be read: {type(exc).__name__}") from exc


def _loaded(info: Mapping[str, Any], file: Path) -> Any:
    kind = info.get("type")
    loader: Any = None  # google-auth leaves its loaders untyped
    if kind == "service_account":
        from google.oauth2 import service_account

        loader = service_account.Credentials.from_service_account_info
    elif kind == "authorized_user":
        from google.oauth2 import credentials

        loader = credentials.Credentials.from_authorized_user_info
    elif kind == "impersonated_service_account":
        from google.auth import impersonated_credentials

        loader = impersonated_credentials.Credentials.from_impersonated_service_account_info
    elif kind == "external_account" and "environment_id" not in info.get("credential_source", {}):
        from google.auth import identity_pool

        loader = identity_pool.Credentials.from_info
    if loader is not None:
        return loader(info, scopes=_SCOPES)
    raise Unusable(f"{file} holds credentials of the kind {str(kind)[:40]!r}; understood are {_KINDS} without AWS")


def _on_this_machine(host: str) -> Any:
    from google.auth.credentials import Credentials
    from google.auth.exceptions import TransportError

    class MachineCredentials(Credentials):  # made here, for its base is imported when it is needed
        """The machine's own service account. google-auth has the same and needs `requests` for it."""

        def refresh(self, request: UrllibRequest) -> None:
            try:
                answer = request(
                    f"http://{host}{_METADATA_PATH}",
                    headers={"Metadata-Flavor": "Google"},
                    timeout=_METADATA_TIMEOUT_S,
                )
            except TransportError as exc:
                raise Unusable("no application default credentials were found, and this is no Google machine") from exc
            try:
                told = msgspec.json.decode(answer.data) if answer.status == 200 else {}
                self.token = told["access_token"]
                lasts = timedelta(seconds=int(told["expires_in"]))
            except (msgspec.DecodeError, KeyError, TypeError, ValueError) as exc:
                raise Unusable("the machine's metadata server gave no token") from exc
            self.expiry = datetime.now(UTC).replace(tzinfo=None) + lasts  # naive, as google-auth compares it

    made: Any = MachineCredentials
    return made()
