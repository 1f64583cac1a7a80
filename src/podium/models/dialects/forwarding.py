"""A provider's quirks worked into the top-level fields of a body that is about to be sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import Raw

from .dialect import NotCarried, Quirks

_EMPTY: Final = frozenset((b"null", b"false", b"[]", b"{}", b'""', b"1", b'{"type":"text"}'))
"""Values that ask for nothing; `1` is how many answers there are anyway."""
_encoder = msgspec.json.Encoder(decimal_format="number")


def adapt(fields: dict[str, Any], quirks: Quirks, notes: list[str], needed: frozenset[str]) -> dict[str, Any]:
    """`fields` without what the provider refuses, under the names it knows, with what it needs besides.

    What is left out goes into `notes`. Raises NotCarried for a field in `needed`: without it the answer would be
    another one than was asked for.
    """
    if quirks.refuses:
        for name in sorted(quirks.refuses & fields.keys()):
            value = fields.pop(name)
            written = bytes(value) if isinstance(value, Raw) else _encoder.encode(value)
            if written.replace(b" ", b"") not in _EMPTY:
                _left_out(name, notes, needed)
    if quirks.renames:
        for name, other in quirks.renames.items():
            if name in fields and name != other:
                fields[other] = fields.pop(name)
    if quirks.extra:
        return {**quirks.extra, **fields}
    return fields


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


def says(raw: Raw) -> bool:
    """Whether a field asks for anything at all."""
    return bool(len(raw)) and (len(raw) > _LONGEST_NOTHING or bytes(raw) not in _NOTHING)


_NOTHING: Final = frozenset((b"null", b"false", b"[]", b"{}", b'""'))
_LONGEST_NOTHING: Final = 5


def beyond_fields(fields: Mapping[str, Raw], known: frozenset[str]) -> tuple[str, ...]:
    """Names of top-level fields outside `known` that ask for something."""
    return tuple(sorted(name for name, raw in fields.items() if name not in known and says(raw)))
