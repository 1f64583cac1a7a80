"""Keys that a careless provider echoes in its errors: nobody reads them there, however they were given."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Any

import pytest

from podium.core.errors import ProviderError
from podium.models.providers.signing import secrets_of

KEY = "sk-very-secret-0123456789"
PASSWORD = "a-long-password-indeed"
_BASIC = b64encode(f"ann:{PASSWORD}".encode()).decode()


class Renewing:
    """A signer whose token is another at every call."""

    def __init__(self) -> None:
        self.tokens: list[str] = []

    async def sign(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Mapping[str, str]:
        self.tokens.append(f"ya29.token-number-{len(self.tokens)}")
        return {"authorization": f"Bearer {self.tokens[-1]}", "x-amz-security-token": f"sts-{self.tokens[-1]}"}


def _echo(kit: Any, *said: str) -> Any:
    body = ('{"error": {"message": "bad key: ' + " and ".join(said) + '"}}').encode()
    return lambda request: kit.http("401 Unauthorized", body)


async def _ask(provider: Any, kit: Any, streamed: bool | None) -> None:
    """A list where `streamed` is None, else a call."""
    if streamed is None:
        await provider.list_models()
    elif streamed:
        async with provider.stream(kit.call()):
            pass
    else:
        await provider.complete(kit.call())


def _error(kit: Any, *said: str, streamed: bool | None, **given: Any) -> ProviderError:
    async def play() -> ProviderError:
        async with kit.RawServer(_echo(kit, *said)) as server:
            provider = kit.provider(server.base_url, **given)
            try:
                with pytest.raises(ProviderError) as caught:
                    await _ask(provider, kit, streamed)
            finally:
                await provider.aclose()
            return caught.value

    error = kit.run(play)
    assert isinstance(error, ProviderError)
    return error


@pytest.mark.parametrize("streamed", [None, False, True])
@pytest.mark.parametrize(
    ("given", "secret"),
    [
        pytest.param({"key": KEY}, KEY, id="key"),
        pytest.param({"headers": {"authorization": f"Bearer {KEY}"}}, KEY, id="bearer"),
        pytest.param({"headers": {"Authorization": f"bearer  {KEY} "}}, KEY, id="bearer, written otherwise"),
        pytest.param({"headers": {"authorization": f"Basic {_BASIC}"}}, _BASIC, id="basic"),
        pytest.param({"headers": {"authorization": f"Basic {_BASIC}"}}, f"ann:{PASSWORD}", id="basic, read"),
        pytest.param({"headers": {"authorization": f"Basic {_BASIC}"}}, PASSWORD, id="its password"),
        pytest.param({"headers": {"x-gateway": f"Token {KEY}"}}, KEY, id="another scheme"),
    ],
)
def test_a_key_that_is_echoed_is_removed(kit: Any, given: dict[str, Any], secret: str, streamed: bool | None) -> None:
    error = _error(kit, secret, streamed=streamed, **given)
    assert secret not in f"{error!r} {error} {error.body!r} {error.__cause__!r}"
    assert "[removed]" in error.message


def test_tokens_of_a_signer_are_removed_the_last_and_the_one_before(kit: Any) -> None:
    signer = Renewing()

    async def play() -> None:
        said = [f"ya29.token-number-{number}" for number in (0, 1)]
        async with kit.RawServer(_echo(kit, *said, f"sts-{said[1]}")) as server:
            provider = kit.provider(server.base_url, signer=signer)
            try:
                for _ in range(2):
                    with pytest.raises(ProviderError) as caught:
                        await provider.list_models()
            finally:
                await provider.aclose()
            assert len(signer.tokens) == 2
            assert "token-number" not in caught.value.message

    kit.run(play)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (None, ()),
        ("", ()),
        ("2023-06-01", ()),
        ("Bearer short", ("Bearer short",)),
        (f"Bearer {KEY}", (f"Bearer {KEY}", KEY)),
        ("Basic not-base64-at-all!", ("Basic not-base64-at-all!", "not-base64-at-all!")),
        ("Basic /////////////////w==", ("Basic /////////////////w==", "/////////////////w==")),
    ],
)
def test_what_of_a_header_is_secret(value: str | None, found: tuple[str, ...]) -> None:
    assert secrets_of(value) == found
