"""Values of a list of models that make sense, and unknown for those that do not."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from msgspec import Struct

from podium.core.errors import FailureKind, ProviderError
from podium.core.ports import ListedModel

MILLION = Decimal(1_000_000)
_DEAREST = Decimal(100_000)
"""Dollars for a million tokens beyond which a figure is a mistake of units."""


class Page(Struct, frozen=True, kw_only=True):
    """One page of a list; `following` is the query that asks for the next."""

    models: tuple[ListedModel, ...]
    following: str = ""


def garbage(provider: str, why: str) -> ProviderError:
    """For what is no list of models."""
    return ProviderError(
        f"{provider} did not list its models in a shape Podium knows: {why}.",
        kind=FailureKind.GARBAGE,
        provider=provider,
        remedy="Check that base_url ends where its API begins, mostly in /v1.",
    )


def entries_of(value: Any, field: str, provider: str) -> list[dict[str, Any]]:
    """The list under `field`; every entry an object."""
    found = value.get(field) if isinstance(value, dict) else None
    if not isinstance(found, list):
        raise garbage(provider, f"there is no list `{field}`")
    entries = [entry for entry in found if isinstance(entry, dict)]
    if found and not entries:
        raise garbage(provider, f"the entries of `{field}` are no objects")
    return entries


def object_of(value: Mapping[str, Any], field: str) -> Mapping[str, Any]:
    """The object under `field`, or an empty one."""
    found = value.get(field)
    return found if isinstance(found, dict) else {}


def items(value: Mapping[str, Any], field: str) -> list[Any]:
    """The list under `field`, or an empty one."""
    found = value.get(field)
    return found if isinstance(found, list) else []


def count(value: Any) -> int | None:
    """A number of tokens, or None."""
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e12 else None


def first_count(*values: Any) -> int | None:
    """The first of these that is a number of tokens."""
    return next((found for found in map(count, values) if found is not None), None)


def least(one: int | None, other: int | None) -> int | None:
    """The smaller; None where either is unknown."""
    return None if one is None or other is None else min(one, other)


def rates_of(scale: Decimal, **stated: Any) -> Mapping[str, Decimal] | None:
    """Dollars for a million tokens; None unless both input and output are known."""
    rates = {name: known for name, value in stated.items() if (known := _rate(value, scale)) is not None}
    return rates if "input" in rates and "output" in rates else None


def _rate(value: Any, scale: Decimal) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        rate = Decimal(str(value)) * scale
    except InvalidOperation:
        return None
    return rate.normalize() + 0 if rate.is_finite() and 0 <= rate <= _DEAREST else None
