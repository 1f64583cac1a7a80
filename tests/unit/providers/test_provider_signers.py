"""AWS's signatures, at a vendor that checks them, and where the keys come from.

The servers that give keys run on the test's own event loop: a signer that blocked it would wait for ever.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from podium.core.errors import FailureKind, ProviderError
from podium.core.messages import Finished, TextDelta, UsageSeen
from podium.core.ports import Call
from podium.core.settings import DiscoverSettings, ProviderSettings, Settings
from podium.models.providers import SIGNERS, Listing, SigningFacts, Wire, accounts
from podium.models.providers.aws_credentials import Keys
from podium.models.providers.sigv4 import SigV4Signer
from podium.runtime.assembly import connect
from podium.testing import FakeClock, SimModel, SimServer, SimVendor, make_task

SECRET = "a secret of 40 characters, more or less"
MODEL = "eu.anthropic/claude-v1:0"
NOWHERE = {"AWS_EC2_METADATA_DISABLED": "true"}
KEYS = {"AWS_ACCESS_KEY_ID": "AKSIM", "AWS_SECRET_ACCESS_KEY": SECRET}
URL = "https://bedrock-runtime.eu-west-1.amazonaws.com/model/eu.anthropic%3A0/converse"


def aws(environ: Mapping[str, str], region: str | None = "eu-west-1", **more: Any) -> SigV4Signer:
    return SigV4Signer(SigningFacts(provider="bedrock", region=region, environ={**NOWHERE, **environ}), **more)


def signed(signer: Any, url: str = URL, body: bytes = b"{}") -> Mapping[str, str]:
    return asyncio.run(signer.sign("POST", url, {"content-type": "application/json"}, body))  # type: ignore[no-any-return]


def refused(signer: Any) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        signed(signer)
    assert caught.value.kind is FailureKind.CREDENTIAL
    assert caught.value.remedy
    return caught.value


# --- AWS: signatures ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "url", "content_type", "body", "token"),
    [
        ("POST", URL, "application/json", b'{"messages":[]}', None),
        ("POST", URL, "application/json", b"x" * 300_000, "temporary/token=="),
        ("POST", "http://127.0.0.1:8080/model/a:b%2Fc/converse-stream", "application/json", b"", None),
        ("POST", "https://proxy.example:443/aws/model/gr%C3%B6%C3%9Fe~1/converse", "a;  b", b"{}", None),
        ("GET", "https://bedrock.eu-west-1.amazonaws.com/foundation-models?z=1&b=x%20y&b=a&flag", None, b"", None),
        ("GET", "http://[::1]:99", None, b"", "t"),
    ],
)
def test_signatures_are_botocores(
    method: str, url: str, content_type: str | None, body: bytes, token: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    environ = {**KEYS, **({"AWS_SESSION_TOKEN": token} if token else {})}
    headers = {} if content_type is None else {"content-type": content_type}
    mine = asyncio.run(aws(environ, clock=FakeClock(now)).sign(method, url, headers, body))
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: now.replace(tzinfo=None))
    theirs = AWSRequest(
        method, url, headers={**headers, "x-amz-content-sha256": mine["x-amz-content-sha256"]}, data=body
    )
    SigV4Auth(Credentials("AKSIM", SECRET, token), "bedrock", "eu-west-1").add_auth(theirs)
    assert mine["authorization"] == theirs.headers["Authorization"]
    assert mine.get("x-amz-security-token") == token


@pytest.mark.parametrize(
    ("url", "stated", "region"),
    [
        ("https://bedrock-runtime.us-gov-west-1.amazonaws.com/x", "eu-west-1", "us-gov-west-1"),
        ("https://vpce-1.bedrock-runtime.us-east-1.vpce.amazonaws.com/x", None, "us-east-1"),
        ("https://bedrock-runtime-fips.us-east-2.amazonaws.com/x", None, "us-east-2"),
        ("https://proxy.example/x", "ap-south-1", "ap-south-1"),
    ],
)
def test_a_call_is_signed_for_the_region_of_its_address(url: str, stated: str | None, region: str) -> None:
    assert f"/{region}/bedrock/" in signed(aws(KEYS, stated), url)["authorization"]


def test_a_signers_key_is_of_its_day_and_region() -> None:
    clock = FakeClock(datetime(2026, 1, 2, 23, 59, tzinfo=UTC))
    one, other = URL, URL.replace("eu-west-1", "us-east-1")
    signer = aws(KEYS, clock=clock)
    for later, url in ((0, one), (0, other), (120, other), (0, one)):
        clock.advance(later)
        assert signed(signer, url) == signed(aws(KEYS, clock=clock), url)


def test_no_region_at_all_is_told() -> None:
    with pytest.raises(ProviderError, match="AWS_REGION") as caught:
        signed(aws(KEYS, None), "https://proxy.example/x")
    assert caught.value.kind is FailureKind.CREDENTIAL


def _door(server: SimServer, environ: Mapping[str, str]) -> Any:
    settings = Settings(
        providers={"acme": ProviderSettings(preset="bedrock", base_url=server.root_url, region="eu-west-1")},
        discover=DiscoverSettings(environment=False, local=False),
    )
    (account,) = accounts(settings.providers, environ={**NOWHERE, **environ}, use_environment=False)
    assert account.problem is None
    return connect(account, settings)


def _vendor(**more: Any) -> SimVendor:
    models = (SimModel(name=MODEL, first_token_ms=0),)
    return SimVendor(**{"name": "acme", "models": models, "aws_secret": SECRET, "time_scale": 0.0, **more})


def _call() -> Call:
    return Call(task=make_task("Hello"), model=MODEL, timeout_s=5.0)


@pytest.mark.parametrize("path", ["", "/model/{model}/converse"], ids=["dialect's path", "preset's path"])
def test_signed_calls_at_a_vendor_that_checks(kit: Any, path: str) -> None:
    async def play() -> None:
        async with SimServer(_vendor()) as server:
            facts = SigningFacts(provider="acme", region="eu-west-1", environ=KEYS)
            wire = Wire(dialect="bedrock-converse", path=path, stream_path=path and f"{path}-stream")
            listing = Listing(path="/foundation-models?byOutputModality=TEXT", reader="bedrock")
            door = kit.provider(server.root_url, auth="sigv4", wires=(wire,), listings=(listing,),
                                signer=SIGNERS["sigv4"](facts))  # fmt: skip
            try:
                reply = await door.complete(_call())
                assert reply.text
                assert [model.name for model in await door.list_models()] == [MODEL]
            finally:
                await door.aclose()

    asyncio.run(play())


def test_an_account_that_signs_is_connected_with_its_signer() -> None:
    async def play() -> None:
        async with SimServer(_vendor()) as server:
            door = _door(server, KEYS)
            reply = await door.complete(_call())
            async with door.stream(_call()) as opened:
                got = [frame async for frame in opened]
            frames = [frame for each in got for frame in (each if isinstance(each, list | tuple) else [each])]
            await door.aclose()
            events = [event for frame in frames for event in frame.events]
            assert "".join(event.text for event in events if isinstance(event, TextDelta)) == reply.text
            assert any(isinstance(event, Finished) for event in events)
            assert [event.usage for event in events if isinstance(event, UsageSeen)] == [reply.usage]
            stranger = _door(server, {**KEYS, "AWS_SECRET_ACCESS_KEY": "another"})
            with pytest.raises(ProviderError) as caught:
                await stranger.complete(_call())
            assert caught.value.kind is FailureKind.CREDENTIAL
            await stranger.aclose()

    asyncio.run(play())


def test_a_bedrock_key_is_a_bearer_and_needs_no_signer() -> None:
    async def play() -> None:
        async with SimServer(_vendor(api_key="bedrock-api-key-1", aws_secret=None)) as server:
            door = _door(server, {"AWS_BEARER_TOKEN_BEDROCK": "bedrock-api-key-1"})
            assert (await door.complete(_call())).text
            await door.aclose()

    asyncio.run(play())


# --- AWS: where keys come from --------------------------------------------------------------------------------------


def _home(tmp_path: Path, config: str = "", credentials: str = "") -> dict[str, str]:
    folder = tmp_path / ".aws"
    folder.mkdir()
    (folder / "config").write_text(config)
    (folder / "credentials").write_text(credentials)
    return {"HOME": str(tmp_path)}


def _access(headers: Mapping[str, str]) -> str:
    return headers["authorization"].partition("Credential=")[2].partition("/")[0]


def test_profiles_come_from_the_home_handed_in(tmp_path: Path) -> None:
    section = "aws_access_key_id = {}\naws_secret_access_key = s\n"
    home = _home(
        tmp_path,
        f"[profile work]\nregion = sa-east-1\n{section.format('WORK')}",
        f"[default]\n{section.format('HOME')}[other]\n{section.format('OTHER')}aws_session_token = tok\n",
    )
    assert _access(signed(aws(home))) == "HOME"
    assert _access(signed(aws({**home, "AWS_PROFILE": "work"}))) == "WORK"
    other = signed(aws({**home, "AWS_PROFILE": "other"}))
    assert (_access(other), other["x-amz-security-token"]) == ("OTHER", "tok")
    assert _access(signed(aws({**home, **KEYS}))) == "AKSIM", "keys in the environment come first"
    by_profile = signed(aws({**home, "AWS_PROFILE": "work"}, None), "https://proxy.example/x")
    assert "/sa-east-1/" in by_profile["authorization"]
    assert "'absent'" in str(refused(aws({**home, "AWS_PROFILE": "absent"})))


def test_files_may_stand_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("[default]\naws_access_key_id = THERE\naws_secret_access_key = s\n")
    assert _access(signed(aws({"HOME": str(tmp_path), "AWS_SHARED_CREDENTIALS_FILE": "~/keys"}))) == "THERE"


def test_a_process_may_give_keys(tmp_path: Path) -> None:
    told = '{"Version": 1, "AccessKeyId": "PROC", "SecretAccessKey": "s", "SessionToken": "t"}'
    (tmp_path / "told.json").write_text(told)
    home = _home(tmp_path, f"[default]\ncredential_process = cat {tmp_path / 'told.json'}\n")
    assert _access(signed(aws(home))) == "PROC"


def test_the_processs_own_environment_is_not_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    home = _home(tmp_path, credentials="[default]\naws_access_key_id = X\naws_secret_access_key = s\n")
    for name, value in {**KEYS, **home, "AWS_PROFILE": "default", "AWS_WEB_IDENTITY_TOKEN_FILE": "x"}.items():
        monkeypatch.setenv(name, value)
    error = refused(aws({}))
    assert "there are no AWS credentials" in str(error)
    assert "AWS_BEARER_TOKEN_BEDROCK" in error.remedy


@pytest.mark.parametrize(
    "environ",
    [{"AWS_ACCESS_KEY_ID": "AK"}, {"AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere"},
     {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://elsewhere.example/creds"}],
)  # fmt: skip
def test_half_a_set_of_credentials_is_told(environ: dict[str, str]) -> None:
    refused(aws(environ))


def test_a_containers_keys_are_fetched_once_and_renewed_in_time(kit: Any) -> None:
    left = [timedelta(minutes=10), timedelta(hours=6)]  # the first are about to expire

    def answer(_request: bytes) -> bytes:
        number = len(server.requests)
        until = datetime.now(UTC) + left[min(number, 2) - 1]
        told = {"AccessKeyId": f"ROLE{number}", "SecretAccessKey": "s", "Token": f"tok{number}",
                "Expiration": until.strftime("%Y-%m-%dT%H:%M:%SZ")}  # fmt: skip
        return bytes(kit.http("200 OK", json.dumps(told).encode()))

    server = kit.RawServer(answer)

    async def play() -> None:
        async with server:
            signer = aws({"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://127.0.0.1:{server.port}/creds"})
            sign = [signer.sign("POST", URL, {}, b"") for _ in range(8)]
            given = await asyncio.gather(*sign)
            assert {(_access(each), each["x-amz-security-token"]) for each in given} == {("ROLE2", "tok2")}
            assert len(server.requests) == 2, "the first were found ageing, and renewed once for all"

    asyncio.run(play())


def _form(request: bytes) -> dict[str, list[str]]:
    return parse_qs(request.partition(b"\r\n\r\n")[2].decode())


_ASSUMED = """<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>POD</AccessKeyId><SecretAccessKey>s</SecretAccessKey>
<SessionToken>tok</SessionToken><Expiration>{until}</Expiration></Credentials></AssumeRoleWithWebIdentityResult>
</AssumeRoleWithWebIdentityResponse>"""


def test_a_pods_identity_is_exchanged_for_keys(kit: Any, tmp_path: Path) -> None:
    until = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    server = kit.RawServer(lambda request: bytes(kit.http("200 OK", _ASSUMED.format(until=until).encode())))
    (tmp_path / "token").write_text("a.web.token")

    async def play() -> None:
        async with server:
            home = _home(tmp_path, f"[default]\nregion = eu-west-1\nendpoint_url = http://127.0.0.1:{server.port}\n")
            role = {"AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/podium", "AWS_ROLE_SESSION_NAME": "here",
                    "AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "token")}  # fmt: skip
            signer = aws({**home, **role})
            given = [await signer.sign("POST", URL, {}, b"") for _ in range(2)]
            assert {_access(each) for each in given} == {"POD"}
            (request,) = server.requests
            form = _form(request)
            assert (form["WebIdentityToken"], form["RoleSessionName"]) == (["a.web.token"], ["here"])

    asyncio.run(play())


def test_keys_hide_their_secrets() -> None:
    assert "hush" not in repr(Keys(access="AK", secret="hush", token="hush"))


def test_neither_library_is_loaded_before_it_is_needed() -> None:
    seen = "[name for name in ('botocore', 'google.auth', 'requests') if name in sys.modules]"
    code = f"import sys, podium.runtime.assembly; print({seen})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
