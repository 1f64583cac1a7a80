"""Importing the catalog is cheap: no price list, no file read."""

from __future__ import annotations

import subprocess
import sys

PROBE = """
import sys, time
import msgspec, podium.core.tasks  # not the catalog's to answer for
begin = time.perf_counter()
import podium.models.catalog
spent = time.perf_counter() - begin
heavy = sorted({"genai_prices", "pydantic", "tomllib", "asyncio", "httpx"} & set(sys.modules))
print(spent, heavy)
"""


def test_importing_the_catalog_loads_nothing_heavy() -> None:
    out = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True, timeout=15).stdout
    spent, _, heavy = out.strip().partition(" ")
    assert heavy == "[]"
    # 0.03 s on an idle machine; the bound only has to tell it from the price list's 0.2 s.
    assert float(spent) < 0.15
