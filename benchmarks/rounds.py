"""One round of one target: start it, check its answer, warm it up, load it at 1 and at 32 connections, stop it."""

import http.client
import json
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import peers
import proc
from load import Load, chat_body
from servers import RoundFailed, Server, clean_environment, exchange, free_port, log_tail, running
from targets import CHAT_PATH, MODEL, Site, Target

CONNECTIONS = (1, 32)
SETTLE_SECONDS = 0.5
QUIET_CORES = 0.05
TENSORZERO_SCRIPT = Path(__file__).parent / "floors" / "tensorzero_calls.py"


@dataclass(frozen=True, slots=True)
class Bench:
    """What every round shares: the upstream, the cores, the folder for files and how long to load."""

    upstream: Server
    gateway_core: int
    load_core: int
    folder: Path
    seconds: float
    warmup: float
    attempts: int
    stream: bool

    def upstream_calls(self) -> int:
        """How many completions the upstream has answered so far."""
        return int(exchange(self.upstream.port, "GET", "/count")[1])

    def others_seconds(self, pid: int) -> float:
        """How long both cores have worked for anything but the gateway ``pid``, the upstream and ``wrk`` so far."""
        own = proc.cpu_seconds(pid) + proc.cpu_seconds(self.upstream.process.pid) + proc.ended_children_seconds()
        return proc.busy_seconds(self.gateway_core, self.load_core) - own


@dataclass(frozen=True, slots=True)
class Figures:
    """What one target showed at one number of connections."""

    requests: float
    per_second: float
    cpu_us: float
    p50_us: float
    p99_us: float
    rss_mib: float
    upstream_calls_per_request: float
    others_cores: float

    @property
    def quiet(self) -> bool:
        """Whether other processes of the machine hardly disturbed the measurement."""
        return self.others_cores < QUIET_CORES


def answer_text(answer: bytes, stream: bool) -> str:
    """The assistant's text in a completion or in an event stream of chunks."""
    if not stream:
        return str(json.loads(answer)["choices"][0]["message"]["content"])
    events = [line.removeprefix(b"data: ") for line in answer.splitlines() if line.startswith(b"data: {")]
    choices = [choice for event in events for choice in json.loads(event)["choices"]]
    return "".join(choice["delta"].get("content") or "" for choice in choices)


def check_answer(bench: Bench, port: int, body: bytes, headers: Mapping[str, str]) -> None:
    """Compares the target's answer with the upstream's own, so that no broken set-up gets measured."""
    json_headers = {"Content-Type": "application/json", **headers}
    direct = exchange(bench.upstream.port, "POST", CHAT_PATH, body, json_headers)[1]
    try:
        status, answer = exchange(port, "POST", CHAT_PATH, body, json_headers)
    except (OSError, http.client.HTTPException) as error:
        raise RoundFailed(f"it did not answer: {error!r}") from error
    shown = answer[:500].decode(errors="replace")
    if status != 200:
        raise RoundFailed(f"its answer has status {status}: {shown}")
    try:
        same = answer_text(answer, bench.stream) == answer_text(direct, bench.stream)
    except (ValueError, LookupError, TypeError) as error:
        raise RoundFailed(f"its answer is not a chat completion ({error!r}): {shown}") from error
    if not same:
        raise RoundFailed(f"its answer is not the upstream's: {shown}")


@contextmanager
def serving(bench: Bench, target: Target, label: str) -> Iterator[tuple[Server, Load]]:
    """Starts a target on the gateway's core, checks that it works and stops it at the end of the block."""
    workdir = bench.folder / label
    workdir.mkdir(parents=True)
    site = Site(free_port(), bench.upstream.port, workdir)
    body = workdir / "request.json"
    body.write_bytes(chat_body(target.model, bench.stream))
    headers = target.headers(site)
    with running(target.command(site), site.port, bench.gateway_core, workdir) as server:
        check_answer(bench, site.port, body.read_bytes(), headers)
        yield server, Load(f"http://127.0.0.1:{site.port}{CHAT_PATH}", body, headers, bench.load_core)


def measure(bench: Bench, server: Server, load: Load, connections: int, seconds: float) -> Figures:
    """Loads a server that is up. Work it queued behind its answers counts: it gets half a second to finish it.

    When the time is up, up to one request per connection is still being served; its work is in the processor time
    too, so it is counted among the served requests the time is divided by.
    """
    pid = server.process.pid
    started, others_before = time.monotonic(), bench.others_seconds(pid)
    cpu_before, calls_before = proc.cpu_seconds(pid), bench.upstream_calls()
    outcome = load.run(connections, seconds)
    time.sleep(SETTLE_SECONDS)
    if server.process.poll() is not None:
        raise RoundFailed(f"it died under load:\n{log_tail(server.log)}")
    others, passed = bench.others_seconds(pid) - others_before, time.monotonic() - started
    cpu, calls = proc.cpu_seconds(pid) - cpu_before, bench.upstream_calls() - calls_before
    if outcome.failures or not outcome.requests:
        raise RoundFailed(f"{outcome.failures} failures beside {outcome.requests} requests: {outcome.errors}")
    if calls < outcome.requests:
        raise RoundFailed(f"{outcome.requests} requests were answered, but only {calls} reached the upstream")
    served = min(calls, outcome.requests + connections)
    return Figures(
        requests=outcome.requests,
        per_second=outcome.per_second,
        cpu_us=cpu / served * 1e6,
        p50_us=outcome.p50_us,
        p99_us=outcome.p99_us,
        rss_mib=proc.resident_bytes(pid) / 2**20,
        upstream_calls_per_request=calls / served,
        others_cores=max(0.0, others / passed),
    )


def measure_quietly(bench: Bench, server: Server, load: Load, connections: int) -> Figures:
    """Measures again while others disturb it, as often as the run allows; the least disturbed attempt counts."""
    attempts: list[Figures] = []
    while len(attempts) < bench.attempts and not any(found.quiet for found in attempts):
        attempts.append(measure(bench, server, load, connections, bench.seconds))
    return min(attempts, key=lambda found: found.others_cores)


def run_round(bench: Bench, target: Target, number: int) -> dict[int, Figures]:
    """A whole round of a target, on a server started for it: its figures by number of connections."""
    with serving(bench, target, f"{target.name}-{number}") as (server, load):
        warmup = load.run(max(CONNECTIONS), bench.warmup)
        if warmup.failures:
            raise RoundFailed(f"{warmup.failures} failures while warming up: {warmup.errors}")
        time.sleep(SETTLE_SECONDS)  # the requests the warm-up left behind
        return {count: measure_quietly(bench, server, load, count) for count in CONNECTIONS}


def prepare_tensorzero() -> str:
    """Installs the TensorZero reference and returns its version."""
    python = peers.virtual_environment("tensorzero", "tensorzero", "uvloop") / "python"
    return peers.python_package_versions(python, ["tensorzero"])["tensorzero"]


def tensorzero_round(bench: Bench) -> dict[int, float]:
    """Processor time a call of TensorZero's core in microseconds, by number of concurrent callers."""
    body = bench.folder / "tensorzero.json"
    body.write_bytes(chat_body(MODEL, stream=False))
    python = peers.FOLDER / "tensorzero" / "bin" / "python"
    argv = ["taskset", "-c", str(bench.gateway_core), str(python), str(TENSORZERO_SCRIPT)]
    argv += [str(bench.upstream.port), str(body), str(bench.seconds), str(bench.warmup)]
    environment = clean_environment({"RUST_LOG": "off"})
    limit = 2 * bench.seconds + bench.warmup + 60
    try:
        done = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=limit, check=False)
    except subprocess.TimeoutExpired as error:
        raise RoundFailed(f"it did not end within {limit:.0f} s") from error
    if done.returncode != 0:
        raise RoundFailed(done.stderr.strip()[-1500:])
    figures = json.loads(done.stdout.splitlines()[-1])
    return {count: figures[f"cpu_us_{count}"] for count in CONNECTIONS}
