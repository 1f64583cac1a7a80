"""The load: one realistic chat request, sent by ``wrk`` over a fixed number of connections."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from servers import RoundFailed

SCRIPT = Path(__file__).with_name("post.lua")
REQUEST_TIMEOUT = "10s"

SYSTEM_PROMPT = "You are the on-call assistant of a small platform team. Answer briefly and say what to do first."
USER_PROMPT = """\
Since the deploy at ten this morning the background worker of our billing service falls behind. The queue normally \
holds about forty jobs and empties within a minute; it now holds six hundred and grows by roughly ten a minute. The \
worker's processor use is low, its memory is flat, and there are no errors in its log, but each job takes about four \
seconds where it used to take a quarter of one. The deploy contained three changes: a new index on the invoices \
table, an upgrade of the database driver by one minor version, and a migration that adds a nullable column to the \
customers table. The database itself reports no slow queries and has spare connections. We tried doubling the number \
of worker threads, which made no difference to the throughput at all, and that surprised us. A colleague suspects \
the driver upgrade because its release notes mention a change in how idle connections are checked before they are \
reused. What would you look at first, how would you tell the three changes apart without taking the service down, \
and at what point would you roll the whole deploy back rather than keep looking? Please keep the answer under a \
page and put the single most useful step at the top."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What ``wrk`` saw in one run. It sends the next request when the last is answered (a closed loop)."""

    requests: int
    seconds: float
    p50_us: int
    p99_us: int
    errors: dict[str, int]

    @property
    def per_second(self) -> float:
        """Completed requests per second."""
        return self.requests / self.seconds

    @property
    def failures(self) -> int:
        """Answers of 400 and above, plus connections, reads and writes that failed or timed out."""
        return sum(self.errors.values())


def chat_body(model: str, stream: bool) -> bytes:
    """The request every gateway gets; only the model's name differs."""
    body: dict[str, object] = {
        "model": model,
        "messages": [{"role": "system", "content": SYSTEM_PROMPT}, {"role": "user", "content": USER_PROMPT}],
        "temperature": 0.2,
        "max_tokens": 400,
    }
    if stream:
        body["stream"] = True
    return json.dumps(body).encode()


@dataclass(frozen=True, slots=True)
class Load:
    """One request to one address, sent again and again from one core."""

    url: str
    body: Path
    headers: Mapping[str, str]
    core: int

    def run(self, connections: int, seconds: float) -> Outcome:
        """Drives the address for a whole number of seconds; raises ``RoundFailed`` if ``wrk`` could not."""
        whole = max(1, round(seconds))
        argv = ["taskset", "-c", str(self.core), "wrk", "--threads", "1", "--connections", str(connections)]
        argv += ["--duration", f"{whole}s", "--timeout", REQUEST_TIMEOUT, "--latency", "--script", str(SCRIPT)]
        argv += [self.url, "--", str(self.body), *(f"{name}: {value}" for name, value in self.headers.items())]
        try:
            done = subprocess.run(argv, capture_output=True, text=True, timeout=whole + 60, check=False)
        except subprocess.TimeoutExpired as error:
            raise RoundFailed(f"wrk did not end within {whole + 60} s") from error
        if done.returncode != 0:
            raise RoundFailed(f"wrk ended with code {done.returncode}: {(done.stderr or done.stdout).strip()}")
        line = next(line for line in done.stdout.splitlines() if line.startswith("RESULT "))
        figures = json.loads(line.removeprefix("RESULT "))
        return Outcome(
            requests=figures["requests"],
            seconds=figures["microseconds"] / 1e6,
            p50_us=figures["p50_us"],
            p99_us=figures["p99_us"],
            errors={name: figures[name] for name in figures if name.endswith("errors") or name == "timeouts"},
        )
