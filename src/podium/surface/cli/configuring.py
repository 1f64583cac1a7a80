"""`podium init`, `podium config check`, `podium config schema`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from podium.core.errors import ConfigError
from podium.surface.config import commented_config, config_schema, load_settings

from .options import AsJson, Config
from .output import console, print_json


def init(
    path: Annotated[Path, typer.Argument(help="Where to write it.")] = Path("podium.yaml"),
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists.")] = False,
) -> None:
    """Write a commented podium.yaml; everything in it is optional."""
    if path.exists() and not force:
        raise ConfigError(f"{path} exists already", remedy="Give another path, or --force to replace it.")
    try:
        path.write_text(commented_config(), encoding="utf-8")
    except OSError as exc:
        raise ConfigError(f"cannot write {path}: {exc.strerror}", remedy="Give a path you may write to.") from exc
    console().print(f"Wrote {path}. Check it after editing with: podium config check {path}")


def check(
    path: Annotated[Path | None, typer.Argument(help="The file; default: the usual places.")] = None,
    config: Config = None,
    json: AsJson = False,
) -> None:
    """Check a configuration; each error names the line, the field and the remedy."""
    loaded = load_settings(path or config, environ=os.environ, cwd=Path.cwd())
    if json:
        source = None if loaded.source is None else str(loaded.source)
        print_json({"ok": True, "source": source, "warnings": loaded.warnings})
        return
    out = console()
    for warning in loaded.warnings:
        out.print(Text(f"! {warning}", style="yellow"), soft_wrap=True)
    settings = loaded.settings
    where = loaded.source or "no file: defaults and the environment"
    out.print(
        f"{where}: fine ({len(settings.providers)} providers, {len(settings.models)} models,"
        f" {len(settings.routes)} routes)"
    )


def schema() -> None:
    """Print the JSON schema of podium.yaml, for editors."""
    print_json(config_schema())
