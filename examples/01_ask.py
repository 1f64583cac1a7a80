"""The library: ask, see who answered, why, and what it cost."""

from decimal import Decimal

from podium import Podium, Requirements
from podium.core.settings import DiscoverSettings, Settings
from podium.testing import SimModel, SimServer, SimVendor, make_tasks

small = SimModel(name="small", tier=1, price_in=Decimal("0.25"), price_out=Decimal("1.25"))
large = SimModel(name="large", tier=3, price_in=Decimal(15), price_out=Decimal(75))
vendor = SimVendor(name="sim", models=(small, large), time_scale=0)

# A question the simulated models can work on; a real model takes anything.
task = make_tasks(seed=1, n=1, mix={"arithmetic": 1})[0]

with SimServer(vendor) as server:
    settings = Settings(
        providers={"sim": vendor.settings(server.base_url)},
        models={f"sim/{model.name}": model.settings() for model in vendor.models},
        discover=DiscoverSettings(environment=False, local=False),
        store="sqlite://",  # in memory: an example leaves nothing behind
    )
    with Podium(settings=settings) as podium:
        answer = podium.ask(
            task.prompt,
            team="school",
            require=Requirements(max_cost_usd="0.01"),
        )
        print(task.prompt)
        print(answer.text, "- right" if task.check(answer.text) else "- wrong")
        print(f"{answer.model} for {answer.cost}: {answer.decision.why}")

        print(podium.explain("Prove that there are infinitely many primes, step by step.", task_type="reasoning"))

        for row in podium.costs(by="model"):
            print(f"{row.key}: {row.requests} calls, {row.cost}")
