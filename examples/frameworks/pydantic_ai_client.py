"""pydantic-ai agents with a tool, over OpenAI chat, OpenAI responses and Anthropic messages."""

from pydantic_ai import Agent
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider
from stage import QUESTION, gateway

with gateway() as address:
    openai = OpenAIProvider(base_url=f"{address}/v1", api_key="unused")
    anthropic = AnthropicProvider(base_url=address, api_key="unused")
    for model in (
        OpenAIChatModel("auto", provider=openai),
        OpenAIResponsesModel("auto", provider=openai),
        AnthropicModel("auto", provider=anthropic),
    ):
        agent = Agent(model)
        cities: list[str] = []

        @agent.tool_plain
        def get_weather(city: str, unit: str) -> str:
            """Current weather in a city."""
            cities.append(city)  # noqa: B023  # called within this turn of the loop
            return f"4 degrees {unit}"

        result = agent.run_sync(QUESTION)
        usage = result.usage
        print(f"{type(model).__name__}: asked for {cities}, said {result.output!r}, {usage.input_tokens} tokens read")
        assert cities == ["Oslo"]
