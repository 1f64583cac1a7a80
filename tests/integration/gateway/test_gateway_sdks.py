"""The official SDKs, unmodified, play one list of scenarios against one gateway; each over vendors of its own wire."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from podium.core.settings import ProviderSettings
from podium.testing import Fault, Faults, SimVendor

sys.path.insert(0, str(Path(__file__).parents[2] / "sdk_scenarios"))
from sdk_list import DRIVERS, LACKS, SCENARIOS, Scenario
from sdk_talk import Driver

PRESETS = {
    "openai-chat": "openai-compatible",
    "openai-responses": "openai",
    "anthropic": "anthropic",
    "gemini": "google",
}
"""The vendor behind each SDK: one whose first wire is the SDK's own."""


class House:
    """The gateway, seen from one SDK: a `Stage`."""

    def __init__(self, gateway: Any, vendor: str, eventually: Callable[..., None]) -> None:
        self.gateway = gateway
        self.vendor = gateway.vendors[vendor]
        self.model = f"{vendor}/able"
        self.thinker = f"{vendor}/thinker"
        self.eventually = eventually

    def sent(self) -> str:
        return str(self.vendor.seen[-1].body.decode())

    def abandoned(self) -> int:
        return int(self.vendor.state.abandoned)

    def fails(self, fault: Fault | None) -> None:
        self.vendor.faults = Faults(always=fault)


@pytest.fixture(scope="module")
def gateway(start_shared: Any, model: Any) -> Any:
    """One vendor for each SDK behind one gateway."""
    models = (model("able"), model("thinker", reasoning_tokens=24, shows_reasoning=True))
    vendors = [SimVendor(name=name, models=models, time_scale=0, api_key=f"sk-{name}") for name in PRESETS]
    return start_shared(*vendors, presets=PRESETS)


@pytest.fixture(params=list(PRESETS))
def pair(request: pytest.FixtureRequest, gateway: Any, eventually: Any) -> Iterator[tuple[Driver, House]]:
    dialect: str = request.param
    driver = DRIVERS[dialect](gateway.address)
    house = House(gateway, dialect, eventually)
    yield driver, house
    driver.close()
    house.fails(None)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.name)
def test_a_scenario(pair: tuple[Driver, House], scenario: Scenario) -> None:
    driver, house = pair
    if scenario.needs & LACKS[driver.dialect]:
        pytest.skip("declared: " + ", ".join(sorted(scenario.needs)))
    scenario.play(driver, house)
    if not scenario.name.startswith("an unknown"):
        assert house.vendor.seen[-1].wire.startswith(driver.dialect), "the same wire in and out"


def test_settings_name_the_keys(gateway: Any) -> None:
    """Each SDK's own key stays at the gateway: the vendors accept only theirs, and they were never shown another."""
    for name, vendor in gateway.vendors.items():
        for seen in vendor.seen:
            shown = {seen.headers.get(each) for each in ("authorization", "x-api-key", "x-goog-api-key")} - {None}
            assert shown == {f"Bearer sk-{name}"} or shown == {f"sk-{name}"}
            assert "pk-any" not in str(seen.headers)
    assert isinstance(gateway.settings.providers["anthropic"], ProviderSettings)
