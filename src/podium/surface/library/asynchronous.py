"""Podium for asyncio programs."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Self, Unpack

from podium.core.settings import Settings
from podium.core.tasks import Decision, Source
from podium.records.ledger.costs import CostRow
from podium.runtime.assembly import Runtime, assemble
from podium.surface.config import load_settings

from .answer import Answer
from .asking import Asked, Prompt, task_from


class AsyncPodium:
    """Ask, explain, and see what it cost. Opened at the first call, or by `async with`; close with `aclose()`.

    `config` is a path to `podium.yaml`; without one the usual places are looked at, and no file at all is fine.
    `settings` given outright replaces any file. `environ` replaces the process's environment. Closed is closed: a call
    after that raises RuntimeError.
    """

    def __init__(
        self,
        config: str | Path | None = None,
        *,
        settings: Settings | None = None,
        environ: Mapping[str, str] | None = None,
        source: Source = "library",
    ) -> None:
        self._environ = os.environ if environ is None else environ
        self._source: Source = source
        self.settings = (
            settings
            if settings is not None
            else load_settings(None if config is None else Path(config), environ=self._environ, cwd=Path.cwd()).settings
        )
        self._runtime: Runtime | None = None
        self._opening = asyncio.Lock()
        self._closed = False

    async def runtime(self) -> Runtime:
        """The engine behind it, built at the first call. Raises ConfigError, StoreError; RuntimeError once closed."""
        if self._runtime is None:
            async with self._opening:
                if self._closed:
                    raise RuntimeError("This Podium is closed. Make a new one, or close it later.")
                if self._runtime is None:
                    self._runtime = await assemble(self.settings, environ=self._environ)
        return self._runtime

    async def ask(self, prompt: Prompt, **asked: Unpack[Asked]) -> Answer:
        """An answer by the cheapest model that fits.

        `prompt` is a question, or messages (ours, or dictionaries in the OpenAI shape). Raises InvalidRequest,
        UnknownModel, RequirementsNotMet, ProviderError, AllAttemptsFailed.
        """
        runtime = await self.runtime()
        task = task_from(prompt, settings=self.settings, now=runtime.clock.now(), source=self._source, **asked)
        return Answer.of(await runtime.engine.complete(task))

    async def explain(self, prompt: Prompt, **asked: Unpack[Asked]) -> Decision:
        """The decision `ask` would follow; no call is made and nothing recorded. Raises as `ask` before its calls."""
        runtime = await self.runtime()
        task = task_from(prompt, settings=self.settings, now=runtime.clock.now(), source=self._source, **asked)
        return runtime.engine.explain(task)

    async def costs(
        self, by: str = "task", *, since: datetime | None = None, until: datetime | None = None
    ) -> list[CostRow]:
        """What was spent, by `task`, `user`, `team`, `provider` or `model`; what this process did included."""
        runtime = await self.runtime()
        await asyncio.to_thread(runtime.ledger.flush)
        return await asyncio.to_thread(runtime.ledger.costs, by, since=since, until=until)

    async def aclose(self) -> None:
        """Close connections and write what is still to be written. Safe to call twice."""
        async with self._opening:  # what is being opened is closed as well
            self._closed = True
            runtime, self._runtime = self._runtime, None
        if runtime is not None:
            await runtime.aclose()

    async def __aenter__(self) -> Self:
        await self.runtime()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose()
