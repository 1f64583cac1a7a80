"""Every dialect by its name. A dialect is imported when it is first asked for: most processes speak two or three."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Final, cast

from .dialect import Dialect

_PLACES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "openai-chat": ("openai_chat", "OpenAIChat"),
        "openai-responses": ("openai_responses", "OpenAIResponses"),
        "anthropic": ("anthropic", "Anthropic"),
        "gemini": ("gemini", "Gemini"),
        "openai-embeddings": ("openai_embeddings", "OpenAIEmbeddings"),
        "openai-transcription": ("openai_transcription", "OpenAITranscription"),
        "bedrock-converse": ("bedrock_converse", "BedrockConverse"),
    }
)
NAMES: Final = tuple(_PLACES)
"""The dialects there are."""


def by_name(name: str) -> Dialect:
    """The dialect of that name, which has no state to share. Raises KeyError for an unknown name."""
    module, kind = _PLACES[name]
    return cast(Dialect, getattr(import_module(f".{module}", __package__), kind)())
