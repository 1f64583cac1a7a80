"""How the process ends: the ledger is drained whatever happens to the gateway, and impatience is heard."""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import Any

import pytest
import uvicorn

from podium.core.settings import ServerSettings, Settings
from podium.surface.server.serve import _finish, _Server, serve


class Runtime:
    def __init__(self) -> None:
        self.closed = 0

    async def aclose(self) -> None:
        self.closed += 1


class Gateway:
    """One that does not come to an end by itself, or fails at it."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.started = 0
        self.cut = 0

    def start(self) -> None:
        self.started += 1

    async def __call__(self, _scope: Any, _receive: Any, _send: Any) -> None: ...

    async def aclose(self) -> None:
        if self.error is not None:
            raise self.error
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cut += 1
            raise


def _server() -> _Server:
    return _Server(uvicorn.Config(Gateway(), log_config=None, lifespan="off"))


def _serve(monkeypatch: pytest.MonkeyPatch, gateway: Gateway, runtime: Runtime, *signals: signal.Signals) -> None:
    async def assemble(_settings: Settings, **_given: Any) -> Runtime:
        return runtime

    serving = sys.modules[serve.__module__]
    monkeypatch.setattr(serving, "assemble", assemble)
    monkeypatch.setattr(serving, "Gateway", lambda _runtime: gateway)

    async def play() -> None:
        stop = asyncio.Event()

        def started(_runtime: Any, _address: str) -> None:
            for number in signals:
                signal.raise_signal(number)
            if not signals:
                stop.set()

        await serve(Settings(server=ServerSettings(port=0)), environ={}, started=started, stop=stop)

    asyncio.run(play())


def test_a_gateway_that_fails_to_end_costs_the_ledger_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    gateway, runtime = Gateway(error=RuntimeError("a bug")), Runtime()
    with pytest.raises(RuntimeError, match="a bug"):
        _serve(monkeypatch, gateway, runtime)
    assert (gateway.started, runtime.closed) == (1, 1)


def test_two_signals_end_at_once_and_cleanly(monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    gateway, runtime = Gateway(), Runtime()
    _serve(monkeypatch, gateway, runtime, signal.SIGINT, signal.SIGINT)
    assert (gateway.cut, runtime.closed) == (1, 1)
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_the_gateway_finishes_cuts_that_short(number: signal.Signals) -> None:
    gateway, server = Gateway(), _server()

    async def play() -> None:
        with server.signals():
            asyncio.get_running_loop().call_later(0.001, signal.raise_signal, number)
            await _finish(gateway, server)  # type: ignore[arg-type]  # stands in for the gateway
            signal.raise_signal(number)  # while the ledger is drained: heard, and nothing more

    asyncio.run(play())
    assert gateway.cut == 1


def test_whoever_is_cancelled_meanwhile_stays_cancelled() -> None:
    gateway, server = Gateway(), _server()

    async def play() -> None:
        finishing = asyncio.ensure_future(_finish(gateway, server))  # type: ignore[arg-type]  # as above
        await asyncio.sleep(0)
        await asyncio.sleep(0)  # so that the gateway is at it
        finishing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await finishing

    asyncio.run(play())
    assert gateway.cut == 1
