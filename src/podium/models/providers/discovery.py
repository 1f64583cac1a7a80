"""Local model servers that answer on their usual port: a working set-up with no configuration.

Only this machine's loopback address is asked, and all ports at the same time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import timedelta

from msgspec import Struct
from msgspec.structs import replace
from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import PyreqwestError

from podium.core.errors import ProviderError
from podium.core.ports import ListedModel

from .listing import read_page
from .presets import PRESETS, Listing, Preset

_PROBE_S = 0.5


class LocalServer(Struct, frozen=True, kw_only=True):
    """A local server that answered, and the models it has."""

    preset: Preset
    models: tuple[ListedModel, ...]


async def find_local_servers(presets: Iterable[Preset] | None = None) -> tuple[LocalServer, ...]:
    """Ask each preset's usual ports for its models. A port that is closed, slow or speaks otherwise is no server, nor
    is another Podium: what it offers is somewhere else already."""
    asked = [preset for preset in (PRESETS.values() if presets is None else presets) if preset.port and preset.base_url]
    if not asked:
        return ()
    builder = (
        ClientBuilder().timeout(timedelta(seconds=_PROBE_S)).follow_redirects(False).no_proxy().user_agent("podium")
    )
    async with builder.build() as client:
        answers = await asyncio.gather(*(_ask(client, preset) for preset in asked))
    return tuple(answer for answer in answers if answer is not None)


async def _ask(client: Client, preset: Preset) -> LocalServer | None:
    """The first of its ports that answers."""
    places = [preset, *(_moved(preset, port) for port in preset.other_ports)]
    found = await asyncio.gather(*(_ask_at(client, place) for place in places))
    return next((server for server in found if server is not None), None)


def _moved(preset: Preset, port: int) -> Preset:
    base_url = (preset.base_url or "").replace(f":{preset.port}/", f":{port}/", 1)
    return replace(preset, base_url=base_url, port=port)


async def _ask_at(client: Client, preset: Preset) -> LocalServer | None:
    for listing in preset.listings:
        models = await _listed(client, preset, listing)
        if models:
            return LocalServer(preset=preset, models=models)
    return None


async def _listed(client: Client, preset: Preset, listing: Listing) -> tuple[ListedModel, ...]:
    root = (preset.base_url or "").removesuffix("/v1") if listing.at_root else preset.base_url
    try:
        response = await client.get(f"{root}{listing.path}").build().send()
        if response.status != 200:
            return ()
        body = bytes(await response.bytes())
        models = read_page(body, listing.reader, preset.name).models
    except (PyreqwestError, ProviderError):
        return ()  # nobody there, or somebody who is not a model server
    return () if _is_podium(body, models) else models


def _is_podium(body: bytes, models: Iterable[ListedModel]) -> bool:
    """Whether this is a Podium's list, perhaps our own: `auto` stands in it, and who owns that."""
    return b'"podium"' in body and any(model.name == "auto" for model in models)
