"""A bench for the engine: fake providers, a clock that only the test moves, a ledger that counts."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

import pytest

from podium.core.errors import FailureKind, ProviderError
from podium.core.events import Event
from podium.core.health import Standing
from podium.core.messages import Frame, Reply, UsageSeen
from podium.core.ports import Call
from podium.core.settings import EngineSettings
from podium.core.tasks import (
    Candidate,
    Decision,
    Domain,
    Guess,
    Modality,
    Outcome,
    Profile,
    Sensitivity,
    Task,
    TaskType,
)
from podium.core.usage import Money, Usage
from podium.models.catalog import Card, Deployment, Price, Rates
from podium.runtime.engine import Engine, HealthBoard, Parts
from podium.testing import FakeClock, FakeProvider, MemoryLedger, make_task

T = TypeVar("T")
INPUT_TOKENS = 40
"""What every task of the bench is judged to have."""
FOR_EVER = math.inf
USAGE = Usage(input=100, output=20)


class Timed:
    """A step that takes `seconds` of the fake clock; `FOR_EVER` waits until it is cancelled."""

    def __init__(self, seconds: float, step: Any = None) -> None:
        self.seconds = seconds
        self.step = step


class BenchProvider(FakeProvider):
    """`FakeProvider` whose steps and frames may take time."""

    def __init__(self, name: str, clock: FakeClock) -> None:
        super().__init__(name=name)
        self._clock = clock
        self._pace: list[float] = []

    def plan(self, *steps: Any) -> None:
        """More steps; a `Timed` one waits first, and so does a `Timed` frame of a stream."""
        for step in steps:
            self._pace.append(step.seconds if isinstance(step, Timed) else 0.0)
            self.add(step.step if isinstance(step, Timed) else step)

    async def complete(self, call: Call) -> Reply:
        await self._wait(call)
        return await super().complete(call)

    @asynccontextmanager
    async def _stream(self, call: Call) -> AsyncIterator[AsyncIterator[Sequence[Frame]]]:
        await self._wait(call)
        async with super()._stream(call) as frames:
            paced = self._paced(frames)
            try:
                yield paced
            finally:
                await paced.aclose()

    async def _paced(self, batches: AsyncIterator[Any]) -> AsyncGenerator[Sequence[Frame], None]:
        async for (frame,) in batches:
            if isinstance(frame, Timed):
                await self._pass(frame.seconds)
                if frame.step is not None:
                    yield (frame.step,)
            else:
                yield (frame,)

    async def _wait(self, call: Call) -> None:
        await asyncio.sleep(0)  # as a real call does: the loop gets its turn
        if self._pace:
            seconds = self._pace.pop(0)
            if seconds == FOR_EVER:
                self.calls.append(call)
            await self._pass(seconds)

    async def _pass(self, seconds: float) -> None:
        if seconds == FOR_EVER:
            await asyncio.Event().wait()
        elif seconds:
            self._clock.advance(seconds)


class CountingLedger(MemoryLedger):
    """Keeps the outcomes as they were recorded, doubles included."""

    def __init__(self) -> None:
        super().__init__()
        self.outcomes: list[Outcome] = []

    def record(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        super().record(outcome)


def counted(frame: Frame) -> bool:
    """Whether a frame is the engine's own count, for a provider that gave no figures."""
    return any(isinstance(event, UsageSeen) and event.usage.estimated for event in frame.events)


class Bench:
    """An engine over `provider/model` names. Prices are $1 in and $2 out for a million tokens unless given."""

    def __init__(
        self,
        *names: str,
        prices: Mapping[str, tuple[str, str] | None] | None = None,
        windows: Mapping[str, int] | None = None,
        worst: Mapping[str, Money] | None = None,
        keep_text: bool = False,
        timeouts: Mapping[str, float] | None = None,
        random: float = 0.5,
        **settings: Any,
    ) -> None:
        self.clock = FakeClock()
        self.events: list[Event] = []
        self.ledger = CountingLedger()
        self.slept: list[float] = []
        self.standings: list[dict[str, Standing]] = []
        """What the decider was shown, one entry a decision."""
        self.settings = EngineSettings(**settings)
        self.deployments = {name: _deployment(name, (prices or {}).get(name, ("1", "2"))) for name in names}
        providers = {deployment.provider for deployment in self.deployments.values()}
        self.providers = {name: BenchProvider(name, self.clock) for name in sorted(providers)}
        self.health = HealthBoard(settings=self.settings, clock=self.clock, emit=self.events.append)
        self._windows = windows or {}
        self._worst = worst or {}
        self.engine = Engine(
            profiler=self,
            decider=self,
            parts=Parts(
                providers=self.providers,
                find_deployment=self.deployments.get,
                settings=self.settings,
                timeouts=timeouts or {},
                health=self.health,
                ledger=self.ledger,
                emit=self.events.append,
                clock=self.clock,
                random=lambda: random,
                sleep=self._sleep,
                keep_text=keep_text,
            ),
        )

    # --- what the engine is given -----------------------------------------------------------------------------------

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock.advance(seconds)
        await asyncio.sleep(0)

    def profile(self, task: Task) -> Profile:
        return Profile(
            task_type=Guess(TaskType.SIMPLE_QA, 1.0),
            complexity=Guess(2, 1.0),
            domain=Guess(Domain.GENERAL, 1.0),
            modalities=Guess((Modality.TEXT,), 1.0),
            language=Guess("en", 1.0),
            sensitivity=Guess(Sensitivity.NONE, 1.0),
            input_tokens=INPUT_TOKENS,
        )

    def decide(self, task: Task, profile: Profile, *, now: datetime, standing: Mapping[str, Standing]) -> Decision:
        self.standings.append(dict(standing))
        return Decision(
            id=f"dec_{task.id}",
            task_id=task.id,
            route="default",
            candidates=tuple(
                _candidate(name, self._windows.get(name), self._worst.get(name)) for name in self.deployments
            ),
            rejected=(),
            rules=(),
            why="in the order of the bench",
            profile=profile,
            requirements=task.requirements,
        )

    # --- asking -----------------------------------------------------------------------------------------------------

    def task(self, text: str = "Hello", **fields: Any) -> Task:
        return make_task(text, **fields)

    def complete(self, task: Task | None = None) -> Any:
        """A whole answer, on a loop of its own."""
        return asyncio.run(self.engine.complete(task or self.task()))

    def stream(self, task: Task | None = None) -> list[Frame]:
        """Every frame of a streamed answer, but Podium's own count of it."""

        async def play() -> list[Frame]:
            live = await self.engine.stream(task or self.task())
            try:
                return [frame async for frame in live.frames() if not counted(frame)]
            finally:
                await live.aclose()

        return asyncio.run(play())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run(work)

    # --- afterwards -------------------------------------------------------------------------------------------------

    @property
    def outcome(self) -> Outcome:
        """The one outcome there is."""
        assert len(self.ledger.outcomes) == 1, f"{len(self.ledger.outcomes)} outcomes were recorded"
        return self.ledger.outcomes[0]

    def called(self) -> list[str]:
        """Deployments in the order they were called, as the attempts say."""
        return [attempt.deployment for attempt in self.outcome.attempts]


def _deployment(name: str, price: tuple[str, str] | None) -> Deployment:
    provider, _, model = name.partition("/")
    return Deployment(
        id=name,
        provider=provider,
        model=model,
        card=Card(name=model, vendor=provider, family=provider, tier=1, context=100_000),
        price=None if price is None else Price(rates=Rates(input=Decimal(price[0]), output=Decimal(price[1]))),
        locality="cloud",
    )


def _candidate(name: str, window: int | None, worst: Money | None) -> Candidate:
    provider, _, model = name.partition("/")
    return Candidate(
        deployment=name,
        provider=provider,
        model=model,
        tier=1,
        expected_cost=None,
        worst_cost=worst,
        expected_quality=0.9,
        expected_latency_ms=1000,
        reason="as told",
        context=window,
    )


class Kit:
    """What the tests of the engine make things with."""

    Bench = Bench
    Timed = Timed
    FOR_EVER = FOR_EVER
    INPUT_TOKENS = INPUT_TOKENS

    @staticmethod
    def error(kind: FailureKind, provider: str = "acme", **fields: Any) -> ProviderError:
        return ProviderError(f"{provider} failed: {kind.value}.", kind=kind, provider=provider, **fields)

    @staticmethod
    def reply(text: str = "Paris.", usage: Usage | None = USAGE, **fields: Any) -> Reply:
        return Reply(text=text, usage=usage, **fields)

    @staticmethod
    def text_of(frames: Sequence[Frame]) -> str:
        return "".join(getattr(event, "text", "") for frame in frames for event in frame.events)


@pytest.fixture
def kit() -> type[Kit]:
    """Bench, timed steps, errors and replies."""
    return Kit
