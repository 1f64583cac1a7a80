"""Vendors that fail, in every way they can: a right answer from another model or a clear error, never a cut answer."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest

from podium.core.settings import EngineSettings, ModelSettings
from podium.testing import Fault, Faults, SimModel, SimVendor, make_tasks

HELLO: Any = [{"role": "user", "content": "hello"}]

# (fault, failure recorded for a whole answer, failure recorded for a stream); all strike before any content.
EARLY = [
    (Fault(kind="status", status=500), "server_error", "server_error"),
    (Fault(kind="status", status=503), "overloaded", "overloaded"),
    (Fault(kind="status", status=429, retry_after_s=30), "rate_limited", "rate_limited"),
    (Fault(kind="status", status=529), "overloaded", "overloaded"),
    (Fault(kind="status", status=401), "credential", "credential"),
    (Fault(kind="status", status=402), "billing", "billing"),
    (Fault(kind="status", status=404), "not_found", "not_found"),
    (Fault(kind="refuse"), "unreachable", "unreachable"),
    (Fault(kind="reset", after=0), "unreachable", "unreachable"),
    (Fault(kind="hang"), "timeout", "timeout"),
    (Fault(kind="garbage", after=0), "garbage", "garbage"),
    (Fault(kind="empty"), "garbage", "broken_stream"),
    (Fault(kind="content_type"), "garbage", "garbage"),
    (Fault(kind="cut", after=0), "garbage", "broken_stream"),
    (Fault(kind="error_event", after=0), "server_error", "server_error"),
    (Fault(kind="stall", after=0), "timeout", "timeout"),
]


def _label(case: Any) -> str:
    return f"{case.kind}{case.status if case.kind == 'status' else ''}" if isinstance(case, Fault) else str(case)


def _streamed_text(events: list[Any]) -> str:
    assert events[-1] == "[DONE]"
    assert not any("error" in event for event in events[:-1])
    return "".join(event["choices"][0]["delta"].get("content") or "" for event in events[:-1] if event["choices"])


@pytest.mark.parametrize(("fault", "whole", "streamed"), EARLY, ids=_label)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_another_vendor_answers_and_nobody_notices(
    house: Any, events_of: Any, fault: Fault, whole: str, streamed: str, stream: bool
) -> None:
    task = make_tasks(2, 1, {"arithmetic": 1})[0]
    house.vendors["north"].faults = Faults(always=fault)
    answer = house.post({**task.request("auto"), "stream": stream})
    assert answer.status == 200, answer.text
    assert answer.headers["x-podium-provider"] == "south"
    text = _streamed_text(events_of(answer.text)) if stream else answer.json()["choices"][0]["message"]["content"]
    assert task.check(text)
    tried = house.failures(answer.headers["x-podium-decision"])
    assert tried[-1] in {("south/pico", None), ("south/grande", None)}
    assert {failure for _, failure in tried[:-1]} == {streamed if stream else whole}
    assert {deployment for deployment, _ in tried[:-1]} <= {"north/pico", "north/grande"}
    assert int(answer.headers["x-podium-attempts"]) == len(tried) <= 4


# (fault that strikes after two pieces of content, failure recorded)
LATE = [
    (Fault(kind="reset", after=2), "broken_stream"),
    (Fault(kind="garbage", after=2), "garbage"),
    (Fault(kind="cut", after=2), "broken_stream"),
    (Fault(kind="error_event", after=2), "server_error"),
    (Fault(kind="stall", after=2), "timeout"),
]


@pytest.mark.parametrize(("fault", "kind"), LATE, ids=_label)
def test_a_stream_that_breaks_after_content_is_an_error_in_the_sdk(house: Any, fault: Fault, kind: str) -> None:
    house.vendors["north"].faults = Faults(always=fault)
    with openai.OpenAI(base_url=house.base_url, api_key="x", max_retries=0) as client:
        stream = client.chat.completions.create(model="auto", messages=HELLO, stream=True)
        choices: list[Any] = []
        with pytest.raises(openai.APIError) as caught:
            choices.extend(chunk.choices[0] for chunk in stream)
        decision = stream.response.headers["x-podium-decision"]
    assert "".join(choice.delta.content or "" for choice in choices).startswith("I am pico, a sim")
    assert all(choice.finish_reason is None for choice in choices)
    assert "north" in caught.value.message
    kept = house.recorded(decision)
    assert (kept["status"], kept["served"]) == ("failed", None)
    (call,) = kept["attempts"]
    assert call["failure"] == kind
    assert call["usage"]["output"] > 0
    assert call["usage"]["estimated"] is True
    assert kept["cost_usd"] not in (None, "0")


@pytest.mark.parametrize("kind", ["reset", "cut", "stall"])
def test_a_whole_answer_cut_in_half_is_never_passed_on(house: Any, kind: Any) -> None:
    house.vendors["north"].faults = Faults(always=Fault(kind=kind))
    answer = house.chat()
    assert answer.status == 200
    assert answer.headers["x-podium-provider"] == "south"
    assert answer.json()["choices"][0]["finish_reason"] == "stop"


def test_a_slow_first_word_is_waited_for(house: Any) -> None:
    house.vendors["north"].faults = Faults(always=Fault(kind="slow_first_token", seconds=0.1))
    for stream in (False, True):
        answer = house.chat(stream=stream)
        assert (answer.status, answer.headers["x-podium-attempts"]) == (200, "1")
        kept = house.recorded(answer.headers["x-podium-decision"])
        assert kept["latency_ms"] >= 100
        assert kept["first_token_ms"] is None if not stream else kept["first_token_ms"] >= 100


def test_a_vendor_killed_in_the_middle_of_traffic_costs_no_request(start_gateway: Any) -> None:
    gateway = start_gateway()
    tasks = make_tasks(4, 30)
    providers = []
    for place, task in enumerate(tasks):
        if place == 10:
            gateway.vendors["north"].faults = Faults(always=Fault(kind="refuse"))
        if place == 20:
            gateway.vendors["north"].faults = Faults()
        answer = gateway.post({**task.request("auto"), "stream": bool(place % 2)})
        assert answer.status == 200, answer.text
        providers.append(answer.headers["x-podium-provider"])
    assert set(providers[:10]) == {"north"}
    assert set(providers[10:20]) == {"south"}
    assert "north" in providers[20:]


def test_a_passing_fault_is_retried_at_the_same_model(house: Any) -> None:
    for kind in ("status", "reset"):
        house.vendors["north"].faults = Faults(script=(Fault(kind=kind, after=0),))
        answer = house.chat()
        assert (answer.headers["x-podium-provider"], answer.headers["x-podium-attempts"]) == ("north", "2")


@pytest.mark.parametrize("stream", [False, True])
def test_with_every_vendor_down_the_error_lists_what_was_tried(house: Any, stream: bool) -> None:
    for vendor in house.vendors.values():
        vendor.faults = Faults(always=Fault(kind="refuse"))
    answer = house.chat(stream=stream)
    assert answer.status == 503
    assert answer.headers["content-type"] == "application/json"
    error = answer.error
    assert error["type"] == "server_error"
    assert error["code"] == "all_attempts_failed"
    assert error["podium"]["remedy"]
    assert error["podium"]["decision"] == answer.headers["x-podium-decision"]
    tried = error["podium"]["tried"]
    assert len(tried) == int(answer.headers["x-podium-attempts"])
    assert {line.partition("/")[0] for line in tried} == {"north", "south"}
    assert all("unreachable" in line for line in tried)
    kept = house.recorded(answer.headers["x-podium-decision"])
    assert kept["status"] == "failed"
    assert kept["cost_usd"] == "0"
    assert len(kept["attempts"]) == len(tried)


def test_failures_of_different_kinds_are_a_502(house: Any) -> None:
    house.vendors["north"].faults = Faults(always=Fault(kind="refuse"))
    house.vendors["south"].faults = Faults(always=Fault(kind="garbage", after=0))
    for stream in (False, True):
        answer = house.chat(stream=stream)
        assert answer.status == 502
        assert {line.split(": ")[1] for line in answer.error["podium"]["tried"]} == {"unreachable", "garbage"}


@pytest.mark.parametrize("stream", [False, True])
def test_retry_after_is_passed_on(house: Any, stream: bool) -> None:
    for vendor in house.vendors.values():
        vendor.faults = Faults(always=Fault(kind="status", status=429, retry_after_s=17))
    answer = house.chat(stream=stream)
    assert (answer.status, answer.headers["retry-after"]) == (429, "17")
    assert answer.error["type"] == "rate_limit_error"


def test_a_vendors_wrong_key_is_not_the_callers(start_gateway: Any, model: Any) -> None:
    from podium.core.settings import ProviderSettings
    from podium.testing import SimServer

    vendor = SimVendor(name="locked", models=(model("m"),), api_key="sk-right", time_scale=0)
    with SimServer(vendor) as locked:
        wrong = ProviderSettings(base_url=locked.base_url, api_key="sk-wrong-12345678", models=("m",))
        gateway = start_gateway(SimVendor(name="x", models=()), providers={"locked": wrong})
        answer = gateway.chat()
        assert answer.status == 502
        assert "key" in answer.error["podium"]["remedy"]
        assert "sk-wrong" not in answer.text
        (call,) = gateway.recorded(answer.headers["x-podium-decision"])["attempts"]
        assert (call["failure"], call["status"]) == ("credential", 401)


def _windows(start_gateway: Any, engine: EngineSettings | None = None) -> Any:
    """Two vendors whose real windows are smaller than the catalog believes: 300 and 20,000 tokens."""
    small = SimVendor(name="narrow", models=(SimModel(name="m", skill=1, context=300),), time_scale=0)
    large = SimVendor(name="wide", models=(SimModel(name="m", skill=1, context=20_000),), time_scale=0)
    believed = {"narrow/m": ModelSettings(context=9_000), "wide/m": ModelSettings(context=30_000)}
    return start_gateway(small, large, models=believed, **({"engine": engine} if engine else {}))


@pytest.mark.parametrize("stream", [False, True])
def test_what_is_too_long_goes_to_a_larger_window(start_gateway: Any, stream: bool) -> None:
    gateway = _windows(start_gateway)
    answer = gateway.chat("word " * 500, model="narrow/m", stream=stream)  # named: nowhere else to go
    assert answer.status == 400
    assert answer.error["code"] == "context_length_exceeded"
    answer = gateway.chat("word " * 500, model="m", stream=stream)
    assert answer.status == 200
    first, *_ = gateway.failures(answer.headers["x-podium-decision"])
    if first != ("wide/m", None):
        assert gateway.failures(answer.headers["x-podium-decision"]) == [
            ("narrow/m", "context_too_long"), ("wide/m", None),
        ]  # fmt: skip
    assert answer.headers["x-podium-provider"] == "wide"


@pytest.mark.parametrize("stream", [False, True])
def test_what_is_too_long_for_everybody_is_the_callers_to_shorten(start_gateway: Any, stream: bool) -> None:
    gateway = _windows(start_gateway)
    gateway.vendors["wide"].faults = Faults()
    answer = gateway.chat("word " * 500, model="m", max_tokens=25_000, stream=stream)
    assert answer.status == 400
    assert answer.error["code"] == "context_length_exceeded"
    assert "20000 tokens" in answer.error["message"]


BAD_REQUESTS: list[dict[str, Any]] = [
    {"n": 2},
    {"logprobs": True},
    {"temperature": 3},
    {"tool_choice": "required"},
    {"messages": [{"role": "tool", "tool_call_id": "x", "content": "y"}]},
]


@pytest.mark.parametrize("fields", BAD_REQUESTS, ids=lambda fields: next(iter(fields)))
@pytest.mark.parametrize("stream", [False, True])
def test_a_providers_word_on_a_bad_request_reaches_the_caller_unchanged(
    start_gateway: Any, fields: dict[str, Any], stream: bool
) -> None:
    import urllib.error
    import urllib.request

    everything = ModelSettings(capabilities=("text", "tools", "json_schema", "logprobs"), tier=1)
    gateway = start_gateway(models={"north/pico": everything, "south/pico": everything})
    body = {"model": "pico", "messages": HELLO, **fields, "stream": stream}
    before = gateway.vendors["south"].state.requests
    through = gateway.post(body)
    direct = urllib.request.Request(
        f"{gateway.vendors['north'].base_url}/chat/completions", json.dumps(body).encode(), method="POST"
    )
    with pytest.raises(urllib.error.HTTPError) as caught, urllib.request.urlopen(direct):
        pass
    with caught.value as said:
        assert (through.status, through.content) == (said.code, said.read())
    assert through.status == 400
    assert gateway.vendors["south"].state.requests == before
    kept = gateway.latest()
    assert [call["failure"] for call in kept["attempts"]] == ["bad_request"]
    assert kept["status"] == "failed"


def test_attempts_are_bounded(start_gateway: Any) -> None:
    engine = EngineSettings(retries=5, max_attempts=3, backoff_ms=1, rest_s=1e-6, rest_after=100)
    gateway = start_gateway(engine=engine)
    for vendor in gateway.vendors.values():
        vendor.faults = Faults(always=Fault(kind="status", status=500))
    answer = gateway.chat()
    assert answer.headers["x-podium-attempts"] == "3"
    assert gateway.seen() == 3


def test_a_deadline_ends_the_trying(start_gateway: Any) -> None:
    from datetime import UTC, datetime, timedelta

    engine = EngineSettings(timeout_s=10, backoff_ms=1, rest_s=1e-6)
    gateway = start_gateway(engine=engine, models={"north/pico": ModelSettings(speed=_quick())})
    gateway.vendors["north"].faults = Faults(always=Fault(kind="hang"))
    gateway.vendors["south"].faults = Faults(always=Fault(kind="hang"))
    for stream in (False, True):
        soon = datetime.now(UTC) + timedelta(seconds=0.5)
        answer = gateway.chat(stream=stream, podium={"deadline": soon.isoformat()}, max_tokens=5)
        late = (datetime.now(UTC) - soon).total_seconds()
        assert answer.status == 504
        assert late < 0.5
        assert {failure for _, failure in gateway.failures(answer.headers["x-podium-decision"])} == {"timeout"}


def _quick() -> Any:
    from podium.core.settings import SpeedSettings

    return SpeedSettings(first_token_ms=1, tokens_per_s=10_000)


def test_a_stream_past_its_deadline_is_cut_with_an_error(start_gateway: Any, events_of: Any) -> None:
    from datetime import UTC, datetime, timedelta

    engine = EngineSettings(timeout_s=10, backoff_ms=1)
    gateway = start_gateway(engine=engine, models={"north/pico": ModelSettings(speed=_quick())})
    gateway.vendors["north"].faults = Faults(always=Fault(kind="stall", after=2))
    soon = datetime.now(UTC) + timedelta(seconds=0.5)
    answer = gateway.chat(stream=True, podium={"deadline": soon.isoformat()}, max_tokens=50)
    assert (datetime.now(UTC) - soon).total_seconds() < 0.5
    events = events_of(answer.text)
    assert "error" in events[-2]
    assert gateway.failures(answer.headers["x-podium-decision"]) == [("north/pico", "timeout")]
