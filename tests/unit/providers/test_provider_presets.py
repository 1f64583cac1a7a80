"""Presets: data that must be sane, because nobody looks at it again before a key is sent there."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest

from podium.models.providers import PRESETS, Preset
from podium.models.providers.presets import preset_for_key

_EACH = pytest.mark.parametrize("preset", PRESETS.values(), ids=str)


def test_names_ports_addresses_and_variables_are_unique() -> None:
    assert list(PRESETS) == [preset.name for preset in PRESETS.values()]
    for facts in (
        [preset.port for preset in PRESETS.values() if preset.port],
        [preset.base_url for preset in PRESETS.values() if preset.base_url],
        [variable for preset in PRESETS.values() for variable in preset.key_variables],
        [preset.title for preset in PRESETS.values()],
    ):
        assert len(set(facts)) == len(facts)


@_EACH
def test_a_name_can_stand_before_a_slash(preset: Preset) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9-]*", preset.name)
    assert preset.name != "auto"
    assert preset.dialect == "openai-chat"


@_EACH
def test_keys_travel_encrypted_and_local_servers_are_here(preset: Preset) -> None:
    if preset.base_url is None:
        assert preset.key_optional
        return
    address = urlsplit(preset.base_url)
    assert not preset.base_url.endswith("/")
    if preset.locality == "cloud":
        assert address.scheme == "https"
        assert preset.key_variables, "a cloud provider wants a key"
        assert preset.sign_up, "and a person wants to know where to get it"
        assert "/" not in preset.sign_up
        assert preset.port is None
    else:
        assert address.hostname == "127.0.0.1"
        assert address.port == preset.port
        assert address.path == "/v1"
        assert preset.key_variables == ()


@_EACH
def test_variables_look_like_variables(preset: Preset) -> None:
    for variable in preset.key_variables:
        assert re.fullmatch(r"[A-Z][A-Z0-9_]*_API_KEY", variable)


def test_a_key_is_found_by_its_variable_the_first_of_several_first() -> None:
    environ = {"GOOGLE_API_KEY": "b", "GEMINI_API_KEY": "a", "MISTRAL_API_KEY": "  ", "UNRELATED": "c"}
    assert [(preset.name, variable) for preset, variable in preset_for_key(environ)] == [("google", "GEMINI_API_KEY")]


def test_presets_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        PRESETS["openai"] = PRESETS["groq"]  # type: ignore[index]  # what is refused
