"""Which providers there are, told from configuration, environment and local servers alone."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from podium.core.errors import ConfigError
from podium.core.ports import ListedModel
from podium.core.settings import ProviderSettings
from podium.models.providers import PRESETS, Account, LocalServer, accounts

P = ProviderSettings
KEY = "sk-very-secret-key"
OLLAMA = LocalServer(
    preset=PRESETS["ollama"], models=(ListedModel(name="llama3.1:8b", context=4096), ListedModel(name="qwen3:4b"))
)


def _accounts(
    configured: Mapping[str, P] | None = None,
    environ: Mapping[str, str] | None = None,
    servers: tuple[LocalServer, ...] = (),
    use_environment: bool = True,
) -> tuple[Account, ...]:
    return accounts(configured or {}, environ=environ or {}, use_environment=use_environment, local_servers=servers)


@pytest.mark.parametrize(
    ("configured", "environ", "servers", "expected"),
    [
        ({}, {}, (), []),
        ({}, {"OPENAI_API_KEY": KEY}, (), [("openai", "OPENAI_API_KEY", None)]),
        ({}, {"OPENAI_API_KEY": " \n"}, (), []),
        ({}, {}, (OLLAMA,), [("ollama", "127.0.0.1:11434", None)]),
        (
            {"openai": P()},
            {"OPENAI_API_KEY": KEY, "GROQ_API_KEY": KEY},
            (OLLAMA,),
            [("openai", "podium.yaml", None), ("groq", "GROQ_API_KEY", None), ("ollama", "127.0.0.1:11434", None)],
        ),
        # switched off stays off, wherever its key or its port is
        ({"openai": P(enabled=False)}, {"OPENAI_API_KEY": KEY}, (), []),
        ({"ollama": P(enabled=False)}, {}, (OLLAMA,), []),
        ({"box": P(base_url="http://localhost:11434/v1/", enabled=False)}, {}, (OLLAMA,), []),
        # a preset that is used under another name is spoken for
        ({"work": P(preset="openai")}, {"OPENAI_API_KEY": KEY}, (), [("work", "podium.yaml", None)]),
        ({"mine": P(preset="ollama")}, {}, (OLLAMA,), [("mine", "podium.yaml", None)]),
        # so is an address, however it is written
        ({"box": P(base_url="http://127.0.0.1:11434/v1/")}, {}, (OLLAMA,), [("box", "podium.yaml", None)]),
        ({"box": P(base_url="http://localhost:11434/v1")}, {}, (OLLAMA,), [("box", "podium.yaml", None)]),
        ({"box": P(base_url="http://127.0.0.1:9999/v1")}, {}, (OLLAMA,), [
            ("box", "podium.yaml", None), ("ollama", "127.0.0.1:11434", None),
        ]),
        # a key that is missing is a problem, not an error
        ({"openai": P()}, {}, (), [
            ("openai", "podium.yaml",
             "no key: set OPENAI_API_KEY or providers.openai.api_key (get one at platform.openai.com)"),
        ]),
        ({"openai": P(api_key=" ")}, {}, (), [
            ("openai", "podium.yaml",
             "no key: set OPENAI_API_KEY or providers.openai.api_key (get one at platform.openai.com)"),
        ]),
    ],
)  # fmt: skip
def test_who_is_there(
    configured: Mapping[str, P],
    environ: Mapping[str, str],
    servers: tuple[LocalServer, ...],
    expected: list[tuple[str, str, str | None]],
) -> None:
    found = _accounts(configured, environ, servers)
    assert [(account.name, account.found, account.problem) for account in found] == expected
    assert [account.usable for account in found] == [problem is None for _, _, problem in expected]


def test_the_environment_is_left_alone_where_told_so() -> None:
    environ = {"OPENAI_API_KEY": KEY, "GROQ_API_KEY": KEY}
    (account,) = _accounts({"openai": P()}, environ, use_environment=False)
    assert account.key == KEY, "what the configuration names still finds its key"


@pytest.mark.parametrize(
    ("settings", "environ", "key"),
    [
        (P(api_key="own"), {"GEMINI_API_KEY": "env"}, "own"),
        (P(), {"GEMINI_API_KEY": " first \n", "GOOGLE_API_KEY": "second"}, "first"),
        (P(), {"GEMINI_API_KEY": " ", "GOOGLE_API_KEY": "second"}, "second"),
        (P(api_key="own\n"), {}, "own"),
    ],
)
def test_where_the_key_comes_from(settings: P, environ: Mapping[str, str], key: str) -> None:
    (account,) = _accounts({"google": settings}, environ)
    assert account.key == key


@pytest.mark.parametrize(
    ("name", "settings", "base_url"),
    [
        ("ollama", P(), "http://127.0.0.1:11434/v1"),
        ("ollama", P(base_url="http://10.0.0.7:11434"), "http://10.0.0.7:11434/v1"),
        ("ollama", P(base_url="http://10.0.0.7:11434/"), "http://10.0.0.7:11434/v1"),
        ("ollama", P(base_url="http://10.0.0.7:11434/v1"), "http://10.0.0.7:11434/v1"),
        ("gpu", P(preset="vllm", base_url="http://gpu:8000"), "http://gpu:8000/v1"),
        ("other", P(base_url="https://llm.example.com"), "https://llm.example.com"),
    ],
)
def test_a_local_servers_address_may_come_without_v1(name: str, settings: P, base_url: str) -> None:
    (account,) = _accounts({name: settings})
    assert account.base_url == base_url


def test_settings_of_a_provider_travel_with_its_account() -> None:
    settings = P(
        preset="openai", base_url="https://eu.example.com/v1", api_key=KEY, locality="local", models=("a", "b"),
        headers={"x-team": "support"}, timeout_s=7.0,
    )  # fmt: skip
    (account,) = _accounts({"eu": settings})
    assert (account.preset.name, account.locality, account.models) == ("openai", "local", ("a", "b"))
    assert (dict(account.headers), account.timeout_s) == ({"x-team": "support"}, 7.0)


@pytest.mark.parametrize(
    ("name", "settings", "field"),
    [
        ("x", P(preset="opnai"), "providers.x.preset"),
        ("x", P(), "providers.x.base_url"),
        ("x", P(base_url="llm.example.com"), "providers.x.base_url"),
        ("x", P(base_url="ftp://llm.example.com"), "providers.x.base_url"),
        ("x", P(base_url="https://"), "providers.x.base_url"),
        ("x", P(base_url="http://[::1/v1"), "providers.x.base_url"),
        ("x", P(base_url="http://host:99999/v1"), "providers.x.base_url"),
    ],
)
def test_what_cannot_be_understood_is_an_error_with_its_place(name: str, settings: P, field: str) -> None:
    with pytest.raises(ConfigError) as caught:
        _accounts({name: settings})
    assert caught.value.field == field
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("https://ann:hunter2secret@llm.example.com/v1", "user name or a password"),
        ("https://hunter2secret@llm.example.com/v1", "user name or a password"),
        ("ann:hunter2secret@llm.example.com/v1", "not an http address"),
        ("ftp://ann:hunter2secret@llm.example.com/v1", "user name or a password"),
        ("http://ann:hunter2secret@[::1/v1", "not an http address"),
        ("http://ann:x/y#hunter2secret@host/v1", "not an http address"),
        ("http://ann:hunter2secret@host:99999/v1", "not an http address"),
        ("https://llm.example.com/v1?api-version=2024", "goes on after the path"),
        ("https://llm.example.com/v1?key=hunter2secret", "goes on after the path"),
        ("https://llm.example.com/v1?", "goes on after the path"),
        ("https://llm.example.com/v1#hunter2secret", "goes on after the path"),
    ],
)
def test_an_address_calls_cannot_be_put_behind_is_refused_and_its_secrets_are_not_shown(
    address: str, says: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        _accounts({"x": P(base_url=address)})
    assert says in caught.value.message
    assert caught.value.field == "providers.x.base_url"
    assert caught.value.remedy
    assert "hunter2secret" not in str(caught.value)
    assert "ann" not in str(caught.value)


def test_an_address_of_the_environment_is_refused_as_a_problem_with_its_variable() -> None:
    environ = {"LITELLM_API_KEY": KEY, "LITELLM_BASE_URL": "https://ann:hunter2secret@llm.example.com/v1"}
    (account,) = _accounts({}, environ)
    assert not account.usable
    assert (account.problem or "").startswith("LITELLM_BASE_URL holds a user name")
    assert "hunter2secret" not in repr(account)
    assert "hunter2secret" not in account.base_url


@pytest.mark.parametrize(
    "copied",
    [
        "https://acme.openai.azure.com/openai/deployments/gpt-5/chat/completions?api-version=2024-10-21",
        "https://acme.openai.azure.com/openai/deployments/gpt-5",
        "https://acme.openai.azure.com/openai/responses?api-version=2025-04-01-preview",
        "https://acme.openai.azure.com/?api-version=2024-10-21",
        "https://acme.openai.azure.com/openai/v1?api-version=preview",
        "https://acme.openai.azure.com/models/chat/completions?api-version=2024-05-01-preview",
    ],
)
def test_what_azures_portal_gives_to_copy_is_understood(copied: str) -> None:
    expected = "https://acme.openai.azure.com/openai/v1"
    (account,) = _accounts({"azure": P(base_url=copied, api_key=KEY)})
    assert account.base_url == expected
    (found,) = _accounts({}, {"AZURE_OPENAI_API_KEY": KEY, "AZURE_OPENAI_ENDPOINT": copied})
    assert found.base_url == expected
    with pytest.raises(ConfigError, match="after the path"):
        _accounts({"azure": P(base_url="https://acme.openai.azure.com/?code=1", api_key=KEY)})


@pytest.mark.parametrize(
    ("settings", "asked"),
    [
        (P(region="eu-west-1", api_key=KEY), True),
        (P(region="eu-west-1", api_key=KEY, base_url="https://bedrock-runtime.eu-west-1.amazonaws.com/"), True),
        (P(region="eu-west-1", api_key=KEY, base_url="https://llm-proxy.corp.example/bedrock"), False),
        (P(api_key=KEY, base_url="https://llm-proxy.corp.example/bedrock"), False),
    ],
)
def test_a_proxys_key_is_not_shown_to_the_cloud_behind_it(settings: P, asked: bool) -> None:
    (account,) = _accounts({"bedrock": settings})
    assert account.usable
    assert [each.path for each in account.listings] == (
        ["https://bedrock.eu-west-1.amazonaws.com/foundation-models"] if asked else []
    )


def test_a_key_is_never_shown() -> None:
    for account in _accounts({"openai": P(api_key=KEY)}, {"GROQ_API_KEY": KEY}):
        assert account.key == KEY
        assert KEY not in repr(account)
        assert KEY not in str(account)
        assert KEY not in f"{[account]}"


@pytest.mark.parametrize(
    ("name", "settings", "lists"),
    [
        ("ollama", P(), True),
        ("ollama", P(models=("a",)), False),
        ("box", P(base_url="https://llm.example.com/v1"), True),
        ("openai", P(api_key=KEY), False),
    ],
)
def test_whose_models_are_known_only_by_asking(name: str, settings: P, lists: bool) -> None:
    (account,) = _accounts({name: settings})
    assert account.lists_itself is lists


@pytest.mark.parametrize(
    ("address", "locality"),
    [
        ("http://127.0.0.1:11434", "local"),
        ("http://localhost:11434", "local"),
        ("http://10.0.0.5:11434/v1", "local"),
        ("http://[::1]:11434/v1", "local"),
        ("http://workstation:11434", "local"),
        ("http://gpu.lan:11434", "local"),
        ("http://8.8.8.8:11434", "cloud"),
        ("https://ollama.rented.example.com/v1", "cloud"),
    ],
)
def test_a_local_preset_at_a_public_address_is_not_local(address: str, locality: str) -> None:
    settings = {"ollama": ProviderSettings(base_url=address)}
    [account] = accounts(settings, environ={}, use_environment=False)
    assert account.locality == locality
    stated = {"ollama": ProviderSettings(base_url=address, locality="local")}
    assert accounts(stated, environ={}, use_environment=False)[0].locality == "local"


# --- addresses ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "settings", "base_url"),
    [
        ("openai", P(base_url="https://api.openai.com"), "https://api.openai.com/v1"),
        ("openai", P(base_url="https://eu.api.openai.com/v1/"), "https://eu.api.openai.com/v1"),
        ("openai", P(base_url="https://api.openai.com/v1/chat/completions"), "https://api.openai.com/v1"),
        ("anthropic", P(base_url="https://api.anthropic.com"), "https://api.anthropic.com/v1"),
        ("anthropic", P(base_url="https://api.anthropic.com/v1/messages"), "https://api.anthropic.com/v1"),
        ("anthropic", P(base_url="https://api.deepseek.com/anthropic"), "https://api.deepseek.com/anthropic/v1"),
        ("google", P(base_url="https://generativelanguage.googleapis.com"),
         "https://generativelanguage.googleapis.com/v1beta"),
        ("google", P(base_url="https://generativelanguage.googleapis.com/v1beta/openai/"),
         "https://generativelanguage.googleapis.com/v1beta"),
        ("google", P(base_url="https://proxy.example/gemini/v1"), "https://proxy.example/gemini/v1"),
        ("groq", P(base_url="https://api.groq.com"), "https://api.groq.com/openai/v1"),
        ("azure", P(base_url="https://acme.openai.azure.com/"), "https://acme.openai.azure.com/openai/v1"),
        ("azure", P(base_url="https://acme.openai.azure.com/openai"), "https://acme.openai.azure.com/openai/v1"),
        ("azure", P(base_url="https://acme.openai.azure.com/openai/v1"), "https://acme.openai.azure.com/openai/v1"),
        ("litellm", P(base_url="http://127.0.0.1:4001"), "http://127.0.0.1:4001/v1"),
        ("claude", P(base_url="https://proxy.example", dialect="anthropic"), "https://proxy.example/v1"),
        ("gem", P(base_url="https://proxy.example", dialect="gemini"), "https://proxy.example/v1beta"),
    ],
)  # fmt: skip
def test_an_address_may_be_given_in_the_ways_people_give_it(name: str, settings: P, base_url: str) -> None:
    (account,) = _accounts({name: settings})
    assert account.base_url == base_url


def test_what_an_address_lacks_comes_from_the_environment() -> None:
    environ = {"AZURE_OPENAI_API_KEY": KEY, "AZURE_OPENAI_ENDPOINT": "https://acme.openai.azure.com/"}
    (account,) = _accounts({}, environ)
    assert (account.name, account.found) == ("azure", "AZURE_OPENAI_API_KEY")
    assert account.base_url == "https://acme.openai.azure.com/openai/v1"
    assert _accounts({}, {"AZURE_OPENAI_API_KEY": KEY}) == (), "a key without a place is no provider"
    (named,) = _accounts({"azure": P()}, {"AZURE_OPENAI_API_KEY": KEY})
    assert named.problem == "no endpoint: set AZURE_OPENAI_ENDPOINT or providers.azure.base_url"


@pytest.mark.parametrize(
    ("settings", "environ", "base_url", "problem"),
    [
        (P(region="eu-central-1", api_key=KEY), {}, "https://bedrock-runtime.eu-central-1.amazonaws.com", None),
        (P(api_key=KEY), {"AWS_REGION": "us-east-1"}, "https://bedrock-runtime.us-east-1.amazonaws.com", None),
        (P(), {"AWS_DEFAULT_REGION": "us-west-2", "AWS_BEARER_TOKEN_BEDROCK": KEY},
         "https://bedrock-runtime.us-west-2.amazonaws.com", None),
        (P(api_key=KEY), {}, "https://bedrock-runtime.{region}.amazonaws.com",
         "no region: set AWS_REGION or providers.bedrock.region"),
    ],
)  # fmt: skip
def test_a_cloud_is_where_its_region_is(
    settings: P, environ: Mapping[str, str], base_url: str, problem: str | None
) -> None:
    (account,) = _accounts({"bedrock": settings}, environ)
    assert (account.base_url, account.problem) == (base_url, problem)
    if problem is None:
        region = base_url.split(".")[1]
        assert account.listings[0].path == f"https://bedrock.{region}.amazonaws.com/foundation-models"
        assert account.signing is None, "a key needs no signature"


def test_a_missing_extra_is_told_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("podium.models.providers.signing.find_spec", lambda name: None)
    (aws,) = _accounts({"bedrock": P(region="us-east-1")})
    assert 'pip install "podium[bedrock]"' in (aws.problem or "")
    (google,) = _accounts({"vertex": P(project="acme")})
    assert 'pip install "podium[vertex]"' in (google.problem or "")
    assert not aws.usable
    (with_token,) = _accounts({"vertex": P(project="acme", api_key="ya29.token")})
    assert with_token.problem is None


def test_a_project_that_is_nowhere_is_told_with_its_variable() -> None:
    (google,) = _accounts({"vertex": P(api_key="ya29.token")})
    assert google.problem == "no project: set GOOGLE_CLOUD_PROJECT or providers.vertex.project"


def test_several_problems_are_told_together() -> None:
    (account,) = _accounts({"azure": P()})
    assert account.problem is not None
    assert "AZURE_OPENAI_ENDPOINT" in account.problem
    assert "AZURE_OPENAI_API_KEY" in account.problem


# --- dialects -------------------------------------------------------------------------------------------------------


def _wires(account: Account) -> list[str]:
    return [wire.dialect for wire in account.preset.wires]


@pytest.mark.parametrize(
    ("name", "settings", "wires", "auth", "reader"),
    [
        ("box", P(base_url="https://b.example/v1"),
         ["openai-chat", "openai-embeddings", "openai-transcription"], "bearer", "openai"),
        ("box", P(base_url="https://b.example/v1", dialect="openai-responses"),
         ["openai-responses", "openai-embeddings", "openai-transcription"], "bearer", "openai"),
        ("box", P(base_url="https://b.example/v1", dialect="anthropic"), ["anthropic"], "x-api-key", "anthropic"),
        ("box", P(base_url="https://b.example/v1", preset="openai-compatible", dialect="gemini"),
         ["gemini"], "x-goog-api-key", "gemini"),
        ("openai", P(dialect="openai-responses"),
         ["openai-responses", "openai-embeddings", "openai-transcription"], "bearer", "openai"),
        ("litellm", P(base_url="https://b.example/v1", dialect="anthropic"),
         ["anthropic", "openai-embeddings", "openai-transcription"], "bearer", "litellm"),
    ],
)  # fmt: skip
def test_the_configuration_says_which_wire_it_speaks(
    name: str, settings: P, wires: list[str], auth: str, reader: str
) -> None:
    (account,) = _accounts({name: settings})
    assert _wires(account) == wires
    assert account.preset.auth == auth
    assert account.listings[0].reader == reader


def test_a_preset_goes_by_its_other_name_too() -> None:
    (account,) = _accounts({"llama.cpp": P()}, {}, ())
    assert account.preset.name == "llamacpp"
    assert account.base_url == "http://127.0.0.1:8080/v1"
    server = LocalServer(preset=PRESETS["llamacpp"], models=(ListedModel(name="m"),))
    assert len(_accounts({"llama.cpp": P(enabled=False)}, {}, (server,))) == 0


def test_what_a_local_server_says_of_its_models_stays_with_it() -> None:
    (account,) = _accounts({}, {}, (OLLAMA,))
    assert account.models == ("llama3.1:8b", "qwen3:4b")
    assert account.listed["llama3.1:8b"].context == 4096


def test_a_marketplace_is_asked_for_its_prices_and_keeps_the_configurations_limits() -> None:
    (account,) = _accounts({"openrouter": P(api_key=KEY, models=("a/b",))})
    assert account.lists_itself
    listed = account.with_listed([ListedModel(name="a/b", context=9), ListedModel(name="c/d")])
    assert listed.models == ("a/b",)
    assert listed.listed["a/b"].context == 9
    (whole,) = _accounts({}, {"OPENROUTER_API_KEY": KEY})
    assert whole.with_listed([ListedModel(name="c/d")]).models == ("c/d",)
