"""Turns the lexicon's words into named features of a task.

A feature is a number between 0 and about 3 under a readable name (`say_translate`, `code_marks`, `tools`), so that a
judgement can be explained and the hand-set weights in `task_type` replaced by learned ones over the same features.
"""

from __future__ import annotations

from typing import Final

from .lexicon import (
    LANGUAGE_NAMES,
    LANGUAGE_PREPOSITIONS,
    TASK_CUES,
    TASK_SUBSTRINGS,
    UNSPACED,
)
from .reading import LISTS, Reading, ends

_Names = tuple[str, ...]
_ASKS: Final = "say_ask"
_OR: Final = {
    "en": (" or ",), "de": (" oder ",), "fr": (" ou ",), "pt": (" ou ",), "es": (" o ",), "it": (" o ",),
    "nl": (" of ",), "pl": (" lub ",), "ru": (" или ",), "uk": (" чи ",), "tr": (" veya ",),
}  # fmt: skip
_ANY_OR: Final = tuple(dict.fromkeys(word for words in _OR.values() for word in words))
_CODE_TERMS: Final = LISTS.index("code")
_CONDITIONS: Final = LISTS.index("condition")
_RECKONING: Final = LISTS.index("reckoning")
_STORY_WORDS: Final = 150
"""A calculation told in words is no longer than this; a longer text has numbers for other reasons."""

_LEAD: Final = 24
"""Words at the start of the ask that are listened to."""
_OPENING: Final = 6
"""The first of them, which count full."""
_CLOSE: Final = 16
"""Words at the end of the ask: the question often follows the material."""
_SYSTEM: Final = 40
_STEM: Final = 6
_CAP: Final = 2.5
# Under a character each contains: looking for one character costs a tenth of looking for three.
_CODE_MARKS: Final = (
    ("`", ("```",)),
    ("{", ("){", ") {")),
    (">", ("=>", "->")),
    ("=", ("==", " = ", "+=")),
    ("<", ("</",)),
    (":", ("::", "Error:", "):\n")),
    ("@", ("@@ ",)),
    (";", ("();", ";\n", "};")),
)
_CODE_WORDS: Final = LISTS.index("code_word")
_MATH_MARKS: Final = (
    ("^", ("^",)),
    ("=", ("=",)),
    ("%", ("%",)),
    ("(", ("f(",)),
    ("/", ("km/h", "m/s")),
    ("\\", ("\\frac", "\\sum")),
    ("$", ("$$",)),
)
_MATH_SIGNS: Final = ("√", "∑", "∫", "≤", "≥")


def _index(cues: dict[str, str]) -> tuple[dict[str, _Names], dict[str, _Names], dict[str, dict[str, _Names]]]:
    exact: dict[str, _Names] = {}
    stems: dict[str, _Names] = {}
    seconds: dict[str, dict[str, _Names]] = {}
    for group, text in cues.items():
        name = f"say_{group}"
        for entry in dict.fromkeys(text.split()):
            table, key = exact, entry
            if entry.endswith("*"):
                table, key = stems, entry[:-1]
            elif "_" in entry:
                key, second = entry.split("_")
                table = seconds.setdefault(second, {})
            table[key] = (*table.get(key, ()), name)
    for language in LANGUAGE_NAMES.split():
        table = seconds.setdefault(language, {})
        for preposition in LANGUAGE_PREPOSITIONS.split():
            table[preposition] = (*table.get(preposition, ()), "into_language")
    return exact, stems, seconds


# Filled here and never changed; plain dictionaries because a read-only view doubles the price of a look-up.
_EXACT, _STEMS, _SECONDS = _index(TASK_CUES)
_HEARD: dict[str, tuple[_Names | None, dict[str, _Names] | None]] = {
    word: (_EXACT.get(word) or (_STEMS.get(word[:_STEM]) if len(word) >= _STEM else None), _SECONDS.get(word))
    for word in (*_EXACT, *_SECONDS)
}
"""Both tables in one: a look-up a word."""


def features(reading: Reading, language: str) -> dict[str, float]:
    """Every feature of a task that is not zero; `language` says whether words are spaced."""
    found: dict[str, float] = {}
    words = reading.words
    _listen(words[:_OPENING], 1.0, found)
    if len(words) > _OPENING:
        _listen(words[_OPENING - 1 : _LEAD], 0.6, found)
    if len(words) > _LEAD:
        _listen(words[max(_LEAD, len(words) - _CLOSE) :], 0.4, found)
    if reading.system_words:
        _listen(reading.system_words[:_SYSTEM], 0.8, found)
    if language in UNSPACED:
        _listen_unspaced(reading.ask, found)
    for name, value in found.items():
        if value > _CAP:
            found[name] = _CAP
    _structure(reading, found)
    _sentence(reading, found, _OR.get(language, _ANY_OR))
    return found


def _listen(words: list[str], weight: float, found: dict[str, float]) -> None:
    before = ""
    heard, stems = _HEARD, _STEMS
    for word in words:
        entry = heard.get(word)
        if entry is None:
            names = stems.get(word[:_STEM]) if len(word) >= _STEM else None
        else:
            names, firsts = entry
            if firsts is not None and before in firsts:
                for name in firsts[before]:
                    found[name] = found.get(name, 0.0) + weight * 1.5
        if names is not None:
            for name in names:
                found[name] = found.get(name, 0.0) + weight
        before = word


def _listen_unspaced(ask: str, found: dict[str, float]) -> None:
    text = ends(ask)
    for group, cues in TASK_SUBSTRINGS.items():
        hits = sum([cue in text for cue in cues])
        if hits:
            found[f"say_{group}"] = min(_CAP, found.get(f"say_{group}", 0.0) + 0.8 + 0.4 * hits)


def _structure(reading: Reading, found: dict[str, float]) -> None:
    """What the shape of the task says, whatever its words."""
    ask = reading.ask
    length = len(reading.words)
    if "?" in ask or "？" in ask or "؟" in ask:
        found["question"] = 1.0 if ask.rstrip()[-1] in "?？؟" else 0.5
    if length <= 16 and reading.ask_chars <= 120:
        found["short"] = 1.0
    elif length > 60:
        found["long"] = min(2.0, length / 120)
    if ask.find("\n", 0, -1) > 0:
        found["has_body"] = 1.0
    elif ask.find(": ", 20) > 0 or "：" in ask:
        found["has_body"] = 0.5
    marks = reading.known[_CODE_WORDS] + _count_marks(ask, _CODE_MARKS)
    if marks:
        found["code_marks"] = min(2.0, 0.5 * marks)
    else:
        maths = _count_marks(ask, _MATH_MARKS) + (0 if ask.isascii() else sum([sign in ask for sign in _MATH_SIGNS]))
        if maths:
            found["math_marks"] = min(1.5, 0.4 * maths)
    if length == 0:
        found["empty"] = 1.0
    elif length <= _STORY_WORDS and "has_body" not in found and reading.known[_RECKONING]:
        numbers = sum([word[0] in "0123456789" for word in reading.words])
        if numbers >= 2:
            found["quantities"] = min(3.0, 0.5 * numbers)
    _surroundings(reading, found)


def _sentence(reading: Reading, found: dict[str, float], choices: _Names) -> None:
    """What kind of sentence the ask is: question, order, choice, little story with a question at its end."""
    ask, words = reading.ask, reading.words
    opening = words[:3]
    asked = "question" in found
    starts_asking = bool(words) and _ASKS in _EXACT.get(words[0], ())
    if _ASKS in found:
        # "A story in which ..." has a question's word without being a question; asking twice is not asking more.
        found[_ASKS] = min(1.0, found[_ASKS]) * (1.0 if asked or starts_asking else 0.4)
    if not asked and not starts_asking and len(words) > 2:
        found["statement"] = 1.0
        if "say_self" in found:
            found["tells_of_self"] = min(1.0, found["say_self"])
    found.pop("say_self", None)
    if _offers_choice(ask, choices):
        found["choice"] = 1.0
    if asked:
        if reading.known[_CONDITIONS]:
            found["condition"] = 1.0
        if found["question"] == 1.0 and 15 <= len(words) <= 150 and not reading.system_words and _told(ask):
            found["story"] = 1.0
        if "should" in opening and " or " in ask:
            found["decision"] = 1.0
        if "you" in opening and not reading.system_words and "short" in found:
            found["to_you"] = 1.0
    terms = reading.known[_CODE_TERMS]
    if terms:
        found["code_terms"] = min(2.5, 0.5 * terms)


def _told(ask: str) -> bool:
    """Whether something is told before the question: a sentence, or several clauses."""
    return ". " in ask or ask.count(", ") >= 2


def _offers_choice(ask: str, choices: _Names) -> bool:
    """Whether the ask lists alternatives: "a, b or c", "[a, b, c]"."""
    if "," not in ask:
        return False
    for word in choices:
        place = ask.find(word)
        if place > 0 and "," in ask[max(0, place - 40) : place]:
            return True
    for opening, closing in ("[]", "()"):
        place = ask.find(opening)
        if place >= 0:
            end = ask.find(closing, place, place + 160)
            if end > 0 and ask.count(", ", place, end) >= 2:
                return True
    return False


def _surroundings(reading: Reading, found: dict[str, float]) -> None:
    """What comes with the text: pictures, sound, tools, a schema, a conversation."""
    if reading.image_now or reading.image_before:
        found["image" if reading.image_now else "image_before"] = 1.0
    if reading.audio_now or reading.audio_before:
        found["audio" if reading.audio_now else "audio_before"] = 1.0
    if reading.after_tool:
        found["after_tool"] = 1.0
    if reading.schema:
        found["schema"] = 1.0
    if reading.turns >= 3:
        found["deep"] = 1.0
    if reading.tools:
        found["tools"] = 1.0
        # Tools matter through what is asked: the product is a feature, so that the score stays a plain weighted sum.
        found["tools_and_act"] = min(1.5, found.get("say_act", 0.0) + 0.5 * found.get("question", 0.0))
        if "question" not in found:
            found["tools_and_order"] = 1.0


def _count_marks(ask: str, marks: tuple[tuple[str, tuple[str, ...]], ...]) -> int:
    count = 0
    for gate, longer in marks:
        if gate in ask:
            for mark in longer:
                if mark in ask:
                    count += 1
    return count
