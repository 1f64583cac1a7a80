"""Routes made ready: their rules looked up, their requirements as the task's own kind of value."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from podium.core.settings import RequireSettings, RouteSettings
from podium.core.tasks import NO_REQUIREMENTS, Requirements, TaskType

from .builtin import BUILTIN_RULES
from .naming import Naming
from .rules import ReadyRule, by_type, make_ready, prohibitions

DEFAULT_ROUTE = "default"


class Route(Struct, frozen=True, kw_only=True):
    """One route, ready to be used."""

    name: str
    rules: Mapping[TaskType, tuple[ReadyRule, ...]]
    """Those that may speak for a kind of work, in order: most rules are for a few kinds, and asking costs."""
    requirements: Requirements

    def requirements_with(self, task: Requirements) -> Requirements:
        """The stricter of each bound. The usual case, one side empty, costs nothing."""
        if self.requirements is NO_REQUIREMENTS:
            return task
        if task is NO_REQUIREMENTS:
            return self.requirements
        return self.requirements.tightened_by(task)


def ready_routes(settings: Mapping[str, RouteSettings], naming: Naming) -> dict[str, Route]:
    """Every route by name, `default` always among them.

    Raises ConfigError for a rule that names a model or provider that is not here.
    """
    builtin = make_ready(BUILTIN_RULES, naming=naming, where="builtin")
    return {
        name: _ready(name, each, naming, builtin) for name, each in {DEFAULT_ROUTE: RouteSettings(), **settings}.items()
    }


def route_for_named(default: Route) -> Route:
    """What holds for a caller who names a model: on no route, yet what the default route forbids stays forbidden.

    That is its `private` and its rules' `locality` and `deny`. Tiers, lists, roles and floors give way to the name.
    """
    return Route(
        name=default.name,
        rules={kind: prohibitions(rules) for kind, rules in default.rules.items()},
        requirements=Requirements(private=True) if default.requirements.private else NO_REQUIREMENTS,
    )


def _ready(name: str, settings: RouteSettings, naming: Naming, builtin: tuple[ReadyRule, ...]) -> Route:
    own = make_ready(settings.rules, naming=naming, where=f"routes.{name}.rules")
    return Route(
        name=name,
        rules=by_type((*own, *builtin) if settings.builtin_rules else own),
        requirements=_requirements(settings.require),
    )


def _requirements(settings: RequireSettings) -> Requirements:
    made = Requirements(
        min_quality=settings.min_quality,
        max_cost_usd=settings.max_cost_usd,
        max_latency_ms=settings.max_latency_ms,
        private=settings.private,
    )
    return NO_REQUIREMENTS if made == NO_REQUIREMENTS else made
