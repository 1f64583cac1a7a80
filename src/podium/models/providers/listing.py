"""Lists of models, as providers write them: names, and what some say of windows, prices and abilities.

Readers are tolerant: an entry that cannot be read is left out, a figure that makes no sense is unknown. A body that is
no list at all is GARBAGE. Sources: the model pages of each vendor's API reference; where a vendor documents no more
than names, what its open-source server sends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec

from podium.core.ports import ListedModel

from .listed_values import Page, count, entries_of, garbage, items, object_of
from .openai_lists import read_litellm, read_openai
from .presets import Reader


def read_page(body: bytes, reader: Reader, provider: str) -> Page:
    """Raises ProviderError(GARBAGE) for what is no list of models."""
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise garbage(provider, str(exc)) from exc
    return _READERS[reader](value, provider)


def read_model_list(body: bytes, provider: str) -> tuple[ListedModel, ...]:
    """An OpenAI-style list. Raises ProviderError(GARBAGE)."""
    return read_page(body, "openai", provider).models


def first_query(reader: Reader) -> str:
    """The query of the first page, as large as the provider allows."""
    return {"anthropic": "limit=1000", "gemini": "pageSize=1000"}.get(reader, "")


def _anthropic(value: Any, provider: str) -> Page:
    models = []
    for entry in entries_of(value, "data", provider):
        if not isinstance(entry.get("id"), str):
            continue
        able = object_of(entry, "capabilities")
        found = {"text", "tools"}
        found |= {
            word
            for name, word in (
                ("image_input", "vision"),
                ("pdf_input", "files"),
                ("structured_outputs", "json_schema"),
                ("thinking", "reasoning"),
            )
            if object_of(able, name).get("supported") is True
        }
        models.append(
            ListedModel(
                name=entry["id"],
                context=count(entry.get("max_input_tokens")),
                max_output=count(entry.get("max_tokens")),
                abilities=frozenset(found) if able else None,
            )
        )
    more = value.get("has_more") is True and isinstance(value.get("last_id"), str)
    following = urlencode({"limit": 1000, "after_id": value["last_id"]}) if more else ""
    return Page(models=tuple(models), following=following)


def _gemini(value: Any, provider: str) -> Page:
    if value == {}:  # proto3's JSON leaves an empty list out
        return Page(models=())
    models = []
    for entry in entries_of(value, "models", provider):
        name = entry.get("name")
        if not isinstance(name, str):
            continue
        ways = items(entry, "supportedGenerationMethods")
        found = {"text"} if "generateContent" in ways else set()
        if "embedContent" in ways:
            found.add("embedding")
        if found and entry.get("thinking") is True:
            found.add("reasoning")
        if ways and not found:
            continue  # pictures, video, live sessions: nothing Podium asks for
        models.append(
            ListedModel(
                name=name.removeprefix("models/"),
                context=count(entry.get("inputTokenLimit")),
                max_output=count(entry.get("outputTokenLimit")),
                abilities=frozenset(found) or None,
            )
        )
    token = value.get("nextPageToken")
    following = urlencode({"pageSize": 1000, "pageToken": token}) if isinstance(token, str) and token else ""
    return Page(models=tuple(models), following=following)


def _cohere(value: Any, provider: str) -> Page:
    models = []
    for entry in entries_of(value, "models", provider):
        uses = items(entry, "endpoints")
        found = {word for name, word in (("chat", "text"), ("embed", "embedding")) if name in uses}
        if not isinstance(entry.get("name"), str) or (uses and not found):
            continue
        features = items(entry, "features")
        found |= {word for name, word in (("tools", "tools"), ("vision", "vision")) if name in features}
        models.append(
            ListedModel(
                name=entry["name"],
                context=count(entry.get("context_length")),
                abilities=frozenset(found) or None,
            )
        )
    return Page(models=tuple(models))


def _bedrock(value: Any, provider: str) -> Page:
    models = []
    for entry in entries_of(value, "modelSummaries", provider):
        if not isinstance(entry.get("modelId"), str):
            continue
        gives = items(entry, "outputModalities")
        takes = items(entry, "inputModalities")
        found = {"text"} if "TEXT" in gives else {"embedding"} if "EMBEDDING" in gives else set()
        if not found:
            continue
        if "IMAGE" in takes and "text" in found:
            found.add("vision")
        models.append(ListedModel(name=entry["modelId"], abilities=frozenset(found)))
    return Page(models=tuple(models))


_READERS: Mapping[Reader, Callable[[Any, str], Page]] = {
    "openai": read_openai,
    "anthropic": _anthropic,
    "gemini": _gemini,
    "cohere": _cohere,
    "litellm": read_litellm,
    "bedrock": _bedrock,
}


def names(models: Iterable[ListedModel]) -> tuple[str, ...]:
    """The names alone."""
    return tuple(model.name for model in models)
