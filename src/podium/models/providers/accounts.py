"""Which providers there are: the configuration's, those whose key stands in the environment, local ones that answered.

Pure: environment and discovered servers are handed in, so the whole set-up can be told from its inputs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import get_args

from msgspec import Struct, field
from msgspec.structs import replace

from podium.core.errors import ConfigError
from podium.core.ports import Environment, ListedModel
from podium.core.settings import ProviderSettings, SpokenDialect
from podium.core.tasks import Locality, Operation

from .addresses import fill, flaw_of, host_of, locality_of, normal, of_portal, place, shown, slots_of
from .discovery import LocalServer
from .listing import names
from .presets import COMPATIBLE, PRESETS, Listing, Preset, Wire, find_preset, preset_for_key
from .signing import SigningFacts, missing_extra

_SPOKEN: tuple[str, ...] = get_args(SpokenDialect)
_SIGNED = ("sigv4", "google-oauth")


class Account(Struct, frozen=True, kw_only=True):
    """One provider as this set-up sees it."""

    name: str
    preset: Preset
    """With `dialect` of the configuration applied."""
    base_url: str
    locality: Locality
    key: str | None = None
    found: str
    """Where it came from: `podium.yaml`, `OPENAI_API_KEY`, `127.0.0.1:11434`."""
    problem: str | None = None
    """Why it cannot be used, with the remedy; None where it can."""
    awaits: str | None = None
    """What is still to come before all of its models are known, in words; None: nothing."""
    models: tuple[str, ...] | None = None
    """Limited to these, or what it listed; None: what the catalog knows of it."""
    listed: Mapping[str, ListedModel] = field(default_factory=dict)
    """What it says of its models, by name, where it was asked."""
    headers: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float | None = None
    listings: tuple[Listing, ...] = (Listing(),)
    signing: SigningFacts | None = None
    """What each call must be signed with; None where a key in a header does."""

    @property
    def usable(self) -> bool:
        return self.problem is None

    @property
    def lists_itself(self) -> bool:
        """Whether its models, or what they cost, are only known by asking it."""
        if self.preset.marketplace:
            return True
        return self.models is None and (self.locality == "local" or self.preset.name in _COMPATIBLE_NAMES)

    def with_listed(self, models: Iterable[ListedModel]) -> Account:
        """The same, knowing what it lists; the configuration's own limits stay."""
        listed = {model.name: model for model in models}
        limited = tuple(listed) if self.models is None else self.models
        return replace(self, listed=listed, models=limited, awaits=None)

    def awaiting(self, what: str) -> Account:
        """The same without a list, for now: only what the configuration names is known of it."""
        return replace(self, models=() if self.models is None else self.models, awaits=what)

    def __repr__(self) -> str:
        """Without the key: this value ends up in logs and error reports."""
        return (
            f"Account(name={self.name!r}, base_url={self.base_url!r}, found={self.found!r}, problem={self.problem!r})"
        )


_COMPATIBLE_NAMES = frozenset(preset.name for preset in COMPATIBLE.values())


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
    spoken_for = {_preset_name(settings.preset or name) for name, settings in configured.items()} | set(configured)
    if use_environment:
        for preset, variable in preset_for_key(environ):
            if preset.name not in spoken_for and (account := _found(preset, variable, environ)) is not None:
                result.append(account)
    taken = {place(account.base_url) for account in result}
    taken |= {place(settings.base_url) for settings in configured.values() if settings.base_url is not None}
    for server in local_servers:
        preset = server.preset
        if preset.base_url is not None and preset.name not in spoken_for and place(preset.base_url) not in taken:
            result.append(
                Account(
                    name=preset.name,
                    preset=preset,
                    base_url=preset.base_url,
                    locality="local",
                    found=f"127.0.0.1:{preset.port}",
                    models=names(server.models),
                    listed={model.name: model for model in server.models},
                    listings=preset.listings,
                )
            )
    return tuple(result)


def _preset_name(name: str) -> str:
    preset = find_preset(name)
    return name if preset is None else preset.name


def _found(preset: Preset, variable: str, environ: Environment) -> Account | None:
    """A provider whose key stands in the environment; None where the environment does not say where it is."""
    values = slots_of(preset, ProviderSettings(), environ)
    filled = None if preset.base_url is None else fill(preset.base_url, preset, values)
    if filled is None or filled.missing:
        return None
    flaw = flaw_of(filled.url)
    base_url = shown(filled.url) if flaw is not None else normal(filled.url, preset, preset.wires[0].dialect)
    return Account(
        name=preset.name,
        preset=preset,
        base_url=base_url,
        locality=preset.locality,
        key=environ[variable].strip(),
        found=variable,
        problem=None if flaw is None else f"{_place_of(preset, environ)} {flaw.what}: {flaw.remedy}",
        listings=_listings(preset, values, base_url),
    )


def _place_of(preset: Preset, environ: Environment) -> str:
    """The variable its address was read from."""
    named = (name for slot in preset.slots for name in slot.variables if environ.get(name, "").strip())
    return next(named, "its address")


def _configured(name: str, settings: ProviderSettings, environ: Environment) -> Account:
    preset = _speaking(_preset_of(name, settings), settings.dialect)
    values = slots_of(preset, settings, environ)
    problems: list[str] = []
    if settings.base_url is not None:
        base_url = settings.base_url
    elif preset.base_url is not None:
        filled = fill(preset.base_url, preset, values)
        base_url = filled.url
        problems += [_nowhere(name, preset, slot.name, slot.variables[0]) for slot in filled.missing]
    else:
        raise ConfigError(
            f"provider `{name}` has no address",
            remedy="Give its base_url, up to and including /v1, or name a preset.",
            field=f"providers.{name}.base_url",
        )
    if not problems:
        base_url = _sound(name, base_url, preset)
    key = (settings.api_key or "").strip() or next(
        (environ[v].strip() for v in preset.key_variables if environ.get(v, "").strip()), None
    )
    if key is None and preset.key_variables and not preset.key_optional:
        problems.append(
            f"no key: set {preset.key_variables[0]} or providers.{name}.api_key"
            + (f" (get one at {preset.sign_up})" if preset.sign_up else "")
        )
    signed = preset.auth in _SIGNED and key is None
    if signed:
        problems += _cannot_sign(preset)
    return Account(
        name=name,
        preset=preset,
        base_url=base_url,
        locality=settings.locality or locality_of(preset, base_url),
        key=key,
        found="podium.yaml",
        problem="; ".join(problems) or None,
        models=settings.models,
        headers=settings.headers,
        timeout_s=settings.timeout_s,
        listings=_listings(preset, values, base_url),
        signing=SigningFacts(provider=name, region=values.get("region"), environ=environ) if signed else None,
    )


def _sound(name: str, base_url: str, preset: Preset) -> str:
    """The address as the wires want it. Raises ConfigError where no call could be sent there, without its secrets."""
    address = of_portal(base_url) if preset.name == "azure" else base_url
    flaw = flaw_of(address)
    if flaw is None:
        return normal(address, preset, preset.wires[0].dialect)
    raise ConfigError(
        f"base_url of provider `{name}` {flaw.what}: {shown(base_url)!r}",
        remedy=flaw.remedy,
        field=f"providers.{name}.base_url",
    )


def _preset_of(name: str, settings: ProviderSettings) -> Preset:
    preset = find_preset(settings.preset or name)
    if preset is not None:
        return preset
    if settings.preset is not None:
        raise ConfigError(
            f"there is no preset `{settings.preset}`",
            remedy=f"Presets: {', '.join(PRESETS)}.",
            field=f"providers.{name}.preset",
        )
    return COMPATIBLE[settings.dialect or "openai-chat"]


def _speaking(preset: Preset, dialect: str | None) -> Preset:
    """The preset with this as its only dialect for chats; what else it does stays as it is."""
    if dialect is None:
        return preset
    others = tuple(wire for wire in preset.wires if wire.operation is not Operation.CHAT)
    own = next((wire for wire in preset.wires if wire.dialect == dialect), None)
    if own is not None:
        return replace(preset, wires=(own, *others))
    pattern = COMPATIBLE[dialect]
    spoken = next((wire for wire in pattern.wires if wire.dialect == dialect), Wire(dialect=dialect))
    known = preset.name in _COMPATIBLE_NAMES
    # Under another dialect a known vendor keeps its key's place; a server nobody knows has its dialect's.
    return replace(
        preset,
        wires=(spoken, *(() if known and dialect not in ("openai-chat", "openai-responses") else others)),
        auth=pattern.auth if known else preset.auth,
        listings=pattern.listings if known else preset.listings,
    )


def _listings(preset: Preset, values: Mapping[str, str], base_url: str) -> tuple[Listing, ...]:
    """Its lists with their gaps filled. One at a whole address of its own belongs to the preset's own address only:
    what stands elsewhere is somebody else's, and so is the key."""
    own = None if preset.base_url is None else host_of(fill(preset.base_url, preset, values).url)
    elsewhere = own is None or host_of(base_url) != own
    return tuple(
        replace(listing, path=fill(listing.path, preset, values).url) if "{" in listing.path else listing
        for listing in preset.listings
        if not (elsewhere and "://" in listing.path)
    )


def _nowhere(name: str, preset: Preset, gap: str, variable: str) -> str:
    field = gap if gap in ("region", "project") else "base_url"
    return f"no {gap}: set {variable} or providers.{name}.{field}"


def _cannot_sign(preset: Preset) -> list[str]:
    """Why calls that must be signed cannot be; empty where they can."""
    extra = missing_extra(preset.auth)
    return [] if extra is None else [f'{preset.title} needs an extra: pip install "podium[{extra}]"']
