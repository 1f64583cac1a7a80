"""The examples run as they stand, without a key, a warning or a trace left behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("[0-9]*.py"))
SAYS = {
    "01_ask.py": "sim/small for $",
    "02_gateway.py": "from small",
    "03_rules.py": "rule 'angry-customers'",
    "04_failover.py": "south/small answered",
}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_example(example: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", str(example)], cwd=tmp_path, capture_output=True, text=True, timeout=20
    )
    assert done.returncode == 0, done.stderr
    assert SAYS[example.name] in done.stdout
    assert not list(tmp_path.iterdir())


def test_every_example_is_in_the_index() -> None:
    index = (ROOT / "examples" / "README.md").read_text(encoding="utf-8")
    assert [example.name for example in EXAMPLES if f"({example.name})" not in index] == []
    clients = sorted((ROOT / "examples" / "frameworks").glob("*_client.py"))
    assert len(clients) == 4
    assert [client.name for client in clients if f"(frameworks/{client.name})" not in index] == []
