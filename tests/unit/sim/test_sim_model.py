"""A model's stated figures: skill, latency, usage, capabilities, configuration."""

from __future__ import annotations

import json
from decimal import Decimal
from statistics import median
from typing import Any

import pytest

from podium.core.tasks import TaskType
from podium.models.sim.ask import Refused, Spoken
from podium.models.sim.mind import answer
from podium.models.sim.wires.openai_chat_request import read as read_request
from podium.testing import SimModel, SimVendor, make_tasks

TOOL = {"type": "function", "function": {"name": "ping", "parameters": {"type": "object", "properties": {}}}}


def _ask(model: SimModel, text: str = "What is 2 + 2?", **fields: Any) -> Spoken:
    body = {"model": model.name, "messages": [{"role": "user", "content": text}], **fields}
    return answer(model, 0, read_request(json.dumps(body).encode()))


def test_chance_falls_with_difficulty_and_stays_a_probability() -> None:
    model = SimModel(name="m", skill=0.9, slope=0.2, skill_by_type={TaskType.CODE: 1.0})
    assert model.chance(TaskType.SIMPLE_QA, 1) == 0.9
    assert model.chance(TaskType.SIMPLE_QA, 3) == pytest.approx(0.5)
    assert model.chance(TaskType.SIMPLE_QA, 10) == 0.0
    assert model.chance(TaskType.CODE, 2) == pytest.approx(0.8)


@pytest.mark.parametrize("field", [{"skill": 1.1}, {"cached_share": -0.1}, {"tokens_per_s": 0}, {"chunk_tokens": 0}])
def test_impossible_figures_are_refused(field: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="m: "):
        SimModel(name="m", **field)


def test_latency_is_lognormal_about_its_median_and_the_same_for_the_same_prompt() -> None:
    model = SimModel(name="m", first_token_ms=400, first_token_sigma=0.5)
    seconds = [model.first_token_s(1, f"prompt {i}") for i in range(2000)]
    assert median(seconds) == pytest.approx(0.4, rel=0.06)
    assert sorted(seconds)[int(0.841 * 2000)] == pytest.approx(0.4 * 2.718**0.5, rel=0.1)  # one sigma above
    assert seconds[7] == model.first_token_s(1, "prompt 7")
    assert seconds[7] != model.first_token_s(2, "prompt 7")
    assert SimModel(name="m", reasoning_tokens=160, first_token_sigma=0).first_token_s(1, "p") == pytest.approx(2.4)


def test_usage_counts_four_characters_a_token_and_states_its_parts() -> None:
    model = SimModel(name="m", reasoning_tokens=50, cached_share=0.5)
    spoken = _ask(model, "x" * 400)
    assert spoken.usage.input == 104
    assert spoken.usage.cached == 52
    assert spoken.usage.output == 50 + -(-len(spoken.text) // 4)
    assert spoken.usage.reasoning == 50


def test_token_limit_and_stop_sequences_cut_the_answer() -> None:
    cut = _ask(SimModel(name="m"), max_tokens=5)
    assert (len(cut.text), cut.finish, cut.usage.output) == (20, "length", 5)
    newer = _ask(SimModel(name="m"), max_tokens=50, max_completion_tokens=5)
    assert newer.text == cut.text
    stopped = _ask(SimModel(name="m"), stop=[" simulated", "never"])
    assert stopped.text == "I am m, a"
    assert stopped.finish == "stop"


@pytest.mark.parametrize(
    ("model", "fields", "code"),
    [
        (SimModel(name="m", tools=False), {"tools": [TOOL]}, "unsupported_parameter"),
        (SimModel(name="m", json=False), {"response_format": {"type": "json_object"}}, "unsupported_parameter"),
        (SimModel(name="m", context=50), {"max_tokens": 60}, "context_length_exceeded"),
        (
            SimModel(name="m", vision=False),
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:,"}}]}]},
            "unsupported_content",
        ),
    ],
)
def test_what_a_model_lacks_is_refused(model: SimModel, fields: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as caught:
        _ask(model, **fields)
    assert caught.value.status == 400
    assert caught.value.code == code


def test_a_forced_tool_is_called_and_a_refused_one_is_not() -> None:
    tool = {
        "type": "function",
        "function": {
            "name": "note",
            "parameters": {
                "type": "object",
                "properties": {"text": {"type": "string"}, "n": {"type": "integer"}, "kind": {"enum": ["a", "b"]}},
                "required": ["text", "n", "kind"],
            },
        },
    }
    model = SimModel(name="m")
    for choice in ("required", {"type": "function", "function": {"name": "note"}}):
        spoken = _ask(model, tools=[TOOL, tool][1:], tool_choice=choice)
        assert spoken.finish == "tool_calls"
        assert json.loads(spoken.calls[0].arguments) == {"text": "simulated", "n": 0, "kind": "a"}
    assert _ask(model, tools=[tool]).calls == ()
    task = make_tasks(1, 1, {"tools": 1})[0]
    assert _ask(model, task.prompt, **{**task.options, "tool_choice": "none"}).calls == ()
    with pytest.raises(Refused, match="not among"):
        _ask(model, tools=[tool], tool_choice={"type": "function", "function": {"name": "other"}})


def test_parallel_calls_can_be_switched_off() -> None:
    model = SimModel(name="m", skill=1.0)
    task = next(task for task in make_tasks(1, 50, {"tools": 1}) if task.expected.count("; ") == 1)
    assert len(_ask(model, task.prompt, **task.options).calls) == 2
    assert len(_ask(model, task.prompt, **task.options, parallel_tool_calls=False).calls) == 1


def test_any_schema_gets_json_that_fits_it() -> None:
    schema = {
        "type": "object",
        "properties": {
            "who": {"$ref": "#/$defs/Person"},
            "tags": {"type": "array", "items": {"type": "string"}, "minItems": 2},
            "maybe": {"anyOf": [{"type": "null"}, {"type": "string"}]},
            "sure": {"type": "boolean"},
            "level": {"type": "integer", "minimum": 3},
        },
        "$defs": {"Person": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}},
        "required": ["who", "tags", "maybe", "sure", "level"],
    }
    spoken = _ask(
        SimModel(name="m"), response_format={"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    )
    assert json.loads(spoken.text) == {
        "who": {"name": "simulated"},
        "tags": ["simulated", "simulated"],
        "maybe": None,
        "sure": False,
        "level": 3,
    }
    loop = {"type": "object", "properties": {"next": {"$ref": "#"}}, "required": ["next"]}
    spoken = _ask(
        SimModel(name="m"), response_format={"type": "json_schema", "json_schema": {"name": "x", "schema": loop}}
    )
    assert isinstance(json.loads(spoken.text), dict)


def test_a_known_task_asked_by_another_schema_keeps_its_answer() -> None:
    task = make_tasks(1, 1, {"arithmetic": 1})[0]
    schema = {"type": "object", "properties": {"result": {"type": "integer"}}, "required": ["result"]}
    shape = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    spoken = _ask(SimModel(name="m", skill=1.0), task.prompt, response_format=shape)
    assert json.loads(spoken.text) == {"result": int(task.expected)}
    free = _ask(SimModel(name="m", skill=1.0), task.prompt, response_format={"type": "json_object"})
    assert task.expected in json.loads(free.text)["answer"]


def test_tool_results_are_put_into_words() -> None:
    called = {"id": "c1", "type": "function", "function": {"name": "lookup_order", "arguments": "{}"}}
    messages = [
        {"role": "user", "content": "Where is order A-1234?"},
        {"role": "assistant", "content": None, "tool_calls": [called]},
        {"role": "tool", "tool_call_id": "c1", "content": "shipped on Monday"},
    ]
    assert "shipped on Monday" in _ask(SimModel(name="m"), messages=messages).text


def test_settings_carry_everything_but_the_skill() -> None:
    model = SimModel(
        name="m",
        tier=2,
        price_in=Decimal("0.15"),
        price_out=Decimal("0.60"),
        context=9000,
        vision=False,
        tokens_per_s=120,
    )
    settings = model.settings()
    assert settings.tier == 2
    assert settings.context == 9000
    assert settings.price is not None
    assert (settings.price.input, settings.price.output) == (Decimal("0.15"), Decimal("0.60"))
    assert settings.capabilities == ("text", "tools", "json_schema")
    assert settings.speed is not None
    assert settings.speed.tokens_per_s == 120
    assert settings.quality is None
    assert SimModel(name="m").settings().price is None
    vendor = SimVendor(name="v", models=(model,), api_key="k")
    provider = vendor.settings("http://127.0.0.1:1/v1", preset="openai-compatible", locality="local")
    assert (provider.base_url, provider.api_key, provider.models) == ("http://127.0.0.1:1/v1", "k", ("m",))


def test_a_vendor_with_two_models_of_one_name_is_refused() -> None:
    with pytest.raises(ValueError, match="share a name"):
        SimVendor(name="v", models=(SimModel(name="m"), SimModel(name="m")))
