"""Lists of models in OpenAI's shape, and in LiteLLM's beside it: whatever those who borrowed it put into an entry."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from podium.core.ports import ListedModel

from .listed_values import MILLION, Page, count, entries_of, first_count, garbage, items, least, object_of, rates_of


def read_openai(value: Any, provider: str) -> Page:
    """A list in OpenAI's shape. Raises ProviderError(GARBAGE)."""
    bare = {"data": value} if isinstance(value, list) else value  # Together's
    entries = entries_of(bare, "data", provider)
    models = [_openai_entry(entry) for entry in entries if isinstance(entry.get("id"), str) and entry["id"]]
    if entries and not models:
        raise garbage(provider, "no entry has an `id`")
    return Page(models=tuple(models))


def _openai_entry(entry: Mapping[str, Any]) -> ListedModel:
    """OpenAI's own entries have a name only; the rest is what others put beside it."""
    about, top = object_of(entry, "metadata"), object_of(entry, "top_provider")
    sellers = [each for each in items(entry, "providers") if isinstance(each, dict) and each.get("status") != "error"]
    context = first_count(
        entry.get("loaded_context_length"),  # LM Studio: what it was loaded with
        entry.get("max_model_len"),  # vLLM
        object_of(entry, "meta").get("n_ctx"),  # llama.cpp
        entry.get("context_length"),  # OpenRouter, Together, Moonshot
        entry.get("max_context_length"),  # Mistral, LM Studio
        entry.get("context_window"),  # Groq
        about.get("context_length"),  # DeepInfra
        *sorted(filter(None, (count(each.get("context_length")) for each in sellers)))[:1],  # Hugging Face
    )
    return ListedModel(
        name=entry["id"].removeprefix("models/"),
        context=context,
        max_output=first_count(
            top.get("max_completion_tokens"), entry.get("max_completion_tokens"), about.get("max_tokens")
        ),
        rates=_openai_rates(entry, about, sellers),
        abilities=_openai_abilities(entry, sellers),
    )


def _openai_rates(
    entry: Mapping[str, Any], about: Mapping[str, Any], sellers: list[dict[str, Any]]
) -> Mapping[str, Decimal] | None:
    pricing = object_of(entry, "pricing")
    if "prompt" in pricing:  # OpenRouter: strings, dollars a token; -1 where it depends
        return rates_of(
            MILLION,
            input=pricing.get("prompt"),
            output=pricing.get("completion"),
            cached=pricing.get("input_cache_read"),
            cache_write=pricing.get("input_cache_write"),
        )
    if "input" in pricing:  # Together: dollars a million
        return rates_of(
            Decimal(1), input=pricing["input"], output=pricing.get("output"), cached=pricing.get("cached_input")
        )
    own = object_of(about, "pricing")
    if own:  # DeepInfra: dollars a million
        return rates_of(
            Decimal(1),
            input=own.get("input_tokens"),
            output=own.get("output_tokens"),
            cached=own.get("cache_read_tokens"),
        )
    offers = [rates_of(Decimal(1), input=o.get("input"), output=o.get("output")) for o in map(_pricing, sellers)]
    # Hugging Face: which of several sellers answers is not said beforehand, so only a common price is a price.
    return offers[0] if offers and all(offer == offers[0] for offer in offers) else None


def _pricing(seller: Mapping[str, Any]) -> Mapping[str, Any]:
    return object_of(seller, "pricing")


_PARAMETERS = {
    "tools": "tools",
    "structured_outputs": "json_schema",
    "logprobs": "logprobs",
    "reasoning": "reasoning",
}
_TOLD = {
    "function_calling": "tools",
    "vision": "vision",
    "audio": "audio",
    "audio_transcription": "transcription",
    "reasoning": "reasoning",
}
_KINDS = {"embedding": "embedding", "embeddings": "embedding", "transcribe": "transcription", "vlm": "vision"}
_MODALITIES = {"text": "text", "image": "vision", "audio": "audio", "file": "files"}


def _openai_abilities(entry: Mapping[str, Any], sellers: list[dict[str, Any]]) -> frozenset[str] | None:
    found: set[str] = set()
    built = object_of(entry, "architecture")
    outputs = built.get("output_modalities")
    if isinstance(outputs, list) and "embeddings" in outputs:
        return frozenset({"embedding"})
    found |= {_MODALITIES[each] for each in items(built, "input_modalities") if each in _MODALITIES}
    parameters = items(entry, "supported_parameters")
    found |= {ability for name, ability in _PARAMETERS.items() if name in parameters}
    told = object_of(entry, "capabilities")  # Mistral
    if told.get("completion_chat"):
        found.add("text")
    found |= {ability for name, ability in _TOLD.items() if told.get(name) is True}
    kind = entry.get("type")
    if isinstance(kind, str) and kind in _KINDS:  # Together, LM Studio
        found.add(_KINDS[kind])
    if kind in ("chat", "llm", "vlm"):
        found.add("text")
    if sellers and any(each.get("supports_tools") for each in sellers):
        found |= {"text", "tools"}
    return frozenset(found) or None


_LITELLM = {
    "supports_vision": "vision",
    "supports_function_calling": "tools",
    "supports_response_schema": "json_schema",
    "supports_reasoning": "reasoning",
    "supports_audio_input": "audio",
    "supports_pdf_input": "files",
    "supports_assistant_prefill": "prefill",
}
_MODES = {"chat": "text", "responses": "text", "embedding": "embedding", "audio_transcription": "transcription"}


def read_litellm(value: Any, provider: str) -> Page:
    """A proxy may hold one name several times, once for each deployment: what all of them share is what it has."""
    found: dict[str, ListedModel] = {}
    for entry in entries_of(value, "data", provider):
        name, about = entry.get("model_name"), object_of(entry, "model_info")
        mode = about.get("mode")
        if not isinstance(name, str) or not name or "*" in name or (isinstance(mode, str) and mode not in _MODES):
            continue
        able = {word for field, word in _LITELLM.items() if about.get(field) is True}
        if isinstance(mode, str):
            able.add(_MODES[mode])
        model = ListedModel(
            name=name,
            context=first_count(about.get("max_input_tokens"), about.get("max_tokens")),
            max_output=count(about.get("max_output_tokens")),
            rates=rates_of(
                MILLION,
                input=about.get("input_cost_per_token"),
                output=about.get("output_cost_per_token"),
                cached=about.get("cache_read_input_token_cost"),
                cache_write=about.get("cache_creation_input_token_cost"),
            ),
            abilities=frozenset(able) or None,
        )
        found[name] = _shared(found[name], model) if name in found else model
    return Page(models=tuple(found.values()))


def _shared(one: ListedModel, other: ListedModel) -> ListedModel:
    both = one.abilities is not None and other.abilities is not None
    return ListedModel(
        name=one.name,
        context=least(one.context, other.context),
        max_output=least(one.max_output, other.max_output),
        rates=one.rates if one.rates == other.rates else None,
        abilities=(one.abilities or frozenset()) & (other.abilities or frozenset()) if both else None,
    )
