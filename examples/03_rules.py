"""A route with its own rules: private data stays local, hard work goes up. Nothing is called."""

from podium import Podium
from podium.core.settings import DiscoverSettings, ModelSettings, ProviderSettings, Settings
from podium.surface.config import read_settings

ROUTES = """
routes:
  support:
    rules:
      - name: stays-here
        when: {sensitivity: personal}
        use: {locality: local}
      - name: angry-customers
        when: {tags: {mood: angry}}
        use: {tier: 3}
"""

settings = Settings(
    providers={
        "here": ProviderSettings(base_url="http://127.0.0.1:9/v1", locality="local", models=("llama3.1:8b",)),
        "openai": ProviderSettings(api_key="no-call-is-made"),
    },
    models={"here/llama3.1:8b": ModelSettings(tier=1)},
    routes=read_settings(ROUTES, name="podium.yaml", environ={}).settings.routes,
    discover=DiscoverSettings(environment=False, local=False),
    store="sqlite://",
)
QUESTIONS = (
    ("When does the shop open?", {}),
    ("Please answer ann@example.com: her parcel is late.", {}),
    ("My third parcel is broken too!", {"mood": "angry"}),
)

with Podium(settings=settings) as podium:
    for question, tags in QUESTIONS:
        decision = podium.explain(question, model="auto/support", tags=tags)
        print(f"{question}\n  {decision.chosen.deployment}: {decision.why}")
