"""Fakes and simulated vendors for tests of anything built on Podium, this repository's own included.

Importing it starts nothing: servers load what they need when they start.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from podium.core.errors import ProviderError
from podium.core.ids import new_id
from podium.core.messages import (
    Finished,
    Frame,
    Message,
    Reply,
    StreamEvent,
    TextDelta,
    TextPart,
    ToolCallDelta,
    UsageSeen,
)
from podium.core.ports import Call, ListedModel
from podium.core.tasks import Task
from podium.models.sim import (
    CODING_AGENT,
    MIXED,
    SUPPORT_DESK,
    CheckableTask,
    Fault,
    Faults,
    Flap,
    SimApp,
    SimModel,
    SimProcess,
    SimServer,
    SimVendor,
    make_recording,
    make_tasks,
)

if TYPE_CHECKING:
    from podium.records.ledger.memory import MemoryLedger
    from podium.surface.server.background import GatewayServer

__all__ = [
    "CODING_AGENT",
    "MIXED",
    "SUPPORT_DESK",
    "CheckableTask",
    "FakeClock",
    "FakeProvider",
    "Fault",
    "Faults",
    "Flap",
    "GatewayServer",
    "MemoryLedger",
    "SimApp",
    "SimModel",
    "SimProcess",
    "SimServer",
    "SimVendor",
    "make_recording",
    "make_task",
    "make_tasks",
]

_START = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
Step = Reply | ProviderError | Sequence[Frame | ProviderError]


def __getattr__(name: str) -> Any:
    if name == "MemoryLedger":  # late, so that simulating models does not load the ledger
        from podium.records.ledger.memory import MemoryLedger

        return MemoryLedger
    if name == "GatewayServer":
        from podium.surface.server.background import GatewayServer

        return GatewayServer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class FakeClock:
    """A clock that stands still until it is advanced: `core.clock.Clock`."""

    def __init__(self, start: datetime = _START) -> None:
        if start.tzinfo is None:
            raise ValueError("the start has no timezone; give one, such as datetime(2026, 1, 1, tzinfo=UTC)")
        self._start = start
        self._elapsed = 0.0

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        return self._elapsed

    def advance(self, seconds: float) -> None:
        """Let time pass. Raises ValueError for a negative amount: time is not turned back."""
        if seconds < 0:
            raise ValueError(f"a clock cannot go back by {-seconds} s")
        self._elapsed += seconds


class FakeProvider:
    """A `core.ports.Provider` that plays a script, one step a call, whole and streamed calls alike.

    A step is a `Reply` (streamed: cut into frames), a `ProviderError` (raised), or the frames of a stream, among
    them a `ProviderError` where it breaks. A call after the last step raises AssertionError.
    """

    def __init__(
        self,
        *script: Step,
        name: str = "fake",
        dialect: str = "openai-chat",
        models: Iterable[str] | ProviderError = ("fake-model",),
    ) -> None:
        self.name = name
        self._dialect = dialect
        self.calls: list[Call] = []
        """Every call made, in order."""
        self.open_streams = 0
        """Streams entered and not yet left."""
        self.closed = False
        self._script = list(script)
        self._models = models if isinstance(models, ProviderError) else tuple(ListedModel(name=name) for name in models)

    def add(self, *steps: Step) -> None:
        """More steps at the end of the script."""
        self._script.extend(steps)

    def speaks(self, call: Call) -> str:
        return self._dialect

    def wants_files(self, call: Call) -> bool:
        return False

    async def complete(self, call: Call) -> Reply:
        step = self._next(call)
        if isinstance(step, Reply):
            return step
        raise AssertionError(f"{self.name}: the script holds frames, but call {len(self.calls)} wants a whole answer")

    def stream(self, call: Call) -> AbstractAsyncContextManager[AsyncIterator[Sequence[Frame]]]:
        return self._stream(call)

    @asynccontextmanager
    async def _stream(self, call: Call) -> AsyncIterator[AsyncIterator[Sequence[Frame]]]:
        step = self._next(call)
        frames = _played(frames_of(step) if isinstance(step, Reply) else step)
        self.open_streams += 1
        try:
            yield frames
        finally:
            self.open_streams -= 1
            await frames.aclose()

    async def list_models(self) -> tuple[ListedModel, ...]:
        if isinstance(self._models, ProviderError):
            raise self._models
        return self._models

    async def aclose(self) -> None:
        self.closed = True

    def _next(self, call: Call) -> Reply | Sequence[Frame | ProviderError]:
        self.calls.append(call)
        if not self._script:
            raise AssertionError(f"{self.name}: call {len(self.calls)} came, but the script is over")
        step = self._script.pop(0)
        if isinstance(step, ProviderError):
            raise step
        return step


async def _played(steps: Iterable[Frame | ProviderError]) -> AsyncGenerator[Sequence[Frame], None]:
    for step in steps:
        if isinstance(step, ProviderError):
            raise step
        yield (step,)


def frames_of(reply: Reply) -> tuple[Frame, ...]:
    """A whole answer as the frames of a stream, one word of text a frame; `raw` stays empty."""
    words = reply.text.split(" ")
    events: list[StreamEvent] = [
        TextDelta(word if i == 0 else f" {word}") for i, word in enumerate(words) if reply.text
    ]
    for index, call in enumerate(reply.tool_calls):
        events.append(ToolCallDelta(index=index, id=call.id, name=call.name))
        events.append(ToolCallDelta(index=index, arguments=call.arguments))
    events.append(Finished(reply.finish))
    if reply.usage is not None:
        events.append(UsageSeen(reply.usage))
    return (*(Frame(events=(event,)) for event in events), Frame(closing=True))


def make_task(text: str = "Hello", **fields: Any) -> Task:
    """A task with one user message; `fields` are any of `Task`'s own."""
    given: dict[str, Any] = {
        "id": new_id("tsk"),
        "messages": (Message(role="user", parts=(TextPart(text),)),),
        "received_at": _START,
        **fields,
    }
    return Task(**given)
