"""Streams on their way to callers: relayed, rewritten, kept alive and broken, on a loop whose time is virtual."""

from __future__ import annotations

import asyncio
import json
import selectors
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from typing import Any

import pytest

from podium.core.errors import FailureKind, ProviderError
from podium.core.messages import Finished, FinishReason, Frame, Options, Payload, StreamEvent, TextDelta, UsageSeen
from podium.core.usage import Usage
from podium.models.dialects import OpenAIChat
from podium.surface.server.relay import Relay
from podium.testing import make_task

Step = Frame | tuple[Frame, ...] | float | Exception
"""A frame, several that came together, seconds of silence, or the way it breaks."""
BROKEN = ProviderError("acme broke its stream off", kind=FailureKind.BROKEN_STREAM, provider="acme")


class _Selector(selectors.DefaultSelector):
    """Lets the loop's waits pass at once."""

    now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        self.now += timeout or 0.0
        return super().select(0)


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.clock = _Selector()
        super().__init__(self.clock)

    def time(self) -> float:
        return self.clock.now


def _run(play: Callable[[], Coroutine[Any, Any, None]]) -> None:
    with asyncio.Runner(loop_factory=_Loop) as runner:
        runner.run(play())


class _Live:
    """As much of a live answer as a relay sees."""

    def __init__(self, steps: Sequence[Step], dialect: str) -> None:
        self.dialect = dialect
        self.unwritten: tuple[str, ...] = ()
        self._steps = steps
        self.deployment = type("Deployment", (), {"model": "m"})
        self.decision = type("Decision", (), {"profile": type("Profile", (), {"input_tokens": 7})})

    def broken(self, error: ProviderError) -> None:
        self.error = error

    async def batches(self) -> AsyncIterator[Sequence[Frame]]:
        for step in self._steps:
            if isinstance(step, float):
                await asyncio.sleep(step)
            elif isinstance(step, Exception):
                raise step
            else:
                yield (step,) if isinstance(step, Frame) else step


class _Caller:
    """Notes what was sent and when."""

    def __init__(self, takes_s: float = 0.0) -> None:
        self.heard: list[tuple[float, bytes]] = []
        self._takes_s = takes_s

    async def send(self, message: Any) -> None:
        assert message["type"] == "http.response.body"
        assert message["more_body"] is True
        if self._takes_s:
            await asyncio.sleep(self._takes_s)
        self.heard.append((round(asyncio.get_running_loop().time(), 3), message["body"]))

    @property
    def bodies(self) -> list[bytes]:
        return [body for _, body in self.heard]


def _relay(steps: Sequence[Step], caller: _Caller, *, dialect: str = "openai-chat", wants_usage: bool = True) -> Relay:
    task = make_task(payload=Payload(dialect="openai-chat", fields={}, wants_usage=wants_usage), options=Options())
    live: Any = _Live(steps, dialect)
    return Relay(wire=OpenAIChat(), task=task, live=live, send=caller.send, heartbeat_s=15.0)


def _frame(raw: bytes, *events: StreamEvent, closing: bool = False) -> Frame:
    return Frame(raw=raw, events=events, closing=closing)


HELLO = _frame(b"data: hello\n\n", TextDelta("hello"))
BYE = _frame(b"data: bye\n\n", TextDelta("bye"))
STOP = _frame(b"data: stop\n\n", Finished(FinishReason.STOP))
FIGURES = _frame(b"data: usage\n\n", UsageSeen(Usage(input=7, output=2)))
DONE = _frame(b"data: [DONE]\n\n", closing=True)
FORGOT = _frame(b"", closing=True)


def test_what_came_together_leaves_in_one_piece() -> None:
    async def play() -> None:
        caller = _Caller()
        await _relay(((HELLO, BYE), 0.5, (STOP, DONE)), caller).run()
        assert caller.heard == [(0.0, HELLO.raw + BYE.raw), (0.5, STOP.raw + DONE.raw)]

    _run(play)


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize(("wants", "end"), [(True, DONE), (False, DONE), (True, FORGOT), (False, FORGOT)])
def test_the_end_mark_comes_once_and_figures_only_where_asked_for(wants: bool, end: Frame, together: bool) -> None:
    frames = (HELLO, STOP, FIGURES, end)
    steps: tuple[Step, ...] = (frames,) if together else frames

    async def play() -> None:
        caller = _Caller()
        await _relay(steps, caller, wants_usage=wants).run()
        told = [HELLO.raw, STOP.raw, FIGURES.raw, DONE.raw]
        assert b"".join(caller.bodies) == b"".join(each for each in told if wants or each is not FIGURES.raw)

    _run(play)


def _texts(data: bytes) -> str:
    events = [line[6:] for line in data.decode().splitlines() if line.startswith("data: {")]
    chunks = [json.loads(each) for each in events]
    return "".join(choice["delta"].get("content") or "" for chunk in chunks for choice in chunk.get("choices", ()))


@pytest.mark.parametrize("pause", [0.0, 0.1])
def test_another_dialect_is_rewritten(pause: float) -> None:
    async def play() -> None:
        caller = _Caller()
        steps: list[Step] = []
        for frame in (HELLO, BYE, STOP, FIGURES, FORGOT):
            steps += [frame, pause] if pause else [frame]
        await _relay(steps, caller, dialect="anthropic").run()
        written = b"".join(caller.bodies)
        assert _texts(written) == "hellobye"
        assert b"data: hello" not in written
        assert written.count(b"[DONE]") == 1
        assert written.endswith(b"data: [DONE]\n\n")
        assert b'"total_tokens":9' in written.replace(b" ", b"")

    _run(play)


def test_what_has_no_place_in_the_callers_dialect_is_told_before_the_end() -> None:
    async def play() -> None:
        caller = _Caller()
        relay = _relay((HELLO, STOP, FORGOT), caller, dialect="gemini")
        relay._live.unwritten = ("grounding", "line\nbreak")  # type: ignore[misc]  # the stand-in's, which is no property
        await relay.run()
        lines = b"".join(caller.bodies).decode().splitlines()
        assert ": podium: not carried to this dialect: grounding, line break" in lines
        assert lines.index("data: [DONE]") > 0
        assert _texts(b"".join(caller.bodies)) == "hello"

    _run(play)


@pytest.mark.parametrize("dialect", ["openai-chat", "anthropic"])
def test_a_break_is_told_inside_the_stream(dialect: str) -> None:
    async def play() -> None:
        caller = _Caller()
        await _relay((HELLO, 0.1, BYE, BROKEN), caller, dialect=dialect).run()
        assert _texts(b"".join(caller.bodies[:2])) == "hellobye" or dialect == "openai-chat"
        assert b"acme broke its stream off" in caller.bodies[-1]

    _run(play)


def test_a_silent_stream_is_kept_alive() -> None:
    async def play() -> None:
        caller = _Caller()
        await _relay((HELLO, 14.0, BYE, 40.0, (STOP, DONE)), caller).run()
        beat = OpenAIChat.heartbeat
        assert caller.heard == [
            (0.0, HELLO.raw), (14.0, BYE.raw), (29.0, beat), (44.0, beat), (54.0, STOP.raw + DONE.raw)
        ]  # fmt: skip
        await asyncio.sleep(100)
        assert len(caller.heard) == 5  # nobody is kept alive who has his answer

    _run(play)


def test_beats_do_not_pile_up_before_a_caller_who_takes_nothing() -> None:
    async def play() -> None:
        caller = _Caller(takes_s=50.0)
        await _relay((HELLO, 300.0, STOP, DONE), caller).run()
        beats = [body for body in caller.bodies if body == OpenAIChat.heartbeat]
        assert 1 <= len(beats) <= 7

    _run(play)


def test_a_caller_who_leaves_ends_everything() -> None:
    async def play() -> None:
        caller = _Caller()
        relay = _relay((HELLO, 1000.0, STOP, DONE), caller)
        running = asyncio.ensure_future(relay.run())
        await asyncio.sleep(20)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        heard = len(caller.heard)
        await asyncio.sleep(100)
        assert len(caller.heard) == heard == 2

    _run(play)
