"""What there is, as JSON values: models in each API's shape, deployments and providers in ours.

Sources: the models pages of the API references of OpenAI, Anthropic and Google (Gemini API).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from podium.core.errors import InvalidRequest
from podium.models.catalog import Deployment
from podium.models.providers import Account
from podium.runtime.assembly import Runtime


def model_names(runtime: Runtime) -> dict[str, str]:
    """All that `model` may say, with its owner: `auto`, every `auto/<route>`, every deployment, every plain name."""
    names: dict[str, str] = {"auto": "podium"}
    names |= {f"auto/{route}": "podium" for route in runtime.settings.routes if route != "default"}
    names |= {item.id: item.provider for item in runtime.catalog.deployments}
    for item in runtime.catalog.deployments:
        names.setdefault(item.card.name, item.card.vendor)
    return names


def model_entries(runtime: Runtime, started: datetime) -> list[dict[str, Any]]:
    """In OpenAI's shape."""
    created = int(started.timestamp())
    return [
        {"id": name, "object": "model", "created": created, "owned_by": owner}
        for name, owner in model_names(runtime).items()
    ]


def anthropic_entries(runtime: Runtime, started: datetime) -> list[dict[str, Any]]:
    """In Anthropic's shape; a limit that is not known is null."""
    created = started.isoformat(timespec="seconds").replace("+00:00", "Z")
    items = _by_name(runtime)
    entries: list[dict[str, Any]] = []
    for name in model_names(runtime):
        card = items[name].card if name in items else None
        entries.append(
            {
                "type": "model",
                "id": name,
                "display_name": name,
                "created_at": created,
                "lifecycle": "active",
                "max_input_tokens": None if card is None else card.context,
                "max_tokens": None if card is None else card.max_output,
            }
        )
    return entries


_METHODS = ("generateContent", "streamGenerateContent", "countTokens")


def gemini_entries(runtime: Runtime) -> list[dict[str, Any]]:
    """In Gemini's shape; a limit that is not known is left out, as its clients know no null there."""
    items = _by_name(runtime)
    entries: list[dict[str, Any]] = []
    for name in model_names(runtime):
        entry: dict[str, Any] = {"name": f"models/{name}", "displayName": name, "version": "1"}
        card = items[name].card if name in items else None
        entry["supportedGenerationMethods"] = _METHODS if card is None or "text" in card.capabilities else ()
        if card is not None and card.context is not None:
            entry["inputTokenLimit"] = card.context
        if card is not None and card.max_output is not None:
            entry["outputTokenLimit"] = card.max_output
        entries.append(entry)
    return entries


def _by_name(runtime: Runtime) -> dict[str, Deployment]:
    """Each deployment by its identifier, and the first of each model by the model's plain name."""
    found: dict[str, Deployment] = {}
    for item in runtime.catalog.deployments:
        found[item.id] = item
        found.setdefault(item.card.name, item)
    return found


# --- pages ---------------------------------------------------------------------------------------------------------


def anthropic_page(entries: list[dict[str, Any]], query: Mapping[str, str]) -> dict[str, Any]:
    """One page, as `limit`, `after_id` and `before_id` ask for. Raises InvalidRequest."""
    ids = [entry["id"] for entry in entries]
    limit = _number(query, "limit") or len(entries)
    start, end = 0, len(entries)
    backwards = "before_id" in query and "after_id" not in query
    if backwards:
        end = _place(ids, query["before_id"], "before_id")
        start = max(0, end - limit)
        more = start > 0
    else:
        if "after_id" in query:
            start = _place(ids, query["after_id"], "after_id") + 1
        end = min(len(entries), start + limit)
        more = end < len(entries)
    page = entries[start:end]
    return {
        "data": page,
        "has_more": more,
        "first_id": page[0]["id"] if page else None,
        "last_id": page[-1]["id"] if page else None,
    }


def gemini_page(entries: list[dict[str, Any]], query: Mapping[str, str]) -> dict[str, Any]:
    """One page, as `pageSize` and `pageToken` ask for. Raises InvalidRequest."""
    size = _number(query, "pageSize") or len(entries)
    start = _number(query, "pageToken") or 0
    page: dict[str, Any] = {"models": entries[start : start + size]}
    if start + size < len(entries):
        page["nextPageToken"] = str(start + size)
    return page


def _place(ids: list[str], wanted: str, param: str) -> int:
    try:
        return ids.index(wanted)
    except ValueError:
        raise InvalidRequest(
            f"`{param}` names no model here: {wanted!r}.", remedy="Take it from an earlier page.", param=param
        ) from None


def _number(query: Mapping[str, str], name: str) -> int | None:
    given = query.get(name)
    if not given:
        return None
    if not (given.isascii() and given.isdigit()) or len(given) > 9:
        raise InvalidRequest(
            f"`{name}` is not a number: {given[:40]!r}.", remedy="Leave it out to get everything.", param=name
        )
    return int(given)


# --- ours ----------------------------------------------------------------------------------------------------------


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
        "awaits": account.awaits,
    }
