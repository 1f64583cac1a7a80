"""What was not there at start-up and comes later: lists that did not answer, local servers that were not running.

A provider whose models only its own list tells is of no use without it, and must not need a restart because it was
down for a moment. Its list is asked for again, with pauses that grow.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any, Protocol

from podium.core.errors import ProviderError
from podium.core.ports import ListedModel
from podium.models.providers import Account

log = logging.getLogger("podium")

PATIENCE_S = 3.0
"""What a start waits for lists: most come in a fraction of that, and who is slow must not keep the others waiting."""
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 300.0
LOOK_EVERY_S = 60.0
"""Between looks at the usual ports of local servers: a handful of connections to this machine."""

NO_ANSWER = "its list did not answer yet"
EMPTY = "it lists no models yet"


class Lists(Protocol):
    """A door that can be asked for its models."""

    async def list_models(self) -> tuple[ListedModel, ...]: ...


def pause_before(again: int, random: float, wanted_s: float | None = None) -> float:
    """Seconds to wait before asking for the `again`-th time more (0, 1, ...), a quarter more or less by `random`
    (0 to 1), so that many gateways do not ask in step. What the provider wanted (Retry-After) is the least, within
    `LONGEST_PAUSE_S`."""
    pause = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(again, 16)) * (0.75 + random / 2)
    return max(pause, min(wanted_s or 0.0, LONGEST_PAUSE_S))


class Latecomers:
    """Waits for lists and looks for servers, in tasks of the running loop that end with `aclose()`."""

    def __init__(
        self,
        *,
        doors: Mapping[str, Lists],
        sleep: Callable[[float], Awaitable[None]],
        random: Callable[[], float],
    ) -> None:
        """`doors` are the providers by name."""
        self._doors = doors
        self._sleep = sleep
        self._random = random
        self._first: dict[str, asyncio.Task[Account | float | None]] = {}
        self._known: dict[str, Account] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def first_lists(self, accounts: Sequence[Account]) -> tuple[Account, ...]:
        """The accounts with what those list that must be asked, as far as it came within `PATIENCE_S`; the others
        say what they wait for. `go_on` takes care of them."""
        self._known = {each.name: each for each in accounts if each.usable and each.lists_itself}
        self._first = {name: asyncio.create_task(self._ask(each)) for name, each in self._known.items()}
        if self._first:
            await self._within_patience()
        return tuple(self._so_far(account) for account in accounts)

    async def whole_lists(self, accounts: Sequence[Account]) -> tuple[Account, ...]:
        """The same after `first_lists`, with whatever became of those that took longer."""
        await asyncio.gather(*self._first.values())
        return tuple(self._so_far(account) for account in accounts)

    async def _within_patience(self) -> None:
        enough: asyncio.Future[Any] = asyncio.ensure_future(self._sleep(PATIENCE_S))
        waiting: set[asyncio.Future[Any]] = set(self._first.values())
        try:
            while waiting and not enough.done():
                _, rest = await asyncio.wait({*waiting, enough}, return_when=asyncio.FIRST_COMPLETED)
                waiting = rest - {enough}
        finally:
            enough.cancel()
        for name, task in self._first.items():
            if not task.done():
                log.warning("%s has not listed its models in %g s; they are taken in when it has", name, PATIENCE_S)

    def _so_far(self, account: Account) -> Account:
        task = self._first.get(account.name)
        if task is None:
            return account
        listed = task.result() if task.done() else None
        return listed if isinstance(listed, Account) else account.awaiting(NO_ANSWER)

    def go_on(
        self,
        take: Callable[[Account], object],
        *,
        look: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Ask on for the lists that did not come, and call `look` every `LOOK_EVERY_S` for new servers."""
        for name, task in self._first.items():
            listed = task.result() if task.done() else None
            if not isinstance(listed, Account) or listed.awaits:
                self._start(self._until_listed(self._known[name], task, take))
        if look is not None:
            self._start(self._keep_looking(look))

    async def _until_listed(
        self, account: Account, asked: asyncio.Task[Account | float | None], take: Callable[[Account], object]
    ) -> None:
        again = 0
        while True:
            found = await asked
            if isinstance(found, Account):
                if not found.awaits:
                    break
                if again == 0:
                    take(found)  # it is there and has no models yet: what it waits for is another thing now
            wanted = found if isinstance(found, float) else None
            await self._sleep(pause_before(again, self._random(), wanted))
            again += 1
            asked = asyncio.create_task(self._ask(account, again=again))
            self._first[account.name] = asked
        log.info("%s lists %d models now", account.name, len(found.listed))
        take(found)

    async def _ask(self, account: Account, *, again: int = 0) -> Account | float | None:
        """The account with its list, or the seconds it wants to be left alone, None where it does not say."""
        try:
            listed = await self._doors[account.name].list_models()
        except ProviderError as error:
            # Said once: what keeps failing is told by `podium providers`, not by a log that repeats itself.
            log.log(
                logging.WARNING if again == 0 else logging.DEBUG,
                "%s did not list its models (%s); it is asked again",
                account.name,
                error,
            )
            return error.retry_after_s
        return account.with_listed(listed) if listed else account.awaiting(EMPTY)

    async def _keep_looking(self, look: Callable[[], Awaitable[None]]) -> None:
        while True:
            await self._sleep(LOOK_EVERY_S)
            await look()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("no longer waiting for late lists or servers: %r", error, exc_info=error)

    async def aclose(self) -> None:
        """Stop asking. Before the doors are closed."""
        tasks: list[asyncio.Task[Any]] = [*self._tasks, *self._first.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


__all__ = [
    "EMPTY",
    "FIRST_PAUSE_S",
    "LONGEST_PAUSE_S",
    "LOOK_EVERY_S",
    "NO_ANSWER",
    "PATIENCE_S",
    "Latecomers",
    "pause_before",
]
