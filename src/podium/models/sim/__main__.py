"""`python -m podium.models.sim --spec FILE --port N`: a simulated vendor until it is stopped or killed.

FILE is a `SimVendor` as JSON. The first line on standard output is the base URL. Exit code 2 for a spec or a port
that cannot be used.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path

import msgspec

from .server import new_loop, serve
from .vendor import SimVendor


def main(arguments: list[str] | None = None) -> int:
    """Run it; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m podium.models.sim", description="A simulated model vendor.")
    parser.add_argument("--spec", required=True, type=Path, help="a SimVendor as JSON: name, models, seed, faults ...")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--tied", action="store_true", help="end when standard input ends")
    chosen = parser.parse_args(arguments)
    try:
        vendor = msgspec.json.decode(chosen.spec.read_bytes(), type=SimVendor)
    except (OSError, msgspec.DecodeError) as exc:
        return _complain(f"{chosen.spec} cannot be used: {exc}")
    loop = new_loop()
    try:
        loop.run_until_complete(_until_stopped(vendor, chosen.port, tied=chosen.tied))
    except (OSError, OverflowError) as exc:
        return _complain(f"Port {chosen.port} of 127.0.0.1 cannot be used: {exc}. Choose another with --port.")
    finally:
        loop.close()
    return 0


async def _until_stopped(vendor: SimVendor, port: int, *, tied: bool) -> None:
    loop = asyncio.get_running_loop()
    halted = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, halted.set)
    if tied:

        def look() -> None:
            if not os.read(sys.stdin.fileno(), 4096):
                loop.remove_reader(sys.stdin.fileno())
                halted.set()

        loop.add_reader(sys.stdin.fileno(), look)
    await serve(vendor, port, _announce, halted)


def _announce(base_url: str) -> None:
    sys.stdout.write(f"{base_url}\n")
    sys.stdout.flush()


def _complain(message: str) -> int:
    sys.stderr.write(f"{message}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
