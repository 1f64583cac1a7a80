"""What `podium init` writes is true: as written it changes nothing, and each example loads."""

from __future__ import annotations

import re

import pytest

from podium.core.settings import Settings
from podium.surface.config import LoadedSettings, commented_config, read_settings
from podium.surface.config.kinds import described

EXAMPLES = {
    block.splitlines()[0].split(":")[0]: block
    for block in (
        "".join(line[2:] + "\n" for line in part.splitlines() if line.startswith("# "))
        for part in commented_config().split("\n\n")
    )
    if block
}
WITH_DEFAULTS = ("engine", "routing", "privacy", "server", "store", "record", "discover")


def read(text: str) -> LoadedSettings:
    """With the presets Podium ships: the names in the examples have to be real ones."""
    return read_settings(text, name="podium.yaml", environ={"TEAM_OPENAI_KEY": "k"})


def test_as_written_it_equals_the_defaults() -> None:
    text = commented_config()
    assert read(text) == LoadedSettings(settings=Settings(), source=None)
    assert all(line == "" or line.startswith(("# ", "##")) for line in text.splitlines())


def test_it_shows_every_setting_at_the_top_once() -> None:
    assert sorted(EXAMPLES) == sorted(Settings.__struct_fields__)


@pytest.mark.parametrize("name", [name for name in EXAMPLES if name not in WITH_DEFAULTS])
def test_an_example_loads_and_changes_its_setting(name: str) -> None:
    text = EXAMPLES["providers"] + EXAMPLES["models"] if name == "models" else EXAMPLES[name]
    loaded = read(text)
    assert getattr(loaded.settings, name) != getattr(Settings(), name)
    assert loaded.warnings == ()


@pytest.mark.parametrize("name", WITH_DEFAULTS)
def test_the_defaults_shown_are_the_defaults(name: str) -> None:
    assert read(EXAMPLES[name]).settings == Settings()
    shown = set(re.findall(r"^  (\w+): ", EXAMPLES[name], re.MULTILINE))
    assert shown == {setting.name for setting in described() if setting.group == name}


def test_all_examples_together_load() -> None:
    text = re.sub(r"^# ", "", commented_config(), flags=re.MULTILINE)
    assert read(text).warnings == ()


def test_lines_fit_a_terminal_with_some_goodwill() -> None:
    assert max(map(len, commented_config().splitlines())) <= 130
