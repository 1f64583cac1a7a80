"""Podium for everybody else: the same, on a background event loop."""

from __future__ import annotations

import asyncio
import atexit
import threading
from collections.abc import Coroutine, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Self, TypeVar, Unpack

from podium.core.settings import Settings
from podium.core.tasks import Decision
from podium.records.ledger.costs import CostRow

from .answer import Answer
from .asking import Asked, Prompt
from .asynchronous import AsyncPodium

T = TypeVar("T")


class Podium:
    """Ask, explain, and see what it cost, from ordinary code and from any thread. Arguments as `AsyncPodium`.

    Close with `close()` or use `with`; a program that simply ends is closed properly too. Closed is closed: a call
    after that raises RuntimeError.
    """

    def __init__(
        self,
        config: str | Path | None = None,
        *,
        settings: Settings | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._async = AsyncPodium(config, settings=settings, environ=environ)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._closed = False

    @property
    def settings(self) -> Settings:
        return self._async.settings

    def ask(self, prompt: Prompt, **asked: Unpack[Asked]) -> Answer:
        """See `AsyncPodium.ask`."""
        return self._run(self._async.ask(prompt, **asked))

    def explain(self, prompt: Prompt, **asked: Unpack[Asked]) -> Decision:
        """See `AsyncPodium.explain`."""
        return self._run(self._async.explain(prompt, **asked))

    def costs(self, by: str = "task", *, since: datetime | None = None, until: datetime | None = None) -> list[CostRow]:
        """See `AsyncPodium.costs`."""
        return self._run(self._async.costs(by, since=since, until=until))

    def close(self) -> None:
        """Close connections, write what is still to be written, end the background thread. Safe to call twice.

        Calls under way in other threads are cancelled: they raise concurrent.futures.CancelledError.
        """
        with self._starting:
            self._closed = True
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is None or thread is None:
            return
        atexit.unregister(self.close)
        try:
            asyncio.run_coroutine_threadsafe(self._wind_up(loop), loop).result()
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()

    async def _wind_up(self, loop: asyncio.AbstractEventLoop) -> None:
        """On the loop: end what is under way, so that no thread waits for ever, then close and give threads back."""
        under_way = asyncio.all_tasks() - {asyncio.current_task()}
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        try:
            await self._async.aclose()
        finally:
            await loop.shutdown_asyncgens()
            await loop.shutdown_default_executor()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        try:
            with self._starting:  # `close` takes the same lock: nothing is handed to a loop that has been stopped
                future = asyncio.run_coroutine_threadsafe(work, self._running())
        except RuntimeError:
            work.close()
            raise
        try:
            return future.result()
        except BaseException:
            future.cancel()  # Ctrl-C in the thread that waits: the call must not go on, and cost, behind its back
            raise

    def _running(self) -> asyncio.AbstractEventLoop:
        """The loop, started at the first call. To be called under the lock."""
        if self._closed:
            raise RuntimeError("This Podium is closed. Make a new one, or close it later.")
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._loop.run_forever, name="podium", daemon=True)
            self._thread.start()
            atexit.register(self.close)
        return self._loop

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
