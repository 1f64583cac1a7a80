"""The command line as people run it: a process of its own, a folder of its own, simulated vendors behind it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from podium.core.settings import RoutingSettings, Settings
from podium.testing import SimModel, SimServer, SimVendor


class Done:
    """What a command left behind."""

    def __init__(self, finished: subprocess.CompletedProcess[str]) -> None:
        self.code = finished.returncode
        self.out = finished.stdout
        self.err = finished.stderr

    def json(self) -> Any:
        return json.loads(self.out)


class Shell:
    """Runs `podium` in a folder, with an environment that holds no keys."""

    def __init__(self, folder: Path, vendor: SimServer) -> None:
        self.folder = folder
        self.vendor = vendor
        self.environ = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("PODIUM_") and not name.endswith(("_API_KEY", "_API_TOKEN"))
        } | {"PODIUM_DISCOVER": "0", "NO_COLOR": "1", "PYTHONWARNINGS": "error"}

    def __call__(self, *arguments: str, stdin: str = "", **environ: str) -> Done:
        return Done(
            subprocess.run(
                [sys.executable, "-m", "podium", *arguments],
                cwd=self.folder, env={**self.environ, **environ}, input=stdin, capture_output=True, text=True,
                timeout=18, check=False,
            )
        )  # fmt: skip

    def each(self, *commands: Sequence[str], **environ: str) -> list[Done]:
        """Several commands at the same time: starting Python is most of what one costs."""
        with ThreadPoolExecutor(4) as pool:
            return list(pool.map(lambda command: self(*command, **environ), commands))

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command that stays; whoever starts it ends it."""
        return subprocess.Popen(
            [sys.executable, "-m", "podium", *arguments],
            cwd=self.folder, env=self.environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip


@pytest.fixture(scope="session")
def vendor() -> Iterator[SimServer]:
    models = (
        SimModel(name="pico", tier=1, skill=1, price_in=Decimal("0.25"), price_out=Decimal("1.25")),
        SimModel(name="grande", tier=3, skill=1, price_in=Decimal(3), price_out=Decimal(15)),
    )
    with SimServer(SimVendor(name="north", models=models, time_scale=0)) as server:
        yield server


@pytest.fixture
def bare(tmp_path: Path, vendor: SimServer) -> Shell:
    """A folder without any configuration."""
    return Shell(tmp_path, vendor)


@pytest.fixture
def podium(bare: Shell, vendor: SimServer) -> Shell:
    """A folder whose podium.yaml knows the simulated vendor."""
    settings = Settings(
        providers={"north": vendor.vendor.settings(vendor.base_url)},
        models={f"north/{model.name}": model.settings() for model in vendor.vendor.models},
        routing=RoutingSettings(low_confidence=0.0),  # which rung is asked is not what is tested here
    )
    (bare.folder / "podium.yaml").write_text(yaml.safe_dump(msgspec.to_builtins(settings)), encoding="utf-8")
    return bare
