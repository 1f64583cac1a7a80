"""Presets: each known provider as data. Adding one is a row in one of these tables and nothing else.

Belongs here: addresses, variables, quirks, and the page each row was written from.
Never here: code that acts on them, keys, a choice between providers.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from .clouds import CLOUDS
from .hosts import HOSTS
from .preset import Auth, Listing, Preset, Reader, Slot, Wire
from .servers import SERVERS
from .vendors import VENDORS

ALIASES: Mapping[str, str] = MappingProxyType({"llama.cpp": "llamacpp"})
"""Other names people give a preset."""

PRESETS: Mapping[str, Preset] = MappingProxyType(
    {preset.name: preset for table in (VENDORS, CLOUDS, HOSTS, SERVERS) for preset in table}
)

COMPATIBLE: Mapping[str, Preset] = MappingProxyType(
    {
        "openai-chat": PRESETS["openai-compatible"],
        "openai-responses": PRESETS["openai-compatible"],
        "anthropic": PRESETS["anthropic-compatible"],
        "gemini": PRESETS["gemini-compatible"],
    }
)
"""Dialect -> what is assumed of a server of which only that is known."""


def find_preset(name: str) -> Preset | None:
    """The preset of this name, or of the name this is another word for."""
    return PRESETS.get(ALIASES.get(name, name))


def preset_for_key(environ: Mapping[str, str]) -> list[tuple[Preset, str]]:
    """Every preset whose key stands in the environment, with the variable's name."""
    found: list[tuple[Preset, str]] = []
    for preset in PRESETS.values():
        variable = next((name for name in preset.key_variables if environ.get(name, "").strip()), None)
        if variable is not None:
            found.append((preset, variable))
    return found


__all__ = [
    "ALIASES",
    "COMPATIBLE",
    "PRESETS",
    "Auth",
    "Listing",
    "Preset",
    "Reader",
    "Slot",
    "Wire",
    "find_preset",
    "preset_for_key",
]
