"""Token figures of the simulation: four characters a token, the same on every wire."""

from __future__ import annotations

from collections.abc import Sequence

from .ask import Ask, Figures, Tool, Turn
from .vendor import SimModel

CHARS_PER_TOKEN = 4
_MESSAGE_TOKENS = 4
_IMAGE_TOKENS = 85


def tokens(text: str) -> int:
    """An estimate: four characters a token."""
    return -(-len(text) // CHARS_PER_TOKEN)


def input_tokens(ask: Ask) -> int:
    """The whole prompt: messages, images, tools and schema."""
    total = _tools(ask.tools) + _turns(ask.turns)
    return total + (tokens(str(ask.schema)) if ask.schema else 0)


def figures(model: SimModel, ask: Ask, *, written: int, reasoning: int, warm: bool) -> Figures:
    """The usage of an answer of `written` tokens. `warm`: what the caller marked for caching is in the cache."""
    used = input_tokens(ask)
    marked = _marked_tokens(ask)
    return Figures(
        input=used,
        output=written + reasoning,
        reasoning=reasoning,
        cached=(marked if warm else 0) if marked is not None else int(used * model.cached_share),
        written=0 if marked is None or warm else marked,
    )


def _marked_tokens(ask: Ask) -> int | None:
    if ask.marked is None:
        return None
    return _tools(ask.tools) + _turns(ask.turns[: ask.marked + 1])


def _turns(turns: Sequence[Turn]) -> int:
    total = 0
    for turn in turns:
        total += _MESSAGE_TOKENS + tokens(turn.text) + _IMAGE_TOKENS * len(turn.images)
        total += sum(tokens(call.name + call.arguments) for call in turn.calls)
    return total


def _tools(tools: Sequence[Tool]) -> int:
    return sum(tokens(f"{tool.name}{tool.description}{tool.parameters}") for tool in tools)
