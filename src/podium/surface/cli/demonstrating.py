"""`podium demo`."""

from __future__ import annotations

from typing import Annotated

import typer

from .options import AsJson


def demo(
    tasks: Annotated[int, typer.Option("--tasks", "-n", help="How many tasks to send.", min=20, max=5000)] = 300,
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same tasks and answers.")] = 7,
    keep: Annotated[bool, typer.Option("--keep", help="Leave everything running to look around.")] = False,
    json: AsJson = False,
) -> None:
    """Route some hundreds of tasks over simulated vendors, break one half-way, and show what it saved."""
    from podium.surface.demo import run_demo

    raise typer.Exit(run_demo(tasks=tasks, seed=seed, keep=keep, as_json=json))
