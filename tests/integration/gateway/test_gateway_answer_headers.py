"""What an answer's headers say, how a request says what it wants, and that the cost is exact."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from podium.core.settings import ModelSettings, PriceSettings, RouteSettings, Rule, Use
from podium.testing import Fault, Faults, SimVendor


def test_an_answer_names_model_provider_attempts_decision_and_cost(house: Any) -> None:
    answer = house.chat()
    assert answer.headers["x-podium-model"] == "pico"
    assert answer.headers["x-podium-provider"] == "north"
    assert answer.headers["x-podium-attempts"] == "1"
    assert re.fullmatch(r"dec_[0-9a-f]+", answer.headers["x-podium-decision"])
    assert "x-podium-warnings" not in answer.headers
    assert answer.json()["model"] == "pico"
    house.vendors["north"].faults = Faults(always=Fault(kind="garbage", after=0))
    rescued = house.chat()
    assert (rescued.headers["x-podium-provider"], rescued.headers["x-podium-attempts"]) == ("south", "2")
    streamed = house.chat(stream=True)
    assert (streamed.headers["x-podium-provider"], streamed.headers["x-podium-attempts"]) == ("south", "2")
    assert streamed.headers["content-type"].startswith("text/event-stream")


def test_every_request_has_a_decision_of_its_own(house: Any) -> None:
    decisions = {house.chat().headers["x-podium-decision"] for _ in range(5)}
    assert len(decisions) == 5


PRICES = PriceSettings(
    input=Decimal("0.1234567"), output=Decimal("1.7654321"), cached=Decimal("0.0333333"), cache_write=Decimal("0.2")
)


def test_the_cost_is_tokens_times_price_to_the_last_digit(start_gateway: Any, model: Any) -> None:
    vendor = SimVendor(name="v", models=(model("m", cached_share=0.3, reasoning_tokens=17),), time_scale=0)
    gateway = start_gateway(vendor, models={"v/m": ModelSettings(price=PRICES, capabilities=("text",))})
    for length in (1, 50, 999, 7777):
        answer = gateway.chat("x" * length)
        usage = answer.json()["usage"]
        cached = usage["prompt_tokens_details"]["cached_tokens"]
        assert PRICES.cached is not None
        exact = (
            (usage["prompt_tokens"] - cached) * PRICES.input
            + cached * PRICES.cached
            + usage["completion_tokens"] * PRICES.output
        ) / 1_000_000
        assert Decimal(answer.headers["x-podium-cost-usd"]) == exact
        kept = gateway.recorded(answer.headers["x-podium-decision"])
        assert abs(Decimal(kept["cost_usd"]) - exact) <= Decimal("0.5e-9")
        assert kept["usage"]["cached"] == cached
        assert kept["usage"]["reasoning"] == 17


def test_an_unknown_price_is_said_to_be_unknown(start_gateway: Any) -> None:
    from podium.testing import SimModel

    gateway = start_gateway(SimVendor(name="v", models=(SimModel(name="nobody-sells-this", skill=1),), time_scale=0))
    answer = gateway.chat()
    assert answer.headers["x-podium-cost-usd"] == "unknown"
    assert gateway.recorded(answer.headers["x-podium-decision"])["cost_usd"] is None


@pytest.mark.parametrize(
    ("name", "served"),
    [
        ("auto", {"north/pico"}),
        (" auto ", {"north/pico"}),
        ("", {"north/pico"}),
        ("pico", {"north/pico"}),
        ("grande", {"north/grande"}),
        ("south/pico", {"south/pico"}),
        ("south/grande", {"south/grande"}),
    ],
)
def test_the_model_field_says_how_much_podium_decides(house: Any, name: str, served: set[str]) -> None:
    answer = house.chat(model=name)
    assert {f"{answer.headers['x-podium-provider']}/{answer.headers['x-podium-model']}"} == served


def test_a_route_is_asked_for_by_its_name(start_gateway: Any) -> None:
    strong = RouteSettings(rules=(Rule(use=Use(tier=3), name="always-strong"),))
    careful = RouteSettings(rules=(Rule(use=Use(deny=("north",))),), priority="background")
    gateway = start_gateway(routes={"strong": strong, "careful": careful})
    answer = gateway.chat(model="auto/strong")
    assert answer.headers["x-podium-model"] == "grande"
    kept = gateway.recorded(answer.headers["x-podium-decision"])
    assert (kept["route"], kept["rules"][0], kept["requested_model"]) == ("strong", "always-strong", "auto/strong")
    answer = gateway.chat(model="auto/careful")
    assert answer.headers["x-podium-provider"] == "south"
    assert gateway.recorded(answer.headers["x-podium-decision"])["priority"] == "background"
    names = {entry["id"] for entry in gateway.get("/v1/models").json()["data"]}
    assert {"auto", "auto/strong", "auto/careful"} <= names
    wrong = gateway.chat(model="auto/stron")
    assert wrong.status == 404
    assert "auto/strong" in wrong.error["message"]


FIELDS: dict[str, Any] = {
    "task_type": "extraction",
    "min_quality": 0.5,
    "max_cost_usd": "0.5",
    "max_latency_ms": 60000,
    "priority": "background",
    "sensitivity": "none",
    "tags": {"ticket": "4711", "kind": "refund"},
    "user": "ann",
    "team": "support",
}
HEADERS = {
    "x-podium-task-type": "extraction",
    "x-podium-min-quality": "0.5",
    "x-podium-max-cost-usd": "0.5",
    "x-podium-max-latency-ms": "60000",
    "x-podium-priority": "background",
    "x-podium-sensitivity": "none",
    "X-Podium-Tags": "ticket=4711, kind=refund",
    "X-PODIUM-USER": "ann",
    "x-podium-team": "support",
}


def _kept(house: Any, answer: Any) -> dict[str, Any]:
    kept = house.recorded(answer.headers["x-podium-decision"])
    told = {name: kept[name] for name in ("priority", "tags", "user", "team", "requirements")}
    return {**told, "task_type": kept["profile"]["task_type"]}


def test_fields_travel_in_the_body_or_as_headers_alike(house: Any) -> None:
    body = _kept(house, house.chat(podium=FIELDS))
    assert body == {
        "priority": "background",
        "tags": {"ticket": "4711", "kind": "refund"},
        "user": "ann",
        "team": "support",
        "requirements": {"min_quality": 0.5, "max_cost_usd": "0.5", "max_latency_ms": 60000},
        "task_type": "extraction",
    }
    assert _kept(house, house.chat(headers=HEADERS)) == body
    halves = house.chat(podium={"team": "support", "tags": FIELDS["tags"]}, headers={**HEADERS, "x-podium-team": "x"})
    assert _kept(house, halves) == body


def test_the_body_wins_over_a_header_and_over_the_dialects_own_user(house: Any) -> None:
    both = house.chat(podium={"team": "body", "user": "body"}, headers={"x-podium-team": "head"}, user="dialect")
    assert (_kept(house, both)["team"], _kept(house, both)["user"]) == ("body", "body")
    plain = house.chat(headers={"x-podium-team": "head"}, user="dialect")
    assert (_kept(house, plain)["team"], _kept(house, plain)["user"]) == ("head", "dialect")


def test_a_deadline_in_the_future_is_kept_to(house: Any) -> None:
    soon = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
    for said in ({"podium": {"deadline": soon}}, {"headers": {"x-podium-deadline": soon}}):
        answer = house.chat(**said)
        assert answer.status == 200
        assert house.recorded(answer.headers["x-podium-decision"])["requirements"]["deadline"].startswith(soon[:19])


def test_private_stays_on_local_models(start_gateway: Any, model: Any) -> None:
    cloud = SimVendor(name="cloud", models=(model("c"),), time_scale=0)
    here = SimVendor(name="here", models=(model("h", price_in=Decimal(9)),), time_scale=0)
    gateway = start_gateway(cloud, here, local=("here",))
    assert gateway.chat().headers["x-podium-provider"] == "cloud"
    assert gateway.chat(podium={"private": True}).headers["x-podium-provider"] == "here"
    assert gateway.chat(headers={"x-podium-private": "true"}).headers["x-podium-provider"] == "here"
    secret = gateway.chat("Pay with card 4111 1111 1111 1111, CVC 123.")
    assert secret.headers["x-podium-provider"] == "here"
    before = gateway.vendors["cloud"].state.requests
    gateway.vendors["here"].faults = Faults(always=Fault(kind="refuse"))
    refused = gateway.chat(podium={"private": True})
    assert refused.status == 503
    assert all(line.startswith("here/") for line in refused.error["podium"]["tried"])
    assert gateway.vendors["cloud"].state.requests == before


def test_warnings_are_told(house: Any) -> None:
    mail = house.chat("Write to ann@example.com that her parcel is late.")
    assert "personal data (email)" in mail.headers["x-podium-warnings"]
    left_out = house.chat(model="north/unheard-of", stream=False)
    assert left_out.status == 404
    assert left_out.error["code"] == "model_not_found"  # the configuration says which models of north there are
    assert "unheard-of" in left_out.error["message"]


def test_an_answer_that_never_fits_its_schema_comes_with_a_warning(house: Any) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string", "pattern": "^z$"}}, "required": ["a", "b"]}
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    answer = house.chat(response_format=form, max_tokens=2)
    assert answer.status == 200
    assert "every model's answer fell short" in answer.headers["x-podium-warnings"]
    assert answer.headers["x-podium-attempts"] == "4"
    kept = house.recorded(answer.headers["x-podium-decision"])
    assert {call["failure"] for call in kept["attempts"]} == {"unfit"}
    paid = sum(Decimal(call["cost_usd"]) for call in kept["attempts"])
    assert Decimal(answer.headers["x-podium-cost-usd"]) == paid > 0


@pytest.mark.parametrize("limit", [{}, {"max_tokens": None}])
def test_a_cost_bound_limits_the_answer(house: Any, limit: dict[str, Any]) -> None:
    bound = Decimal("0.005")
    answer = house.chat(model="north/pico", podium={"max_cost_usd": str(bound)}, **limit)
    assert answer.status == 200, answer.text
    sent = json.loads(house.vendors["north"].seen[-1].body)
    most = answer.json()["usage"]["prompt_tokens"] * Decimal("0.25") + sent["max_tokens"] * Decimal("1.25")
    assert most / 1_000_000 <= bound
    assert house.chat(model="north/pico", podium={"max_cost_usd": "0"}).status == 422
