"""A body about to be sent: the provider's quirks worked into its top-level fields, its model named, its bytes made.

One place for every dialect, so that a quirk means the same whichever wire it stands at:

- `refuses`: by the caller's names, in alphabetical order, so that notes are stable. A value that is the field's default
  goes in silence, any other with a note, and one the answer depends on (`needed`) with NotCarried.
- `renames`: after that. Where the body has the provider's own name too, that value stays.
- `extra`: last, and over everything: it is what the provider must have.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec
from msgspec import Raw

from podium.core.deferred import peek
from podium.core.messages import AudioPart, FilePart, ImagePart
from podium.core.tasks import Task

from .dialect import NotCarried, Quirks

_NOTHING: Final = frozenset((b"null", b"false", b"[]", b"{}", b'""'))
_LONGEST_NOTHING: Final = 5
_DEFAULTS: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "n": 1,
        "frequency_penalty": 0,
        "presence_penalty": 0,
        "top_logprobs": 0,
        "logprobs": False,
        "store": False,
        "modalities": ["text"],
        "parallel_tool_calls": True,
        "response_format": {"type": "text"},
        "service_tier": "auto",
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "truncation": "disabled",
    }
)
"""What each of these is where nobody says anything. `store` is a wish to keep, so that its false asks for nothing."""
_LONGEST_DEFAULT: Final = 64
_BIG: Final = 65_536
"""Bytes from which a value is worth not being copied."""
_encoder = msgspec.json.Encoder(decimal_format="number")
_encode: Final = _encoder.encode


def adapt(
    fields: dict[str, Any], quirks: Quirks, notes: list[str], needed: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """`fields`, changed in place: without what the provider refuses, under the names it knows, with what it must have.

    What is left out goes into `notes`. Raises NotCarried for a field in `needed`: without it the answer would be
    another one than was asked for.
    """
    if quirks.refuses:
        for name in sorted(quirks.refuses & fields.keys()):
            if _asks(name, fields.pop(name)):
                _left_out(name, notes, needed)
    if quirks.renames:
        for name, other in quirks.renames.items():
            if name != other and name in fields:
                fields.setdefault(other, fields.pop(name))
    fields.update(quirks.extra)
    return fields


def _asks(name: str, value: Any) -> bool:
    """Whether a refused field says anything but what goes without saying."""
    written = value if isinstance(value, Raw) else _encode(value)
    if len(written) > _LONGEST_DEFAULT:
        return True
    plain = msgspec.json.decode(written)
    if name in _DEFAULTS:
        return plain is not None and plain != [] and bool(plain != _DEFAULTS[name])
    return plain is not None and plain is not False and plain not in ("", [], {})


def _left_out(name: str, notes: list[str], needed: frozenset[str]) -> None:
    if name in needed:
        raise NotCarried(
            f"The provider does not take `{name}`, and the answer would not be the one asked for without it.",
            remedy="Name a model at another provider, or leave the field out.",
            param=name,
        )
    notes.append(f"`{name}` was left out: the provider does not take it.")


def named(fields: dict[str, Any], model: str, quirks: Quirks) -> None:
    """The model's name in its place, which at some providers is the address."""
    if quirks.model_in_path:
        fields.pop("model", None)
    else:
        fields["model"] = model


def refuse_addresses(task: Task, *, param: str) -> None:
    """For a provider that fetches nothing. Raises NotCarried where a picture or file is given by its address.

    Looks at the first letters only: a picture of ten megabytes stays unread.
    """
    for message in task.messages:
        for part in message.parts:
            if isinstance(part, ImagePart | FilePart):
                start, length = peek(part, "url", 5)
                if length and start.lower() != "data:":
                    raise NotCarried(
                        "The provider does not fetch images and files by their address.",
                        remedy="Send the content itself, as a data URL.",
                        param=param,
                    )


def has_much(task: Task) -> bool:
    """Whether a picture, a sound or a file in it is worth not being copied (see `encoded`)."""
    for message in task.messages:
        for part in message.parts:
            if isinstance(part, ImagePart | FilePart | AudioPart):
                name = "data" if isinstance(part, AudioPart) else "url"
                if peek(part, name, 0)[1] >= _BIG:
                    return True
    return False


# --- bytes ----------------------------------------------------------------------------------------------------------


def encoded(fields: Mapping[str, Any], *, much: bool = False) -> bytes:
    """The body.

    The encoder's buffer grows by half of what it holds, and copies it; so big values that are JSON already (`Raw`) are
    joined with the rest instead. They are looked for among the fields themselves; with `much`, at any depth.
    """
    if not much and not any(type(value) is Raw and len(value) >= _BIG for value in fields.values()):
        return _encode(fields)
    pieces: list[bytes | Raw] = []
    _put(fields, pieces, depth=_DEEP if much else 1)
    return b"".join(pieces)


_DEEP: Final = 8
"""Deeper than any wire holds a picture: field, list, message, list, part, object, field."""


def _put(value: Any, pieces: list[bytes | Raw], depth: int) -> None:
    if type(value) is Raw:
        pieces.append(value)
    elif not depth or not isinstance(value, dict | list):
        pieces.append(_encode(value))
    elif isinstance(value, dict):
        before = b"{"
        for name, each in value.items():
            pieces.append(before + _encode(name) + b":")
            _put(each, pieces, depth - 1)
            before = b","
        pieces.append(b"}" if value else b"{}")
    else:
        before = b"["
        for each in value:
            pieces.append(before)
            _put(each, pieces, depth - 1)
            before = b","
        pieces.append(b"]" if value else b"[]")


# --- what a body says -----------------------------------------------------------------------------------------------


def says(raw: Raw) -> bool:
    """Whether a field asks for anything at all."""
    return bool(len(raw)) and (len(raw) > _LONGEST_NOTHING or bytes(raw) not in _NOTHING)


def beyond_fields(fields: Mapping[str, Raw], known: frozenset[str]) -> tuple[str, ...]:
    """Names of top-level fields outside `known` that ask for something."""
    return tuple(sorted(name for name, raw in fields.items() if name not in known and says(raw)))
