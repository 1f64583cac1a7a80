"""Answers whose provider states no usage are counted as questions are."""

from __future__ import annotations

import tracemalloc
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from podium.core.errors import FailureKind
from podium.core.messages import Message, ReasoningPart, Reply, TextPart, ToolCall
from podium.core.tasks import Attempt, Task
from podium.core.usage import NO_USAGE, Money, Usage
from podium.policies.profile import HeuristicProfiler, estimate_tokens
from podium.runtime.engine.costing import (
    OutputCount,
    counted_usage,
    sum_up,
    usage_of_failure,
    usage_or_count,
    written_tokens,
)

TASK = Task(
    id="t",
    messages=(Message(role="user", parts=(TextPart("How many?"),)),),
    received_at=datetime(2030, 1, 1, tzinfo=UTC),
)
PROFILE = HeuristicProfiler().profile(TASK)


@given(st.lists(st.text(max_size=30), max_size=400))
def test_pieces_count_as_the_whole_does(pieces: list[str]) -> None:
    count = OutputCount()
    for piece in pieces:
        count.add(piece)
    assert count.tokens == estimate_tokens("".join(pieces))


def test_it_may_be_asked_in_between() -> None:
    count = OutputCount()
    count.add("Quarante-deux, évidemment. ")
    before = count.tokens
    count.add("数える" * 50)
    assert before == estimate_tokens("Quarante-deux, évidemment. ")
    assert count.tokens == estimate_tokens("Quarante-deux, évidemment. " + "数える" * 50)


def test_only_an_empty_answer_counts_nothing() -> None:
    empty, silent, brief = OutputCount(), OutputCount(), OutputCount()
    silent.add_unseen()
    brief.add(".")
    assert (empty.tokens, silent.tokens, brief.tokens) == (0, 1, 1)


def test_memory_stays_bounded() -> None:
    count = OutputCount()
    tracemalloc.start()
    try:
        for number in range(50_000):
            count.add(f"word {number} ")
        assert tracemalloc.get_traced_memory()[1] < 500_000
    finally:
        tracemalloc.stop()


def test_a_whole_answer_counts_all_that_was_written() -> None:
    call = ToolCall(id="c", name="pay", arguments='{"amount": 12}')
    reply = Reply(text="Done.", reasoning=(ReasoningPart(text="Let me see. "),), refusal="No.", tool_calls=(call,))
    assert written_tokens(reply) == estimate_tokens('Done.Let me see. No.pay{"amount": 12}')
    assert written_tokens(Reply(text="", reasoning=(ReasoningPart(data="sealed"),))) == 1
    assert written_tokens(Reply(text="")) == 0


@pytest.mark.parametrize("stated", [None, Usage()])
def test_a_missing_statement_is_counted_and_marked(stated: Usage | None) -> None:
    usage = usage_or_count(stated, PROFILE, 7)
    assert usage == counted_usage(PROFILE, 7)
    assert (usage.input, usage.output, usage.estimated) == (PROFILE.input_tokens, 7, True)


def test_a_statement_stands() -> None:
    stated = Usage(input=3, output=5)
    assert usage_or_count(stated, PROFILE, 7) is stated
    vectors = Usage(input=3)
    assert usage_or_count(vectors, PROFILE, 0) is vectors


def test_what_a_statement_leaves_out_is_counted() -> None:
    """Half a statement would bill half a call."""
    assert usage_or_count(Usage(input=3), PROFILE, 7) == Usage(input=3, output=7, estimated=True)
    read = Usage(input=PROFILE.input_tokens, output=5, estimated=True)
    assert usage_or_count(Usage(output=5), PROFILE, 7) == read


def test_a_statement_nobody_can_believe_is_none() -> None:
    for absurd in (Usage(input=10**12, output=1), Usage(input=1, output=2**63), Usage(input=1, audio_seconds=1e300)):
        assert usage_or_count(absurd, PROFILE, 7) == usage_or_count(None, PROFILE, 7)


def attempt(number: int, cost: Money | None, usage: Usage) -> Attempt:
    return Attempt(
        number=number,
        deployment="a/m",
        provider="a",
        model="m",
        started_at=TASK.received_at,
        latency_ms=1.0,
        usage=usage,
        cost=cost,
    )


@given(st.lists(st.tuples(st.none() | st.integers(0, 10**12), st.integers(0, 10**6)), min_size=1, max_size=6))
def test_attempts_add_up_exactly_and_a_hole_stays_a_hole(made: list[tuple[int | None, int]]) -> None:
    attempts = [
        attempt(number, None if nanos is None else Money.from_nanos(nanos), Usage(input=tokens, cache_write_1h=tokens))
        for number, (nanos, tokens) in enumerate(made, 1)
    ]
    usage, cost = sum_up(attempts)
    assert usage.input == usage.cache_write_1h == sum(tokens for _, tokens in made)
    if any(nanos is None for nanos, _ in made):
        assert cost is None
    else:
        assert cost == Money.from_nanos(sum(nanos or 0 for nanos, _ in made))


def test_a_call_that_may_be_billed_costs_its_sound_too() -> None:
    heard = replace(PROFILE, audio_seconds=12.0)
    assert usage_of_failure(FailureKind.TIMEOUT, None, heard) == counted_usage(heard, 0)
    assert counted_usage(heard, 0).audio_seconds == 12.0
    assert usage_of_failure(FailureKind.NOT_CARRIED, None, heard) is NO_USAGE
