"""A simulated vendor as a process of its own, so that it can be killed for real."""

from __future__ import annotations

import sys
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Self

import msgspec

from .vendor import SimVendor

if TYPE_CHECKING:
    import subprocess


class SimProcess:
    """`python -m podium.models.sim` for a vendor, for the length of a `with` block.

    The process ends with the block, with `kill`, or with this process: it watches its standard input.
    """

    def __init__(self, vendor: SimVendor, *, port: int = 0) -> None:
        self.vendor = vendor
        self.base_url = ""
        """Where the API lives, up to and including /v1; empty before the start."""
        self._port = port
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process's number."""
        if self._process is None:
            raise RuntimeError("The simulated vendor's process is not running.")
        return self._process.pid

    def start(self) -> Self:
        """Start the process; returns when it accepts connections. Raises RuntimeError with its words if it does not."""
        import subprocess  # here, because importing podium.testing must stay cheap
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            spec = Path(folder) / "vendor.json"
            spec.write_bytes(msgspec.json.encode(self.vendor))
            spec.chmod(0o600)
            command = [
                sys.executable,
                "-m",
                "podium.models.sim",
                "--spec",
                str(spec),
                "--port",
                str(self._port),
                "--tied",
            ]
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0
            )
            first = _pipe(self._process.stdout).readline().decode().strip()
        if not first.startswith("http"):
            said = _pipe(self._process.stderr).read().decode(errors="replace").strip()
            self.stop()
            raise RuntimeError(f"The simulated vendor {self.vendor.name} did not start: {said or 'no word from it'}")
        self.base_url = first
        return self

    def kill(self) -> None:
        """Kill it without warning, as an outage would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> None:
        """End it and free its pipes."""
        if self._process is None:
            return
        from subprocess import TimeoutExpired

        _pipe(self._process.stdin).close()  # it ends when its input does
        try:
            self._process.wait(timeout=5)
        except TimeoutExpired:
            self.kill()
        for pipe in (self._process.stdout, self._process.stderr):
            _pipe(pipe).close()
        self._process = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None  # all three were asked for
    return pipe
