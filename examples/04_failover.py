"""A vendor dies; nobody notices but the ledger."""

from podium import Podium
from podium.core.settings import DiscoverSettings, Settings
from podium.testing import SimModel, SimServer, SimVendor, make_tasks

vendors = [SimVendor(name=name, models=(SimModel(name="small"),), time_scale=0) for name in ("north", "south")]

first, second = make_tasks(seed=1, n=2, mix={"arithmetic": 1})

with SimServer(vendors[0]) as north, SimServer(vendors[1]) as south:
    settings = Settings(
        providers={"north": vendors[0].settings(north.base_url), "south": vendors[1].settings(south.base_url)},
        models={f"{vendor.name}/small": vendor.models[0].settings() for vendor in vendors},
        discover=DiscoverSettings(environment=False, local=False),
        store="sqlite://",
    )
    with Podium(settings=settings) as podium:
        print(podium.ask(first.prompt).model)
        north.stop()
        answer = podium.ask(second.prompt)
        for attempt in answer.attempts:
            print(attempt.number, attempt.deployment, attempt.failure or "answered")
        print(answer.text)
