"""Presets: data that must be sane, because nobody looks at it again before a key is sent there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from podium.core.settings import ProviderSettings
from podium.core.tasks import Operation
from podium.models.dialects import NAMES, Quirks, by_name
from podium.models.providers import ALIASES, PRESETS, Preset, accounts, find_preset
from podium.models.providers.addresses import fill, slots_of
from podium.models.providers.presets import preset_for_key
from podium.models.providers.reference import describe_notes, renewed
from podium.testing import make_task

_EACH = pytest.mark.parametrize("preset", PRESETS.values(), ids=list(PRESETS))
_PROMISED = """
    openai azure anthropic google vertex bedrock mistral cohere groq deepseek together fireworks openrouter xai
    perplexity cerebras sambanova nvidia huggingface deepinfra moonshot zai ollama vllm llama.cpp lmstudio litellm
    openai-compatible
"""


@pytest.mark.parametrize("name", _PROMISED.split())
def test_every_provider_promised_is_there(name: str) -> None:
    assert find_preset(name) is not None


def test_names_ports_and_titles_are_unique_and_no_key_belongs_to_two() -> None:
    assert list(PRESETS) == [preset.name for preset in PRESETS.values()]
    assert not set(ALIASES) & set(PRESETS)
    for facts in (
        [preset.port for preset in PRESETS.values() if preset.port],
        [preset.base_url for preset in PRESETS.values() if preset.base_url and "{" not in preset.base_url],
        [variable for preset in PRESETS.values() for variable in preset.key_variables],
        [preset.title for preset in PRESETS.values()],
    ):
        assert len(set(facts)) == len(facts)


@_EACH
def test_a_name_can_stand_before_a_slash(preset: Preset) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9-]*", preset.name)
    assert preset.name != "auto"


@_EACH
def test_its_wires_are_dialects_each_once(preset: Preset) -> None:
    spoken = [wire.dialect for wire in preset.wires]
    assert spoken
    assert set(spoken) <= set(NAMES)
    assert len(set(spoken)) == len(spoken)
    assert preset.wires[0].operation is Operation.CHAT


@pytest.mark.parametrize("name", NAMES)
def test_what_a_wire_is_for_is_what_its_dialect_says(name: str) -> None:
    """The preset tells it by name, so as not to load the dialect."""
    from podium.models.providers import Wire

    try:
        dialect = by_name(name)
    except ModuleNotFoundError:
        pytest.skip(f"{name} is not built yet")
    assert Wire(dialect=name).operation is dialect.operation


@_EACH
def test_keys_travel_encrypted_and_local_servers_are_here(preset: Preset) -> None:
    if preset.base_url is None:
        assert preset.key_optional
        return
    assert not preset.base_url.endswith("/")
    filled = fill(preset.base_url, preset, {slot.name: f"https://{slot.name}.example" for slot in preset.slots})
    if preset.locality == "cloud":
        assert urlsplit(filled.url).scheme == "https"
        assert preset.sign_up, "a person wants to know where to get a key"
        assert "/" not in preset.sign_up
        assert preset.port is None
        assert preset.key_variables or preset.auth == "google-oauth"
    else:
        address = urlsplit(preset.base_url)
        assert (address.hostname, address.port, address.path) == ("127.0.0.1", preset.port, "/v1")
        assert preset.key_variables == ()


@_EACH
def test_every_gap_of_an_address_has_a_slot_and_every_slot_a_gap(preset: Preset) -> None:
    places = [preset.base_url or "", *(listing.path for listing in preset.listings)]
    gaps = {gap for place in places for gap in re.findall(r"\{(\w+)\}", place)}
    assert gaps == {slot.name for slot in preset.slots}
    for wire in preset.wires:
        assert set(re.findall(r"\{(\w+)\}", wire.path + wire.stream_path)) <= {"model"}
        assert wire.quirks.model_in_path <= ("{model}" in wire.path)


@_EACH
def test_variables_look_like_variables(preset: Preset) -> None:
    for variable in preset.key_variables:
        assert re.fullmatch(r"[A-Z][A-Z0-9_]*_(API_KEY|TOKEN|BEDROCK)", variable)
    for slot in preset.slots:
        assert slot.variables
        assert all(re.fullmatch(r"[A-Z][A-Z0-9_]+", variable) for variable in slot.variables)


_COMPATIBLE = {"openai-compatible", "anthropic-compatible", "gemini-compatible"}
"""Whoever they are: there is nothing to look up."""


@_EACH
def test_a_row_names_what_it_was_checked_against(preset: Preset) -> None:
    assert bool(preset.source) is (preset.name not in _COMPATIBLE)
    for text in (preset.source, preset.unverified, preset.note):
        assert text == text.strip()
    assert not preset.source.endswith(".")
    assert not preset.unverified.endswith("."), "the page ends the sentence"


def test_the_page_says_what_of_a_row_was_not_confirmed() -> None:
    lines = {line.split("**")[1]: line for line in describe_notes().splitlines()}
    assert set(lines) == set(PRESETS) - _COMPATIBLE
    for name, line in lines.items():
        assert (f"Not confirmed: {PRESETS[name].unverified}." in line) is bool(PRESETS[name].unverified)
        assert PRESETS[name].source in line
        assert ".." not in line


def _chat(name: str) -> Quirks:
    return PRESETS[name].wires[0].quirks


@pytest.mark.parametrize(
    ("name", "refused", "taken"),
    [
        pytest.param("xai", {"presence_penalty", "frequency_penalty"}, {"tools", "response_format"}, id="xai"),
        pytest.param("cerebras", {"parallel_tool_calls"}, {"n", "seed"}, id="cerebras"),
        pytest.param("sambanova", set(), {"n", "logprobs", "presence_penalty"}, id="sambanova"),
        pytest.param("zai", {"n"}, {"seed", "parallel_tool_calls"}, id="zai"),
        pytest.param("cohere", {"audio", "prediction", "top_logprobs"}, {"logprobs", "stream_options"}, id="cohere"),
        pytest.param("nvidia", {"prompt_cache_key", "verbosity"}, {"parallel_tool_calls", "tools"}, id="nvidia"),
        pytest.param("ollama", {"n", "logit_bias"}, {"tools", "response_format", "stream_options"}, id="ollama"),
        pytest.param("groq", {"n", "logprobs"}, {"seed"}, id="groq"),
    ],
)
def test_fields_a_provider_refuses_are_those_it_was_found_to(name: str, refused: set[str], taken: set[str]) -> None:
    assert refused <= _chat(name).refuses
    assert not taken & _chat(name).refuses


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("openai", "max_completion_tokens"),
        ("groq", "max_completion_tokens"),
        ("cerebras", "max_completion_tokens"),
        ("moonshot", "max_completion_tokens"),
        ("zai", "max_tokens"),
        ("together", "max_tokens"),
        ("sambanova", "max_tokens"),
    ],
)
def test_the_limit_of_an_answer_goes_by_the_name_each_takes(name: str, limit: str) -> None:
    assert _chat(name).max_tokens_field == limit


def test_perplexity_is_asked_over_the_api_it_still_has() -> None:
    preset = PRESETS["perplexity"]
    assert [wire.dialect for wire in preset.wires] == ["openai-responses"]
    body = by_name("openai-responses").write_request(
        make_task("Hello"), model="perplexity/sonar", stream=True, quirks=_chat("perplexity")
    )
    sent = json.loads(body.body)
    assert sent["model"] == "perplexity/sonar"
    assert not set(sent) & _chat("perplexity").refuses
    assert not body.notes


def test_chats_with_sonar_go_by_another_name_as_the_note_says() -> None:
    settings = {"sonar": ProviderSettings(base_url="https://api.perplexity.ai", api_key="sk-0123456789")}
    (account,) = accounts(settings, environ={}, use_environment=False)
    assert (account.base_url, account.preset.wires[0].dialect) == ("https://api.perplexity.ai", "openai-chat")
    assert account.base_url in PRESETS["perplexity"].note


def test_a_key_is_found_by_its_variable_the_first_of_several_first() -> None:
    environ = {"GOOGLE_API_KEY": "b", "GEMINI_API_KEY": "a", "MISTRAL_API_KEY": "  ", "UNRELATED": "c"}
    assert [(preset.name, variable) for preset, variable in preset_for_key(environ)] == [("google", "GEMINI_API_KEY")]


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("europe-west1", "europe-west1-aiplatform.googleapis.com"),
        ("global", "aiplatform.googleapis.com"),
        ("eu", "aiplatform.eu.rep.googleapis.com"),
    ],
)
def test_regions_that_break_the_rule_have_their_own_host(region: str, host: str) -> None:
    preset = PRESETS["vertex"]
    values = slots_of(preset, ProviderSettings(region=region, project="acme-1"), {})
    filled = fill(preset.base_url or "", preset, values)
    assert filled.url == f"https://{host}/v1/projects/acme-1/locations/{region}/publishers/google"
    assert not filled.missing


def test_presets_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        PRESETS["openai"] = PRESETS["groq"]  # type: ignore[index]  # what is refused


def test_the_page_of_providers_is_up_to_date() -> None:
    page = Path(__file__).parents[3] / "docs" / "providers.md"
    text = page.read_text("utf-8")
    assert text == renewed(text), "run: python -m podium.models.providers docs/providers.md"
    assert all(f"`{preset.name}`" in text for preset in PRESETS.values())
