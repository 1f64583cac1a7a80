"""What there is, as JSON values: models in OpenAI's shape, deployments and providers in ours."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from podium.models.catalog import Deployment
from podium.models.providers import Account
from podium.runtime.assembly import Runtime


def model_entries(runtime: Runtime, started: datetime) -> list[dict[str, Any]]:
    """`auto`, every `auto/<route>`, every deployment, every plain model name: all that `model` may say."""
    created = int(started.timestamp())
    names: dict[str, str] = {"auto": "podium"}
    names |= {f"auto/{route}": "podium" for route in runtime.settings.routes if route != "default"}
    names |= {item.id: item.provider for item in runtime.catalog.deployments}
    for item in runtime.catalog.deployments:
        names.setdefault(item.card.name, item.card.vendor)
    return [{"id": name, "object": "model", "created": created, "owned_by": owner} for name, owner in names.items()]


def deployment_entry(item: Deployment, now: datetime) -> dict[str, Any]:
    """One deployment, with its price at this hour; a price that is not known is null."""
    rates = None if item.price is None else item.price.at(now)
    return {
        "id": item.id,
        "provider": item.provider,
        "model": item.model,
        "tier": item.tier,
        "locality": item.locality,
        "context": item.card.context,
        "max_output": item.card.max_output,
        "capabilities": sorted(item.card.capabilities),
        "strengths": sorted(item.card.strengths),
        "roles": sorted(item.card.roles),
        "price_usd_per_million": None if rates is None else {"input": rates.input, "output": rates.output},
        "expected_quality": item.card.expected_quality,
    }


def account_entry(account: Account) -> dict[str, Any]:
    """One provider; never its key."""
    return {
        "name": account.name,
        "preset": account.preset.name,
        "title": account.preset.title,
        "base_url": account.base_url,
        "locality": account.locality,
        "found": account.found,
        "usable": account.usable,
        "problem": account.problem,
    }
