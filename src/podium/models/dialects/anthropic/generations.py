"""What each generation of Claude models takes on this wire: the same field is right for one and a 400 for another.

Sources: the Claude platform's pages "Thinking", "Effort", "Structured outputs", "Mid-conversation system messages",
"What's new" for Opus 4.7, 4.8, 5 and 5.5, and the migration guides, as of November 2026.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from msgspec import Struct

# claude-opus-4-7, claude-sonnet-4-20250514, claude-opus-4@20250514, us.anthropic.claude-haiku-4-5-20251001-v1:0,
# anthropic/claude-sonnet-4.6; and before the fourth generation claude-3-7-sonnet-20250219.
_NEW_STYLE = re.compile(r"claude-(?P<line>[a-z]+)-(?P<major>\d{1,2})(?!\d)(?:[-.](?P<minor>\d{1,2})(?!\d))?")
_OLD_STYLE = re.compile(r"claude-(?P<major>\d)(?!\d)(?:[-.](?P<minor>\d)(?!\d))?-(?P<line>[a-z]+)")

Off = Literal["omit", "disabled", "between_tools", "never"]


class Generation(Struct, frozen=True, kw_only=True):
    """What one model takes. The defaults suit a stranger that speaks this wire: the oldest and most copied forms."""

    known: bool = False
    """Whether its name is a Claude model's."""
    budgets: bool = True
    """Takes `thinking: {type: enabled, budget_tokens}`."""
    adaptive: bool = False
    """Takes `thinking: {type: adaptive}`."""
    off: Off = "omit"
    """How thinking is switched off: by leaving it out, by a type of its own, or not at all."""
    efforts: tuple[str, ...] = ()
    """The levels `output_config.effort` takes, from least to most."""
    sampling: bool = True
    """Takes temperature, top_p and top_k."""
    both_samplings: bool = True
    """Takes temperature and top_p at once."""
    schema: bool = False
    """Takes `output_config.format` and strict tools."""
    prefill: bool = True
    """Goes on from a last assistant turn."""
    late_system: bool = False
    """Takes a `system` turn right after a user's."""
    shows_thinking: bool = True
    """Whether thinking comes with its text unless told otherwise."""
    max_output: int = 8_192

    @property
    def forces_tools(self) -> bool:
        """Whether it can be made to call a tool: never while it thinks, and some always do."""
        return self.off != "never"


STRANGER = Generation()
_LEVELS = ("low", "medium", "high", "xhigh", "max")


@lru_cache(maxsize=1024)
def generation_of(model: str) -> Generation:
    """What the model of this name takes; a Claude model without a number is taken for the newest of its line."""
    name = model.lower()
    if "claude" not in name:
        return STRANGER
    found = _NEW_STYLE.search(name) or _OLD_STYLE.search(name)
    if found is None:
        line = next((word for word in ("opus", "sonnet", "haiku", "fable", "mythos") if word in name), "")
        return _of(line, (99, 0)) if line else STRANGER
    return _of(found["line"], (int(found["major"]), int(found["minor"] or 0)))


def _of(line: str, version: tuple[int, int]) -> Generation:
    return Generation(
        known=True,
        budgets=(3, 7) <= version <= (4, 6),
        adaptive=version >= (4, 6),
        off=_off(line, version),
        efforts=_efforts(line, version),
        sampling=version < (4, 7),
        both_samplings=version < (4, 1),
        schema=version >= (4, 5),
        prefill=version < (4, 6),
        late_system=_late_system(line, version),
        shows_thinking=version < (4, 7),
        max_output=_max_output(line, version),
    )


def _off(line: str, version: tuple[int, int]) -> Off:
    if line in ("fable", "mythos") or (line == "opus" and version >= (5, 5)):
        return "never"
    if version < (5, 0):
        return "omit"
    return "between_tools" if line == "sonnet" and version >= (5, 5) else "disabled"


def _efforts(line: str, version: tuple[int, int]) -> tuple[str, ...]:
    if version >= (4, 7):
        return _LEVELS
    if version == (4, 6):
        return ("low", "medium", "high", "max")
    return ("low", "medium", "high") if line == "opus" and version == (4, 5) else ()


def _late_system(line: str, version: tuple[int, int]) -> bool:
    # Sources differ on Sonnet 5: its instructions go to the front, which every model takes.
    return version >= ((5, 5) if line == "sonnet" else (4, 8))


def _max_output(line: str, version: tuple[int, int]) -> int:
    if version < (3, 7):
        return 8_192 if version >= (3, 5) else 4_096
    if line == "opus" and version < (4, 5):
        return 32_000
    return 128_000 if version >= (4, 7) or (line == "opus" and version == (4, 6)) else 64_000
