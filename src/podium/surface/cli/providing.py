"""`podium providers` and `podium providers check`: who is set up, and whether each of them works."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from podium.models.providers import PRESETS, Account, Preset
from podium.surface.config import load_settings

from .options import AsJson, Config
from .output import console, money, print_json, table

if TYPE_CHECKING:
    from podium.runtime.checkup import Checked, PaidCall

_GOOD, _BAD, _OPEN = ("yes", "green"), ("no", "red"), ("?", "dim")


def build() -> typer.Typer:
    """The commands under `providers`; without one of them, the list."""
    app = typer.Typer(help="List providers, or check that they work.")
    app.callback(invoke_without_command=True)(providers)
    app.command("check")(check)
    return app


def providers(context: typer.Context, config: Config = None, json: AsJson = False) -> None:
    """List providers: those in use, and what the others would need."""
    if context.invoked_subcommand is not None:
        # What stands before the subcommand is meant for it.
        context.obj = (config, json)
        return
    settings = load_settings(config, environ=os.environ, cwd=Path.cwd()).settings
    from podium.runtime.assembly import survey
    from podium.runtime.latecomers import PATIENCE_S

    known = asyncio.run(survey(settings, environ=os.environ, patience_s=PATIENCE_S))
    used = {account.preset.name for account in known}
    free = [preset for preset in PRESETS.values() if preset.name not in used]
    if json:
        from podium.surface.server.listings import account_entry

        print_json({"providers": [account_entry(account) for account in known], "not_set_up": [p.name for p in free]})
        return
    out = console()
    rows: list[tuple[object, ...]] = [
        (
            account.name,
            _state(account),
            account.locality,
            account.found,
            account.base_url,
        )
        for account in known
    ]
    if rows:
        out.print(table("", ("provider", "state", "locality", "found in", "address"), rows))
        out.print()
    needs = [(preset.name, preset.title, _need(preset), preset.sign_up) for preset in free]
    out.print(table("", ("not set up", "", "needs", "keys at"), needs))
    if "bedrock" in {preset.name for preset in free} and os.environ.get("AWS_ACCESS_KEY_ID", "").strip():
        # AWS's keys open far more than models, so that they are there does not say they are meant for this.
        out.print(Text("\nAWS keys are here: add `bedrock: {}` under `providers` to use them for Amazon Bedrock."))


def _state(account: Account) -> Text:
    if account.problem is not None:
        return Text(account.problem, style="yellow")
    if account.awaits is not None:
        return Text(f"usable, but {account.awaits}", style="yellow")
    return Text("usable", style="green")


def _need(preset: Preset) -> str:
    if preset.port:
        return f"a server on port {' or '.join(map(str, (preset.port, *preset.other_ports)))}"
    needed = [" or ".join(preset.key_variables)] if preset.key_variables else []
    needed += [slot.variables[0] for slot in preset.slots if not slot.default]
    if preset.extra:
        needed.append(f'pip install "podium[{preset.extra}]"')
    return ", ".join(needed) or "base_url in podium.yaml"


def check(
    context: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(help="Providers to check; default: all that are set up.")] = None,
    paid: Annotated[
        bool, typer.Option("--paid", help="Also make one tiny call to the cheapest model of each, which costs money.")
    ] = False,
    config: Config = None,
    json: AsJson = False,
) -> None:
    """Ask each provider for its models, which is free: is it there, does it take the key? Exit code 1 if one fails.

    A ? says that something was not tried: some have no list, and some show theirs to everybody, whatever the key.
    """
    before = context.obj if isinstance(context.obj, tuple) else (None, False)
    settings = load_settings(config or before[0], environ=os.environ, cwd=Path.cwd()).settings
    from podium.runtime.checkup import check_providers

    found = asyncio.run(check_providers(settings, environ=os.environ, names=names or (), paid=paid))
    if json or before[1]:
        print_json({"providers": found})
    else:
        _show(found, paid=paid)
    if any(each.ok is False for each in found):
        raise typer.Exit(1)


def _show(found: Sequence[Checked], *, paid: bool) -> None:
    out = console()
    if not found:
        out.print("No provider is set up yet: `podium providers` says what each of them needs.")
        return
    heads = ["provider", "works", "reachable", "key taken", "models", "ms"]
    rows = [[*_cells(each), *([_paid(each.paid)] if paid else [])] for each in found]
    out.print(table("", [*heads, *(["paid call"] if paid else [])], rows, right=(4, 5)))
    for each in found:
        if each.problem:
            text = Text(f"\n{each.name}: ", style="bold")
            text.append(_told(each.problem, each.remedy), style="")
            out.print(text, soft_wrap=True)


def _told(problem: str, remedy: str) -> str:
    ended = problem if problem.endswith((".", "!", "?")) or not remedy else f"{problem}."
    return f"{ended} {remedy}".strip()


def _cells(each: Checked) -> list[object]:
    return [
        each.name,
        _mark(each.ok),
        _mark(each.reachable),
        _mark(each.credential),
        "" if each.models is None else each.models,
        "" if each.latency_ms is None else f"{each.latency_ms:.0f}",
    ]


def _mark(value: bool | None) -> Text:
    word, style = _OPEN if value is None else _GOOD if value else _BAD
    return Text(word, style=style)


def _paid(call: PaidCall | None) -> Text:
    if call is None:
        return Text("not made", style="dim")
    if not call.ok:
        return Text(f"{call.model} failed".strip(), style="red")
    return Text(f"{call.model}  {money(call.cost)}  {call.latency_ms:.0f} ms")
