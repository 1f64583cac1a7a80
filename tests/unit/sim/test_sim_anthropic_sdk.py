"""The unmodified Anthropic SDK against a simulated vendor: what works there works."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import anthropic
import httpx2
import pytest

from podium.models.sim.orders import digest_of
from podium.testing import Fault, Faults, SimModel, SimServer, SimVendor

VENDOR = SimVendor(
    name="acme",
    models=(
        SimModel(name="sharp", skill=1.0, reasoning_tokens=20),
        SimModel(name="secretive", reasoning_tokens=20, redacts_reasoning=True),
        SimModel(name="plain", vision=False, tools=False, context=500),
        SimModel(name="usual", cached_share=0.5),
    ),
    api_key="sk-sim",
    time_scale=0,
)
PIXEL = base64.b64encode(b"\x89PNG pixel").decode()
TOOLS: list[Any] = [
    {"name": "get_time", "description": "Time.", "input_schema": {"type": "object", "properties": {"zone": {}}}},
    {"name": "ping", "input_schema": {"type": "object", "properties": {}}},
]
TWO_CALLS = 'Call get_time {"zone": "UTC"} and ping'
THINK: dict[str, Any] = {"max_tokens": 2000, "thinking": {"type": "enabled", "budget_tokens": 1024}}


@pytest.fixture(scope="module")
def server() -> Iterator[SimServer]:
    with SimServer(VENDOR) as running:
        yield running


@pytest.fixture(scope="module")
def client(server: SimServer) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=server.root_url, api_key="sk-sim", max_retries=0) as opened:
        yield opened


def _ask(text: str = "hello", **fields: Any) -> dict[str, Any]:
    return {"model": "sharp", "max_tokens": 500, "messages": [{"role": "user", "content": text}], **fields}


def _streamed(client: anthropic.Anthropic, **fields: Any) -> anthropic.types.Message:
    with client.messages.stream(**fields) as stream:
        return stream.get_final_message()


@pytest.mark.parametrize(
    "fields",
    [
        _ask(),
        _ask("Repeat after me: größer, 更大, 🙂"),
        _ask(TWO_CALLS, tools=TOOLS),
        _ask(TWO_CALLS, tools=TOOLS, **THINK),
        _ask(model="secretive", **THINK),
        _ask("Refuse this."),
        _ask(system="Be kind.", stop_sequences=[" simulated"]),
        _ask(max_tokens=3),
        _ask(output_config={"format": {"type": "json_schema", "schema": {"type": "object", "properties": {"a": {}}}}}),
    ],
)
def test_whole_and_streamed_answers_agree(client: anthropic.Anthropic, fields: dict[str, Any]) -> None:
    whole = client.messages.create(**fields)
    assert _streamed(client, **fields).model_dump(exclude={"id"}) == whole.model_dump(exclude={"id"})


def test_two_tools_are_called_at_once_and_their_results_told(client: anthropic.Anthropic) -> None:
    asked = _ask(TWO_CALLS, tools=TOOLS, system=[{"type": "text", "text": "Be kind."}])
    message = client.messages.create(**asked)
    calls = [block for block in message.content if block.type == "tool_use"]
    assert message.stop_reason == "tool_use"
    assert [(call.name, call.input) for call in calls] == [("get_time", {"zone": "UTC"}), ("ping", {})]
    assert len({call.id for call in calls}) == 2
    results = [{"type": "tool_result", "tool_use_id": call.id, "content": f"{call.name} said so"} for call in calls]
    asked["messages"] += [{"role": "assistant", "content": message.content}, {"role": "user", "content": results}]
    told = client.messages.create(**asked).content[0]
    assert told.type == "text"
    assert told.text.endswith("get_time said so; ping said so")


def test_one_call_where_parallel_ones_are_switched_off(client: anthropic.Anthropic) -> None:
    choice = {"type": "any", "disable_parallel_tool_use": True}
    message = client.messages.create(**_ask(TWO_CALLS, tools=TOOLS, tool_choice=choice))
    assert [block.type for block in message.content] == ["tool_use"]


def test_a_forced_tool_is_called(client: anthropic.Anthropic) -> None:
    message = client.messages.create(**_ask(tools=TOOLS, tool_choice={"type": "tool", "name": "ping"}))
    assert [block.name for block in message.content if block.type == "tool_use"] == ["ping"]


def test_images_arrive_to_the_byte(client: anthropic.Anthropic) -> None:
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}}
    linked = {"type": "image", "source": {"type": "url", "url": "https://example.com/cat.png"}}
    content = [image, linked, {"type": "text", "text": "Describe the images"}]
    told = client.messages.create(**_ask(messages=[{"role": "user", "content": content}])).content[0]
    assert told.type == "text"
    assert f"image/png, 10 bytes, digest {digest_of(base64.b64decode(PIXEL))}" in told.text
    assert "https://example.com/cat.png" in told.text


def test_thinking_comes_first_and_its_seal_is_checked_when_it_comes_back(client: anthropic.Anthropic) -> None:
    asked = _ask(TWO_CALLS, tools=TOOLS, **THINK)
    asked["model"] = "secretive"
    message = _streamed(client, **asked)
    assert [block.type for block in message.content] == ["thinking", "redacted_thinking", "tool_use", "tool_use"]
    assert message.usage.output_tokens_details is not None
    assert message.usage.output_tokens_details.thinking_tokens == 20
    results = [
        {"type": "tool_result", "tool_use_id": block.id, "content": "ok"}
        for block in message.content
        if block.type == "tool_use"
    ]

    def continued(blocks: list[Any]) -> dict[str, Any]:
        turns = [*asked["messages"], {"role": "assistant", "content": blocks}, {"role": "user", "content": results}]
        return {**asked, "messages": turns}

    blocks = [block.model_dump(exclude_none=True) for block in message.content]
    assert client.messages.create(**continued(blocks)).stop_reason == "end_turn"
    for place, field in ((0, "signature"), (0, "thinking"), (1, "data")):
        changed = [dict(block) for block in blocks]
        changed[place][field] = "A" + changed[place][field][1:]
        with pytest.raises(anthropic.BadRequestError, match="Invalid"):
            client.messages.create(**continued(changed))
    with pytest.raises(anthropic.BadRequestError, match="Expected `thinking`"):
        client.messages.create(**continued(blocks[2:]))


def test_another_vendors_thinking_is_no_good_here(client: anthropic.Anthropic) -> None:
    with (
        SimServer(SimVendor(name="other", models=VENDOR.models, time_scale=0)) as other,
        anthropic.Anthropic(base_url=other.root_url, api_key="k", max_retries=0) as stranger,
    ):
        message = stranger.messages.create(**_ask(**THINK))
    turns = [
        {"role": "user", "content": "hello"},
        {"role": "assistant", "content": message.content},
        {"role": "user", "content": "more"},
    ]
    with pytest.raises(anthropic.BadRequestError, match="Invalid `signature`"):
        client.messages.create(**_ask(messages=turns))


def test_thinking_not_to_be_shown_is_signed_all_the_same(client: anthropic.Anthropic) -> None:
    message = client.messages.create(**_ask(max_tokens=2000, thinking={"type": "adaptive", "display": "omitted"}))
    first = message.content[0]
    assert first.type == "thinking"
    assert (first.thinking, bool(first.signature)) == ("", True)


def test_what_is_marked_for_caching_is_written_once_and_read_again(client: anthropic.Anthropic) -> None:
    system = [{"type": "text", "text": "cached " * 40, "cache_control": {"type": "ephemeral", "ttl": "1h"}}]
    total = client.messages.count_tokens(
        model="sharp",
        system=system,
        messages=[{"role": "user", "content": "one"}],  # type: ignore[arg-type]
    ).input_tokens
    first = client.messages.create(**_ask("one", system=system)).usage
    again = _streamed(client, **_ask("two", system=system)).usage
    assert (first.cache_read_input_tokens, again.cache_creation_input_tokens) == (0, 0)
    assert first.cache_creation_input_tokens == again.cache_read_input_tokens == 74
    assert first.input_tokens + 74 == total
    assert first.cache_creation is not None
    assert first.cache_creation.ephemeral_1h_input_tokens == 74


def test_unmarked_prompts_have_the_models_usual_cached_share(client: anthropic.Anthropic) -> None:
    usage = client.messages.create(**_ask("x" * 384, model="usual")).usage
    assert (usage.input_tokens, usage.cache_read_input_tokens) == (50, 50)


def test_models_are_listed_in_anthropics_shape(client: anthropic.Anthropic) -> None:
    assert [model.id for model in client.models.list()] == ["sharp", "secretive", "plain", "usual"]
    assert client.models.retrieve("plain").max_input_tokens == 500
    with pytest.raises(anthropic.NotFoundError):
        client.models.retrieve("nobody")


USER = {"role": "user", "content": "hi"}
USED = {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "ping", "input": {}}]}
RESULT = {"type": "tool_result", "tool_use_id": "t1", "content": "ok"}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"messages": []}, "at least one message"),
        ({"messages": [{"role": "assistant", "content": "hi"}]}, "first message"),
        ({"messages": [{"role": "user", "content": ""}]}, "non-empty"),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": ""}]}]}, "non-empty"),
        ({"messages": [USER, {"role": "assistant", "content": "Well "}]}, "whitespace"),
        ({"messages": [USER, USED]}, "tool_use"),
        ({"messages": [USER, USED, USER]}, "tool_result"),
        ({"messages": [USER, {"role": "user", "content": [RESULT]}]}, "tool_use_id"),
        ({"messages": [USER, USED, {"role": "user", "content": [{"type": "text", "text": "so"}, RESULT]}]}, "first"),
        ({"messages": [USER, USED, {"role": "user", "content": [RESULT, RESULT]}]}, "single"),
        ({"extra_body": {"temperature": 1.5}}, "temperature"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"tool_choice": {"type": "any"}}, "tool_choice"),
        ({"tools": [TOOLS[1], TOOLS[1]]}, "unique"),
        ({"tools": [{"name": "x"}]}, "input_schema"),
        ({**THINK, "tools": TOOLS, "tool_choice": {"type": "any"}}, "forces tool use"),
        ({**THINK, "extra_body": {"temperature": 0.5}}, "temperature"),
        ({**THINK, "max_tokens": 1024}, "budget_tokens"),
        ({"max_tokens": 500, "thinking": {"type": "enabled", "budget_tokens": 100}}, "budget_tokens"),
        ({"model": "plain", "thinking": {"type": "adaptive"}}, "thinking"),
        ({"model": "plain", "tools": TOOLS}, "tools"),
        ({"model": "plain", "messages": [{"role": "user", "content": "x" * 4000}]}, "context window"),
        (
            {"messages": [{"role": "user", "content": [
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": f"data:,{PIXEL}"}}
            ]}]},
            "base64",
        ),
    ],
)  # fmt: skip
def test_what_the_real_api_refuses(client: anthropic.Anthropic, fields: dict[str, Any], words: str) -> None:
    with pytest.raises(anthropic.BadRequestError, match=words) as caught:
        client.messages.create(**_ask(**fields))
    assert isinstance(caught.value.body, dict)
    assert (caught.value.body["type"], caught.value.body["error"]["type"]) == ("error", "invalid_request_error")
    assert caught.value.request_id == caught.value.body["request_id"]


def test_max_tokens_and_the_version_header_are_required(server: SimServer) -> None:
    body = {name: value for name, value in _ask().items() if name != "max_tokens"}
    key = {"x-api-key": "sk-sim"}
    with httpx2.Client(base_url=server.root_url, headers=key) as bare:
        answer = bare.post("/v1/messages", json=body, headers={"anthropic-version": "2023-06-01"})
        assert (answer.status_code, answer.json()["error"]["message"]) == (400, "max_tokens: Field required")
        answer = bare.post("/v1/messages", json=_ask())
        assert (answer.status_code, "anthropic-version" in answer.text) == (400, True)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(529, "overloaded_error"), (429, "rate_limit_error"), (500, "api_error"), (413, "request_too_large")],
)
def test_failures_have_anthropics_types(server: SimServer, client: anthropic.Anthropic, status: int, kind: str) -> None:
    server.faults = Faults(script=(Fault(kind="status", status=status, retry_after_s=3),))
    with pytest.raises(anthropic.APIStatusError) as caught:
        client.messages.create(**_ask())
    assert caught.value.status_code == status
    assert caught.value.response.headers["retry-after"] == "3"
    assert isinstance(caught.value.body, dict)
    assert caught.value.body["error"]["type"] == kind


def test_an_error_inside_a_stream_is_raised(server: SimServer, client: anthropic.Anthropic) -> None:
    server.faults = Faults(script=(Fault(kind="error_event"),))
    with client.messages.create(**_ask(stream=True)) as stream, pytest.raises(anthropic.APIStatusError) as caught:
        list(stream)
    assert "overloaded_error" in json.dumps(caught.value.body)


def test_a_wrong_key_is_refused_and_a_bearer_token_taken(server: SimServer) -> None:
    with (
        anthropic.Anthropic(base_url=server.root_url, api_key="sk-other", max_retries=0) as stranger,
        pytest.raises(anthropic.AuthenticationError),
    ):
        stranger.messages.create(**_ask())
    with anthropic.Anthropic(base_url=server.root_url, auth_token="sk-sim", max_retries=0) as known:
        assert known.messages.create(**_ask()).content
    assert server.seen[-1].wire == "anthropic-messages"
