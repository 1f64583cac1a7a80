"""A simulated vendor and settings that know nobody else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from podium.core.settings import DiscoverSettings, Settings
from podium.testing import SimModel, SimServer, SimVendor


@pytest.fixture
def vendor() -> Iterator[SimServer]:
    """Two models at `acme`, at once and always right."""
    models = (
        SimModel(name="small", first_token_ms=0, skill=1.0, price_in=Decimal(1), price_out=Decimal(2)),
        SimModel(name="large", tier=3, first_token_ms=0, skill=1.0, price_in=Decimal(10), price_out=Decimal(20)),
    )
    with SimServer(SimVendor(name="acme", models=models, time_scale=0.0)) as server:
        yield server


@pytest.fixture
def settings_of(tmp_path: Path) -> Callable[..., Settings]:
    """Settings that know this vendor and nobody else; keywords replace any of them."""

    def make(server: SimServer, **changes: object) -> Settings:
        fields: dict[str, object] = {
            "providers": {"acme": server.vendor.settings(server.base_url)},
            "models": {f"acme/{model.name}": model.settings() for model in server.vendor.models},
            "discover": DiscoverSettings(environment=False, local=False),
            "store": f"sqlite:///{tmp_path}/ledger.db",
        }
        return Settings(**(fields | changes))  # type: ignore[arg-type]  # as Settings checks itself

    return make
