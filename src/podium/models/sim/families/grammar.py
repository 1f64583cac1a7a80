"""Sentences that can be written and read back: templates with slots, compiled once into one pattern.

Writing and reading share the templates, never the values: what a solver knows it has read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from random import Random

_SLOT = re.compile(r"\{(\w+)\}")
_SENTENCE_END = re.compile(r"(?<=[.?!])\s+")
LONGEST = 6000
"""Characters: longer prompts are none of ours, and searching them would cost more than answering."""

Reading = tuple[str, dict[str, str]]


class Grammar:
    """`forms` maps a meaning to its wordings; `slots` maps a slot's name to the pattern of its values."""

    def __init__(self, forms: Mapping[str, Sequence[str]], slots: Mapping[str, str]) -> None:
        self._forms = forms
        self._slots = slots

    def write(self, rng: Random, key: str, **values: object) -> str:
        """One wording of a meaning."""
        return rng.choice(self._forms[key]).format(**values)

    def read(self, sentence: str) -> Reading | None:
        """The meaning and slots of a whole sentence, or None."""
        return self._reading(self._pattern.fullmatch(sentence))

    def find(self, text: str) -> Reading | None:
        """The first meaning found anywhere in a text, or None."""
        return self._reading(self._pattern.search(text))

    def _reading(self, match: re.Match[str] | None) -> Reading | None:
        if match is None or match.lastgroup is None:
            return None
        key, slots = self._names[match.lastgroup]
        return key, {slot: match[f"{match.lastgroup}_{slot}"] for slot in slots}

    @cached_property
    def _names(self) -> dict[str, tuple[str, list[str]]]:
        flat = [(key, wording) for key, wordings in self._forms.items() for wording in wordings]
        return {f"g{i}": (key, _SLOT.findall(wording)) for i, (key, wording) in enumerate(flat)}

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        wordings = [wording for forms in self._forms.values() for wording in forms]
        parts = []
        for i, wording in enumerate(wordings):
            body, place = "", 0
            for slot in _SLOT.finditer(wording):
                body += re.escape(wording[place : slot.start()]) + f"(?P<g{i}_{slot[1]}>{self._slots[slot[1]]})"
                place = slot.end()
            parts.append(f"(?P<g{i}>{body}{re.escape(wording[place:])})")
        return re.compile("|".join(parts))


def sentences(text: str) -> list[str]:
    """A text cut after full stops, question and exclamation marks that end a sentence."""
    return _SENTENCE_END.split(text.strip())
