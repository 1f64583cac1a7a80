"""What a gateway adds to a stream: time to the first text, and processor time for every further chunk.

Streams begin at fixed moments whether or not earlier ones are done (an open loop), target by target within each round,
directly before and through each gateway. The processor time of a chunk is the difference between streams of few and of
many chunks, so that what a request costs in itself drops out.

usage: python benchmarks/streaming.py [--quick] [--only "podium;litellm"] [--rounds 3] [--json FILE]
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import proc
from load import SYSTEM_PROMPT, USER_PROMPT
from servers import Command, RoundFailed, Server, Unavailable, clean_environment, free_port, running
from targets import CHAT_PATH, MODEL, REPOSITORY, TARGETS, Site, Target

HERE = Path(__file__).parent
FIRST_MS = 20.0
GAP_MS = 5.0
PER_SECOND = 12.0
FEW, MANY = 20, 420
DIRECT = "direct"


def _podium_translating(site: Site) -> Command:
    """Podium between an OpenAI client and a provider that speaks Anthropic's dialect only."""
    config = site.workdir / "podium.yaml"
    config.write_text(f"""\
providers:
  static: {{preset: anthropic, base_url: http://127.0.0.1:{site.upstream}/v1, api_key: unused, models: [{MODEL}]}}
models:
  static/{MODEL}: {{tier: 1, context: 128000, price: {{input: 0.1, output: 0.4}}}}
store: sqlite:///{site.workdir}/podium.db
""")
    argv = [sys.executable, "-m", "podium", "up", "--host", "127.0.0.1", "--port", str(site.port)]
    environment = {"PODIUM_DISCOVER": "0", "PYTHONPATH": str(REPOSITORY / "src")}
    return Command([*argv, "--config", str(config)], environment, "/readyz")


def _litellm_translating(site: Site) -> Command:
    """LiteLLM's proxy with its `anthropic/` provider; otherwise as in ``targets``."""
    command = TARGETS["litellm"].command(site)
    config = site.workdir / "litellm.yaml"
    config.write_text(f"""\
model_list:
  - model_name: {MODEL}
    litellm_params:
      model: anthropic/{MODEL}
      api_base: http://127.0.0.1:{site.upstream}
      api_key: unused
""")
    return command


def _portkey_translating(site: Site) -> Mapping[str, str]:
    return {**TARGETS["portkey"].headers(site), "x-portkey-provider": "anthropic"}


_LITELLM, _PORTKEY = TARGETS["litellm"], TARGETS["portkey"]
TRANSLATING = {
    "podium, translating": Target(
        "podium, translating", TARGETS["podium"].prepare, _podium_translating, model="auto", required=True
    ),
    "litellm, translating": Target("litellm, translating", _LITELLM.prepare, _litellm_translating),
    "portkey, translating": Target(
        "portkey, translating", _PORTKEY.prepare, _PORTKEY.command, headers=_portkey_translating
    ),
}
STREAMED = {name: TARGETS[name] for name in ("podium", "litellm", "portkey", "relay", "nginx")} | TRANSLATING


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the load: milliseconds to the first text of each stream, streams, processor seconds meanwhile."""

    first_ms: list[float]
    streams: int
    cpu_s: float


@dataclass(slots=True)
class Found:
    """The rounds of one target."""

    version: str = ""
    problem: str = ""
    first_ms: list[float] = field(default_factory=list)
    """Median of each round."""
    added_ms: list[float] = field(default_factory=list)
    """That, less the round's direct median."""
    paced_us: list[float] = field(default_factory=list)
    burst_us: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Stage:
    """What every round shares."""

    source: Server
    gateway_core: int
    load_core: int
    folder: Path
    seconds: float


def body(model: str, chunks: int, *, burst: bool) -> bytes:
    """The request: a usual question, asking for so many chunks."""
    messages = [{"role": "system", "content": SYSTEM_PROMPT}, {"role": "user", "content": USER_PROMPT}]
    wanted = {"model": model, "messages": messages, "max_tokens": chunks, "stream": True}
    return json.dumps({**wanted, "temperature": 0 if burst else 0.2}).encode()


def load(stage: Stage, port: int, target: Target | None, chunks: int, server: Server, *, burst: bool = False) -> Run:
    """Drive one address. Raises RoundFailed where a stream failed or came incomplete."""
    file = stage.folder / "request.json"
    file.write_bytes(body(target.model if target else MODEL, chunks, burst=burst))
    headers = target.headers(Site(port, stage.source.port, stage.folder)) if target else {}
    argv = ["taskset", "-c", str(stage.load_core), sys.executable, str(HERE / "stream_load.py")]
    argv += [f"http://127.0.0.1:{port}{CHAT_PATH}", str(file), json.dumps(dict(headers))]
    argv += [str(PER_SECOND), str(stage.seconds), str(chunks)]
    before = proc.cpu_seconds(server.process.pid)
    done = subprocess.run(argv, capture_output=True, text=True, env=clean_environment({}), timeout=180, check=False)
    time.sleep(0.5)  # work that a gateway does after its answers
    if done.returncode != 0:
        raise RoundFailed(done.stderr.strip()[-800:])
    figures = json.loads(done.stdout)
    if figures["failed"]:
        raise RoundFailed(f"{figures['failed']} of {figures['streams']} streams failed: {figures['errors']}")
    return Run(figures["first_ms"], figures["streams"], proc.cpu_seconds(server.process.pid) - before)


def chunk_us(few: Run, many: Run) -> float:
    """Processor microseconds a further chunk costs."""
    return (many.cpu_s / many.streams - few.cpu_s / few.streams) / (MANY - FEW) * 1e6


def one_round(stage: Stage, target: Target, found: Found, number: int) -> float:
    """Start the target, warm it up, and measure; the direct median of the same minute."""
    workdir = stage.folder / f"{target.name.replace(', ', '-')}-{number}"
    workdir.mkdir(parents=True)
    site = Site(free_port(), stage.source.port, workdir)
    with running(target.command(site), site.port, stage.gateway_core, workdir) as server:
        load(stage, site.port, target, FEW, server)  # warm-up
        direct_ms = median(load(stage, stage.source.port, None, FEW, stage.source).first_ms)
        few = load(stage, site.port, target, FEW, server)
        many = load(stage, site.port, target, MANY, server)
        burst_few = load(stage, site.port, target, FEW, server, burst=True)
        burst_many = load(stage, site.port, target, MANY, server, burst=True)
    found.first_ms.append(median(few.first_ms))
    found.added_ms.append(median(few.first_ms) - direct_ms)
    found.paced_us.append(chunk_us(few, many))
    found.burst_us.append(chunk_us(burst_few, burst_many))
    return direct_ms


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="What gateways add to a stream.")
    parser.add_argument("--only", default=";".join(STREAMED), help=f"separated by ;, of: {'; '.join(STREAMED)}")
    parser.add_argument("--rounds", type=int, default=3, help="rounds per target; the median is reported")
    parser.add_argument("--seconds", type=float, default=6.0, help="length of one load")
    parser.add_argument("--quick", action="store_true", help="one short round: a check that all works, not a result")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every figure to this file")
    chosen = parser.parse_args()
    chosen.only = [name.strip() for name in chosen.only.split(";")]
    if unknown := set(chosen.only) - set(STREAMED):
        parser.error(f"unknown target: {', '.join(sorted(unknown))}")
    if chosen.quick:
        chosen.rounds, chosen.seconds = 1, 2.0
    return chosen


def report(results: Mapping[str, Found], direct_ms: list[float]) -> str:
    """The table for people."""
    lines = ["| gateway | first text, ms | added to direct, ms | CPU us a chunk, paced | CPU us a chunk, at once |"]
    lines.append("|---|---|---|---|---|")
    if direct_ms:
        lines.append(f"| {DIRECT} | {median(direct_ms):.2f} | | | |")
    for name, found in results.items():
        if not found.first_ms:
            lines.append(f"| {name} | {found.problem.splitlines()[0][:150] if found.problem else 'nothing'} | | | |")
            continue
        figures = [median(values) for values in (found.first_ms, found.added_ms, found.paced_us, found.burst_us)]
        lines.append(f"| {name} | {figures[0]:.2f} | {figures[1]:.2f} | {figures[2]:.1f} | {figures[3]:.1f} |")
    return "\n".join(lines)


def main() -> int:
    """Run what the command line asks for."""
    chosen = arguments()
    gateway_core, load_core = proc.cores()
    results = {name: Found() for name in chosen.only}
    direct_ms: list[float] = []
    for name, found in results.items():
        try:
            found.version = STREAMED[name].prepare()
        except Unavailable as reason:
            found.problem = str(reason)
    with tempfile.TemporaryDirectory(prefix="podium-streaming-") as folder:
        port = free_port()
        argv = [sys.executable, str(HERE / "stream_source.py"), str(port), str(FIRST_MS), str(GAP_MS)]
        with running(Command(argv, {}, "/v1/models"), port, load_core, Path(folder) / "source") as source:
            stage = Stage(source, gateway_core, load_core, Path(folder), chosen.seconds)
            for number in range(1, chosen.rounds + 1):
                for name, found in results.items():
                    if found.problem:
                        continue
                    print(f"round {number}: {name} ...", file=sys.stderr, flush=True)
                    try:
                        direct_ms.append(one_round(stage, STREAMED[name], found, number))
                    except (RoundFailed, Unavailable) as reason:
                        found.problem = str(reason)
                        print(f"{name}: {reason}", file=sys.stderr, flush=True)
    print(report(results, direct_ms))
    for name, found in results.items():
        print(f"{name}: {found.version}{f' — {found.problem}' if found.problem else ''}")
    if chosen.json:
        chosen.json.parent.mkdir(parents=True, exist_ok=True)
        rows = {name: {key: getattr(found, key) for key in found.__slots__} for name, found in results.items()}
        chosen.json.write_text(json.dumps({"direct_ms": direct_ms, "targets": rows}, indent=2) + "\n")
    return 1 if any(found.problem and STREAMED[name].required for name, found in results.items()) else 0


if __name__ == "__main__":
    sys.exit(main())
