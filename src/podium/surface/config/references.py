"""`${NAME}` in a value stands for an environment variable, so that keys need not be in the file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches

from msgspec import Struct

_REFERENCE = re.compile(r"\$\$\{|\$\{(?P<name>[^}\n]*)(?P<end>\}?)")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Unresolved(Struct, frozen=True, kw_only=True):
    """A reference that stands for nothing. `written` is how it begins in the file."""

    written: str
    message: str
    remedy: str


class Resolved(Struct, frozen=True, kw_only=True):
    """A text with its references replaced; `names` are those it had."""

    text: str
    names: tuple[str, ...] = ()
    faults: tuple[Unresolved, ...] = ()


def resolve(text: str, environ: Mapping[str, str]) -> Resolved:
    """Replace each `${NAME}`; `$${` stands for a plain `${`. A value is not searched again for references."""
    if "${" not in text:
        return Resolved(text=text)
    names: list[str] = []
    faults: list[Unresolved] = []

    def replaced(match: re.Match[str]) -> str:
        if match["name"] is None:
            return "${"
        name = match["name"]
        if not match["end"] or _NAME.fullmatch(name) is None:
            faults.append(
                Unresolved(
                    written=match[0],
                    message=f"has `{match[0][:40]}`, which names no environment variable.",
                    remedy="Write `${NAME}` with letters, digits and _ only, or `$${` for a plain `${`.",
                )
            )
        elif name not in environ:
            faults.append(_missing(name, environ))
        else:
            names.append(name)
            return environ[name]
        return ""

    return Resolved(text=_REFERENCE.sub(replaced, text), names=tuple(names), faults=tuple(faults))


def _missing(name: str, environ: Mapping[str, str]) -> Unresolved:
    like = get_close_matches(name, environ, n=1, cutoff=0.8)
    hint = f" `{like[0]}` is set: is that the one?" if like else ""
    return Unresolved(
        written=f"${{{name}}}",
        message=f"needs the environment variable `{name}`, which is not set.",
        remedy=f"Set it (`export {name}=...`) or replace `${{{name}}}`.{hint}",
    )
