"""The files behind one task's addresses: brought once, before any call, and never at a provider's expense.

A caller chooses the host. Were it asked inside a call, a host that dawdles would be a provider's failure, booked and
held against its health, and each candidate would ask it again.
"""

from __future__ import annotations

from collections.abc import Mapping

from podium.core.errors import FailureKind, InvalidRequest, ProviderError
from podium.core.ports import BroughtFile, Call
from podium.core.tasks import Task
from podium.models.catalog import Deployment

from .parts import Parts


class TaskFiles:
    """What stands at a task's addresses. Mutable, owned by one task."""

    __slots__ = ("_addresses", "_failed", "_parts", "_task", "brought")

    def __init__(self, parts: Parts, task: Task) -> None:
        self._parts = parts
        self._task = task
        self._addresses = () if parts.bringer is None else parts.bringer.addresses(task)
        self._failed: InvalidRequest | None = None
        self.brought: Mapping[str, BroughtFile] | None = None
        """None until a candidate wanted them."""

    def __bool__(self) -> bool:
        """Whether the task names any address."""
        return bool(self._addresses)

    async def hinder(self, deployment: Deployment, seconds_left: float | None) -> ProviderError | None:
        """Bring the files where this deployment's provider wants them and nobody did before; what keeps it from being
        called at all (NOT_CARRIED), or None. `seconds_left` until the deadline."""
        provider = self._parts.provider_of(deployment)
        call = Call(task=self._task, model=deployment.model, timeout_s=0.0, wire=deployment.wire_for(self._task))
        try:
            if self.brought is not None or not provider.wants_files(call):
                return None
        except ProviderError as error:
            return error
        if self._failed is None:
            await self._bring(seconds_left)
        if self._failed is None:
            return None
        return ProviderError(
            self._failed.message,
            kind=FailureKind.NOT_CARRIED,
            provider=provider.name,
            remedy=self._failed.remedy,
            http_status=400,
        )

    async def _bring(self, seconds_left: float | None) -> None:
        limit = self._parts.settings.timeout_s
        seconds = limit if seconds_left is None else min(limit, max(seconds_left, 0.001))
        assert self._parts.bringer is not None, "it found the addresses"
        try:
            self.brought = await self._parts.bringer.bring(self._addresses, seconds=seconds)
        except InvalidRequest as failed:
            self._failed = failed
