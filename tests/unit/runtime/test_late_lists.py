"""The assembled runtime while its providers come and go: usable as soon as they answer, without a restart."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from podium.core.errors import ConfigError, RequirementsNotMet, UnknownModel
from podium.core.settings import DiscoverSettings, ProviderSettings, RouteSettings, Rule, Settings, Use
from podium.models.providers import Preset
from podium.runtime.assembly import Runtime, assemble
from podium.runtime.latecomers import FIRST_PAUSE_S, LOOK_EVERY_S, NO_ANSWER, PATIENCE_S
from podium.testing import make_task

_LIST = json.dumps(
    {
        "data": [
            {
                "id": "acme/good",
                "context_length": 8000,
                "pricing": {"prompt": "0.000001", "completion": "0.000002"},
                "architecture": {"input_modalities": ["text"], "output_modalities": ["text"]},
            }
        ]
    }
).encode()
_ANSWER = (
    b'{"choices": [{"message": {"content": "Hello."}, "finish_reason": "stop"}],'
    b' "usage": {"prompt_tokens": 1000, "completion_tokens": 500}}'
)


class Server:
    """A marketplace on a loopback port, up or down, that may hang."""

    def __init__(self) -> None:
        self.up = False
        self.hangs = False
        self.port = 0
        self.lists = 0
        self._held: list[asyncio.Event] = []

    async def start(self) -> Server:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def stop(self) -> None:
        self._server.close()
        self.release()
        await asyncio.sleep(0)

    def release(self) -> None:
        """Let go of those that hang."""
        self.hangs = False
        for gate in self._held:
            gate.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if head.startswith(b"GET"):
            self.lists += 1
            if self.hangs:
                gate = asyncio.Event()
                self._held.append(gate)
                await gate.wait()
        status = "200 OK" if self.up or head.startswith(b"POST") else "503 Service Unavailable"
        body = (_LIST if head.startswith(b"GET") else _ANSWER) if self.up else b"{}"
        writer.write(f"HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()


class Hand:
    """Sleeps end when a test lets them."""

    def __init__(self) -> None:
        self._asleep: list[tuple[float, asyncio.Event]] = []

    async def sleep(self, seconds: float) -> None:
        gate = asyncio.Event()
        self._asleep.append((seconds, gate))
        await gate.wait()

    async def wake(self, least: float, most: float) -> None:
        """Wake those that sleep for so long, once there are any."""

        def found() -> list[asyncio.Event]:
            return [gate for seconds, gate in self._asleep if least <= seconds <= most and not gate.is_set()]

        await until(lambda: bool(found()))
        for gate in found():
            gate.set()


async def until(holds: Callable[[], bool]) -> None:
    """A bounded wait for a state that another thread brings about."""
    for _ in range(2000):
        if holds():
            return
        await asyncio.sleep(0.002)
    raise AssertionError("it never came to that")


def _settings(folder: Path, port: int, *, local: bool = False, **more: Any) -> Settings:
    market = ProviderSettings(base_url=f"http://127.0.0.1:{port}/v1", api_key="k" * 20)
    return Settings(
        providers={} if local else {"openrouter": market},
        discover=DiscoverSettings(environment=False, local=local),
        store=f"sqlite:///{folder}/podium.db",
        **more,
    )


def _play(play: Callable[[Server, Hand], Awaitable[None]]) -> None:
    async def main() -> None:
        server = await Server().start()
        try:
            await play(server, Hand())
        finally:
            await server.stop()

    asyncio.run(main())


async def _cost(runtime: Runtime, model: str) -> str:
    done = await runtime.engine.complete(make_task("hi", model=model))
    return str(done.outcome.cost)


def test_a_marketplace_that_was_down_at_start_up_is_there_when_its_list_comes(tmp_path: Path) -> None:
    async def play(server: Server, hand: Hand) -> None:
        runtime = await assemble(_settings(tmp_path, server.port), environ={}, sleep=hand.sleep, random=lambda: 0.5)
        try:
            assert runtime.accounts[0].awaits == NO_ANSWER
            assert not runtime.catalog.deployments
            for model, error in (("auto", RequirementsNotMet), ("acme/good", UnknownModel)):
                with pytest.raises(error):
                    await runtime.engine.complete(make_task("hi", model=model))
            server.up = True
            await hand.wake(FIRST_PAUSE_S, FIRST_PAUSE_S)
            await until(lambda: bool(runtime.catalog.deployments))
            assert runtime.accounts[0].awaits is None
            for model in ("auto", "acme/good", "openrouter/acme/good"):
                assert await _cost(runtime, model) == "$0.002000", "known by its list, price included"
        finally:
            await runtime.aclose()

    _play(play)


def test_a_list_that_hangs_holds_the_start_up_for_three_seconds_and_not_the_end_at_all(tmp_path: Path) -> None:
    async def play(server: Server, hand: Hand) -> None:
        server.hangs = True
        starting = asyncio.create_task(
            assemble(_settings(tmp_path, server.port), environ={}, sleep=hand.sleep, random=lambda: 0.5)
        )
        await until(lambda: server.lists == 1)
        assert not starting.done()
        await hand.wake(PATIENCE_S, PATIENCE_S)
        runtime = await starting
        assert runtime.accounts[0].awaits == NO_ANSWER
        await asyncio.wait_for(runtime.aclose(), 5)

    _play(play)


def _with_rule(folder: Path, port: int) -> Settings:
    """`acme/good` could be a provider's model, or a marketplace's own name: only the list tells."""
    return _settings(folder, port, routes={"default": RouteSettings(rules=(Rule(use=Use(models=("acme/good",))),))})


def test_a_rule_that_names_what_only_a_slow_list_tells_waits_for_it(tmp_path: Path) -> None:
    async def play(server: Server, hand: Hand) -> None:
        server.hangs = server.up = True
        settings = _with_rule(tmp_path, server.port)
        starting = asyncio.create_task(assemble(settings, environ={}, sleep=hand.sleep, random=lambda: 0.5))
        await until(lambda: server.lists == 1)
        await hand.wake(PATIENCE_S, PATIENCE_S)
        server.release()
        runtime = await starting
        try:
            assert runtime.catalog.get("openrouter/acme/good") is not None
        finally:
            await runtime.aclose()

    _play(play)


def test_a_rule_that_stays_unknown_ends_the_start_with_nothing_left_open(tmp_path: Path) -> None:
    async def play(server: Server, hand: Hand) -> None:
        with pytest.raises(ConfigError, match="acme/good"):
            await assemble(_with_rule(tmp_path, server.port), environ={}, sleep=hand.sleep, random=lambda: 0.5)
        ours = [task for task in asyncio.all_tasks() if "latecomers" in repr(task)]
        assert ours == []

    _play(play)


def test_a_local_server_that_is_started_later_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def play(server: Server, hand: Hand) -> None:
        box = Preset(
            name="ollama",
            title="Ollama",
            base_url=f"http://127.0.0.1:{server.port}/v1",
            locality="local",
            port=server.port,
        )
        monkeypatch.setattr("podium.models.providers.discovery.PRESETS", {"ollama": box})
        monkeypatch.setattr("podium.runtime.assembly.PRESETS", {"ollama": box})
        runtime = await assemble(_settings(tmp_path, 0, local=True), environ={}, sleep=hand.sleep, random=lambda: 0.5)
        try:
            assert runtime.accounts == ()
            await hand.wake(LOOK_EVERY_S, LOOK_EVERY_S)
            await until(lambda: server.lists == 2)
            server.up = True
            await hand.wake(LOOK_EVERY_S, LOOK_EVERY_S)
            await until(lambda: bool(runtime.catalog.deployments))
            assert await _cost(runtime, "auto") == "$0.002000"
            assert [account.name for account in runtime.accounts] == ["ollama"]
            asked = server.lists
            await hand.wake(LOOK_EVERY_S, LOOK_EVERY_S)
            await hand.wake(LOOK_EVERY_S, LOOK_EVERY_S)
            assert server.lists == asked, "who is here is not asked again"
        finally:
            await runtime.aclose()

    _play(play)
