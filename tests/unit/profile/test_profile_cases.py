"""The labelled prompts: how often the profiler is right.

Three splits. `tuning` set the weights. `held_out` was written before the weights and not used to set them, but by the
author of the word lists, who had the prompts in mind: it flatters. `late` was written after the weights were final,
in other turns of phrase. No weight or word was changed for it; later changes, made for other reasons, left its figures
where they were. It is the figure to believe.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from podium.core.messages import (
    AudioPart,
    ImagePart,
    Message,
    Options,
    Part,
    Schema,
    TextPart,
    Tool,
    ToolCall,
)
from podium.core.tasks import Domain, Profile, Task, TaskType
from podium.policies.profile import HeuristicProfiler

FILE = Path(__file__).parents[2] / "data" / "profile_cases.jsonl"


@cache
def cases() -> tuple[dict[str, Any], ...]:
    return tuple(json.loads(line) for line in FILE.read_text("utf-8").splitlines())


def task_of(case: dict[str, Any]) -> Task:
    messages = [Message(role="system", parts=(TextPart(case["system"]),))] if "system" in case else []
    for place, text in enumerate(case.get("history", ())):
        messages.append(Message(role="assistant" if place % 2 else "user", parts=(TextPart(text),)))
    parts: list[Part] = [TextPart(case["user"])]
    if case.get("image"):
        parts.append(ImagePart(url="https://example.com/picture"))
    if case.get("audio"):
        parts.append(AudioPart(data="UklGRg==", format="wav"))
    messages.append(Message(role="user", parts=tuple(parts)))
    if "tool_result" in case:
        call = ToolCall(id="call_1", name=case["tools"][0], arguments="{}")
        messages.append(Message(role="assistant", tool_calls=(call,)))
        messages.append(Message(role="tool", parts=(TextPart(case["tool_result"]),), tool_call_id="call_1"))
    return Task(
        id="tsk_1",
        messages=tuple(messages),
        received_at=datetime(2030, 1, 1, tzinfo=UTC),
        options=Options(
            tools=tuple(Tool(name=name) for name in case.get("tools", ())),
            schema=Schema() if case.get("schema") else None,
        ),
    )


@cache
def judged(split: str) -> tuple[tuple[dict[str, Any], Profile], ...]:
    profiler = HeuristicProfiler()
    return tuple((case, profiler.profile(task_of(case))) for case in cases() if case["split"] == split)


def shares(split: str) -> dict[str, float]:
    right: Counter[str] = Counter()
    for case, profile in judged(split):
        right["task_type"] += profile.task_type.value == case["task_type"]
        right["domain"] += profile.domain.value == case["domain"]
        right["language"] += profile.language.value == case["language"]
        distance = abs(profile.complexity.value - case["complexity"])
        right["complexity_within_1"] += distance <= 1
        right["complexity_within_2"] += distance <= 2
    return {name: count / len(judged(split)) for name, count in right.items()}


def test_the_set_is_large_and_covers_everything() -> None:
    sizes = Counter(case["split"] for case in cases())
    assert sizes["tuning"] >= 100
    assert sizes["held_out"] >= 50
    assert sizes["late"] >= 40
    assert {case["task_type"] for case in cases() if case["split"] == "held_out"} == set(TaskType)
    assert {case["domain"] for case in cases() if case["split"] == "held_out"} == set(Domain)
    assert len({case["language"] for case in cases()}) == 16


# What was reached when this was written, rounded down; a change may raise these and must not lower them.
FLOORS = {
    "held_out": {"task_type": 0.95, "domain": 0.95, "language": 0.98, "complexity_within_2": 0.95},
    "late": {"task_type": 0.65, "domain": 0.75, "language": 0.93, "complexity_within_2": 0.87},
}


@pytest.mark.parametrize("split", FLOORS)
def test_accuracy(split: str) -> None:
    reached = shares(split)
    assert {name: floor for name, floor in FLOORS[split].items() if reached[name] < floor} == {}, reached


@pytest.mark.parametrize("split", ["tuning", "held_out", "late"])
def test_no_false_alarms_on_ordinary_prompts(split: str) -> None:
    assert [(case["user"], profile.findings) for case, profile in judged(split) if profile.findings] == []


def test_confidence_tells_right_from_wrong() -> None:
    """Judgements below the router's threshold of 0.5 are wrong more often than those above it."""
    sure = [p.task_type.value == c["task_type"] for c, p in judged("late") if p.task_type.confidence >= 0.5]
    unsure = [p.task_type.value == c["task_type"] for c, p in judged("late") if p.task_type.confidence < 0.5]
    assert sum(sure) / len(sure) >= 0.75
    assert sum(unsure) / len(unsure) < 0.55


def test_confidence_is_calibrated_on_unseen_prompts() -> None:
    confidences = [profile.task_type.confidence for _, profile in judged("late")]
    assert abs(sum(confidences) / len(confidences) - shares("late")["task_type"]) < 0.06
