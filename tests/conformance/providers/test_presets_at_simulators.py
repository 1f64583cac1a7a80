"""Every preset that needs no signature, end to end: its key's place, its paths, its wire, its list, at a simulator."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from podium.core.errors import FailureKind, ProviderError
from podium.core.messages import Finished, FinishReason, Noted, TextDelta, UsageSeen
from podium.core.ports import Call
from podium.core.settings import DiscoverSettings, ProviderSettings, Settings
from podium.models.providers import PRESETS, Preset, accounts
from podium.runtime.assembly import connect
from podium.testing import SimModel, SimServer, SimVendor, make_task

KEY = "sk-simulated-0123456789"
_SIGNED = ("sigv4", "google-oauth")
_TRIED = [preset for preset in PRESETS.values() if preset.auth not in _SIGNED]
_LISTS = {"openai", "anthropic", "gemini"}
"""Shapes of lists the simulator writes."""


def _vendor(*, key: str | None = KEY) -> SimVendor:
    return SimVendor(name="acme", models=(SimModel(name="small", first_token_ms=0),), time_scale=0.0, api_key=key)


def _door(preset: Preset, root: str, key: str = KEY) -> Any:
    base = f"{root}/v1beta" if preset.wires[0].dialect == "gemini" else f"{root}/v1"
    settings = Settings(
        providers={"acme": ProviderSettings(preset=preset.name, base_url=base, api_key=key)},
        discover=DiscoverSettings(environment=False, local=False),
    )
    (account,) = accounts(settings.providers, environ={}, use_environment=False)
    assert account.problem is None
    return connect(account, settings)


def _call() -> Call:
    return Call(task=make_task("Hello"), model="small", timeout_s=5.0, max_tokens=200)


@pytest.mark.parametrize("preset", _TRIED, ids=lambda preset: preset.name)
def test_a_preset_asks_and_is_answered(preset: Preset) -> None:
    async def play() -> None:
        # Azure's `api-key` is a header the simulator does not look for: that it is sent is shown elsewhere.
        async with SimServer(_vendor(key=None if preset.auth == "api-key" else KEY)) as server:
            door = _door(preset, server.root_url)
            try:
                assert door.speaks(_call()) == preset.wires[0].dialect
                reply = await door.complete(_call())
                assert reply.text
                assert reply.finish is FinishReason.STOP
                assert reply.dialect == preset.wires[0].dialect
                assert reply.usage is not None
                async with door.stream(_call()) as frames:
                    events = [event async for batch in frames for frame in batch for event in frame.events]
                assert "".join(event.text for event in events if isinstance(event, TextDelta)) == reply.text
                assert any(isinstance(event, Finished) for event in events)
                assert not any(isinstance(event, Noted) for event in events)
                usages = [event.usage for event in events if isinstance(event, UsageSeen)]
                if preset.wires[0].quirks.stream_usage:
                    assert usages[-1] == reply.usage
                if preset.listings and preset.listings[-1].reader in _LISTS:
                    assert [model.name for model in await door.list_models()] == ["small"]
            finally:
                await door.aclose()

    asyncio.run(play())


@pytest.mark.parametrize("name", ["openai", "anthropic", "google", "groq", "mistral"])
def test_a_wrong_key_is_a_wrong_key_on_every_wire(name: str) -> None:
    async def play() -> None:
        async with SimServer(_vendor()) as server:
            door = _door(PRESETS[name], server.root_url, key="sk-wrong-000000000000")
            for work in (door.complete(_call()), door.list_models()):
                with pytest.raises(ProviderError) as caught:
                    await work
                assert caught.value.kind is FailureKind.CREDENTIAL
                assert "sk-wrong" not in str(caught.value)
            await door.aclose()

    asyncio.run(play())
