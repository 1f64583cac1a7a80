"""What a provider itself lists of its models, and models that answer with something else than text."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from podium.core.messages import Options, Tool
from podium.core.ports import ListedModel
from podium.core.settings import ModelSettings, PriceSettings
from podium.core.tasks import Task
from podium.core.usage import Money, Usage
from podium.models.catalog import Catalog, Deployment, Offer, PriceBook, build_catalog, unlisted

WHEN = datetime(2026, 11, 20, 12, tzinfo=UTC)
BOOK = PriceBook()


def build(offer: Offer, **overrides: ModelSettings) -> Catalog:
    return build_catalog([offer], overrides, BOOK, WHEN)


def only(catalog: Catalog, model: str) -> Deployment:
    return next(each for each in catalog.deployments if each.model == model)


def market(*models: ListedModel, **more: Any) -> Offer:
    return Offer(
        provider="openrouter",
        preset="openrouter",
        locality="cloud",
        listed={model.name: model for model in models},
        **{"marketplace": True, **more},
    )


OWN = ListedModel(
    name="openai/gpt-oss-120b",
    context=65_536,
    max_output=9_000,
    rates={"input": Decimal("0.5"), "output": Decimal(2), "request": Decimal("0.001"), "pictures": Decimal(7)},
    abilities=frozenset({"text", "tools", "magic"}),
)


def test_a_marketplace_s_own_window_rates_and_abilities_are_the_deployment_s() -> None:
    (deployment,) = build(market(OWN)).deployments
    assert deployment.card.name == "gpt-oss-120b"
    assert (deployment.context, deployment.card.max_output) == (65_536, 9_000)
    assert deployment.capabilities == {"text", "tools"}
    assert deployment.price is not None
    assert deployment.price.cost(Usage(input=1_000_000, output=1_000_000), WHEN) == Money.of("2.501")


def test_what_it_does_not_list_is_not_there_and_without_a_list_the_cards_are() -> None:
    assert len(build(market(OWN)).deployments) == 1
    assert len(build(market()).deployments) > 50


def test_half_a_price_is_none_and_the_list_s_holds() -> None:
    half = ListedModel(name=OWN.name, rates={"input": Decimal(9)})
    (deployment,) = build(market(half)).deployments
    assert deployment.price == BOOK.lookup("openrouter", OWN.name, WHEN)


def test_the_configuration_has_the_last_word() -> None:
    said = ModelSettings(price=PriceSettings(input=Decimal(1), output=Decimal(1)), context=1_000)
    (deployment,) = build(market(OWN), **{"openrouter/openai/gpt-oss-120b": said}).deployments
    assert deployment.context == 1_000
    assert deployment.price is not None
    assert deployment.price.rates.input == 1


def test_a_model_no_card_describes_is_as_its_marketplace_says() -> None:
    strange = ListedModel(
        name="acme/new",
        context=70_000,
        rates={"input": Decimal(1), "output": Decimal(1)},
        abilities=frozenset({"text"}),
    )
    (deployment,) = build(market(strange, models=("acme/new",))).deployments
    assert (deployment.context, deployment.capabilities) == (70_000, {"text"})
    assert deployment.price is not None
    named = unlisted(market(strange), "acme/new", BOOK, WHEN)
    assert (named.context, named.listed) == (70_000, False)
    assert named.price == deployment.price


def test_a_list_that_tells_little_takes_nothing_from_a_card() -> None:
    told = ListedModel(name="gemini-2.5-flash", abilities=frozenset({"text"}), context=1_000_000)
    (deployment,) = build(
        Offer(provider="google", preset="google", locality="cloud", listed={told.name: told})
    ).deployments
    assert {"vision", "tools", "json_schema"} <= deployment.capabilities


@pytest.mark.parametrize(("stated", "expected"), [(4_096, 4_096), (1_000_000, 131_072)])
def test_of_a_local_server_s_window_and_the_card_s_the_smaller_holds(stated: int, expected: int) -> None:
    told = ListedModel(name="llama3.1:8b", context=stated)
    offer = Offer(provider="l", preset="ollama", locality="local", models=(told.name,), listed={told.name: told})
    (deployment,) = build(offer).deployments
    assert deployment.context == expected


def test_a_host_that_grants_less_is_held_to_it() -> None:
    catalog = build(Offer(provider="cerebras", preset="cerebras", locality="cloud"))
    assert only(catalog, "qwen-3.8-27b").context == 65_536


def test_models_for_vectors_and_transcripts_are_priced_by_what_they_charge() -> None:
    openai = build(Offer(provider="openai", preset="openai", locality="cloud"))
    small, whisper = only(openai, "text-embedding-3-small"), only(openai, "whisper-1")
    assert small.capabilities == {"embedding"}
    assert small.price is not None
    assert small.price.cost(Usage(input=1_000_000), WHEN) == Money.of("0.02")
    assert whisper.price is not None
    assert whisper.price.cost(Usage(audio_seconds=90.0), WHEN) == Money.of("0.009")


def test_sound_by_the_minute_from_the_configuration() -> None:
    offer = Offer(provider="corp", preset="openai-compatible", locality="cloud", models=("whisper-large-v3",))
    said = ModelSettings(price=PriceSettings(input=Decimal(0), output=Decimal(0), audio_minute=Decimal("0.01")))
    (deployment,) = build(offer, **{"corp/whisper-large-v3": said}).deployments
    assert deployment.capabilities == {"transcription"}
    assert deployment.price is not None
    assert deployment.price.cost(Usage(audio_seconds=150.0), WHEN) == Money.of("0.025")


def test_capabilities_of_an_embedding_model_get_no_text_added() -> None:
    offer = Offer(provider="corp", preset="openai-compatible", locality="cloud", models=("odd",))
    (deployment,) = build(offer, **{"corp/odd": ModelSettings(capabilities=("embedding",))}).deployments
    assert deployment.capabilities == {"embedding"}


def test_an_unlisted_embedding_model_is_not_taken_for_one_that_chats() -> None:
    openai = Offer(provider="openai", preset="openai", locality="cloud")
    assert unlisted(openai, "text-embedding-9", BOOK, WHEN).capabilities == {"embedding"}


def test_the_wire_a_task_must_be_asked_in() -> None:
    catalog = build(Offer(provider="openai", preset="openai", locality="cloud"))
    plain = Task(id="t", messages=(), received_at=WHEN)
    tools = Task(id="t", messages=(), received_at=WHEN, options=Options(tools=(Tool(name="f"),)))
    sol, codex, older = (only(catalog, name) for name in ("gpt-6.1-sol", "gpt-5.3-codex", "gpt-4.1"))
    assert [sol.wire_for(plain), sol.wire_for(tools)] == [None, "openai-responses"]
    assert [codex.wire_for(plain), codex.wire_for(tools)] == ["openai-responses"] * 2
    assert [older.wire_for(plain), older.wire_for(tools)] == [None, None]
