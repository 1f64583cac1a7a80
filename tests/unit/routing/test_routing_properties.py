"""What holds for every decision, over random catalogs, tasks, rules and healths."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from podium.core.errors import RequirementsNotMet
from podium.core.health import Standing
from podium.core.messages import Options
from podium.core.settings import Rule, Use
from podium.core.tasks import Decision, Domain, Guess, Modality, Requirements, Sensitivity, TaskType
from podium.models.catalog import Catalog, Deployment

ABILITIES = ("vision", "audio", "tools", "json_schema", "logprobs")
sure = st.floats(0, 1)


@st.composite
def deployments(draw: st.DrawFn, make: Any) -> list[Deployment]:
    count = draw(st.integers(1, 9))
    return [
        make.deployment(
            f"{draw(st.sampled_from('abc'))}/m{place}",
            price=draw(st.sampled_from([None, "0", "1", "2", "50"])),
            local=draw(st.booleans()),
            tier=draw(st.integers(1, 3)),
            context=draw(st.sampled_from([1_000, 20_000, 200_000])),
            max_output=draw(st.sampled_from([None, 500, 5_000])),
            capabilities=frozenset({"text", *draw(st.sets(st.sampled_from(ABILITIES)))}),
            strengths=frozenset(draw(st.sets(st.sampled_from(list(TaskType)), max_size=3))),
            roles=frozenset(draw(st.sets(st.sampled_from(["coder", "orchestrator"])))),
            quality=draw(st.none() | st.sampled_from([0.6, 0.8, 0.95])),
            first_token_ms=draw(st.sampled_from([100, 900, 9_000])),
        )
        for place in range(count)
    ]


@st.composite
def requirements(draw: st.DrawFn) -> Requirements:
    return Requirements(
        min_quality=draw(st.none() | st.sampled_from([0.5, 0.8, 0.9])),
        max_cost_usd=draw(st.none() | st.sampled_from(["0", "0.01", "1"])),
        max_latency_ms=draw(st.none() | st.sampled_from([200, 5_000, 20_000])),
        private=draw(st.sampled_from([False, False, True])),
    )


@st.composite
def profiles(draw: st.DrawFn, make: Any) -> Any:
    extra = draw(st.sets(st.sampled_from([Modality.IMAGE, Modality.AUDIO]), max_size=1))
    return make.profile(
        task_type=Guess(draw(st.sampled_from(list(TaskType))), draw(sure)),
        complexity=Guess(draw(st.integers(1, 10)), draw(sure)),
        domain=draw(st.sampled_from(list(Domain))),
        modalities=(Modality.TEXT, *extra),
        sensitivity=draw(
            st.sampled_from([Sensitivity.NONE, Sensitivity.NONE, Sensitivity.PERSONAL, Sensitivity.SECRET])
        ),
        input_tokens=draw(st.sampled_from([0, 600, 15_000, 150_000])),
        needs_tools=draw(st.booleans()),
    )


@st.composite
def situations(draw: st.DrawFn, make: Any) -> tuple[Any, ...]:
    """(router, deployments, task, profile, standing, the default route's rule)"""
    models = draw(deployments(make))
    names = st.lists(st.sampled_from([each.id for each in models]), min_size=1, max_size=3).map(tuple)
    use = draw(
        st.sampled_from([Use(), Use(tier=2), Use(max_tier=2), Use(prefer="latency"), Use(locality="local")])
        | names.map(lambda chosen: Use(deny=chosen))
        | names.map(lambda chosen: Use(models=chosen))
    )
    task = make.task(
        requirements=draw(requirements()),
        options=Options(max_tokens=draw(st.none() | st.sampled_from([1, 400, 4_000]))),
        priority=draw(st.sampled_from(["interactive", "normal", "background"])),
    )
    standing = {
        each.id: Standing(
            latency_ms=draw(st.none() | st.sampled_from([50.0, 4_000.0])),
            resting_until=draw(st.none() | st.sampled_from([make.now - timedelta(1), make.now + timedelta(1)])),
        )
        for each in models
        if draw(st.booleans())
    }
    return make.router(models, Rule(name="r", use=use)), models, task, draw(profiles(make)), standing, use


def _try(make: Any, router: Any, task: Any, profile: Any, standing: Any) -> Decision | None:
    """The decision, or None for a refusal, which must be a complete one."""
    try:
        return router.decide(task, profile, now=make.now, standing=standing)  # type: ignore[no-any-return]  # untyped maker
    except RequirementsNotMet as error:
        refusal = error
    assert refusal.remedy
    assert refusal.reasons
    return None


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_every_decision(make: Any, data: st.DataObject) -> None:
    router, models, task, profile, standing, use = data.draw(situations(make))
    decision = _try(make, router, task, profile, standing)
    if decision is None:
        return
    catalog = Catalog(models)
    chosen, turned_away = make.ids(decision), [each.deployment for each in decision.rejected]
    assert sorted(chosen + turned_away) == sorted(each.id for each in models)

    needs = task.requirements
    local_only = needs.private or profile.sensitivity.value is Sensitivity.SECRET or use.locality == "local"
    abilities = {"text"}
    abilities |= {{"image": "vision"}.get(each, each) for each in profile.modalities.value}
    abilities |= {"tools"} if profile.needs_tools else set()
    for candidate in decision.candidates:
        deployment = catalog.get(candidate.deployment)
        assert deployment is not None
        assert not local_only or deployment.locality == "local"
        assert abilities <= deployment.capabilities
        assert profile.input_tokens <= 0.7 * deployment.context
        assert profile.input_tokens + (task.options.max_tokens or 0) <= deployment.context
        assert needs.min_quality is None or candidate.expected_quality >= needs.min_quality
        assert needs.max_latency_ms is None or candidate.expected_latency_ms <= needs.max_latency_ms
        if needs.max_cost is not None:
            assert candidate.worst_cost is not None
            assert candidate.worst_cost <= needs.max_cost
        assert candidate.tier <= (use.max_tier or 3)
        assert candidate.deployment not in (use.deny or ())
        assert use.models is None or candidate.deployment in use.models


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_the_order_respects_the_target_tier(make: Any, data: st.DataObject) -> None:
    router, _, task, profile, standing, use = data.draw(situations(make))
    decision = _try(make, router, task, profile, standing)
    if decision is None or use.models is not None:
        return
    now = make.now
    resting = {name for name, each in standing.items() if each.rests(now)}
    target = int(decision.why.partition("→ tier ")[2][0])
    healthy = [each.tier for each in decision.candidates if each.deployment not in resting]
    assert healthy == sorted(healthy, key=lambda tier: (tier < target, abs(tier - target)))
    at_or_above = [each.deployment in resting for each in decision.candidates if each.tier >= target]
    assert at_or_above == sorted(at_or_above)
    assert [each.tier < target for each in decision.candidates] == sorted(
        each.tier < target for each in decision.candidates
    )
    first = decision.chosen
    group = [
        each
        for each in decision.candidates
        if each.tier == first.tier and (each.deployment in resting) == (first.deployment in resting)
    ]
    has_role = any(role in decision.why for role in ("role coder", "role orchestrator"))
    if not has_role and task.priority != "interactive" and use.prefer is None and first.expected_cost is not None:
        assert all(each.expected_cost is None or first.expected_cost <= each.expected_cost for each in group)


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_tightening_a_requirement_never_adds_a_candidate(make: Any, data: st.DataObject) -> None:
    router, _, task, profile, standing, _ = data.draw(situations(make))
    before = _try(make, router, task, profile, standing)
    tighter = replace(task, requirements=task.requirements.tightened_by(data.draw(requirements())))
    after = _try(make, router, tighter, profile, standing)
    if after is not None:
        assert before is not None
        assert set(make.ids(after)) <= set(make.ids(before))


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_decisions_are_deterministic(make: Any, data: st.DataObject) -> None:
    router, models, task, profile, standing, use = data.draw(situations(make))
    first = _try(make, router, task, profile, standing)
    again = _try(make, make.router(models, Rule(name="r", use=use)), task, profile, standing)
    assert (first is None) == (again is None)
    if first is not None and again is not None:
        assert replace(first, id="") == replace(again, id="")


@given(amount=st.decimals(min_value=0, max_value=1, places=6))
def test_a_promise_of_cost_is_never_broken_by_a_hair(make: Any, amount: Decimal) -> None:
    router = make.router([make.deployment("a/m", price="7")])
    task = make.task(options=Options(max_tokens=100), requirements=Requirements(max_cost_usd=amount))
    decision = _try(make, router, task, make.profile(input_tokens=1_000), {})
    assert (decision is not None) == (Decimal("0.0077") <= amount)
