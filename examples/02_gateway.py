"""The gateway behind the official OpenAI SDK, whole and streamed. Needs the extra `demo`."""

import openai

from podium.core.settings import DiscoverSettings, Settings
from podium.testing import GatewayServer, SimModel, SimServer, SimVendor, make_tasks

vendor = SimVendor(name="sim", models=(SimModel(name="small"),), time_scale=0)

with SimServer(vendor) as server:
    settings = Settings(
        providers={"sim": vendor.settings(server.base_url)},
        models={"sim/small": vendor.models[0].settings()},
        discover=DiscoverSettings(environment=False, local=False),
        store="sqlite://",
    )
    with (
        GatewayServer(settings) as gateway,
        openai.OpenAI(base_url=f"{gateway.address}/v1", api_key="unused") as client,
    ):
        question = [{"role": "user", "content": make_tasks(seed=1, n=1, mix={"arithmetic": 1})[0].prompt}]
        response = client.chat.completions.with_raw_response.create(model="auto", messages=question)
        print(response.parse().choices[0].message.content, "from", response.headers["x-podium-model"])

        for chunk in client.chat.completions.create(model="auto", messages=question, stream=True):
            print(chunk.choices[0].delta.content or "", end="")
        print()
