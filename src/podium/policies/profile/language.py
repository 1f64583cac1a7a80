"""Which language a text is written in: by script where the script decides, else by its commonest words.

Twenty stopwords a language are enough for a sentence; a two-word prompt stays undetermined and says so.
"""

from __future__ import annotations

from typing import Final

from podium.core.tasks import Guess

from .lexicon import STOPWORDS

UNDETERMINED: Final = Guess("und", 0.3)

_WORDS: Final = 80
"""Words looked at: the ask's first ones, where the instruction is."""
_SAMPLE: Final = 400
"""Characters looked at for the script."""

_STOPWORDS: Final = {language: frozenset(words.split()) for language, words in STOPWORDS.items()}
_OTHER_LATIN: Final = tuple((name, words) for name, words in _STOPWORDS.items() if name not in ("en", "ru", "uk"))

# UTF-8 names the script in a character's first byte or two, so counting bytes counts scripts.
_LEADS: Final = (
    ("han", bytes(range(0xE4, 0xEA))),
    ("ko", bytes(range(0xEA, 0xEE))),
    ("cyrillic", bytes(range(0xD0, 0xD4))),
    ("ar", bytes(range(0xD8, 0xDC))),
    ("el", b"\xce\xcf"),
    ("he", b"\xd6\xd7"),
)
_PAIRS: Final = (
    ("kana", (b"\xe3\x81", b"\xe3\x82", b"\xe3\x83")),
    ("hi", (b"\xe0\xa4", b"\xe0\xa5")),
    ("th", (b"\xe0\xb8", b"\xe0\xb9")),
)
_ASCII_LETTERS: Final = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_UKRAINIAN: Final = frozenset("іїєґ")
_RUSSIAN: Final = frozenset("ыэъё")
_PERSIAN_URDU: Final = frozenset("پچژگٹڈںے")
# Letters that one of our Latin-script languages uses and the others (almost) never do.
_LETTERS: Final = {
    "ß": "de", "ä": "de", "ñ": "es", "¿": "es", "¡": "es", "ã": "pt", "õ": "pt", "ł": "pl", "ą": "pl", "ę": "pl",
    "ś": "pl", "ż": "pl", "ź": "pl", "ğ": "tr", "ı": "tr", "ş": "tr", "œ": "fr", "ê": "fr", "ù": "fr", "ø": "da",
    "å": "sv", "ř": "cs", "ě": "cs", "ț": "ro", "ș": "ro",
}  # fmt: skip


def judge_language(text: str, words: list[str]) -> Guess[str]:
    """The language of `text`, whose lower-case words are `words`: ISO 639-1, or `und` with low confidence."""
    if not text.isascii():
        sample = text[:_SAMPLE]
        by_script = _by_script(sample)
        if by_script is not None:
            return by_script
    return _by_stopwords(text, words)


def _by_script(sample: str) -> Guess[str] | None:
    blob = sample.encode("utf-8", "surrogatepass")
    length = len(blob)
    counts = {script: length - len(blob.translate(None, leads)) for script, leads in _LEADS}
    for script, pairs in _PAIRS:
        counts[script] = sum([blob.count(pair) for pair in pairs])
    foreign = sum(counts.values())
    if foreign == 0:
        return None
    latin = length - len(blob.translate(None, _ASCII_LETTERS))
    # One Han character says as much as several letters.
    if foreign * 2.5 < latin:
        return None
    script = max(counts, key=lambda name: counts[name])
    confidence = 0.6 + 0.39 * foreign / (foreign + latin)
    if counts["kana"] >= 2 and script in ("kana", "han"):
        return Guess("ja", confidence)
    if script == "han":
        return Guess("zh", confidence)
    lowered = set(sample.lower())
    if script == "cyrillic":
        return _cyrillic(lowered, sample, confidence)
    if script == "ar" and lowered & _PERSIAN_URDU:
        return UNDETERMINED
    return Guess("ja" if script == "kana" else script, confidence)


def _cyrillic(letters: set[str], sample: str, confidence: float) -> Guess[str]:
    words = set(sample.lower().split())
    ukrainian = 2 * len(letters & _UKRAINIAN) + len(words & _STOPWORDS["uk"])
    russian = 2 * len(letters & _RUSSIAN) + len(words & _STOPWORDS["ru"])
    if ukrainian == russian:
        return Guess("ru", 0.5)
    return Guess("uk" if ukrainian > russian else "ru", confidence)


def _by_stopwords(text: str, words: list[str]) -> Guess[str]:
    window = words[:_WORDS] if len(words) > _WORDS else words
    total = len(window)
    if total == 0:
        return UNDETERMINED
    different = set(window)
    english = len(different & _STOPWORDS["en"])
    ascii_only = text.isascii()
    if ascii_only and english >= 6:
        return Guess("en", 0.95)
    scores = {"en": float(english)}
    for language, stopwords in _OTHER_LATIN:
        scores[language] = float(len(different & stopwords))
    if not ascii_only:
        for char in set(text[:_SAMPLE].lower()):
            language_of = _LETTERS.get(char)
            if language_of is not None:
                scores[language_of] += 1.5
    best = max(scores, key=lambda name: scores[name])
    top = scores.pop(best)
    second = max(scores.values())
    if top == 0.0:
        return UNDETERMINED
    if top == second and top < 3:
        # As many words of one language as of another: among unaccented ones English is the likelier, but a guess.
        return Guess("en", 0.4) if ascii_only and total >= 2 and best == "en" else UNDETERMINED
    margin = (top - second) / top
    weight = top / (top + 1.5)
    return Guess(best, min(0.97, 0.35 + 0.35 * margin + 0.3 * weight))
