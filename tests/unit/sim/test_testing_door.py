"""`podium.testing`: its names, its fakes, and that importing it does nothing."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from datetime import UTC, datetime

import pytest

import podium.testing
from podium.core.clock import Clock
from podium.core.errors import FailureKind, ProviderError
from podium.core.messages import Finished, FinishReason, Frame, Reply, TextDelta, ToolCall, UsageSeen
from podium.core.ports import Call, Provider
from podium.core.tasks import TaskType
from podium.core.usage import Usage
from podium.testing import FakeClock, FakeProvider, make_task


def _call() -> Call:
    return Call(task=make_task("Hi"), model="fake-model", timeout_s=1.0)


def test_the_public_names_are_pinned() -> None:
    assert podium.testing.__all__ == [
        "CODING_AGENT", "MIXED", "SUPPORT_DESK", "CheckableTask", "FakeClock", "FakeProvider", "Fault", "Faults",
        "Flap", "GatewayServer", "MemoryLedger", "SimApp", "SimModel", "SimProcess", "SimServer", "SimVendor",
        "make_recording", "make_task", "make_tasks",
    ]  # fmt: skip
    for name in podium.testing.__all__:
        assert getattr(podium.testing, name)
    with pytest.raises(AttributeError, match="nonsense"):
        podium.testing.nonsense  # noqa: B018  # the access is the test


def test_importing_it_loads_no_server_no_client_and_no_database() -> None:
    heavy = {"uvicorn", "httptools", "uvloop", "sqlalchemy", "pyreqwest", "openai", "starlette", "alembic"}
    code = f"import sys, podium.testing; print(sorted({heavy!r} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_fake_clock_moves_only_when_told() -> None:
    clock = FakeClock(datetime(2026, 2, 28, 23, 59, 59, tzinfo=UTC))
    as_clock: Clock = clock
    assert as_clock.now() == as_clock.now()
    clock.advance(1.5)
    assert clock.now() == datetime(2026, 3, 1, 0, 0, 0, 500_000, tzinfo=UTC)
    assert clock.monotonic() == 1.5
    with pytest.raises(ValueError, match="back"):
        clock.advance(-1)
    with pytest.raises(ValueError, match="timezone"):
        FakeClock(datetime(2026, 1, 1))  # noqa: DTZ001  # what is refused


def test_fake_provider_plays_its_script() -> None:
    overloaded = ProviderError("busy", kind=FailureKind.OVERLOADED, provider="fake")
    provider = FakeProvider(Reply(text="one"), overloaded, models=("a", "b"))
    as_provider: Provider = provider

    async def play() -> None:
        assert (await as_provider.complete(_call())).text == "one"
        with pytest.raises(ProviderError, match="busy"):
            await as_provider.complete(_call())
        with pytest.raises(AssertionError, match="script is over"):
            await as_provider.complete(_call())
        provider.add(Reply(text="two"))
        assert (await as_provider.complete(_call())).text == "two"
        assert [listed.name for listed in await as_provider.list_models()] == ["a", "b"]
        await as_provider.aclose()

    asyncio.run(play())
    assert len(provider.calls) == 4
    assert provider.closed


def test_fake_provider_streams_replies_and_frames_and_breaks_where_told() -> None:
    reply = Reply(
        text="one two",
        tool_calls=(ToolCall(id="c", name="n", arguments="{}"),),
        finish=FinishReason.TOOL_CALLS,
        usage=Usage(input=1, output=2),
    )
    broken = ProviderError("cut", kind=FailureKind.BROKEN_STREAM, provider="fake")
    refused = ProviderError("no", kind=FailureKind.RATE_LIMITED, provider="fake")
    provider = FakeProvider(reply, [Frame(events=(TextDelta("a"),)), broken], refused, reply)

    async def play() -> None:
        async with provider.stream(_call()) as frames:
            assert provider.open_streams == 1
            events = [event async for batch in frames for frame in batch for event in frame.events]
        assert "".join(event.text for event in events if isinstance(event, TextDelta)) == "one two"
        assert events[-2:] == [Finished(FinishReason.TOOL_CALLS), UsageSeen(Usage(input=1, output=2))]
        async with provider.stream(_call()) as frames:
            assert await anext(frames)
            with pytest.raises(ProviderError, match="cut"):
                await anext(frames)
        with pytest.raises(ProviderError, match="no"):
            async with provider.stream(_call()):
                raise AssertionError("entered")
        async with provider.stream(_call()) as frames:
            assert await anext(frames)
        assert provider.open_streams == 0

    asyncio.run(play())


def test_make_task_fills_what_is_not_given() -> None:
    task = make_task("Hi", task_type=TaskType.CODE, user="ann")
    assert (task.messages[0].text, task.task_type, task.user) == ("Hi", TaskType.CODE, "ann")
    assert task.received_at.tzinfo is not None
    assert task.id != make_task("Hi").id


def test_memory_ledger_is_the_ledgers_own() -> None:
    from podium.records.ledger.memory import MemoryLedger

    assert podium.testing.MemoryLedger is MemoryLedger
