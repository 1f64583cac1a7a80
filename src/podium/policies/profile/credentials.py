"""Finds credentials: API keys, tokens, private keys, passwords in URLs.

Every key is a long unbroken run of letters, digits, `-` and `_`. Mapping the text to "run or not" and searching for
twenty in a row is far faster than trying each vendor's pattern at each character; only the few runs found are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_RUN_LENGTH: Final = 20
_RUN: Final = b"x" * _RUN_LENGTH
_RUN_TABLE: Final = bytes(
    ord("x") if chr(code).isascii() and (chr(code).isalnum() or chr(code) in "-_") else ord(" ") for code in range(256)
)

# Anchored at a run's start. The vendor's published prefix names the kind.
_KEY: Final = re.compile(
    rb"""
      (?P<anthropic_key> sk-ant-[\w-]{16,} )
    | (?P<stripe_key> [sr]k_(?:live|test)_[A-Za-z0-9]{16,} )
    | (?P<openai_key> sk-[\w-]{20,} )
    | (?P<aws_key> A(?:KIA|SIA)[A-Z0-9]{16}(?![\w-]) )
    | (?P<github_token> gh[opsur]_[A-Za-z0-9]{30,} | github_pat_\w{22,} )
    | (?P<gitlab_token> glpat-[\w-]{20,} )
    | (?P<slack_token> xox[abeoprs]-[\w-]{15,} )
    | (?P<google_key> AIza[\w-]{35} )
    | (?P<huggingface_token> hf_[A-Za-z0-9]{30,} )
    | (?P<package_token> npm_[A-Za-z0-9]{36} | pypi-AgE[\w-]{30,} )
    """,
    re.VERBOSE,
)
_JWT: Final = re.compile(rb"eyJ[\w-]{15,}+\.eyJ[\w-]{8,}+\.[\w-]*+")
_UNBROKEN: Final = re.compile(rb"[A-Za-z0-9]{12}")
_DIGIT: Final = re.compile(rb"[0-9]")
_BEARER: Final = re.compile(rb"bearer[ :=\"']{1,3}\Z")

_PEM_END: Final = b"PRIVATE KEY-----"
_PEM_BODY: Final = re.compile(rb"[A-Za-z0-9+/]{20}")
_PEM_REACH: Final = 400

_URL_LOGIN: Final = re.compile(rb"://[^\s/:@\"'<>]{0,64}:([^\s/@\"'<>]{3,128})@(?=[\w\[])")
_PLACEHOLDER: Final = re.compile(
    rb"(?:pass(?:word|wd)?|pw|pwd|secret|changeme|your.*|example|tiger|test|admin|root|postgres|guest|demo|foo|bar|x+|\*+|\$.*|\{.*|%.*)\Z",
    re.I,
)


def find_credentials(blob: bytes) -> Iterator[str]:
    """The kind of each credential in `blob`, repeats included. Linear in its length."""
    yield from _keys(blob)
    place = blob.find(_PEM_END)
    while place >= 0:
        after = place + len(_PEM_END)
        if b"-----BEGIN" in blob[max(0, place - 40) : place] and _PEM_BODY.search(blob, after, after + _PEM_REACH):
            yield "private_key"
            break
        place = blob.find(_PEM_END, after)
    if b"://" in blob and b"@" in blob:
        for match in _URL_LOGIN.finditer(blob):
            if not _PLACEHOLDER.match(match[1]):
                yield "url_password"
                break


def _keys(blob: bytes) -> Iterator[str]:
    classes = blob.translate(_RUN_TABLE)
    start = classes.find(_RUN)
    while start >= 0:
        end = classes.find(b" ", start)
        end = len(blob) if end < 0 else end
        # Inside JSON a line break is the two characters \n, whose n would hide the key's first letter.
        begin = start + 1 if start and blob[start - 1] == 0x5C else start
        kind = _kind_of_run(blob, begin, end)
        if kind:
            yield kind
        start = classes.find(_RUN, end)


def _kind_of_run(blob: bytes, start: int, end: int) -> str | None:
    match = _KEY.match(blob, start, end)
    if match is not None:
        # A placeholder such as sk-your-key-goes-here has no digits and no long unbroken stretch.
        if _UNBROKEN.search(blob, start, end) and _DIGIT.search(blob, start + 4, end):
            return match.lastgroup
        return None
    if blob.startswith(b"eyJ", start) and _JWT.match(blob, start):
        return "jwt"
    if _BEARER.search(blob[max(0, start - 10) : start].lower()) and _DIGIT.search(blob, start, end):
        return "bearer_token"
    return None
