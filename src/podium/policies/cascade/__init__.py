"""Judgements of answers: so far whether an answer has the shape that was asked for.

Belongs here: verdicts over a task and an answer, and what a verdict leads to.
Never here: calls to models, the text of answers kept anywhere.
"""

from .structure import judge_structure

__all__ = ["judge_structure"]
