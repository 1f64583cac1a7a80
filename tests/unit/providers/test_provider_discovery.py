"""Discovery against real loopback ports: a model server, somebody else's server, a silent one, nobody."""

from __future__ import annotations

import asyncio
import socket
import time
from typing import Any

import pytest
from msgspec import structs

from podium.core.errors import FailureKind, ProviderError
from podium.models.providers import PRESETS, Preset, find_local_servers
from podium.models.providers.listing import read_model_list


def _preset(port: int, name: str = "ollama") -> Preset:
    return Preset(name=name, title=name, base_url=f"http://127.0.0.1:{port}/v1", locality="local", port=port)


def test_only_a_model_server_that_answers_is_found(kit: Any) -> None:
    listing = b'{"object": "list", "data": [{"id": "llama3.1:8b", "object": "model"}, {"id": "qwen3:4b"}]}'

    async def play() -> tuple[Any, float]:
        async with (
            kit.RawServer(lambda request: kit.http("200 OK", listing)) as good,
            kit.RawServer(lambda request: kit.http("200 OK", b"<html>my blog</html>")) as page,
            kit.RawServer(lambda request: kit.http("200 OK", b'{"data": []}')) as without,
            kit.RawServer(lambda request: kit.http("404 Not Found", listing)) as missing,
            kit.RawServer(lambda request: kit.http("302 Found", b"", f"location: {good.base_url}/models")) as moved,
            kit.RawServer(lambda request: b"SSH-2.0-OpenSSH_9.6\r\n") as other,
            kit.RawServer(lambda request: kit.http("200 OK", b"[" * 50_000)) as deep,
            kit.RawServer(lambda request: None) as silent,
        ):
            with socket.socket() as closed:
                closed.bind(("127.0.0.1", 0))
                ports = [server.port for server in (page, without, missing, moved, other, deep, silent, good)]
                presets = [_preset(port, f"p{place}") for place, port in enumerate([*ports, closed.getsockname()[1]])]
                begun = time.monotonic()
                found = await find_local_servers(presets)
                taken = time.monotonic() - begun
            assert good.requests[0].startswith(b"GET /v1/models HTTP/1.1\r\n")
            assert b"authorization" not in good.requests[0].lower()
            return found, taken

    (server,), taken = kit.run(play)
    assert (server.preset.name, [model.name for model in server.models]) == ("p7", ["llama3.1:8b", "qwen3:4b"])
    assert taken < 1.5, "a silent port costs half a second, and all are asked at once"


def test_presets_without_a_port_are_not_asked() -> None:
    cloud = Preset(name="x", title="X", base_url="https://192.0.2.1/v1")
    assert asyncio.run(find_local_servers([cloud])) == ()
    assert asyncio.run(find_local_servers([])) == ()


def test_a_server_is_found_at_its_other_port_too(kit: Any) -> None:
    listing = b'{"data": [{"id": "qwen3:4b"}]}'

    async def play() -> Any:
        async with kit.RawServer(lambda request: kit.http("200 OK", listing)) as moved:
            with socket.socket() as closed:
                closed.bind(("127.0.0.1", 0))
                usual = _preset(closed.getsockname()[1], "llamacpp")
                (server,) = await find_local_servers([structs.replace(usual, other_ports=(moved.port,))])
            return server.preset, moved

    preset, moved = kit.run(play)
    assert (preset.name, preset.port, preset.base_url) == ("llamacpp", moved.port, moved.base_url)
    assert PRESETS["llamacpp"].port == 8080
    assert PRESETS["llamacpp"].other_ports == (9931,)


def test_a_podium_is_no_model_server(kit: Any) -> None:
    listing = b'{"object":"list","data":[{"id":"auto","object":"model","created":1,"owned_by":"podium"},{"id":"m"}]}'

    async def play() -> Any:
        async with kit.RawServer(lambda request: kit.http("200 OK", listing)) as server:
            return await find_local_servers([_preset(server.port)])

    assert kit.run(play) == ()


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"null", b'{"data": null}', b'{"data": [{}]}', b'{"data": ["m"]}', b"\xff", b"[" * 99_999],
)
def test_what_is_no_model_list_is_garbage(body: bytes) -> None:
    with pytest.raises(ProviderError) as caught:
        read_model_list(body, "acme")
    assert caught.value.kind is FailureKind.GARBAGE


def test_googles_names_lose_their_prefix() -> None:
    listed = read_model_list(b'{"data": [{"id": "models/gemini-x"}, {"id": "y"}]}', "google")
    assert [model.name for model in listed] == ["gemini-x", "y"]
