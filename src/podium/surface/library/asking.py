"""From a Python call to a task: the one place where keyword arguments become values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, TypedDict, get_args

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
    for name, kinds in _KINDS.items():
        _check_kind(name, asked.get(name), kinds)
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
            tools=_tools(asked.get("tools") or ()),
            schema=None if schema is None else Schema(body=schema),
        ),
        requirements=asked.get("require") or NO_REQUIREMENTS,
        source=source,
        priority=_priority(asked.get("priority")) or settings.priority_on(model),
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
    if isinstance(prompt, Mapping) or not isinstance(prompt, Sequence):
        raise InvalidRequest(
            f"The prompt is {_a(prompt)}.", remedy="Give a question, or a list of messages.", param="prompt"
        )
    rest = [item if isinstance(item, Message) else _read(item, place) for place, item in enumerate(prompt)]
    if not rest:
        raise InvalidRequest("There are no messages.", remedy="Give a question, or a list with at least one message.")
    return (*first, *rest)


def _read(item: object, place: int) -> Message:
    """Dictionaries are read as the OpenAI shape everybody has at hand, by the dialect that knows it."""
    where = f"messages[{place}]"
    if not isinstance(item, Mapping):
        raise InvalidRequest(
            f"{where} is {_a(item)}.",
            remedy="Give messages such as {'role': 'user', 'content': 'Hello'}.",
            param=where,
        )
    try:
        body = msgspec.json.encode({"messages": [item]})
    except (TypeError, ValueError, RecursionError, msgspec.MsgspecError) as exc:
        raise InvalidRequest(f"{where} cannot be written as JSON: {exc}.", param=where) from exc
    try:
        return OpenAIChat().read_request(body).messages[0]
    except InvalidRequest as error:
        # It was read alone, as the first; the caller counts from the beginning of the list.
        param = None if error.param is None else error.param.replace("messages[0]", where)
        told = error.message.replace("messages[0]", where)
        raise InvalidRequest(told, remedy=error.remedy, param=param) from error


def _tools(tools: object) -> tuple[Tool, ...]:
    if not isinstance(tools, Sequence) or not all(isinstance(tool, Tool) for tool in tools):
        raise InvalidRequest(
            "tools must be a list of podium.core.messages.Tool.",
            remedy="Write Tool(name=..., description=..., parameters=<JSON schema>).",
            param="tools",
        )
    return tuple(tools)


def _priority(value: object) -> Any:
    known = get_args(Priority)
    if value is not None and value not in known:
        raise InvalidRequest(
            f"priority {value!r} is not known.", remedy=f"Use one of {', '.join(known)}.", param="priority"
        )
    return value


_KINDS: Mapping[str, tuple[type, ...]] = MappingProxyType(
    {
        "model": (str,),
        "system": (str,),
        "require": (Requirements,),
        "user": (str,),
        "team": (str,),
        "tags": (Mapping,),
        "schema": (Mapping,),
        "max_tokens": (int,),
        "temperature": (int, float),
    }
)


def _check_kind(name: str, value: object, kinds: tuple[type, ...]) -> None:
    """A value of the wrong kind is refused here, by its name, and not by a failure somewhere below."""
    if value is None or (isinstance(value, kinds) and not isinstance(value, bool)):
        if name == "max_tokens" and value is not None and value < 1:  # type: ignore[operator]  # an int by now
            raise InvalidRequest(
                f"max_tokens must be positive, not {value}.", remedy="Leave it out for no limit.", param=name
            )
        return
    wanted = " or ".join(kind.__name__ for kind in kinds)
    raise InvalidRequest(f"{name} is {_a(value)}.", remedy=f"Give a {wanted}.", param=name)


def _a(value: object) -> str:
    """What a value is, for an error's sentence."""
    return "nothing" if value is None else f"of the type {type(value).__name__}"


def _member(kind: Any, value: str | None, name: str) -> Any:
    if value is None:
        return None
    try:
        return kind(value)
    except ValueError as exc:
        raise InvalidRequest(
            f"{name} {value!r} is not known.", remedy=f"Use one of {', '.join(kind)}.", param=name
        ) from exc
