"""The shipped cards are valid, agree with the price list, and know their models by every server's name."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import UTC, date, datetime
from statistics import median

import pytest

from podium.models.catalog import Card, PriceBook, find_card, load_cards
from podium.models.catalog.cards import NO_WINDOW

WHEN = datetime(2026, 11, 20, tzinfo=UTC)
CARDS = load_cards()
PRESETS = {
    "openai",
    "anthropic",
    "google",
    "mistral",
    "deepseek",
    "xai",
    "groq",
    "together",
    "openrouter",
    "fireworks",
    "bedrock",
    "vertex",
    "vertex-anthropic",
    "cohere",
    "perplexity",
    "cerebras",
    "sambanova",
    "nvidia",
    "huggingface",
    "deepinfra",
    "moonshot",
    "zai",
}
UNPRICED = {"sambanova", "nvidia", "deepinfra"}
"""Hosts the price list does not know: what they charge is unknown unless they or the configuration say."""

WINDOW_OF_ANOTHER_HOST = {
    ("openrouter", "anthropic/claude-sonnet-4.5"): "a beta window of a million; the maker's plain one is 200,000",
    ("openrouter", "qwen/qwen3.8-27b"): "the card keeps to the smallest host's",
    ("openrouter", "qwen/qwen3.7-plus"): "the card keeps to the smallest host's",
    ("together", "Qwen/Qwen3.7-Plus"): "the card keeps to the smallest host's",
    ("openrouter", "qwen/qwen3-8b"): "stretched by that host",
    ("fireworks", "accounts/fireworks/models/deepseek-v3p2"): "the maker's own is smaller",
    ("huggingface", "Qwen/Qwen3-32B:groq"): "stretched by that host",
    ("openrouter", "z-ai/glm-5.3-flash"): "the maker's own is smaller",
}
SMALLER_THERE = {("cerebras", "qwen-3.8-27b"), ("huggingface", "Qwen/Qwen3.8-27B:cerebras")}
"""Hosts that grant less than the others: a deployment there has their window."""


@pytest.fixture(scope="module")
def book() -> PriceBook:
    return PriceBook()


def test_there_are_enough_cards_and_not_hundreds() -> None:
    assert 60 <= len(CARDS) <= 160
    assert {card.vendor for card in CARDS} >= {
        "openai",
        "anthropic",
        "google",
        "mistral",
        "deepseek",
        "xai",
        "meta",
        "alibaba",
        "microsoft",
    }


def test_no_name_means_two_models() -> None:
    names = Counter(name.lower() for card in CARDS for name in {card.name, *card.aliases})
    assert [name for name, count in names.items() if count > 1] == []
    served = Counter((preset, model.lower()) for card in CARDS for preset, model in card.served.items())
    assert [key for key, count in served.items() if count > 1] == []


def test_every_name_a_card_gives_leads_back_to_it() -> None:
    for card in CARDS:
        for name in (card.name, *card.aliases, *card.served.values()):
            assert find_card(name) is card, name


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_card_is_sound(card: Card) -> None:
    assert len({"text", "embedding", "transcription"} & card.capabilities) == 1
    assert card.context >= (8_192 if card.writes else 512)
    assert card.writes or len(card.capabilities) == 1
    assert {*card.wires.values(), *card.tool_wires.values()} <= {"openai-responses"}
    assert not (card.wires and card.tool_wires), "where every request goes over a wire, those with tools do"
    assert card.max_output is None or card.max_output <= card.context
    assert set(card.served) <= PRESETS
    assert set(card.lacks) <= set(card.served)
    assert card.served or card.match, "neither served nor matched: nobody could ever use it"
    assert ("vision" in card.roles) <= ("vision" in card.capabilities)
    assert ("orchestrator" in card.roles) <= ("tools" in card.capabilities)
    assert card.match is None or re.compile(card.match).pattern.startswith("^")
    for missing in card.lacks.values():
        assert missing <= card.capabilities, "what it lacks somewhere it must have elsewhere"


def test_every_served_model_has_a_price_or_is_a_known_exception(book: PriceBook) -> None:
    unpriced = {
        (preset, model)
        for card in CARDS
        for preset, model in card.served.items()
        if book.lookup(preset, model, WHEN, writes=card.writes) is None
    }
    assert {preset for preset, _ in unpriced} == UNPRICED


def test_context_windows_are_those_of_the_list(book: PriceBook) -> None:
    for card in CARDS:
        for preset, model in card.served.items():
            listed = book.context_window(preset, model)
            if listed is None or card.context == NO_WINDOW:
                continue
            if (preset, model) in WINDOW_OF_ANOTHER_HOST:
                assert card.context < listed
            elif (preset, model) in SMALLER_THERE:
                assert card.context > listed
            else:
                # Hosts round a window their own way: 131,000 and 131,072, 1,000,000 and 1,048,576.
                assert abs(card.context - listed) <= 0.05 * listed, (card.name, preset, listed)


def test_dearer_tiers_cost_more_within_a_maker(book: PriceBook) -> None:
    own = {"openai": "openai", "anthropic": "anthropic", "google": "google", "mistral": "mistral", "xai": "xai"}
    for vendor, preset in own.items():
        blended: dict[int, list[float]] = defaultdict(list)
        for card in CARDS:
            price = book.lookup(preset, card.served.get(preset, ""), WHEN) if card.vendor == vendor else None
            if price is not None and "audio" not in card.strengths:
                blended[card.tier].append(float(3 * price.rates.input + price.rates.output))
        medians = [median(blended[tier]) for tier in sorted(blended)]
        assert medians == sorted(medians), vendor
        assert len(set(medians)) == len(medians), vendor
        if {1, 3} <= blended.keys():
            assert max(blended[1]) < min(blended[3]), vendor


def test_better_tiers_are_expected_to_be_right_more_often() -> None:
    by_tier = {tier: {card.expected_quality for card in CARDS if card.tier == tier} for tier in (1, 2, 3)}
    assert max(by_tier[1]) < min(by_tier[2]) <= max(by_tier[2]) < min(by_tier[3])


def test_what_a_wire_does_not_carry_is_taken_off_there_only() -> None:
    card = Card(
        name="m",
        vendor="v",
        family="f",
        tier=1,
        context=9_000,
        capabilities=frozenset({"text", "tools"}),
        lacks={"here": frozenset({"tools"})},
    )
    assert card.at("here").capabilities == {"text"}
    assert card.at("elsewhere") is card


def test_native_wires_carry_schemas_and_prefill() -> None:
    for name, prefill in {"claude-haiku-4-5": True, "claude-sonnet-5-5": False}.items():
        card = find_card(name)
        assert card is not None
        assert card.at("anthropic") is card
        assert {"json_schema", "files"} <= card.capabilities
        assert ("prefill" in card.capabilities) == prefill


def test_openai_asks_for_another_wire_where_tools_come_with_reasoning() -> None:
    sol, older, codex = find_card("gpt-6.1-sol"), find_card("gpt-4.1"), find_card("gpt-5.3-codex")
    assert sol is not None
    assert older is not None
    assert codex is not None
    assert "tools" in sol.at("openai").capabilities
    assert sol.tool_wires == {"openai": "openai-responses", "azure": "openai-responses"}
    assert (older.wires, older.tool_wires, sol.wires) == ({}, {}, {})
    assert codex.wires["openai"] == "openai-responses"


def test_an_inference_profile_of_any_region_is_the_model() -> None:
    for name, plain in {
        "us.anthropic.claude-sonnet-5-5": "claude-sonnet-5-5",
        "eu.anthropic.claude-haiku-4-5-20251001-v1:0": "claude-haiku-4-5",
        "anthropic.claude-sonnet-4-6": "claude-sonnet-4-6",
        "us.amazon.nova-pro-v1:0": "nova-pro-v1",
    }.items():
        card = find_card(name)
        assert card is not None, name
        assert card.name == plain
    assert find_card("us.meta.something") is None


def test_a_date_after_a_name_does_not_hide_the_model() -> None:
    for dated, plain in {
        "claude-haiku-4-5-20251001": "claude-haiku-4-5",
        "gpt-4o-2024-08-06": "gpt-4o",
        "gpt-5-2025-08-07": "gpt-5",
        "claude-sonnet-4-5@20250929": "claude-sonnet-4-5",
    }.items():
        card = find_card(dated)
        assert card is not None
        assert card.name == plain


def test_switch_off_dates_are_dates_to_come() -> None:
    dates = [card.retires for card in CARDS if card.retires is not None]
    assert dates
    assert min(dates) > date(2026, 11, 20)


LOCAL_NAMES = {
    "llama-3.1-8b": [
        "llama3.1:8b",
        "llama3.1",
        "llama3.1:latest",
        "llama3.1:8b-instruct-q4_K_M",
        "Meta-Llama-3.1-8B-Instruct-Q4_K_M.gguf",
        "/models/Meta-Llama-3.1-8B-Instruct-Q4_K_M.gguf",
        "meta-llama/Llama-3.1-8B-Instruct",
        "meta-llama/Meta-Llama-3.1-8B-Instruct",
        "llama-3.1-8b-instruct",
        "hf.co/bartowski/Meta-Llama-3.1-8B-Instruct-GGUF:Q4_K_M",
    ],
    "llama-3.2-3b": ["llama3.2", "llama3.2:3b", "Llama-3.2-3B-Instruct-Q8_0.gguf", "meta-llama/Llama-3.2-3B-Instruct"],
    "llama-3.2-1b": ["llama3.2:1b", "unsloth/Llama-3.2-1B-Instruct"],
    "llama-3.2-11b-vision": ["llama3.2-vision:11b", "llama3.2-vision", "meta-llama/Llama-3.2-11B-Vision-Instruct"],
    "llama-3.3-70b": ["llama3.3", "llama3.3:70b-instruct-q4_K_M", "Llama-3.3-70B-Instruct-Q4_K_M.gguf"],
    "llama-4-scout": ["llama4", "llama4:16x17b", "meta-llama/Llama-4-Scout-17B-16E-Instruct"],
    "llama-4-maverick": ["llama4:128x17b", "meta-llama/Llama-4-Maverick-17B-128E-Instruct-FP8"],
    "qwen3-14b": ["qwen3:14b-q4_K_M", "Qwen/Qwen3-14B", "Qwen3-14B-Q4_K_M.gguf", "qwen3-14b"],
    "qwen3-8b": ["qwen3", "qwen3:8b", "Qwen/Qwen3-8B-FP8", "Qwen_Qwen3-8B-Q4_K_M.gguf"],
    "qwen3-4b": ["qwen3:4b", "Qwen/Qwen3-4B-Instruct-2507", "qwen/qwen3-4b-2507"],
    "qwen3-30b-a3b": ["qwen3:30b-a3b", "Qwen/Qwen3-30B-A3B-Instruct-2507", "qwen3-30b-a3b-2507"],
    "qwen3-32b": ["qwen3:32b", "Qwen/Qwen3-32B-AWQ"],
    "qwen3-coder-30b": ["qwen3-coder", "qwen3-coder:30b", "Qwen/Qwen3-Coder-30B-A3B-Instruct"],
    "qwen3-vl-8b": ["qwen3-vl:8b", "Qwen/Qwen3-VL-8B-Instruct"],
    "qwen2.5-7b": ["qwen2.5:7b", "Qwen/Qwen2.5-7B-Instruct", "qwen2.5-7b-instruct-q4_k_m.gguf"],
    "qwen2.5-coder-7b": ["qwen2.5-coder:7b", "Qwen/Qwen2.5-Coder-7B-Instruct"],
    "qwen2.5-coder-32b": ["qwen2.5-coder:32b", "qwen2.5-coder-32b-instruct"],
    "qwen3.5-9b": ["qwen3.5:9b", "Qwen/Qwen3.5-9B", "qwen3.5"],
    "qwen3.6-27b": ["qwen3.6:27b", "Qwen/Qwen3.5-27B"],
    "qwen3.6-35b-a3b": ["qwen3.6:35b-a3b", "Qwen3.6-35B-A3B-UD-Q4_K_XL.gguf"],
    "qwen3.8-27b": ["qwen3.8:27b", "Qwen/Qwen3.8-27B"],
    "gemma-3-4b": ["gemma3", "gemma3:4b", "google/gemma-3-4b-it", "gemma-3-4b-it-Q4_K_M.gguf"],
    "gemma-3-12b": ["gemma3:12b-it-qat", "google/gemma-3-12b-it"],
    "gemma-3-27b": ["gemma3:27b-it-qat", "google_gemma-3-27b-it-Q4_K_M.gguf", "gemma-3-27b-it"],
    "gemma-4-31b": ["gemma4:31b", "google/gemma-4-31b-it"],
    "gemma-4-26b": ["gemma4:26b", "google/gemma-4-26b-a4b-it", "gemma-4-26B-A4B-it-Q4_K_M.gguf"],
    "gemma-4-12b": ["gemma4:12b"],
    "gemma-4-e4b": ["gemma4", "gemma4:e4b", "gemma4:e2b", "google/gemma-4-E4B-it"],
    "phi-4": ["phi4", "phi4:14b", "microsoft/phi-4", "phi-4-Q4_K_M.gguf", "phi-4"],
    "phi-4-mini": ["phi4-mini", "microsoft/Phi-4-mini-instruct", "microsoft_Phi-4-mini-instruct-Q4_K_M.gguf"],
    "gpt-oss-20b": ["gpt-oss", "gpt-oss:20b", "openai/gpt-oss-20b", "gpt-oss-20b-mxfp4.gguf"],
    "gpt-oss-120b": ["gpt-oss:120b", "openai/gpt-oss-120b", "gpt-oss-120b-mxfp4-00001-of-00003.gguf"],
    "mistral-7b": [
        "mistral",
        "mistral:7b",
        "mistralai/Mistral-7B-Instruct-v0.3",
        "mistral-7b-instruct-v0.3.Q4_K_M.gguf",
    ],
    "mistral-nemo": ["mistral-nemo:12b", "mistralai/Mistral-Nemo-Instruct-2407"],
    "mistral-small-3.2": [
        "mistral-small3.2:24b",
        "mistral-small",
        "mistralai/Mistral-Small-3.2-24B-Instruct-2506",
        "mistralai_Mistral-Small-3.2-24B-Instruct-2506-Q4_K_M.gguf",
    ],
    "mistral-small-4": ["mistralai/Mistral-Small-4-119B-2603"],
    "mistral-medium-3.5": ["mistralai/Mistral-Medium-3.5-128B"],
    "mistral-large-3": ["mistralai/Mistral-Large-3-675B-Instruct-2512"],
    "ministral-14b": ["ministral-3:14b", "mistralai/Ministral-3-14B-Instruct-2512"],
    "ministral-8b": ["ministral-3", "ministral-3:8b", "mistralai/Ministral-3-8B-Reasoning-2512"],
    "ministral-3b": ["ministral-3:3b", "mistralai/Ministral-3-3B-Instruct-2512"],
    "voxtral-small": ["mistralai/Voxtral-Small-24B-2507"],
    "devstral-small": ["devstral", "devstral:24b", "mistralai/Devstral-Small-2507", "mistralai/devstral-small-2-2512"],
    "deepseek-r1-distill-small": [
        "deepseek-r1:latest",
        "deepseek-r1:8b",
        "deepseek-r1:14b-qwen-distill-q4_K_M",
        "deepseek-ai/DeepSeek-R1-Distill-Qwen-7B",
        "deepseek-ai/DeepSeek-R1-0528-Qwen3-8B",
        "DeepSeek-R1-Distill-Llama-8B-Q4_K_M.gguf",
    ],
    "deepseek-r1-distill-large": ["deepseek-r1:32b", "deepseek-r1:70b", "deepseek-ai/DeepSeek-R1-Distill-Qwen-32B"],
    "deepseek-v3.2": ["deepseek-v3.1:671b", "deepseek-ai/DeepSeek-V3.2"],
    "nemotron-3-super": ["nemotron-3-super", "nvidia/NVIDIA-Nemotron-3-Super-120B-A12B-BF16"],
    "nemotron-3-nano": ["nemotron-3-nano:30b", "nvidia/nemotron-3-nano-30b-a3b"],
    "nomic-embed-text-v1.5": [
        "nomic-embed-text",
        "nomic-embed-text:latest",
        "nomic-embed-text:v1.5",
        "text-embedding-nomic-embed-text-v1.5",
        "nomic-ai/nomic-embed-text-v1.5",
        "nomic-embed-text-v1.5.Q8_0.gguf",
    ],
    "mxbai-embed-large": ["mxbai-embed-large", "mxbai-embed-large:335m", "mixedbread-ai/mxbai-embed-large-v1"],
    "bge-m3": ["bge-m3", "bge-m3:567m", "BAAI/bge-m3"],
    "bge-large-en-v1.5": ["bge-large", "BAAI/bge-large-en-v1.5"],
    "embeddinggemma-300m": ["embeddinggemma", "embeddinggemma:300m", "google/embeddinggemma-300m"],
    "qwen3-embedding-8b": ["qwen3-embedding", "qwen3-embedding:8b", "Qwen/Qwen3-Embedding-8B"],
    "qwen3-embedding-4b": ["qwen3-embedding:4b"],
    "qwen3-embedding-0.6b": ["qwen3-embedding:0.6b", "Qwen/Qwen3-Embedding-0.6B"],
    "whisper-large-v3": ["whisper-large-v3", "openai/whisper-large-v3", "Systran/faster-whisper-large-v3"],
    "whisper-large-v3-turbo": ["whisper-large-v3-turbo", "openai/whisper-large-v3-turbo"],
}


@pytest.mark.parametrize(
    ("name", "expected"), [(name, expected) for expected, names in LOCAL_NAMES.items() for name in names]
)
def test_a_local_name_hits_its_model_and_no_other(name: str, expected: str) -> None:
    assert [card.name for card in CARDS if card.matches(name)] == [expected]


def test_every_pattern_is_tried_above() -> None:
    assert {card.name for card in CARDS if card.match} == LOCAL_NAMES.keys()


@pytest.mark.parametrize(
    "name",
    [
        "my-finetune",
        "hermes3:8b",
        "NousResearch/Hermes-3-Llama-3.1-8B",
        "llama3:8b",
        "llama2:7b",
        "llama3.1:405b",
        "nomic-embed-text-v2-moe",
        "bge-small-en-v1.5",
        "whisper-small",
        "qwen2:7b",
        "qwen3:0.6b",
        "gemma2:9b",
        "gemma3:270m",
        "codegemma:7b",
        "phi4-reasoning:14b",
        "mixtral:8x7b",
        "gpt-oss-safeguard:20b",
        "deepseek-coder:6.7b",
        "deepseek-r1:671b",
        "dolphin-mistral:7b",
        "llama-guard3:8b",
        "mistral-large:123b",
        "qwen3-vl:235b",
    ],
)
def test_a_model_nobody_described_hits_none(name: str) -> None:
    assert find_card(name) is None
