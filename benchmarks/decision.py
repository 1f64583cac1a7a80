"""What profiling and deciding cost: the part of a request that only Podium does.

Prints the median and the 99th percentile of `profile` and `decide` together, for prompts of several lengths, over the
shipped catalog with keys for several providers (a decision's cost grows with the deployments it may choose from).

    python benchmarks/decision.py
"""

from __future__ import annotations

import argparse
import gc
import json
import platform
import random
import sys
import time
from datetime import UTC, datetime
from statistics import median, quantiles

from podium.core.messages import Message, TextPart
from podium.core.settings import Settings
from podium.core.tasks import Task
from podium.models.catalog import Offer, PriceBook, build_catalog
from podium.policies.profile import HeuristicProfiler
from podium.policies.routing import Router

PROVIDERS = ("openai", "anthropic", "google", "mistral")
LENGTHS = (50, 200, 2_000, 8_000)
GOAL_TOKENS, GOAL_US = 2_000, 500
_SENTENCES = (
    "The worker queue has grown since Tuesday's deploy and invoices now arrive a day late.",
    "We compared three indexes on the orders table, but the planner still prefers a sequential scan.",
    "A customer in Lyon asked whether the refund of 49.90 EUR was sent to the old or the new account.",
    "def retry(call, times=3): return call() if times == 1 else attempt(call, times)",
    "Please keep the tone friendly, quote the ticket's own words, and do not promise a date.",
    "Error: connection reset by peer (10.0.3.17:5432) after 3021 ms in pool.acquire",
)


def prompt(tokens: int, seed: int) -> str:
    """Ordinary text of about this many tokens (about four characters each), different for every seed."""
    rng = random.Random(seed)
    words: list[str] = []
    size = 0
    while size < tokens * 4:
        sentence = rng.choice(_SENTENCES).replace("49.90", f"{rng.uniform(1, 99):.2f}")
        words.append(sentence)
        size += len(sentence) + 1
    return " ".join(words) + " What should we do first, and why?"


def measure(tokens: int, rounds: int) -> dict[str, float]:
    """Microseconds: median and p99 of profile, decide, and both."""
    settings = Settings()
    offers = [Offer(provider=name, preset=name, locality="cloud") for name in PROVIDERS]
    now = datetime.now(UTC)
    catalog = build_catalog(offers, {}, PriceBook(), now)
    profiler = HeuristicProfiler()
    router = Router(catalog=catalog, routes={}, routing=settings.routing, privacy=settings.privacy)
    tasks = [
        Task(
            id=f"tsk_{seed}", received_at=now, messages=(Message(role="user", parts=(TextPart(prompt(tokens, seed)),)),)
        )
        for seed in range(50)
    ]
    profiled: list[float] = []
    decided: list[float] = []
    gc.collect()
    for turn in range(rounds + 50):
        task = tasks[turn % len(tasks)]
        began = time.perf_counter()
        profile = profiler.profile(task)
        middle = time.perf_counter()
        router.decide(task, profile, now=now, standing={})
        ended = time.perf_counter()
        if turn >= 50:  # the first round fills caches
            profiled.append((middle - began) * 1e6)
            decided.append((ended - middle) * 1e6)
    both = [one + other for one, other in zip(profiled, decided, strict=True)]
    return {
        "tokens": tokens,
        "deployments": len(catalog.deployments),
        "profile_p50_us": median(profiled),
        "decide_p50_us": median(decided),
        "both_p50_us": median(both),
        "both_p99_us": quantiles(both, n=100)[98],
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=2_000, help="timed decisions a length")
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    rows = [measure(tokens, arguments.rounds) for tokens in LENGTHS]
    if arguments.json:
        print(json.dumps(rows, indent=2))
        return 0
    print(
        f"Python {platform.python_version()}, {datetime.now(UTC):%Y-%m-%d}, {int(rows[0]['deployments'])} deployments"
    )
    print(f"{'tokens':>8} {'profile p50':>12} {'decide p50':>12} {'both p50':>10} {'both p99':>10}   (microseconds)")
    for row in rows:
        print(
            f"{row['tokens']:>8} {row['profile_p50_us']:>12.0f} {row['decide_p50_us']:>12.0f}"
            f" {row['both_p50_us']:>10.0f} {row['both_p99_us']:>10.0f}"
        )
    goal = next(row for row in rows if row["tokens"] == GOAL_TOKENS)
    print(f"Goal: {GOAL_US} us median at {GOAL_TOKENS} tokens; measured {goal['both_p50_us']:.0f} us.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
