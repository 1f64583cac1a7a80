"""The OpenAI Agents SDK: one agent over the Responses API, one over chat completions, both with a tool."""

import asyncio

from agents import (
    Agent,
    ModelSettings,
    OpenAIChatCompletionsModel,
    OpenAIResponsesModel,
    Runner,
    function_tool,
    set_tracing_disabled,
)
from openai import AsyncOpenAI
from stage import QUESTION, gateway

cities: list[str] = []


@function_tool
def get_weather(city: str, unit: str) -> str:
    """Current weather in a city."""
    cities.append(city)
    return f"4 degrees {unit}"


async def main(address: str) -> None:
    """Run both agents, the first streamed."""
    client = AsyncOpenAI(base_url=f"{address}/v1", api_key="unused")
    for model in (OpenAIResponsesModel("auto", client), OpenAIChatCompletionsModel("auto", client)):
        agent = Agent(
            name="clerk",
            instructions="Use your tools.",
            model=model,
            tools=[get_weather],
            model_settings=ModelSettings(parallel_tool_calls=False),
        )
        run = Runner.run_streamed(agent, QUESTION)
        events = [event.type async for event in run.stream_events()]
        print(f"{type(model).__name__}: {len(events)} events, asked for {cities}, said {run.final_output!r}")
        assert cities.pop() == "Oslo"
    await client.close()


set_tracing_disabled(True)  # tracing would send prompts to a service of its own
with gateway() as where:
    asyncio.run(main(where))
