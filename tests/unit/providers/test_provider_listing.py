"""Lists of models as each vendor writes them: what is read, what is unknown, what is no list."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.core.errors import FailureKind, ProviderError
from podium.core.ports import ListedModel
from podium.models.providers.listing import read_page

D = Decimal


def _one(reader: Any, value: Any) -> ListedModel:
    (model,) = read_page(json.dumps(value).encode(), reader, "acme").models
    return model


def _data(**entry: Any) -> dict[str, Any]:
    return {"object": "list", "data": [entry]}


_OPENROUTER = {
    "id": "acme/m",
    "context_length": 200_000,
    "architecture": {"input_modalities": ["text", "image", "file", "video"], "output_modalities": ["text"]},
    "pricing": {
        "prompt": "0.000003",
        "completion": "0.000015",
        "input_cache_read": "0.0000003",
        "input_cache_write": "0.00000375",
        "image": "0.0048",
    },
    "top_provider": {"context_length": 200_000, "max_completion_tokens": 64_000},
    "supported_parameters": ["tools", "structured_outputs", "temperature", "reasoning"],
}
_CASES: list[tuple[str, str, Any, ListedModel]] = [
    ("openai", "openai", _data(id="gpt-x", object="model", owned_by="openai"), ListedModel(name="gpt-x")),
    (
        "openrouter",
        "openai",
        {"data": [_OPENROUTER]},
        ListedModel(
            name="acme/m",
            context=200_000,
            max_output=64_000,
            rates={"input": D(3), "output": D(15), "cached": D("0.3"), "cache_write": D("3.75")},
            abilities=frozenset({"text", "vision", "files", "tools", "json_schema", "reasoning"}),
        ),
    ),
    (
        "openrouter's auto: the price depends",
        "openai",
        _data(id="openrouter/auto", pricing={"prompt": "-1", "completion": "-1"}),
        ListedModel(name="openrouter/auto"),
    ),
    (
        "openrouter's free ones cost nothing, and that is known",
        "openai",
        _data(id="acme/m:free", pricing={"prompt": "0", "completion": "0"}),
        ListedModel(name="acme/m:free", rates={"input": D(0), "output": D(0)}),
    ),
    (
        "together: a bare list, dollars a million",
        "openai",
        [{"id": "acme/m", "type": "chat", "context_length": 131_072, "pricing": {"input": 0.18, "output": 0.59}}],
        ListedModel(
            name="acme/m",
            context=131_072,
            rates={"input": D("0.18"), "output": D("0.59")},
            abilities=frozenset({"text"}),
        ),
    ),
    ("vllm", "openai", _data(id="m", max_model_len=32_768), ListedModel(name="m", context=32_768)),
    (
        "llama.cpp: what it grants, not what the model was trained for",
        "openai",
        _data(id="m", meta={"n_ctx_train": 131_072, "n_ctx": 8_192}),
        ListedModel(name="m", context=8_192),
    ),
    ("llama.cpp, older", "openai", _data(id="m", meta={"n_ctx_train": 131_072}), ListedModel(name="m")),
    (
        "lm studio: loaded with less",
        "openai",
        _data(id="m", type="vlm", max_context_length=131_072, loaded_context_length=4_096),
        ListedModel(name="m", context=4_096, abilities=frozenset({"text", "vision"})),
    ),
    (
        "mistral",
        "openai",
        _data(
            id="mistral-x",
            max_context_length=131_072,
            capabilities={"completion_chat": True, "function_calling": True, "vision": True, "fine_tuning": False},
        ),
        ListedModel(name="mistral-x", context=131_072, abilities=frozenset({"text", "tools", "vision"})),
    ),
    (
        "hugging face: sellers agree on the price, not on the window",
        "openai",
        _data(
            id="m",
            providers=[
                {"provider": "a", "context_length": 65_536, "pricing": {"input": 1, "output": 2}},
                {"provider": "b", "context_length": 32_768, "pricing": {"input": 1, "output": 2}},
            ],
        ),
        ListedModel(name="m", context=32_768, rates={"input": D(1), "output": D(2)}),
    ),
    (
        "hugging face: sellers differ",
        "openai",
        _data(id="m", providers=[{"pricing": {"input": 1, "output": 2}}, {"pricing": {"input": 3, "output": 4}}]),
        ListedModel(name="m"),
    ),
    (
        "anthropic",
        "anthropic",
        _data(
            type="model",
            id="claude-x",
            display_name="Claude X",
            max_input_tokens=200_000,
            max_tokens=64_000,
            capabilities={
                "image_input": {"supported": True},
                "pdf_input": {"supported": True},
                "structured_outputs": {"supported": False},
                "thinking": {"supported": True},
            },
        ),
        ListedModel(
            name="claude-x",
            context=200_000,
            max_output=64_000,
            abilities=frozenset({"text", "tools", "vision", "files", "reasoning"}),
        ),
    ),
    (
        "gemini",
        "gemini",
        {
            "models": [
                {
                    "name": "models/gemini-x",
                    "inputTokenLimit": 1_048_576,
                    "outputTokenLimit": 65_536,
                    "supportedGenerationMethods": ["generateContent", "countTokens"],
                    "thinking": True,
                },
                {"name": "models/veo-x", "supportedGenerationMethods": ["predictLongRunning"]},
            ]
        },
        ListedModel(name="gemini-x", context=1_048_576, max_output=65_536, abilities=frozenset({"text", "reasoning"})),
    ),
    (
        "cohere",
        "cohere",
        {
            "models": [
                {"name": "command-x", "endpoints": ["chat"], "context_length": 256_000.0, "features": ["tools"]},
                {"name": "rerank-x", "endpoints": ["rerank"]},
            ]
        },
        ListedModel(name="command-x", context=256_000, abilities=frozenset({"text", "tools"})),
    ),
    (
        "litellm",
        "litellm",
        {
            "data": [
                {
                    "model_name": "smart",
                    "litellm_params": {"model": "openai/gpt-x"},
                    "model_info": {
                        "mode": "chat",
                        "max_input_tokens": 128_000,
                        "max_output_tokens": 16_384,
                        "input_cost_per_token": 1e-07,
                        "output_cost_per_token": 4e-07,
                        "cache_read_input_token_cost": None,
                        "supports_vision": True,
                        "supports_function_calling": None,
                    },
                },
                {"model_name": "*", "model_info": {}},
                {"model_name": "painter", "model_info": {"mode": "image_generation"}},
            ]
        },
        ListedModel(
            name="smart",
            context=128_000,
            max_output=16_384,
            rates={"input": D("0.1"), "output": D("0.4")},
            abilities=frozenset({"text", "vision"}),
        ),
    ),
    (
        "litellm: one name, two deployments",
        "litellm",
        {
            "data": [
                {
                    "model_name": "m",
                    "model_info": {
                        "max_input_tokens": size,
                        "input_cost_per_token": 1e-6,
                        "output_cost_per_token": cost,
                    },
                }
                for size, cost in ((128_000, 2e-6), (32_000, 3e-6))
            ]
        },
        ListedModel(name="m", context=32_000),
    ),
    (
        "bedrock",
        "bedrock",
        {
            "modelSummaries": [
                {"modelId": "acme.m-v1:0", "inputModalities": ["TEXT", "IMAGE"], "outputModalities": ["TEXT"]},
                {"modelId": "acme.paint", "inputModalities": ["TEXT"], "outputModalities": ["IMAGE"]},
            ]
        },
        ListedModel(name="acme.m-v1:0", abilities=frozenset({"text", "vision"})),
    ),
]


@pytest.mark.parametrize(("reader", "value", "expected"), [row[1:] for row in _CASES], ids=[row[0] for row in _CASES])
def test_a_list_as_its_vendor_writes_it(reader: Any, value: Any, expected: ListedModel) -> None:
    assert _one(reader, value) == expected


@pytest.mark.parametrize("rate", ["free", "", None, True, "nan", "inf", "1", [1], "-0.000001"])
def test_a_rate_that_makes_no_sense_is_unknown(rate: Any) -> None:
    """A dollar a token would be a million for a million: somebody's mistake of units."""
    assert _one("openai", _data(id="m", pricing={"prompt": rate, "completion": "0.000001"})).rates is None


@pytest.mark.parametrize("window", [0, -1, True, "8192", None, 1e300, {}])
def test_a_window_that_makes_no_sense_is_unknown(window: Any) -> None:
    assert _one("openai", _data(id="m", context_length=window)).context is None


def test_an_entry_that_cannot_be_read_is_left_out() -> None:
    value = {"data": [{"id": "good"}, {"id": 7}, {"name": "x"}, None, "y", {"id": ""}, {"id": "also"}]}
    page = read_page(json.dumps(value).encode(), "openai", "acme")
    assert [model.name for model in page.models] == ["good", "also"]


def test_pages_follow_one_another() -> None:
    more = {"data": [{"id": "a"}], "has_more": True, "last_id": "a b"}
    assert read_page(json.dumps(more).encode(), "anthropic", "acme").following == "limit=1000&after_id=a+b"
    last = {"data": [{"id": "a"}], "has_more": False, "last_id": "a"}
    assert read_page(json.dumps(last).encode(), "anthropic", "acme").following == ""
    token = {"models": [{"name": "models/a"}], "nextPageToken": "t="}
    assert read_page(json.dumps(token).encode(), "gemini", "acme").following == "pageSize=1000&pageToken=t%3D"


_READERS = ["openai", "anthropic", "gemini", "cohere", "litellm", "bedrock"]


@pytest.mark.parametrize("reader", _READERS)
@pytest.mark.parametrize("body", [b"", b"\xff", b"null", b"7", b'"x"', b'{"error": "no"}', b"<html>", b"[" * 99_999])
def test_what_is_no_list_is_garbage(reader: Any, body: bytes) -> None:
    with pytest.raises(ProviderError) as caught:
        read_page(body, reader, "acme")
    assert caught.value.kind is FailureKind.GARBAGE
    assert caught.value.remedy


_WORDS = st.sampled_from(
    (
        "id",
        "name",
        "data",
        "models",
        "modelSummaries",
        "pricing",
        "prompt",
        "input",
        "output",
        "architecture",
        "meta",
        "n_ctx",
        "metadata",
        "providers",
        "capabilities",
        "model_info",
        "model_name",
        "endpoints",
        "input_modalities",
        "top_provider",
        "modelId",
    )
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS, inner, max_size=5),
    max_leaves=15,
)


@given(value=_JSON, reader=st.sampled_from(_READERS))
def test_no_list_breaks_a_reader(value: Any, reader: Any) -> None:
    try:
        page = read_page(json.dumps(value).encode(), reader, "acme")
    except ProviderError:
        return
    assert all(isinstance(model.name, str) for model in page.models)
