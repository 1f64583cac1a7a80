"""How hard a task is, 1 (a lookup) to 10 (research): what its type usually takes, plus what its shape adds."""

from __future__ import annotations

from math import log2
from types import MappingProxyType
from typing import Final

from podium.core.tasks import Guess, TaskType

from .reading import LISTS, Reading

_T = TaskType
USUAL: Final = MappingProxyType(
    {
        _T.CLASSIFICATION: 1.7, _T.EXTRACTION: 2.0, _T.SUMMARISATION: 2.9, _T.SIMPLE_QA: 1.2, _T.CODE: 3.7,
        _T.PLANNING: 4.8, _T.REASONING: 5.8, _T.CREATIVE: 3.2, _T.TRANSLATION: 2.0, _T.VISION: 2.0, _T.AUDIO: 2.3,
        _T.TOOL_EXECUTION: 2.4, _T.CONVERSATION: 1.0,
    }
)  # fmt: skip
"""What a plain task of each type takes."""

_HARD: Final = LISTS.index("hard")
# Lists of which a first word says nothing: (number, what each further one adds, the most they add).
_FURTHER: Final = (
    (LISTS.index("constraint"), 0.2, 0.8),
    (LISTS.index("condition"), 0.2, 0.6),
    (LISTS.index("step"), 0.15, 0.6),
)
_BASE_TOKENS: Final = 60


def judge_complexity(
    reading: Reading, found: dict[str, float], task_type: Guess[TaskType], density: float, input_tokens: int
) -> Guess[int]:
    """The level and how sure we are. `density` is the share of field words, `input_tokens` the estimated length."""
    ask, known = reading.ask, reading.known
    level = USUAL[task_type.value]
    # Twice the input is a bit more work: 60 tokens add nothing, 2,000 about 1.3, 100,000 about 2.7.
    if input_tokens > _BASE_TOKENS:
        level += 0.25 * log2(input_tokens / _BASE_TOKENS)
    level += min(1.8, 0.6 * known[_HARD])
    for number, worth, most in _FURTHER:
        if known[number] > 1:
            level += min(most, worth * (known[number] - 1))
    wanted = asks(ask)
    if wanted > 1:
        level += min(1.0, 0.3 * (wanted - 1))
    # Every number is a step of a calculation; the type has counted the first ones.
    level += 0.8 * max(0.0, found.get("quantities", 0.0) - 1.5)
    level += 0.5 * found.get("math_marks", 0.0) + 0.25 * found.get("code_marks", 0.0)
    level += 2.0 * min(0.4, density)
    level += min(0.8, 0.08 * max(0, reading.turns - 1))
    level += 0.3 if reading.schema else 0.0
    level += min(0.6, 0.1 * reading.tools)
    # A wrong type moves the level by two or three, so the level is no surer than the type.
    return Guess(max(1, min(10, round(level))), 0.3 + 0.6 * task_type.confidence)


def asks(ask: str) -> int:
    """Questions and list items in the ask, at most 12: how many things are wanted at once."""
    count = ask.count("?") + ask.count("？")
    if "\n" in ask:
        if "-" in ask or "*" in ask:
            count += ask.count("\n- ") + ask.count("\n* ")
        number = 1
        while number < 10 and f"\n{number}. " in ask:
            number += 1
        count += number - 1
    return min(12, count)
