"""How much a model is asked to think: a canonical effort or budget in the form its generation takes."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from podium.core.messages import Options

from .generations import Generation

LEAST_BUDGET = 1_024
"""The API's own least."""
_SHARES = {"minimal": LEAST_BUDGET, "low": 2_048, "medium": 8_192, "high": 16_384, "xhigh": 24_576, "max": 30_720}
"""An effort as a budget, for generations that only know budgets. All leave room in the smallest such model's 32,000
tokens of output."""
BARE_CALL = "Thinking was left out: the turn under way began without it, and the model refuses to begin in its middle."
_UNASKED = "none"
_OWN_MEASURE = -1
_LADDER = ("minimal", "low", "medium", "high", "xhigh", "max")


class Ask(Struct, frozen=True, kw_only=True):
    """What the body says of thinking, and what is to be said of that."""

    thinking: dict[str, Any] | None = None
    effort: str | None = None
    active: bool = False
    """Whether the model may think: sampling and forced tools are then refused."""
    asked: bool = False
    """Whether the caller wanted it to."""
    budget: int = 0
    """Tokens set aside for it."""


def ask_for(options: Options, generation: Generation, limit: int | None, *, bare_call: bool, notes: list[str]) -> Ask:
    """The form for this model. `limit` is the answer's, where there is one; `bare_call` says that the turn under way
    began with a call and no thinking, which models with budgets refuse to go on from while they think."""
    effort, budget = options.reasoning_effort, options.reasoning_tokens
    if effort is None and budget is None and options.show_reasoning:
        # Who wants to see reasoning wants it to happen: other vendors' models think by themselves.
        budget = _OWN_MEASURE
    if effort == _UNASKED or budget == 0:
        return _off(generation, options, notes)
    if effort is None and budget is None:
        return Ask(active=generation.off not in ("omit",))
    if generation.adaptive and not (generation.budgets and budget is not None and budget > 0):
        return _adaptive(options, generation, notes)
    if not generation.budgets:
        notes.append("The model does not think before it answers: the request's reasoning effort was left out.")
        return Ask()
    return _budgeted(options, generation, limit, bare_call, notes)


def _off(generation: Generation, options: Options, notes: list[str]) -> Ask:
    if generation.off == "never":
        notes.append("The model always thinks: it could not be switched off.")
        lowest = generation.efforts[0] if generation.efforts else None
        return Ask(active=True, effort=lowest)
    level = _level(options.reasoning_effort, generation, notes) if options.reasoning_tokens == 0 else None
    if generation.off == "omit":
        return Ask(effort=level)
    if level in ("xhigh", "max"):  # refused together with thinking switched off
        level = "high"
    return Ask(thinking={"type": generation.off}, effort=level)


def _adaptive(options: Options, generation: Generation, notes: list[str]) -> Ask:
    thinking: dict[str, Any] = {"type": "adaptive"}
    if options.show_reasoning and not generation.shows_thinking:
        thinking["display"] = "summarized"
    if options.reasoning_tokens is not None and options.reasoning_tokens > 0:
        notes.append("The model chooses itself how long it thinks: the budget for reasoning was left out.")
    return Ask(thinking=thinking, effort=_level(options.reasoning_effort, generation, notes), active=True, asked=True)


def _budgeted(options: Options, generation: Generation, limit: int | None, bare_call: bool, notes: list[str]) -> Ask:
    if bare_call:
        notes.append(BARE_CALL)
        return Ask()
    effort, budget = options.reasoning_effort, options.reasoning_tokens
    stated = budget is not None and budget > 0
    wanted = max(budget if budget is not None and stated else _SHARES.get(effort or "medium", 0), LEAST_BUDGET)
    most = (generation.max_output if limit is None else limit) - LEAST_BUDGET
    if limit is not None and stated and wanted < limit:
        most = wanted  # the caller's own figures, and the API takes them
    elif limit is not None and wanted > most:
        most = limit // 2  # a budget that fills the limit leaves no answer at all
    if most < LEAST_BUDGET:
        notes.append(f"Thinking was left out: it needs {LEAST_BUDGET} tokens, and the answer's limit is {limit}.")
        return Ask()
    granted = min(wanted, most)
    if granted < wanted:
        notes.append(f"The budget for reasoning was lowered from {wanted} to {granted} tokens to leave room to answer.")
    level = _level(effort, generation, []) if effort and budget is not None else None
    return Ask(
        thinking={"type": "enabled", "budget_tokens": granted},
        effort=level,
        active=True,
        asked=True,
        budget=granted,
    )


def _level(effort: str | None, generation: Generation, notes: list[str]) -> str | None:
    """The nearest level the model has, never a dearer one unless it has none as cheap."""
    if effort is None or effort == _UNASKED or not generation.efforts:
        return None
    if effort in generation.efforts:
        return effort
    rank = _LADDER.index(effort) if effort in _LADDER else _LADDER.index("medium")
    below = [level for level in generation.efforts if _LADDER.index(level) <= rank]
    level = below[-1] if below else generation.efforts[0]
    notes.append(f"The model has no reasoning effort {effort!r}: {level!r} was asked for.")
    return level
