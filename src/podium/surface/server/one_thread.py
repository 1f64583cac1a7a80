"""A thread of one's own for waiting: work given to it is done in order, and the event loop goes on meanwhile.

Not the standard library's pool: the interpreter waits for that one's threads when it ends, so a database that does not
answer would hold up the end of the process, and Ctrl-C there is a traceback.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import TypeVar

T = TypeVar("T")


class OneThread:
    """Started with its first piece of work. `close` it; what is then running is left to itself."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    async def do(self, work: Callable[[], T]) -> T:
        """What `work` returns or raises, once its turn has come. Cancelled before that, it is never begun."""
        done: Future[T] = Future()

        def job() -> None:
            if not done.set_running_or_notify_cancel():
                return
            try:
                done.set_result(work())
            except BaseException as error:  # noqa: BLE001  # handed to whoever waits for it
                done.set_exception(error)

        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()
        self._jobs.put(job)
        return await asyncio.wrap_future(done)

    def close(self) -> None:
        """End after what has been given already."""
        self._jobs.put(None)

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
            del job  # or what it holds would live until the next
