"""The environment variables that choose or override the configuration, in one table.

Only a few: what a container or a unit file sets from outside. Everything else is `${NAME}` in the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import cast

from msgspec import Struct, inspect
from msgspec.structs import replace

from podium.core.settings import Settings

from .kinds import alternatives, root
from .report import FieldPath, Report
from .scalars import Misread, read_scalar

CONFIG_VARIABLE = "PODIUM_CONFIG"
_SWITCH = {"0": False, "1": True}


class Variable(Struct, frozen=True, kw_only=True):
    """One environment variable, the settings it overrides, and what it means."""

    name: str
    sets: tuple[FieldPath, ...] = ()
    meaning: str


ENVIRONMENT = (
    Variable(name=CONFIG_VARIABLE, meaning="The configuration file, where none is given on the command line."),
    Variable(name="PODIUM_STORE", sets=(("store",),), meaning="Where the ledger lives."),
    Variable(name="PODIUM_HOST", sets=(("server", "host"),), meaning="Address the gateway listens on."),
    Variable(name="PODIUM_PORT", sets=(("server", "port"),), meaning="Port the gateway listens on."),
    Variable(
        name="PODIUM_DISCOVER",
        sets=(("discover", "environment"), ("discover", "local")),
        meaning="0: use neither keys found in the environment nor local servers; 1: look for both.",
    ),
)


def override(settings: Settings, environ: Mapping[str, str], report: Report) -> Settings:
    """The settings with the environment's values in place of the file's. An empty variable counts as not set."""
    for variable in ENVIRONMENT:
        text = environ.get(variable.name, "")
        if not text:
            continue
        for path in variable.sets:
            kind = _kind_at(path)
            if isinstance(kind, inspect.BoolType):
                value, fault = _switch(text)
            else:
                value, fault = _read(text, kind)
            report.note(path, source=f"${variable.name}")
            if fault is not None:
                report.reject(path, fault.message, f"{fault.remedy} Or unset {variable.name}.")
            else:
                settings = _replaced(settings, path, value)
    _warn_of_misspelt(environ, report)
    return settings


def _switch(text: str) -> tuple[object, Misread | None]:
    value = _SWITCH.get(text)
    return value, Misread("must be 0 or 1.", "Set it to 0 or 1.") if value is None else None


def _read(text: str, kind: inspect.Type) -> tuple[object, Misread | None]:
    try:
        return read_scalar(text, kind), None
    except Misread as exc:
        return None, exc


def _kind_at(path: FieldPath) -> inspect.Type:
    kind: inspect.Type = root()
    for step in path:
        field = next(f for f in cast(inspect.StructType, kind).fields if f.encode_name == step)
        kind = alternatives(field.type)[0][0]
    return kind


def _replaced(settings: Settings, path: FieldPath, value: object) -> Settings:
    """`settings` with one field changed, at the top or in a group."""
    *group, name = (str(step) for step in path)
    if group:
        value = replace(getattr(settings, group[0]), **{name: value})
        name = group[0]
    return replace(settings, **{name: value})


def _warn_of_misspelt(environ: Mapping[str, str], report: Report) -> None:
    """Other PODIUM_ names are none of our business, unless one looks like a slip of the pen."""
    known = [variable.name for variable in ENVIRONMENT]
    for name in environ:
        if name.startswith("PODIUM_") and name not in known:
            like = get_close_matches(name, known, n=1, cutoff=0.85)
            if like:
                report.warnings.append(f"${name} is set and means nothing; did you mean ${like[0]}?")
