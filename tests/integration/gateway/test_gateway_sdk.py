"""The unmodified OpenAI SDK against a running gateway: every feature its users use, and its own exceptions."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import openai
import pytest

from podium.testing import Fault, Faults, SimVendor, make_tasks

HELLO: Any = [{"role": "user", "content": "hello"}]
PIXEL = "data:image/png;base64,iVBORw0KGgo="


@pytest.fixture
def client(house: Any) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=house.base_url, api_key="pk-any", max_retries=0) as made:
        yield made


def _tasks(family: str, count: int) -> Any:
    return make_tasks(11, count, {family: 1.0})


@pytest.mark.parametrize("family", ["arithmetic", "extraction", "classification", "dates", "summary", "translation"])
def test_right_answers_come_through_whole_and_streamed(client: openai.OpenAI, family: str) -> None:
    for task in _tasks(family, 3):
        whole = client.chat.completions.create(**task.request("auto"))
        assert task.check_message(whole.choices[0].message.model_dump())
        stream = client.chat.completions.create(**task.request("auto"), stream=True)
        text = "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
        assert task.check(text), text


def test_tools_and_parallel_tool_calls(client: openai.OpenAI) -> None:
    called = []
    for task in _tasks("tools", 12):
        message = client.chat.completions.create(**task.request("auto")).choices[0].message
        assert task.check_message(message.model_dump())
        called.append(len(message.tool_calls or ()))
        with client.chat.completions.stream(**task.request("auto")) as stream:
            final = stream.get_final_completion()
        assert task.check_message(final.choices[0].message.model_dump())
        assert final.choices[0].finish_reason == "tool_calls"
        single = client.chat.completions.create(**task.request("auto"), parallel_tool_calls=False)
        assert len(single.choices[0].message.tool_calls or ()) == 1
    assert max(called) > 1


def test_a_tools_result_goes_back_to_the_model(client: openai.OpenAI) -> None:
    task = _tasks("tools", 1)[0]
    first = client.chat.completions.create(**task.request("auto")).choices[0].message
    assert first.tool_calls
    talk: Any = [*task.messages, first.model_dump(exclude_none=True)]
    talk += [{"role": "tool", "tool_call_id": call.id, "content": f"result {call.id}"} for call in first.tool_calls]
    last = client.chat.completions.create(model="auto", messages=talk, tools=task.options["tools"])
    assert f"result {first.tool_calls[0].id}" in (last.choices[0].message.content or "")


def test_a_forced_tool_is_called(client: openai.OpenAI) -> None:
    tools: Any = [{"type": "function", "function": {"name": "note", "parameters": {"type": "object"}}}]
    for choice in ("required", {"type": "function", "function": {"name": "note"}}):
        answer = client.chat.completions.create(model="auto", messages=HELLO, tools=tools, tool_choice=choice)  # type: ignore[call-overload]
        assert answer.choices[0].message.tool_calls[0].function.name == "note"


def test_usage_of_a_stream_is_seen_only_where_asked(client: openai.OpenAI, house: Any, events_of: Any) -> None:
    quiet = list(client.chat.completions.create(model="auto", messages=HELLO, stream=True))
    assert all(chunk.usage is None for chunk in quiet)
    assert all(chunk.choices for chunk in quiet)
    asked = list(
        client.chat.completions.create(
            model="auto", messages=HELLO, stream=True, stream_options={"include_usage": True}
        )
    )
    assert [chunk.usage is not None for chunk in asked].count(True) == 1
    whole = client.chat.completions.create(model="auto", messages=HELLO).usage
    assert whole is not None
    assert asked[-1].usage is not None
    assert asked[-1].usage.total_tokens == whole.total_tokens > 0
    # Either way the ledger knows them.
    raw = house.chat("hello", stream=True)
    assert events_of(raw.text)[-1] == "[DONE]"
    kept = house.recorded(raw.headers["x-podium-decision"])["usage"]
    assert (kept["input"], kept["output"]) == (whole.prompt_tokens, whole.completion_tokens)
    assert kept["estimated"] is False


def test_images_go_only_to_models_that_see(start_gateway: Any, model: Any) -> None:
    blind = SimVendor(name="blind", models=(model("cheap", vision=False),), time_scale=0)
    sighted = SimVendor(name="sighted", models=(model("dear", price_in=Decimal(9)),), time_scale=0)
    gateway = start_gateway(blind, sighted)
    parts = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": PIXEL}}]
    with openai.OpenAI(base_url=gateway.base_url, api_key="x", max_retries=0) as client:
        ask: Any = [{"role": "user", "content": parts}]
        for _ in range(3):
            answer = client.chat.completions.with_raw_response.create(model="auto", messages=ask)
            assert answer.headers["x-podium-provider"] == "sighted"
            assert "image" in (answer.parse().choices[0].message.content or "")
        assert PIXEL.encode() in gateway.vendors["sighted"].seen[-1].body
        with pytest.raises(openai.UnprocessableEntityError, match="read images"):
            client.chat.completions.create(model="blind/cheap", messages=ask)
    assert not gateway.vendors["blind"].seen


def test_json_schema_is_asked_for_and_kept(client: openai.OpenAI, house: Any) -> None:
    from pydantic import BaseModel

    class Order(BaseModel):
        order_id: str

    ask: Any = [{"role": "user", "content": 'Return "order_id".\n\nMessage:\nHello. My order number is A-12345.'}]
    parsed = client.chat.completions.parse(model="auto", messages=ask, response_format=Order)
    assert parsed.choices[0].message.parsed == Order(order_id="A-12345")
    sent = json.loads(house.vendors["north"].seen[-1].body)["response_format"]["json_schema"]["schema"]
    assert sent["properties"] == {"order_id": {"title": "Order Id", "type": "string"}}
    loose = client.chat.completions.create(model="auto", messages=ask, response_format={"type": "json_object"})
    assert isinstance(json.loads(loose.choices[0].message.content or ""), dict)


def test_system_prompts_and_options_reach_the_model_unchanged(client: openai.OpenAI, house: Any) -> None:
    client.chat.completions.create(
        model="auto",
        messages=[{"role": "developer", "content": "Be brief."}, {"role": "user", "content": "hello"}],
        temperature=0.25,
        top_p=0.5,
        seed=7,
        stop=["\n\n"],
        presence_penalty=0.1,
        metadata={"run": "9"},
        extra_body={"top_k": 3, "podium": {"team": "support"}},
    )
    sent = json.loads(house.vendors["north"].seen[-1].body)
    assert sent["messages"][0] == {"role": "developer", "content": "Be brief."}
    given = {name: sent[name] for name in ("temperature", "top_p", "seed", "stop", "presence_penalty", "metadata")}
    assert given == {
        "temperature": 0.25, "top_p": 0.5, "seed": 7, "stop": ["\n\n"], "presence_penalty": 0.1,
        "metadata": {"run": "9"},
    }  # fmt: skip
    assert sent["top_k"] == 3
    assert sent["model"] == "pico"
    assert "podium" not in sent


def test_stop_and_max_tokens_end_the_answer(client: openai.OpenAI) -> None:
    full = client.chat.completions.create(model="auto", messages=HELLO).choices[0]
    stopped = client.chat.completions.create(model="auto", messages=HELLO, stop=[","]).choices[0]
    assert stopped.message.content == (full.message.content or "").partition(",")[0]
    for limit in ({"max_tokens": 3}, {"max_completion_tokens": 3}):
        short = client.chat.completions.create(model="auto", messages=HELLO, **limit)  # type: ignore[call-overload]
        assert short.choices[0].finish_reason == "length"
        assert short.usage.completion_tokens == 3


def test_the_providers_name_for_the_token_limit_is_used(start_gateway: Any, model: Any) -> None:
    vendor = SimVendor(name="openai", models=(model("gpt-x"),), time_scale=0, api_key="sk-x")
    gateway = start_gateway(vendor)
    assert gateway.chat(max_tokens=9).status == 200
    assert gateway.chat(max_tokens=9, max_completion_tokens=None).status == 200
    for seen in gateway.vendors["openai"].seen:
        body = json.loads(seen.body)
        assert (body.get("max_completion_tokens"), "max_tokens" in body) == (9, False)


def test_the_models_lists(client: openai.OpenAI) -> None:
    names = {model.id for model in client.models.list()}
    assert {"auto", "north/pico", "south/grande", "pico", "grande"} <= names
    one = client.models.retrieve("north/pico")
    assert (one.id, one.owned_by, one.object) == ("north/pico", "north", "model")
    with pytest.raises(openai.NotFoundError, match="Did you mean"):
        client.models.retrieve("north/pica")


ERRORS = [
    ({"model": "pica"}, openai.NotFoundError, 404, "pico"),
    ({"model": "auto/nowhere"}, openai.NotFoundError, 404, "auto/"),
    ({"model": "west/pico"}, openai.NotFoundError, 404, "Did you mean|providers"),
    ({"messages": []}, openai.BadRequestError, 400, "messages"),
    ({"messages": [{"role": "wizard", "content": "x"}]}, openai.BadRequestError, 400, "role"),
    ({"max_tokens": 0}, openai.BadRequestError, 400, "max_tokens"),
    ({"n": 0}, openai.BadRequestError, 400, "n must"),
    ({"temperature": "hot"}, openai.BadRequestError, 400, "temperature"),
    ({"extra_body": {"podium": {"min_quality": 1.0}}}, openai.UnprocessableEntityError, 422, "quality"),
    ({"extra_body": {"podium": {"min_qualty": 0.9}}}, openai.BadRequestError, 400, "min_qualty"),
    ({"extra_body": {"podium": {"private": True}}}, openai.UnprocessableEntityError, 422, "local"),
    ({"extra_headers": {"x-podium-colour": "red"}}, openai.BadRequestError, 400, "x-podium-colour"),
]


@pytest.mark.parametrize(("fields", "error", "status", "says"), ERRORS)
@pytest.mark.parametrize("stream", [False, True])
def test_errors_are_the_sdks_own(
    client: openai.OpenAI, house: Any, fields: Any, error: type[openai.APIStatusError], status: int, says: str,
    stream: bool,
) -> None:  # fmt: skip
    before = house.seen()
    with pytest.raises(error, match=says) as caught:
        client.chat.completions.create(**{"model": "auto", "messages": HELLO, **fields}, stream=stream)
    assert caught.value.status_code == status
    assert isinstance(caught.value.body, dict)
    assert caught.value.body["type"] == "invalid_request_error"
    assert caught.value.body["podium"]["remedy"]
    assert house.seen() == before


def test_too_large_too_many_and_nobody_there(start_gateway: Any) -> None:
    from podium.core.settings import ServerSettings

    gateway = start_gateway(server=ServerSettings(max_body_mb=0.05, drain_s=1))
    with openai.OpenAI(base_url=gateway.base_url, api_key="x", max_retries=0) as client:
        with pytest.raises(openai.APIStatusError, match="max_body_mb") as large:
            client.chat.completions.create(model="auto", messages=[{"role": "user", "content": "x" * 60_000}])
        assert large.value.status_code == 413
        for vendor in gateway.vendors.values():
            vendor.faults = Faults(always=Fault(kind="status", status=429, retry_after_s=7))
        with pytest.raises(openai.RateLimitError) as busy:
            client.chat.completions.create(model="auto", messages=HELLO)
        assert busy.value.response.headers["retry-after"] == "7"
        for vendor in gateway.vendors.values():
            vendor.faults = Faults(always=Fault(kind="refuse"))
        with pytest.raises(openai.InternalServerError) as away:
            client.chat.completions.create(model="auto", messages=HELLO)
        assert away.value.status_code == 503
        assert isinstance(away.value.body, dict)
        assert len(away.value.body["podium"]["tried"]) == int(away.value.response.headers["x-podium-attempts"]) >= 2


def test_the_async_client(house: Any) -> None:
    async def play() -> None:
        async with openai.AsyncOpenAI(base_url=house.base_url, api_key="x", max_retries=0) as client:
            tasks = make_tasks(3, 24)
            answers = await asyncio.gather(*(client.chat.completions.create(**t.request("auto")) for t in tasks))
            for task, answer in zip(tasks, answers, strict=True):
                assert task.check_message(answer.choices[0].message.model_dump())

            async def streamed(task: Any) -> None:
                async with client.chat.completions.stream(**task.request("auto")) as stream:
                    final = await stream.get_final_completion()
                assert task.check_message(final.choices[0].message.model_dump())

            await asyncio.gather(*(streamed(task) for task in tasks))
            with pytest.raises(openai.NotFoundError):
                await client.chat.completions.create(model="nobody", messages=HELLO)
            assert "auto" in [model.id async for model in client.models.list()]

    asyncio.run(play())
