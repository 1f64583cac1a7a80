"""Reads a prompt the way a model would: tries each family's grammar, and knows nothing but the text."""

from __future__ import annotations

from collections.abc import Callable

from .checkable import Question, Solution
from .families import arithmetic, classification, code, dates, extraction, lookup, summary, tools, translation

# Families with a mark of their own come first; those that search sentences come last.
_SOLVERS: tuple[Callable[[Question], Solution | None], ...] = (
    tools.solve,
    extraction.solve,
    lookup.solve,
    translation.solve,
    summary.solve,
    classification.solve,
    code.solve,
    dates.solve,
    arithmetic.solve,
)


def solve(question: Question) -> Solution | None:
    """What a flawless model would make of the prompt, or None for a prompt outside every family."""
    for solver in _SOLVERS:
        solution = solver(question)
        if solution is not None:
            return solution
    return None
