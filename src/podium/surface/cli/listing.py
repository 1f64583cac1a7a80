"""`podium models`: what there is, and what is usable now."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from podium.models.catalog import Card, Catalog, Deployment, PriceBook, load_cards
from podium.surface.config import load_settings

from .options import AsJson, Config, dollars
from .output import console, print_json, table

_SHORT = {"vision": "sight", "audio": "audio", "tools": "tools", "json_schema": "schema", "reasoning": "reasoning"}


def models(
    config: Config = None,
    everything: Annotated[bool, typer.Option("--all", "-a", help="Also the models no provider is set up for.")] = False,
    json: AsJson = False,
) -> None:
    """List models, with tier, price and abilities, and which are usable now."""
    settings = load_settings(config, environ=os.environ, cwd=Path.cwd()).settings
    from podium.runtime.assembly import catalog_of, survey

    now = datetime.now(UTC)
    known = asyncio.run(survey(settings, environ=os.environ))
    catalog = catalog_of(settings, known, PriceBook(), now)
    rest = _not_usable(catalog)
    if json:
        from podium.surface.server.listings import deployment_entry

        entries = [deployment_entry(item, now) for item in catalog.deployments]
        print_json({"usable": entries, "not_usable": [_card_entry(card) for card in rest]})
        return
    out = console()
    ordered = sorted(catalog.deployments, key=lambda item: (item.tier, item.provider, item.model))
    rows: list[tuple[object, ...]] = [_row(item, now) for item in ordered]
    heads = ("usable now", "tier", "context", "$ in", "$ out", "abilities", "good at", "where")
    if rows:
        out.print(table("", heads, rows, right=(1, 2, 3, 4)))
        out.print(Text("Prices are dollars for a million tokens; ? is unknown.", style="dim"))
    else:
        out.print(Text("No model is usable yet.", style="bold yellow"))
        out.print("Set a key (`podium providers` lists the variables), start Ollama or another local server,")
        out.print("or describe a provider in podium.yaml (`podium init`).")
    if everything or not rows:
        out.print()
        others = [
            (card.name, card.tier, f"{card.context:,}", _abilities(card), _ways(card))
            for card in sorted(rest, key=lambda card: (card.tier, card.vendor, card.name))
        ]
        out.print(table("", ("known, not usable", "tier", "context", "abilities", "served by"), others, right=(1, 2)))
    elif rest:
        out.print(Text(f"{len(rest)} more are known but not usable here: --all lists them.", style="dim"))


def _not_usable(catalog: Catalog) -> list[Card]:
    usable = {item.card.name for item in catalog.deployments}
    return [card for card in load_cards() if card.name not in usable]


def _row(item: Deployment, now: datetime) -> tuple[object, ...]:
    rates = None if item.price is None else item.price.at(now)
    return (
        item.id,
        item.tier,
        f"{item.card.context:,}",
        dollars(None if rates is None else rates.input),
        dollars(None if rates is None else rates.output),
        _abilities(item.card),
        ", ".join(sorted(item.card.strengths)),
        item.locality,
    )


def _abilities(card: Card) -> str:
    return " ".join(short for name, short in _SHORT.items() if name in card.capabilities)


def _ways(card: Card) -> str:
    ways = sorted(card.served)
    if card.match is not None:
        ways.append("a local server")
    return ", ".join(ways)


def _card_entry(card: Card) -> dict[str, Any]:
    return {
        "model": card.name,
        "vendor": card.vendor,
        "tier": card.tier,
        "context": card.context,
        "capabilities": sorted(card.capabilities),
        "strengths": sorted(card.strengths),
        "roles": sorted(card.roles),
        "served_by": sorted(card.served),
    }
