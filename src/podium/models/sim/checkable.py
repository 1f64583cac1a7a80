"""A task whose answer can be checked, and what a solver makes of a prompt.

Both sides of the simulation meet here: the generator knows what it asked, the solver knows only the text. They
share these shapes and nothing else, so a right answer was really worked out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

from msgspec import Struct, field

from podium.core.messages import ToolCall
from podium.core.tasks import TaskType

Judge = Callable[[str, Sequence[ToolCall]], bool]
WORKLOADS = ("support", "coding")


class CheckableTask(Struct, frozen=True, kw_only=True):
    """One piece of work with a known answer, in OpenAI's request shape."""

    messages: tuple[Mapping[str, Any], ...]
    """As they go into a request body."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Other request fields: `tools`, `response_format` ..."""
    task_type: TaskType
    difficulty: int
    """1 (a glance) to 10."""
    tags: Mapping[str, str]
    """`family` and `workload`."""
    expected: str
    """The right answer, for people to read."""
    judge: Judge

    @property
    def prompt(self) -> str:
        """What the user asks."""
        return str(self.messages[-1]["content"])

    def request(self, model: str) -> dict[str, Any]:
        """The whole request: keyword arguments for the SDK's `chat.completions.create`, or a JSON body."""
        return {"model": model, "messages": [dict(message) for message in self.messages], **self.options}

    def check(self, answer_text: str, tool_calls: Sequence[ToolCall] = ()) -> bool:
        """Whether an answer is right. Never raises for a strange answer: a strange answer is wrong."""
        return self.judge(answer_text, tool_calls)

    def check_message(self, message: Mapping[str, Any]) -> bool:
        """The same for an answer's message as OpenAI writes it (`completion.choices[0].message.model_dump()`)."""
        calls = [
            ToolCall(id=call["id"], name=call["function"]["name"], arguments=call["function"]["arguments"])
            for call in message.get("tool_calls") or ()
        ]
        return self.check(message.get("content") or "", calls)


class Draft(Struct, frozen=True, kw_only=True):
    """What a family writes: a task without its frame."""

    text: str
    options: Mapping[str, Any] = field(default_factory=dict)
    difficulty: int
    expected: str
    judge: Judge


class Question(Struct, frozen=True, kw_only=True):
    """What a simulated model sees of a request."""

    text: str
    """The last user message."""
    tools: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Name -> parameter schema of the tools it may call."""
    schema: Mapping[str, Any] | None = None
    """Shape the answer must have; `{}` for any JSON object; None for free text."""


class Answer(Struct, frozen=True, kw_only=True):
    """Text, or tool calls as (name, arguments)."""

    text: str = ""
    calls: tuple[tuple[str, Mapping[str, Any]], ...] = ()


class Solution(Struct, frozen=True, kw_only=True):
    """What a solver worked out from a prompt."""

    family: str
    task_type: TaskType
    difficulty: int
    right: Answer
    near_miss: Callable[[Random], Answer]
    """A plausible wrong answer: the kind of slip a weaker model makes."""
    chatty: bool = True
    """Whether sentences before the answer leave it right."""


def level(value: float) -> int:
    """A difficulty, kept within 1 to 10."""
    return max(1, min(10, round(value)))


_LONGEST_NUMBER = 30
_NUMBER = re.compile(r"-?\d[\d,]*")
_FENCE = re.compile(r"```(?:\w+)?\s*\n(.*?)```", re.DOTALL)


def last_number(text: str) -> int | None:
    """The last whole number written in a text: where an answer that shows its work ends."""
    found = _NUMBER.findall(text)
    return int(found[-1].replace(",", "")) if found and len(found[-1]) <= _LONGEST_NUMBER else None


def unfenced(text: str) -> str:
    """What stands inside the first code fence, or all of it where there is none."""
    fence = _FENCE.search(text)
    return (fence[1] if fence else text).strip()


def misspelt(value: str, rng: Random) -> str:
    """The value with two different neighbours (letters or digits) swapped; one digit more where there are none."""
    places = [i for i in range(len(value) - 1) if value[i].isalnum() and value[i + 1].isalnum()]
    places = [i for i in places if value[i] != value[i + 1]]
    if not places:
        return value + "1"
    i = rng.choice(places)
    return value[:i] + value[i + 1] + value[i] + value[i + 2 :]
