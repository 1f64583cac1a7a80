"""Tells telephone numbers from other digits.

`phonenumbers` knows every country's numbering plan but takes tens of microseconds a number and as many milliseconds
to load, so it is asked last: a number must first look like one (international form, North American grouping, a trunk
zero) or stand right after a word such as "call" or "Tel".
"""

from __future__ import annotations

import re
from typing import Final

from .lexicon import PHONE_WORDS

# National numbers carry no country: the text's language says whose numbering plan to try, most likely first.
_REGIONS: Final[dict[str, tuple[str, ...]]] = {
    "en": ("GB", "US", "AU"),
    "de": ("DE", "AT", "CH"),
    "fr": ("FR", "BE", "CH"),
    "es": ("ES", "MX", "AR"),
    "it": ("IT", "CH"),
    "pt": ("BR", "PT"),
    "nl": ("NL", "BE"),
    "pl": ("PL",),
    "ru": ("RU",),
    "uk": ("UA",),
    "ja": ("JP",),
    "zh": ("CN", "TW"),
    "ko": ("KR",),
    "ar": ("EG", "SA", "MA"),
    "hi": ("IN",),
    "tr": ("TR",),
}
_FALLBACK_REGIONS: Final = ("US", "GB", "DE")

_SHAPE: Final = re.compile(
    rb"""
    (?<![\w.\-/]) (?:
        (?P<international> \+[1-9][\d ().\-/]{6,20}\d | 00[1-9][\d ().\-/]{7,20}\d )
      | (?P<american> (?:1[ .-])? \(?[2-9]\d\d\)?[ .-]{1,2}[2-9]\d\d[ .-]\d{4} )
      | (?P<trunk> \(?0[1-9]\d{0,4}\)?[ /.-]{1,3}\d[\d ./-]{4,13}\d )
    ) (?![\w-])
    """,
    re.VERBOSE,
)
_PLAIN: Final = re.compile(rb"(?<![\w.\-/])\(?\d[\d ().\-/]{5,18}\d(?![\w-])")
CALL_WORDS: Final = frozenset(word.encode() for word in PHONE_WORDS.split())
"""Words before a number that make it a telephone's."""
_DATE: Final = re.compile(rb"\(?(?:(?:19|20)\d\d[-/. ]\d\d?[-/. ]\d\d?|\d\d?[-/.]\d\d?[-/.](?:19|20)?\d\d)(?!\d)")
_ZERO: Final = 0x30
MAX_CHECKS: Final = 24
"""Numbers of one text that the numbering plans are asked about; beyond them a number's shape is believed."""


class PhoneCheck:
    """Looks for telephone numbers in one text, piece by piece, within a bounded amount of work."""

    def __init__(self, blob: bytes, language: str) -> None:
        self._blob = blob
        self._regions = _REGIONS.get(language, _FALLBACK_REGIONS)
        self._checks = 0

    def holds(self, start: int, end: int, shape: bytes, *, called: bool) -> bool:
        """Whether a telephone number starts in the digits at `start` to `end`.

        `shape` has a 0 for each of their digits and a - for each separator; `called` says that a word in front
        speaks of telephones.
        """
        blob = self._blob
        first = max(0, start - 2)  # a + or ( in front belongs to the number
        if (
            b"+" in blob[first:start]
            or blob[start] == _ZERO
            or b"000-000-0000" in shape
            or b"000--000-0000" in shape
            or b" 0" in blob[start:end]
        ):
            for match in _SHAPE.finditer(blob, first, end + 4):
                if match.start() >= end:
                    break
                if not _DATE.match(match[0]) and self._valid(match[0], self._plans(match.lastgroup)):
                    return True
        if called:
            plain = _PLAIN.match(blob, start, end + 4) or _PLAIN.match(blob, first, end + 4)
            if plain and not _DATE.match(plain[0]):
                return self._valid(plain[0], (*self._regions, "US"))
        return False

    def _plans(self, form: str | None) -> tuple[str | None, ...]:
        if form == "international":
            return (None,)
        return ("US",) if form == "american" else self._regions

    def _valid(self, number: bytes, regions: tuple[str | None, ...]) -> bool:
        self._checks += 1
        if self._checks > MAX_CHECKS:
            return True
        import phonenumbers

        text = number.decode("ascii")
        if text.startswith("00"):
            text = "+" + text[2:]
        for region in regions:
            try:
                if phonenumbers.is_valid_number(phonenumbers.parse(text, region)):
                    return True
            except phonenumbers.NumberParseException:
                continue
        return False
