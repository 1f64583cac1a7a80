"""What no single field can tell: names that fit together, rules that can match, addresses that can be reached.

Each check speaks only about parts that were read without a problem, so one slip never causes two complaints.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from urllib.parse import urlsplit

from podium.core.settings import ModelSettings, ProviderSettings, RouteSettings, Settings

from .report import FieldPath, Report
from .rules import check_rules

NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*"
"""What a provider or a route may be called: it travels in `model` names, headers and URLs."""

_NAME = re.compile(NAME)
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_LOOPBACK = ("localhost", "127.", "::1")


def check(settings: Settings, report: Report, presets: frozenset[str]) -> None:
    """Reject what cannot work and warn of what is hardly meant. `presets` are provider names known by themselves."""
    known = presets.union(report.names_under(("providers",)))
    for name in report.names_under(("providers",)):
        _check_name(name, ("providers", name), "provider", report)
    for name, provider in settings.providers.items():
        if report.sound(("providers", name)):
            _check_provider(name, provider, report, presets)
    for key in report.names_under(("models",)):
        _check_model_key(key, report, known)
    for key, model in settings.models.items():
        if report.sound(("models", key)):
            _check_model(key, model, report)
    for name in report.names_under(("routes",)):
        _check_name(name, ("routes", name), "route", report)
    for name, route in settings.routes.items():
        check_rules(("routes", name), route, report)
        _check_models_exist(("routes", name), route, settings, report)
    _check_store(settings, report)
    _check_host(settings, report)


def _check_name(name: str, path: FieldPath, what: str, report: Report) -> None:
    if name == "auto":
        report.reject(
            path,
            f"is no name for a {what}: `auto` asks for the default route.",
            "Call it `default` to change plain `auto`." if what == "route" else "Choose another name.",
            on="key",
        )
    elif "/" in name or any(character.isspace() for character in name):
        report.reject(
            path,
            f"is no name for a {what}: it holds a slash or a space.",
            f"Choose a name such as `{re.sub(r'[^A-Za-z0-9._-]+', '-', name).strip('-') or what}`.",
            on="key",
        )
    elif _NAME.fullmatch(name) is None:
        report.reject(
            path,
            f"is no name for a {what}.",
            "Begin with a letter or digit; go on with letters, digits, `.`, `_` and `-`.",
            on="key",
        )


def _check_provider(name: str, provider: ProviderSettings, report: Report, presets: frozenset[str]) -> None:
    path: FieldPath = ("providers", name)
    if provider.preset is not None and provider.preset not in presets:
        report.reject((*path, "preset"), f"`{provider.preset}` is no preset.", _preset_hint(provider.preset, presets))
    elif provider.preset is None and provider.base_url is None and name not in presets:
        report.reject(
            path,
            "is no provider known by name, and has neither `preset` nor `base_url`.",
            f"Add `base_url:` with its address up to /v1. {_preset_hint(name, presets)}",
            on="key",
        )
    if provider.base_url is not None:
        _check_url((*path, "base_url"), provider.base_url, report, azure=(provider.preset or name) == "azure")
    if provider.api_key is not None:
        _check_key((*path, "api_key"), provider, report)
    for header, value in provider.headers.items():
        if _HEADER_NAME.fullmatch(header) is None:
            report.reject(
                (*path, "headers", header), "is no name for a header.", "Use letters, digits and `-`.", on="key"
            )
        elif any(ord(character) < 32 or ord(character) == 127 for character in value):
            report.reject(
                (*path, "headers", header), "holds a line break or control character.", "Write it on one line."
            )


def _preset_hint(name: str, presets: frozenset[str]) -> str:
    like = get_close_matches(name.lower(), presets, n=1)
    if like:
        return f"Did you mean `{like[0]}`?"
    return f"Presets: {', '.join(sorted(presets))}." if presets else ""


def _check_url(path: FieldPath, url: str, report: Report, *, azure: bool) -> None:
    """Says nothing of the address itself, which may hold a password: errors end up in logs."""
    # Here and not above: a file without addresses need not load every vendor's.
    from podium.models.providers.addresses import flaw_of, of_portal

    remedy = "Write it like `http://127.0.0.1:8000/v1`."
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or any(character.isspace() for character in url):
        report.reject(path, "is no address of the form http://HOST or https://HOST.", remedy)
    elif (flaw := flaw_of(of_portal(url) if azure else url)) is not None:
        report.reject(path, f"{flaw.what}.", flaw.remedy)


def _check_key(path: FieldPath, provider: ProviderSettings, report: Report) -> None:
    """Says nothing of the key itself: errors end up in logs."""
    key = provider.api_key or ""
    if not key:
        report.reject(path, "is empty.", "Set the key, or remove the line for the preset's own variable.")
    elif not all("!" <= character <= "~" for character in key):
        report.reject(
            path,
            "holds a space, a line break or a character no key has.",
            "Copy the key again, without what surrounds it.",
        )
    elif not report.refers(path) and not _is_local(provider):
        report.warn(path, "the key is written in the file; `${NAME}` keeps it in the environment.")


def _is_local(provider: ProviderSettings) -> bool:
    if provider.locality == "local":
        return True
    host = urlsplit(provider.base_url).hostname if provider.base_url else None
    return host is not None and host.startswith(_LOOPBACK)


def _check_model_key(key: str, report: Report, providers: frozenset[str]) -> None:
    path: FieldPath = ("models", key)
    provider, slash, model = key.partition("/")
    if not slash or not provider or not model:
        report.reject(
            path,
            "must be `provider/model`: settings belong to a model at one provider.",
            f"Write `PROVIDER/{key.strip('/') or 'MODEL'}`.",
            on="key",
        )
    elif provider not in providers:
        like = get_close_matches(provider, providers, n=1)
        hint = f"Did you mean `{like[0]}/{model}`?" if like else f"Add `{provider}` under `providers`."
        report.reject(path, f"names the provider `{provider}`, which does not exist.", hint, on="key")


def _check_model(key: str, model: ModelSettings, report: Report) -> None:
    if model.context is not None and model.max_output is not None and model.max_output > model.context:
        report.reject(
            ("models", key, "max_output"),
            f"is {model.max_output}, more than the context window of {model.context}.",
            "The window holds question and answer together: raise `context` or lower this.",
        )


def _check_models_exist(route_path: FieldPath, route: RouteSettings, settings: Settings, report: Report) -> None:
    """Warn of models that a rule names and nobody described. A server may still list one, so it is no error."""
    for place, rule in zip(report.steps_under((*route_path, "rules")), route.rules, strict=True):
        path: FieldPath = (*route_path, "rules", place, "use", "models")
        for number, name in enumerate(rule.use.models or ()):
            if name.strip() and not _may_exist(name, settings):
                report.warn(
                    (*path, number),
                    f"neither Podium's catalog nor this file knows a model `{name}`: the rule finds it only where a "
                    "provider lists it itself. See `podium models`.",
                )


def _may_exist(name: str, settings: Settings) -> bool:
    # Here and not above: most files name no model in a rule and need no catalog.
    from podium.models.catalog.cards import find_card

    owner, _, rest = name.partition("/")
    provider = settings.providers.get(owner)
    if provider is not None and (provider.base_url is not None or _is_local(provider)) and provider.models is None:
        return True  # a server that tells its models itself, and was not asked
    stated = {key.partition("/")[2] for key in settings.models}
    stated.update(settings.models)
    for each in settings.providers.values():
        stated.update(each.models or ())
    return name in stated or rest in stated or find_card(name) is not None


def _check_store(settings: Settings, report: Report) -> None:
    """Says nothing of the URL itself: it may hold a password."""
    if not report.sound(("store",)):
        return
    scheme, separator, rest = settings.store.partition("://")
    if separator and scheme.partition("+")[0] in ("sqlite", "postgresql") and rest:
        return
    remedy = "Write `sqlite:///podium.db` or `postgresql://USER:PASSWORD@HOST/NAME`."
    if separator and scheme == "postgres":
        remedy = "Write `postgresql://` instead of `postgres://`."
    elif separator and scheme.partition("+")[0] == "sqlite":
        remedy = "A file's name follows three slashes: `sqlite:///podium.db`."
    report.reject(("store",), "is no URL of a SQLite or PostgreSQL database.", remedy)


def _check_host(settings: Settings, report: Report) -> None:
    if not report.sound(("server", "host")):
        return
    host = settings.server.host
    if not host or "/" in host or host.count(":") == 1 or any(character.isspace() for character in host):
        report.reject(
            ("server", "host"),
            "is no address to listen on.",
            "Write an address alone, such as `127.0.0.1`; the port has its own setting.",
        )
