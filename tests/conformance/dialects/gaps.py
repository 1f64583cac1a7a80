CLIENTS = ("openai-chat", "openai-responses", "anthropic", "gemini")
WIRES = ("openai-chat", "openai-responses", "anthropic", "gemini", "bedrock-converse")
