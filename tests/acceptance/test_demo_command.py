"""`podium demo`: the newcomer's first command."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.timeout(40)
def test_the_demo_saves_money_and_loses_no_request(bare: Any) -> None:
    done = bare("demo", "--tasks", "40", "--json")
    assert done.code == 0, done.err
    told = done.json()
    routed, strongest = told["routed"], told["strongest"]
    assert told["simulated_models"] is True
    assert (routed["requests"], routed["failed"]) == (40, 0)
    assert strongest["failed"] > 0  # the outage is real
    assert routed["rescued"] > 0
    assert told["saving"] > 0.3
    assert routed["correct"] > 0.85
    assert told["seconds"] < 20
    assert "simulated" in done.err
    billed = bare("costs", "--by", "model", "--config", ".podium/demo/podium.yaml", "--json").json()
    assert sum(row["requests"] for row in billed["rows"]) >= 80
