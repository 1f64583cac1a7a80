"""Which providers there are: the configuration's, those whose key stands in the environment, local ones that answered.

Pure: environment and discovered servers are handed in, so the whole set-up can be told from its inputs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

from msgspec import Struct, field

from podium.core.errors import ConfigError
from podium.core.ports import Environment
from podium.core.settings import ProviderSettings
from podium.core.tasks import Locality

from .discovery import LocalServer
from .presets import PRESETS, Preset, preset_for_key

_PRIVATE_NAMES = (".local", ".lan", ".internal", ".home.arpa")


class Account(Struct, frozen=True, kw_only=True):
    """One provider as this set-up sees it."""

    name: str
    preset: Preset
    base_url: str
    locality: Locality
    key: str | None = None
    found: str
    """Where it came from: `podium.yaml`, `OPENAI_API_KEY`, `127.0.0.1:11434`."""
    problem: str | None = None
    """Why it cannot be used, with the remedy; None where it can."""
    models: tuple[str, ...] | None = None
    """Limited to these, or what it listed; None: what the catalog knows of it."""
    headers: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float | None = None

    @property
    def usable(self) -> bool:
        return self.problem is None

    @property
    def lists_itself(self) -> bool:
        """Whether its models are only known by asking it."""
        return self.models is None and (self.locality == "local" or self.preset.name == "openai-compatible")

    def __repr__(self) -> str:
        """Without the key: this value ends up in logs and error reports."""
        return (
            f"Account(name={self.name!r}, base_url={self.base_url!r}, found={self.found!r}, problem={self.problem!r})"
        )


def accounts(
    configured: Mapping[str, ProviderSettings],
    *,
    environ: Environment,
    use_environment: bool,
    local_servers: Iterable[LocalServer] = (),
) -> tuple[Account, ...]:
    """Configured providers first, then keys in the environment, then local servers; a preset already used is not
    taken again, and one switched off stays off. Raises ConfigError for a provider that cannot be understood.
    """
    result = [_configured(name, settings, environ) for name, settings in configured.items() if settings.enabled]
    spoken_for = {(settings.preset or name) for name, settings in configured.items()} | set(configured)
    if use_environment:
        for preset, variable in preset_for_key(environ):
            if preset.name not in spoken_for and preset.base_url is not None:
                result.append(
                    Account(
                        name=preset.name,
                        preset=preset,
                        base_url=preset.base_url,
                        locality=preset.locality,
                        key=environ[variable].strip(),
                        found=variable,
                    )
                )
    taken = {_place(account.base_url) for account in result}
    taken |= {_place(settings.base_url) for settings in configured.values() if settings.base_url is not None}
    for server in local_servers:
        preset = server.preset
        if preset.base_url is not None and preset.name not in spoken_for and _place(preset.base_url) not in taken:
            result.append(
                Account(
                    name=preset.name,
                    preset=preset,
                    base_url=preset.base_url,
                    locality="local",
                    found=f"127.0.0.1:{preset.port}",
                    models=server.models,
                )
            )
    return tuple(result)


def _place(base_url: str) -> str:
    """The address without the ways in which people write the same one."""
    return base_url.rstrip("/").removesuffix("/v1").replace("//localhost", "//127.0.0.1")


def _is_address(base_url: str) -> bool:
    try:
        parts = urlsplit(base_url)
        # A user and password would be shown wherever the address is; a credential belongs into api_key or headers.
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and parts.username is None
    except ValueError:  # an impossible port, a bracket left open
        return False


def _configured(name: str, settings: ProviderSettings, environ: Environment) -> Account:
    preset = PRESETS.get(settings.preset or name)
    if preset is None:
        if settings.preset is not None:
            raise ConfigError(
                f"there is no preset `{settings.preset}`",
                remedy=f"Presets: {', '.join(PRESETS)}.",
                field=f"providers.{name}.preset",
            )
        preset = PRESETS["openai-compatible"]
    base_url = settings.base_url or preset.base_url
    if base_url is None:
        raise ConfigError(
            f"provider `{name}` has no address",
            remedy="Give its base_url, up to and including /v1, or name a preset.",
            field=f"providers.{name}.base_url",
        )
    if not _is_address(base_url):
        raise ConfigError(
            f"base_url of provider `{name}` is not an http address: {base_url!r}",
            remedy="Write it as https://HOST/v1.",
            field=f"providers.{name}.base_url",
        )
    if preset.port is not None and base_url.rstrip("/").count("/") == 2:
        base_url = base_url.rstrip("/") + "/v1"  # people give Ollama's address as it prints it, without /v1
    key = (settings.api_key or "").strip() or next(
        (environ[v].strip() for v in preset.key_variables if environ.get(v, "").strip()), None
    )
    problem = None
    if key is None and preset.key_variables and not preset.key_optional:
        problem = f"no key: set {preset.key_variables[0]} or providers.{name}.api_key" + (
            f" (get one at {preset.sign_up})" if preset.sign_up else ""
        )
    return Account(
        name=name,
        preset=preset,
        base_url=base_url,
        locality=settings.locality or _locality(preset, base_url),
        key=key,
        found="podium.yaml",
        problem=problem,
        models=settings.models,
        headers=settings.headers,
        timeout_s=settings.timeout_s,
    )


def _locality(preset: Preset, base_url: str) -> Locality:
    """Where prompts sent there stay, unless the configuration says.

    A local server's preset counts as local only on this machine or a private network: private data goes there, and a
    rented machine on a public address is somebody else's.
    """
    if preset.locality == "cloud":
        return "cloud"
    host = urlsplit(base_url).hostname or ""
    try:
        return "local" if ip_address(host).is_private else "cloud"
    except ValueError:
        return "local" if "." not in host or host.endswith(_PRIVATE_NAMES) else "cloud"
