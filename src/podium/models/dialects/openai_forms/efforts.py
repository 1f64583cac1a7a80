"""How hard a model is asked to think, in the words its provider takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_LADDER: Final = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
_OFF: Final = "none"


def taken_effort(effort: str, efforts: Sequence[str] | None, notes: list[str]) -> str | None:
    """The effort to send: the nearest the provider takes, never a dearer one unless it has none as cheap; None to send
    none. What was changed goes into `notes`. Words nobody knows pass: they are the caller's own with the provider."""
    if efforts is None or effort in efforts:
        return effort
    if not efforts:
        if effort != _OFF:
            notes.append(f"The model does not reason: the reasoning effort {effort!r} was left out.")
        return None
    if effort not in _LADDER:
        return effort
    rank = _LADDER.index(effort)
    steps = [each for each in efforts if each in _LADDER and (each != _OFF or effort == _OFF)]
    below = [each for each in steps if _LADDER.index(each) <= rank]
    nearest = below[-1] if below else next(iter(steps), None)
    if nearest is None:
        notes.append(f"The provider takes no reasoning effort such as {effort!r}: it was left out.")
    else:
        notes.append(f"The provider takes no reasoning effort {effort!r}: {nearest!r} was asked for.")
    return nearest
