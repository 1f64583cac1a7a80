"""Long texts that stay in the caller's body until somebody reads them.

A picture of ten megabytes that is only forwarded is never looked at: made a string first, it would be copied for
nothing. So a field may be given as the JSON text it came in (`Raw`, a view of the body) and becomes a string at the
first reading. Readers see a string always.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Raw, Struct

from .errors import InvalidRequest

_text_decoder = msgspec.json.Decoder(str)


def defer(kind: type[Struct], name: str) -> None:
    """Lets field `name` of `kind` be given as the `Raw` JSON of a string. Called once, beside the class."""
    slot = kind.__dict__[name]
    setattr(kind, name, _Deferred(slot, name))


def peek(part: Struct, name: str, most: int) -> tuple[str, int]:
    """The first `most` characters of a text and its length, without making a string of it: for readers who need no
    more. Of a deferred text both are those of its JSON form, which differ by escapes only. ("", 0) for None."""
    field = type(part).__dict__[name]
    held = field.slot.__get__(part)
    if held is None:
        return "", 0
    if type(held) is Raw:
        view = memoryview(held)[1:-1]
        return bytes(view[:most]).decode("utf-8", "replace"), view.nbytes
    return held[:most], len(held)


class _Deferred(property):
    """Reads a slot, and makes a string of it first where it is none."""

    def __init__(self, slot: Any, name: str) -> None:
        super().__init__(_reader(slot, name), doc=slot.__doc__)
        self.slot = slot


def _reader(slot: Any, name: str) -> Callable[[Any], str | None]:
    read = slot.__get__
    write = slot.__set__

    def value(part: Any) -> str | None:
        held: str | Raw | None = read(part)
        if type(held) is Raw:
            held = _decoded(held, name)
            write(part, held)
        return held

    return value


def _decoded(held: Raw, name: str) -> str:
    try:
        return _text_decoder.decode(held)
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise InvalidRequest(
            f"A `{name}` in the request is not a text: {exc}.", remedy="Send it as a string in UTF-8.", param=name
        ) from exc
