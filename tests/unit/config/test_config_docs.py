"""docs/configuration.md is in step with the settings, and its examples are true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from podium.core.settings import Settings
from podium.surface.config import (
    ENVIRONMENT,
    InvalidConfig,
    describe_environment,
    describe_settings,
    read_settings,
)
from podium.surface.config.__main__ import main
from podium.surface.config.kinds import described
from podium.surface.config.reference import renewed, written

PAGE = Path(__file__).parents[3] / "docs" / "configuration.md"


def fenced(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)


def test_the_page_is_renewed() -> None:
    page = PAGE.read_text("utf-8")
    assert describe_settings() in page
    assert describe_environment() in page
    assert renewed(page) == page, "run: python -m podium.surface.config docs/configuration.md"


def test_every_setting_has_a_meaning() -> None:
    assert [setting.path for setting in described() if not setting.meaning] == []


def test_every_setting_has_a_row_and_every_group_a_table() -> None:
    text = describe_settings()
    rows = re.findall(r"^\| `(\S+)` \|", text, re.MULTILINE)
    assert rows == sorted(set(rows), key=rows.index)
    assert set(rows) == {setting.path for setting in described()}
    assert "routes.<name>.rules[].use.tier" in rows
    assert text.count("\n### ") + 1 == len({setting.group for setting in described()})
    assert all(line.count(" | ") == 3 for line in text.splitlines() if line.startswith("| `"))
    assert all(f"`{variable.name}`" in describe_environment() for variable in ENVIRONMENT)


@pytest.mark.parametrize("text", fenced("yaml"))
def test_an_example_of_the_page_loads(text: str) -> None:
    loaded = read_settings(text, name="podium.yaml", environ={"PORT": "8080", "TEAM_OPENAI_KEY": "k"})
    assert loaded.settings != Settings()
    assert loaded.warnings == ()


def test_the_errors_shown_are_the_errors_raised() -> None:
    with pytest.raises(InvalidConfig) as caught:
        read_settings(
            """\
server:
  prot: 4000
routes:
  support:
    rules:
      - {when: {sensitivity: personal}, use: {tier: 5}}
""",
            name="podium.yaml",
            environ={},
        )
    assert fenced("text") == [f"{caught.value}\n"]


def test_the_generator_rewrites_what_is_between_its_marks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- generated: environment -->\nold\n\n<!-- end -->\nafter\n")
    assert main([str(page)]) == 0
    assert describe_environment() in page.read_text()
    assert "old" not in page.read_text()
    assert page.read_text().startswith("before\n")
    assert page.read_text().endswith("<!-- end -->\nafter\n")
    assert main([]) == 2
    assert "docs/configuration.md" in capsys.readouterr().err
    with pytest.raises(KeyError):
        renewed("<!-- generated: poems -->\n\n<!-- end -->")


def test_a_default_of_a_new_kind_is_not_shown_wrongly() -> None:
    assert [written(value) for value in (True, 2.0, 0.125, "x", 3)] == ["true", "2", "0.125", "x", "3"]
    with pytest.raises(TypeError, match="teach"):
        written(b"x")
