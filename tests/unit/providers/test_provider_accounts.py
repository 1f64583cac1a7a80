"""Which providers there are, told from configuration, environment and local servers alone."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from podium.core.errors import ConfigError
from podium.core.settings import ProviderSettings
from podium.models.providers import PRESETS, Account, LocalServer, accounts

P = ProviderSettings
KEY = "sk-very-secret-key"
OLLAMA = LocalServer(preset=PRESETS["ollama"], models=("llama3.1:8b", "qwen3:4b"))


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
