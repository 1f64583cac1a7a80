"""Compares Podium with other gateways on one machine: requests per second, processor time, latency, memory.

Every gateway gets one core and one worker and talks to the same static upstream; ``wrk`` and the upstream share a
second core. See ``README.md`` for what the figures mean.

usage: python benchmarks/gateway.py [--quick] [--only podium,litellm] [--stream] [--soak 200000] [--json FILE]
"""

import argparse
import datetime
import json
import os
import platform
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import peers
import proc
import report
import rounds
import soak
from load import Load, chat_body
from servers import Command, RoundFailed, Unavailable, free_port, running
from targets import CHAT_PATH, MODEL, TARGETS

TENSORZERO = "tensorzero"
CEILING = "ceiling of load and upstream, req/s"
CEILING_SECONDS = 1
CEILING_SHARE = 0.7


def arguments() -> argparse.Namespace:
    """The command line."""
    names = [*TARGETS, TENSORZERO]
    parser = argparse.ArgumentParser(description="Compares gateways on this machine.")
    parser.add_argument("--quick", action="store_true", help="one short round: a check that all works, not a result")
    parser.add_argument("--only", default=",".join(names), help=f"comma-separated, of: {', '.join(names)}")
    parser.add_argument("--rounds", type=int, default=3, help="rounds per target; the median is reported")
    parser.add_argument("--seconds", type=int, default=8, help="length of one measurement")
    parser.add_argument("--warmup", type=int, default=5, help="seconds of load before the measurements of a round")
    parser.add_argument("--attempts", type=int, default=3, help="tries per measurement while others use the cores")
    parser.add_argument("--stream", action="store_true", help="ask for event streams instead of whole answers")
    parser.add_argument("--soak", type=int, metavar="N", help="instead: N requests through the first target of --only")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every figure to this file")
    chosen = parser.parse_args()
    chosen.only = [name.strip() for name in chosen.only.split(",")]
    if unknown := set(chosen.only) - set(names):
        parser.error(f"unknown target: {', '.join(sorted(unknown))}")
    numbers = {name: getattr(chosen, name) for name in ("rounds", "seconds", "warmup", "attempts", "soak")}
    if wrong := [name for name, number in numbers.items() if number is not None and number < 1]:
        parser.error(f"at least 1: --{wrong[0]}")
    if chosen.soak and chosen.only[0] == TENSORZERO:
        parser.error(f"{TENSORZERO} is no server, so --soak cannot drive it")
    if chosen.quick:
        chosen.rounds, chosen.seconds, chosen.warmup, chosen.attempts = 1, 3, 1, 1
    return chosen


@contextmanager
def bench_for(chosen: argparse.Namespace) -> Iterator[rounds.Bench]:
    """Starts the upstream on the second core and makes a folder for everything the run writes."""
    gateway_core, load_core = proc.cores()
    with tempfile.TemporaryDirectory(prefix="podium-benchmark-") as name:
        folder, port = Path(name), free_port()
        command = Command([str(peers.upstream_program()), str(port)], {}, "/v1/models")
        with running(command, port, load_core, folder / "upstream") as upstream:
            yield rounds.Bench(
                upstream,
                gateway_core,
                load_core,
                folder,
                seconds=chosen.seconds,
                warmup=chosen.warmup,
                attempts=chosen.attempts,
                stream=chosen.stream,
            )


def ceiling(bench: rounds.Bench) -> float:
    """Requests per second of the load and the upstream without a gateway, on the core they share: the best of three."""
    body = bench.folder / "ceiling.json"
    body.write_bytes(chat_body(MODEL, bench.stream))
    load = Load(f"http://127.0.0.1:{bench.upstream.port}{CHAT_PATH}", body, {}, bench.load_core)
    return max(load.run(max(rounds.CONNECTIONS), CEILING_SECONDS).per_second for _ in range(3))


def settings(chosen: argparse.Namespace, bench: rounds.Bench) -> dict[str, Any]:
    """The conditions of the run, for its report."""
    cores = f"gateway {bench.gateway_core}, load and upstream {bench.load_core}"
    if proc.share_a_physical_core(bench.gateway_core, bench.load_core):
        cores += " (hyper-threads of one physical core: expect noise)"
    wrk = peers.tool_version(peers.tool("wrk", "wrk"), "-v").partition(" Copyright")[0]
    answers = "event streams" if chosen.stream else "whole answers"
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "processor": f"{proc.cpu_model()}, {os.cpu_count()} cores",
        "cores": cores,
        "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "load": f"{wrk}, {chosen.rounds} x {chosen.seconds} s after {chosen.warmup} s of warm-up",
        "request": f"{len(chat_body(MODEL, chosen.stream))} bytes, {answers}",
        CEILING: round(ceiling(bench)),
    }


def prepared(chosen: argparse.Namespace) -> report.Report:
    """Installs what the chosen targets need; the ones that cannot be had are marked as skipped."""
    outcome = report.Report({}, {})
    for name in chosen.only:
        result = report.TargetResult(name, required=name != TENSORZERO and TARGETS[name].required)
        try:
            result.version = rounds.prepare_tensorzero() if name == TENSORZERO else TARGETS[name].prepare()
        except Unavailable as reason:
            result.skipped = str(reason)
            print(f"{name}: skipped: {reason}", file=sys.stderr, flush=True)
        if name == TENSORZERO:
            outcome.tensorzero = result
        else:
            outcome.results[name] = result
    return outcome


def one_round(bench: rounds.Bench, result: report.TargetResult, number: int, outcome: report.Report) -> None:
    """Runs a round of one target and keeps its figures, or the reason there are none."""
    print(f"round {number}: {result.name} ...", file=sys.stderr, flush=True)
    try:
        if result is outcome.tensorzero:
            outcome.tensorzero_cpu_us.append(rounds.tensorzero_round(bench))
        else:
            result.rounds.append(rounds.run_round(bench, TARGETS[result.name], number))
    except RoundFailed as failure:
        result.failures.append(f"round {number}: {failure}")
    except Unavailable as reason:
        if result.rounds:
            result.failures.append(f"round {number}: it did not start: {reason}")
        else:
            result.skipped = str(reason)
            print(f"{result.name}: skipped: {reason}", file=sys.stderr, flush=True)


def compare(chosen: argparse.Namespace, bench: rounds.Bench) -> int:
    """All rounds, target by target within each round so that a slow minute of the machine hits all of them."""
    outcome = prepared(chosen)
    outcome.settings = settings(chosen, bench)
    everything = [*outcome.results.values(), *([outcome.tensorzero] if outcome.tensorzero else [])]
    for number in range(1, chosen.rounds + 1):
        for result in everything:
            if not result.skipped:
                one_round(bench, result, number, outcome)
    limit = outcome.settings[CEILING] * CEILING_SHARE
    print(report.as_text(outcome))
    for result in outcome.measured():
        if max(result.median(count).per_second for count in rounds.CONNECTIONS) > limit:
            print(f"\n{result.name}: above {CEILING_SHARE:.0%} of the ceiling; its requests/s may be the load's limit")
        if not all(found.quiet for count in rounds.CONNECTIONS for found in result.counted(count)):
            print(f"\n{result.name}: disturbed in every round by other processes; do not quote its figures")
    if chosen.json:
        report.write_json(outcome, chosen.json)
    return 1 if outcome.failed() or not outcome.measured() else 0


def soaked(chosen: argparse.Namespace, bench: rounds.Bench) -> int:
    """The long run through one target."""
    target = TARGETS[chosen.only[0]]
    print(f"{target.name} {target.prepare()}", flush=True)
    marks = soak.soak(bench, target, chosen.soak)
    if chosen.json:
        chosen.json.parent.mkdir(parents=True, exist_ok=True)
        chosen.json.write_text(json.dumps({"target": target.name, "marks": marks}, indent=2) + "\n")
    return 0


def main() -> int:
    """Runs what the command line asks for."""
    chosen = arguments()
    try:
        peers.tool("wrk", "wrk")
        peers.tool("taskset", "util-linux")
        with bench_for(chosen) as bench:
            return soaked(chosen, bench) if chosen.soak else compare(chosen, bench)
    except (Unavailable, RoundFailed) as reason:
        print(f"cannot run: {reason}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
