"""The root command: groups, version, and the one place where errors become words and exit codes."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from podium.core.errors import ConfigError, PodiumError, RequestError

from . import asking, configuring, costing, demonstrating, listing, providing, serving
from .output import print_error

_HELP = "Sends each piece of AI work to the cheapest model that does it well enough, and accounts for every cent."


def _version(wanted: bool) -> None:
    if wanted:
        from podium.core.version import VERSION

        typer.echo(VERSION)
        raise typer.Exit


def build() -> typer.Typer:
    """The command tree."""
    app = typer.Typer(help=_HELP, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

    @app.callback()
    def root(
        version: Annotated[
            bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
        ] = False,
    ) -> None:
        """Options before the command."""

    app.command("up")(serving.up)
    app.command("ask")(asking.ask)
    app.command("explain")(asking.explain)
    app.command("models")(listing.models)
    app.command("costs")(costing.costs)
    app.command("init")(configuring.init)
    app.command("demo")(demonstrating.demo)
    config = typer.Typer(help="Check podium.yaml, or print its JSON schema.", no_args_is_help=True)
    config.command("check")(configuring.check)
    config.command("schema")(configuring.schema)
    app.add_typer(config, name="config")
    app.add_typer(providing.build(), name="providers")
    return app


def run(arguments: Sequence[str]) -> int:
    """Run one command. Returns 0 (done), 1 (the work failed) or 2 (usage or configuration)."""
    try:
        build()(list(arguments), prog_name="podium")
    except SystemExit as stop:  # how the parser ends: 0, or 2 with the usage printed
        return stop.code if isinstance(stop.code, int) else 0
    except PodiumError as error:
        print_error(error)
        return 2 if isinstance(error, ConfigError | RequestError) else 1
    except KeyboardInterrupt:
        return 130
    except OSError as error:  # the output could not be written: a full disk, a reader that left
        with contextlib.suppress(OSError):
            sys.stderr.write(f"podium: cannot write the output: {error.strerror or error}\n")
        return 1
    return 0
