"""Starting, checking and stopping the servers a benchmark needs, each on the core it is told to use."""

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

KEPT_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")
LOG_TAIL_BYTES = 1500


class Unavailable(Exception):
    """A target that cannot be installed or started on this machine; the message says why."""


class RoundFailed(Exception):
    """A round whose figures must not be reported; the message says what went wrong."""


@dataclass(frozen=True, slots=True)
class Command:
    """How to start one server."""

    argv: Sequence[str]
    environment: Mapping[str, str]
    ready_path: str
    start_seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class Server:
    """A server that is up."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path


def free_port() -> int:
    """A loopback port nothing listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def clean_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """An environment without provider keys, proxies or settings of the caller, plus ``extra``."""
    return {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ} | dict(extra)


def exchange(
    port: int, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> tuple[int, bytes]:
    """One HTTP request to a loopback port: its status and its body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, body, dict(headers or {}))
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def log_tail(log: Path) -> str:
    """The end of a server's log, for a message about why it did not work."""
    return log.read_bytes()[-LOG_TAIL_BYTES:].decode(errors="replace").strip()


def _wait_until_ready(server: Server, command: Command) -> None:
    deadline = time.monotonic() + command.start_seconds
    last = "no answer"
    while time.monotonic() < deadline:
        if (code := server.process.poll()) is not None:
            raise Unavailable(f"it exited with code {code} while starting:\n{log_tail(server.log)}")
        try:
            status, _ = exchange(server.port, "GET", command.ready_path)
        except (OSError, http.client.HTTPException) as error:
            last = repr(error)
        else:
            if status == 200:
                return
            last = f"status {status}"
        time.sleep(0.1)
    raise Unavailable(
        f"{command.ready_path} was not ready in {command.start_seconds:.0f} s ({last}):\n{log_tail(server.log)}"
    )


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ends the process group this module started: politely, then firmly."""
    for signal_number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:
            os.killpg(process.pid, signal_number)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            continue
        return


@contextmanager
def running(command: Command, port: int, core: int, workdir: Path) -> Iterator[Server]:
    """Runs a server on one core until the block ends; raises ``Unavailable`` when it does not come up."""
    workdir.mkdir(parents=True, exist_ok=True)
    log = workdir / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["taskset", "-c", str(core), *command.argv],
            cwd=workdir,
            env=clean_environment(command.environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    server = Server(process, port, log)
    try:
        _wait_until_ready(server, command)
        yield server
    finally:
        _stop(process)
