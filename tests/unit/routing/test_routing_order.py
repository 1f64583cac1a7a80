"""The order of candidates: tier, role, health, preference, providers; and the words for each place."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from podium.core.health import Standing
from podium.core.settings import RouteSettings, Rule, Use
from podium.core.tasks import TaskType

FAST, CHEAP = Rule(use=Use(prefer="latency")), Rule(use=Use(prefer="cost"))


def test_target_tier_then_stronger_then_weaker_as_a_last_resort(make: Any) -> None:
    deployments = [make.deployment(f"p/t{tier}", tier=tier, price=str(4 - tier)) for tier in (1, 2, 3)]
    decision = make.decide(make.router(deployments, Rule(name="mid", use=Use(tier=2))))
    assert make.ids(decision) == ["p/t2", "p/t3", "p/t1"]
    at, above, below = (candidate.reason for candidate in decision.candidates)
    assert at == "tier 2 by rule 'mid', cheapest first"
    assert "stronger than tier 2 asks" in above
    assert "a last resort" in below
    assert decision.warnings == ()


def test_falling_below_the_target_is_a_warning(make: Any) -> None:
    decision = make.decide(make.router([make.deployment("p/t1")], Rule(use=Use(tier=3))))
    assert "tier 1 is the last resort" in decision.warnings[0]
    assert "at tier 1, with none ready at tier 3" in decision.why


def test_role_holders_go_first_within_their_tier_only(make: Any) -> None:
    deployments = [
        make.deployment("a/cheap", tier=2, price="1"),
        make.deployment("b/coder", tier=2, price="2", roles=frozenset({"coder"})),
        make.deployment("c/coder3", tier=3, price="1", roles=frozenset({"coder"})),
    ]
    decision = make.decide(make.router(deployments), task_type=TaskType.CODE, complexity=5)
    assert make.ids(decision) == ["b/coder", "a/cheap", "c/coder3"]
    assert "with the role coder" in decision.chosen.reason
    assert "with the role coder" in decision.why


def test_cheapest_first_unknown_price_last_better_first_among_equals(make: Any) -> None:
    deployments = [
        make.deployment("a/unknown", price=None),
        make.deployment("b/dear", price="3"),
        make.deployment("c/poor", price="1", quality=0.75),
        make.deployment("d/good", price="1", quality=0.8),
    ]
    decision = make.decide(make.router(deployments, CHEAP))
    assert make.ids(decision) == ["d/good", "c/poor", "b/dear", "a/unknown"]
    assert "d/good is the cheapest of 4 that fit at $0.001150" in decision.why


def test_a_free_model_far_below_its_tier_does_not_win_by_its_price(make: Any) -> None:
    deployments = [make.deployment("a/tiny", price="0", quality=0.55), make.deployment("b/small", price="1")]
    decision = make.decide(make.router(deployments, CHEAP))
    assert make.ids(decision) == ["b/small", "a/tiny"]
    assert "last resort" in decision.candidates[1].reason


def test_fastest_first_and_the_cheaper_of_those_about_as_fast(make: Any) -> None:
    deployments = [
        make.deployment("a/quick", price="9", first_token_ms=1_000, tokens_per_s=1e9),
        make.deployment("b/quick-too", price="1", first_token_ms=1_200, tokens_per_s=1e9),
        make.deployment("c/slower", price="1", first_token_ms=3_000, tokens_per_s=1e9),
        make.deployment("d/slow", price="0", first_token_ms=9_000, tokens_per_s=1e9),
    ]
    decision = make.decide(make.router(deployments, FAST))
    assert make.ids(decision) == ["b/quick-too", "a/quick", "c/slower", "d/slow"]
    assert "nearly the fastest" in decision.why
    seen = {"d/slow": Standing(latency_ms=50.0)}
    assert make.decide(make.router(deployments, FAST), standing=seen).chosen.deployment == "d/slow"


@pytest.mark.parametrize("rule", [FAST, CHEAP])
def test_text_does_not_pay_for_an_eye(make: Any, rule: Rule) -> None:
    sighted = make.deployment("a/sighted", price="2", capabilities=frozenset({"text", "vision"}), first_token_ms=900)
    blind = make.deployment("b/blind", price="1", first_token_ms=1_000)
    assert make.decide(make.router([sighted, blind], rule)).chosen.deployment == "b/blind"


def test_resting_ones_wait_behind_the_healthy_but_before_weaker_tiers(make: Any) -> None:
    deployments = [make.deployment(f"p{tier}/t{tier}", tier=tier) for tier in (1, 2, 3)]
    deployments.append(make.deployment("q/t2", tier=2, price="9"))
    router = make.router(deployments, Rule(use=Use(tier=2)))
    soon = make.now + timedelta(seconds=5)
    standing = {"p2/t2": Standing(resting_until=soon)}
    decision = make.decide(router, standing=standing)
    assert make.ids(decision) == ["q/t2", "p3/t3", "p2/t2", "p1/t1"]
    assert "it rests after failures" in decision.candidates[2].reason
    assert "1 resting aside" in decision.why

    over = {"p2/t2": Standing(resting_until=make.now)}
    assert make.decide(router, standing=over).chosen.deployment == "p2/t2"

    all_rest = {each.id: Standing(resting_until=soon) for each in deployments}
    decision = make.decide(router, standing=all_rest)
    assert decision.chosen.deployment == "p2/t2"
    assert "failed repeatedly" in decision.warnings[0]


def test_a_rules_list_is_the_order(make: Any) -> None:
    deployments = [make.deployment(f"p/m{place}", price=str(place), tier=place) for place in (1, 2, 3)]
    decision = make.decide(make.router(deployments, Rule(name="list", use=Use(models=("p/m3", "m1")))))
    assert make.ids(decision) == ["p/m3", "p/m1"]
    assert decision.chosen.reason == "place 1 in the list of rule 'list'"
    assert [each.deployment for each in decision.rejected] == ["p/m2"]


def test_the_second_place_goes_to_another_provider_of_the_same_group(make: Any) -> None:
    deployments = [
        make.deployment("a/one", price="1"),
        make.deployment("a/two", price="2"),
        make.deployment("a/three", price="3"),
        make.deployment("b/one", price="4"),
        make.deployment("b/two", price="5", tier=2),
    ]
    assert make.ids(make.decide(make.router(deployments))) == ["a/one", "b/one", "a/two", "a/three", "b/two"]
    # Not from another tier: that would be another kind of model, not another vendor.
    del deployments[3]
    assert make.ids(make.decide(make.router(deployments))) == ["a/one", "a/two", "a/three", "b/two"]


def test_without_any_rule_the_smallest_tier_goes_first(make: Any) -> None:
    router = make.router(
        [make.deployment("p/t3", tier=3, price="0"), make.deployment("p/t1")],
        routes={"default": RouteSettings(builtin_rules=False)},
    )
    decision = make.decide(router)
    assert make.ids(decision) == ["p/t1", "p/t3"]
    assert decision.rules == ()
    assert "tier 1, as no rule sets one" in decision.why


def test_why_reads_as_one_sentence(make: Any) -> None:
    deployments = [
        make.deployment("a/small"),
        make.deployment("b/small", price="2"),
        make.deployment("c/m", context=10),
    ]
    decision = make.decide(make.router(deployments), task_type=TaskType.EXTRACTION, complexity=2)
    assert decision.why == (
        "extraction of complexity 2 (sure: 1.00) → tier 1 by rule 'routine'; "
        "a/small is the cheapest of 2 that fit at $0.001150; 1 rejected."
    )
    assert decision.id.startswith("dec_")
    assert (decision.task_id, decision.route) == ("tsk_1", "default")
