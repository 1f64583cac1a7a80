"""The ports and who keeps them, as a type checker sees it: read by mypy in strict mode, never run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import assert_type

from podium.core.clock import Clock, SystemClock
from podium.core.messages import Frame, Reply
from podium.core.ports import Call, LedgerWriter, ListedModel, Profiler, Provider
from podium.models.dialects import Dialect, OpenAIChat
from podium.models.providers import HttpProvider, Transport
from podium.policies.profile import HeuristicProfiler
from podium.records.ledger.recorder import Ledger
from podium.testing import FakeClock, FakeProvider, MemoryLedger


def providers(transport: Transport) -> list[Provider]:
    return [
        HttpProvider(name="acme", base_url="https://llm.example.com/v1", transport=transport),
        FakeProvider(Reply(text="Hi")),
    ]


async def calls(provider: Provider, call: Call) -> None:
    assert_type(await provider.complete(call), Reply)
    assert_type(provider.stream(call), AbstractAsyncContextManager[AsyncIterator[Sequence[Frame]]])
    async with provider.stream(call) as batches:
        async for batch in batches:
            assert_type(batch, Sequence[Frame])
    assert_type(await provider.list_models(), tuple[ListedModel, ...])


def others(ledger: Ledger) -> tuple[list[Clock], list[LedgerWriter], list[Profiler], list[Dialect]]:
    return [SystemClock(), FakeClock()], [ledger, MemoryLedger()], [HeuristicProfiler()], [OpenAIChat()]
