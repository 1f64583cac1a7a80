"""Whether an answer has the shape that was asked for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.core.messages import FinishReason, Options, Reply, Schema, Tool, ToolCall
from podium.core.tasks import Task
from podium.policies.cascade import judge_structure

PERSON = {
    "type": "object",
    "required": ["name", "age"],
    "properties": {
        "name": {"type": "string"},
        "age": {"type": "integer"},
        "mood": {"enum": ["good", "bad"]},
        "tags": {"type": "array", "items": {"type": "string"}},
    },
}
JSON = Options(schema=Schema())
SHAPED = Options(schema=Schema(body=PERSON))
FORCED = Options(tools=(Tool(name="look"), Tool(name="go")), tool_choice="required")
LOOK = Options(tools=(Tool(name="look"), Tool(name="go")), tool_choice="look")


def call(name: str = "look", arguments: str = "{}") -> dict[str, Any]:
    return {"text": "", "tool_calls": (ToolCall(id="1", name=name, arguments=arguments),)}


CUT = {"finish": FinishReason.LENGTH}

# options, the reply, accepted, a piece of the reason
CASES: list[tuple[Options, dict[str, Any], bool, str]] = [
    (Options(), {"text": "Yes."}, True, "shape asked for"),
    (Options(), {"text": "Yes, bec", **CUT}, True, "cut off"),
    (Options(), {"text": ""}, False, "empty"),
    (Options(), {"text": " \n\t"}, False, "empty"),
    (Options(), {"text": "", **CUT}, False, "before the first word"),
    (Options(), {"text": "", "finish": FinishReason.CONTENT_FILTER}, False, "filter"),
    (Options(), {"text": "", "refusal": "I will not."}, True, "declined"),
    (Options(), call(), True, "shape asked for"),
    (Options(tool_choice="auto"), {"text": "No need."}, True, ""),
    (Options(tool_choice="none"), {"text": "No need."}, True, ""),
    (FORCED, {"text": "I would look."}, False, "a tool call was required"),
    (FORCED, call("go"), True, ""),
    (LOOK, call("look"), True, ""),
    (LOOK, call("go"), False, "a call to look was required and go was called"),
    (FORCED, call("go", '{"x": ') | CUT, False, "tool call was cut off"),
    (FORCED, call("go", '{"x": 1}') | CUT, True, ""),
    (JSON, {"text": '{"a": 1}'}, True, ""),
    (JSON, {"text": '{"a": 1}', **CUT}, True, ""),
    (JSON, {"text": "[1]"}, False, "not an object"),
    (JSON, {"text": "Sure! {}"}, False, "not JSON"),
    (JSON, {"text": "```json\n{}\n```"}, False, "code fence"),
    (JSON, {"text": '{"a": ', **CUT}, False, "cut off by the length limit"),
    (JSON, {"text": "", "refusal": "No."}, True, "declined"),
    (JSON, call(), True, ""),
    (JSON, {"text": "[" * 100_000}, False, "not JSON"),
    (JSON, {"text": '{"a": "\ud800"}'}, False, "not JSON"),
    (SHAPED, {"text": '{"name": "Ann", "age": 3}'}, True, ""),
    (SHAPED, {"text": '{"name": "Ann"}'}, False, "$ lacks 'age'"),
    (SHAPED, {"text": '{"name": "Ann", "age": "3"}'}, False, "$.age is string, not integer"),
    (SHAPED, {"text": '{"name": "Ann", "age": true}'}, False, "$.age is boolean, not integer"),
    (SHAPED, {"text": '{"name": "Ann", "age": 3.5}'}, False, "$.age is number, not integer"),
    (SHAPED, {"text": '{"name": "Ann", "age": 3.0}'}, True, ""),
    (SHAPED, {"text": '{"name": "Ann", "age": 3, "mood": "odd"}'}, False, "$.mood is none of the values allowed"),
    (SHAPED, {"text": '{"name": "Ann", "age": 3, "tags": ["a", 1]}'}, False, "$.tags[1] is integer"),
    (SHAPED, {"text": '{"name": "Ann", "age": 3, "more": null}'}, True, ""),
    (SHAPED, {"text": "null"}, False, "$ is null, not object"),
]


@pytest.mark.parametrize(("options", "reply", "accepted", "reason"), CASES)
def test_verdicts(options: Options, reply: dict[str, Any], accepted: bool, reason: str) -> None:
    task = Task(id="tsk_1", messages=(), received_at=datetime(2026, 1, 1, tzinfo=UTC), options=options)
    verdict = judge_structure(task, Reply(**reply))
    assert (verdict.accepted, verdict.check) == (accepted, "structure")
    assert reason in verdict.reason
    assert 0 <= verdict.score <= 1
    assert accepted == (verdict.score > 0)


@given(
    text=st.text(max_size=40),
    refusal=st.none() | st.text(max_size=5),
    finish=st.sampled_from(list(FinishReason)),
    options=st.sampled_from([Options(), JSON, SHAPED, FORCED, LOOK]),
)
def test_no_answer_breaks_the_check(text: str, refusal: str | None, finish: FinishReason, options: Options) -> None:
    task = Task(id="tsk_1", messages=(), received_at=datetime(2026, 1, 1, tzinfo=UTC), options=options)
    verdict = judge_structure(task, Reply(text=text, refusal=refusal, finish=finish))
    assert not verdict.accepted or text.strip() or refusal
