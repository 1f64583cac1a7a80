"""Writes docs/dialects.md from what the pair suite declares and plays.

    python tests/conformance/dialects/table.py docs/dialects.md

A test fails while the page differs from what this makes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "sdk_scenarios"))
sys.path.insert(0, str(Path(__file__).parent))
from gaps import CLIENTS, GAPS, LACKS, NEEDS, WIRES, Gap
from rules import RULES
from sdk_list import DRIVERS
from sdk_pairs import every_scenario

COMMAND = "python tests/conformance/dialects/table.py docs/dialects.md"
_HEAD = f"""\
# Dialects

<!-- Generated: {COMMAND} -->

Every client below works against every provider wire below. A request whose provider speaks its own dialect is
forwarded with the model's name changed; any other is translated through Podium's canonical form. What cannot be
carried is refused with an error in the caller's dialect, or reported in the answer's `x-podium-warnings` header: it is
never dropped in silence.

This page is written by the suite that proves it, `tests/conformance/dialects`: each scenario at the end of this page
is played by each vendor's official, unmodified SDK over real sockets, through one gateway, to a simulated vendor that
is spoken to in one wire and checks what the real one checks (roles, results that belong to calls, signatures of
reasoning). A gap declared here must really be there, whole and streamed, or the suite fails.

No live vendor has been tried: the wires are those of the vendors' references and SDKs.
"""
_THEN = {
    "refused": "refused, status 400 to 499",
    "reported": "left out, and reported",
    "absent": "nothing to carry",
}


def page() -> str:
    """The whole page."""
    numbers = _numbers()
    parts = [_HEAD, _pairs(numbers), _gaps(numbers), _clients(), _rules(), _scenarios()]
    return "\n".join(parts)


def _numbers() -> dict[tuple[str, str, str], int]:
    """Gaps of one need and reason share a number, in the order they are declared."""
    numbers: dict[tuple[str, str, str], int] = {}
    for gap in GAPS:
        numbers.setdefault(_key(gap), len(numbers) + 1)
    return numbers


def _key(gap: Gap) -> tuple[str, str, str]:
    return gap.need, gap.how, gap.reason


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |\n"


def _pairs(numbers: dict[tuple[str, str, str], int]) -> str:
    lines = [
        "## Every pair\n\n",
        "Rows are what a client speaks, columns what the provider is spoken to in. ✓: every scenario the client's API\n"
        "can ask for; numbers: all but these.\n\n",
        _row(["client \\ provider", *(f"`{wire}`" for wire in WIRES)]),
        _row(["---"] * (len(WIRES) + 1)),
    ]
    for client in CLIENTS:
        cells = [f"`{client}` ({DRIVERS[client].name})"]  # type: ignore[attr-defined]  # each is a class with a name
        for wire in WIRES:
            met = sorted(
                {
                    numbers[_key(gap)]
                    for gap in GAPS
                    if gap.wire == wire and client in gap.clients and gap.need not in LACKS[client]
                }
            )
            cells.append("✓ but " + ", ".join(map(str, met)) if met else "✓")
        lines.append(_row(cells))
    return "".join(lines)


def _gaps(numbers: dict[tuple[str, str, str], int]) -> str:
    lines = [
        "## What a wire cannot carry, and what happens then\n\n",
        _row(["", "what", "wire", "then", "why"]),
        _row(["---"] * 5),
    ]
    for key, number in numbers.items():
        alike = [gap for gap in GAPS if _key(gap) == key]
        need, how, reason = key
        wires = ", ".join(f"`{gap.wire}`{_whose(gap)}" for gap in alike)
        lines.append(_row([str(number), NEEDS[need], wires, _THEN[how], reason]))
    return "".join(lines)


def _whose(gap: Gap) -> str:
    """For which clients, where not for all that can ask for it."""
    able = tuple(client for client in CLIENTS if gap.need not in LACKS[client])
    met = tuple(client for client in able if client in gap.clients)
    return "" if met == able else " from " + ", ".join(f"`{client}`" for client in met)


def _clients() -> str:
    lines = [
        "## What a client API has no word for\n\n",
        "Checked against the SDK's own signatures. `openai-chat` has a word for nearly everything\n"
        "here: what its reference lacks (reasoning shown and sent back, cache marks) goes in fields that OpenRouter\n"
        "publishes.\n\n",
        _row(["client", "what", "why"]),
        _row(["---"] * 3),
    ]
    lines += [
        _row([f"`{client}`", NEEDS[need], missing.reason])
        for client, lacks in LACKS.items()
        for need, missing in lacks.items()
    ]
    return "".join(lines)


def _rules() -> str:
    lines = [
        "## The wire rules, and what holds Podium to them\n\n",
        "What is said in italics is a scenario of every pair; the rest are the dialects' own tests, whose case tables\n"
        "also feed every stream one byte at a time.\n\n",
        _row(["", "rule", "held by"]),
        _row(["---"] * 3),
    ]
    for number, rule in enumerate(RULES, 1):
        held = [f"*{name}*" for name in rule.scenarios] + [f"`{_short(test)}`" for test in rule.tests]
        lines.append(_row([str(number), rule.says, "; ".join(held)]))
    return "".join(lines)


def _short(test: str) -> str:
    file, _, name = test.partition("::")
    return f"{Path(file).name}::{name}"


def _scenarios() -> str:
    def lines() -> Iterator[str]:
        yield "## The scenarios\n\n"
        for scenario in every_scenario():
            needs = f" (needs {'; '.join(NEEDS[need] for need in sorted(scenario.needs))})" if scenario.needs else ""
            yield f"- {scenario.name}{needs}\n"

    return "".join(lines())


def main(arguments: Sequence[str]) -> int:
    """Write the page named. Exit code 2 where none is."""
    if len(arguments) != 1:
        sys.stderr.write(f"Name the page to write: {COMMAND}\n")
        return 2
    Path(arguments[0]).write_text(page(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
