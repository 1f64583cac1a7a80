"""A reference, not a gateway: what a call costs through TensorZero's Rust core inside a Python process.

Run by ``gateway.py`` with the interpreter TensorZero is installed in. There is no HTTP server in front of it, so its
processor time a call is what the routing core and its client alone need; it says nothing about requests per second.

usage: tensorzero_calls.py UPSTREAM_PORT REQUEST_JSON SECONDS WARMUP_SECONDS
"""

import asyncio
import json
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import uvloop
from tensorzero import AsyncTensorZeroGateway

CONFIG = """\
[gateway]
observability.enabled = false

[models.static-model]
routing = ["static"]

[models.static-model.providers.static]
type = "openai"
model_name = "static-model"
api_base = "http://127.0.0.1:{port}/v1/"
api_key_location = "none"
"""


def cpu_seconds() -> float:
    """User and system time of this process, all threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def call_arguments(request: dict[str, Any]) -> dict[str, Any]:
    """The same chat request in TensorZero's own terms."""
    system, user = (message["content"] for message in request["messages"])
    return {
        "model_name": request["model"],
        "input": {"system": system, "messages": [{"role": "user", "content": user}]},
        "params": {"chat_completion": {key: request[key] for key in ("temperature", "max_tokens")}},
    }


async def drive(gateway: AsyncTensorZeroGateway, arguments: dict[str, Any], callers: int, seconds: float) -> int:
    """Calls from a number of concurrent callers until the time is up; returns how many calls were answered."""
    deadline = time.monotonic() + seconds

    async def caller() -> int:
        calls = 0
        while time.monotonic() < deadline:
            answer: Any = await gateway.inference(**arguments)
            if not answer.content[0].text or not answer.usage.output_tokens:
                raise RuntimeError(f"an empty answer: {answer}")
            calls += 1
        return calls

    return sum(await asyncio.gather(*(caller() for _ in range(callers))))


async def main(port: str, request: dict[str, Any], seconds: float, warmup: float) -> None:
    """Warms up, measures at 1 and at 32 callers, and prints one line of JSON."""
    arguments = call_arguments(request)
    with tempfile.NamedTemporaryFile("w", suffix=".toml") as config:
        config.write(CONFIG.format(port=port))
        config.flush()
        gateway: Any = await AsyncTensorZeroGateway.build_embedded(config_file=config.name)  # type: ignore[misc]
    figures = {}
    async with gateway:
        await drive(gateway, arguments, 32, warmup)
        for callers in (1, 32):
            before = cpu_seconds()
            calls = await drive(gateway, arguments, callers, seconds)
            figures[f"cpu_us_{callers}"] = (cpu_seconds() - before) / calls * 1e6
    print(json.dumps(figures))


uvloop.run(main(sys.argv[1], json.loads(Path(sys.argv[2]).read_bytes()), float(sys.argv[3]), float(sys.argv[4])))
