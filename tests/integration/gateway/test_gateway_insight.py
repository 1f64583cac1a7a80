"""Explaining, bills, metrics, health: what the gateway tells about itself and its work."""

from __future__ import annotations

import threading
from decimal import Decimal
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from podium.testing import Fault, Faults, SimVendor, make_tasks


def _candidates(decision: Any) -> list[str]:
    return [each["deployment"] for each in decision["candidates"]]


def test_explain_calls_nobody_and_decides_as_the_real_request_does(start_gateway: Any) -> None:
    gateway = start_gateway()
    gateway.chat(model="grande")  # the real ones: latencies are known from here on
    for task in make_tasks(5, 25):
        before = gateway.seen()
        explained = gateway.post(task.request("auto"), "/podium/v1/explain")
        assert explained.status == 200, explained.text
        assert gateway.seen() == before
        decision = explained.json()
        answer = gateway.post(task.request("auto"))
        made = gateway.recorded(answer.headers["x-podium-decision"])
        assert _candidates(decision) == _candidates(made)
        assert decision["rules"] == made["rules"]
        assert decision["route"] == made["route"]
        assert decision["profile"]["task_type"]["value"] == made["profile"]["task_type"]
        assert decision["profile"]["complexity"]["value"] == made["profile"]["complexity"]
        first, kept = decision["candidates"][0], made["candidates"][0]
        assert Decimal(first["expected_cost"]["usd"]) == Decimal(kept["expected_cost_usd"])
        assert decision["why"].partition(";")[0] == made["why"].partition(";")[0]
    assert gateway.get("/podium/v1/costs").json()["rows"]
    assert gateway.runtime.ledger.recent(100) == [
        each for each in gateway.runtime.ledger.recent(100) if each["attempts"]
    ]


def test_explain_takes_headers_and_refuses_as_the_real_request_does(house: Any) -> None:
    body = {"model": "auto", "messages": [{"role": "user", "content": "hello"}]}
    told = house.post(body, "/podium/v1/explain", headers={"x-podium-task-type": "code"}).json()
    assert told["profile"]["task_type"] == {"value": "code", "confidence": 1.0}
    impossible = {**body, "podium": {"min_quality": 1.0}}
    explained, real = house.post(impossible, "/podium/v1/explain"), house.post(impossible)
    assert explained.status == real.status == 422
    assert explained.error == real.error
    assert house.post(b"{", "/podium/v1/explain").status == 400
    assert house.post({**body, "model": "nobody"}, "/podium/v1/explain").status == 404
    assert house.get("/podium/v1/explain").status == 405


def test_a_decision_can_be_asked_for_later(house: Any) -> None:
    house.vendors["north"].faults = Faults(always=Fault(kind="status", status=500))
    number = house.chat(podium={"user": "ann", "tags": {"a": "b"}}).headers["x-podium-decision"]
    house.recorded(number)  # waits until it is written
    told = house.get(f"/podium/v1/explain/{number}").json()
    assert told["id"] == number
    assert told["user"] == "ann"
    assert told["question"] is None
    assert told["answer"] is None
    assert [call["failure"] for call in told["attempts"]] == ["server_error", "server_error", None]
    assert told["served"]["deployment"] == "south/pico"
    missing = house.get("/podium/v1/explain/dec_nothing")
    assert missing.status == 404
    assert missing.error["code"] == "decision_not_found"
    assert missing.error["podium"]["remedy"]


def test_no_text_is_kept_unless_asked_for(start_gateway: Any, tmp_path: Any) -> None:
    gateway = start_gateway()
    word = "Kaleidoscope"
    for stream in (False, True):
        kept = gateway.recorded(gateway.chat(f"Say {word}", stream=stream).headers["x-podium-decision"])
        assert word not in str(kept)
    assert not any(word.encode() in path.read_bytes() for path in tmp_path.glob("podium.db*"))


def test_text_is_kept_where_asked_for(start_gateway: Any) -> None:
    from podium.core.settings import RecordSettings

    gateway = start_gateway(record=RecordSettings(text=True))
    for stream in (False, True):
        kept = gateway.recorded(gateway.chat("Say Kaleidoscope", stream=stream).headers["x-podium-decision"])
        assert "Kaleidoscope" in kept["question"]
        assert kept["answer"].startswith("I am pico")


def test_costs_by_each_key_add_up_to_the_headers(start_gateway: Any) -> None:
    gateway = start_gateway()
    paid: dict[tuple[str, str], Decimal] = {}
    total = Decimal(0)
    for place, task in enumerate(make_tasks(8, 12)):
        user, team = f"user{place % 3}", f"team{place % 2}"
        answer = gateway.post({**task.request("auto"), "podium": {"user": user, "team": team}})
        cost = Decimal(answer.headers["x-podium-cost-usd"])
        total += cost
        for key in (
            ("user", user), ("team", team), ("provider", answer.headers["x-podium-provider"]),
            ("model", answer.headers["x-podium-model"]),
        ):  # fmt: skip
            paid[key] = paid.get(key, Decimal(0)) + cost
    assert gateway.runtime.ledger.flush()
    for by in ("task", "user", "team", "provider", "model"):
        told = gateway.get(f"/podium/v1/costs?by={by}").json()
        assert told["by"] == by
        rows = {row["key"]: Decimal(row["cost"]["usd"]) for row in told["rows"]}
        assert sum(rows.values()) == total
        assert sum(row["requests"] for row in told["rows"]) == 12
        if by != "task":
            assert rows == {key: cost for (kind, key), cost in paid.items() if kind == by}
    assert gateway.get("/podium/v1/costs?since=2999-01-01").json()["rows"] == []
    assert gateway.get("/podium/v1/costs?until=2000-01-01T00:00:00Z").json()["rows"] == []


@pytest.mark.parametrize("query", ["by=colour", "since=yesterday", "until=x", "since=9999999999999999999999"])
def test_a_wrong_question_about_costs(house: Any, query: str) -> None:
    wrong = house.get(f"/podium/v1/costs?{query}")
    assert wrong.status == 400
    assert wrong.error["param"] == query.partition("=")[0]
    assert wrong.error["podium"]["remedy"]


@pytest.mark.parametrize("query", ["since=0001-01-01T00:00:00%2B23:59", "until=9999-12-31T23:59:59-23:59"])
def test_the_edges_of_time(house: Any, query: str) -> None:
    assert house.get(f"/podium/v1/costs?{query}").status == 200


def test_metrics_parse_and_count(start_gateway: Any) -> None:
    gateway = start_gateway()
    for stream in (False, True, False):
        gateway.chat(stream=stream)
    gateway.vendors["north"].faults = Faults(always=Fault(kind="refuse"))
    gateway.chat()
    page = gateway.get("/metrics")
    assert page.headers["content-type"].startswith("text/plain")
    samples = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(page.text)
        for sample in family.samples
    }

    def value(name: str, **labels: str) -> float:
        return samples.get((name, tuple(sorted(labels.items()))), 0.0)

    assert value("podium_tasks_total", route="default", status="ok") == 4
    assert value("podium_attempts_total", provider="north", model="pico", failure="none") == 3
    assert value("podium_attempts_total", provider="north", model="pico", failure="unreachable") >= 1
    assert value("podium_attempts_total", provider="south", model="pico", failure="none") == 1
    assert value("podium_task_seconds_count") == 4
    assert value("podium_first_token_seconds_count") >= 1
    assert value("podium_tokens_total", provider="south", model="pico", kind="output") > 0


def test_healthy_and_ready(house: Any) -> None:
    assert house.get("/healthz").json()["status"] == "ok"
    ready = house.get("/readyz")
    assert ready.status == 200
    assert ready.json()["models"] == 4
    assert "/v1/chat/completions" in house.get("/").text


def test_without_a_usable_model_it_is_up_but_not_ready(start_gateway: Any) -> None:
    from podium.core.settings import ProviderSettings

    gateway = start_gateway(SimVendor(name="idle", models=()), providers={"openai": ProviderSettings()})
    assert gateway.get("/healthz").status == 200
    ready = gateway.get("/readyz")
    assert ready.status == 503
    assert "key" in ready.json()["remedy"]
    assert {entry["id"] for entry in gateway.get("/v1/models").json()["data"]} == {"auto"}
    (provider,) = gateway.get("/podium/v1/providers").json()["providers"]
    assert provider["usable"] is False
    assert "OPENAI_API_KEY" in provider["problem"]
    for said in ({}, {"stream": True}):
        refused = gateway.chat(**said)
        assert refused.status == 422
        assert "No model is usable" in refused.error["message"]
        assert refused.error["podium"]["remedy"]
    named = gateway.chat(model="openai/gpt-5")
    assert named.status == 404


def test_the_lists_tell_no_key(house: Any) -> None:
    providers = house.get("/podium/v1/providers")
    assert {each["name"] for each in providers.json()["providers"]} == {"north", "south"}
    models = house.get("/podium/v1/models").json()["models"]
    pico = next(each for each in models if each["id"] == "north/pico")
    assert pico["price_usd_per_million"] == {"input": "0.25", "output": "1.25"}
    assert (pico["tier"], pico["context"], pico["locality"]) == (1, 32_000, "cloud")
    for path in ("/podium/v1/providers", "/podium/v1/models", "/v1/models", "/", "/metrics"):
        assert "sk-south" not in house.get(path).text


def test_many_at_once_are_all_recorded(start_gateway: Any) -> None:
    gateway = start_gateway()
    answers: list[Any] = []

    def work(place: int) -> None:
        for turn in range(10):
            answers.append(gateway.chat(f"hello {place} {turn}", stream=bool(turn % 2), podium={"user": f"u{place}"}))

    threads = [threading.Thread(target=work, args=(place,)) for place in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status for answer in answers] == [200] * 80
    assert len({answer.headers["x-podium-decision"] for answer in answers}) == 80
    assert gateway.runtime.ledger.flush()
    rows = gateway.get("/podium/v1/costs?by=user").json()["rows"]
    assert {row["key"]: row["requests"] for row in rows} == {f"u{place}": 10 for place in range(8)}
