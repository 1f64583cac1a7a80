"""The token estimate against counts of the o200k_base vocabulary, taken once and written down here."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.policies.profile import estimate_tokens

PROSE = (
    "The committee approved the new timetable on Monday. Trains will run every twelve minutes during the day and every "
    "half hour at night, and tickets bought before the change remain valid until the end of the year."
)
CODE = '''def mean(values: list[float]) -> float:
    """Arithmetic mean; raises ValueError for an empty list."""
    if not values:
        raise ValueError("no values")
    return sum(values) / len(values)
'''
GERMAN = "Die Lieferung verzögert sich leider um zwei Tage, weil das Lager wegen einer Inventur geschlossen war."
RUSSIAN = "Встреча переносится на четверг, просьба подтвердить участие до конца рабочего дня."
CHINESE = "请把下面的会议纪要总结成三点，并列出每个人的任务。今天下午三点我们讨论了新产品的发布计划。"
JSON = '{"order": {"id": 48213, "items": [{"sku": "A-17", "qty": 2}, {"sku": "B-03", "qty": 1}], "total": 129.90}}'

COUNTED: list[tuple[str, int]] = [(PROSE, 41), (CODE, 46), (GERMAN, 21), (RUSSIAN, 19), (CHINESE, 32), (JSON, 49)]


@pytest.mark.parametrize(("text", "tokens"), COUNTED, ids=["prose", "code", "german", "russian", "chinese", "json"])
def test_close_to_a_real_vocabulary(text: str, tokens: int) -> None:
    assert estimate_tokens(text) == pytest.approx(tokens, rel=0.25)


def test_empty_is_nothing_and_anything_is_something() -> None:
    assert estimate_tokens("") == 0
    assert estimate_tokens("a") == 1


@given(st.text(alphabet=st.characters()))
def test_never_raises_and_stays_within_the_bytes(text: str) -> None:
    tokens = estimate_tokens(text)
    assert (tokens == 0) == (text == "")
    assert tokens <= 1 + 2 * len(text)


@given(st.text(), st.text())
def test_joining_adds_up(one: str, other: str) -> None:
    assert abs(estimate_tokens(one + other) - estimate_tokens(one) - estimate_tokens(other)) <= 2
