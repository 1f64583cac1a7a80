"""Whatever providers do and whenever the caller leaves: one outcome, numbered attempts, a sum that adds up."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from podium.core.errors import FailureKind, PodiumError
from podium.core.events import AttemptEnded, DecisionMade, TaskEnded
from podium.core.messages import Finished, FinishReason, Frame, Options, Schema, StreamFault, TextDelta, UsageSeen
from podium.core.usage import NO_USAGE, Usage, total

Kind = FailureKind
_FAILURES = [kind for kind in Kind if kind not in (Kind.UNFIT, Kind.CANCELLED, Kind.NOT_CARRIED)]
_usages = st.none() | st.builds(Usage, input=st.integers(0, 5000), output=st.integers(0, 5000))
_texts = st.sampled_from(["", "Paris", "{}", "x" * 999])
_failures = st.tuples(st.just("error"), st.sampled_from(_FAILURES), st.none() | st.floats(0, 5))
_whole = st.one_of(st.tuples(st.just("reply"), _texts, _usages), _failures, st.just(("hang",)))
_pieces = st.lists(
    st.one_of(
        st.tuples(st.just("text"), _texts),
        st.tuples(st.just("usage"), _usages.filter(bool)),
        st.sampled_from([("opening",), ("finish",), ("closing",), ("hang",), ("fault",)]),
        _failures,
    ),
    max_size=6,
)
_streamed = st.one_of(st.tuples(st.just("frames"), _pieces), _failures, st.just(("hang",)))
_benches = st.fixed_dictionaries(
    {
        "names": st.sampled_from([("acme/a",), ("acme/a", "acme/b"), ("acme/a", "beta/b", "beta/c")]),
        "unknown": st.booleans(),
        "retries": st.integers(0, 2),
        "max_attempts": st.integers(1, 4),
    }
)
_PATIENCE = 60  # turns of the loop after which a caller who waits for a hanging provider leaves at the latest


def _frame(kit: Any, provider: str, piece: tuple[Any, ...]) -> Any:
    match piece:
        case "text", text:
            return Frame(events=(TextDelta(text),))
        case "usage", usage:
            return Frame(events=(UsageSeen(usage),))
        case ("finish",):
            return Frame(events=(Finished(FinishReason.STOP),))
        case ("closing",):
            return Frame(closing=True)
        case ("hang",):
            return kit.Timed(kit.FOR_EVER)
        case ("fault",):
            return Frame(events=(StreamFault(message="overloaded"),))
        case "error", kind, _:
            return kit.error(kind, provider)
        case _:
            return Frame(raw=b"opening")


def _step(kit: Any, provider: str, step: tuple[Any, ...]) -> Any:
    match step:
        case "reply", text, usage:
            return kit.reply(text, usage=usage)
        case "frames", pieces:
            return [_frame(kit, provider, piece) for piece in pieces]
        case "error", kind, retry_after:
            return kit.error(kind, provider, retry_after_s=retry_after)
        case _:
            return kit.Timed(kit.FOR_EVER)


def _bench(kit: Any, shape: dict[str, Any], script: list[tuple[Any, ...]]) -> Any:
    prices = {shape["names"][0]: None} if shape["unknown"] else {}
    bench = kit.Bench(
        *shape["names"], prices=prices, retries=shape["retries"], max_attempts=shape["max_attempts"], rest_after=1
    )
    for name, provider in bench.providers.items():
        for place in range(shape["max_attempts"]):
            provider.plan(_step(kit, name, script[place % len(script)]))
    return bench


async def _leaves(work: Any, after: int | None) -> str:
    """Run a caller who leaves after so many turns of the loop; how it ended."""
    task = asyncio.ensure_future(work)
    for _ in range(_PATIENCE if after is None else after):
        if task.done():
            break
        await asyncio.sleep(0)
    else:
        task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        return "cancelled"
    except PodiumError:
        return "failed"
    return "ok"


def _check(bench: Any, ended: str, limit: int) -> None:
    outcome = bench.outcome  # exactly one, or this fails
    attempts = outcome.attempts
    assert outcome.status == ended
    assert [attempt.number for attempt in attempts] == list(range(1, len(attempts) + 1))
    assert len(attempts) <= limit
    assert outcome.cost == total(attempt.cost for attempt in attempts)
    assert outcome.usage == sum((attempt.usage for attempt in attempts), NO_USAGE)
    assert (outcome.served_by is not None) == (ended == "ok")
    told = [event.attempt for event in bench.events if isinstance(event, AttemptEnded)]
    assert tuple(told) == attempts
    assert isinstance(bench.events[0], DecisionMade)
    (last,) = [event for event in bench.events if isinstance(event, TaskEnded)]
    assert last.outcome is outcome
    assert bench.events[-1] is last
    assert all(provider.open_streams == 0 for provider in bench.providers.values())
    for attempt in attempts:
        if attempt.cost is None:
            assert bench.deployments[attempt.deployment].price is None
        assert attempt.failure is None or attempt.error


_quick = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@_quick
@given(shape=_benches, script=st.lists(_whole, min_size=1, max_size=4), after=st.none() | st.integers(0, 12))
def test_a_whole_answer_is_settled_exactly_once(kit: Any, shape: Any, script: Any, after: int | None) -> None:
    bench = _bench(kit, shape, script)
    begun = []

    async def play() -> str:
        async def caller() -> None:
            begun.append(True)
            await bench.engine.complete(bench.task(options=Options(schema=Schema())))

        return await _leaves(caller(), after)

    ended = bench.run(play())
    if begun:
        _check(bench, ended, shape["max_attempts"])
    else:
        assert bench.ledger.outcomes == []


@_quick
@given(
    shape=_benches,
    script=st.lists(_streamed, min_size=1, max_size=4),
    after=st.none() | st.integers(0, 12),
    reads=st.none() | st.integers(0, 4),
)
def test_a_streamed_answer_is_settled_exactly_once(
    kit: Any, shape: Any, script: Any, after: int | None, reads: int | None
) -> None:
    """`reads` is how many frames the caller wants; it leaves politely after that many."""
    bench = _bench(kit, shape, script)
    begun = []

    async def play() -> str:
        async def caller() -> None:
            begun.append(True)
            live = await bench.engine.stream(bench.task())
            try:
                wanted = reads
                frames = live.frames()
                while wanted is None or wanted > 0:
                    await asyncio.sleep(0)
                    if await anext(frames, None) is None:
                        break
                    wanted = None if wanted is None else wanted - 1
            finally:
                await live.aclose()

        return await _leaves(caller(), after)

    ended = bench.run(play())
    if not begun:
        assert bench.ledger.outcomes == []
        return
    if ended == "ok" and bench.outcome.status == "cancelled":
        assert reads is not None, "only a caller who left by itself may have cancelled what went well"
        ended = "cancelled"
    elif ended == "cancelled" and bench.outcome.status in ("ok", "failed"):
        ended = bench.outcome.status  # it left in the turn in which all was over
    _check(bench, ended, shape["max_attempts"])
