"""Presets: each known provider as data. Adding one is a row here and nothing else.

Anthropic and Google are reached through the OpenAI-compatible endpoints they publish.
Sources: each vendor's API reference, page "OpenAI compatibility" where it is not OpenAI's own API.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct

from podium.core.tasks import Locality
from podium.models.dialects import Quirks


class Preset(Struct, frozen=True, kw_only=True):
    """What is known of a provider before anybody configures it."""

    name: str
    title: str
    base_url: str | None
    """None: the configuration must give it."""
    key_variables: tuple[str, ...] = ()
    """Environment variables its key may stand in, first found wins. Empty: no key needed."""
    dialect: str = "openai-chat"
    locality: Locality = "cloud"
    quirks: Quirks = Quirks()
    port: int | None = None
    """The usual port of a local server."""
    key_optional: bool = False
    sign_up: str = ""
    """Where a person gets a key."""


_MAX_COMPLETION = Quirks(max_tokens_field="max_completion_tokens")

_ALL = (
    Preset(
        name="openai",
        title="OpenAI",
        base_url="https://api.openai.com/v1",
        key_variables=("OPENAI_API_KEY",),
        quirks=_MAX_COMPLETION,
        sign_up="platform.openai.com",
    ),
    Preset(
        name="anthropic",
        title="Anthropic",
        base_url="https://api.anthropic.com/v1",
        key_variables=("ANTHROPIC_API_KEY",),
        sign_up="console.anthropic.com",
    ),
    Preset(
        name="google",
        title="Google Gemini",
        base_url="https://generativelanguage.googleapis.com/v1beta/openai",
        key_variables=("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        sign_up="aistudio.google.com",
    ),
    Preset(
        name="mistral",
        title="Mistral",
        base_url="https://api.mistral.ai/v1",
        key_variables=("MISTRAL_API_KEY",),
        quirks=Quirks(stream_usage=False),
        sign_up="console.mistral.ai",
    ),
    Preset(
        name="deepseek",
        title="DeepSeek",
        base_url="https://api.deepseek.com/v1",
        key_variables=("DEEPSEEK_API_KEY",),
        sign_up="platform.deepseek.com",
    ),
    Preset(
        name="xai",
        title="xAI",
        base_url="https://api.x.ai/v1",
        key_variables=("XAI_API_KEY",),
        sign_up="console.x.ai",
    ),
    Preset(
        name="groq",
        title="Groq",
        base_url="https://api.groq.com/openai/v1",
        key_variables=("GROQ_API_KEY",),
        quirks=_MAX_COMPLETION,
        sign_up="console.groq.com",
    ),
    Preset(
        name="together",
        title="Together AI",
        base_url="https://api.together.xyz/v1",
        key_variables=("TOGETHER_API_KEY",),
        sign_up="api.together.ai",
    ),
    Preset(
        name="fireworks",
        title="Fireworks AI",
        base_url="https://api.fireworks.ai/inference/v1",
        key_variables=("FIREWORKS_API_KEY",),
        sign_up="fireworks.ai",
    ),
    Preset(
        name="openrouter",
        title="OpenRouter",
        base_url="https://openrouter.ai/api/v1",
        key_variables=("OPENROUTER_API_KEY",),
        sign_up="openrouter.ai",
    ),
    Preset(name="ollama", title="Ollama", base_url="http://127.0.0.1:11434/v1", locality="local", port=11434),
    Preset(name="llamacpp", title="llama.cpp", base_url="http://127.0.0.1:8080/v1", locality="local", port=8080),
    Preset(name="vllm", title="vLLM", base_url="http://127.0.0.1:8000/v1", locality="local", port=8000),
    Preset(name="lmstudio", title="LM Studio", base_url="http://127.0.0.1:1234/v1", locality="local", port=1234),
    Preset(
        name="openai-compatible",
        title="Any server with an OpenAI-compatible API",
        base_url=None,
        key_optional=True,
    ),
)

PRESETS: Mapping[str, Preset] = MappingProxyType({preset.name: preset for preset in _ALL})


def preset_for_key(environ: Mapping[str, str]) -> list[tuple[Preset, str]]:
    """Every preset whose key stands in the environment, with the variable's name."""
    found: list[tuple[Preset, str]] = []
    for preset in PRESETS.values():
        variable = next((name for name in preset.key_variables if environ.get(name, "").strip()), None)
        if variable is not None:
            found.append((preset, variable))
    return found
