"""Refusals: the nearest miss, a reason for each model, a remedy that would work."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from podium.core.errors import RequirementsNotMet
from podium.core.messages import Options
from podium.core.settings import Rule, Use
from podium.core.tasks import Modality, Requirements


def _refuse(make: Any, router: Any, task: Any, **profile: Any) -> RequirementsNotMet:
    with pytest.raises(RequirementsNotMet) as refusal:
        make.decide(router, task, **profile)
    return refusal.value


def test_the_nearest_miss_and_the_way_out_by_quality(make: Any) -> None:
    router = make.router([make.deployment("a/poor", quality=0.5), make.deployment("b/best", quality=0.91)])
    refusal = _refuse(make, router, make.task(requirements=Requirements(min_quality=0.95)), complexity=5)
    assert "None of 2 usable models may do this task. Nearest is b/best: expected quality 0.91" in refusal.message
    assert refusal.remedy == "Ask for a min_quality of 0.91 or less, or add a stronger model."
    assert refusal.param == "podium.min_quality"
    assert refusal.status == 422
    make.decide(router, make.task(requirements=Requirements(min_quality=0.91)), complexity=5)  # the remedy works


def test_by_cost_the_cheapest_is_nearest_and_the_amount_is_named(make: Any) -> None:
    router = make.router([make.deployment("a/dear", price="90"), make.deployment("b/cheap", price="20")])
    refusal = _refuse(make, router, make.task(requirements=Requirements(max_cost_usd="0.001")))
    assert "Nearest is b/cheap: a usual answer may cost $0.026000, $0.001000 allowed" in refusal.message
    assert refusal.remedy == "Allow $0.026000, or set a smaller max_tokens."
    allowed = make.task(requirements=Requirements(max_cost_usd="0.026"))
    assert make.decide(router, allowed).chosen.deployment == "b/cheap"  # the remedy works


def test_a_cost_bound_without_max_tokens_limits_the_answer(make: Any) -> None:
    router = make.router([make.deployment("a/m", price="10")])
    decision = make.decide(router, make.task(requirements=Requirements(max_cost_usd="0.1")))
    chosen = decision.chosen
    assert chosen.max_tokens is not None
    assert chosen.worst_cost is not None
    assert chosen.worst_cost.usd <= Decimal("0.1") < chosen.worst_cost.usd + Decimal("0.00001")
    assert f"limits the answer to {chosen.max_tokens:,} tokens" in " ".join(decision.warnings)
    roomy = make.decide(router, make.task(requirements=Requirements(max_cost_usd="10")))
    assert roomy.chosen.max_tokens is None
    assert not roomy.warnings


def test_by_time_the_fastest_is_nearest(make: Any) -> None:
    router = make.router([make.deployment("a/m", first_token_ms=9_000), make.deployment("b/m", first_token_ms=5_000)])
    refusal = _refuse(make, router, make.task(requirements=Requirements(max_latency_ms=10)))
    assert "Nearest is b/m" in refusal.message
    assert "Allow 6,000 ms or more" in refusal.remedy


def test_the_one_with_fewest_faults_is_nearest_and_all_faults_are_named(make: Any) -> None:
    near = make.deployment("a/near", capabilities=frozenset({"text", "vision"}), context=1_000)
    far = make.deployment("b/far", context=500)
    needs = {"modalities": (Modality.TEXT, Modality.IMAGE), "input_tokens": 5_000}
    refusal = _refuse(make, make.router([far, near]), make.task(), **needs)
    assert "Nearest is a/near" in refusal.message
    assert refusal.reasons[0].startswith("b/far: vision: cannot read images, context: about 5,000 tokens")
    assert "larger window" in refusal.remedy
    assert refusal.param == "messages"


def test_a_named_model_is_named(make: Any) -> None:
    router = make.router([make.deployment("a/m", context=10), make.deployment("b/m", context=20)])
    assert _refuse(make, router, make.task("a/m")).message.startswith("a/m may not do this task: about 1,000 tokens")
    assert "None of the 2 deployments of m may" in _refuse(make, router, make.task("m")).message


def test_two_kinds_of_local_limits_are_both_told(make: Any) -> None:
    router = make.router(
        [make.deployment("home/m", local=True), make.deployment("cloud/m")],
        Rule(name="out", use=Use(locality="cloud")),
    )
    refusal = _refuse(make, router, make.task(requirements=Requirements(private=True)))
    assert any("rule 'out' asks for cloud models" in reason for reason in refusal.reasons)
    assert any("asks for private" in reason for reason in refusal.reasons)


def test_asking_for_too_long_an_answer_says_how_long_it_may_be(make: Any) -> None:
    router = make.router([make.deployment("a/m", max_output=4_096)])
    refusal = _refuse(make, router, make.task(options=Options(max_tokens=8_000)))
    assert "max_tokens of 4,096 or less" in refusal.remedy
    assert refusal.param == "max_tokens"
