"""Figures, both ways: what Google counts apart is part of the whole in canonical form."""

from __future__ import annotations

from podium.core.usage import Usage

from .wire import ModalityCount, WireUsage


def read_usage(wire: WireUsage | None) -> Usage | None:
    """None where the provider stated nothing. Parts are never larger than their whole."""
    if wire is None or (wire.prompt_token_count is None and wire.candidates_token_count is None):
        return None
    read = max(wire.prompt_token_count or 0, 0) + max(wire.tool_use_prompt_token_count or 0, 0)
    thoughts = max(wire.thoughts_token_count or 0, 0)
    written = max(wire.candidates_token_count or 0, 0) + thoughts
    cached = min(max(wire.cached_content_token_count or 0, 0), read)
    return Usage(
        input=read,
        output=written,
        cached=cached,
        reasoning=thoughts,
        audio_input=min(_sound(wire.prompt_tokens_details), read - cached) if wire.prompt_tokens_details else 0,
        audio_output=min(_sound(wire.candidates_tokens_details), written) if wire.candidates_tokens_details else 0,
    )


def _sound(details: list[ModalityCount]) -> int:
    return sum(max(count.token_count or 0, 0) for count in details if count.modality == "AUDIO")


def wire_usage(usage: Usage) -> dict[str, int]:
    """`usageMetadata`: thoughts beside the candidates, cached tokens within the prompt."""
    figures = {
        "promptTokenCount": usage.input,
        "candidatesTokenCount": usage.output - usage.reasoning,
        "totalTokenCount": usage.input + usage.output,
    }
    if usage.reasoning:
        figures["thoughtsTokenCount"] = usage.reasoning
    if usage.cached:
        figures["cachedContentTokenCount"] = usage.cached
    return figures
