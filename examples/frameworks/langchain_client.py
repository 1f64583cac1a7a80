"""LangChain's chat models for OpenAI, Anthropic and Gemini, each in front of the same gateway."""

from langchain_anthropic import ChatAnthropic
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_google_genai import ChatGoogleGenerativeAI
from langchain_openai import ChatOpenAI
from stage import QUESTION, gateway


@tool
def get_weather(city: str, unit: str) -> str:
    """Current weather in a city."""
    return f"4 degrees {unit} in {city}"


with gateway() as address:
    models = {
        "ChatOpenAI": ChatOpenAI(model="auto", base_url=f"{address}/v1", api_key="unused"),
        "ChatOpenAI (responses)": ChatOpenAI(
            model="auto", base_url=f"{address}/v1", api_key="unused", use_responses_api=True
        ),
        "ChatAnthropic": ChatAnthropic(model="auto", base_url=address, api_key="unused", max_tokens=500),
        "ChatGoogleGenerativeAI": ChatGoogleGenerativeAI(model="auto", base_url=address, api_key="unused"),
    }
    for name, model in models.items():
        words = "".join(chunk.text for chunk in model.stream("Say hello."))
        assert words, name

        asked = HumanMessage(QUESTION)
        wish = model.bind_tools([get_weather]).invoke([asked])
        call = wish.tool_calls[0]
        seen = ToolMessage(get_weather.invoke(call["args"]), tool_call_id=call["id"], name=call["name"])
        final = model.bind_tools([get_weather]).invoke([asked, wish, seen])
        print(f"{name}: called {call['name']}({call['args']['city']}), then said {final.text!r}")
