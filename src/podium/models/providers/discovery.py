"""Local model servers that answer on their usual port: a working set-up with no configuration.

Only this machine's loopback address is asked, once, at start-up, and all ports at the same time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import timedelta

from msgspec import Struct
from pyreqwest.client import ClientBuilder
from pyreqwest.exceptions import PyreqwestError

from podium.core.errors import ProviderError

from .http import read_model_list
from .presets import PRESETS, Preset

_PROBE_S = 0.5


class LocalServer(Struct, frozen=True, kw_only=True):
    """A local server that answered, and the models it has."""

    preset: Preset
    models: tuple[str, ...]


async def find_local_servers(presets: Iterable[Preset] | None = None) -> tuple[LocalServer, ...]:
    """Ask each preset's usual port for its models. A port that is closed, slow or speaks otherwise is no server."""
    asked = [preset for preset in (PRESETS.values() if presets is None else presets) if preset.port and preset.base_url]
    builder = (
        ClientBuilder().timeout(timedelta(seconds=_PROBE_S)).follow_redirects(False).no_proxy().user_agent("podium")
    )
    async with builder.build() as client:

        async def ask(preset: Preset) -> LocalServer | None:
            try:
                response = await client.get(f"{preset.base_url}/models").build().send()
                if response.status != 200:
                    return None
                models = read_model_list(bytes(await response.bytes()), preset.name)
            except (PyreqwestError, ProviderError):
                return None  # nobody there, or somebody who is not a model server
            return LocalServer(preset=preset, models=models) if models else None

        answers = await asyncio.gather(*(ask(preset) for preset in asked))
    return tuple(answer for answer in answers if answer is not None)
