"""From keyword arguments to a task: what is taken, what is refused, and by which name."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from podium.core.errors import InvalidRequest
from podium.core.messages import ImagePart, Message, Schema, TextPart, Tool
from podium.core.settings import RouteSettings, Settings
from podium.core.tasks import NO_REQUIREMENTS, Requirements, Sensitivity, Task, TaskType
from podium.surface.library.asking import Asked, task_from

NOW = datetime(2030, 1, 31, 12, tzinfo=UTC)
SETTINGS = Settings(routes={"support": RouteSettings(priority="interactive")})


def _task(prompt: Any = "Hello", **asked: Any) -> Task:
    return task_from(prompt, settings=SETTINGS, now=NOW, **asked)


def test_a_question_becomes_a_task_with_ordinary_defaults() -> None:
    task = _task("What is it?")
    assert task.messages == (Message(role="user", parts=(TextPart("What is it?"),)),)
    assert task.id.startswith("tsk_")
    assert (task.model, task.received_at, task.source, task.priority) == ("auto", NOW, "library", "normal")
    assert (task.task_type, task.sensitivity, task.user, task.team, dict(task.tags)) == (None, None, None, None, {})
    assert task.requirements is NO_REQUIREMENTS
    assert task.payload is None


def test_every_keyword_arrives() -> None:
    require = Requirements(min_quality=0.9)
    tool = Tool(name="look")
    given: dict[str, Any] = {
        "model": "auto/support",
        "system": "Be brief.",
        "task_type": "simple_qa",
        "require": require,
        "priority": "background",
        "sensitivity": "personal",
        "user": "ann",
        "team": "support",
        "tags": {"ticket": "4711"},
        "tools": [tool],
        "schema": {"type": "object"},
        "max_tokens": 100,
        "temperature": 0.5,
    }
    assert given.keys() == Asked.__annotations__.keys(), "a keyword nobody tests"
    task = _task("Which plan?", **given, source="cli")
    assert [message.role for message in task.messages] == ["system", "user"]
    assert task.messages[0].text == "Be brief."
    assert (task.model, task.priority, task.source) == ("auto/support", "background", "cli")
    assert (task.task_type, task.sensitivity) == (TaskType.SIMPLE_QA, Sensitivity.PERSONAL)
    assert task.requirements is require
    assert (task.user, task.team, task.tags) == ("ann", "support", {"ticket": "4711"})
    assert (task.options.max_tokens, task.options.temperature) == (100, 0.5)
    assert task.options.tools == (tool,)
    assert task.options.schema == Schema(body={"type": "object"})


def test_a_routes_priority_holds_where_the_call_states_none() -> None:
    assert _task(model="auto/support").priority == "interactive"
    assert _task(model="auto/support", priority="normal").priority == "normal"


def test_none_means_not_given() -> None:
    plain = _task()
    empty = _task(**dict.fromkeys(Asked.__annotations__))
    for name in ("messages", "model", "options", "requirements", "priority", "tags", "user"):
        assert getattr(empty, name) == getattr(plain, name)


def test_messages_may_be_ours_or_dictionaries_in_the_openai_shape() -> None:
    ours = Message(role="assistant", parts=(TextPart("Hi."),))
    image = {"type": "image_url", "image_url": {"url": "https://example.com/cat.png"}}
    task = _task(
        [
            {"role": "system", "content": "Be brief."},
            ours,
            {"role": "user", "content": [{"type": "text", "text": "What is it?"}, image]},
        ]
    )
    assert [message.role for message in task.messages] == ["system", "assistant", "user"]
    assert task.messages[1] is ours
    assert task.messages[2].text == "What is it?"
    assert isinstance(task.messages[2].parts[1], ImagePart)


@pytest.mark.parametrize(
    ("prompt", "param"),
    [
        ("", None),
        ("  \n", None),
        ([], None),
        (None, "prompt"),
        (7, "prompt"),
        ({"role": "user", "content": "Hello"}, "prompt"),
        ({"Hello"}, "prompt"),
        (b"Hello", "messages[0]"),
        (["Hello"], "messages[0]"),
        ([{"role": "user", "content": "Hello"}, 7], "messages[1]"),
        ([{"role": "user", "content": "Hello"}, {"role": "emperor", "content": "x"}], "messages[1].role"),
        ([{"role": "user", "content": "Hello"}, {"role": "user", "content": 7}], "messages[1].content"),
        ([{"role": "user", "content": "Hello"}, {"content": "x"}], "messages[1]"),
        ([{"role": "user", "content": object()}], "messages[0]"),
    ],
)
def test_a_prompt_that_is_none(prompt: Any, param: str | None) -> None:
    with pytest.raises(InvalidRequest) as caught:
        _task(prompt)
    assert caught.value.param == param
    if param is not None and param.startswith("messages[1]"):
        assert "messages[0]" not in str(caught.value), "counted from the beginning of the caller's list"


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("task_type", "homework"),
        ("task_type", 3),
        ("sensitivity", "very"),
        ("priority", "urgent"),
        ("priority", 1),
        ("require", {"min_quality": 0.9}),
        ("model", 7),
        ("system", ["Be brief."]),
        ("user", 7),
        ("team", b"support"),
        ("tags", "ticket=4711"),
        ("tools", [{"type": "function"}]),
        ("tools", "look"),
        ("schema", "object"),
        ("max_tokens", "many"),
        ("max_tokens", 0),
        ("max_tokens", -1),
        ("max_tokens", True),
        ("temperature", "hot"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_by_its_name(keyword: str, value: Any) -> None:
    with pytest.raises(InvalidRequest) as caught:
        _task(**{keyword: value})
    assert caught.value.param == keyword
    assert keyword in str(caught.value)
    assert caught.value.remedy


def test_an_unknown_keyword_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InvalidRequest, match=r"Unknown argument: max_token\.") as caught:
        _task(max_token=5)
    assert "max_tokens" in caught.value.remedy
