"""Who is still there: a caller that leaves ends the work done for it."""

from __future__ import annotations

import asyncio

from .asgi import Receive

_WATCH_AFTER_S = 0.05
"""A call that takes longer than this is watched for a caller that leaves; quicker ones are not worth the watcher."""


class Watch:
    """Cancels the serving task when its caller leaves; begins late, because most calls end before it matters."""

    __slots__ = ("_begin", "_receive", "_task", "_watcher", "left")

    def __init__(self, receive: Receive) -> None:
        self.left = False
        self._receive = receive
        self._task = asyncio.current_task()
        self._watcher: asyncio.Task[None] | None = None
        self._begin = asyncio.get_running_loop().call_later(_WATCH_AFTER_S, self._start)

    def _start(self) -> None:
        self._watcher = asyncio.ensure_future(self._wait())

    async def _wait(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.left = True
        if self._task is not None:
            self._task.cancel()

    def stop(self) -> None:
        self._begin.cancel()
        if self._watcher is not None:
            self._watcher.cancel()
