"""The `Provider` port, kept by every implementation: the one over HTTP and the fake that tests are written with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest

from podium.core.errors import FailureKind, ProviderError
from podium.core.messages import Finished, FinishReason, Frame, Reply, TextDelta, UsageSeen
from podium.core.ports import Call, Provider
from podium.core.usage import Usage
from podium.models.providers import HttpProvider, Transport
from podium.testing import FakeProvider, Fault, Faults, SimModel, SimServer, SimVendor, make_task

Setup = Callable[[str], AbstractAsyncContextManager["Subject"]]
"""`good`, or what goes wrong: `refused` (a 503), `cut off` (a stream that breaks), `unlisted` (no list of models)."""


class Subject:
    """A provider under test, and how many streams its vendor has open."""

    def __init__(self, provider: Provider, open_streams: Callable[[], int]) -> None:
        self.provider = provider
        self.open_streams = open_streams


def _call() -> Call:
    return Call(task=make_task("Hello"), model="small", timeout_s=5.0)


@asynccontextmanager
async def _http(state: str) -> AsyncIterator[Subject]:
    fault = {
        "good": None,
        "refused": Fault(kind="status", status=503),
        "cut off": Fault(kind="reset", after=2),
        "unlisted": Fault(kind="status", status=500, everywhere=True),
    }[state]
    vendor = SimVendor(
        name="acme",
        models=(SimModel(name="small", first_token_ms=0, chunk_tokens=1),),
        time_scale=0.0,
        faults=Faults(always=fault),
    )
    async with SimServer(vendor) as server:
        provider = HttpProvider(
            name="acme",
            base_url=server.base_url,
            transport=Transport(connect_timeout_s=1.0, silence_timeout_s=5.0),
        )
        try:
            yield Subject(provider, lambda: 0)
        finally:
            await provider.aclose()


@asynccontextmanager
async def _fake(state: str) -> AsyncIterator[Subject]:
    down = ProviderError("acme answered 503.", kind=FailureKind.OVERLOADED, provider="acme", http_status=503)
    broken = ProviderError("acme broke off.", kind=FailureKind.BROKEN_STREAM, provider="acme")
    reply = Reply(text="Hello to you", usage=Usage(input=5, output=3), model="small", finish=FinishReason.STOP)
    script: list[Any] = {
        "good": [reply] * 3,
        "refused": [down] * 3,
        "cut off": [[Frame(events=(TextDelta("Hello"),)), broken]],
        "unlisted": [],
    }[state]
    listed = down if state == "unlisted" else ("small",)
    provider = FakeProvider(*script, name="acme", models=listed)
    yield Subject(provider, lambda: provider.open_streams)


@pytest.fixture(params=[_http, _fake], ids=["http", "fake"])
def setup(request: pytest.FixtureRequest) -> Setup:
    """Opens an implementation in a state."""
    opened: Setup = request.param
    return opened


def _play(setup: Setup, state: str, work: Callable[[Subject], Any]) -> Any:
    async def play() -> Any:
        async with setup(state) as subject:
            return await work(subject)

    return asyncio.run(play())


async def _frames(provider: Provider) -> list[Frame]:
    async with provider.stream(_call()) as frames:
        return [frame async for batch in frames for frame in batch]


def test_it_says_its_name_and_dialect(setup: Setup) -> None:
    async def work(subject: Subject) -> tuple[str, str]:
        return subject.provider.name, subject.provider.speaks(_call())

    assert _play(setup, "good", work) == ("acme", "openai-chat")


def test_a_whole_answer_has_text_usage_and_a_finish(setup: Setup) -> None:
    async def work(subject: Subject) -> Reply:
        return await subject.provider.complete(_call())

    reply = _play(setup, "good", work)
    assert reply.text
    assert reply.finish is FinishReason.STOP
    assert reply.usage.output > 0
    assert not reply.usage.estimated


def test_a_stream_tells_text_then_finish_then_usage_then_its_end(setup: Setup) -> None:
    async def work(subject: Subject) -> list[Frame]:
        return await _frames(subject.provider)

    frames = _play(setup, "good", work)
    kinds = [type(event) for frame in frames for event in frame.events]
    text, rest = kinds[: kinds.index(Finished)], kinds[kinds.index(Finished) :]
    assert set(text) == {TextDelta}
    assert rest == [Finished, UsageSeen]
    assert [frame.closing for frame in frames] == [False] * (len(frames) - 1) + [True]


def test_a_refused_call_raises_on_entering(setup: Setup) -> None:
    async def work(subject: Subject) -> None:
        with pytest.raises(ProviderError) as whole:
            await subject.provider.complete(_call())
        entered = False
        with pytest.raises(ProviderError) as streamed:
            async with subject.provider.stream(_call()):
                entered = True
        assert not entered
        for caught in (whole, streamed):
            assert caught.value.kind is FailureKind.OVERLOADED
            assert caught.value.provider == "acme"
            assert caught.value.http_status == 503

    _play(setup, "refused", work)


def test_a_broken_stream_raises_while_it_is_read(setup: Setup) -> None:
    async def work(subject: Subject) -> list[Frame]:
        seen: list[Frame] = []
        async with subject.provider.stream(_call()) as frames:
            with pytest.raises(ProviderError) as caught:  # noqa: PT012  # the error comes while it is read
                async for batch in frames:
                    seen += batch
        assert caught.value.kind is FailureKind.BROKEN_STREAM
        return seen

    seen = _play(setup, "cut off", work)
    assert any(isinstance(event, TextDelta) for frame in seen for event in frame.events), "what came before is seen"


def test_a_stream_may_be_left_at_any_time_and_the_provider_goes_on(setup: Setup) -> None:
    async def work(subject: Subject) -> None:
        async with subject.provider.stream(_call()) as frames:
            await anext(frames)
        async with subject.provider.stream(_call()):
            pass
        assert subject.open_streams() == 0
        assert (await subject.provider.complete(_call())).text

    _play(setup, "good", work)


def test_models_are_listed_or_the_failure_told(setup: Setup) -> None:
    async def listed(subject: Subject) -> tuple[str, ...]:
        return tuple(model.name for model in await subject.provider.list_models())

    assert _play(setup, "good", listed) == ("small",)

    async def refused(subject: Subject) -> None:
        with pytest.raises(ProviderError):
            await subject.provider.list_models()

    _play(setup, "unlisted", refused)


def test_it_may_be_closed_unused_and_twice(setup: Setup) -> None:
    async def work(subject: Subject) -> None:
        await subject.provider.aclose()
        await subject.provider.aclose()

    _play(setup, "good", work)
