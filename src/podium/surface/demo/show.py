"""The show: set the stage, send the traffic, print what was measured."""

from __future__ import annotations

import asyncio
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from podium.models.sim import CheckableTask, make_tasks

from .cast import STRONGEST, TIERS, cast
from .stage import Stage
from .tally import Tally, saving, tally
from .traffic import Sent, open_client, send_all

_FOLDER = Path(".podium/demo")
_LINE_EVERY_S = 3.0


def run_demo(*, tasks: int, seed: int, keep: bool, as_json: bool) -> int:
    """Run the demo; returns the exit code: 0, or 1 where no routed request was answered."""
    out = Console(stderr=as_json, highlight=False)
    if not out.is_terminal:
        out = Console(stderr=as_json, highlight=False, width=110)
    began = time.monotonic()
    work = make_tasks(seed, tasks)
    vendors = cast(seed)
    out.print(
        Text.assemble(
            ("The models are simulated ", "bold"),
            "(skill, price and speed are stated, answers are worked out and may be wrong).\n"
            "Everything else is real: HTTP, the gateway, the official SDK, the ledger, the outage.",
        )
    )
    with Stage(vendors, _FOLDER) as stage:
        sent = asyncio.run(_send(stage, work, out))
        strongest, routed = tally(sent, "strongest"), tally(sent, "routed")
        seconds = time.monotonic() - began
        if as_json:
            figures = {
                "strongest": strongest, "routed": routed, "saving": saving(strongest, routed),
                "seconds": seconds, "ledger": str(stage.ledger), "simulated_models": True,
            }  # fmt: skip
            sys.stdout.write(msgspec.json.format(msgspec.json.encode(figures)).decode() + "\n")
        else:
            _print(out, strongest, routed, broken=vendors[0].name, seconds=seconds)
            _print_next(out, stage)
        if keep:
            _wait(out, stage)
    return 0 if routed.failed < routed.requests else 1


async def _send(stage: Stage, work: tuple[CheckableTask, ...], out: Console) -> list[Sent]:
    client = open_client(stage.address)
    try:
        if out.is_terminal:
            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
            with Progress(*columns, console=out) as bar:
                line = bar.add_task(f"{len(work)} tasks, each to the strongest model and routed", total=2 * len(work))

                def broke() -> None:
                    _break(stage)
                    bar.console.print(f"  half-way: {stage.vendors[0].vendor.name} was killed")

                return await send_all(client, work, break_a_vendor=broke, progress=lambda: bar.advance(line))
        return await _send_quietly(client, stage, work, out)
    finally:
        await client.close()


async def _send_quietly(client: Any, stage: Stage, work: tuple[CheckableTask, ...], out: Console) -> list[Sent]:
    """No terminal: a line every few seconds instead of a bar."""
    total, done, said = 2 * len(work), 0, time.monotonic()

    def progress() -> None:
        nonlocal done, said
        done += 1
        if time.monotonic() - said >= _LINE_EVERY_S or done == total:
            said = time.monotonic()
            out.print(f"{done} of {total} requests")

    def broke() -> None:
        _break(stage)
        out.print(f"half-way: {stage.vendors[0].vendor.name} was killed")

    return await send_all(client, work, break_a_vendor=broke, progress=progress)


def _break(stage: Stage) -> None:
    stage.vendors[0].kill()


def _print(out: Console, strongest: Tally, routed: Tally, *, broken: str, seconds: float) -> None:
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("")
    table.add_column(f"always {STRONGEST}", justify="right")
    table.add_column("routed by Podium", justify="right")
    rows: list[tuple[str, Callable[[Tally], str]]] = [
        ("requests", lambda one: f"{one.requests}"),
        (f"failed requests ({broken} died half-way)", lambda one: f"{one.failed}"),
        ("taken over by another model", lambda one: f"{one.rescued}"),
        ("cost", lambda one: f"${one.cost_usd:.4f}"),
        ("cost of 1,000 answers", lambda one: f"${one.cost_per_thousand_usd:.2f}"),
        ("right answers, of those answered", lambda one: f"{one.correct:.1%}"),
        ("right answers, of all requests", lambda one: f"{one.useful:.1%}"),
        ("share per tier: " + " / ".join(TIERS.values()), _shares),
        ("latency p50 / p95", lambda one: f"{one.p50_ms:.0f} / {one.p95_ms:.0f} ms"),
    ]
    for name, show in rows:
        table.add_row(name, show(strongest), show(routed))
    out.print()
    out.print(table)
    out.print()
    out.print(
        Text.assemble(
            "Routing saved ",
            (f"{saving(strongest, routed):.0%}", "bold green"),
            f" of the cost of an answer; right answers {routed.correct:.1%} against {strongest.correct:.1%}. "
            f"({seconds:.0f} s)",
        )
    )


def _shares(one: Tally) -> str:
    return " / ".join(f"{share:.0%}" for share in one.tiers.values())


def _print_next(out: Console, stage: Stage) -> None:
    config = stage.config
    podium = _command()
    out.print()
    out.print(f"The ledger: {stage.ledger}. Ask it:")
    out.print(f"  {podium} costs --by user --config {config}")
    out.print("With your own keys, no configuration needed:")
    out.print("  export OPENAI_API_KEY=...   (or ANTHROPIC_API_KEY, GEMINI_API_KEY, or start Ollama)")
    out.print(f"  {podium} models               what is usable now")
    out.print(f'  {podium} explain "..."        which model a prompt would get, and why; no call is made')
    out.print(f'  {podium} up                   the gateway: base_url="http://127.0.0.1:4000/v1", model="auto"')


def _wait(out: Console, stage: Stage) -> None:
    stage.vendors[0].stop()
    out.print()
    out.print(f'Still running: base_url="{stage.address}/v1", model="auto". Ctrl-C stops everything.')
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    try:
        while not stop.wait(0.5):
            pass
    except KeyboardInterrupt:
        return


def _command() -> str:
    """How to call `podium` from this shell: by its name, or by its place in the environment that runs this."""
    if shutil.which("podium"):
        return "podium"
    here = Path(sys.executable).with_name("podium")
    return str(here.relative_to(Path.cwd()) if here.is_relative_to(Path.cwd()) else here)
