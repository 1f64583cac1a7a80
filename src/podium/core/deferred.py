"""Long texts that stay in the caller's body until somebody reads them.

A picture of ten megabytes that is only forwarded is never looked at: made a string first, it would be copied for
nothing. So a field may be given as the JSON text it came in (`Raw`, a view of the body), or as such a text and what
goes before it (`late`), and becomes a string at the first reading.

The contract. To who reads the field, compares, hashes, prints, copies, pickles or replaces a part there is no
difference. What msgspec does in C looks past the property at the slot: `structs.asdict` gives what is held, and its
encoders and `to_builtins` need `enc_hook=written`; without it they refuse with a TypeError rather than write something
else, but for `json.encode` of a `Raw`, which is JSON already. MessagePack is the exception: it would take the JSON of
a `Raw` for its own, so nothing unread may be given to it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

import msgspec
from msgspec import Raw, Struct

from .errors import InvalidRequest

_text_decoder = msgspec.json.Decoder(str)


class _Late:
    """A text in two pieces: what stands before, and the JSON of the rest. `mend` respells the rest when it is read."""

    __slots__ = ("head", "mend", "rest")

    def __init__(self, head: str, rest: Raw, mend: Callable[[str], str] | None) -> None:
        self.head = head
        self.rest = rest
        self.mend = mend

    def text(self) -> str:
        """Raises msgspec.DecodeError or UnicodeDecodeError for what is no text."""
        rest = _text_decoder.decode(self.rest)
        return self.head + (rest if self.mend is None else self.mend(rest))


def late(rest: Raw, *, head: str = "", mend: Callable[[str], str] | None = None) -> str:
    """A text for a deferred field: `head`, and then the JSON string `rest`, as `mend` (a function of a module) spells
    it. Said to be a string, which it is to all readers of such a field, and to nobody else."""
    return cast(str, _Late(head, rest, mend))


def defer(kind: type[Struct], name: str) -> None:
    """Lets field `name` of `kind` be given as the `Raw` JSON of a string, or by `late`. Called once, by the class."""
    slot = kind.__dict__[name]
    setattr(kind, name, _Deferred(slot, name))
    names: tuple[str, ...] = (*kind.__dict__.get("_deferred", ()), name)
    for attribute, value in _as_if_read(names).items():
        setattr(kind, attribute, value)


def peek(part: Struct, name: str, most: int) -> tuple[str, int]:
    """The first `most` characters of a text and its length, without making a string of it: for readers who need no
    more. Of a deferred text both are those of its JSON form, which differ by escapes only. ("", 0) for None."""
    held = type(part).__dict__[name].slot.__get__(part)
    if held is None:
        return "", 0
    head = ""
    if type(held) is _Late:
        head, held = held.head, held.rest
    if type(held) is Raw:
        view = memoryview(held)[1:-1]
        start = bytes(view[: max(most - len(head), 0)]).decode("utf-8", "replace")
        return (head + start)[:most], len(head) + view.nbytes
    return held[:most], len(held)


def written(held: object) -> object:
    """An `enc_hook` for msgspec's encoders and `to_builtins`: the text of what is still deferred.

    Raises NotImplementedError for any other value, as msgspec asks, and InvalidRequest for what is no text.
    """
    if isinstance(held, _Late | Raw):
        return _decoded(held, "text")
    raise NotImplementedError(f"A {type(held).__name__} cannot be encoded.")


def unread(part: Struct, name: str) -> str | Raw | None:
    """A text for who writes it into other JSON: as the `Raw` JSON it came in where nobody has read it yet."""
    value = type(part).__dict__[name].slot.__get__(part)
    return value if type(value) is Raw else cast("str | None", getattr(part, name))


class _Deferred(property):
    """Reads a slot, and makes a string of it first where it is none."""

    def __init__(self, slot: Any, name: str) -> None:
        super().__init__(_reader(slot, name), doc=slot.__doc__)
        self.slot = slot


def _reader(slot: Any, name: str) -> Callable[[Any], str | None]:
    read = slot.__get__
    write = slot.__set__

    def value(part: Any) -> str | None:
        held: str | Raw | _Late | None = read(part)
        if type(held) is Raw or type(held) is _Late:
            held = _decoded(held, name)
            write(part, held)
        return cast("str | None", held)

    return value


def _as_if_read(names: tuple[str, ...]) -> dict[str, Any]:
    """What a struct does with its slots, done after they were read. What cannot be read (it is no text) is compared
    and printed as it is held; it has no hash."""

    def whole(part: object) -> None:
        for name in names:
            with suppress(InvalidRequest):
                getattr(part, name)

    def equal(part: Any, other: object) -> Any:
        if type(part) is type(other):
            whole(part)
            whole(other)
        return Struct.__eq__(part, other)

    def unequal(part: Any, other: object) -> Any:
        same = equal(part, other)
        return same if same is NotImplemented else not same

    def hashed(part: Any) -> int:
        for name in names:
            getattr(part, name)
        return Struct.__hash__(part)

    def printed(part: Any) -> str:
        whole(part)
        return Struct.__repr__(part)

    return {"_deferred": names, "__eq__": equal, "__ne__": unequal, "__hash__": hashed, "__repr__": printed}


def _decoded(held: Raw | _Late, name: str) -> str:
    try:
        return held.text() if isinstance(held, _Late) else _text_decoder.decode(held)
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise InvalidRequest(
            f"A `{name}` in the request is not a text: {exc}.", remedy="Send it as a string in UTF-8.", param=name
        ) from exc
