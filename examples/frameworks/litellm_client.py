"""LiteLLM as a client, speaking each of its three wires to the same gateway."""

import json

import litellm
from stage import QUESTION, gateway

TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Current weather in a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "unit": {"type": "string"}},
            "required": ["city", "unit"],
        },
    },
}

with gateway() as address:
    for model, base in (
        ("openai/auto", f"{address}/v1"),
        ("anthropic/auto", address),
        ("gemini/auto", f"{address}/v1beta"),
    ):
        common = {"model": model, "api_base": base, "api_key": "unused"}
        asked = [{"role": "user", "content": QUESTION}]
        wish = litellm.completion(messages=asked, tools=[TOOL], **common).choices[0].message
        call = wish.tool_calls[0]
        told = [*asked, wish, {"role": "tool", "tool_call_id": call.id, "content": "4 degrees celsius"}]
        final = litellm.completion(messages=told, tools=[TOOL], stream=True, **common)
        words = "".join(chunk.choices[0].delta.content or "" for chunk in final)
        print(f"{model}: called {call.function.name}({json.loads(call.function.arguments)['city']}), said {words!r}")
