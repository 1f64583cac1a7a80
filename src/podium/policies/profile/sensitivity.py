"""How private a text is: which kinds of private data it holds, and so which level.

Everything the model would see is scanned, however long, because one card number on the last page is enough. Only the
kinds leave this module, never the data.
"""

from __future__ import annotations

import re
from typing import Final

from podium.core.tasks import Guess, Sensitivity

from .credentials import find_credentials
from .numbers import NATIONAL_IDS, find_numbers

_PERSONAL: Final = frozenset(("email", "phone"))
_CONFIDENTIAL: Final = frozenset(("card", "iban")) | NATIONAL_IDS

# Starts with a literal, so the engine jumps from @ to @.
_EMAIL: Final = re.compile(
    rb"@(?<=[A-Za-z0-9_%+\-\x80-\xff]@)((?:[A-Za-z0-9\x80-\xff][A-Za-z0-9\x80-\xff-]{0,62}\.){1,8})([A-Za-z]{2,24})(?![\w-])"
)
_URL_LOGIN: Final = re.compile(rb"://[^\s/?#]{0,120}\Z")
_LOGIN_REACH: Final = 128
_FILE_ENDINGS: Final = frozenset((b"png", b"jpg", b"jpeg", b"gif", b"svg", b"webp", b"js", b"css", b"rc"))

_CONFIDENCE: Final = {
    Sensitivity.NONE: 0.85,  # names and addresses carry no pattern and go unseen
    Sensitivity.PERSONAL: 0.95,
    Sensitivity.CONFIDENTIAL: 0.95,
    Sensitivity.SECRET: 0.98,
}


def find_private(blob: bytes, language: str = "und") -> tuple[str, ...]:
    """The kinds of private data in UTF-8 `blob`, sorted, each once. `language` says whose phone numbers to expect.

    Kinds: `email`, `phone`, `card`, `iban`, national numbers such as `us_ssn`, credentials such as `github_token`.
    """
    kinds = set(find_credentials(blob))
    kinds.update(find_numbers(blob, language))
    if b"@" in blob and _has_email(blob):
        kinds.add("email")
    return tuple(sorted(kinds))


def judge_sensitivity(kinds: tuple[str, ...], declared: Sensitivity | None) -> Guess[Sensitivity]:
    """The level these kinds amount to; what the caller declared wins."""
    if declared is not None:
        return Guess(declared, 1.0)
    level = Sensitivity.NONE
    for kind in kinds:
        own = (
            Sensitivity.PERSONAL
            if kind in _PERSONAL
            else Sensitivity.CONFIDENTIAL
            if kind in _CONFIDENTIAL
            else Sensitivity.SECRET
        )
        if own.rank > level.rank:
            level = own
    return Guess(level, _CONFIDENCE[level])


def _has_email(blob: bytes) -> bool:
    for match in _EMAIL.finditer(blob):
        domain, ending = match[1], match[2].lower()
        # icon@2x.png, left-pad@1.3.rc, git@host:path and scheme://user:word@host are not addresses of people.
        if ending in _FILE_ENDINGS or not domain.strip(b"0123456789.-"):
            continue
        before = blob[max(0, match.start() - _LOGIN_REACH) : match.start()]
        if (before.endswith(b"git") and blob[match.end() : match.end() + 1] == b":") or _URL_LOGIN.search(before):
            continue
        return True
    return False
