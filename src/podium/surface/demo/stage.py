"""The stage: vendors and gateway as processes of their own, and the configuration that connects them."""

from __future__ import annotations

import fcntl
import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Self

import msgspec
import yaml
from pyreqwest.exceptions import PyreqwestError
from pyreqwest.simple.sync_request import pyreqwest_get

from podium.core.errors import ConfigError, PodiumError
from podium.core.settings import Settings
from podium.models.sim import SimProcess, SimVendor

_READY_S = 20.0


class Stage:
    """Everything that runs during a demo; ends with its `with` block."""

    def __init__(self, vendors: Sequence[SimVendor], folder: Path) -> None:
        self.vendors = [SimProcess(vendor) for vendor in vendors]
        self.folder = folder
        self.config = folder / "podium.yaml"
        self.ledger = folder / "podium.db"
        self.address = ""
        self._gateway: subprocess.Popen[bytes] | None = None
        self._lock: IO[str] | None = None

    def __enter__(self) -> Self:
        try:
            self._prepare()
            for vendor in self.vendors:
                vendor.start()
            self._write_config()
            self._start_gateway()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _prepare(self) -> None:
        """A clean folder: the books of one demo are not those of another."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock = (self.folder / "lock").open("w")
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as exc:
                raise ConfigError(
                    f"a demo is running in {self.folder}", remedy="Stop it first, or run this one in another folder."
                ) from exc
            for old in self.folder.glob("podium.db*"):
                old.unlink()
        except OSError as exc:
            raise ConfigError(
                f"cannot use {self.folder}: {exc.strerror}", remedy="Run the demo in a folder you may write to."
            ) from exc

    def _write_config(self) -> None:
        settings = Settings(
            providers={process.vendor.name: process.vendor.settings(process.base_url) for process in self.vendors},
            models={
                f"{process.vendor.name}/{model.name}": model.settings()
                for process in self.vendors
                for model in process.vendor.models
            },
            store=f"sqlite:///{self.ledger.resolve()}",
        )
        text = yaml.safe_dump(msgspec.to_builtins(settings), sort_keys=False)
        self.config.write_text("# Written by `podium demo`: two simulated vendors.\n" + text, encoding="utf-8")

    def _start_gateway(self) -> None:
        port = _free_port()
        log = (self.folder / "gateway.log").open("wb")
        command = [sys.executable, "-m", "podium", "up", "--config", str(self.config), "--port", str(port)]
        environ = {**os.environ, "PODIUM_DISCOVER": "0"}
        with log:
            self._gateway = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=environ)
        self.address = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + _READY_S
        while time.monotonic() < deadline and self._gateway.poll() is None:
            try:
                if pyreqwest_get(f"{self.address}/readyz").send().status == 200:
                    return
            except PyreqwestError:
                time.sleep(0.05)  # not listening yet
        said = (self.folder / "gateway.log").read_text(errors="replace").strip()
        raise PodiumError(f"The gateway did not start. {said}", remedy=f"See {self.folder / 'gateway.log'}.")

    def close(self) -> None:
        """Stop the gateway first, so that it drains its ledger, then the vendors."""
        if self._gateway is not None:
            self._gateway.terminate()
            try:
                self._gateway.wait(timeout=15)
            except subprocess.TimeoutExpired:
                self._gateway.kill()
                self._gateway.wait()
            self._gateway = None
        for vendor in self.vendors:
            vendor.stop()
        if self._lock is not None:
            self._lock.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
