"""The process: bind, serve, drain. One worker; scale out by processes that share a store."""

from __future__ import annotations

import asyncio
import errno
import gc
import ipaddress
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn

from podium.core.errors import ConfigError
from podium.core.ports import Environment
from podium.core.settings import Settings
from podium.runtime.assembly import Runtime, assemble

from .app import Gateway

log = logging.getLogger("podium.server")

_SETTLE_S = 2.0
"""What answers cut off by a stop get to say so, to caller and ledger."""


def bind(host: str, port: int) -> socket.socket:
    """A listening socket. Raises ConfigError with the remedy where the address cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # By its number: asyncio switches Nagle's delay off only for sockets that say they are TCP. With it, every answer
    # on a connection kept alive waits 40 ms for the client's acknowledgement.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except (OSError, OverflowError) as exc:
        listener.close()
        elsewhere = getattr(exc, "errno", None) == errno.EADDRNOTAVAIL
        raise ConfigError(
            f"cannot listen on {host}:{port}: {getattr(exc, 'strerror', None) or exc}",
            remedy="This machine does not have that address: choose another with --host, or server.host in podium.yaml."
            if elsewhere
            else "Is another Podium running there? Choose another with --port, or server.port in podium.yaml.",
            field="server.host" if elsewhere else "server.port",
        ) from exc
    listener.listen(2048)
    return listener


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class _Server(uvicorn.Server):
    """Ends at a signal without dying of it: raised again, as uvicorn does, it would end us with an undrained ledger."""

    closing: asyncio.Task[None] | None = None
    """What the next signal cuts short."""

    @contextmanager
    def signals(self) -> Iterator[None]:
        """Hear signals, to the very end: given back before the ledger is closed, the next one would lose entries."""
        if threading.current_thread() is not threading.main_thread():
            yield  # signals belong to the main thread; whoever runs us elsewhere stops us
            return
        loop = asyncio.get_running_loop()

        def heard(number: int, frame: FrameType | None) -> None:
            self.handle_exit(number, frame)
            if self.closing is not None:
                loop.call_soon_threadsafe(self.closing.cancel)

        before = {number: signal.signal(number, heard) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # `signals` has them, from before until after


async def serve(
    settings: Settings,
    *,
    environ: Environment,
    started: Callable[[Runtime, str], None] | None = None,
    stop: asyncio.Event | None = None,
) -> None:
    """Serve until SIGINT, SIGTERM or `stop`, then let answers under way finish and drain the ledger.

    `started` is told the runtime and the address once requests are taken. Signals are only heard in a process's main
    thread; `stop` ends a gateway that runs inside something else. Raises ConfigError and StoreError.
    """
    listener = bind(settings.server.host, settings.server.port)
    try:
        runtime = await assemble(settings, environ=environ)
    except BaseException:
        listener.close()
        raise
    if not is_loopback(settings.server.host):
        log.warning(
            "listening on %s without asking for a key: whoever reaches this address spends your money",
            settings.server.host,
        )
    gateway = Gateway(runtime)
    config = uvicorn.Config(
        gateway,
        http="httptools",
        lifespan="off",
        proxy_headers=False,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=int(settings.server.drain_s),
        limit_concurrency=None,
    )
    server = _Server(config)
    halt = None if stop is None else asyncio.ensure_future(_exit_on(stop, server))
    with server.signals():
        try:
            gateway.start()
            if started is not None:
                host, port = listener.getsockname()[:2]
                started(runtime, f"http://{f'[{host}]' if ':' in host else host}:{port}")
            await server.serve(sockets=[listener])
            # Those the server cut off have yet to settle, and their entries belong in the ledger before it closes.
            if server.server_state.tasks:
                await asyncio.wait(server.server_state.tasks, timeout=_SETTLE_S)
        finally:
            if halt is not None:
                halt.cancel()
            listener.close()
            try:
                await _finish(gateway, server)
            finally:
                await runtime.aclose()


async def _finish(gateway: Gateway, server: _Server) -> None:
    """Let the gateway finish; a signal meanwhile, or a second one before, ends that."""
    server.closing = asyncio.ensure_future(gateway.aclose())
    if server.force_exit:
        asyncio.get_running_loop().call_soon(server.closing.cancel)
    try:
        await server.closing
    except asyncio.CancelledError:
        if (here := asyncio.current_task()) is not None and here.cancelling():
            raise
    finally:
        server.closing = None


async def _exit_on(stop: asyncio.Event, server: uvicorn.Server) -> None:
    await stop.wait()
    server.should_exit = True


def _yield_less() -> None:
    """Ask the kernel not to interrupt one of our threads whenever another wakes (Linux; elsewhere nothing).

    The HTTP client's thread wakes for every answer and waits for the interpreter; without this each wake-up costs two
    changes of thread and the processor's caches. Threads made later inherit it. No privilege is needed.
    """
    if hasattr(os, "SCHED_BATCH"):
        try:
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        except OSError as exc:  # a sandbox may forbid it; it is only a matter of speed
            log.debug("batch scheduling is not available here: %s", exc)


def run(settings: Settings, *, environ: Environment, started: Callable[[Runtime, str], None] | None = None) -> None:
    """`serve` on the quickest event loop there is."""
    _yield_less()
    try:
        import uvloop
    except ImportError:  # not made for this platform
        loop_factory = None
    else:
        loop_factory = uvloop.new_event_loop

    def begun(runtime: Runtime, address: str) -> None:
        # What start-up built lives as long as the process: the collector need not look at it again.
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)
        if started is not None:
            started(runtime, address)

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(serve(settings, environ=environ, started=begun))
