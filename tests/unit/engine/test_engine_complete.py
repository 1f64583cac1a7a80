"""Whole answers: retries, failover, what is returned and what is raised, and who pays for what."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from podium.core.errors import AllAttemptsFailed, FailureKind, InvalidRequest, ProviderError
from podium.core.events import AttemptEnded, DecisionMade, TaskEnded
from podium.core.messages import Options, Schema, ToolCall
from podium.core.tasks import Requirements
from podium.core.usage import ZERO, Money, Usage

Kind = FailureKind


def test_the_first_candidate_answers(kit: Any) -> None:
    bench = kit.Bench("acme/small", "acme/large")
    bench.providers["acme"].plan(kit.Timed(0.8, kit.reply("Paris.", request_id="req-7")))
    done = bench.complete()
    assert done.reply.text == "Paris."
    assert done.outcome is bench.outcome
    (attempt,) = bench.outcome.attempts
    assert (attempt.number, attempt.deployment, attempt.failure, attempt.request_id) == (1, "acme/small", None, "req-7")
    assert attempt.latency_ms == pytest.approx(800)
    assert bench.outcome.status == "ok"
    assert bench.outcome.served_by == attempt
    assert bench.outcome.verdict.accepted
    assert not bench.outcome.streamed
    assert bench.outcome.error is None
    assert bench.slept == []


def test_the_call_carries_model_and_timeout(kit: Any) -> None:
    bench = kit.Bench("acme/small", "beta/large", timeouts={"beta": 7.0}, timeout_s=30.0)
    bench.providers["acme"].plan(kit.error(Kind.TIMEOUT))
    bench.providers["beta"].plan(kit.reply())
    bench.complete()
    (first,), (second,) = bench.providers["acme"].calls, bench.providers["beta"].calls
    assert (first.model, first.timeout_s, first.left_s) == ("small", 30.0, None)
    assert (second.model, second.timeout_s) == ("large", 7.0)


@pytest.mark.parametrize(
    ("vendor", "capabilities", "reasons"),
    [("acme", {"text", "reasoning"}, True), ("acme", {"text"}, False), ("unknown", {"text"}, None)],
)
def test_the_call_says_whether_the_model_reasons(
    kit: Any, vendor: str, capabilities: set[Any], reasons: bool | None
) -> None:
    """Of a model nobody described it says nothing, and what the caller asked is sent."""
    bench = kit.Bench("acme/small")
    known = bench.deployments["acme/small"]
    card = replace(known.card, vendor=vendor, capabilities=frozenset(capabilities))
    bench.deployments["acme/small"] = replace(known, card=card)
    bench.providers["acme"].plan(kit.reply())
    bench.complete()
    (call,) = bench.providers["acme"].calls
    assert call.reasons is reasons


def test_a_retry_waits_as_the_policy_says(kit: Any) -> None:
    bench = kit.Bench("acme/small", retries=3, backoff_ms=400, random=0.5, max_attempts=5)
    bench.providers["acme"].plan(*[kit.error(Kind.OVERLOADED)] * 3, kit.reply())
    bench.complete()
    assert bench.slept == pytest.approx([0.2, 0.4, 0.8])
    assert [attempt.number for attempt in bench.outcome.attempts] == [1, 2, 3, 4]
    assert bench.outcome.latency_ms == pytest.approx(1400)


def test_a_pause_the_provider_asks_for_is_kept(kit: Any) -> None:
    bench = kit.Bench("acme/small", retries=1)
    bench.providers["acme"].plan(kit.error(Kind.RATE_LIMITED, retry_after_s=2.5), kit.reply())
    bench.complete()
    assert bench.slept == [2.5]


def test_failover_goes_down_the_list_in_order(kit: Any) -> None:
    bench = kit.Bench("acme/a", "beta/b", "gamma/c", retries=0)
    bench.providers["acme"].plan(kit.error(Kind.SERVER_ERROR))
    bench.providers["beta"].plan(kit.error(Kind.GARBAGE))
    bench.providers["gamma"].plan(kit.reply("third"))
    assert bench.complete().reply.text == "third"
    assert bench.called() == ["acme/a", "beta/b", "gamma/c"]
    assert [attempt.failure for attempt in bench.outcome.attempts] == [Kind.SERVER_ERROR, Kind.GARBAGE, None]


def test_every_candidate_has_its_own_retries(kit: Any) -> None:
    bench = kit.Bench("acme/a", "beta/b", retries=1, backoff_ms=400, random=0.5)
    bench.providers["acme"].plan(*[kit.error(Kind.SERVER_ERROR)] * 2)
    bench.providers["beta"].plan(kit.error(Kind.SERVER_ERROR), kit.reply())
    bench.complete()
    assert bench.called() == ["acme/a", "acme/a", "beta/b", "beta/b"]
    assert bench.slept == pytest.approx([0.2, 0.2])


def test_no_more_calls_than_max_attempts(kit: Any) -> None:
    bench = kit.Bench("acme/a", "beta/b", "gamma/c", retries=1, max_attempts=3)
    for provider in bench.providers.values():
        provider.plan(*[kit.error(Kind.SERVER_ERROR)] * 2)
    with pytest.raises(AllAttemptsFailed):
        bench.complete()
    assert bench.called() == ["acme/a", "acme/a", "beta/b"]


def test_nothing_is_begun_after_the_deadline(kit: Any) -> None:
    bench = kit.Bench("acme/a", "beta/b", retries=0, timeout_s=60.0)
    deadline = bench.clock.now() + timedelta(seconds=10)
    bench.providers["acme"].plan(kit.Timed(10.0, kit.error(Kind.TIMEOUT)))
    with pytest.raises(AllAttemptsFailed) as caught:
        bench.complete(bench.task(requirements=Requirements(deadline=deadline)))
    assert bench.called() == ["acme/a"]
    (call,) = bench.providers["acme"].calls
    assert (call.timeout_s, call.left_s) == (10.0, 10.0)
    assert caught.value.http_status == 504


def test_a_timeout_by_the_callers_deadline_is_not_held_against_the_deployment(kit: Any) -> None:
    bench = kit.Bench("acme/a", rest_after=1, timeout_s=60.0)
    deadline = bench.clock.now() + timedelta(seconds=1)
    bench.providers["acme"].plan(kit.Timed(1.0, kit.error(Kind.TIMEOUT)))
    with pytest.raises(AllAttemptsFailed):
        bench.complete(bench.task(requirements=Requirements(deadline=deadline)))
    assert bench.health.standings == {}


@pytest.mark.parametrize("kind", [Kind.BAD_REQUEST, Kind.CONTENT_REFUSED])
def test_the_callers_own_fault_comes_back_as_it_is(kit: Any, kind: FailureKind) -> None:
    bench = kit.Bench("acme/a", "beta/b")
    fault = kit.error(kind, http_status=400, body=b'{"error": {"message": "no"}}')
    bench.providers["acme"].plan(fault)
    with pytest.raises(ProviderError) as caught:
        bench.complete()
    assert caught.value is fault
    assert bench.called() == ["acme/a"]
    assert bench.outcome.status == "failed"
    assert bench.outcome.error == str(fault)


@pytest.mark.parametrize("kind", [Kind.CREDENTIAL, Kind.BILLING])
def test_a_closed_door_sends_the_task_to_another_provider(kit: Any, kind: FailureKind) -> None:
    bench = kit.Bench("acme/a", "acme/b", "beta/c")
    bench.providers["acme"].plan(kit.error(kind))
    bench.providers["beta"].plan(kit.reply())
    bench.complete()
    assert bench.called() == ["acme/a", "beta/c"]


def test_a_too_long_input_goes_to_a_larger_window_only(kit: Any) -> None:
    windows = {"acme/a": 8_000, "acme/b": 8_000, "beta/c": 200_000}
    bench = kit.Bench(*windows, windows=windows)
    bench.providers["acme"].plan(kit.error(Kind.CONTEXT_TOO_LONG))
    bench.providers["beta"].plan(kit.reply())
    bench.complete()
    assert bench.called() == ["acme/a", "beta/c"]


@pytest.mark.parametrize(
    ("kinds", "status"),
    [
        ([Kind.RATE_LIMITED], 429),
        ([Kind.OVERLOADED], 503),
        ([Kind.UNREACHABLE], 503),
        ([Kind.TIMEOUT], 504),
        ([Kind.SERVER_ERROR], 502),
        ([Kind.CREDENTIAL], 502),
        ([Kind.RATE_LIMITED, Kind.TIMEOUT], 502),
        ([Kind.RATE_LIMITED, Kind.RATE_LIMITED], 429),
        ([Kind.RATE_LIMITED, Kind.OVERLOADED], 503),
        ([Kind.OVERLOADED, Kind.UNREACHABLE], 503),
        ([Kind.TIMEOUT, Kind.TIMEOUT], 504),
        ([Kind.CREDENTIAL, Kind.OVERLOADED], 502),
    ],
)
def test_all_failed_says_what_was_tried(kit: Any, kinds: list[FailureKind], status: int) -> None:
    names = [f"p{place}/m" for place in range(len(kinds))]
    bench = kit.Bench(*names, retries=0)
    for name, kind in zip(names, kinds, strict=True):
        provider = name.partition("/")[0]
        bench.providers[provider].plan(kit.error(kind, provider, retry_after_s=3.0, remedy="Do this."))
    with pytest.raises(AllAttemptsFailed) as caught:
        bench.complete()
    error = caught.value
    assert error.http_status == status
    assert error.decision_id == bench.outcome.decision.id
    assert error.retry_after_s == 3.0
    assert error.remedy == "Do this."
    assert [line.split(": ")[:2] for line in error.tried] == [
        [name, kind.value] for name, kind in zip(names, kinds, strict=True)
    ]
    assert bench.outcome.status == "failed"
    assert bench.outcome.error == str(error)


def test_all_failed_says_when_the_first_of_them_is_back(kit: Any) -> None:
    bench = kit.Bench("acme/a", "beta/b", "gamma/c", retries=0)
    bench.providers["acme"].plan(kit.error(Kind.RATE_LIMITED, retry_after_s=30.0))
    bench.providers["beta"].plan(kit.error(Kind.OVERLOADED, retry_after_s=4.0))
    bench.providers["gamma"].plan(kit.error(Kind.OVERLOADED))
    with pytest.raises(AllAttemptsFailed) as caught:
        bench.complete()
    assert (caught.value.http_status, caught.value.retry_after_s) == (503, 4.0)


def test_a_model_named_by_the_caller_and_unknown_everywhere_is_the_callers_to_mend(kit: Any) -> None:
    bench = kit.Bench("acme/typo")
    bench.providers["acme"].plan(kit.error(Kind.NOT_FOUND))
    with pytest.raises(AllAttemptsFailed) as caught:
        bench.complete(bench.task(model="acme/typo"))
    assert caught.value.http_status == 404


# --- answers that fall short ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "   ", "not JSON", '{"wrong": 1}', "[]"])
def test_an_unfit_answer_goes_up_and_is_paid_for(kit: Any, text: str) -> None:
    bench = kit.Bench("acme/small", "acme/large")
    fit = '{"city": "Paris"}'
    bench.providers["acme"].plan(kit.reply(text, request_id="req-1"), kit.reply(fit))
    schema = Schema(body={"type": "object", "required": ["city"]})
    done = bench.complete(bench.task(options=Options(schema=schema)))
    assert done.reply.text == fit
    first, second = bench.outcome.attempts
    assert (first.failure, first.cost, first.request_id) == (Kind.UNFIT, Money.of("0.00014"), "req-1")
    assert (second.failure, second.cost) == (None, Money.of("0.00014"))
    assert bench.outcome.cost == Money.of("0.00028")
    assert bench.outcome.usage == Usage(input=200, output=40)
    assert bench.outcome.verdict.accepted
    assert bench.health.standings.keys() == {"acme/large"}, "an unfit answer is no outage"


def test_where_every_answer_is_unfit_the_last_comes_back_as_that(kit: Any) -> None:
    bench = kit.Bench("acme/small", "acme/large")
    bench.providers["acme"].plan(kit.reply("nope"), kit.reply("still not"))
    done = bench.complete(bench.task(options=Options(schema=Schema())))
    assert done.reply.text == "still not"
    assert bench.outcome.status == "ok"
    assert not bench.outcome.verdict.accepted
    assert "not JSON" in bench.outcome.verdict.reason
    assert bench.outcome.served_by == bench.outcome.attempts[1]
    assert [attempt.failure for attempt in bench.outcome.attempts] == [Kind.UNFIT, Kind.UNFIT]
    assert bench.outcome.cost == Money.of("0.00028")


def test_an_unfit_answer_is_better_than_an_outage(kit: Any) -> None:
    bench = kit.Bench("acme/small", "beta/large", retries=0)
    bench.providers["acme"].plan(kit.reply("nope"))
    bench.providers["beta"].plan(kit.error(Kind.SERVER_ERROR))
    done = bench.complete(bench.task(options=Options(schema=Schema())))
    assert done.reply.text == "nope"
    assert bench.outcome.served_by == bench.outcome.attempts[0]
    assert not bench.outcome.verdict.accepted


# --- money ----------------------------------------------------------------------------------------------------------


def test_cost_is_tokens_times_rates_to_the_last_digit(kit: Any) -> None:
    bench = kit.Bench("acme/a", prices={"acme/a": ("0.15", "0.60")})
    bench.providers["acme"].plan(kit.reply(usage=Usage(input=1237, output=89)))
    bench.complete()
    assert bench.outcome.cost == Money((1237 * Decimal("0.15") + 89 * Decimal("0.60")) / 1_000_000)
    assert bench.outcome.cost == Money.of("0.00023895")


def test_an_unknown_price_is_never_zero(kit: Any) -> None:
    bench = kit.Bench("acme/a", "beta/b", prices={"acme/a": None}, retries=0)
    bench.providers["acme"].plan(kit.reply(""))
    bench.providers["beta"].plan(kit.reply())
    bench.complete()
    assert [attempt.cost for attempt in bench.outcome.attempts] == [None, Money.of("0.00014")]
    assert bench.outcome.cost is None


def test_a_refused_call_costs_nothing_even_where_the_price_is_unknown(kit: Any) -> None:
    bench = kit.Bench("acme/a", "beta/b", prices={"acme/a": None}, retries=0)
    bench.providers["acme"].plan(kit.error(Kind.SERVER_ERROR))
    bench.providers["beta"].plan(kit.reply())
    bench.complete()
    assert bench.outcome.attempts[0].cost == ZERO
    assert bench.outcome.cost == Money.of("0.00014")


def test_usage_nobody_stated_is_estimated_and_marked(kit: Any) -> None:
    bench = kit.Bench("acme/a")
    bench.providers["acme"].plan(kit.reply("The capital of France is Paris, on the river Seine.", usage=None))
    done = bench.complete()
    expected = Usage(input=kit.INPUT_TOKENS, output=11, estimated=True)
    assert done.reply.usage == expected
    assert bench.outcome.usage == expected
    assert bench.outcome.cost == Money.of("0.000062")


def test_a_tool_call_nobody_counted_is_estimated_too(kit: Any) -> None:
    bench = kit.Bench("acme/a")
    call = ToolCall(id="c1", name="look", arguments='{"city": "Paris"}')
    bench.providers["acme"].plan(kit.reply("", usage=None, tool_calls=(call,)))
    bench.complete()
    assert 4 <= bench.outcome.usage.output <= 8
    assert bench.outcome.usage.estimated


@pytest.mark.parametrize("kind", list(Kind))
def test_what_a_failed_call_is_taken_to_have_used(kit: Any, kind: FailureKind) -> None:
    bench = kit.Bench("acme/a", retries=0)
    bench.providers["acme"].plan(kit.error(kind))
    with pytest.raises((AllAttemptsFailed, ProviderError, InvalidRequest)):
        bench.complete()
    (attempt,) = bench.outcome.attempts
    if kind in (Kind.TIMEOUT, Kind.BROKEN_STREAM, Kind.CANCELLED, Kind.GARBAGE):
        assert attempt.usage == Usage(input=kit.INPUT_TOKENS, estimated=True)
        assert attempt.cost == Money.of("0.00004")
    else:
        assert attempt.usage == Usage()
        assert attempt.cost == ZERO


def test_what_one_wire_cannot_carry_goes_to_the_next_provider_and_counts_as_no_call(kit: Any) -> None:
    bench = kit.Bench("acme/a", "zeta/b", max_attempts=1)
    bench.providers["acme"].plan(kit.error(Kind.NOT_CARRIED))
    bench.providers["zeta"].plan(kit.reply("here"))
    assert bench.complete().reply.text == "here"
    unsent, sent = bench.outcome.attempts
    assert (unsent.failure, unsent.cost) == (Kind.NOT_CARRIED, ZERO)
    assert sent.failure is None
    assert not bench.engine._parts.health.standings.get("acme/a")


def test_what_no_wire_can_carry_is_the_callers_to_mend(kit: Any) -> None:
    bench = kit.Bench("acme/a", "zeta/b")
    for name in ("acme", "zeta"):
        bench.providers[name].plan(kit.error(Kind.NOT_CARRIED))
    with pytest.raises(InvalidRequest) as caught:
        bench.complete()
    assert caught.value.status == 400
    assert bench.outcome.status == "failed"


@pytest.mark.parametrize(("status", "cost"), [(None, "0.00004"), (200, "0.00004"), (302, "0")])
def test_garbage_is_billed_where_it_was_an_answer(kit: Any, status: int | None, cost: str) -> None:
    bench = kit.Bench("acme/a", retries=0)
    bench.providers["acme"].plan(kit.error(Kind.GARBAGE, http_status=status))
    with pytest.raises(AllAttemptsFailed):
        bench.complete()
    assert bench.outcome.cost == Money.of(cost)


@pytest.mark.parametrize(
    ("cap", "called"),
    [
        ("0.00042", ["acme/a", "acme/b", "acme/c"]),
        ("0.00041", ["acme/a", "acme/b"]),
        ("0.00031", ["acme/a", "acme/c"]),
        ("0.00024", ["acme/a", "acme/c"]),
        ("0.00023", ["acme/a"]),
    ],
)
def test_the_cap_holds_for_all_calls_together(kit: Any, cap: str, called: list[str]) -> None:
    """Every answer is paid for and unfit: a candidate the rest of the money cannot pay for is passed over."""
    worst = {"acme/a": Money.of("0.00014"), "acme/b": Money.of("0.00018"), "acme/c": Money.of("0.0001")}
    bench = kit.Bench(*worst, worst=worst)
    used = {"acme/a": 20, "acme/b": 40, "acme/c": 0}
    said = {"acme/a": "nope", "acme/b": "nope", "acme/c": ""}
    bench.providers["acme"].plan(*(kit.reply(said[name], usage=Usage(input=100, output=used[name])) for name in called))
    task = bench.task(options=Options(schema=Schema()), requirements=Requirements(max_cost_usd=cap))
    assert not bench.complete(task).outcome.verdict.accepted
    assert bench.called() == called
    assert bench.outcome.cost <= Money.of(cap)


def test_the_same_again_is_paid_from_what_is_left(kit: Any) -> None:
    bench = kit.Bench("acme/a", worst={"acme/a": Money.of("0.00006")}, retries=1)
    bench.providers["acme"].plan(kit.error(Kind.BROKEN_STREAM))  # taken to have cost 0.00004
    with pytest.raises(AllAttemptsFailed):
        bench.complete(bench.task(requirements=Requirements(max_cost_usd="0.00009")))
    assert bench.called() == ["acme/a"]


def test_under_a_cap_no_unknown_price_is_gone_to(kit: Any) -> None:
    bench = kit.Bench("acme/a", "beta/b", worst={"acme/a": Money.of("0.1")}, retries=0)
    bench.providers["acme"].plan(kit.error(Kind.OVERLOADED))
    with pytest.raises(AllAttemptsFailed):
        bench.complete(bench.task(requirements=Requirements(max_cost_usd="1")))
    assert bench.called() == ["acme/a"]


def test_usage_that_came_with_an_error_counts(kit: Any) -> None:
    bench = kit.Bench("acme/a", retries=0)
    bench.providers["acme"].plan(kit.error(Kind.GARBAGE, usage=Usage(input=10, output=5)))
    with pytest.raises(AllAttemptsFailed):
        bench.complete()
    assert bench.outcome.attempts[0].cost == Money.of("0.00002")


# --- telling --------------------------------------------------------------------------------------------------------


def test_events_come_in_order_and_carry_what_was_recorded(kit: Any) -> None:
    bench = kit.Bench("acme/a", retries=1)
    bench.providers["acme"].plan(kit.error(Kind.OVERLOADED), kit.reply())
    task = bench.task()
    bench.complete(task)
    made, first, second, ended = bench.events
    assert isinstance(made, DecisionMade)
    assert made.task is task
    assert isinstance(first, AttemptEnded)
    assert isinstance(second, AttemptEnded)
    assert (first.attempt, second.attempt) == bench.outcome.attempts
    assert first.task_id == task.id
    assert isinstance(ended, TaskEnded)
    assert ended.outcome is bench.outcome


@pytest.mark.parametrize(("keep", "kept"), [(False, None), (True, "Paris.")])
def test_text_is_kept_only_where_asked(kit: Any, keep: bool, kept: str | None) -> None:
    bench = kit.Bench("acme/a", keep_text=keep)
    bench.providers["acme"].plan(kit.reply("Paris."))
    bench.complete()
    assert bench.outcome.answer == kept


def test_explaining_calls_nobody_and_records_nothing(kit: Any) -> None:
    bench = kit.Bench("acme/a")
    decision = bench.engine.explain(bench.task())
    assert decision.chosen.deployment == "acme/a"
    assert bench.ledger.outcomes == []
    assert bench.events == []


def test_a_fault_of_our_own_is_settled_and_raised(kit: Any) -> None:
    bench = kit.Bench("acme/a")  # nothing planned: the fake raises AssertionError
    with pytest.raises(AssertionError):
        bench.complete()
    assert bench.outcome.status == "failed"
    assert "script is over" in bench.outcome.error
