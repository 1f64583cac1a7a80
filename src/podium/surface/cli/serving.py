"""`podium up`."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec.structs import replace
from rich.text import Text

from podium.surface.config import load_settings

from .options import Config
from .output import console

if TYPE_CHECKING:
    from podium.runtime.assembly import Runtime


def up(
    config: Config = None,
    host: Annotated[str | None, typer.Option("--host", help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option("--port", "-p", help="Port to listen on.", min=0, max=65535)] = None,
    log_level: Annotated[str, typer.Option("--log-level", help="debug, info, warning or error.")] = "warning",
) -> None:
    """Start the gateway. Ctrl-C lets answers under way finish."""
    level = logging.getLevelNamesMapping().get(log_level.upper())
    if level is None:
        raise typer.BadParameter(f"{log_level!r} is not a log level", param_hint="--log-level")
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    settings = load_settings(config, environ=os.environ, cwd=Path.cwd()).settings
    server = settings.server
    server = replace(server, host=server.host if host is None else host, port=server.port if port is None else port)
    from podium.surface.server import run

    run(replace(settings, server=server), environ=os.environ, started=_greet)


def _greet(runtime: Runtime, address: str) -> None:
    out = console(stderr=True)
    out.print(Text(f"Podium listens on {address}", style="bold green"))
    for account in runtime.accounts:
        if account.problem is None:
            count = sum(1 for item in runtime.catalog.deployments if item.provider == account.name)
            late = f"; {account.awaits}" if account.awaits is not None else ""
            out.print(Text(f"  {account.name}: {count} models ({account.found}){late}"))
        else:
            out.print(Text(f"  {account.name}: left out: {account.problem}", style="yellow"))
    usable = bool(runtime.catalog.deployments)
    if not usable:
        out.print(
            Text(
                "  No model is usable yet, so every request fails. Set a key such as OPENAI_API_KEY or start a local"
                " model server, then start Podium again; `podium providers` lists what each provider needs.",
                style="yellow",
            )
        )
    out.print(Text(f"  ledger: {runtime.settings.store}"))
    model = ', model="auto"' if usable else ""
    # Google's SDK takes it as http_options' base_url. OpenAI's line stays the last: scripts wait for it.
    out.print(Text(f'  Anthropic clients: base_url="{address}"{model}'), soft_wrap=True)
    out.print(Text(f'  Gemini clients: base_url="{address}" (in http_options){model}'), soft_wrap=True)
    out.print(Text(f'  OpenAI clients: base_url="{address}/v1"{model}'), soft_wrap=True)
