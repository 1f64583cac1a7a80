"""How results look: a table on a terminal, JSON when asked."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from podium.core.errors import PodiumError
from podium.core.usage import Money

_encoder = msgspec.json.Encoder(decimal_format="string")


def console(*, stderr: bool = False) -> Console:
    """A console that knows whether it writes to a terminal; wide enough not to fold tables that are piped."""
    shown = Console(stderr=stderr, highlight=False, soft_wrap=False)
    return shown if shown.is_terminal else Console(stderr=stderr, highlight=False, width=160)


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    text = msgspec.json.format(_encoder.encode(value), indent=2)
    sys.stdout.write(text.decode() + "\n")


def print_error(error: PodiumError) -> None:
    """What happened, and what to do."""
    out = console(stderr=True)
    text = Text()
    text.append("podium: ", style="bold red")
    text.append(str(error))
    out.print(text, soft_wrap=True)
    for reason in getattr(error, "reasons", ()):
        out.print(Text(f"  - {reason}", style="dim"), soft_wrap=True)
    for line in getattr(error, "tried", ()):
        out.print(Text(f"  - {line}", style="dim"), soft_wrap=True)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, right: Iterable[int] = ()) -> Table:
    """A table; `right` names the columns that hold figures."""
    figures = set(right)
    made = Table(title=title or None, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for place, name in enumerate(columns):
        made.add_column(name, justify="right" if place in figures else "left", overflow="fold")
    for row in rows:
        made.add_row(*(cell if isinstance(cell, Text) else Text(str(cell)) for cell in row))
    return made


def money(amount: Money | None) -> str:
    """Dollars, or the plain word where nobody knows."""
    return "unknown" if amount is None else str(amount)
