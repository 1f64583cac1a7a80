"""Settings that are promised and not built yet: known by name, so that they are not called misspelt."""

from __future__ import annotations

from msgspec import Struct

from podium.core.settings import RouteSettings, Settings

PLANNED_FIELDS: dict[tuple[type[Struct], str], str] = {
    (Settings, "budgets"): "Limit a single task with `require: {max_cost_usd: ...}` until then.",
    (RouteSettings, "cascade"): "Choose the tier in a rule with `use: {tier: ...}` until then.",
    (RouteSettings, "delivery"): "Answers are delivered as they come until then.",
}
"""(group, field) -> what to do meanwhile. A field that gets built leaves this table; a test sees to it."""

PLANNED_VALUES: dict[tuple[type[Struct], str], frozenset[str]] = {
    (RouteSettings, "failover"): frozenset({"hedged", "parallel", "predictive"}),
}
"""(group, field) -> values that will be allowed."""
