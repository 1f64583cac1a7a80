"""What a caller calls a model decides nothing about where an operator's key is sent."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from pyreqwest.http import Url

from podium.core.errors import FailureKind, ProviderError
from podium.models.dialects import NotCarried, by_name
from podium.models.providers import PRESETS, Wire
from podium.models.providers.wiring import Ready

_WIRES = {f"{preset.name}-{wire.dialect}": wire for preset in PRESETS.values() for wire in preset.wires}
_BASE = "https://vendor.example/v1/projects/ours/publishers/acme"
_PIECES = (
    "..",
    ".",
    "/",
    "%2e",
    "%2F",
    "?",
    "#",
    "\\",
    ";",
    "@",
    "publishers/",
    "models/",
    "{model}",
    "\n",
    "x",
    "files",
)
_NAMES = st.one_of(st.text(max_size=30), st.lists(st.sampled_from(_PIECES), max_size=10).map("".join))


def _ready(wire: Wire) -> Ready:
    return Ready(wire, by_name(wire.dialect), base_url=_BASE, headers={})


@given(model=_NAMES)
def test_a_call_stays_below_the_base_address_of_every_preset(model: str) -> None:
    for wire in _WIRES.values():
        for stream in (False, True):
            ready = _ready(wire)
            plain = ready.url("NAME", stream=stream)
            try:
                url = ready.url(model, stream=stream)
            except NotCarried:
                continue
            sent = Url.parse(url)
            assert str(sent) == url, "the client changed nothing of it"
            assert url.startswith(f"{_BASE}/")
            assert not {".", ".."} & set(sent.path.split("/"))
            assert sent.path.endswith(plain.partition("NAME")[2].partition("?")[0])
            assert (sent.query_string or "", sent.fragment) == (plain.partition("?")[2], None)


@pytest.mark.parametrize(
    "model",
    [
        "x/../../../v1/projects/evil/files?upload=1&z=",
        "x/%2e%2e/%2e%2e/files",
        "publishers/../../files#",
        "..",
        "x?alt=json",
    ],
)
@pytest.mark.parametrize(
    "wire",
    [
        Wire(dialect="gemini"),
        Wire(dialect="bedrock-converse"),
        Wire(dialect="bedrock-converse", path="/model/{model}/converse"),
        Wire(dialect="anthropic", path="/models/{model}:rawPredict"),
    ],
    ids=lambda wire: f"{wire.dialect}{wire.path}",
)
def test_nothing_is_sent_for_a_name_that_leads_elsewhere(kit: Any, wire: Wire, model: str) -> None:
    async def play() -> None:
        async with kit.RawServer(lambda request: kit.http("200 OK", b"{}")) as server:
            door = kit.provider(server.base_url, key="the-operators-key", wires=(wire,))
            with pytest.raises(ProviderError) as caught:
                await door.complete(replace(kit.call(), model=model))
            assert caught.value.kind is FailureKind.NOT_CARRIED
            assert caught.value.http_status == 400
            assert "no name a model can have" in caught.value.message
            with pytest.raises(ProviderError, match="no name a model can have"):
                async with door.stream(replace(kit.call(), model=model)):
                    pass
            assert server.requests == []
            await door.aclose()

    kit.run(play)
