"""What a program that imports Podium meets: names that stay, and an import that does nothing."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

PODIUM = [
    "AllAttemptsFailed", "Answer", "AsyncPodium", "Attempt", "ConfigError", "Decision", "InvalidRequest", "Money",
    "Outcome", "Podium", "PodiumError", "Profile", "ProviderError", "RequestError", "RequestTooLarge", "Requirements",
    "RequirementsNotMet", "Sensitivity", "StoreError", "Task", "TaskType", "UnknownModel", "Usage", "__version__",
]  # fmt: skip
TESTING = [
    "CODING_AGENT", "MIXED", "SUPPORT_DESK", "CheckableTask", "FakeClock", "FakeProvider", "Fault", "Faults", "Flap",
    "GatewayServer", "MemoryLedger", "SimApp", "SimModel", "SimProcess", "SimServer", "SimVendor",
    "make_recording", "make_task", "make_tasks",
]  # fmt: skip


def _python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=15, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(("module", "names"), [("podium", PODIUM), ("podium.testing", TESTING)])
def test_public_names(module: str, names: list[str]) -> None:
    from importlib import import_module

    found = import_module(module)
    assert sorted(found.__all__) == sorted(names)
    for name in names:
        assert getattr(found, name) is not None
    with pytest.raises(AttributeError):
        _ = found.no_such_name


TIMED = """
import time, sys
began = time.perf_counter()
import podium
print(time.perf_counter() - began)
"""


def test_importing_takes_less_than_a_fifth_of_a_second() -> None:
    assert min(float(_python(TIMED)) for _ in range(5)) < 0.2


WATCHED = """
import json, os, sys
events = []
sys.addaudithook(lambda name, arguments: events.append(name) if name.startswith(("socket.", "subprocess.")) else None)
read = []
class Watched(type(os.environ)):
    def __getitem__(self, key):
        read.append(key)
        return super().__getitem__(key)
os.environ.__class__ = Watched
before = set(os.listdir("."))
import podium
print(json.dumps({
    "events": events, "read": read, "modules": sorted(sys.modules), "files": sorted(set(os.listdir(".")) - before),
}))
"""
HEAVY = ("sqlalchemy", "alembic", "pyreqwest", "genai_prices", "phonenumbers", "stdnum", "uvicorn", "starlette", "rich",
         "typer", "yaml", "prometheus_client")  # fmt: skip


def test_importing_opens_no_socket_reads_no_environment_and_loads_nothing_heavy() -> None:
    told = json.loads(_python(WATCHED))
    assert told["events"] == []
    assert [name for name in told["read"] if not name.startswith("PYTHON")] == []
    assert told["files"] == []
    assert [name for name in HEAVY if name in told["modules"]] == []
