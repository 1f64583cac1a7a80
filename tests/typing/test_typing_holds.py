"""The files beside this one are promises to type checkers; mypy in strict mode must find nothing in them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_HERE = Path(__file__).parent
_ROOT = _HERE.parent.parent


def test_mypy_agrees_with_every_promise() -> None:
    promises = sorted(str(path.relative_to(_ROOT)) for path in _HERE.glob("*.py") if not path.name.startswith("test_"))
    assert len(promises) >= 2
    ran = subprocess.run([sys.executable, "-m", "mypy", *promises], cwd=_ROOT, capture_output=True, text=True)
    # Code they import is checked along the way; what is wrong there is for `make check` to say.
    wrong = [line for line in ran.stdout.splitlines() if line.startswith("tests/")]
    assert wrong == []
    assert ran.returncode in (0, 1), ran.stdout + ran.stderr
