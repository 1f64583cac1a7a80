"""Every hard constraint, alone: who is turned away, under which name, in which words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from podium.core.errors import RequirementsNotMet
from podium.core.health import Standing
from podium.core.messages import Options
from podium.core.settings import RequireSettings, RouteSettings, Rule, Use
from podium.core.tasks import Modality, Requirements

CAPABLE = frozenset({"text", "vision", "audio", "tools", "json_schema", "logprobs"})
IMAGE = (Modality.TEXT, Modality.IMAGE)
SOUND = (Modality.TEXT, Modality.AUDIO)

# name, what the poor model has instead, the profile, the task, the constraint, a piece of the detail
CASES: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any], str, str]] = [
    ("blind", {"capabilities": CAPABLE - {"vision"}}, {"modalities": IMAGE}, {}, "vision", "cannot read images"),
    ("deaf", {"capabilities": CAPABLE - {"audio"}}, {"modalities": SOUND}, {}, "audio", "cannot hear audio"),
    ("no tools", {"capabilities": CAPABLE - {"tools"}}, {"needs_tools": True}, {}, "tools", "cannot call tools"),
    ("no schema", {"capabilities": CAPABLE - {"json_schema"}}, {"needs_schema": True}, {}, "schema", "JSON schema"),
    ("no logprobs", {"capabilities": CAPABLE - {"logprobs"}}, {"needs_logprobs": True}, {}, "logprobs", "log prob"),
    ("two at once", {"capabilities": frozenset({"text"})}, {"modalities": IMAGE, "needs_tools": True}, {}, "vision",
     "cannot read images or call tools"),
    ("answer's share", {"context": 1_000}, {"input_tokens": 701}, {}, "context", "it may fill 700"),
    ("max_tokens", {"context": 10_000}, {"input_tokens": 6_000}, {"options": Options(max_tokens=4_001)}, "context",
     "4,001 to write do not fit"),
    ("longest answer", {"max_output": 100}, {}, {"options": Options(max_tokens=101)}, "output", "writes 100 tokens"),
    ("cloud", {"local": False}, {}, {"requirements": Requirements(private=True)}, "locality", "asks for private"),
    ("quality", {"quality": 0.80}, {"complexity": 5}, {"requirements": Requirements(min_quality=0.81)}, "quality",
     "expected quality 0.8, 0.81 asked"),
    ("cost", {"price": "100"}, {}, {"requirements": Requirements(max_cost_usd="0.1"), "options": Options(max_tokens=1)},
     "cost", "may cost $0.100100, $0.100000 allowed"),
    ("a usual answer", {"price": "100"}, {}, {"requirements": Requirements(max_cost_usd="0.1")}, "cost",
     "cost $0.130000"),
    ("unknown price", {"price": None}, {}, {"requirements": Requirements(max_cost_usd=1000)}, "cost", "unknown"),
    ("latency", {"first_token_ms": 9_000}, {}, {"requirements": Requirements(max_latency_ms=8_000)}, "latency",
     "8,000 allowed"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "poor", "profile", "task", "constraint", "detail"), CASES, ids=[c[0] for c in CASES])
def test_a_constraint_rejects_the_one_that_lacks_it_and_nobody_else(
    make: Any,
    name: str,
    poor: dict[str, Any],
    profile: dict[str, Any],
    task: dict[str, Any],
    constraint: str,
    detail: str,
) -> None:
    ample = {
        "price": "1",
        "capabilities": CAPABLE,
        "context": 100_000,
        "quality": 0.9,
        "first_token_ms": 100,
        "local": True,
    }
    rich, lacking = make.deployment("a/rich", **ample), make.deployment("b/lacking", **{**ample, **poor})

    decision = make.decide(make.router([lacking, rich]), make.task(**task), **profile)

    assert make.ids(decision) == ["a/rich"]
    [rejected] = decision.rejected
    assert (rejected.deployment, rejected.constraint) == ("b/lacking", constraint)
    assert detail in rejected.detail

    with pytest.raises(RequirementsNotMet) as refusal:
        make.decide(make.router([lacking]), make.task("b/lacking", **task), **profile)
    assert detail in str(refusal.value)  # naming a model lifts no constraint
    assert refusal.value.remedy
    assert refusal.value.reasons[0].startswith(f"b/lacking: {constraint}: ")


@pytest.mark.parametrize("tokens", [700, 1])
def test_what_just_fits_fits(make: Any, tokens: int) -> None:
    small = make.deployment("a/small", context=1_000, max_output=300)
    task = make.task(options=Options(max_tokens=300))
    assert make.ids(make.decide(make.router([small]), task, input_tokens=tokens)) == ["a/small"]


def test_exact_bounds_are_met(make: Any) -> None:
    model = make.deployment("a/m", price="1", quality=0.78, first_token_ms=500, tokens_per_s=1000.0)
    task = make.task(
        options=Options(max_tokens=100),
        requirements=Requirements(min_quality=0.9, max_cost_usd="0.0011", max_latency_ms=600),
    )
    assert make.ids(make.decide(make.router([model]), task, complexity=1)) == ["a/m"]


def test_observed_latency_beats_the_prior(make: Any) -> None:
    quick, slow = make.deployment("a/quick", first_token_ms=10), make.deployment("b/slow", first_token_ms=60_000)
    standing = {"a/quick": Standing(latency_ms=9_000.0), "b/slow": Standing(latency_ms=100.0)}
    task = make.task(requirements=Requirements(max_latency_ms=1_000))
    assert make.ids(make.decide(make.router([quick, slow]), task, standing)) == ["b/slow"]


def test_a_deadline_rejects_who_cannot_make_it(make: Any) -> None:
    quick = make.deployment("a/quick", first_token_ms=10, tokens_per_s=1000.0)
    slow = make.deployment("b/slow", first_token_ms=9_000)
    task = make.task(requirements=Requirements(deadline=make.now + timedelta(seconds=2)))
    decision = make.decide(make.router([quick, slow]), task)
    assert make.ids(decision) == ["a/quick"]
    assert decision.rejected[0].constraint == "deadline"


def test_a_deadline_behind_us_is_refused_before_any_model_is_looked_at(make: Any) -> None:
    task = make.task(requirements=Requirements(deadline=make.now - timedelta(seconds=3)))
    with pytest.raises(RequirementsNotMet, match=r"passed 3\.0 s ago") as refusal:
        make.decide(make.router([make.deployment("a/m")]), task)
    assert refusal.value.param == "podium.deadline"


def test_a_route_requires_and_the_caller_only_tightens(make: Any) -> None:
    good, better = make.deployment("a/good", quality=0.8), make.deployment("b/better", tier=2, quality=0.9)
    route = RouteSettings(require=RequireSettings(min_quality=0.85))
    router = make.router([good, better], routes={"default": route})
    loose = make.task(requirements=Requirements(min_quality=0.1))
    assert make.ids(make.decide(router, loose, complexity=5)) == ["b/better"]
    with pytest.raises(RequirementsNotMet):
        make.decide(router, make.task(requirements=Requirements(min_quality=0.95)), complexity=5)


RULES: list[tuple[Use, list[str], str]] = [
    (Use(locality="local"), ["home/m"], "locality"),
    (Use(locality="cloud"), ["a/m", "b/big"], "locality"),
    (Use(max_tier=1), ["home/m", "a/m"], "rule"),
    (Use(models=("b/big",)), ["b/big"], "rule"),
    (Use(models=("m",)), ["home/m", "a/m"], "rule"),
    (Use(deny=("m",)), ["b/big"], "rule"),
    (Use(deny=("a", "home/m")), ["b/big"], "rule"),
]


@pytest.mark.parametrize(("use", "left", "constraint"), RULES)
def test_a_rule_constrains(make: Any, use: Use, left: list[str], constraint: str) -> None:
    deployments = [
        make.deployment("home/m", local=True, price="0"),
        make.deployment("a/m"),
        make.deployment("b/big", tier=3),
    ]
    decision = make.decide(make.router(deployments, Rule(name="mine", use=use)))
    assert make.ids(decision) == left
    assert {each.constraint for each in decision.rejected} == {constraint}
    assert all("rule 'mine'" in each.detail for each in decision.rejected)
    assert decision.rules[0] == "mine"
