"""A running gateway for every test that wants one: real sockets on both sides, simulated vendors behind it.

The gateway runs as in production (`surface.server.serve`) in a thread of its own. Starting one costs a few tenths of
a second, so a module shares `house` and sets faults on its vendors; a test that needs other settings starts its own.
"""

from __future__ import annotations

import asyncio
import gc
import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from podium.core.settings import (
    DiscoverSettings,
    EngineSettings,
    ModelSettings,
    ProviderSettings,
    RoutingSettings,
    ServerSettings,
    Settings,
)
from podium.surface.server import serve
from podium.testing import Faults, SimModel, SimServer, SimVendor

_START_S = 15.0
_NOTICE_S = 8.0


class Heard:
    """What the gateway answered."""

    def __init__(self, answer: http.client.HTTPResponse) -> None:
        self.status = answer.status
        self.headers = {name.lower(): value for name, value in answer.getheaders()}
        self.content = answer.read()

    @property
    def text(self) -> str:
        return self.content.decode()

    def json(self) -> Any:
        return json.loads(self.content)

    @property
    def error(self) -> dict[str, Any]:
        """The error in OpenAI's shape; fails where there is none."""
        body = self.json()
        assert isinstance(body, dict), body
        error = body["error"]
        assert isinstance(error["message"], str), body
        assert error["message"]
        return dict(error)


class Running:
    """A gateway in a background thread, and the ways a test talks to it."""

    def __init__(self, settings: Settings, vendors: Mapping[str, SimServer], environ: Mapping[str, str]) -> None:
        self.settings = settings
        self.vendors = vendors
        self.runtime: Any = None
        self.address = ""
        self.error: BaseException | None = None
        self._environ = dict(environ)
        self._up = threading.Event()
        self._thread = threading.Thread(target=self._main, name="gateway-under-test", daemon=True)
        self._stop: Callable[[], None] = lambda: None

    def __enter__(self) -> Running:
        self._thread.start()
        assert self._up.wait(_START_S), "the gateway did not start in time"
        if self.error is not None:
            self._thread.join()
            raise self.error
        return self

    def __exit__(self, *_exc: object) -> None:
        """Stop it. A test may do so before its end; the second time changes nothing."""
        if not self._thread.is_alive() and self.error is None:
            return
        self._stop()
        self._thread.join(_START_S)
        gc.unfreeze()  # `serve` freezes what start-up built; here the process goes on and wants it collected
        assert not self._thread.is_alive(), "the gateway did not stop"
        if self.error is not None:
            raise self.error

    def _main(self) -> None:
        async def play() -> None:
            stop = asyncio.Event()
            loop = asyncio.get_running_loop()

            def started(runtime: Any, address: str) -> None:
                self.runtime, self.address = runtime, address
                self._stop = lambda: loop.call_soon_threadsafe(stop.set)
                self._up.set()

            await serve(self.settings, environ=self._environ, started=started, stop=stop)

        try:
            asyncio.run(play())
        except BaseException as exc:  # noqa: BLE001  # handed to the thread that started this one
            self.error = exc
        finally:
            self._up.set()

    # --- asking -----------------------------------------------------------------------------------------------------

    @property
    def base_url(self) -> str:
        return f"{self.address}/v1"

    def ask(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Heard:
        """One request on a connection of its own. An iterable body is sent in chunks."""
        connection = http.client.HTTPConnection(self.address.removeprefix("http://"), timeout=15)
        try:
            connection.request(method, path, body=body, headers=dict(headers or {}))
            return Heard(connection.getresponse())
        finally:
            connection.close()

    def get(self, path: str) -> Heard:
        return self.ask("GET", path)

    def post(self, body: Any, path: str = "/v1/chat/completions", headers: Mapping[str, str] | None = None) -> Heard:
        """POST JSON; bytes go as they are."""
        given = {"content-type": "application/json", **(headers or {})}
        content = json.dumps(body) if isinstance(body, dict | list) else body
        return self.ask("POST", path, content, given)

    def chat(self, text: str = "What is 17 + 25?", *, headers: Mapping[str, str] | None = None, **fields: Any) -> Heard:
        """POST a chat request."""
        return self.post({"model": "auto", "messages": [{"role": "user", "content": text}], **fields}, headers=headers)

    # --- what became of it ------------------------------------------------------------------------------------------

    def recorded(self, decision: str) -> dict[str, Any]:
        """The ledger's entry of a decision, once written."""
        assert self.runtime.ledger.flush()
        found = self.runtime.ledger.decision(decision)
        assert found is not None, f"{decision} is not in the ledger"
        return dict(found)

    def latest(self) -> dict[str, Any]:
        """The ledger's newest entry."""
        assert self.runtime.ledger.flush()
        return dict(self.runtime.ledger.recent(1)[0])

    def failures(self, decision: str) -> list[tuple[str, str | None]]:
        """(deployment, failure) of each attempt of a decision."""
        return [(call["deployment"], call["failure"]) for call in self.recorded(decision)["attempts"]]

    def seen(self) -> int:
        """Chat requests all vendors have seen."""
        return sum(vendor.state.requests for vendor in self.vendors.values())

    def abandoned(self) -> int:
        """Requests a vendor's caller left."""
        return sum(vendor.state.abandoned for vendor in self.vendors.values())


def eventually(check: Callable[[], bool], what: str) -> None:
    """Wait for something another thread or process does; no longer than it may take."""
    end = time.monotonic() + _NOTICE_S
    while not check():
        assert time.monotonic() < end, f"did not happen: {what}"
        time.sleep(0.005)


@pytest.fixture(name="eventually", scope="session")
def _eventually() -> Callable[[Callable[[], bool], str], None]:
    return eventually


def model(name: str, **fields: Any) -> SimModel:
    """A simulated model that is always right and answers at once."""
    given: dict[str, Any] = {"skill": 1.0, "price_in": Decimal("0.25"), "price_out": Decimal("1.25"), **fields}
    return SimModel(name=name, **given)


@pytest.fixture(name="model", scope="session")
def _model() -> Callable[..., SimModel]:
    return model


def two_vendors() -> tuple[SimVendor, SimVendor]:
    """North is cheaper, so it is asked first; its small model is blind."""

    def models(small: str, large: str, vision: bool) -> tuple[SimModel, ...]:
        return (
            model("pico", tier=1, vision=vision, price_in=Decimal(small), price_out=Decimal(small) * 5, context=32_000),
            model("grande", tier=3, price_in=Decimal(large), price_out=Decimal(large) * 5, context=200_000),
        )

    return (
        SimVendor(name="north", models=models("0.25", "3", False), seed=1, time_scale=0),
        SimVendor(name="south", models=models("0.31", "3.3", False), seed=2, time_scale=0, api_key="sk-south"),
    )


QUICK = EngineSettings(timeout_s=0.4, backoff_ms=1, rest_s=1e-6)
"""Short pauses, and no memory of failures from one test to the next: rests are over at once."""


def _base_url(server: SimServer, preset: str | None) -> str:
    """Where a preset's API begins at a simulated vendor."""
    return server.base_url.removesuffix("/v1") + "/v1beta" if preset == "google" else server.base_url


class Starter:
    """Starts gateways and vendors that end with the stack they belong to."""

    def __init__(self, stack: ExitStack, folder: Callable[[], Path]) -> None:
        self._stack = stack
        self._folder = folder

    def __call__(
        self,
        *vendors: SimVendor,
        engine: EngineSettings = QUICK,
        models: Mapping[str, ModelSettings] | None = None,
        local: tuple[str, ...] = (),
        more: Mapping[str, ProviderSettings] | None = None,
        environ: Mapping[str, str] | None = None,
        server: ServerSettings | None = None,
        presets: Mapping[str, str] | None = None,
        **settings: Any,
    ) -> Running:
        """A gateway over these vendors (default: `two_vendors`). `models` replaces what is said about single models,
        `local` names vendors on this machine, `presets` the preset of each vendor that is not OpenAI-compatible,
        `more` adds providers of the test's own, `settings` are further fields of Settings."""
        chosen = vendors or two_vendors()
        servers = {vendor.name: self._stack.enter_context(SimServer(vendor)) for vendor in chosen}
        known = {f"{vendor.name}/{each.name}": each.settings() for vendor in chosen for each in vendor.models}
        given: dict[str, Any] = {
            "providers": {
                name: server_.vendor.settings(
                    _base_url(server_, preset := (presets or {}).get(name)),
                    preset=preset,
                    locality="local" if name in local else None,
                )
                for name, server_ in servers.items()
            }
            | dict(more or {}),
            "models": known if models is None else {**known, **models},
            "engine": engine,
            "server": replace(server or ServerSettings(drain_s=1.0), port=0),
            "store": f"sqlite:///{self._folder()}/podium.db",
            "discover": DiscoverSettings(environment=False, local=False),
            "routing": RoutingSettings(low_confidence=0.0),  # which rung is asked is not what is tested here
            **settings,
        }
        return self._stack.enter_context(Running(Settings(**given), servers, environ or {}))


@pytest.fixture
def start_gateway(tmp_path: Path) -> Iterator[Starter]:
    """Starts gateways that end with the test."""
    with ExitStack() as stack:
        yield Starter(stack, lambda: tmp_path)


@pytest.fixture(scope="module")
def start_shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Starter]:
    """Starts gateways that end with the module."""
    with ExitStack() as stack:
        yield Starter(stack, lambda: tmp_path_factory.mktemp("shared"))


@pytest.fixture(scope="module")
def shared_house(start_shared: Starter) -> Running:
    """The module's gateway over `two_vendors`."""
    return start_shared()


@pytest.fixture
def house(shared_house: Running) -> Iterator[Running]:
    """The module's gateway over `two_vendors`, all well at the start of each test."""
    yield shared_house
    for vendor in shared_house.vendors.values():
        if vendor.faults != Faults():
            vendor.faults = Faults()


def events_of(body: str) -> list[Any]:
    """The data of a stream's events: JSON values, and `[DONE]` as it stands."""
    data = [line[6:] for line in body.splitlines() if line.startswith("data: ")]
    return [each if each == "[DONE]" else json.loads(each) for each in data]


@pytest.fixture(name="events_of", scope="session")
def _events_of() -> Callable[[str], list[Any]]:
    return events_of
