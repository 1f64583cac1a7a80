"""What every step of a request's life needs, in one frozen value handed from the engine to its steps."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from msgspec import Struct, field

from podium.core.clock import Clock
from podium.core.events import EventSink
from podium.core.ports import FileBringer, LedgerWriter, Provider
from podium.core.settings import EngineSettings
from podium.models.catalog import Deployment

from .health import HealthBoard
from .keepers import Keepers


class FindDeployment(Protocol):
    """Looks a deployment up by `provider/model`, unlisted ones included."""

    def __call__(self, deployment_id: str) -> Deployment | None: ...


class Parts(Struct, frozen=True, kw_only=True):
    """The engine's parts."""

    providers: Mapping[str, Provider]
    find_deployment: FindDeployment
    settings: EngineSettings
    timeouts: Mapping[str, float]
    """Seconds by provider, where it differs from `settings.timeout_s`."""
    health: HealthBoard
    ledger: LedgerWriter
    emit: EventSink
    clock: Clock
    random: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]
    keep_text: bool = False
    bringer: FileBringer | None = None
    """Without one, a provider that fetches no addresses itself cannot be given any."""
    keepers: Keepers = field(default_factory=Keepers)

    def provider_of(self, deployment: Deployment) -> Provider:
        return self.providers[deployment.provider]

    def timeout_of(self, deployment: Deployment) -> float:
        return self.timeouts.get(deployment.provider, self.settings.timeout_s)
