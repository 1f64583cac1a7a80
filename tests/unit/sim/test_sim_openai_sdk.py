"""The unmodified OpenAI SDK against a simulated vendor: what works there works."""

from __future__ import annotations

import json
from collections.abc import Iterator

import openai
import pytest
from pydantic import BaseModel

from podium.testing import CheckableTask, Fault, Faults, SimModel, SimServer, SimVendor, make_tasks

VENDOR = SimVendor(
    name="acme",
    models=(
        SimModel(name="sharp", skill=1.0, reasoning_tokens=20, cached_share=0.25),
        SimModel(name="dull", skill=0.0),
        SimModel(name="plain", vision=False, tools=False, json=False, context=500),
    ),
    api_key="sk-sim",
    time_scale=0,
)
HELLO = [{"role": "user", "content": "hello"}]


@pytest.fixture(scope="module")
def server() -> Iterator[SimServer]:
    with SimServer(VENDOR) as running:
        yield running


@pytest.fixture
def client(server: SimServer) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=server.base_url, api_key="sk-sim", max_retries=0) as opened:
        yield opened


def _mixed(n: int) -> tuple[CheckableTask, ...]:
    return make_tasks(
        42, n, {"tools": 2, "extraction": 2, "lookup": 1, "dates": 1, "classification": 1, "translation": 1}
    )


def _streamed(client: openai.OpenAI, task: CheckableTask, model: str) -> tuple[dict[str, object], str | None, int]:
    """The message put together from a stream, its finish and its completion tokens."""
    text, finish, tokens = "", None, 0
    calls: dict[int, dict[str, object]] = {}
    stream = client.chat.completions.create(**task.request(model), stream=True, stream_options={"include_usage": True})
    for chunk in stream:
        if chunk.usage is not None:
            assert chunk.choices == []
            tokens = chunk.usage.completion_tokens
            continue
        choice = chunk.choices[0]
        finish = choice.finish_reason or finish
        text += choice.delta.content or ""
        for part in choice.delta.tool_calls or ():
            assert part.function is not None
            if part.id:
                calls[part.index] = {"id": part.id, "function": {"name": part.function.name, "arguments": ""}}
            function = calls[part.index]["function"]
            assert isinstance(function, dict)
            function["arguments"] += part.function.arguments or ""
    return {"content": text, "tool_calls": list(calls.values())}, finish, tokens


def test_models_are_listed(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["sharp", "dull", "plain"]


def test_whole_and_streamed_answers_agree_and_are_right(client: openai.OpenAI) -> None:
    for task in _mixed(40):
        whole = client.chat.completions.create(**task.request("sharp"))
        message, finish, tokens = _streamed(client, task, "sharp")
        assert whole.usage is not None
        assert (whole.choices[0].finish_reason, whole.usage.completion_tokens) == (finish, tokens)
        assert task.check_message(whole.choices[0].message.model_dump()), task.prompt
        assert task.check_message(message), task.prompt
        assert (whole.choices[0].message.content or "") == message["content"]


def test_a_dull_model_answers_in_form_and_wrong(client: openai.OpenAI) -> None:
    for task in _mixed(40):
        whole = client.chat.completions.create(**task.request("dull")).choices[0]
        assert not task.check_message(whole.message.model_dump())
        assert bool(whole.message.tool_calls) == bool(task.options.get("tools"))
        if "response_format" in task.options:
            assert isinstance(json.loads(whole.message.content or ""), dict)


def test_parallel_tool_calls_have_their_own_ids_and_order(client: openai.OpenAI) -> None:
    task = next(task for task in make_tasks(1, 60, {"tools": 1}) if "; " in task.expected)
    calls = client.chat.completions.create(**task.request("sharp")).choices[0].message.tool_calls
    assert calls is not None
    assert len({call.id for call in calls}) == len(calls) >= 2


def test_the_sdks_own_parsing_and_streaming_helpers_work(client: openai.OpenAI) -> None:
    class Order(BaseModel):
        order_id: str

    prompt = 'Return "order_id".\n\nMessage:\nHello there. My order number is A-12345.'
    ask = [{"role": "user", "content": prompt}]
    parsed = client.chat.completions.parse(model="sharp", messages=ask, response_format=Order)  # type: ignore[arg-type]
    assert parsed.choices[0].message.parsed == Order(order_id="A-12345")
    with client.chat.completions.stream(model="sharp", messages=ask) as stream:  # type: ignore[arg-type]
        final = stream.get_final_completion()
    assert json.loads(final.choices[0].message.content or "") == {"order_id": "A-12345"}


def test_images_are_accepted_and_counted(client: openai.OpenAI) -> None:
    parts = [
        {"type": "text", "text": "hello"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}},
    ]
    answer = client.chat.completions.create(model="sharp", messages=[{"role": "user", "content": parts}])  # type: ignore[list-item,misc]
    assert "image" in (answer.choices[0].message.content or "")
    assert answer.usage is not None
    assert answer.usage.prompt_tokens == 4 + 2 + 85


def test_usage_states_cached_and_reasoning_tokens(client: openai.OpenAI) -> None:
    usage = client.chat.completions.create(model="sharp", messages=[{"role": "user", "content": "x" * 384}]).usage
    assert usage is not None
    assert usage.prompt_tokens_details is not None
    assert usage.completion_tokens_details is not None
    assert usage.prompt_tokens_details.cached_tokens == 25
    assert usage.completion_tokens_details.reasoning_tokens == 20


@pytest.mark.parametrize(
    ("fields", "error", "code"),
    [
        ({"model": "nobody"}, openai.NotFoundError, "model_not_found"),
        ({"n": 2}, openai.BadRequestError, "unsupported_value"),
        ({"messages": []}, openai.BadRequestError, "empty_array"),
        ({"messages": [{"role": "tool", "tool_call_id": "x", "content": ""}]}, openai.BadRequestError, None),
        ({"messages": [{"role": "wizard", "content": "x"}]}, openai.BadRequestError, None),
        ({"temperature": 3}, openai.BadRequestError, None),
        ({"max_tokens": 0}, openai.BadRequestError, "integer_below_min_value"),
        ({"logprobs": True}, openai.BadRequestError, "unsupported_parameter"),
        ({"tool_choice": "required"}, openai.BadRequestError, None),
        ({"stream_options": {"include_usage": True}}, openai.BadRequestError, None),
        ({"response_format": {"type": "json_schema"}}, openai.BadRequestError, None),
        (
            {"model": "plain", "messages": [{"role": "user", "content": "x" * 4000}]},
            openai.BadRequestError,
            "context_length_exceeded",
        ),
    ],
)
def test_errors_have_openais_shape(
    client: openai.OpenAI, fields: dict[str, object], error: type[openai.APIStatusError], code: str | None
) -> None:
    with pytest.raises(error) as caught:
        client.chat.completions.create(**{"model": "sharp", "messages": HELLO, **fields})  # type: ignore[call-overload]
    assert caught.value.code == code
    assert isinstance(caught.value.body, dict)
    assert caught.value.body["type"] == "invalid_request_error"


def test_a_wrong_key_is_refused(server: SimServer) -> None:
    with openai.OpenAI(base_url=server.base_url, api_key="sk-other", max_retries=0) as stranger:
        with pytest.raises(openai.AuthenticationError, match="key"):
            stranger.chat.completions.create(model="sharp", messages=HELLO)  # type: ignore[arg-type]
        with pytest.raises(openai.AuthenticationError):
            stranger.models.list()


def test_the_sdks_retry_gets_over_a_scripted_fault(server: SimServer) -> None:
    server.faults = Faults(script=(Fault(kind="status", status=503, retry_after_s=0.01),))
    with openai.OpenAI(base_url=server.base_url, api_key="sk-sim", max_retries=1) as patient:
        assert patient.chat.completions.create(model="sharp", messages=HELLO).choices  # type: ignore[arg-type]
    server.faults = Faults(always=Fault(kind="status", status=429, retry_after_s=7))
    with openai.OpenAI(base_url=server.base_url, api_key="sk-sim", max_retries=0) as hasty:
        with pytest.raises(openai.RateLimitError) as caught:
            hasty.chat.completions.create(model="sharp", messages=HELLO)  # type: ignore[arg-type]
        assert caught.value.response.headers["retry-after"] == "7"
    server.faults = Faults()


def test_the_async_client_works_whole_and_streamed() -> None:
    import asyncio

    async def play() -> tuple[str, str]:
        async with (
            SimServer(VENDOR) as running,
            openai.AsyncOpenAI(base_url=running.base_url, api_key="sk-sim", max_retries=0) as client,
        ):
            whole = await client.chat.completions.create(model="sharp", messages=HELLO)  # type: ignore[arg-type]
            stream = await client.chat.completions.create(model="sharp", messages=HELLO, stream=True)  # type: ignore[arg-type]
            pieces = [chunk.choices[0].delta.content or "" async for chunk in stream]
            return whole.choices[0].message.content or "", "".join(pieces)

    whole, streamed = asyncio.run(play())
    assert whole == streamed
    assert "simulated" in whole
