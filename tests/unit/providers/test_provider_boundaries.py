"""What must not cross a provider's door: prompts into proxies, secrets into errors, excluded models into decisions."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from podium import Podium, UnknownModel
from podium.core.errors import ConfigError, FailureKind
from podium.core.health import Standing
from podium.core.ports import Call
from podium.core.settings import DiscoverSettings, ModelSettings, ProviderSettings, Settings
from podium.models.providers import HttpProvider, Transport, accounts
from podium.models.providers.faults import inside_success
from podium.testing import SimModel, SimServer, SimVendor, make_task

VENDOR = SimVendor(name="sim", models=(SimModel(name="small"),), time_scale=0)
_NOBODY = "http://127.0.0.1:9"  # the discard port: a proxy there would be noticed


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_a_local_provider_is_called_directly_whatever_the_environment_says(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, _NOBODY)

    async def ask(server: SimServer) -> str:
        door = HttpProvider(
            name="sim",
            base_url=server.base_url,
            transport=Transport(connect_timeout_s=2, silence_timeout_s=5, direct=True),
        )
        try:
            return (await door.complete(Call(task=make_task("hello"), model="small", timeout_s=5))).text
        finally:
            await door.aclose()

    with SimServer(VENDOR) as server:
        assert "simulated model" in asyncio.run(ask(server))


def test_an_address_with_a_password_is_refused_and_not_repeated() -> None:
    settings = {"house": ProviderSettings(base_url="http://ann:hunter2@10.0.0.5/v1", locality="local")}
    with pytest.raises(ConfigError) as caught:
        accounts(settings, environ={}, use_environment=False)
    assert "base_url" in caught.value.field


INSIDE = [
    (b'{"error": {"message": "too long", "code": "context_length_exceeded"}}', FailureKind.CONTEXT_TOO_LONG),
    (b'{"error": {"message": "stop is too long", "type": "invalid_request_error"}}', FailureKind.BAD_REQUEST),
    (b'{"error": {"message": "slow down", "code": 429}}', FailureKind.RATE_LIMITED),
    (b'{"error": {"message": "Overloaded", "type": "overloaded_error"}}', FailureKind.OVERLOADED),
    (b'{"error": {"message": "something broke", "code": 500}}', FailureKind.SERVER_ERROR),
    (b'{"error": "boom"}', FailureKind.SERVER_ERROR),
]  # fmt: skip


@pytest.mark.parametrize(("body", "kind"), INSIDE, ids=[case[1].value for case in INSIDE])
def test_an_error_inside_a_success_keeps_its_meaning(body: bytes, kind: FailureKind) -> None:
    assert inside_success(body, "acme").kind is kind


@pytest.mark.parametrize(
    ("settings", "asked"),
    [
        (
            Settings(
                providers={"openai": ProviderSettings(api_key="k")},
                models={"openai/gpt-4o": ModelSettings(enabled=False)},
            ),
            "openai/gpt-4o",
        ),
        (Settings(providers={"openai": ProviderSettings(api_key="k", models=("gpt-4o-mini",))}), "openai/gpt-5-pro"),
    ],
    ids=["switched off", "not among the provider's"],
)
def test_a_model_the_configuration_leaves_out_cannot_be_named(settings: Settings, asked: str) -> None:
    from msgspec.structs import replace

    quiet = replace(settings, discover=DiscoverSettings(environment=False, local=False), store="sqlite://")
    with Podium(settings=quiet) as podium, pytest.raises(UnknownModel):
        podium.explain("hello", model=asked)


def test_an_old_latency_counts_no_more() -> None:
    from podium.core.tasks import TaskType
    from podium.models.catalog import Catalog, Deployment, local_card
    from podium.policies.routing.estimates import latency_ms, load_of
    from podium.policies.routing.traits import Traits

    deployment = Deployment(id="p/m", provider="p", model="m", card=local_card("m-8b"), price=None, locality="local")
    [traits] = [Traits.of(each, answer_share=0.3) for each in Catalog([deployment]).deployments]
    now = datetime(2030, 1, 1, tzinfo=UTC)
    load = load_of(TaskType.SIMPLE_QA, input_tokens=10, max_tokens=None, answers=1, audio=False, now=now)
    prior = latency_ms(traits, load, {})
    for age, expected in ((59, 9_000.0), (61, prior)):
        seen = Standing(latency_ms=9_000.0, measured_at=now - timedelta(seconds=age))
        assert latency_ms(traits, load, {"p/m": seen}) == expected
