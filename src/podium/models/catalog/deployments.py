"""Deployments: a model at a provider, with everything a policy needs to know about it."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from functools import cached_property

from msgspec import Struct

from podium.core.settings import Capability, ModelRole
from podium.core.tasks import Locality, Task, TaskType

from .cards import Card, Speed, undated
from .prices import Price


class Deployment(Struct, frozen=True, kw_only=True, dict=True):
    """A model at a provider: what a decision chooses and an attempt calls.

    What a decision reads of every candidate is looked up once and kept (`cached_property`).
    """

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
    wire: str | None = None
    """The dialect it must be asked in at this provider; None leaves it to the provider."""
    tool_wire: str | None = None
    """Likewise for requests that bring tools; None: as any other request."""

    def wire_for(self, task: Task) -> str | None:
        """The dialect this task must be asked in here; None leaves it to the provider."""
        return self.tool_wire if self.tool_wire is not None and task.options.tools else self.wire

    @cached_property
    def tier(self) -> int:
        return self.card.tier

    @cached_property
    def context(self) -> int:
        """Tokens, question and answer together."""
        return self.card.context

    @cached_property
    def capabilities(self) -> frozenset[Capability]:
        return self.card.capabilities

    @cached_property
    def strengths(self) -> frozenset[TaskType]:
        return self.card.strengths

    @cached_property
    def roles(self) -> frozenset[ModelRole]:
        return self.card.roles

    @cached_property
    def quality(self) -> float:
        """Prior share of right answers on work of middling complexity."""
        return self.card.expected_quality

    @cached_property
    def speed(self) -> Speed:
        return self.card.speed

    @cached_property
    def names(self) -> frozenset[str]:
        """Every name this deployment answers to besides its identifier."""
        return frozenset({self.model, self.card.name, *self.card.aliases})


class Catalog:
    """The deployments usable now, by identifier and by model name. Immutable after construction.

    Where two deployments have the same identifier, the first stays.
    """

    def __init__(self, deployments: Iterable[Deployment]) -> None:
        self._by_id: dict[str, Deployment] = {}
        for deployment in deployments:
            self._by_id.setdefault(deployment.id, deployment)
        self.deployments: tuple[Deployment, ...] = tuple(self._by_id.values())
        self._by_model: dict[str, tuple[Deployment, ...]] = {}
        for deployment in self.deployments:
            for name in deployment.names:
                self._by_model[name] = (*self._by_model.get(name, ()), deployment)
        self.providers: frozenset[str] = frozenset(deployment.provider for deployment in self.deployments)

    def get(self, deployment_id: str) -> Deployment | None:
        """The deployment with exactly this `provider/model`."""
        return self._by_id.get(deployment_id)

    def named(self, model: str) -> tuple[Deployment, ...]:
        """Every deployment of a model, by its own name, its card's name or an alias."""
        return self._by_model.get(model, ())

    def undated(self, model: str) -> str | None:
        """The name a dated one (`gpt-4o-mini-2024-07-18`) can be taken as; None where it is known itself, has no date
        or means nothing without it either."""
        bare = undated(model)
        return bare if bare != model and model not in self._by_model and bare in self._by_model else None

    def like(self, name: str, limit: int = 3) -> list[str]:
        """Names close to a misspelt one, for an error's remedy."""
        return get_close_matches(name, [*self._by_id, *self._by_model], n=limit, cutoff=0.5)
