"""Streamed answers: invisible failover before content, honest ends after it, one settlement whatever happens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from podium.core.errors import AllAttemptsFailed, FailureKind, ProviderError
from podium.core.events import TaskEnded
from podium.core.messages import (
    Finished,
    FinishReason,
    Frame,
    Options,
    ReasoningDelta,
    RefusalDelta,
    StreamEvent,
    StreamFault,
    TextDelta,
    ToolCallDelta,
    UsageSeen,
)
from podium.core.usage import Money, Usage

Kind = FailureKind
OPENING = Frame(raw=b"data: role\n\n")
STOP = Frame(events=(Finished(FinishReason.STOP),), raw=b"data: stop\n\n")
DONE = Frame(raw=b"data: [DONE]\n\n", closing=True)
END = Frame(closing=True)
"""For a finished answer whose provider sent no mark."""


def _text(text: str) -> Frame:
    return Frame(events=(TextDelta(text),), raw=text.encode())


def _usage(**tokens: int) -> Frame:
    return Frame(events=(UsageSeen(Usage(**tokens)),), raw=b"usage")


def test_every_frame_comes_through_in_order(kit: Any) -> None:
    bench = kit.Bench("acme/a")
    frames = [OPENING, _text("Pa"), _text("ris"), STOP, _usage(input=100, output=20), DONE]
    bench.providers["acme"].plan(frames)
    assert bench.stream() == frames
    assert bench.outcome.status == "ok"
    assert bench.outcome.streamed
    assert bench.outcome.usage == Usage(input=100, output=20)
    assert bench.outcome.cost == Money.of("0.00014")
    assert bench.outcome.served_by == bench.outcome.attempts[0]
    assert bench.providers["acme"].open_streams == 0


def test_frames_before_content_are_held_back(kit: Any) -> None:
    """Nothing of a stream is shown before its first content: entering `stream` waits for it."""
    bench = kit.Bench("acme/a")
    bench.providers["acme"].plan([OPENING, kit.Timed(0.4, OPENING), _text("Paris"), STOP, DONE])

    async def play() -> tuple[float, list[Frame]]:
        live = await bench.engine.stream(bench.task())
        waited = bench.clock.monotonic()
        frames = [frame async for frame in live.frames()]
        await live.aclose()
        return waited, frames

    waited, frames = bench.run(play())
    assert waited == pytest.approx(0.4)
    count = Frame(events=(UsageSeen(Usage(input=kit.INPUT_TOKENS, output=1, estimated=True)),))
    assert frames == [OPENING, OPENING, _text("Paris"), STOP, count, DONE]
    assert bench.outcome.first_token_ms == pytest.approx(400)


@pytest.mark.parametrize(
    "broken",
    [
        [],
        [OPENING],
        [OPENING, DONE],
        [OPENING, ProviderError("reset", kind=Kind.BROKEN_STREAM, provider="acme")],
        [OPENING, ProviderError("silent", kind=Kind.TIMEOUT, provider="acme")],
        [OPENING, Frame(events=(StreamFault(message="overloaded", code="overloaded_error"),), raw=b"fault")],
        [ProviderError("not a chunk", kind=Kind.GARBAGE, provider="acme")],
        ProviderError("busy", kind=Kind.OVERLOADED, provider="acme"),
    ],
    ids=["empty", "opening", "done", "reset", "silence", "fault inside", "garbage", "refused"],
)
def test_what_breaks_before_content_is_never_seen(kit: Any, broken: Any) -> None:
    bench = kit.Bench("acme/a", "beta/b", retries=0)
    good = [OPENING, _text("Paris"), STOP, DONE]
    bench.providers["acme"].plan(broken)
    bench.providers["beta"].plan(good)
    assert bench.stream() == good
    assert bench.called() == ["acme/a", "beta/b"]
    assert bench.outcome.status == "ok"
    assert bench.outcome.attempts[0].failure is not None
    assert bench.providers["acme"].open_streams == 0


@pytest.mark.parametrize(
    "event", [TextDelta("x"), ReasoningDelta("x"), RefusalDelta("x"), ToolCallDelta(index=0, id="c", name="f")]
)
def test_content_of_any_kind_ends_failover(kit: Any, event: StreamEvent) -> None:
    bench = kit.Bench("acme/a", "beta/b")
    bench.providers["acme"].plan([Frame(events=(event,)), kit.error(Kind.BROKEN_STREAM)])
    with pytest.raises(ProviderError) as caught:
        bench.stream()
    assert caught.value.kind is Kind.BROKEN_STREAM
    assert bench.called() == ["acme/a"]
    assert bench.outcome.status == "failed"


def test_a_break_after_content_shows_what_came_and_then_the_error(kit: Any) -> None:
    bench = kit.Bench("acme/a", "beta/b", prices={"acme/a": ("1", "2")})
    bench.providers["acme"].plan([_text("four"), _text("five!"), kit.error(Kind.TIMEOUT)])
    seen: list[Frame] = []

    async def play() -> None:
        live = await bench.engine.stream(bench.task())
        try:
            async for frame in live.frames():
                seen.append(frame)
        finally:
            await live.aclose()

    with pytest.raises(ProviderError):
        bench.run(play())
    assert kit.text_of(seen) == "fourfive!"
    (attempt,) = bench.outcome.attempts
    assert attempt.failure is Kind.TIMEOUT
    assert attempt.usage == Usage(input=kit.INPUT_TOKENS, output=2, estimated=True)
    assert attempt.cost == Money.of("0.000044")
    assert bench.outcome.status == "failed"


@pytest.mark.parametrize("tail", [[], [DONE]], ids=["cut", "end mark without a finish"])
def test_a_stream_without_a_finish_is_never_a_success(kit: Any, tail: list[Frame]) -> None:
    bench = kit.Bench("acme/a")
    bench.providers["acme"].plan([_text("Par"), *tail])
    with pytest.raises(ProviderError, match="before the answer was finished"):
        bench.stream()
    assert bench.outcome.status == "failed"
    assert bench.outcome.attempts[0].failure is Kind.BROKEN_STREAM


def test_an_error_after_the_end_mark_takes_nothing_away(kit: Any) -> None:
    """Some servers leave the connection open after `[DONE]`; the answer is whole all the same."""
    bench = kit.Bench("acme/a")
    bench.providers["acme"].plan([_text("Paris"), STOP, DONE, kit.error(Kind.TIMEOUT)])
    assert bench.stream() == [_text("Paris"), STOP, DONE]
    assert bench.outcome.status == "ok"


@pytest.mark.parametrize("kind", [Kind.BROKEN_STREAM, Kind.UNREACHABLE])
def test_a_break_after_the_finish_takes_nothing_away(kit: Any, kind: FailureKind) -> None:
    """A missing end mark is no cut answer; the caller gets the mark its client waits for."""
    bench = kit.Bench("acme/a")
    bench.providers["acme"].plan([_text("Paris"), STOP, _usage(input=9, output=1), kit.error(kind)])
    assert bench.stream() == [_text("Paris"), STOP, _usage(input=9, output=1), END]
    assert bench.outcome.status == "ok"
    assert bench.outcome.attempts[0].failure is None
    assert bench.outcome.usage == Usage(input=9, output=1)


def test_an_end_without_its_mark_is_given_one(kit: Any) -> None:
    bench = kit.Bench("acme/a")
    bench.providers["acme"].plan([_text("Paris"), STOP])
    assert bench.stream() == [_text("Paris"), STOP, END]
    assert bench.outcome.status == "ok"


def test_an_end_mark_sent_twice_is_passed_on_once(kit: Any) -> None:
    bench = kit.Bench("acme/a")
    bench.providers["acme"].plan([_text("Paris"), STOP, DONE, DONE, _text("more")])
    assert bench.stream() == [_text("Paris"), STOP, DONE]
    assert bench.outcome.status == "ok"


@pytest.mark.parametrize("kind", [Kind.GARBAGE, Kind.SERVER_ERROR])
def test_an_error_the_provider_states_after_the_finish_stays_one(kit: Any, kind: FailureKind) -> None:
    bench = kit.Bench("acme/a")
    bench.providers["acme"].plan([_text("Paris"), STOP, kit.error(kind)])
    with pytest.raises(ProviderError):
        bench.stream()
    assert bench.outcome.status == "failed"


# --- several answers in one stream ----------------------------------------------------------------------------------


def _stop(index: int) -> Frame:
    return Frame(events=(Finished(FinishReason.STOP, index),), raw=b"data: stop\n\n")


def test_all_answers_asked_for_must_finish(kit: Any) -> None:
    bench = kit.Bench("acme/a")
    frames = [_text("Paris"), _stop(1), _text("Lyon"), _stop(0), DONE]
    bench.providers["acme"].plan(frames)
    assert bench.stream(bench.task(options=Options(n=2))) == frames
    assert bench.outcome.status == "ok"


@pytest.mark.parametrize("end", [[], [DONE], [ProviderError("reset", kind=Kind.BROKEN_STREAM, provider="acme")]])
def test_one_finished_answer_of_two_is_a_cut_stream(kit: Any, end: list[Any]) -> None:
    bench = kit.Bench("acme/a")
    bench.providers["acme"].plan([_text("Paris"), _stop(0), _stop(0), _text("Ly"), *end])
    with pytest.raises(ProviderError) as caught:
        bench.stream(bench.task(options=Options(n=2)))
    assert caught.value.kind is Kind.BROKEN_STREAM
    assert bench.outcome.status == "failed"


# --- streams without content ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("tail", [[], [DONE], [DONE, ProviderError("late", kind=Kind.TIMEOUT, provider="acme")]])
@pytest.mark.parametrize(
    ("stated", "used"),
    [
        ([_usage(input=9, output=1)], Usage(input=9, output=1)),
        ([], Usage(input=40, estimated=True)),
    ],
)
def test_an_empty_answer_is_unfit_and_the_next_is_asked(
    kit: Any, stated: list[Frame], used: Usage, tail: list[Any]
) -> None:
    bench = kit.Bench("acme/a", "beta/b")
    good = [_text("Paris"), STOP, DONE]
    bench.providers["acme"].plan([OPENING, STOP, *stated, *tail])
    bench.providers["beta"].plan(good)
    assert bench.stream() == good
    first, second = bench.outcome.attempts
    assert (first.failure, first.usage, second.failure) == (Kind.UNFIT, used, None)
    assert first.cost
    assert "acme/a" not in bench.health.standings, "an unfit answer is no outage"


def test_where_every_stream_is_empty_all_have_failed(kit: Any) -> None:
    bench = kit.Bench("acme/a", "beta/b")
    for provider in bench.providers.values():
        provider.plan([OPENING, STOP, DONE])
    with pytest.raises(AllAttemptsFailed):
        bench.stream()
    assert [attempt.failure for attempt in bench.outcome.attempts] == [Kind.UNFIT, Kind.UNFIT]


IDLE = Frame(raw=b": alive\n\n", idle=True)


def test_keep_alives_do_not_hold_a_caller_for_ever(kit: Any) -> None:
    bench = kit.Bench("acme/a", "beta/b", timeouts={"acme": 0.01})
    good = [_text("Paris"), STOP, DONE]

    class Lively:
        name = "acme"
        open_streams = 0

        def speaks(self, call: Any) -> str:
            return "openai-chat"

        @asynccontextmanager
        async def stream(self, call: Any) -> AsyncIterator[AsyncIterator[Sequence[Frame]]]:
            async def frames() -> AsyncIterator[Sequence[Frame]]:
                while True:
                    await asyncio.sleep(0)
                    yield (IDLE,)

            self.open_streams += 1
            yield frames()
            self.open_streams -= 1

    bench.providers["acme"] = lively = Lively()
    bench.providers["beta"].plan(good)
    assert bench.stream() == good
    first, second = bench.outcome.attempts
    assert (first.failure, second.failure) == (Kind.TIMEOUT, None)
    assert lively.open_streams == 0


def test_keep_alives_before_content_are_dropped_and_openings_kept(kit: Any) -> None:
    bench = kit.Bench("acme/a")
    answer = [_text("Paris"), IDLE, STOP, DONE]
    bench.providers["acme"].plan([IDLE, OPENING, *[IDLE] * 1000, *answer])
    assert bench.stream() == [OPENING, *answer]


def test_a_flood_of_empty_events_does_not_fill_memory(kit: Any) -> None:
    bench = kit.Bench("acme/a")
    answer = [_text("Paris"), STOP, DONE]
    bench.providers["acme"].plan([*[OPENING] * 1000, *answer])
    frames = bench.stream()
    assert frames[-3:] == answer
    assert len(frames) < 100


def test_usage_nobody_stated_is_counted_from_what_came(kit: Any) -> None:
    bench = kit.Bench("acme/a")
    arguments = Frame(events=(ToolCallDelta(index=0, id="c", name="look", arguments='{"a":1}'),))
    bench.providers["acme"].plan([_text("x" * 30), arguments, STOP, DONE])
    bench.stream()
    assert bench.outcome.usage == Usage(input=kit.INPUT_TOKENS, output=11, estimated=True)


def test_a_caller_who_leaves_early_cancels_the_upstream_and_pays_for_what_came(kit: Any) -> None:
    bench = kit.Bench("acme/a")
    bench.providers["acme"].plan([_text("word" * 2), _text("more"), STOP, DONE])

    async def play() -> int:
        live = await bench.engine.stream(bench.task())
        async for _ in live.frames():
            break
        before = bench.providers["acme"].open_streams
        await live.aclose()
        return before

    assert bench.run(play()) == 1
    assert bench.providers["acme"].open_streams == 0
    assert bench.outcome.status == "cancelled"
    (attempt,) = bench.outcome.attempts
    assert attempt.failure is Kind.CANCELLED
    assert attempt.usage == Usage(input=kit.INPUT_TOKENS, output=2, estimated=True)
    assert bench.health.standings == {}, "a caller who leaves says nothing about the deployment"


def test_a_caller_who_leaves_before_reading_anything(kit: Any) -> None:
    bench = kit.Bench("acme/a")
    bench.providers["acme"].plan([_text("Paris"), STOP, DONE])

    async def play() -> None:
        await (await bench.engine.stream(bench.task())).aclose()

    bench.run(play())
    assert bench.outcome.status == "cancelled"
    assert bench.providers["acme"].open_streams == 0


def test_a_caller_who_hangs_up_at_the_end_mark_has_its_answer(kit: Any) -> None:
    bench = kit.Bench("acme/a")
    bench.providers["acme"].plan([_text("Paris"), STOP, _usage(input=9, output=1), DONE, kit.Timed(kit.FOR_EVER)])

    async def play() -> None:
        live = await bench.engine.stream(bench.task())
        async for frame in live.frames():
            if frame.closing:
                break
        await live.aclose()

    bench.run(play())
    assert bench.outcome.status == "ok"
    assert bench.outcome.usage == Usage(input=9, output=1)


def test_closing_twice_settles_once(kit: Any) -> None:
    bench = kit.Bench("acme/a")
    bench.providers["acme"].plan([_text("Paris"), STOP, DONE])

    async def play() -> None:
        live = await bench.engine.stream(bench.task())
        assert [frame async for frame in live.frames()]
        await live.aclose()
        await live.aclose()

    bench.run(play())
    assert bench.outcome.status == "ok"
    assert len([event for event in bench.events if isinstance(event, TaskEnded)]) == 1


@pytest.mark.parametrize("content", [[], [_text("Par")]], ids=["before content", "after content"])
def test_a_caller_cancelled_while_waiting(kit: Any, content: list[Frame]) -> None:
    bench = kit.Bench("acme/a", "beta/b")
    bench.providers["acme"].plan([OPENING, *content, kit.Timed(kit.FOR_EVER)])

    async def play() -> None:
        async def caller() -> None:
            live = await bench.engine.stream(bench.task())
            try:
                async for _ in live.frames():
                    pass
            finally:
                await live.aclose()

        task = asyncio.ensure_future(caller())
        for _ in range(10):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    bench.run(play())
    assert bench.outcome.status == "cancelled"
    assert bench.called() == ["acme/a"]
    assert bench.providers["acme"].open_streams == 0


def test_a_fault_of_our_own_in_a_stream_is_a_failure_not_a_departure(kit: Any) -> None:
    bench = kit.Bench("acme/a")

    async def play() -> None:
        live = await bench.engine.stream(bench.task())
        try:
            async for _ in live.frames():
                pass
        finally:
            await live.aclose()

    class Odd:
        closing = False

        @property
        def events(self) -> tuple[StreamEvent, ...]:
            raise RuntimeError("a reader that stumbles")

    bench.providers["acme"].plan([_text("Par"), Odd()])
    with pytest.raises(RuntimeError, match="stumbles"):
        bench.run(play())
    assert bench.outcome.status == "failed"
    assert bench.outcome.attempts[0].failure is Kind.GARBAGE


def test_first_token_is_the_callers_wait_and_the_calls_own(kit: Any) -> None:
    """The task's includes the call that failed before; the attempt's is its deployment's alone."""
    bench = kit.Bench("acme/a", "beta/b", retries=0)
    bench.providers["acme"].plan(kit.Timed(2.0, kit.error(Kind.TIMEOUT)))
    bench.providers["beta"].plan(kit.Timed(0.3, [_text("Paris"), kit.Timed(0.5, STOP), DONE]))
    bench.stream()
    assert bench.outcome.first_token_ms == pytest.approx(2300)
    failed, served = bench.outcome.attempts
    assert failed.first_token_ms is None
    assert served.first_token_ms == pytest.approx(300)
    assert served.latency_ms == pytest.approx(800)


def test_all_failed_and_the_callers_fault_are_raised_before_any_frame(kit: Any) -> None:
    bench = kit.Bench("acme/a", retries=0)
    bench.providers["acme"].plan(kit.error(Kind.SERVER_ERROR))
    with pytest.raises(AllAttemptsFailed):
        bench.stream()
    assert bench.outcome.streamed
    assert bench.outcome.status == "failed"
    other = kit.Bench("acme/a", "beta/b")
    other.providers["acme"].plan(kit.error(Kind.BAD_REQUEST))
    with pytest.raises(ProviderError):
        other.stream()
    assert other.called() == ["acme/a"]


@pytest.mark.parametrize(("keep", "kept"), [(False, None), (True, "Paris")])
def test_no_text_is_kept_unless_asked(kit: Any, keep: bool, kept: str | None) -> None:
    bench = kit.Bench("acme/a", keep_text=keep)
    bench.providers["acme"].plan([_text("Pa"), _text("ris"), STOP, DONE])
    bench.stream()
    assert bench.outcome.answer == kept
