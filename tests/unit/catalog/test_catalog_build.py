"""Offers, cards, prices and the configuration make one catalog."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from podium.core.errors import ConfigError
from podium.core.settings import ModelSettings, PriceSettings, SpeedSettings
from podium.core.usage import Usage
from podium.models.catalog import Catalog, Offer, PriceBook, build_catalog, load_cards, unlisted

WHEN = datetime(2026, 11, 20, 12, tzinfo=UTC)
BOOK = PriceBook()
ANTHROPIC = Offer(provider="anthropic", preset="anthropic", locality="cloud")
OPENAI = Offer(provider="openai", preset="openai", locality="cloud")
ROUTER = Offer(provider="openrouter", preset="openrouter", locality="cloud")
LOCAL = Offer(
    provider="local", preset="ollama", locality="local", models=("llama3.1:8b", "nomic-embed-text", "odd-finetune:7b")
)
STATIC = Offer(provider="static", preset="openai-compatible", locality="cloud", models=())


def build(*offers: Offer, when: datetime = WHEN, absent: tuple[str, ...] = (), **overrides: ModelSettings) -> Catalog:
    return build_catalog(offers, overrides, BOOK, when, absent=absent)


def test_a_provider_without_a_list_has_its_cards() -> None:
    catalog = build(ANTHROPIC)
    assert {d.model for d in catalog.deployments} == {
        card.served["anthropic"] for card in load_cards() if "anthropic" in card.served
    }
    haiku = catalog.get("anthropic/claude-haiku-4-5")
    assert haiku is not None
    assert haiku.price is not None
    assert haiku.price.cost(Usage(input=1_000_000, output=1_000_000), WHEN).usd == 6
    assert haiku.capabilities == {"text", "vision", "files", "tools", "json_schema", "reasoning", "prefill"}
    assert haiku.wire is None


def test_a_list_limits_and_adds() -> None:
    catalog = build(Offer(provider="corp", preset="openai", locality="cloud", models=("gpt-4o-mini", "ft:secret")))
    assert [d.id for d in catalog.deployments] == ["corp/gpt-4o-mini", "corp/ft:secret"]
    strange = catalog.get("corp/ft:secret")
    assert strange is not None
    assert (strange.tier, strange.price, strange.capabilities) == (2, None, {"text"})


def test_the_same_model_at_two_providers_shares_its_card() -> None:
    catalog = build(OPENAI, ROUTER)
    both = catalog.named("gpt-5.4")
    assert {d.provider for d in both} == {"openai", "openrouter"}
    assert both[0].card is both[1].card


def test_local_models_are_recognised_for_what_they_are_and_free() -> None:
    catalog = build(LOCAL)
    assert [d.model for d in catalog.deployments] == ["llama3.1:8b", "nomic-embed-text", "odd-finetune:7b"]
    known, embeds, strange = catalog.deployments
    assert (embeds.card.name, embeds.capabilities) == ("nomic-embed-text-v1.5", {"embedding"})
    assert known.card.name == "llama-3.1-8b"
    assert catalog.named("llama-3.1-8b") == (known,)
    assert strange.card.tier == 1
    for deployment in (known, embeds, strange):
        assert deployment.price is not None
        assert deployment.price.cost(Usage(input=10_000, output=10_000), WHEN).usd == 0


def test_a_cloud_model_without_a_price_is_unknown_not_free() -> None:
    offer = Offer(provider="corp", preset="openai-compatible", locality="cloud", models=("llama3.1:8b",))
    (deployment,) = build(offer).deployments
    assert deployment.price is None


def test_a_server_s_own_window_is_believed() -> None:
    offer = Offer(
        provider="local",
        preset="vllm",
        locality="local",
        models=("meta-llama/Llama-3.1-8B-Instruct", "odd-7b", "qwen3:8b"),
        contexts={"meta-llama/Llama-3.1-8B-Instruct": 16_384, "odd-7b": 65_536, "qwen3:8b": 9_999_999},
    )
    assert [d.context for d in build(offer).deployments] == [16_384, 65_536, 40_960]


def test_a_model_past_its_last_day_is_offered_only_by_name() -> None:
    assert build(OPENAI).get("openai/gpt-4o") is not None
    later = datetime(2027, 2, 1, tzinfo=UTC)
    assert build(OPENAI, when=later).get("openai/gpt-4o") is None
    named = Offer(provider="openai", preset="openai", locality="cloud", models=("gpt-4o",))
    assert build(named, when=later).get("openai/gpt-4o") is not None


def test_overrides_change_a_deployment_and_nothing_else() -> None:
    settings = ModelSettings(
        tier=1,
        context=50_000,
        price=PriceSettings(input=Decimal("0.4"), output=Decimal(2)),
        capabilities=("tools",),
        strengths=(),
        roles=("classifier",),
        speed=SpeedSettings(first_token_ms=99, tokens_per_s=10.0),
        quality=0.5,
    )
    catalog = build(ANTHROPIC, **{"anthropic/claude-opus-5-5": settings})
    changed = catalog.get("anthropic/claude-opus-5-5")
    assert changed is not None
    assert (changed.tier, changed.context, changed.quality) == (1, 50_000, 0.5)
    assert changed.capabilities == {"text", "tools"}
    assert changed.roles == {"classifier"}
    assert (changed.speed.first_token_ms, changed.speed.tokens_per_s) == (99, 10.0)
    assert changed.price is not None
    assert changed.price.rates.input == Decimal("0.4")
    assert changed.listed
    untouched = catalog.get("anthropic/claude-opus-5")
    assert untouched is not None
    assert untouched.tier == 3


def test_a_new_tier_brings_its_own_expectation() -> None:
    catalog = build(LOCAL, **{"local/odd-finetune:7b": ModelSettings(tier=3)})
    raised = catalog.get("local/odd-finetune:7b")
    assert raised is not None
    assert raised.quality == 0.95


def test_overrides_go_by_the_card_s_name_too() -> None:
    catalog = build(ROUTER, **{"openrouter/claude-haiku-4-5": ModelSettings(tier=2)})
    changed = catalog.get("openrouter/anthropic/claude-haiku-4.5")
    assert changed is not None
    assert changed.tier == 2
    assert len(catalog.deployments) == len(build(ROUTER).deployments)


def test_overrides_add_models_only_the_configuration_knows() -> None:
    catalog = build(
        STATIC, **{"static/static-model": ModelSettings(tier=1, context=4_096, capabilities=("text", "tools"))}
    )
    (added,) = catalog.deployments
    assert (added.id, added.tier, added.context, added.price) == ("static/static-model", 1, 4_096, None)
    assert added.capabilities == {"text", "tools"}
    assert catalog.named("static-model") == (added,)


def test_enabled_false_removes() -> None:
    catalog = build(ANTHROPIC, **{"anthropic/claude-opus-5": ModelSettings(enabled=False)})
    assert catalog.get("anthropic/claude-opus-5") is None
    assert catalog.get("anthropic/claude-opus-5-5") is not None


def test_switching_off_what_is_not_there() -> None:
    with pytest.raises(ConfigError, match=r"models.anthropic/claude-opus-55.*Did you mean .*claude-opus-5-5"):
        build(ANTHROPIC, **{"anthropic/claude-opus-55": ModelSettings(enabled=False)})
    # A local server's list comes and goes: what is not there today needs no switching off, and is no mistake.
    assert len(build(LOCAL, **{"local/not-pulled": ModelSettings(enabled=False)}).deployments) == 3


def test_an_override_for_an_unknown_provider_names_close_ones() -> None:
    with pytest.raises(ConfigError, match=r"there is no provider `antropic`\. Did you mean `anthropic`") as caught:
        build(ANTHROPIC, **{"antropic/claude-opus-5": ModelSettings(tier=1)})
    assert caught.value.field == "models.antropic/claude-opus-5"


@pytest.mark.parametrize("key", ["claude-opus-5", "/claude-opus-5", "anthropic/"])
def test_an_override_must_say_provider_and_model(key: str) -> None:
    with pytest.raises(ConfigError, match=r"does not say whose model") as caught:
        build(ANTHROPIC, **{key: ModelSettings(tier=1)})
    assert caught.value.remedy


def test_what_is_said_about_an_absent_provider_is_passed_over() -> None:
    catalog = build(ANTHROPIC, absent=("local",), **{"local/llama3.1:8b": ModelSettings(tier=2)})
    assert catalog.providers == {"anthropic"}


def test_unlisted_models_are_taken_on_trust() -> None:
    deployment = unlisted(ROUTER, "qwen/qwen3-max", BOOK, WHEN)
    assert (deployment.id, deployment.listed, deployment.tier) == ("openrouter/qwen/qwen3-max", False, 2)
    assert deployment.context == 262_144, "as the price list states"
    assert deployment.price is not None
    assert {"text", "vision", "tools", "json_schema"} <= deployment.capabilities
    assert unlisted(OPENAI, "gpt-next", BOOK, WHEN).price is None


def test_unlisted_models_use_the_card_their_name_means() -> None:
    deployment = unlisted(ANTHROPIC, "claude-haiku-4-5-20251001", BOOK, WHEN)
    assert (deployment.model, deployment.card.name, deployment.tier) == (
        "claude-haiku-4-5-20251001",
        "claude-haiku-4-5",
        1,
    )
    local = unlisted(LOCAL, "never-seen:70b", BOOK, WHEN)
    assert local.price is not None
    assert (local.tier, local.context, local.price.rates.input) == (2, 8_192, 0)


def test_nothing_offered_is_an_empty_catalog() -> None:
    catalog = build()
    assert catalog.deployments == ()
    assert catalog.named("gpt-4o") == ()
    assert catalog.like("gpt-4o") == []


def test_a_catalog_finds_by_name_alias_and_misspelling() -> None:
    catalog = build(ANTHROPIC)
    by_alias = catalog.named("claude-opus-5.5")
    assert [d.id for d in by_alias] == ["anthropic/claude-opus-5-5"]
    assert "claude-opus-5-5" in " ".join(catalog.like("claude-opsu-5-5"))


def test_two_offers_of_one_provider_keep_the_last() -> None:
    first = Offer(provider="x", preset="openai", locality="cloud", models=("gpt-4o",))
    second = Offer(provider="x", preset="openai", locality="cloud", models=("gpt-4o-mini",))
    assert [d.id for d in build(first, second).deployments] == ["x/gpt-4o-mini"]
