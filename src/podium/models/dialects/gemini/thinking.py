"""How hard a model thinks: an effort or a budget, in the terms of the model's own generation.

Source: the Gemini API's page "Thinking" (levels from Gemini 3 on, budgets in 2.5, neither before) and its page "OpenAI
compatibility", which says what an effort is worth.
"""

from __future__ import annotations

import re
from typing import Any

from podium.core.messages import Options

_GENERATION = re.compile(r"gemini-(\d+)(?:[.-](\d{1,2})(?!\d))?")
_BUDGETS = {"none": 0, "minimal": 1024, "low": 1024, "medium": 8192, "high": 24576, "xhigh": 24576, "max": 24576}
_LEVELS = {
    "none": "MINIMAL",
    "minimal": "MINIMAL",
    "low": "LOW",
    "medium": "MEDIUM",
    "high": "HIGH",
    "xhigh": "HIGH",
    "max": "HIGH",
}
_PRO_LEAST, _PRO_MOST = 128, 32768
_LITE_LEAST, _FLASH_MOST = 512, 24576
_NEWEST = (99, 0)


def generation(model: str) -> tuple[int, int] | None:
    """(major, minor) of a Gemini model; `gemini-flash-latest` counts as the newest, None is no Gemini model."""
    name = model.rpartition("/")[2].lower()
    found = _GENERATION.search(name)
    if found is not None:
        return int(found[1]), int(found[2] or 0)
    return _NEWEST if name.startswith("gemini-") else None


def is_third_generation(model: str) -> bool:
    """Whether it wants signatures with function calls, and takes tools and a schema together."""
    made = generation(model)
    return made is not None and made >= (3, 0)


def thinking_config(options: Options, model: str) -> tuple[dict[str, Any] | None, str | None]:
    """(`thinkingConfig`, a note on what could not be had)."""
    effort, tokens = options.reasoning_effort, options.reasoning_tokens
    if effort is None and tokens is None and not options.show_reasoning:
        return None, None
    made = generation(model)
    if made is None or made < (2, 5):
        if effort in (None, "none") and not tokens and not options.show_reasoning:
            return None, None
        return None, f"{model} does not think, so how hard it should was left out."
    config: dict[str, Any] = {"includeThoughts": True} if options.show_reasoning else {}
    note: str | None = None
    if made >= (3, 0):
        level, note = _level(effort, tokens, model, made)
        if level is not None:
            config["thinkingLevel"] = level
    else:
        budget, note = _budget(effort, tokens, model)
        if budget is not None:
            config["thinkingBudget"] = budget
    return config or None, note


def _level(effort: str | None, tokens: int | None, model: str, made: tuple[int, int]) -> tuple[str | None, str | None]:
    asked = effort
    if asked is None:
        if tokens is None or tokens < 0:
            return None, None
        asked = next((word for word in ("none", "low", "medium") if tokens <= _BUDGETS[word]), "high")
    level = _LEVELS.get(asked)
    if level is None:
        return None, f"Gemini has no reasoning effort {asked!r}; the model's own was used."
    if "pro" in model:
        if level == "MINIMAL":
            level = "LOW"
        elif level == "MEDIUM" and made < (3, 1):
            level = "HIGH"
    same = level.lower() == asked or effort is None
    return level, None if same else f"{model} has no reasoning effort {asked!r}; {level.lower()!r} was used."


def _budget(effort: str | None, tokens: int | None, model: str) -> tuple[int | None, str | None]:
    asked = tokens if tokens is not None else _BUDGETS.get(effort or "")
    if asked is None:
        note = f"Gemini has no reasoning effort {effort!r}; the model's own was used." if effort else None
        return None, note
    if asked < 0:
        return -1, None
    if "pro" in model:
        budget = min(max(asked, _PRO_LEAST), _PRO_MOST)
    elif "lite" in model and asked:
        budget = min(max(asked, _LITE_LEAST), _FLASH_MOST)
    else:
        budget = min(asked, _FLASH_MOST)
    return (
        budget,
        None if budget == asked else f"{model} takes a thinking budget of {budget} instead of {asked} tokens.",
    )
