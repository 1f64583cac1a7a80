"""Answers that callers go on from by their identifier: recalled before a request, kept behind the answer.

Keeping waits for the disk, and nobody should wait for that: the answer goes out at once, and until it is written it is
recalled from memory. One thread writes, as the database takes one writer at a time.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import TypeVar

from podium.core.errors import StoreError
from podium.core.messages import Payload
from podium.core.tasks import Task
from podium.models.dialects import Incoming
from podium.models.dialects.openai_responses import Expanded, Keepable, expand, final_response, not_found, to_keep
from podium.records.responses import Kept
from podium.runtime.assembly import Runtime

log = logging.getLogger("podium.server")

T = TypeVar("T")

_MOST_WAITING = 256
"""Answers not yet written. Beyond that the database is too slow, and further answers are not kept, which is logged."""
_LONGEST_ID = 128
_PURGE_EVERY = timedelta(hours=1)


class Memory:
    """The kept answers of one gateway. Used on the event loop; `aclose` it before the store closes."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._store = runtime.responses
        self._clock = runtime.clock
        self._for = timedelta(hours=runtime.settings.record.responses_h)
        self._waiting: dict[str, Kept] = {}
        self._saves: set[asyncio.Task[None]] = set()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="podium-keeping")
        self._purge_at: datetime | None = None

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

    async def find(self, number: str, user: str | None = None) -> Kept | None:
        """A kept answer; None for one that another user's request made. Raises StoreError."""
        if len(number) > _LONGEST_ID or not number.isascii() or not number.isprintable():
            return None  # none of ours, and not every database takes it
        kept = self._waiting.get(number) or await self._in_thread(lambda: self._store.get(number))
        if kept is not None and kept.user is not None and user is not None and kept.user != user:
            return None
        return kept

    async def forget(self, number: str) -> bool:
        """False where there was none."""
        waited = self._waiting.pop(number, None) is not None  # its save, if already begun, comes before the deletion
        return await self._in_thread(lambda: self._store.delete(number)) or waited

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
        if task.payload is not None and (made := to_keep(task.payload, answer)) is not None:
            self._keep(made, task.payload, provider, task.user)

    def keep_stream(self, task: Task, closing: bytes, provider: str) -> None:
        """Keep a streamed answer, given the last of its bytes."""
        answer = final_response(closing)
        if answer is not None:
            self.keep(task, answer, provider)

    def _keep(self, made: Keepable, payload: Payload, provider: str, user: str | None) -> None:
        if len(self._waiting) >= _MOST_WAITING:
            log.warning("answer %s is not kept: %d others wait for the database", made.id, len(self._waiting))
            return
        now = self._clock.now()
        kept = Kept(
            id=made.id,
            items=made.items,
            body=made.body,
            provider=provider,
            dialect=payload.dialect,
            model=made.model,
            user=user,
            created_at=now,
            expires_at=now + self._for,
        )
        self._waiting[kept.id] = kept
        save = asyncio.get_running_loop().create_task(self._save(kept))
        self._saves.add(save)
        save.add_done_callback(self._saves.discard)

    async def _save(self, kept: Kept) -> None:
        try:
            if not await self._in_thread(lambda: self._write(kept)):
                log.warning("answer %s is not kept: its conversation is too long", kept.id)
        except StoreError as error:
            log.warning("answer %s is not kept: %s", kept.id, error)
        finally:
            if self._waiting.get(kept.id) is kept:
                del self._waiting[kept.id]

    def _write(self, kept: Kept) -> bool:
        if kept.id not in self._waiting:
            return True  # forgotten before it was written
        saved = self._store.save(kept.id, **{name: getattr(kept, name) for name in _SAVED})
        now = self._clock.now()
        if self._purge_at is None or now >= self._purge_at:
            self._purge_at = now + _PURGE_EVERY
            self._store.purge(now)
        return saved

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def aclose(self) -> None:
        """Write what waits."""
        if self._saves:
            await asyncio.wait(set(self._saves))
        self._thread.shutdown(wait=False)


_SAVED = tuple(name for name in Kept.__struct_fields__ if name != "id")
