"""Small makers of deployments, tasks and profiles, so that a test states only what it is about."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from podium.core.settings import PrivacySettings, RouteSettings, RoutingSettings, Rule
from podium.core.tasks import Decision, Domain, Guess, Modality, Profile, Sensitivity, Task, TaskType
from podium.models.catalog import Card, Catalog, Deployment, Price, Rates
from podium.policies.routing import Router

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


class Make:
    """Makers with ordinary defaults: a text model of tier 1 in the cloud, a routine question in plain text."""

    now = NOON

    def price(self, input: str = "1", output: str = "2", **more: Any) -> Price:
        return Price(rates=Rates(input=Decimal(input), output=Decimal(output)), **more)

    def deployment(self, id: str, *, price: Price | str | None = "1", local: bool = False, **card: Any) -> Deployment:
        """`price` as a string is dollars for a million tokens of either kind."""
        provider, _, model = id.partition("/")
        listed = card.pop("listed", True)
        facts = {
            "name": model,
            "vendor": "acme",
            "family": "acme",
            "tier": 1,
            "context": 100_000,
            "capabilities": frozenset({"text"}),
            **card,
        }
        return Deployment(
            id=id,
            provider=provider,
            model=model,
            card=Card(**facts),
            price=self.price(price, price) if isinstance(price, str) else price,
            locality="local" if local else "cloud",
            listed=listed,
        )

    def task(self, model: str = "auto", **fields: Any) -> Task:
        return Task(id="tsk_1", messages=(), received_at=NOON, model=model, **fields)

    def profile(self, **fields: Any) -> Profile:
        """Plain values are taken as sure; a `Guess` says how sure."""
        facts: dict[str, Any] = {
            "task_type": TaskType.SIMPLE_QA,
            "complexity": 3,
            "domain": Domain.GENERAL,
            "modalities": (Modality.TEXT,),
            "language": "en",
            "sensitivity": Sensitivity.NONE,
        }
        plain = {"input_tokens": 1_000}
        for name, value in fields.items():
            (facts if name in facts else plain)[name] = value
        guesses = {name: value if isinstance(value, Guess) else Guess(value, 1.0) for name, value in facts.items()}
        return Profile(**guesses, **plain)

    def router(
        self,
        deployments: Iterable[Deployment],
        *rules: Rule,
        routes: dict[str, RouteSettings] | None = None,
        local_only: str = "confidential",
        **more: Any,
    ) -> Router:
        """`rules` become those of the default route."""
        return Router(
            catalog=Catalog(deployments),
            routes={"default": RouteSettings(rules=rules), **(routes or {})},
            routing=more.pop("routing", RoutingSettings()),
            privacy=PrivacySettings(local_only=local_only),  # type: ignore[arg-type]  # a test's string
            **more,
        )

    def decide(self, router: Router, task: Task | None = None, standing: Any = None, **profile: Any) -> Decision:
        return router.decide(task or self.task(), self.profile(**profile), now=NOON, standing=standing or {})

    def ids(self, decision: Decision) -> list[str]:
        """The candidates in order."""
        return [candidate.deployment for candidate in decision.candidates]


@pytest.fixture(scope="session")
def make() -> Make:
    return Make()
