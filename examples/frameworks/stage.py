"""What every example here needs: a simulated vendor and the real gateway in front of it."""

from collections.abc import Iterator
from contextlib import contextmanager

from podium.core.settings import DiscoverSettings, Settings
from podium.testing import GatewayServer, SimModel, SimServer, SimVendor

QUESTION = "What is the weather in Oslo right now, in celsius?"
"""A simulated model of full skill answers this by calling `get_weather`."""


@contextmanager
def gateway() -> Iterator[str]:
    """The gateway's address, `http://127.0.0.1:PORT`; one model behind it, `sim/small`."""
    vendor = SimVendor(name="sim", models=(SimModel(name="small", skill=1.0, slope=0.0),), time_scale=0)
    with SimServer(vendor) as server:
        settings = Settings(
            providers={"sim": vendor.settings(server.base_url)},
            models={"sim/small": vendor.models[0].settings()},
            discover=DiscoverSettings(environment=False, local=False),
            store="sqlite://",
        )
        with GatewayServer(settings) as running:
            yield running.address
