"""From a Python call to a task: the one place where keyword arguments become values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypedDict

import msgspec

from podium.core.errors import InvalidRequest
from podium.core.ids import new_id
from podium.core.messages import Message, Options, Schema, TextPart, Tool
from podium.core.settings import Settings
from podium.core.tasks import (
    NO_REQUIREMENTS,
    Priority,
    Requirements,
    Sensitivity,
    Source,
    Task,
    TaskType,
)
from podium.models.dialects import OpenAIChat

Prompt = str | Sequence[Message | Mapping[str, Any]]


class Asked(TypedDict, total=False):
    """The keyword arguments of `ask` and `explain`."""

    model: str
    system: str | None
    task_type: TaskType | str | None
    require: Requirements | None
    priority: Priority | None
    sensitivity: Sensitivity | str | None
    user: str | None
    team: str | None
    tags: Mapping[str, str] | None
    tools: Sequence[Tool]
    schema: Mapping[str, Any] | None
    max_tokens: int | None
    temperature: float | None


def task_from(prompt: Prompt, *, settings: Settings, now: datetime, source: Source = "library", **asked: Any) -> Task:
    """Build a task. Raises InvalidRequest for an empty prompt, an unknown keyword or value."""
    unknown = asked.keys() - Asked.__annotations__.keys()
    if unknown:
        raise InvalidRequest(
            f"Unknown argument: {', '.join(sorted(unknown))}.",
            remedy=f"Known: {', '.join(sorted(Asked.__annotations__))}.",
        )
    model = asked.get("model") or "auto"
    schema = asked.get("schema")
    return Task(
        id=new_id("tsk"),
        messages=_messages(prompt, asked.get("system")),
        received_at=now,
        model=model,
        options=Options(
            max_tokens=asked.get("max_tokens"),
            temperature=asked.get("temperature"),
            tools=tuple(asked.get("tools") or ()),
            schema=None if schema is None else Schema(body=schema),
        ),
        requirements=asked.get("require") or NO_REQUIREMENTS,
        source=source,
        priority=asked.get("priority") or settings.priority_on(model),
        task_type=_member(TaskType, asked.get("task_type"), "task_type"),
        sensitivity=_member(Sensitivity, asked.get("sensitivity"), "sensitivity"),
        tags=dict(asked.get("tags") or {}),
        user=asked.get("user"),
        team=asked.get("team"),
    )


def _messages(prompt: Prompt, system: str | None) -> tuple[Message, ...]:
    first = (Message(role="system", parts=(TextPart(system),)),) if system else ()
    if isinstance(prompt, str):
        if not prompt.strip():
            raise InvalidRequest("The prompt is empty.", remedy="Say what you want done.")
        return (*first, Message(role="user", parts=(TextPart(prompt),)))
    rest: list[Message] = []
    for item in prompt:
        if isinstance(item, Message):
            rest.append(item)
        else:
            # Dictionaries are read as the OpenAI shape everybody has at hand, by the dialect that knows it.
            body = msgspec.json.encode({"messages": [item]})
            rest.extend(OpenAIChat().read_request(body).messages)
    if not rest:
        raise InvalidRequest("There are no messages.", remedy="Give a question, or a list with at least one message.")
    return (*first, *rest)


def _member(kind: Any, value: str | None, name: str) -> Any:
    if value is None:
        return None
    try:
        return kind(value)
    except ValueError as exc:
        raise InvalidRequest(
            f"{name} {value!r} is not known.", remedy=f"Use one of {', '.join(kind)}.", param=name
        ) from exc
