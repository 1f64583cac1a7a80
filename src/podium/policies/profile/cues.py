"""Turns the lexicon's words into named features of a task.

A feature is a number between 0 and about 3 under a readable name (`say_translate`, `code_marks`, `tools`), so that a
judgement can be explained and the hand-set weights in `task_type` replaced by learned ones over the same features.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from .lexicon import TASK_CUES, TASK_SUBSTRINGS
from .reading import Reading

_LEAD: Final = 24
"""Words at the start of the ask that are listened to."""
_OPENING: Final = 6
"""The first of them, which count full."""
_CLOSE: Final = 16
"""Words at the end of the ask: the question often follows the material."""
_SYSTEM: Final = 40
_STEM: Final = 6
_CAP: Final = 2.5
_CODE_MARKS: Final = ("```", "();", "){", ") {", "=>", "->", "==", "def ", "import ", "self.", "</", "SELECT ", "::", "Error:", "@@ ", "const ")
_MATH_MARKS: Final = ("f(", "^", "√", "∑", "∫", "\\frac", "≤", "≥", "%", "km/h", " x ", "=")
_UNSPACED: Final = 240
"""Characters searched for substrings at either end, where words are not spaced."""


def _index(cues: dict[str, str]) -> tuple[MappingProxyType[str, tuple[str, ...]], ...]:
    exact: dict[str, tuple[str, ...]] = {}
    stems: dict[str, tuple[str, ...]] = {}
    pairs: dict[str, tuple[str, ...]] = {}
    for group, text in cues.items():
        name = f"say_{group}"
        for entry in dict.fromkeys(text.split()):
            if entry.endswith("*"):
                table, key = stems, entry[:-1]
            elif "_" in entry:
                table, key = pairs, entry.replace("_", " ")
            else:
                table, key = exact, entry
            table[key] = (*table.get(key, ()), name)
    return MappingProxyType(exact), MappingProxyType(stems), MappingProxyType(pairs)


_EXACT, _STEMS, _PAIRS = _index(TASK_CUES)


def features(reading: Reading) -> dict[str, float]:
    """Every feature of a task that is not zero."""
    found: dict[str, float] = {}
    words = reading.words
    _listen(words[:_OPENING], 1.0, found)
    if len(words) > _OPENING:
        _listen(words[_OPENING - 1 : _LEAD], 0.6, found)
    if len(words) > _LEAD:
        _listen(words[max(_LEAD, len(words) - _CLOSE) :], 0.4, found)
    if reading.system_words:
        _listen(reading.system_words[:_SYSTEM], 0.5, found)
    if not reading.ask.isascii():
        _listen_unspaced(reading.ask, found)
    for name, value in found.items():
        if value > _CAP:
            found[name] = _CAP
    _structure(reading, found)
    if "say_ask" in found and "question" not in found and not (words and "say_ask" in _EXACT.get(words[0], ())):
        # "a story in which ..." has a question's word without being one.
        found["say_ask"] *= 0.4
    return found


def _listen(words: list[str], weight: float, found: dict[str, float]) -> None:
    before = ""
    exact, stems, pairs = _EXACT, _STEMS, _PAIRS
    for word in words:
        names = exact.get(word) or stems.get(word[:_STEM])
        if names:
            for name in names:
                found[name] = found.get(name, 0.0) + weight
        names = pairs.get(f"{before} {word}")
        if names:
            for name in names:
                found[name] = found.get(name, 0.0) + weight * 1.5
        before = word


def _listen_unspaced(ask: str, found: dict[str, float]) -> None:
    text = (ask if len(ask) <= 2 * _UNSPACED else ask[:_UNSPACED] + ask[-_UNSPACED:]).lower()
    if not any(char > "\u2fff" for char in text):
        return
    for group, cues in TASK_SUBSTRINGS.items():
        hits = sum(cue in text for cue in cues)
        if hits:
            found[f"say_{group}"] = min(_CAP, found.get(f"say_{group}", 0.0) + 0.8 + 0.4 * hits)


def _structure(reading: Reading, found: dict[str, float]) -> None:
    """What the shape of the task says, whatever its words."""
    ask = reading.ask
    length = len(reading.words)
    end = ask.rstrip()[-1:]
    if end and end in "?？؟":
        found["question"] = 1.0
    elif "?" in ask or "？" in ask or "؟" in ask:
        found["question"] = 0.5
    if length <= 16 and reading.ask_chars <= 120:
        found["short"] = 1.0
    elif length > 60:
        found["long"] = min(2.0, length / 120)
    if "\n" in ask.strip():
        found["has_body"] = 1.0
    elif ": " in ask[20:] or "：" in ask:
        found["has_body"] = 0.5
    marks = sum(mark in ask for mark in _CODE_MARKS)
    if marks:
        found["code_marks"] = min(2.0, 0.5 * marks)
    maths = sum(mark in ask for mark in _MATH_MARKS)
    if maths and not marks:
        found["math_marks"] = min(1.5, 0.4 * maths)
    for name, present in (
        ("image", reading.image_now),
        ("image_before", reading.image_before),
        ("audio", reading.audio_now),
        ("audio_before", reading.audio_before),
        ("tools", reading.tools > 0),
        ("after_tool", reading.after_tool),
        ("schema", reading.schema),
        ("deep", reading.turns >= 3),
        ("empty", length == 0),
    ):
        if present:
            found[name] = 1.0
    # Tools matter through what is asked: the products are features, so that the score stays a plain weighted sum.
    if reading.tools:
        found["tools_and_act"] = min(1.5, found.get("say_act", 0.0) + 0.5 * found.get("question", 0.0))
