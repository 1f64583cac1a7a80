"""Answers that callers go on from by their identifier: recalled before a request, kept behind the answer.

Keeping waits for the disk, and nobody should wait for that: the answer goes out at once, and until it is written it is
recalled from memory. One thread writes, as the database takes one writer at a time; another reads, so that recalling
waits for no writer. What waits to be written is bounded in number and size: beyond that answers are lost, never held.

An answer belongs to the user whose request made it, and without one to those who name none. Until callers have keys,
the user is whoever the caller says.
"""

from __future__ import annotations

import asyncio
import logging
import random as _random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

from podium.core.clock import Clock
from podium.core.errors import StoreError
from podium.core.tasks import Decision, Sensitivity, Task
from podium.models.dialects import Incoming
from podium.models.dialects.openai_responses import Expanded, Keepable, expand, final_response, not_found, to_keep
from podium.records.responses import LARGEST_BYTES, Kept
from podium.runtime.assembly import Runtime

from .one_thread import OneThread
from .purging import Purging

log = logging.getLogger("podium.server")

MOST_WAITING: Final = 256
MOST_WAITING_BYTES: Final = 64 * 1024 * 1024
"""Answers not yet written: how many, and how much text. Beyond that the database is too slow."""
STOP_S: Final = 5.0
"""What a stop waits for all of them together."""
_LONGEST_ID: Final = 128
_SAY_EVERY_S: Final = 10.0

_Name = tuple[str, str]
"""Owner and identifier; the owner is empty where no user was named."""


def withheld(task: Task, decision: Decision) -> str | None:
    """Why an answer must not be kept, for its caller; None where it may be."""
    level = decision.profile.sensitivity.value
    if task.sensitivity is not None and task.sensitivity.rank > level.rank:
        level = task.sensitivity
    if level.rank < Sensitivity.CONFIDENTIAL.rank:
        return None
    return f"this answer is not kept because the conversation is {level}: previous_response_id cannot go on from it"


class Memory:
    """The kept answers of one gateway. Used on the event loop; `aclose` it before the store closes."""

    def __init__(
        self,
        runtime: Runtime,
        *,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        random: Callable[[], float] = _random.random,
    ) -> None:
        self._runtime = runtime
        self._store = runtime.responses
        self._clock = runtime.clock
        self._for = timedelta(hours=runtime.settings.record.responses_h)
        self._waiting: dict[_Name, Kept] = {}
        self._waiting_bytes = 0
        self._saves: set[asyncio.Task[None]] = set()
        self._losses = _Losses(runtime.clock)
        self._writer = OneThread("podium-keeping")
        self._reader = OneThread("podium-recalling")
        self._purging = Purging(self._purge_some, sleep=sleep, random=random)

    def start(self) -> None:
        """Begin to delete what has expired, which goes on until `aclose`, also where nothing is kept any more."""
        self._purging.start()

    @property
    def keeps(self) -> bool:
        """Whether answers are kept at all (`record.responses_h`)."""
        return bool(self._for)

    # --- recalling -------------------------------------------------------------------------------------------------

    async def expanded(self, incoming: Incoming, user: str | None) -> Expanded:
        """A request with the conversation it goes on from. Raises InvalidRequest where that is not kept."""
        assert incoming.previous is not None, "the request goes on from nothing"
        kept = await self.find(incoming.previous, user)
        if kept is None:
            raise not_found(incoming.previous)
        reachable = self._reaches(incoming.model, kept.provider)
        return expand(incoming, items=kept.items, body=kept.body, provider=kept.provider, reachable=reachable)

    async def find(self, number: str, user: str | None) -> Kept | None:
        """The user's kept answer; None for anybody else's too. Raises StoreError."""
        if not _is_identifier(number):
            return None
        waiting = self._waiting.get((user or "", number))
        return waiting or await self._reader.do(lambda: self._store.get(number, user))

    async def forget(self, number: str, user: str | None) -> bool:
        """False where the user had none of that name."""
        waited = self._waiting.pop((user or "", number), None) is not None
        # A save that has begun comes before the deletion.
        return await self._writer.do(lambda: self._store.delete(number, user)) or waited

    def _reaches(self, model: str, provider: str) -> bool:
        """Whether a request for this model may be served by the provider that gave the earlier answer."""
        providers = self._runtime.providers
        name = model.strip()
        if provider not in providers:
            return False
        if not name or name.partition("/")[0] == "auto":
            return True
        if name.partition("/")[0] in providers:
            return name.partition("/")[0] == provider
        deployments = self._runtime.catalog.deployments
        return any(item.provider == provider and name in (item.model, item.card.name) for item in deployments)

    # --- keeping ---------------------------------------------------------------------------------------------------

    def keep(self, task: Task, answer: bytes, provider: str) -> None:
        """Keep a whole answer: the response object as the caller gets it."""
        payload = task.payload
        if payload is None:
            return
        if not self._has_room(task.id, len(answer) + len(payload.fields.get("input", b""))):
            return  # before anything of that size is copied
        made = to_keep(payload, answer)
        if made is not None and _is_identifier(made.id):
            self._keep(made, task, payload.dialect, provider)

    def keep_stream(self, task: Task, closing: bytes, provider: str) -> None:
        """Keep a streamed answer, given the last of its bytes."""
        answer = final_response(closing)
        if answer is not None:
            self.keep(task, answer, provider)

    def _has_room(self, number: str, size: int) -> bool:
        if size > LARGEST_BYTES:
            self._losses.say(number, _TOO_LONG)
        elif len(self._waiting) >= MOST_WAITING or self._waiting_bytes + size > MOST_WAITING_BYTES:
            self._losses.say(number, f"{len(self._waiting)} others wait for the database")
        else:
            return True
        return False

    def _keep(self, made: Keepable, task: Task, dialect: str, provider: str) -> None:
        now = self._clock.now()
        kept = Kept(
            id=made.id,
            items=made.items,
            body=made.body,
            provider=provider,
            dialect=dialect,
            model=made.model,
            user=task.user or None,
            created_at=now,
            expires_at=now + self._for,
        )
        self._waiting[_name(kept)] = kept
        self._waiting_bytes += _size(kept)
        save = asyncio.get_running_loop().create_task(self._save(kept, task.id))
        self._saves.add(save)
        save.add_done_callback(self._saves.discard)

    async def _save(self, kept: Kept, number: str) -> None:
        try:
            if not await self._writer.do(lambda: self._write(kept)):
                self._losses.say(number, _TOO_LONG)
        except StoreError as error:
            self._losses.say(number, error.message)  # not its remedy, which speaks of the ledger: nothing comes later
        finally:
            self._waiting_bytes -= _size(kept)
            if self._waiting.get(_name(kept)) is kept:
                del self._waiting[_name(kept)]

    def _write(self, kept: Kept) -> bool:
        if self._waiting.get(_name(kept)) is not kept:
            return True  # forgotten, or replaced, before it was written
        return self._store.save(kept.id, **{name: getattr(kept, name) for name in _SAVED})

    async def _purge_some(self) -> int:
        return await self._writer.do(lambda: self._store.purge(self._clock.now()))

    # --- the end ---------------------------------------------------------------------------------------------------

    async def aclose(self, within_s: float = STOP_S) -> None:
        """Write what waits, `within_s` seconds at most; cancelled, at once. What is not written then is lost."""
        self._purging.stop()
        self._losses.say_rest()
        before = self._losses.count
        try:
            if self._saves:
                await asyncio.wait(set(self._saves), timeout=within_s)
        finally:
            lost = self._losses.count - before + len(self._waiting)
            self._waiting.clear()  # so that the thread begins none of them
            for save in self._saves:
                save.cancel()
            self._writer.close()
            self._reader.close()
            if lost:
                log.warning(
                    "%d answers were not written before the stop: no conversation can go on from them by their id", lost
                )


class _Losses:
    """Says which answers are not kept, but not each of hundreds when one thing holds all of them up."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._silent_until = 0.0
        self.count = 0
        """All so far."""
        self._untold = 0

    def say(self, number: str, why: str) -> None:
        """One more is lost: the answer to the request of this number."""
        self.count += 1
        self._untold += 1
        now = self._clock.monotonic()
        if now < self._silent_until:
            return
        self._silent_until = now + _SAY_EVERY_S
        log.warning("the answer to %s is not kept: %s", number, why)
        self._untold -= 1
        self.say_rest()

    def say_rest(self) -> None:
        """How many no message has told of."""
        if self._untold:
            log.warning("%d more answers were not kept in the meantime", self._untold)
        self._untold = 0


_TOO_LONG: Final = "its conversation is too long"
_SAVED = tuple(name for name in Kept.__struct_fields__ if name != "id")


def _name(kept: Kept) -> _Name:
    return kept.user or "", kept.id


def _size(kept: Kept) -> int:
    return len(kept.items) + len(kept.body)


def _is_identifier(number: str) -> bool:
    """Whether it can be one of ours or a provider's; not every database takes everything."""
    return len(number) <= _LONGEST_ID and number.isascii() and number.isprintable()
