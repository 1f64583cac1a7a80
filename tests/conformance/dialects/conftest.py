"""One gateway, and behind it one vendor for each wire a provider may speak; every pair of SDK and wire plays here.

Both sides are real sockets. The gateway runs as in production, in a thread of its own, once for the module; vendors
answer at once and check what a real one checks: signatures, roles, results that belong to calls.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from podium.core.settings import (
    DiscoverSettings,
    EngineSettings,
    ModelSettings,
    PriceSettings,
    ProviderSettings,
    RoutingSettings,
    ServerSettings,
    Settings,
)
from podium.surface.server import serve
from podium.testing import Fault, Faults, SimModel, SimServer, SimVendor

sys.path.insert(0, str(Path(__file__).parents[2] / "sdk_scenarios"))
sys.path.insert(0, str(Path(__file__).parent))
from gaps import CLIENTS, WIRES
from sdk_list import DRIVERS
from sdk_talk import Driver

_START_S = 15.0
_NOTICE_S = 8.0
ABLE = {
    "openai-chat": "able",
    "openai-responses": "gpt-able",
    "anthropic": "claude-haiku-4-5",
    "gemini": "gemini-2.5-flash",
    "bedrock-converse": "anthropic.claude-haiku-4-5-v1:0",
}
"""A model of each vendor by a name whose wire it takes: what may be asked of Claude and Gemini goes by their names."""
THINKER = {
    "openai-chat": "thinker",
    "openai-responses": "gpt-thinker",
    "anthropic": "claude-sonnet-4-5",
    "gemini": "gemini-3-pro",
    "bedrock-converse": "anthropic.claude-sonnet-4-5-v1:0",
}
SECRETIVE = {
    "anthropic": "claude-opus-4-5",
    "bedrock-converse": "anthropic.claude-opus-4-5-v1:0",
}
"""Where a part of the reasoning comes sealed."""
TERSE = {"gemini": "gemini-2.5-flash-lite"}
"""Calls without ids, and a finish in a chunk of its own."""
PRICE = PriceSettings(
    input=Decimal(1), output=Decimal(5), cached=Decimal("0.1"), cache_write=Decimal("1.25"), cache_write_1h=Decimal(2)
)

PRICES = {"input": Decimal(1), "output": Decimal(5), "cached": Decimal("0.1")}


def vendor(wire: str) -> SimVendor:
    """Speaks every wire, and is spoken to over one."""

    def model(name: str, **more: Any) -> SimModel:
        return SimModel(name=name, skill=1.0, price_in=PRICE.input, price_out=PRICE.output, **more)

    models = [
        model(ABLE[wire]),
        model(THINKER[wire], reasoning_tokens=24, shows_reasoning=True),
        model(f"twin-{wire}"),
        model("hoarder", cached_share=0.5),
    ]
    if wire in SECRETIVE:
        models.append(model(SECRETIVE[wire], reasoning_tokens=24, shows_reasoning=True, redacts_reasoning=True))
    if wire in TERSE:
        models.append(model(TERSE[wire], call_ids=False, late_finish=True))
    # A signature of Claude's holds wherever Claude is served: these two share their seal, which goes by the name.
    name = "claude" if wire in SECRETIVE else wire
    return SimVendor(name=name, models=tuple(models), time_scale=0, api_key=f"sk-{wire}")


def _spare() -> SimVendor:
    """Dearer than all, so asked last: who answers when another fails."""
    twins = tuple(
        SimModel(name=f"twin-{wire}", skill=1.0, price_in=Decimal(9), price_out=Decimal(45)) for wire in WIRES
    )
    return SimVendor(name="spare", models=twins, time_scale=0)


def provider(server: SimServer, wire: str) -> ProviderSettings:
    """An account that speaks one wire."""
    names = tuple(model.name for model in server.vendor.models)
    key = server.vendor.api_key
    match wire:
        case "openai-chat" | "openai-responses":
            return ProviderSettings(
                preset="openai-compatible", dialect=wire, base_url=server.base_url, api_key=key, models=names
            )
        case "anthropic":
            return ProviderSettings(preset="anthropic", base_url=server.base_url, api_key=key, models=names)
        case "gemini":
            return ProviderSettings(preset="google", base_url=f"{server.root_url}/v1beta", api_key=key, models=names)
        case _:
            return ProviderSettings(
                preset="bedrock", base_url=server.root_url, region="us-east-1", api_key=key, models=names
            )


class Gateway:
    """The gateway under test in a thread of its own."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.runtime: Any = None
        self.address = ""
        self._error: BaseException | None = None
        self._up = threading.Event()
        self._thread = threading.Thread(target=self._main, name="gateway-under-test", daemon=True)
        self._stop: Callable[[], object] = lambda: None

    def __enter__(self) -> Gateway:
        self._thread.start()
        assert self._up.wait(_START_S), "the gateway did not start in time"
        if self._error is not None:
            raise self._error
        return self

    def __exit__(self, *_exc: object) -> None:
        self._stop()
        self._thread.join(_START_S)
        gc.unfreeze()  # `serve` freezes what start-up built; here the process goes on and wants it collected
        assert not self._thread.is_alive(), "the gateway did not stop"
        if self._error is not None:
            raise self._error

    def _main(self) -> None:
        async def play() -> None:
            stop = asyncio.Event()
            loop = asyncio.get_running_loop()

            def started(runtime: Any, address: str) -> None:
                self.runtime, self.address = runtime, address
                self._stop = lambda: loop.call_soon_threadsafe(stop.set)
                self._up.set()

            await serve(self.settings, environ={}, started=started, stop=stop)

        try:
            asyncio.run(play())
        except BaseException as exc:  # noqa: BLE001  # handed to the thread that started this one
            self._error = exc
        finally:
            self._up.set()


class Picture:
    """A picture on this machine, which nobody may fetch for a caller."""

    def __init__(self) -> None:
        self.fetched = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.fetched += 1
                self.send_response(204)
                self.end_headers()

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}/picture.png"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class House:
    """What stands behind the gateway, and what it was told."""

    def __init__(self, gateway: Gateway, servers: Mapping[str, SimServer]) -> None:
        self.gateway = gateway
        self.servers = servers
        self.picture = Picture()
        self.heard: dict[str, list[Any]] = {client: [] for client in CLIENTS}
        """Responses of each SDK's connection, newest last."""
        self.drivers: dict[str, Driver] = {
            client: DRIVERS[client](gateway.address, hear=self.heard[client].append) for client in CLIENTS
        }

    def close(self) -> None:
        for driver in self.drivers.values():
            driver.close()
        self.picture.close()


class Pair:
    """One SDK before the gateway and one wire behind it: a `PairStage`."""

    def __init__(self, house: House, client: str, wire: str) -> None:
        self._house = house
        self.client = client
        self.wire = wire
        self.driver = house.drivers[client]
        self.vendor = house.servers[wire]
        self.model = f"{wire}/{ABLE[wire]}"
        self.thinker = f"{wire}/{THINKER[wire]}"
        self.secretive = f"{wire}/{SECRETIVE.get(wire, THINKER[wire])}"
        self.terse = f"{wire}/{TERSE.get(wire, ABLE[wire])}"
        self.twin = f"twin-{wire}"
        self.elsewhere = tuple(f"{other}/{THINKER[other]}" for other in WIRES if other != wire)
        self.hoarder = f"{wire}/hoarder"
        self.prices = PRICES
        self.picture = house.picture.address

    def sent(self) -> str:
        return self.vendor.seen[-1].body.decode()

    def asked(self) -> int:
        return self.vendor.state.requests

    def fetched(self) -> int:
        return self._house.picture.fetched

    def abandoned(self) -> int:
        return int(self.vendor.state.abandoned)

    def fails(self, fault: Fault | None) -> None:
        self.vendor.faults = Faults(always=fault)

    def headers(self) -> Mapping[str, str]:
        heard = self._house.heard[self.client]
        return heard[-1].headers if heard else {}

    def booked(self) -> Mapping[str, Any]:
        ledger = self._house.gateway.runtime.ledger
        assert ledger.flush()
        return dict(ledger.recent(1)[0])

    def eventually(self, check: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + _NOTICE_S
        while not check():
            assert time.monotonic() < end, f"did not happen: {what}"
            time.sleep(0.002)

    def well(self) -> None:
        """Nothing fails, nothing was heard."""
        if self.vendor.faults != Faults():
            self.vendor.faults = Faults()
        self._house.heard[self.client].clear()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with ExitStack() as stack:
        servers = {wire: stack.enter_context(SimServer(vendor(wire))) for wire in WIRES}
        spare = stack.enter_context(SimServer(_spare()))
        models: dict[str, ModelSettings] = {
            f"{wire}/{model.name}": ModelSettings(
                context=128_000, price=PRICE, capabilities=("text", "vision", "tools", "json_schema", "logprobs")
            )
            for wire, server in servers.items()
            for model in server.vendor.models
        }
        models |= {f"spare/{model.name}": model.settings() for model in spare.vendor.models}
        settings = Settings(
            providers={
                **{wire: provider(server, wire) for wire, server in servers.items()},
                "spare": spare.vendor.settings(spare.base_url, preset="openai-compatible"),
            },
            models=models,
            # Short pauses, and no memory of failures from one test to the next: rests are over at once.
            engine=EngineSettings(timeout_s=1.0, backoff_ms=1, rest_s=1e-6),
            server=ServerSettings(drain_s=1.0, port=0),
            store=f"sqlite:///{tmp_path_factory.mktemp('pairs')}/podium.db",
            discover=DiscoverSettings(environment=False, local=False),
            routing=RoutingSettings(low_confidence=0.0),  # which rung is asked is not what is tested here
        )
        gateway = stack.enter_context(Gateway(settings))
        built = House(gateway, {**servers, "spare": spare})
        stack.callback(built.close)
        yield built


@pytest.fixture
def pair(request: pytest.FixtureRequest, house: House) -> Iterator[Pair]:
    """By indirect parameter (client, wire)."""
    client, wire = request.param
    played = Pair(house, client, wire)
    played.well()
    yield played
    played.well()
