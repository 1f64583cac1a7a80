"""Writes seeded mixes of checkable tasks for two workloads: a support desk and a coding agent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from podium.core.tasks import TaskType

from .checkable import CheckableTask, Draft
from .families import arithmetic, classification, code, dates, extraction, lookup, summary, tools, translation

_Family = tuple[TaskType, tuple[str, ...], Callable[[Random, str], Draft]]
_FAMILIES: Mapping[str, _Family] = {
    module.FAMILY: (module.TASK_TYPE, module.WORKLOADS, module.make)
    for module in (arithmetic, extraction, classification, dates, code, tools, lookup, summary, translation)
}
FAMILIES: tuple[str, ...] = tuple(_FAMILIES)

SUPPORT_DESK: Mapping[str, float] = {
    "support/classification": 5,
    "support/extraction": 4,
    "support/lookup": 4,
    "support/tools": 3,
    "support/summary": 2,
    "support/dates": 2,
    "support/translation": 1,
    "support/arithmetic": 1,
}
CODING_AGENT: Mapping[str, float] = {
    "coding/code": 7,
    "coding/tools": 4,
    "coding/lookup": 2,
    "coding/extraction": 2,
    "coding/classification": 2,
    "coding/summary": 1,
    "coding/dates": 1,
    "coding/arithmetic": 2,
    "coding/translation": 1,
}
MIXED: Mapping[str, float] = {**SUPPORT_DESK, **CODING_AGENT}

_SYSTEM = {
    "support": (
        "You are the support assistant of an online shop. Be brief and exact.",
        "You help the agents of a support desk. Follow the requested format to the letter.",
    ),
    "coding": (
        "You are a coding agent working in a Python repository. Be brief and exact.",
        "You assist the developers of a web service. Follow the requested format to the letter.",
    ),
}
_TRIES = 200


def make_tasks(seed: int | str, n: int, mix: Mapping[str, float] | None = None) -> tuple[CheckableTask, ...]:
    """`n` different tasks, the same ones for the same seed.

    `mix` gives the weight of each kind: a family (`arithmetic`, see FAMILIES) or a family of one workload
    (`support/arithmetic`). Default: MIXED. Raises ValueError for a kind that does not exist, or where a kind has
    too few wordings for `n` different prompts.
    """
    rng = Random(f"podium.sim {seed}")
    kinds = _kinds(MIXED if mix is None else mix)
    names, weights = list(kinds), list(kinds.values())
    seen: set[str] = set()
    tasks: list[CheckableTask] = []
    for _ in range(n):
        family, workload = rng.choices(names, weights)[0]
        for _ in range(_TRIES):
            task = _make(rng, family, workload)
            if task.prompt not in seen:
                break
        else:
            raise ValueError(
                f"{workload}/{family} has too few wordings for {n} different tasks; ask for fewer or mix more."
            )
        seen.add(task.prompt)
        tasks.append(task)
    return tuple(tasks)


def _make(rng: Random, family: str, workload: str) -> CheckableTask:
    task_type, _, make = _FAMILIES[family]
    draft = make(rng, workload)
    messages: list[dict[str, Any]] = [{"role": "user", "content": draft.text}]
    if rng.random() < 0.5:
        messages.insert(0, {"role": "system", "content": rng.choice(_SYSTEM[workload])})
    return CheckableTask(
        messages=tuple(messages),
        options=draft.options,
        task_type=task_type,
        difficulty=draft.difficulty,
        tags={"family": family, "workload": workload},
        expected=draft.expected,
        judge=draft.judge,
    )


def _kinds(mix: Mapping[str, float]) -> dict[tuple[str, str], float]:
    kinds: dict[tuple[str, str], float] = {}
    for name, weight in mix.items():
        workload, _, family = name.rpartition("/")
        known = _FAMILIES.get(family)
        if known is None or (workload and workload not in known[1]):
            raise ValueError(
                f"There is no kind of task called {name!r}; use one of {', '.join(FAMILIES)}, alone or as "
                "support/... or coding/..."
            )
        if weight < 0:
            raise ValueError(f"The weight of {name!r} is {weight}; weights are 0 or more.")
        workloads = (workload,) if workload else known[1]
        for each in workloads:
            kinds[family, each] = kinds.get((family, each), 0.0) + weight / len(workloads)
    if not any(kinds.values()):
        raise ValueError("The mix is empty; give at least one kind a weight above 0.")
    return kinds
