"""Which kind of work a task is: a weighted sum of features a type, and the softmax of the sums as confidence.

The weights were set by hand on the tuning part of the labelled prompts, and scaled so that on prompts unseen the mean
confidence (0.64) agrees with the share of right judgements (0.67). A learned model replaces `WEIGHTS`, nothing else.
"""

from __future__ import annotations

from math import exp
from types import MappingProxyType
from typing import Final

from podium.core.tasks import Guess, TaskType

_T = TaskType

BIAS: Final = MappingProxyType(
    {
        _T.CLASSIFICATION: -0.3, _T.EXTRACTION: -0.3, _T.SUMMARISATION: -0.2, _T.SIMPLE_QA: 0.5, _T.CODE: -0.3,
        _T.PLANNING: -0.4, _T.REASONING: -0.3, _T.CREATIVE: -0.2, _T.TRANSLATION: -0.3, _T.VISION: -4.0,
        _T.AUDIO: -4.0, _T.TOOL_EXECUTION: -3.0, _T.CONVERSATION: -0.7,
    }
)  # fmt: skip

WEIGHTS: Final = MappingProxyType(
    {
        "say_classify": {_T.CLASSIFICATION: 1.7},
        "say_extract": {_T.EXTRACTION: 1.7},
        "say_summarise": {_T.SUMMARISATION: 2.4},
        "say_translate": {_T.TRANSLATION: 2.6},
        "into_language": {_T.TRANSLATION: 2.8, _T.SIMPLE_QA: -1.2},
        "say_code": {_T.CODE: 1.2},
        "code_terms": {_T.CODE: 1.0},
        "code_marks": {_T.CODE: 1.6, _T.CONVERSATION: -1.0, _T.SIMPLE_QA: -0.6},
        "say_plan": {_T.PLANNING: 1.9},
        "say_reason": {_T.REASONING: 1.7},
        "math_marks": {_T.REASONING: 1.2},
        "quantities": {_T.REASONING: 1.2, _T.SIMPLE_QA: -0.3},
        "say_create": {_T.CREATIVE: 1.9},
        "say_write": {_T.CREATIVE: 0.8, _T.CODE: 0.4, _T.SIMPLE_QA: -0.8, _T.CONVERSATION: -0.8},
        "say_act": {_T.TOOL_EXECUTION: 0.4},
        "say_chat": {_T.CONVERSATION: 2.0},
        "say_ask": {_T.SIMPLE_QA: 1.3, _T.REASONING: 0.2},
        "question": {_T.SIMPLE_QA: 0.9, _T.CONVERSATION: -0.2, _T.CREATIVE: -0.8, _T.PLANNING: -0.4},
        "statement": {_T.SIMPLE_QA: -0.8},
        "tells_of_self": {_T.CONVERSATION: 1.3},
        "say_format": {_T.EXTRACTION: 1.2, _T.CODE: 0.2},
        "say_span": {_T.PLANNING: 0.6},
        "say_material": {_T.EXTRACTION: 0.5, _T.SUMMARISATION: 0.5, _T.CLASSIFICATION: 0.4, _T.SIMPLE_QA: -0.6},
        "choice": {_T.SIMPLE_QA: -0.6, _T.CLASSIFICATION: 1.8, _T.REASONING: 0.2},
        "condition": {_T.REASONING: 1.0},
        "story": {_T.REASONING: 1.4, _T.SIMPLE_QA: -1.0},
        "decision": {_T.REASONING: 1.8},
        "to_you": {_T.CONVERSATION: 1.8},
        "short": {_T.SIMPLE_QA: 0.6, _T.CONVERSATION: 0.5, _T.SUMMARISATION: -0.8, _T.EXTRACTION: -0.5},
        "long": {_T.SIMPLE_QA: -1.0, _T.CONVERSATION: -1.5, _T.SUMMARISATION: 0.5},
        "has_body": {
            _T.CLASSIFICATION: 0.5,
            _T.EXTRACTION: 0.6,
            _T.SUMMARISATION: 0.6,
            _T.TRANSLATION: 0.3,
            _T.SIMPLE_QA: -0.8,
            _T.CONVERSATION: -1.2,
        },
        "image": {_T.VISION: 10.0},
        "image_before": {_T.VISION: 3.0},
        "audio": {_T.AUDIO: 10.5},
        "audio_before": {_T.AUDIO: 3.0},
        "tools": {_T.TOOL_EXECUTION: 4.2, _T.SIMPLE_QA: -1.0},
        "tools_and_order": {_T.TOOL_EXECUTION: 1.0},
        "tools_and_act": {_T.TOOL_EXECUTION: 2.5},
        "after_tool": {_T.TOOL_EXECUTION: 6.0},
        "schema": {_T.EXTRACTION: 1.0, _T.CLASSIFICATION: 0.5, _T.CONVERSATION: -1.5},
        "deep": {_T.CONVERSATION: 0.4},
        "empty": {_T.CONVERSATION: 0.5},
    }
)  # fmt: skip

_TYPES: Final = tuple(TaskType)
_BIASES: Final = tuple(BIAS[kind] for kind in _TYPES)
_ROWS: Final = MappingProxyType(
    {name: tuple((_TYPES.index(kind), weight) for kind, weight in row.items()) for name, row in WEIGHTS.items()}
)


def score_task_types(found: dict[str, float]) -> dict[TaskType, float]:
    """The weighted sum of every type: what an explanation shows."""
    return dict(zip(_TYPES, _sums(found), strict=True))


def judge_task_type(found: dict[str, float], declared: TaskType | None) -> Guess[TaskType]:
    """The likeliest type and its softmax share; what the caller declared wins."""
    if declared is not None:
        return Guess(declared, 1.0)
    sums = _sums(found)
    top = max(sums)
    share = 1.0 / sum([exp(value - top) for value in sums])
    return Guess(_TYPES[sums.index(top)], share)


def _sums(found: dict[str, float]) -> list[float]:
    sums = list(_BIASES)
    rows = _ROWS
    for name, value in found.items():
        for place, weight in rows[name]:
            sums[place] += weight * value
    return sums
