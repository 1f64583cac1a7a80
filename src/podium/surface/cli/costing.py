"""`podium costs`."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from podium.surface.config import load_settings

from .options import AsJson, Config, moment
from .output import console, money, print_json, table


class By(StrEnum):
    """What costs can be told by."""

    TASK = "task"
    USER = "user"
    TEAM = "team"
    PROVIDER = "provider"
    MODEL = "model"


def costs(
    by: Annotated[By, typer.Option("--by", help="What to group by.")] = By.TASK,
    since: Annotated[str | None, typer.Option("--since", help="From this day or moment on.")] = None,
    until: Annotated[str | None, typer.Option("--until", help="Before this day or moment.")] = None,
    config: Config = None,
    json: AsJson = False,
) -> None:
    """Show what was spent, by task type, user, team, provider or model."""
    from podium.core.clock import SystemClock
    from podium.records.ledger.recorder import Ledger
    from podium.records.store import open_store

    settings = load_settings(config, environ=os.environ, cwd=Path.cwd()).settings
    clock = SystemClock()
    ledger = Ledger(open_store(settings.store, clock=clock), record_text=settings.record.text, clock=clock)
    try:
        rows = ledger.costs(by.value, since=moment(since, "--since"), until=moment(until, "--until"))
    finally:
        ledger.close()
    if json:
        print_json({"by": by.value, "rows": rows})
        return
    out = console()
    if not rows:
        out.print(f"Nothing recorded in {settings.store} yet. Send something through `podium up` or `podium ask`.")
        return
    cells = [
        (
            row.key or "(none)",
            f"{row.requests:,}",
            f"{row.failed:,}",
            f"{row.input:,}",
            f"{row.output:,}",
            f"{row.cached:,}",
            money(row.cost),
            f"{row.unpriced:,}" if row.unpriced else "",
            f"{row.mean_latency_ms:,.0f}",
        )
        for row in rows
    ]
    heads = (by.value, "requests", "failed", "tokens in", "tokens out", "cached", "cost", "unpriced", "mean ms")
    out.print(table("", heads, cells, right=range(1, 9)))
    if any(row.unpriced for row in rows):
        out.print(Text("unpriced: calls whose price is not known; they are not in the sums.", style="yellow"))
