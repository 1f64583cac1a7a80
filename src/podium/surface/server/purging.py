"""Deletes kept answers that have expired: at the start, then about every hour, whether or not new ones are kept.

In slices: each is a transaction of its own, so whoever wants to write comes in between.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from podium.core.errors import StoreError

log = logging.getLogger("podium.server")

PURGE_EVERY_S: Final = 3600.0
_JITTER: Final = 0.1
"""Share by which a wait is longer or shorter, so that processes with a common store do not all come at once."""


class Purging:
    """The timer of one gateway."""

    def __init__(
        self,
        slice_: Callable[[], Awaitable[int]],
        *,
        sleep: Callable[[float], Awaitable[object]],
        random: Callable[[], float],
    ) -> None:
        """`slice_` deletes some and says how many, 0 once nothing is left; it may raise StoreError."""
        self._slice = slice_
        self._sleep = sleep
        self._random = random
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Purge now and from now on. Once; on the event loop."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        while True:
            try:
                await self._purge()
            except StoreError as error:
                log.warning("expired answers are not deleted yet, the next try is in about an hour: %s", error.message)
            await self._sleep(PURGE_EVERY_S * (1 - _JITTER + 2 * _JITTER * self._random()))

    async def _purge(self) -> None:
        gone = 0
        while some := await self._slice():
            gone += some
        if gone:
            log.info("deleted %d expired answers", gone)
