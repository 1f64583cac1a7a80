"""The ledger: takes settled tasks on the serving path in microseconds, writes them from a thread of its own.

Entries wait in memory for at most `linger_s` and go to the database in batches. While the database is locked, full
or away they stay in memory; after `patience_s`, or beyond `max_pending`, they go to a journal file beside the
database, which is written back when the database returns or at the next start. A process killed without warning
therefore loses what is in memory at that moment: some milliseconds of entries, at worst `patience_s` of an outage.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from datetime import datetime
from itertools import islice
from typing import Any

from msgspec import Struct

from podium.core.clock import Clock
from podium.core.tasks import Outcome
from podium.records.store.faults import driver_words, refuses_row, store_error
from podium.records.store.open import Store

from . import queries
from .batches import BatchWriter
from .costs import CostRow
from .entries import Entry, entry_of, scrubbed, text_size
from .journal import Journal

_log = logging.getLogger(__name__)


class Limits(Struct, frozen=True, kw_only=True):
    """How much the ledger holds and how long it waits."""

    batch: int = 500
    """Entries a transaction, and the number that ends the linger early."""
    linger_s: float = 0.05
    """How long the first entry of a batch waits for others."""
    max_pending: int = 10_000
    """Entries in memory; about 2 kB each, so 20 MB. Beyond it they go to the journal."""
    max_pending_text: int = 64 * 1024 * 1024
    """Characters of recorded question and answer in memory; beyond it entries go to the journal."""
    patience_s: float = 2.0
    """How long the database may be away before what waits in memory goes to the journal."""
    first_retry_s: float = 0.05
    last_retry_s: float = 5.0
    """Pauses between tries while the database is away: doubling from the first to the last."""


class Ledger:
    """The record of decisions, attempts and money in one store. A `LedgerWriter`, safe to use from several threads."""

    def __init__(
        self, store: Store, *, record_text: bool, clock: Clock | None = None, limits: Limits | None = None
    ) -> None:
        self._store = store
        self._record_text = record_text
        self._clock = clock or store.clock
        self._limits = limits or Limits()
        self._writer = BatchWriter(store)
        self._journal = None if store.journal_base is None else Journal(store.journal_base)
        self._queue: deque[Entry] = deque()
        self._text = 0  # characters of text in the queue
        self._changed = threading.Condition()
        self._flushes = 0
        self._closing = False
        self._thread: threading.Thread | None = None
        self._away_since: float | None = None
        self._retry_s = self._limits.first_retry_s
        self.lost = 0
        """Entries neither memory, journal nor database could take. Each is also logged as an error."""
        left_over = self._journal.adopt() if self._journal is not None else 0
        if left_over:
            _log.info("The ledger %s has %d journalled entries to write back.", store.address.shown, left_over)
            with self._changed:
                self._start()

    # --- the serving side ---------------------------------------------------------------------------------------

    def record(self, outcome: Outcome) -> None:
        """Take a settled task. Costs microseconds, never waits for the database, never raises."""
        try:
            entry = entry_of(outcome, record_text=self._record_text)
            with self._changed:
                text = text_size(entry) if self._record_text else 0
                if self._has_room(text):
                    self._queue.append(entry)
                    self._text += text
                    if self._thread is None:
                        self._start()
                    waiting = len(self._queue)
                    if waiting == 1 or waiting == self._limits.batch:
                        self._changed.notify_all()
                    return
            self._spill([entry])
        except Exception:  # noqa: BLE001  # the port's promise: a bug here must not fail a request that was served
            self.lost += 1
            _log.exception("The ledger could not take the decision %s; it is not recorded.", outcome.decision.id)

    @property
    def pending(self) -> int:
        """Entries not yet in the database, in memory and in the journal."""
        with self._changed:
            return self._pending()

    def flush(self, timeout: float = 10.0) -> bool:
        """Wait until everything recorded so far is in the database; False if `timeout` seconds did not suffice."""
        with self._changed:
            if self._pending() and self._thread is None:
                self._start()
            self._flushes += 1
            self._changed.notify_all()
            try:
                return self._changed.wait_for(lambda: not self._pending(), timeout)
            finally:
                self._flushes -= 1

    def close(self, timeout: float = 10.0) -> None:
        """Write what is pending, at most `timeout` seconds, and close the store.

        What the database does not take in time goes to the journal, for the next start to write.
        """
        with self._changed:
            self._closing = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(timeout)
            if thread.is_alive():
                _log.warning(
                    "The ledger's last write is taking more than %s s; what waits goes to the journal.", timeout
                )
        with self._changed:
            rest = list(self._queue)
            self._queue.clear()
        if rest:
            self._spill(rest)
        if self._journal is not None and (thread is None or not thread.is_alive()):
            self._journal.close()
        self._store.close()

    # --- questions ----------------------------------------------------------------------------------------------

    def costs(self, by: str, since: datetime | None = None, until: datetime | None = None) -> list[CostRow]:
        """The bill over written tasks that came in at `since <= at < until`. Raises ValueError, StoreError."""
        return queries.costs(self._store, by, since, until)

    def decision(self, decision_id: str) -> dict[str, Any] | None:
        """One written decision with its attempts; None for an unknown identifier. Raises StoreError."""
        return queries.decision(self._store, decision_id)

    def recent(self, limit: int = 20, *, user: str | None = None, team: str | None = None) -> list[dict[str, Any]]:
        """The latest written decisions, newest first, of everybody or of one user or team. Raises StoreError."""
        return queries.recent(self._store, limit, user=user, team=team)

    # --- the writer's side --------------------------------------------------------------------------------------

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="podium-ledger", daemon=True)
        self._thread.start()

    def _pending(self) -> int:
        return len(self._queue) + (0 if self._journal is None else self._journal.waiting)

    def _has_room(self, text: int) -> bool:
        if self._journal is None:
            return True  # the database is in memory too, so a bound here would bound nothing
        if len(self._queue) >= self._limits.max_pending or self._closing:
            return False
        return not text or self._text + text <= self._limits.max_pending_text

    def _drop(self, count: int) -> None:
        """Take the oldest entries off the queue: they are safe elsewhere. `close` may have emptied it before."""
        for _ in range(min(count, len(self._queue))):
            entry = self._queue.popleft()
            if self._record_text:
                self._text -= text_size(entry)

    def _run(self) -> None:
        while self._await_work():
            try:
                batch, from_journal = self._next_batch()
                done = not batch or self._write(batch)
                if batch and done:
                    self._confirm(len(batch), from_journal)
            except OSError as exc:  # the journal's disk is full or gone: as with the database, wait and try again
                done = self._went_away(exc)
            if not done and self._pause():
                return

    def _await_work(self) -> bool:
        """Wait for entries, then for company. False when closing and done."""
        with self._changed:
            self._changed.wait_for(lambda: self._pending() or self._closing)
            if not self._pending():
                return False
            self._changed.wait_for(
                lambda: len(self._queue) >= self._limits.batch or self._hurried(), self._limits.linger_s
            )
            return True

    def _hurried(self) -> bool:
        return bool(self._closing or self._flushes or (self._journal is not None and self._journal.waiting))

    def _next_batch(self) -> tuple[list[Entry], bool]:
        with self._changed:
            batch = list(islice(self._queue, self._limits.batch))
        if batch or self._journal is None:
            return batch, False
        return self._journal.take(self._limits.batch), True

    def _confirm(self, written: int, from_journal: bool) -> None:
        if from_journal and self._journal is not None:
            self._journal.written()
        with self._changed:
            if not from_journal:
                self._drop(written)
            self._changed.notify_all()

    def _write(self, batch: list[Entry]) -> bool:
        """Write a batch; False where the database is away. A row it refuses does not hold up the others."""
        try:
            self._writer.write(batch)
        except Exception as exc:  # noqa: BLE001  # the thread must outlive any fault; every branch below reports it
            if refuses_row(exc):
                return self._write_singly(batch)
            return self._went_away(exc)
        self._came_back()
        return True

    def _write_singly(self, batch: list[Entry]) -> bool:
        for entry in batch:
            try:
                self._writer.write([scrubbed(entry)])
            except Exception as exc:  # noqa: BLE001  # as above: reported by both branches
                if not refuses_row(exc):
                    return self._went_away(exc)
                self._refuse(entry, exc)
        self._came_back()
        return True

    def _refuse(self, entry: Entry, exc: Exception) -> None:
        self.lost += 1
        kept = "nowhere"
        if self._journal is not None:
            try:
                kept = str(self._journal.refuse(scrubbed(entry)))
            except OSError as failure:
                kept = f"nowhere ({failure})"
        _log.error("The database refuses the decision %s (%s); it is kept in %s.", entry[0][0], driver_words(exc), kept)

    def _went_away(self, exc: Exception) -> bool:
        now = self._clock.monotonic()
        if self._away_since is None:
            self._away_since = now
            _log.warning("%s Entries are kept meanwhile.", store_error(exc, self._store.address, "recording"))
        elif now - self._away_since >= self._limits.patience_s:
            with self._changed:
                waiting = list(self._queue)
            if waiting and self._journal is not None and self._spill(waiting, keep=True):
                with self._changed:
                    self._drop(len(waiting))
        return False

    def _came_back(self) -> None:
        if self._away_since is not None:
            away = self._clock.monotonic() - self._away_since
            _log.info("The database %s is back after %.1f s.", self._store.address.shown, away)
            self._away_since = None
        self._retry_s = self._limits.first_retry_s

    def _pause(self) -> bool:
        """Wait before the next try. True when the ledger is closing: what waits is then the journal's."""
        with self._changed:
            if not self._closing:
                self._changed.wait_for(lambda: self._closing, self._retry_s)
                self._retry_s = min(self._limits.last_retry_s, self._retry_s * 2)
                return False
            return True

    def _spill(self, entries: list[Entry], *, keep: bool = False) -> bool:
        """Put entries into the journal. Where that fails they are lost, unless the caller can `keep` them."""
        try:
            if self._journal is None:
                raise OSError("a ledger in memory has no journal")
            self._journal.append(entries)
        except (OSError, UnicodeError) as exc:
            if not keep:
                self.lost += len(entries)
                _log.error(
                    "%d ledger entries are lost: neither database nor journal took them (%s).", len(entries), exc
                )
            return False
        with self._changed:
            if self._thread is None and not self._closing:
                self._start()
            self._changed.notify_all()
        return True
