"""A caller's body that cannot be read, in the words of an API error."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from podium.core.errors import InvalidRequest

from ..caller_fields import CallerFields

_EXAMPLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "task_type": '"extraction"',
        "min_quality": "0.9",
        "max_cost_usd": '"0.01"',
        "max_latency_ms": "2000",
        "deadline": '"2030-01-31T12:00:00Z"',
        "private": "true",
        "priority": '"interactive"',
        "sensitivity": '"personal"',
        "tags": '{"ticket": "4711"}',
    }
)


def invalid(exc: msgspec.ValidationError, reference: str) -> InvalidRequest:
    """msgspec's `Expected ... - at `$.path`` as the error of the API whose reference is named."""
    what, _, place = str(exc).partition(" - at `$")
    param = place.rstrip("`").lstrip(".")
    where = f" at `{param}`" if param else ""
    return InvalidRequest(
        f"{what}{where}.",
        remedy=_ours(param) or f"See the {reference} reference for the request's shape.",
        param=param or None,
    )


def not_json(exc: Exception) -> InvalidRequest:
    """For a body that is no JSON at all."""
    return InvalidRequest(
        f"The request body is not valid JSON: {exc}.", remedy="Send one JSON object, encoded as UTF-8."
    )


def _ours(param: str) -> str:
    """The remedy for what stands under `podium`: no vendor's reference knows it."""
    if param == "podium":
        return f"Known: {', '.join(sorted(CallerFields.__struct_fields__))}."
    if not param.startswith("podium."):
        return ""
    name = param.removeprefix("podium.").partition(".")[0].partition("[")[0]
    example = _EXAMPLES.get(name)
    return f'Write it like "{name}": {example}.' if example else f"README lists what `{name}` takes."
