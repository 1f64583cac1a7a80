"""Runs a simulated vendor on a loopback port: in a background thread, or as a process's main job.

The listening socket is managed here rather than by uvicorn's own server, because a vendor that is down must refuse
connections on its port and come back on the same one.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from types import TracebackType
from typing import TYPE_CHECKING, Self

from podium.core.clock import Clock

from .app import SimApp
from .connection import TRANSPORT
from .faults import Faults
from .seen import Seen, SimState
from .vendor import SimVendor

if TYPE_CHECKING:
    from uvicorn.server import ServerState

_HOST = "127.0.0.1"
_START_S = 10.0
_REBIND_TRIES = 500


class Listener:
    """The app on a port, within a running loop. Open with `start`, close with `stop`, both on that loop."""

    def __init__(self, app: SimApp, *, port: int = 0) -> None:
        self._app = app
        self._socket = _bound(port)
        self.port: int = self._socket.getsockname()[1]
        self._server: asyncio.Server | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._turn = asyncio.Lock()
        self._stopping = False
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._make_protocol, self._state = _protocols(app, self._quiet)
        app.on_faults = self.follow_faults

    async def start(self) -> None:
        """Listen, unless the faults say otherwise."""
        await self.follow_faults()

    async def follow_faults(self) -> None:
        """Listen or refuse as the faults say now, and again when they next change."""
        async with self._turn:
            if self._stopping:
                return
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            refusing = self._app.faults.refusing(self._app.elapsed)
            if refusing and self._server is not None:
                await self._refuse()
            elif not refusing and self._server is None:
                loop = asyncio.get_running_loop()
                self._server = await loop.create_server(self._make_protocol, sock=self._socket)
            wait = self._app.faults.to_next_change(self._app.elapsed)
            if wait is not None:
                self._timer = asyncio.get_running_loop().call_later(wait, self._follow_soon)

    def _follow_soon(self) -> None:
        task = asyncio.ensure_future(self.follow_faults())
        self._state.tasks.add(task)
        task.add_done_callback(self._state.tasks.discard)

    async def _refuse(self) -> None:
        """Stop listening, hang up on everybody, and keep the port so that nobody else gets it."""
        assert self._server is not None  # the caller looked
        self._server.close()
        self._server = None
        for connection in list(self._state.connections):
            connection.transport.close()  # what was said is still delivered
        for _ in range(_REBIND_TRIES):
            try:
                self._socket = _bound(self.port)
                return
            except OSError:
                await asyncio.sleep(0.002)  # uvloop closes the old socket a turn or two later
        raise RuntimeError(f"Port {self.port} was taken by another program while the simulated vendor was down")

    async def stop(self) -> None:
        """Hang up, let the exchanges notice, and free the port."""
        async with self._turn:
            self._stopping = True
            if self._timer is not None:
                self._timer.cancel()
            if self._server is not None:
                self._server.close()
        await asyncio.sleep(0)  # a connection accepted a moment ago is made now
        for connection in list(self._state.connections):
            connection.transport.abort()
        await self._quiet.wait()
        if self._state.tasks:
            await asyncio.wait(set(self._state.tasks))
        self._socket.close()


def _bound(port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((_HOST, port))
    except OSError:
        sock.close()
        raise
    sock.setblocking(False)
    return sock


def _protocols(app: SimApp, quiet: asyncio.Event) -> tuple[Callable[[], asyncio.Protocol], ServerState]:
    """A factory of uvicorn's HTTP protocol for the app, and the state its connections share.

    `quiet` is set while there is no connection.
    """
    import uvicorn
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
    from uvicorn.server import ServerState

    class Protocol(HttpToolsProtocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn narrows it
            super().connection_made(transport)
            quiet.clear()

        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            if not self.connections:
                quiet.set()

        def on_message_begin(self) -> None:
            super().on_message_begin()
            self.scope["extensions"] = {TRANSPORT: self.transport}  # type: ignore[dict-item]  # an object, not a dict

    config = uvicorn.Config(
        app,
        http=Protocol,
        loop="none",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_keep_alive=75,
    )
    config.load()
    state = ServerState()
    state.default_headers = [(b"server", b"podium-sim")]
    return lambda: Protocol(config=config, server_state=state, app_state={}), state


def new_loop() -> asyncio.AbstractEventLoop:
    """uvloop's where it is installed: a simulated vendor should cost as little as possible."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


class SimServer:
    """A simulated vendor on a real port of this machine, for the length of a `with` or `async with` block.

        with SimServer(vendor) as server:
            client = openai.OpenAI(base_url=server.base_url, api_key="any")

    It has a thread and an event loop of its own, so callers may block or not as they please. `clock` replaces the
    clock of fault schedules and timestamps.
    """

    def __init__(self, vendor: SimVendor, *, port: int = 0, clock: Clock | None = None) -> None:
        self.vendor = vendor
        self.app = SimApp(vendor, clock=clock)
        """The ASGI app, usable by itself too."""
        self._port = port
        self._loop: asyncio.AbstractEventLoop | None = None
        self._listener: Listener | None = None
        self._thread: threading.Thread | None = None
        self._halt: asyncio.Event | None = None

    @property
    def base_url(self) -> str:
        """Where OpenAI's API lives, up to and including /v1."""
        return f"{self.root_url}/v1"

    @property
    def root_url(self) -> str:
        """Where every vendor's paths begin: the base URL for the SDKs of Anthropic, Google and Amazon."""
        return f"http://{_HOST}:{self.port}"

    @property
    def port(self) -> int:
        if self._listener is None:
            raise RuntimeError("The simulated vendor is not running; use it as a context manager or call start().")
        return self._listener.port

    @property
    def faults(self) -> Faults:
        """What goes wrong now. Assigning takes effect before the assignment returns; not to be done on the server's
        own loop."""
        return self.app.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        if self._loop is None or self._listener is None:
            self.app.faults = faults
            return
        asyncio.run_coroutine_threadsafe(self._set_faults(faults, self._listener), self._loop).result(_START_S)

    async def _set_faults(self, faults: Faults, listener: Listener) -> None:
        self.app.faults = faults
        await listener.follow_faults()

    @property
    def seen(self) -> tuple[Seen, ...]:
        """The latest chat requests, oldest first."""
        return tuple(self.app.seen)

    @property
    def state(self) -> SimState:
        """Counts since the start."""
        return self.app.state

    def start(self) -> Self:
        """Start serving; returns when connections are accepted."""
        self._spawn().result(_START_S)
        return self

    def stop(self) -> None:
        """Close everything. Idle and busy connections alike are cut."""
        self._signal()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        await asyncio.wrap_future(self._spawn())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()  # a few milliseconds, in which nobody could be served anyway

    def _spawn(self) -> Future[None]:
        if self._thread is not None:
            raise RuntimeError("The simulated vendor is already running.")
        ready: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, args=(ready,), name=f"sim-{self.vendor.name}", daemon=True)
        self._thread.start()
        return ready

    def _run(self, ready: Future[None]) -> None:
        loop = new_loop()
        try:
            loop.run_until_complete(self._serve(ready))
        finally:
            self._loop = self._listener = None
            loop.close()

    async def _serve(self, ready: Future[None]) -> None:
        self._halt = asyncio.Event()
        try:
            listener = Listener(self.app, port=self._port)
            await listener.start()
        except BaseException as exc:  # noqa: BLE001  # handed to the thread that waits for the start
            ready.set_exception(exc)
            return
        self._loop, self._listener = asyncio.get_running_loop(), listener
        ready.set_result(None)
        await self._halt.wait()
        await listener.stop()

    def _signal(self) -> None:
        loop, halt = self._loop, self._halt
        if loop is not None and halt is not None:
            loop.call_soon_threadsafe(halt.set)


async def serve(vendor: SimVendor, port: int, announce: Callable[[str], None], halted: asyncio.Event) -> None:
    """Serve on this loop until `halted`; `announce` gets the base URL once connections are accepted."""
    listener = Listener(SimApp(vendor), port=port)
    await listener.start()
    announce(f"http://{_HOST}:{listener.port}/v1")
    await halted.wait()
    await listener.stop()
