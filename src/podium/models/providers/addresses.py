"""Base addresses: gaps filled from the environment, and the ways in which people write the same one made one.

A base address ends where every path of a wire begins: `/v1` for OpenAI and Anthropic, `/v1beta` for Gemini. People
give the host alone, an SDK's idea of a base, or the address of an endpoint; all of these are understood.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

from msgspec import Struct

from podium.core.ports import Environment
from podium.core.settings import ProviderSettings
from podium.core.tasks import Locality

from .presets import Preset, Slot

_PRIVATE_NAMES = (".local", ".lan", ".internal", ".home.arpa")
_ENDPOINTS = re.compile(r"/(?:chat/completions|responses|messages|embeddings|models)$")
_VERSION = re.compile(r"/v\d+(?:(?:alpha|beta)\d*)?$")
_GAP = re.compile(r"\{(\w+)\}")
_USER = re.compile(r"^(?P<scheme>[a-z][a-z0-9+.-]*://|//|).*@", re.IGNORECASE | re.DOTALL)
_ONLY_VERSION = re.compile(r"api-version=[\w.-]*")
_PORTAL = re.compile(r"/(?:openai(?:/(?:v1|deployments|responses)(?:/.*)?)?|models(?:/.*)?)$")
"""Below a resource of Azure's: `/openai/deployments/NAME/chat/completions`, `/openai/responses`, `/models/...`."""


class Flaw(Struct, frozen=True, kw_only=True):
    """What is wrong with an address."""

    what: str
    """To be said of it."""
    remedy: str


_NO_ADDRESS = Flaw(what="is not an http address", remedy="Write it as https://HOST/v1.")
_CREDENTIALS = Flaw(
    what="holds a user name or a password",
    remedy="Credentials do not belong in an address, which is shown and logged: put the key into api_key, or "
    "`authorization` under headers.",
)
_MORE = Flaw(
    what="goes on after the path, with a query (?) or a fragment (#)",
    remedy="Leave it out: each call's own path is put behind the address, mostly after /v1.",
)


class Filled(Struct, frozen=True, kw_only=True):
    """An address without gaps; `missing` are those nothing was found for."""

    url: str
    missing: tuple[Slot, ...] = ()


def slots_of(preset: Preset, settings: ProviderSettings, environ: Environment) -> dict[str, str]:
    """What fills the gaps of this preset's addresses: the configuration, the environment, the default."""
    stated = {"region": settings.region, "project": settings.project}
    filled: dict[str, str] = {}
    for slot in preset.slots:
        found = stated.get(slot.name) or next(
            (value for name in slot.variables if (value := environ.get(name, "").strip())), slot.default
        )
        if found:
            filled[slot.name] = (of_portal(found) if preset.name == "azure" else found).rstrip("/")
    return filled


def fill(template: str, preset: Preset, values: Mapping[str, str]) -> Filled:
    """A preset's address with its gaps filled."""
    missing = tuple(slot for slot in preset.slots if slot.name not in values and f"{{{slot.name}}}" in template)
    url = _GAP.sub(lambda gap: values.get(gap[1], gap[0]), template)
    for made, real in preset.hosts.items():
        url = url.replace(f"//{made}/", f"//{real}/")
    return Filled(url=url, missing=missing)


def flaw_of(url: str) -> Flaw | None:
    """Why calls cannot be sent there; None where they can."""
    try:
        parts = urlsplit(url)
        # A port nobody can have raises when it is read.
        is_http = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return _NO_ADDRESS
    if parts.username is not None:
        return _CREDENTIALS
    if not is_http:
        return _NO_ADDRESS
    return _MORE if "?" in url or "#" in url else None


def shown(url: str) -> str:
    """An address as it may be shown: without what could be a password, or a key in a query."""
    # The last @ counts, also behind a ? or #: a password may hold both.
    masked = _USER.sub(r"\g<scheme>***@", url, count=1)
    plain = re.split(r"[?#]", masked, maxsplit=1)[0]
    return plain if plain == masked else f"{plain}{masked[len(plain)]}..."


def host_of(url: str) -> str | None:
    """The host and port an address names; None where it names none."""
    try:
        return urlsplit(url).netloc.lower() or None
    except ValueError:
        return None


def of_portal(url: str) -> str:
    """An address of Azure's as its portal gives it to be copied, cut down to where every path begins: the deployment
    and the version of the API are said elsewhere now."""
    before, _, query = url.partition("?")
    if query and not _ONLY_VERSION.fullmatch(query):
        return url
    return _PORTAL.sub("", before.rstrip("/"))


def normal(base_url: str, preset: Preset, dialect: str) -> str:
    """The address as this provider's wires want it, for `dialect` as the one it speaks."""
    url = _ENDPOINTS.sub("", base_url.rstrip("/")).rstrip("/")
    path = urlsplit(url).path
    usual = urlsplit(preset.base_url).path if preset.base_url and "://" in preset.base_url else ""
    if preset.name == "azure":
        return url if path.endswith("/v1") else f"{url.removesuffix('/openai')}/openai/v1"
    if dialect == "anthropic":
        # Its SDKs are given the address without the version, also below a path (https://api.deepseek.com/anthropic).
        return url if _VERSION.search(path) or _placed(preset) else f"{url}/v1"
    if dialect == "gemini":
        # A base for OpenAI's clients, from before Podium spoke Gemini's own wire.
        url = url.removesuffix("/openai")
        return url if urlsplit(url).path else f"{url}{usual or '/v1beta'}"
    if not path and usual and "{" not in usual:
        return url + usual
    return f"{url}/v1" if not path and preset.name == "litellm" else url


def _placed(preset: Preset) -> bool:
    """Whether its wires' paths name the model, so that what stands before them is no mere version."""
    return any(wire.path for wire in preset.wires)


def place(base_url: str) -> str:
    """The address without the ways in which people write the same one."""
    return base_url.rstrip("/").removesuffix("/v1").replace("//localhost", "//127.0.0.1")


def locality_of(preset: Preset, base_url: str) -> Locality:
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
