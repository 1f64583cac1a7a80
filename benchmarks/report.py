"""What a run found: the tables printed for people and the same figures as JSON."""

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from statistics import median
from typing import Any

from rounds import CONNECTIONS, Figures

REFERENCES = ("podium", "relay", "nginx")
FIGURE_NAMES = [entry.name for entry in fields(Figures)]


@dataclass(slots=True)
class TargetResult:
    """All rounds of one target, and what went wrong with it."""

    name: str
    required: bool = False
    version: str = ""
    skipped: str = ""
    rounds: list[dict[int, Figures]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def counted(self, connections: int) -> list[Figures]:
        """The rounds that count: the undisturbed ones, or all that worked if every one was disturbed."""
        found = [figures[connections] for figures in self.rounds]
        return [figures for figures in found if figures.quiet] or found

    def median(self, connections: int) -> Figures:
        """The median of every figure over the rounds that count."""
        found = self.counted(connections)
        return Figures(**{name: median(getattr(figures, name) for figures in found) for name in FIGURE_NAMES})

    def spread(self, connections: int) -> float:
        """How far apart the counted rounds' requests per second are: (highest - lowest) / median."""
        rates = [figures.per_second for figures in self.counted(connections)]
        return (max(rates) - min(rates)) / median(rates)


@dataclass(slots=True)
class Report:
    """A whole run. ``tensorzero`` holds processor microseconds a call by number of callers, one entry per round."""

    settings: dict[str, Any]
    results: dict[str, TargetResult]
    tensorzero: TargetResult | None = None
    tensorzero_cpu_us: list[dict[int, float]] = field(default_factory=list)

    def measured(self) -> list[TargetResult]:
        """The targets with at least one round that worked."""
        return [result for result in self.results.values() if result.rounds]

    def failed(self) -> bool:
        """Whether any round of any target failed, or a target that is required could not be measured."""
        everything = [*self.results.values(), *([self.tensorzero] if self.tensorzero else [])]
        return any(result.failures or (result.required and result.skipped) for result in everything)

    def tensorzero_median(self) -> dict[int, float]:
        """Processor time a call of TensorZero's core, by number of callers; empty without a round that worked."""
        runs = self.tensorzero_cpu_us
        return {count: median(run[count] for run in runs) for count in CONNECTIONS} if runs else {}


def ratios(report: Report, connections: int) -> dict[str, dict[str, float]]:
    """Per target: Podium's requests/s over its own, and its CPU per request over each reference."""
    medians = {result.name: result.median(connections) for result in report.measured()}
    found: dict[str, dict[str, float]] = {}
    for name, figures in medians.items():
        found[name] = {
            f"cpu_over_{other}": figures.cpu_us / medians[other].cpu_us for other in REFERENCES if other in medians
        }
        if "podium" in medians:
            found[name]["podium_per_second_over_this"] = medians["podium"].per_second / figures.per_second
    return found


def _rows(rows: list[list[str]]) -> list[str]:
    """Rows of cells as aligned lines: the first column to the left, the others to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        )
        for row in rows
    ]


def figures_table(report: Report, connections: int) -> list[str]:
    """The measured figures at one number of connections."""
    rows = [["", "req/s", "spread", "CPU us/req", "p50 ms", "p99 ms", "RSS MiB", "calls/req", "others", "quiet"]]
    for result in report.measured():
        found = result.median(connections)
        rows.append([
            result.name, f"{found.per_second:,.0f}", f"{result.spread(connections):.0%}", f"{found.cpu_us:,.1f}",
            f"{found.p50_us / 1000:,.2f}", f"{found.p99_us / 1000:,.2f}", f"{found.rss_mib:,.0f}",
            f"{found.upstream_calls_per_request:.2f}", f"{found.others_cores:.2f}",
            f"{sum(figures[connections].quiet for figures in result.rounds)}/{len(result.rounds)}",
        ])  # fmt: skip
    if reference := report.tensorzero_median():
        rows.append(["tensorzero (no server)", "-", "-", f"{reference[connections]:,.1f}", *["-"] * 6])
    return _rows(rows)


def ratios_table(report: Report, connections: int) -> list[str]:
    """The ratios at one number of connections."""
    columns = ["podium_per_second_over_this", *(f"cpu_over_{other}" for other in REFERENCES)]
    rows = [["", "podium req/s over its", *(f"its CPU over {other}'s" for other in REFERENCES)]]
    for name, found in ratios(report, connections).items():
        rows.append([name, *(f"{found[column]:,.2f}" if column in found else "-" for column in columns)])
    return _rows(rows)


def _remarks(result: TargetResult) -> list[str]:
    """A target's version, or why it was skipped, and every round of it that failed."""
    lines = [f"{result.name}: SKIPPED: {result.skipped}" if result.skipped else f"{result.name}: {result.version}"]
    return lines + [f"{result.name}: FAILED: {failure}" for failure in result.failures]


def as_text(report: Report) -> str:
    """The whole report for people."""
    lines = [f"{name}: {value}" for name, value in report.settings.items()] + [""]
    for result in [*report.results.values(), *([report.tensorzero] if report.tensorzero else [])]:
        lines += _remarks(result)
    if report.measured():
        for connections in CONNECTIONS:
            title = f"{connections} connection{'s' if connections > 1 else ''}"
            lines += ["", title, *figures_table(report, connections), "", *ratios_table(report, connections)]
    return "\n".join(lines)


def write_json(report: Report, path: Path) -> None:
    """The whole report, every round included, for programs."""
    targets = {}
    for result in report.results.values():
        medians = {count: asdict(result.median(count)) for count in CONNECTIONS} if result.rounds else None
        rounds = [{count: asdict(figures) for count, figures in found.items()} for found in result.rounds]
        targets[result.name] = {
            "version": result.version,
            "skipped": result.skipped or None,
            "failures": result.failures,
            "median": medians,
            "rounds": rounds,
        }
    document: dict[str, Any] = {"settings": report.settings, "targets": targets}
    if report.measured():
        document["ratios"] = {count: ratios(report, count) for count in CONNECTIONS}
    if report.tensorzero is not None:
        document["tensorzero"] = {
            "version": report.tensorzero.version,
            "skipped": report.tensorzero.skipped or None,
            "failures": report.tensorzero.failures,
            "cpu_us_a_call": report.tensorzero_median(),
            "rounds": report.tensorzero_cpu_us,
        }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2) + "\n")
