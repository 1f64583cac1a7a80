"""Deployments: a model at a provider, with everything a policy needs to know about it."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from msgspec import Struct

from podium.core.tasks import Locality, TaskType

from .cards import Card, Speed
from .prices import Price


class Deployment(Struct, frozen=True, kw_only=True):
    """A model at a provider: what a decision chooses and an attempt calls."""

    id: str
    """`provider/model`."""
    provider: str
    model: str
    """The model's name as this provider knows it."""
    card: Card
    price: Price | None
    """None where unknown; unknown is never free."""
    locality: Locality
    listed: bool = True
    """False for a model nobody described: named by the caller, taken on trust."""

    @property
    def tier(self) -> int:
        return self.card.tier

    @property
    def strengths(self) -> frozenset[TaskType]:
        return self.card.strengths

    @property
    def speed(self) -> Speed:
        return self.card.speed


class Catalog:
    """The deployments usable now, by identifier and by model name. Immutable after construction."""

    def __init__(self, deployments: Iterable[Deployment]) -> None:
        self.deployments: tuple[Deployment, ...] = tuple(deployments)
        self._by_id = {deployment.id: deployment for deployment in self.deployments}
        self._by_model: dict[str, tuple[Deployment, ...]] = {}
        for deployment in self.deployments:
            for name in {deployment.model, deployment.card.name, *deployment.card.aliases}:
                self._by_model[name] = (*self._by_model.get(name, ()), deployment)
        self.providers: frozenset[str] = frozenset(deployment.provider for deployment in self.deployments)

    def get(self, deployment_id: str) -> Deployment | None:
        """The deployment with exactly this `provider/model`."""
        return self._by_id.get(deployment_id)

    def named(self, model: str) -> tuple[Deployment, ...]:
        """Every deployment of a model, by its own name, its card's name or an alias."""
        return self._by_model.get(model, ())

    def like(self, name: str, limit: int = 3) -> list[str]:
        """Names close to a misspelt one, for an error's remedy."""
        known = [*self._by_id, *self._by_model]
        return get_close_matches(name, known, n=limit, cutoff=0.5)
