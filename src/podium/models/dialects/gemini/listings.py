"""Answers that are no model's: counted tokens, and the list of models."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Struct

from podium.core.errors import FailureKind, ProviderError

_METHODS = ("generateContent", "streamGenerateContent", "countTokens")
_encoder = msgspec.json.Encoder()


class ListedModel(Struct, frozen=True, kw_only=True):
    """A model as a caller may name it."""

    name: str
    display_name: str = ""
    input_tokens: int | None = None
    """The window; None where unknown."""
    output_tokens: int | None = None


class _Counted(Struct, frozen=True, rename="camel"):
    total_tokens: int


_count_decoder = msgspec.json.Decoder(_Counted)


def write_token_count(tokens: int) -> bytes:
    """`{"totalTokens": n}`."""
    return _encoder.encode({"totalTokens": tokens})


def read_token_count(body: bytes, *, provider: str) -> int:
    """A provider's count. Raises ProviderError(GARBAGE)."""
    try:
        return _count_decoder.decode(body).total_tokens
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise ProviderError(
            f"{provider} sent something that is not a count of tokens: {exc}.",
            kind=FailureKind.GARBAGE,
            provider=provider,
        ) from exc


def write_models(models: Iterable[ListedModel]) -> bytes:
    """`{"models": [...]}`, without further pages."""
    return _encoder.encode({"models": [_described(model) for model in models]})


def write_model(model: ListedModel) -> bytes:
    """One model by its name."""
    return _encoder.encode(_described(model))


def _described(model: ListedModel) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "name": f"models/{model.name}",
        "displayName": model.display_name or model.name,
        "supportedGenerationMethods": _METHODS,
    }
    if model.input_tokens is not None:
        shown["inputTokenLimit"] = model.input_tokens
    if model.output_tokens is not None:
        shown["outputTokenLimit"] = model.output_tokens
    return shown
