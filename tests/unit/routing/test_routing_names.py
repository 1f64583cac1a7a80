"""The `model` field: how much it leaves to Podium, and what happens when it means nothing."""

from __future__ import annotations

from typing import Any

import pytest

from podium.core.errors import RequirementsNotMet, UnknownModel
from podium.core.messages import Options
from podium.core.settings import RequireSettings, RouteSettings, Rule, Use
from podium.core.tasks import Modality, Requirements
from podium.models.catalog import Deployment


@pytest.fixture
def deployments(make: Any) -> list[Deployment]:
    return [
        make.deployment("dear/llama", price="9", name="meta-llama/Llama-3.1-8B", aliases=("llama-8b",)),
        make.deployment("cheap/llama", price="1", name="meta-llama/Llama-3.1-8B", aliases=("llama-8b",)),
        make.deployment("other/big", tier=3, price="5"),
    ]


@pytest.mark.parametrize(
    ("model", "found"),
    [
        ("auto", ["cheap/llama", "dear/llama", "other/big"]),
        ("", ["cheap/llama", "dear/llama", "other/big"]),
        ("auto/default", ["cheap/llama", "dear/llama", "other/big"]),
        ("auto/best", ["other/big"]),
        ("other/big", ["other/big"]),
        ("big", ["other/big"]),
        ("llama", ["cheap/llama", "dear/llama"]),
        ("llama-8b", ["cheap/llama", "dear/llama"]),
        ("meta-llama/Llama-3.1-8B", ["cheap/llama", "dear/llama"]),
        ("dear/llama", ["dear/llama"]),
        ("dear/llama-8b", ["dear/llama"]),
        ("dear/meta-llama/Llama-3.1-8B", ["dear/llama"]),
    ],
)
def test_a_name_finds_exactly_its_deployments(
    make: Any, deployments: list[Deployment], model: str, found: list[str]
) -> None:
    routes = {"best": RouteSettings(rules=(Rule(use=Use(models=("big",))),))}
    assert make.ids(make.decide(make.router(deployments, routes=routes), make.task(model))) == found


def test_an_unknown_name_gets_close_ones(make: Any, deployments: list[Deployment]) -> None:
    with pytest.raises(UnknownModel, match="'other/bigg'") as error:
        make.decide(make.router(deployments), make.task("other/bigg"))
    assert "Did you mean other/big" in error.value.remedy
    assert "podium models" in error.value.remedy
    assert (error.value.status, error.value.param) == (404, "model")


def test_an_unknown_route_gets_close_ones(make: Any, deployments: list[Deployment]) -> None:
    router = make.router(deployments, routes={"support": RouteSettings()})
    with pytest.raises(UnknownModel, match="'suport'") as error:
        make.decide(router, make.task("auto/suport"))
    assert "auto/support" in error.value.remedy


def test_no_model_at_all_says_how_to_get_one(make: Any) -> None:
    with pytest.raises(RequirementsNotMet, match="No model is usable") as error:
        make.decide(make.router([]))
    assert "podium init" in error.value.remedy


def test_an_unlisted_model_is_taken_on_trust_and_says_so(make: Any, deployments: list[Deployment]) -> None:
    asked: list[tuple[str, str]] = []

    def unlisted(provider: str, model: str) -> Deployment | None:
        asked.append((provider, model))
        if provider != "other":
            return None
        return make.deployment(f"{provider}/{model}", price=None, listed=False, vendor="unknown", context=10)

    router = make.router(deployments, unlisted=unlisted)
    # Far more than the stand-in card's window, an image, tools: not ours to second-guess.
    task = make.task("other/brand/new", options=Options(max_tokens=50_000))
    needs = {"modalities": (Modality.TEXT, Modality.IMAGE), "needs_tools": True, "input_tokens": 90_000}
    decision = make.decide(router, task, **needs)
    assert make.ids(decision) == ["other/brand/new"]
    assert asked == [("other", "brand/new")]
    assert "taken on trust" in decision.warnings[0]
    assert decision.chosen.expected_cost is None

    for bound in (Requirements(max_cost_usd=1), Requirements(min_quality=0.1), Requirements(private=True)):
        with pytest.raises(RequirementsNotMet):  # what nobody knows cannot be promised
            make.decide(router, make.task("other/brand/new", requirements=bound))
    with pytest.raises(UnknownModel):
        make.decide(router, make.task("nobody/brand-new"))


def test_an_unlisted_model_that_a_card_describes_is_held_to_it(make: Any) -> None:
    dated = make.deployment("other/m-2026-01-01", listed=False, context=1_000)
    router = make.router([], unlisted=lambda provider, model: dated)
    assert make.decide(router, make.task("other/m-2026-01-01"), input_tokens=10).warnings == ()
    with pytest.raises(RequirementsNotMet, match="window of 1,000"):
        make.decide(router, make.task("other/m-2026-01-01"), input_tokens=900)


def test_naming_a_model_overrides_taste_and_no_prohibition(make: Any, deployments: list[Deployment]) -> None:
    taste = make.router(deployments, Rule(use=Use(tier=1, max_tier=1, models=("llama",), role="coder")))
    decision = make.decide(taste, make.task("big"))
    assert make.ids(decision) == ["other/big"]
    assert decision.rules == ()

    for forbidden in (Use(deny=("other",)), Use(deny=("big",)), Use(locality="local")):
        with pytest.raises(RequirementsNotMet, match="rule 'no'"):
            make.decide(make.router(deployments, Rule(name="no", use=forbidden)), make.task("big"))

    private = make.router(deployments, routes={"default": RouteSettings(require=RequireSettings(private=True))})
    with pytest.raises(RequirementsNotMet, match="private"):
        make.decide(private, make.task("big"))
    # A floor is a matter of taste; another route's prohibitions are another route's.
    floor = RouteSettings(require=RequireSettings(min_quality=0.99))
    strict = RouteSettings(rules=(Rule(use=Use(deny=("other",))),))
    assert make.ids(make.decide(make.router(deployments, routes={"default": floor, "x": strict}), make.task("big")))


def test_deny_holds_for_a_model_nobody_listed(make: Any, deployments: list[Deployment]) -> None:
    for vendor in ("unknown", "acme"):
        new = make.deployment("other/new", listed=False, vendor=vendor, name="big")
        for word in ("other", "big", "other/big"):
            router = make.router(deployments, Rule(use=Use(deny=(word,))), unlisted=lambda p, m, new=new: new)
            with pytest.raises(RequirementsNotMet, match="denied"):
                make.decide(router, make.task("other/new"))


def taking_all_but_cheap(make: Any) -> Any:
    return lambda provider, model: (
        None if provider == "cheap" else make.deployment(f"{provider}/{model}", price=None, listed=False)
    )


@pytest.mark.parametrize("date", ["-20251001", "-2024-07-18", "@20250929"])
def test_a_plain_dated_name_means_the_model_without_its_date_and_says_so(
    make: Any, deployments: list[Deployment], date: str
) -> None:
    router = make.router(deployments, unlisted=taking_all_but_cheap(make))
    decision = make.decide(router, make.task(f"llama{date}"))
    assert make.ids(decision) == ["cheap/llama", "dear/llama"]
    said = f"llama{date} was taken as llama; dear/llama{date} asks for exactly this version."
    assert decision.warnings == (said,)
    assert make.decide(router, make.task("llama")).warnings == ()


def test_a_dated_name_that_is_listed_means_itself(make: Any, deployments: list[Deployment]) -> None:
    router = make.router([*deployments, make.deployment("other/llama-20251001")])
    decision = make.decide(router, make.task("llama-20251001"))
    assert (make.ids(decision), decision.warnings) == (["other/llama-20251001"], ())


def test_behind_its_provider_a_dated_name_stays_as_it_is(make: Any, deployments: list[Deployment]) -> None:
    router = make.router(deployments, unlisted=taking_all_but_cheap(make))
    assert make.ids(make.decide(router, make.task("dear/llama-20251001"))) == ["dear/llama-20251001"]
    with pytest.raises(UnknownModel):
        make.decide(router, make.task("cheap/llama-20251001"))


def test_an_unknown_plain_name_can_be_asked_of_a_provider(make: Any, deployments: list[Deployment]) -> None:
    with pytest.raises(UnknownModel) as error:
        make.decide(make.router(deployments, unlisted=taking_all_but_cheap(make)), make.task("brand-new-20251001"))
    assert "PROVIDER/brand-new-20251001" in error.value.remedy
    with pytest.raises(UnknownModel) as error:
        make.decide(make.router(deployments), make.task("brand-new-20251001"))
    assert "PROVIDER" not in error.value.remedy
