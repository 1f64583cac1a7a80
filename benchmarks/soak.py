"""A long run through one gateway that prints its memory on the way: a gateway that leaks shows here."""

import math

import proc
from load import Load
from rounds import Bench, Figures, measure, serving
from servers import Server
from targets import Target

CONNECTIONS = 32
MARKS = 10
SHORTEST_SLICE_SECONDS, LONGEST_SLICE_SECONDS = 1, 60


def _show(requests: int, rss_mib: float, detail: str) -> None:
    print(f"{requests:>10,} requests  {rss_mib:8,.1f} MiB  {detail}", flush=True)


def _drive(bench: Bench, server: Server, load: Load, wanted: int, rate: float) -> tuple[int, Figures]:
    """Sends at least ``wanted`` requests in slices as long as the rate suggests; how many, and the last slice."""
    done = 0
    while True:
        seconds = math.ceil((wanted - done) / rate) if rate else SHORTEST_SLICE_SECONDS
        seconds = min(max(seconds, SHORTEST_SLICE_SECONDS), LONGEST_SLICE_SECONDS)
        figures = measure(bench, server, load, CONNECTIONS, seconds)
        done, rate = done + round(figures.requests), figures.per_second
        if done >= wanted:
            return done, figures


def soak(bench: Bench, target: Target, total: int) -> list[dict[str, float]]:
    """Sends at least ``total`` requests to a target and prints its memory after about every tenth of them."""
    marks: list[dict[str, float]] = []
    done, rate = 0, 0.0
    with serving(bench, target, f"{target.name}-soak") as (server, load):
        _show(0, proc.resident_bytes(server.process.pid) / 2**20, "after its first answer")
        for mark in range(1, MARKS + 1):
            goal = math.ceil(total * mark / MARKS)
            if done >= goal:
                continue
            sent, figures = _drive(bench, server, load, goal - done, rate)
            done, rate = done + sent, figures.per_second
            marks.append({"requests": done, "rss_mib": figures.rss_mib, "per_second": rate, "cpu_us": figures.cpu_us})
            _show(done, figures.rss_mib, f"{rate:8,.0f} req/s  {figures.cpu_us:8,.1f} CPU us/req")
    first, last = marks[0], marks[-1]
    growth = last["rss_mib"] - first["rss_mib"]
    print(f"{growth:+,.1f} MiB from request {first['requests']:,} to request {last['requests']:,}")
    return marks
