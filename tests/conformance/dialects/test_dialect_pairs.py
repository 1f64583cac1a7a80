from __future__ import annotations
import pytest
from gaps import CLIENTS, WIRES
from sdk_list import LACKS, SCENARIOS
PAIRS=[(c,w) for c in CLIENTS for w in WIRES]
@pytest.mark.parametrize("pair", PAIRS, indirect=True, ids=lambda p: f"{p[0]}>{p[1]}")
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.name)
def test_pair(pair, scenario):
    if scenario.needs & LACKS[pair.client]:
        pytest.skip("lacks")
    scenario.play(pair.driver, pair)
