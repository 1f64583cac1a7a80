"""Plain orders a prompt may give a simulated model, so that a test decides what the wire has to carry.

The last message must begin with one. They are obeyed whatever the model's skill:

- `Call NAME {...} and NAME {...}`: calls those tools at once, with the arguments given (or the plainest that fit).
- `Repeat after me: TEXT`: says TEXT, of any script and length.
- `Describe the images`: says what came, by media type, size and digest of the bytes.
- `Refuse ...`: declines.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

from msgspec import Struct

from .ask import Image
from .checkable import Question
from .filling import filled

REFUSAL = "I cannot help with that."
_CALL = re.compile(r"\s*call\s", re.IGNORECASE)
_REPEAT = re.compile(r"\s*repeat after me:\s?", re.IGNORECASE)
_DESCRIBE = re.compile(r"\s*describe the images?\b", re.IGNORECASE)
_REFUSE = re.compile(r"\s*refuse\b", re.IGNORECASE)
_JSON = json.JSONDecoder()


class Obeyed(Struct, frozen=True, kw_only=True):
    """What an order makes the model say."""

    text: str = ""
    calls: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    refusal: str = ""


def obey(question: Question, images: Sequence[Image]) -> Obeyed | None:
    """What the order in a prompt asks for; None where it gives none."""
    text = question.text
    if order := _REPEAT.match(text):
        return Obeyed(text=text[order.end() :])
    if _REFUSE.match(text):
        return Obeyed(refusal=REFUSAL)
    if images and _DESCRIBE.match(text):
        return Obeyed(text="; ".join(map(described, images)))
    if question.tools and _CALL.match(text):
        calls = _named(text, question.tools)
        return Obeyed(calls=calls) if calls else None
    return None


def described(image: Image) -> str:
    """An image in words: `image/png, 70 bytes, digest 1f2e...`, or its address."""
    if image.data is None:
        return f"image at {image.url}"
    return f"{image.media}, {len(image.data)} bytes, digest {digest_of(image.data)}"


def digest_of(data: bytes) -> str:
    """Twelve hexadecimal digits by which a test knows its bytes again."""
    return blake2b(data, digest_size=6).hexdigest()


def _named(text: str, tools: Mapping[str, Mapping[str, Any]]) -> tuple[tuple[str, Mapping[str, Any]], ...]:
    names = "|".join(re.escape(name) for name in sorted(tools, key=len, reverse=True))
    finder = re.compile(rf"(?<![\w-])({names})(?![\w-])\s*")
    calls: list[tuple[str, Mapping[str, Any]]] = []
    place = 0
    while found := finder.search(text, place):
        place = found.end()
        arguments: Any = None
        if text.startswith("{", place):
            try:
                arguments, place = _JSON.raw_decode(text, place)
            except ValueError:
                arguments = None
        calls.append((found[1], filled(tools[found[1]]) if arguments is None else arguments))
    return tuple(calls)
