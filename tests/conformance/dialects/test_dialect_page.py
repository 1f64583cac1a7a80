"""docs/dialects.md says what the suite declares, and every wire rule is held by tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rules import RULES, Rule
from sdk_pairs import every_scenario
from table import COMMAND, page

ROOT = Path(__file__).parents[3]


def test_the_page_is_up_to_date() -> None:
    assert (ROOT / "docs" / "dialects.md").read_text("utf-8") == page(), f"run: {COMMAND}"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.says.partition(" ")[0])
def test_a_rule_is_held_by_tests_that_exist(rule: Rule) -> None:
    known = {scenario.name for scenario in every_scenario()}
    assert set(rule.scenarios) <= known
    assert rule.scenarios or rule.tests
    for test in rule.tests:
        file, _, name = test.partition("::")
        assert re.search(rf"^ *(async )?def {name}\(", (ROOT / file).read_text("utf-8"), re.MULTILINE), test


def test_there_are_thirty_rules() -> None:
    assert len(RULES) == 30
    assert len({rule.says for rule in RULES}) == 30
