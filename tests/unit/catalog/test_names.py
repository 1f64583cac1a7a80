"""What is read out of a local server's model name."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podium.models.catalog import chats, local_card, purpose
from podium.models.catalog.names import parameters_b


@pytest.mark.parametrize(
    ("name", "billions"),
    [
        ("hermes3:8b", 8),
        ("NousResearch/Hermes-3-Llama-3.1-70B", 70),
        ("mixtral:8x7b-instruct-v0.1-q4_0", 56),
        ("mixtral:8x22b", 176),
        ("deepseek-coder:6.7b", 6.7),
        ("qwen3:0.6b", 0.6),
        ("smollm2:135m", 0.135),
        ("Some-MoE-30B-A3B-Q4_K_M.gguf", 30),
        ("gemma3n:e4b", 4),
        ("Qwen2.5-7B-Instruct-1M", 7),
        ("Big-2.4T-A95B", 2400),
        ("my-finetune", None),
        ("llama3:latest", None),
        ("model-4bit", None),
        ("thing-q8_0", None),
        ("v2b-model", None),
    ],
)
def test_size_in_a_name(name: str, billions: float | None) -> None:
    assert parameters_b(name) == (None if billions is None else pytest.approx(billions))


def test_a_local_card_claims_little() -> None:
    card = local_card("my-finetune-13b")
    assert (card.tier, card.context, card.capabilities) == (1, 8192, {"text"})
    assert card.name == "my-finetune-13b"
    assert local_card("whatever").tier == 1
    assert local_card("hermes3:70b").tier == 2
    assert local_card("giant-2.4T").tier == 2, "a name alone makes no frontier model"
    assert local_card("tiny:1b").expected_quality < local_card("small:3b").expected_quality
    assert local_card("small:3b").expected_quality < local_card("medium:8b").expected_quality


@settings(max_examples=50)
@given(st.text(max_size=80))
def test_any_name_makes_a_card(name: str) -> None:
    card = local_card(name)
    assert card.tier in (1, 2)
    assert card.context > 0


@pytest.mark.parametrize(
    "name",
    [
        "nomic-embed-text:latest",
        "mxbai-embed-large",
        "text-embedding-nomic-embed-text-v1.5",
        "Qwen/Qwen3-Reranker-8B",
        "bge-m3",
        "BAAI/bge-reranker-v2-m3",
        "all-minilm:33m",
        "intfloat/e5-mistral-7b-instruct",
        "whisper-large-v3",
        "llama-guard3:8b",
        "shieldgemma:9b",
        "gpt-oss-safeguard:20b",
        "kokoro-tts",
        "deepseek-ocr:3b",
    ],
)
def test_models_that_do_not_chat(name: str) -> None:
    assert not chats(name)


@pytest.mark.parametrize(
    ("name", "for_what"),
    [
        ("nomic-embed-text:latest", "embedding"),
        ("text-embedding-3-small", "embedding"),
        ("all-minilm:33m", "embedding"),
        ("intfloat/e5-mistral-7b-instruct", "embedding"),
        ("whisper-small", "transcription"),
        ("Systran/faster-distil-whisper-large-v3", "transcription"),
        ("nvidia/parakeet-tdt-0.6b-v2", "transcription"),
        ("BAAI/bge-reranker-v2-m3", None),
        ("llama-guard3:8b", None),
        ("kokoro-tts", None),
        ("llama3.1:8b", "text"),
    ],
)
def test_what_a_model_is_for(name: str, for_what: str | None) -> None:
    assert purpose(name) == for_what
    if for_what in ("embedding", "transcription"):
        assert local_card(name).capabilities == {for_what}


@pytest.mark.parametrize(
    "name", ["llama3.1:8b", "qwen3:14b", "hermes3:8b", "gemma4:e4b", "my-finetune", "phi4", "eclipse-7b", "beget:3b"]
)
def test_models_that_chat(name: str) -> None:
    assert chats(name)
