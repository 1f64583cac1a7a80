"""A gateway in a background thread: for tests and examples of programs that talk to one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from typing import Self

from msgspec.structs import replace

from podium.core.errors import PodiumError
from podium.core.settings import Settings
from podium.runtime.assembly import Runtime

from .serve import serve

_START_S = 30.0


class GatewayServer:
    """The real gateway on a port of its own choosing, for the length of a `with` block.

    `settings.server.port` is ignored. `environ` is where it looks for keys; by default nowhere. Entering raises what
    starting raises: ConfigError, StoreError.
    """

    def __init__(self, settings: Settings, *, environ: Mapping[str, str] | None = None) -> None:
        self._settings = replace(settings, server=replace(settings.server, host="127.0.0.1", port=0))
        self._environ = dict(environ or {})
        self.address = ""
        """`http://127.0.0.1:PORT`, once started."""
        self._up = threading.Event()
        self._stop: Callable[[], object] | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="podium-gateway", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._up.wait(_START_S):
            raise PodiumError(f"The gateway did not start within {_START_S:.0f} s.")
        if self._error is not None:
            self._thread.join()
            raise self._error
        return self

    def __exit__(self, *exc: object) -> None:
        if self._stop is not None:
            self._stop()
        self._thread.join()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as exc:  # noqa: BLE001  # handed to the thread that started this one
            self._error = exc
        finally:
            self._up.set()

    async def _serve(self) -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()

        def started(_runtime: Runtime, address: str) -> None:
            self.address = address
            self._stop = lambda: loop.call_soon_threadsafe(stop.set)
            self._up.set()

        await serve(self._settings, environ=self._environ, started=started, stop=stop)
