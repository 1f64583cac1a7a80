"""The ports and who keeps them, as a type checker sees it: read by mypy in strict mode, never run."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import assert_type

from podium.core.clock import Clock, SystemClock
from podium.core.messages import Frame, Reply
from podium.core.ports import Call, LedgerWriter, Profiler, Provider
from podium.models.dialects import Dialect, OpenAIChat
from podium.models.providers import HttpProvider, Transport
from podium.policies.profile import HeuristicProfiler
from podium.records.ledger.recorder import Ledger
from podium.testing import FakeClock, FakeProvider, MemoryLedger


def providers(transport: Transport) -> list[Provider]:
    return [
        HttpProvider(name="acme", base_url="https://llm.example.com/v1", wire=OpenAIChat(), transport=transport),
        FakeProvider(Reply(text="Hi")),
    ]


async def calls(provider: Provider, call: Call) -> None:
    assert_type(await provider.complete(call), Reply)
    assert_type(provider.stream(call), AbstractAsyncContextManager[AsyncIterator[Frame]])
    async with provider.stream(call) as frames:
        async for frame in frames:
            assert_type(frame, Frame)
    assert_type(await provider.list_models(), tuple[str, ...])


def others(ledger: Ledger) -> tuple[list[Clock], list[LedgerWriter], list[Profiler], list[Dialect]]:
    return [SystemClock(), FakeClock()], [ledger, MemoryLedger()], [HeuristicProfiler()], [OpenAIChat()]
