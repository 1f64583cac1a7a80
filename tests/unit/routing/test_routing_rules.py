"""Rules: what they match, who decides which field, the built-in bands, low confidence, and mistakes in them."""

from __future__ import annotations

from typing import Any

import pytest

from podium.core.errors import ConfigError
from podium.core.settings import RouteSettings, Rule, Use, When
from podium.core.tasks import Domain, Guess, Modality, Sensitivity, TaskType
from podium.models.catalog import Deployment
from podium.policies.routing import BUILTIN_RULES

HIT = Rule(name="hit", use=Use(tier=3))

# condition, a profile/task it holds for, one it does not
WHEN: list[tuple[When, dict[str, Any], dict[str, Any]]] = [
    (When(task_type=TaskType.CODE), {"task_type": TaskType.CODE}, {}),
    (When(task_type=(TaskType.CODE, TaskType.VISION)), {"task_type": TaskType.VISION}, {}),
    (When(domain=Domain.LEGAL), {"domain": Domain.LEGAL}, {}),
    (When(modality=Modality.IMAGE), {"modalities": (Modality.TEXT, Modality.IMAGE)}, {}),
    (When(language=("de", "fr")), {"language": "fr"}, {"language": "en"}),
    (When(sensitivity=Sensitivity.PERSONAL), {"sensitivity": Sensitivity.PERSONAL}, {}),
    (When(sensitivity=Sensitivity.NONE), {}, {"never": True}),
    (When(min_complexity=4), {"complexity": 4}, {"complexity": 3}),
    (When(max_complexity=4), {"complexity": 4}, {"complexity": 5}),
    (When(min_tokens=100), {"input_tokens": 100}, {"input_tokens": 99}),
    (When(max_tokens=100), {"input_tokens": 100}, {"input_tokens": 101}),
    (When(tools=True), {"needs_tools": True}, {}),
    (When(tools=False), {}, {"needs_tools": True}),
    (When(priority="background"), {"task.priority": "background"}, {}),
    (When(user=("ann", "bob")), {"task.user": "bob"}, {"task.user": "eve"}),
    (When(team="red"), {"task.team": "red"}, {}),
    (When(tags={"a": "1"}), {"task.tags": {"a": "1", "b": "2"}}, {"task.tags": {"a": "2"}}),
    (When(tags={"a": "1", "b": "2"}), {"task.tags": {"a": "1", "b": "2"}}, {"task.tags": {"a": "1"}}),
    (When(domain=Domain.LEGAL, min_complexity=5), {"domain": Domain.LEGAL, "complexity": 5}, {"complexity": 5}),
]


def _spoken(make: Any, router: Any, facts: dict[str, Any]) -> tuple[str, ...]:
    task = {name.removeprefix("task."): value for name, value in facts.items() if name.startswith("task.")}
    profile = {name: value for name, value in facts.items() if not name.startswith("task.")}
    return make.decide(router, make.task(**task), **profile).rules  # type: ignore[no-any-return]  # an untyped maker


@pytest.mark.parametrize(("when", "holds", "fails"), WHEN)
def test_a_condition_holds_and_fails(make: Any, when: When, holds: dict[str, Any], fails: dict[str, Any]) -> None:
    able = frozenset({"text", "vision", "tools"})
    router = make.router(
        [make.deployment("a/m", capabilities=able)],
        routes={"default": RouteSettings(rules=(Rule(name="hit", when=when, use=Use(tier=1)),), builtin_rules=False)},
    )
    assert _spoken(make, router, holds) == ("hit",)
    if "never" not in fails:
        assert _spoken(make, router, fails) == ()


def test_the_first_rule_that_sets_a_field_decides_it(make: Any) -> None:
    deployments = [make.deployment(f"p/t{tier}", tier=tier) for tier in (1, 2, 3)]
    router = make.router(
        deployments,
        Rule(name="other field", use=Use(prefer="latency")),
        Rule(name="passed over", when=When(domain=Domain.LEGAL), use=Use(tier=3)),
        Rule(name="first", use=Use(tier=2)),
        Rule(name="too late", use=Use(tier=3)),
        Rule(name="half", use=Use(tier=3, max_tier=2)),
    )
    decision = make.decide(router)
    assert make.ids(decision) == ["p/t2", "p/t1"]
    assert decision.rules == ("other field", "first", "half")
    assert "tier 2 by rule 'first'" in decision.why


# task type, complexity, domain -> tier, by the built-in rules
BANDS = [
    (TaskType.CLASSIFICATION, 1, Domain.GENERAL, 1),
    (TaskType.EXTRACTION, 5, Domain.GENERAL, 1),
    (TaskType.EXTRACTION, 6, Domain.GENERAL, 2),
    (TaskType.TOOL_EXECUTION, 9, Domain.GENERAL, 3),
    (TaskType.SUMMARISATION, 4, Domain.SCIENCE, 1),
    (TaskType.CREATIVE, 5, Domain.GENERAL, 2),
    (TaskType.CONVERSATION, 8, Domain.GENERAL, 3),
    (TaskType.CODE, 3, Domain.CODE, 1),
    (TaskType.CODE, 4, Domain.CODE, 2),
    (TaskType.CODE, 7, Domain.CODE, 3),
    (TaskType.REASONING, 1, Domain.GENERAL, 2),
    (TaskType.PLANNING, 7, Domain.GENERAL, 3),
    (TaskType.SIMPLE_QA, 1, Domain.MEDICAL, 2),
    (TaskType.SIMPLE_QA, 1, Domain.LEGAL, 2),
    (TaskType.CLASSIFICATION, 7, Domain.FINANCE, 3),
]


@pytest.mark.parametrize(("task_type", "complexity", "domain", "tier"), BANDS)
def test_the_builtin_bands(make: Any, task_type: TaskType, complexity: int, domain: Domain, tier: int) -> None:
    router = make.router([make.deployment(f"p/t{each}", tier=each) for each in (1, 2, 3)])
    assert make.decide(router, task_type=task_type, complexity=complexity, domain=domain).chosen.tier == tier


def test_harder_work_never_starts_lower(make: Any) -> None:
    router = make.router([make.deployment(f"p/t{each}", tier=each) for each in (1, 2, 3)])
    for task_type in TaskType:
        for domain in Domain:
            tiers = [
                make.decide(router, task_type=task_type, complexity=level, domain=domain).chosen.tier
                for level in range(1, 11)
            ]
            assert tiers == sorted(tiers), (task_type, domain)
            assert domain not in {Domain.LEGAL, Domain.MEDICAL, Domain.FINANCE} or tiers[0] >= 2


def test_builtin_rules_have_distinct_names() -> None:
    names = [rule.name for rule in BUILTIN_RULES]
    assert None not in names
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("unsure", ["task_type", "complexity"])
def test_low_confidence_goes_one_tier_up(make: Any, unsure: str) -> None:
    router = make.router([make.deployment(f"p/t{each}", tier=each) for each in (1, 2, 3)])
    value = {"task_type": TaskType.SIMPLE_QA, "complexity": 3}[unsure]
    decision = make.decide(router, **{unsure: Guess(value, 0.39)})
    assert make.ids(decision) == ["p/t2", "p/t3", "p/t1"]
    assert decision.rules[-1] == "low-confidence"
    assert "one up from tier 1 by rule 'routine'" in decision.why
    assert make.decide(router, **{unsure: Guess(value, 0.5)}).chosen.tier == 1


@pytest.mark.parametrize(
    ("rule", "chosen"),
    [
        (Use(models=("p/t1", "p/t2")), "p/t1"),
        (Use(tier=1, max_tier=1), "p/t1"),
        (Use(tier=3), "p/t3"),
    ],
)
def test_low_confidence_never_overrules_pins_nor_a_ceiling(make: Any, rule: Use, chosen: str) -> None:
    router = make.router([make.deployment(f"p/t{each}", tier=each) for each in (1, 2, 3)], Rule(use=rule))
    decision = make.decide(router, complexity=Guess(3, 0.1))
    assert decision.chosen.deployment == chosen
    assert "low-confidence" not in decision.rules


def test_the_tasks_own_priority_counts_whatever_the_route_says(make: Any) -> None:
    """A surface gives a task that states none its route's priority; here a stated `normal` stays what it is."""
    slow = make.deployment("a/cheap", price="1", first_token_ms=9_000)
    fast = make.deployment("b/fast", price="2", first_token_ms=10)
    router = make.router([slow, fast], routes={"live": RouteSettings(priority="interactive")})
    assert make.decide(router, make.task("auto")).chosen.deployment == "a/cheap"
    assert make.decide(router, make.task("auto/live")).chosen.deployment == "a/cheap"
    assert make.decide(router, make.task("auto/live", priority="background")).chosen.deployment == "a/cheap"
    assert make.decide(router, make.task("auto", priority="interactive")).chosen.deployment == "b/fast"


@pytest.mark.parametrize(
    ("use", "field", "hint"),
    [
        (Use(models=("open/smal",)), "routes.default.rules[0].use.models", "open/small"),
        (Use(models=("open",)), "routes.default.rules[0].use.models", "podium models"),
        (Use(deny=("opne",)), "routes.default.rules[0].use.deny", "open"),
        (Use(deny=("opne/small",)), "routes.default.rules[0].use.deny", "open/small"),
    ],
)
def test_a_rule_that_names_nobody_is_a_mistake_at_start(make: Any, use: Use, field: str, hint: str) -> None:
    with pytest.raises(ConfigError) as error:
        make.router([make.deployment("open/small")], Rule(use=use))
    assert error.value.field == field
    assert hint in error.value.remedy


def test_a_rule_may_name_what_is_only_not_usable_now(make: Any) -> None:
    here = make.deployment("open/small")
    rule = Rule(use=Use(models=("home/llama", "open/small"), deny=("home",)))
    decision = make.decide(make.router([here], rule, absent={"home"}))
    assert make.ids(decision) == ["open/small"]
    assert "place 2 in the list" in decision.chosen.reason
    with pytest.raises(ConfigError):
        make.router([here], rule)


def test_a_rule_may_name_an_unlisted_model_of_a_configured_provider(make: Any) -> None:
    def unlisted(provider: str, model: str) -> Deployment | None:
        return make.deployment(f"{provider}/{model}", listed=False, vendor="unknown") if provider == "open" else None

    router = make.router(
        [make.deployment("open/small")], Rule(use=Use(models=("open/new", "small"))), unlisted=unlisted
    )
    assert make.ids(make.decide(router)) == ["open/new", "open/small"]
