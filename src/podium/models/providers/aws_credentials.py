"""AWS credentials by botocore's own finders, each told the environment that was handed in.

botocore's ready-made chain reads the process's environment; its finders, one by one, can be told another. The order is
its own: keys in the environment, a profile (assumed role, web identity, single sign-on, files, a process), a
container's role, an instance's. What an SDK client of botocore's needs besides, to ask STS or single sign-on for such
a profile, it still reads itself: a proxy, a bundle of certificates.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from msgspec import Struct

from podium.core.ports import Environment

_REMEDY = "Set AWS_BEARER_TOKEN_BEDROCK, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE."
_DEFAULT = "default"
_INSTANCE_TIMEOUT_S = 1
_INSTANCE_ATTEMPTS = 1
_WEB_IDENTITY = (
    ("web_identity_token_file", "AWS_WEB_IDENTITY_TOKEN_FILE"),
    ("role_arn", "AWS_ROLE_ARN"),
    ("role_session_name", "AWS_ROLE_SESSION_NAME"),
)


class Keys(Struct, frozen=True, kw_only=True):
    """What signs a call."""

    access: str
    secret: str
    token: str | None = None

    def __repr__(self) -> str:
        """Without the secrets."""
        return f"Keys(access={self.access!r})"


class NoCredentials(Exception):
    """Nothing was found, or what was found cannot be used."""

    def __init__(self, what: str, remedy: str = _REMEDY) -> None:
        super().__init__(what)
        self.remedy = remedy


class CredentialChain:
    """Finds credentials and keeps them fresh. Everything but `ageing` blocks: call it in a thread."""

    def __init__(self, environ: Environment) -> None:
        # Imported when the first account is made that needs it, not while a call waits for the event loop.
        from botocore import credentials, session  # type: ignore[import-untyped]  # botocore ships no types

        self._environ = environ
        self._credentials = credentials
        self._session = session.Session()
        self._profile = _stated(environ, "AWS_PROFILE", "AWS_DEFAULT_PROFILE")
        self.region: str | None = None
        """What the profile says, once it was read."""
        self._files = _files(environ)
        for name, path in self._files.items():
            self._session.set_config_variable(name, path)

    def ageing(self, found: Any) -> bool:
        """Whether credentials are about to expire; never those that do not."""
        refresh_needed = getattr(found, "refresh_needed", None)
        return refresh_needed is not None and bool(refresh_needed())

    def keys(self, found: Any) -> tuple[Any, Keys]:
        """(the credentials, their keys): those found before, renewed where they age, else found now.

        Raises NoCredentials.
        """
        from botocore.exceptions import (  # type: ignore[import-untyped]  # botocore ships no types
            BotoCoreError,
            ClientError,
        )

        try:
            found = found or self._find()
            frozen = found.get_frozen_credentials()  # renews what ages, and keeps what is left of it where that fails
        except (BotoCoreError, ClientError, OSError, ValueError, RuntimeError) as exc:
            # RuntimeError is botocore's own for credentials that are stale again right after they were renewed.
            raise NoCredentials(f"its AWS credentials cannot be had: {exc}") from exc
        return found, Keys(access=frozen.access_key, secret=frozen.secret_key, token=frozen.token)

    def _find(self) -> Any:
        for finder in self._finders():
            found = finder.load()
            if found is not None:
                return found
        raise NoCredentials("there are no AWS credentials in the environment, a profile, a container or an instance.")

    def _finders(self) -> list[Any]:
        from botocore.utils import InstanceMetadataFetcher  # type: ignore[import-untyped]  # botocore ships no types

        library, environ = self._credentials, self._environ
        instance = InstanceMetadataFetcher(
            timeout=_INSTANCE_TIMEOUT_S, num_attempts=_INSTANCE_ATTEMPTS, env=environ, user_agent="podium", config={}
        )
        found = [library.EnvProvider(environ=environ)]
        profiles = self._profiles()
        name = self._profile or _DEFAULT
        if self._profile is not None and self._profile not in profiles:
            files = " and ".join(self._files.values()) or "no file: HOME is not set"
            raise NoCredentials(f"there is no AWS profile {self._profile!r} ({files}).", "Correct AWS_PROFILE.")
        if name in profiles:
            self._session.set_config_variable("profile", name)
            self.region = profiles[name].get("region")
        web = {field: environ[variable] for field, variable in _WEB_IDENTITY if environ.get(variable)}
        config = {"profiles": {**profiles, name: {**profiles.get(name, {}), **web}}}
        built = library.ProfileProviderBuilder(self._session, region_name=self.region)
        container = library.ContainerProvider(environ=environ)
        on_instance = library.InstanceMetadataProvider(iam_role_fetcher=instance)
        if name in profiles:
            sources = library.CanonicalNameCredentialSourcer([found[0], container, on_instance])
            found.append(
                library.AssumeRoleProvider(
                    load_config=lambda: config,
                    client_creator=self._client,
                    cache={},
                    profile_name=name,
                    credential_sourcer=sources,
                    profile_provider_builder=built,
                )
            )
        found.append(
            library.AssumeRoleWithWebIdentityProvider(
                load_config=lambda: config,
                client_creator=self._client,
                profile_name=name,
                cache={},
                disable_env_vars=True,  # they are in `config`, from the environment handed in
            )
        )
        if name in profiles:
            found += [each for each in built.providers(name, disable_env_vars=True) if not _is_web_identity(each)]
        return [*found, container, on_instance]

    def _profiles(self) -> Mapping[str, Mapping[str, Any]]:
        return self._session.full_config["profiles"] if self._files else {}

    def _client(self, service: str, **more: Any) -> Any:
        region = _stated(self._environ, "AWS_REGION", "AWS_DEFAULT_REGION") or self.region
        return self._session.create_client(service, **{"region_name": region, **more})


def _is_web_identity(finder: Any) -> bool:
    return bool(finder.METHOD == "assume-role-with-web-identity")


def _stated(environ: Environment, *names: str) -> str | None:
    return next((value for name in names if (value := environ.get(name, "").strip())), None)


def _files(environ: Environment) -> dict[str, str]:
    """Where profiles stand, by botocore's names; empty where neither a file nor a home is known."""
    home = environ.get("HOME") or environ.get("USERPROFILE")
    places = (
        ("config_file", "AWS_CONFIG_FILE", "config"),
        ("credentials_file", "AWS_SHARED_CREDENTIALS_FILE", "credentials"),
    )
    found = {}
    for name, variable, file in places:
        stated = environ.get(variable) or (str(PurePosixPath(home) / ".aws" / file) if home else None)
        if stated is not None:
            found[name] = str(PurePosixPath(home) / stated[2:]) if home and stated.startswith("~/") else stated
    return found
