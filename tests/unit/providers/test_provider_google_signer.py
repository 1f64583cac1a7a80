"""Google's access tokens against loopback token servers: where credentials come from, once for all, renewed in time.

The servers run on the test's own event loop: a signer that blocked it would wait for ever.
"""

from __future__ import annotations

import asyncio
import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from podium.core.errors import FailureKind, ProviderError
from podium.core.settings import DiscoverSettings, ProviderSettings, Settings
from podium.models.providers import SIGNERS, SigningFacts, accounts
from podium.runtime.assembly import connect

URL = "https://aiplatform.googleapis.com/v1/projects/acme/locations/global/publishers/google/models/m:generateContent"


def refused(signer: Any) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        asyncio.run(signer.sign("POST", URL, {}, b"{}"))
    assert caught.value.kind is FailureKind.CREDENTIAL
    assert caught.value.remedy
    return caught.value


@pytest.fixture(scope="module")
def private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _account_file(tmp_path: Path, key: rsa.RSAPrivateKey, token_uri: str) -> dict[str, str]:
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    info = {"type": "service_account", "project_id": "acme", "private_key_id": "k1", "private_key": pem,
            "client_email": "podium@acme.example", "client_id": "1", "token_uri": token_uri}  # fmt: skip
    file = tmp_path / "account.json"
    file.write_text(json.dumps(info))
    return {"GOOGLE_APPLICATION_CREDENTIALS": str(file)}


def vertex(environ: Mapping[str, str]) -> Any:
    facts = SigningFacts(provider="vertex", region="global", environ={"NO_GCE_CHECK": "true", **environ})
    return SIGNERS["google-oauth"](facts)


def _form(request: bytes) -> dict[str, list[str]]:
    return parse_qs(request.partition(b"\r\n\r\n")[2].decode())


def _token(kit: Any, **told: Any) -> bytes:
    return bytes(kit.http("200 OK", json.dumps({"token_type": "Bearer", **told}).encode()))


def _decoded(part: str) -> Any:
    return json.loads(urlsafe_b64decode(part + "=="))


def test_a_service_accounts_token_is_asked_for_once(kit: Any, tmp_path: Path, private_key: rsa.RSAPrivateKey) -> None:
    server = kit.RawServer(lambda request: _token(kit, access_token=f"ya29.{len(server.requests)}", expires_in=3600))

    async def play() -> None:
        async with server:
            address = f"http://127.0.0.1:{server.port}/token"
            signer = vertex(_account_file(tmp_path, private_key, address))
            given = await asyncio.gather(*(signer.sign("POST", URL, {}, b"") for _ in range(20)))
            assert {each["authorization"] for each in given} == {"Bearer ya29.1"}
            await signer.sign("GET", URL, {}, b"")
            assert len(server.requests) == 1
            form = _form(server.requests[0])
            assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
            head, claims, signature = form["assertion"][0].split(".")
            private_key.public_key().verify(
                urlsafe_b64decode(signature + "=="), f"{head}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256()
            )
            told = _decoded(claims)
            assert (told["iss"], told["aud"]) == ("podium@acme.example", "https://oauth2.googleapis.com/token")
            assert told["scope"] == "https://www.googleapis.com/auth/cloud-platform"

    asyncio.run(play())


def test_a_token_is_renewed_shortly_before_it_expires_and_outlives_a_failure(
    kit: Any, tmp_path: Path, private_key: rsa.RSAPrivateKey
) -> None:
    def answer(_request: bytes) -> bytes:
        number = len(server.requests)
        if number == 2:
            return bytes(kit.http("400 Bad Request", b'{"error": "invalid_grant"}'))
        return _token(kit, access_token=f"ya29.{number}", expires_in=60 if number == 1 else 3600)

    server = kit.RawServer(answer)

    async def play() -> None:
        async with server:
            signer = vertex(_account_file(tmp_path, private_key, f"http://127.0.0.1:{server.port}/token"))
            given = [(await signer.sign("POST", URL, {}, b""))["authorization"] for _ in range(4)]
            assert given == ["Bearer ya29.1", "Bearer ya29.1", "Bearer ya29.3", "Bearer ya29.3"]

    asyncio.run(play())


def test_a_refused_account_is_a_credential_and_says_why(
    kit: Any, tmp_path: Path, private_key: rsa.RSAPrivateKey
) -> None:
    said = b'{"error": "invalid_grant", "error_description": "Invalid JWT Signature."}'
    server = kit.RawServer(lambda request: bytes(kit.http("400 Bad Request", said)))

    async def play() -> None:
        async with server:
            signer = vertex(_account_file(tmp_path, private_key, f"http://127.0.0.1:{server.port}/token"))
            with pytest.raises(ProviderError, match="Invalid JWT Signature") as caught:
                await signer.sign("POST", URL, {}, b"")
            assert caught.value.kind is FailureKind.CREDENTIAL
            assert "gcloud auth" in caught.value.remedy

    asyncio.run(play())


def test_a_token_server_that_redirects_is_not_followed(
    kit: Any, tmp_path: Path, private_key: rsa.RSAPrivateKey
) -> None:
    server = kit.RawServer(lambda request: bytes(kit.http("302 Found", b"", "location: /elsewhere")))

    async def play() -> None:
        async with server:
            signer = vertex(_account_file(tmp_path, private_key, f"http://127.0.0.1:{server.port}/token"))
            with pytest.raises(ProviderError):
                await signer.sign("POST", URL, {}, b"")
            assert len(server.requests) == 1

    asyncio.run(play())


def test_a_token_server_that_is_away(tmp_path: Path, private_key: rsa.RSAPrivateKey) -> None:
    error = refused(vertex(_account_file(tmp_path, private_key, "http://127.0.0.1:1/token")))
    assert "network" in error.remedy


def test_what_gcloud_left_is_found_in_the_home_handed_in(
    kit: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = kit.RawServer(lambda request: _token(kit, access_token="ya29.user", expires_in=3600))
    folder = tmp_path / ".config" / "gcloud"
    folder.mkdir(parents=True)
    info = {"type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "r",
            "quota_project_id": "billed"}  # fmt: skip
    (folder / "application_default_credentials.json").write_text(json.dumps(info))

    async def play() -> None:
        async with server:
            # The loader of these files knows one token server alone.
            address = f"http://127.0.0.1:{server.port}/token"
            monkeypatch.setattr("google.oauth2.credentials._GOOGLE_OAUTH2_TOKEN_ENDPOINT", address)
            for place in ({"HOME": str(tmp_path)}, {"CLOUDSDK_CONFIG": str(folder)}):
                given = await vertex(place).sign("POST", URL, {}, b"")
                assert given == {"authorization": "Bearer ya29.user", "x-goog-user-project": "billed"}
            assert _form(server.requests[0])["refresh_token"] == ["r"]

    asyncio.run(play())


def test_the_machines_own_account(kit: Any) -> None:
    server = kit.RawServer(lambda request: _token(kit, access_token="ya29.machine", expires_in=3000))

    async def play() -> None:
        async with server:
            signer = vertex({"GCE_METADATA_HOST": f"127.0.0.1:{server.port}", "NO_GCE_CHECK": ""})
            for _ in range(2):
                given = await signer.sign("POST", URL, {}, b"")
                assert given == {"authorization": "Bearer ya29.machine"}
            (request,) = server.requests
            assert request.startswith(b"GET /computeMetadata/v1/instance/service-accounts/default/token ")
            assert b"metadata-flavor: google" in request.lower()

    asyncio.run(play())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read"),
        ("{", "is not JSON"),
        ("[]", "holds no credentials"),
        ('{"type": "service_account"}', "cannot be read"),
        ('{"type": "service_account", "client_email": "a", "token_uri": "x", "private_key": "p"}', "cannot be read"),
        ('{"type": "gdch_service_account"}', "'gdch_service_account'"),
        ('{"type": "external_account", "credential_source": {"environment_id": "aws1"}}', "without AWS"),
    ],
)
def test_a_file_that_is_no_credential_is_told(content: str | None, words: str, tmp_path: Path) -> None:
    file = tmp_path / "adc.json"
    if content is not None:
        file.write_text(content)
    assert words in str(refused(vertex({"GOOGLE_APPLICATION_CREDENTIALS": str(file)})))


def test_nothing_anywhere_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/somebody/elses.json")
    assert "no application default credentials" in str(refused(vertex({"HOME": str(tmp_path)})))
    away = {"NO_GCE_CHECK": "", "GCE_METADATA_HOST": "127.0.0.1:1"}
    assert "no Google machine" in str(refused(vertex(away)))


def test_a_vertex_account_sends_its_token(kit: Any, tmp_path: Path, private_key: rsa.RSAPrivateKey) -> None:
    said = {"candidates": [{"content": {"parts": [{"text": "Hi"}]}, "finishReason": "STOP"}]}

    def answer(request: bytes) -> bytes:
        if b"assertion=" in request:
            return _token(kit, access_token="ya29.x", expires_in=3600)
        return bytes(kit.http("200 OK", json.dumps(said).encode(), "content-type: application/json"))

    server = kit.RawServer(answer)

    async def play() -> None:
        async with server:
            root = f"http://127.0.0.1:{server.port}"
            settings = Settings(
                providers={"vertex": ProviderSettings(base_url=f"{root}/v1/publishers/google", project="acme")},
                discover=DiscoverSettings(environment=False, local=False),
            )
            environ = _account_file(tmp_path, private_key, f"{root}/token")
            (account,) = accounts(settings.providers, environ=environ, use_environment=False)
            assert account.problem is None
            door = connect(account, settings)
            for _ in range(2):
                assert (await door.complete(kit.call())).text == "Hi"
            await door.aclose()
            asked = [request for request in server.requests if b"assertion=" not in request]
            assert len(asked) == len(server.requests) - 1 == 2
            assert all(b"authorization: bearer ya29.x" in request.lower() for request in asked)
            assert asked[0].startswith(b"POST /v1/publishers/google/models/small:generateContent ")

    asyncio.run(play())
