"""Which field of knowledge a task moves in: the share of each field's words among the words of the task."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from podium.core.tasks import Domain, Guess, TaskType

from .lexicon import DOMAIN_SUBSTRINGS, UNSPACED
from .reading import FIELD_WORDS, LISTS, Reading, ends

_FIELDS: Final = tuple((Domain(name), LISTS.index(name)) for name in FIELD_WORDS)
_GENERAL_PRIOR: Final = 0.85
"""Words of a field that everyday text uses by chance; fewer than this is general."""
_TYPE_HINT: Final = MappingProxyType({TaskType.CODE: (Domain.CODE, 2.5), TaskType.REASONING: (Domain.SCIENCE, 0.3)})


def judge_domain(
    reading: Reading, task_type: Guess[TaskType], code_marks: float, language: str
) -> tuple[Guess[Domain], float]:
    """The domain, and how dense its words are (0 to 1 of all words)."""
    known = reading.known
    scores = {domain: float(known[number]) for domain, number in _FIELDS}
    if language in UNSPACED:
        ask = ends(reading.ask)
        for name, cues in DOMAIN_SUBSTRINGS.items():
            scores[Domain(name)] += 1.5 * sum([cue in ask for cue in cues])
    terms = max(scores.values())
    scores[Domain.CODE] += 1.5 * code_marks
    hint = _TYPE_HINT.get(task_type.value)
    if hint is not None:
        scores[hint[0]] += hint[1] * task_type.confidence
    # A long general text meets field words by chance, so the bar rises slowly with its length.
    scores[Domain.GENERAL] = _GENERAL_PRIOR + 0.01 * reading.length
    best = max(scores, key=lambda domain: scores[domain])
    total = sum(scores.values())
    density = min(1.0, terms / max(8, reading.length))
    return Guess(best, scores[best] / total), density
