"""`podium providers check`, and the logic below it, against simulated vendors and servers that misbehave."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from podium.core.errors import ConfigError
from podium.core.settings import DiscoverSettings, ModelSettings, PriceSettings, ProviderSettings, Settings
from podium.runtime.checkup import Checked, check_providers
from podium.surface.cli.app import run
from podium.testing import SimServer

P = ProviderSettings
KEY = "sk-very-secret-0123456789"
_LIST = b'{"data": [{"id": "small"}, {"id": "large"}]}'
_ANSWER = (
    b'{"choices": [{"message": {"content": "ok"}, "finish_reason": "stop"}],'
    b' "usage": {"prompt_tokens": 10, "completion_tokens": 2}}'
)


def _settings(models: dict[str, ModelSettings] | None = None, **providers: P) -> Settings:
    return Settings(providers=providers, models=models or {}, discover=DiscoverSettings(environment=False, local=False))


def _price(amount: str) -> ModelSettings:
    return ModelSettings(price=PriceSettings(input=Decimal(amount), output=Decimal(amount)))


async def _check(settings: Settings, **more: Any) -> tuple[Checked, ...]:
    return await check_providers(settings, environ={}, **more)


def test_a_provider_that_works(kit: Any) -> None:
    async def play() -> None:
        async with SimServer(kit.vendor(api_key=KEY)) as server:
            settings = _settings(acme=P(base_url=server.base_url, api_key=KEY))
            (found,) = await _check(settings)
            assert (found.ok, found.reachable, found.credential, found.models) == (True, True, True, 1)
            assert found.latency_ms is not None
            assert found.latency_ms > 0
            assert found.paid is None
            assert found.problem is None
            (wrong,) = await _check(_settings(acme=P(base_url=server.base_url, api_key="sk-wrong-000000")))
            assert (wrong.ok, wrong.reachable, wrong.credential) == (False, True, False)
            assert "key" in wrong.remedy
            assert "sk-wrong" not in repr(wrong)

    kit.run(play)


def test_nobody_there_a_page_instead_of_an_api_and_no_key(kit: Any) -> None:
    async def play() -> None:
        async with kit.RawServer(lambda request: kit.http("200 OK", b"<html>hello</html>")) as page:
            settings = _settings(gone=P(base_url="http://127.0.0.1:9/v1"), page=P(base_url=page.base_url), openai=P())
            gone, paged, openai = await _check(settings)
        assert (gone.ok, gone.reachable) == (False, False)
        assert gone.problem
        assert gone.remedy
        assert (paged.ok, paged.reachable, paged.credential) == (False, True, None)
        assert "base_url" in paged.remedy
        assert (openai.ok, openai.credential) == (False, False)
        assert "OPENAI_API_KEY" in (openai.problem or "")

    kit.run(play)


def test_only_those_named_and_never_one_that_is_not_there(kit: Any) -> None:
    async def play() -> None:
        settings = _settings(a=P(base_url="http://127.0.0.1:9/v1"), b=P(base_url="http://127.0.0.1:9/v1"))
        assert [found.name for found in await _check(settings, names=("b",))] == ["b"]
        with pytest.raises(ConfigError, match="no provider `c`"):
            await _check(settings, names=("b", "c"))

    kit.run(play)


def test_the_paid_call_goes_to_the_cheapest_model_it_has_and_says_what_it_cost(kit: Any) -> None:
    def answer(request: bytes) -> bytes:
        return bytes(kit.http("200 OK", _LIST if request.startswith(b"GET") else _ANSWER))

    async def play() -> None:
        async with kit.RawServer(answer) as server:
            prices = {"acme/small": _price("2"), "acme/large": _price("1"), "acme/absent": _price("0.1")}
            settings = _settings(prices, acme=P(base_url=server.base_url, models=("small", "large")))
            (found,) = await _check(settings, paid=True)
        assert found.ok
        assert found.paid is not None
        assert (found.paid.model, found.paid.ok) == ("large", True)
        assert str(found.paid.cost) == "$0.000012"
        sent = json.loads(server.requests[-1].partition(b"\r\n\r\n")[2])
        assert sent["model"] == "large"
        assert sent["max_tokens"] <= 5
        assert "stream" not in sent

    kit.run(play)


def test_no_money_is_spent_where_the_free_call_failed_or_was_enough(kit: Any) -> None:
    async def play() -> None:
        async with kit.RawServer(lambda request: kit.http("401 Unauthorized", b"{}")) as server:
            (found,) = await _check(_settings(acme=P(base_url=server.base_url)), paid=True)
            assert found.paid is None
            assert all(request.startswith(b"GET") for request in server.requests)
        async with kit.RawServer(lambda request: kit.http("200 OK", _LIST)) as server:
            await _check(_settings(acme=P(base_url=server.base_url)))
            assert len(server.requests) == 1

    kit.run(play)


def test_a_paid_call_that_fails_is_told(kit: Any) -> None:
    said = b'{"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}}'

    def answer(request: bytes) -> bytes:
        listing = request.startswith(b"GET")
        return bytes(kit.http("200 OK", _LIST) if listing else kit.http("429 Too Many Requests", said))

    async def play() -> None:
        async with kit.RawServer(answer) as server:
            (found,) = await _check(_settings(acme=P(base_url=server.base_url, api_key=KEY)), paid=True)
        assert (found.ok, found.credential) == (False, False)
        assert found.paid is not None
        assert not found.paid.ok
        assert "quota" in (found.problem or "")
        assert "top it up" in found.remedy

    kit.run(play)


def test_models_of_the_configuration_that_it_does_not_list_are_told(kit: Any) -> None:
    async def play() -> None:
        async with kit.RawServer(lambda request: kit.http("200 OK", _LIST)) as server:
            (found,) = await _check(_settings(acme=P(base_url=server.base_url, models=("small", "smal"))))
        assert not found.ok
        assert found.problem == "it does not list smal"
        assert "providers.acme.models" in found.remedy

    kit.run(play)


def test_a_provider_without_a_free_list_says_so(kit: Any) -> None:
    async def play() -> None:
        (found,) = await _check(_settings(perplexity=P(api_key=KEY)))
        assert (found.ok, found.reachable, found.credential) == (None, None, None)
        assert "nothing was tried" in (found.problem or "")
        assert "--paid" in found.remedy

    kit.run(play)


def _guarded(kit: Any, body: bytes = _LIST) -> Any:
    """Shows its list to those with the key only."""

    def answer(request: bytes) -> bytes:
        return bytes(kit.http("200 OK", body) if KEY.encode() in request else kit.http("401 Unauthorized", b"{}"))

    return answer


@pytest.mark.parametrize("guarded", [True, False])
@pytest.mark.parametrize("given", [{"api_key": KEY}, {"headers": {"Authorization": f"Bearer {KEY}"}}])
def test_a_list_shown_to_everybody_says_nothing_of_the_key(kit: Any, guarded: bool, given: dict[str, Any]) -> None:
    open_to_all = lambda request: kit.http("200 OK", _LIST)  # noqa: E731  # beside its guarded twin

    async def play() -> None:
        async with kit.RawServer(_guarded(kit) if guarded else open_to_all) as server:
            (found,) = await _check(_settings(acme=P(base_url=server.base_url, **given)))
            assert KEY.encode() in server.requests[0]
            assert KEY.encode() not in server.requests[1]
        assert (found.ok, found.reachable, found.models) == (True, True, 2)
        assert found.credential is (True if guarded else None)
        assert ("key was not tried" in (found.problem or "")) is not guarded
        assert ("--paid" in found.remedy) is not guarded

    kit.run(play)


def test_whether_a_key_is_asked_for_stays_open_where_the_second_question_fails(kit: Any) -> None:
    def answer(request: bytes) -> bytes:
        busy = kit.http("503 Service Unavailable", b"{}")
        return bytes(kit.http("200 OK", _LIST) if KEY.encode() in request else busy)

    async def play() -> None:
        async with kit.RawServer(answer) as server:
            (found,) = await _check(_settings(acme=P(base_url=server.base_url, api_key=KEY)))
        assert (found.ok, found.credential) == (True, None)

    kit.run(play)


def test_a_paid_call_proves_what_an_open_list_does_not(kit: Any) -> None:
    def answer(request: bytes) -> bytes:
        return bytes(kit.http("200 OK", _LIST if request.startswith(b"GET") else _ANSWER))

    async def play() -> None:
        async with kit.RawServer(answer) as server:
            (found,) = await _check(_settings(acme=P(base_url=server.base_url, api_key=KEY)), paid=True)
        assert (found.ok, found.credential, found.problem, found.remedy) == (True, True, None, "")

    kit.run(play)


@pytest.mark.parametrize(
    ("status", "header", "says", "never"),
    [
        ("404 Not Found", (), "providers.acme.base_url", "podium models"),
        ("400 Bad Request", (), "dialect", "engine."),
        ("429 Too Many Requests", ("retry-after: 30",), "wait 30 s", "base_url"),
        ("429 Too Many Requests", (), "wait a while", "base_url"),
        ("503 Service Unavailable", (), "check again", "base_url"),
        ("500 Internal Server Error", (), "check again", "base_url"),
        ("401 Unauthorized", (), "providers.acme.api_key", "engine."),
        ("302 Found", ("location: http://elsewhere.example/",), "redirects", "engine."),
    ],
)
def test_the_remedy_is_for_a_list_and_not_for_a_call(
    kit: Any, status: str, header: tuple[str, ...], says: str, never: str
) -> None:
    async def play() -> None:
        async with kit.RawServer(lambda request: kit.http(status, b"{}", *header)) as server:
            (found,) = await _check(_settings(acme=P(base_url=server.base_url)))
        assert found.ok is False
        assert says in found.remedy
        assert never not in found.remedy

    kit.run(play)


def test_a_server_that_hangs_is_not_mended_by_waiting_longer_for_calls(kit: Any) -> None:
    async def play() -> None:
        async with kit.RawServer(lambda request: None) as server:
            settings = _settings(box=P(preset="vllm", base_url=server.base_url))
            settings = replace(settings, engine=replace(settings.engine, connect_timeout_s=0.2))
            (found,) = await _check(settings)
        assert (found.ok, found.reachable) == (False, False)
        assert "timeout_s" not in found.remedy
        assert "says nothing" in found.remedy
        assert "providers.box.base_url" in found.remedy

    kit.run(play)


def test_a_refused_key_is_told_also_where_the_second_list_is_missing(kit: Any) -> None:
    def answer(request: bytes) -> bytes:
        refused = request.startswith(b"GET /v1/model/info")
        return bytes(kit.http("401 Unauthorized", b"{}") if refused else kit.http("404 Not Found", b"{}"))

    async def play() -> None:
        async with kit.RawServer(answer) as server:
            (found,) = await _check(_settings(litellm=P(base_url=server.base_url, api_key=KEY)))
            assert len(server.requests) == 2
        assert (found.ok, found.reachable, found.credential) == (False, True, False)
        assert "LITELLM_API_KEY" in found.remedy

    kit.run(play)


@pytest.fixture
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs commands where a podium.yaml stands, with nothing of this machine's environment."""
    monkeypatch.chdir(tmp_path)
    for variable in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY"):
        monkeypatch.delenv(variable, raising=False)

    def play(text: str, *arguments: str) -> int:
        (tmp_path / "podium.yaml").write_text(f"discover: {{environment: false, local: false}}\n{text}")
        return run(["providers", *arguments])

    return play


def _yaml(kit: Any, server: SimServer) -> str:
    return f"providers:\n  acme: {{base_url: {server.base_url}}}\n"


def test_the_command_tells_and_its_exit_code_says_whether_all_work(
    kit: Any, in_folder: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with SimServer(kit.vendor()) as server:
        good = _yaml(kit, server)
        assert in_folder(good, "check") == 0
        shown = capsys.readouterr().out
        assert "acme" in shown
        assert "yes" in shown
        assert in_folder(good, "check", "--json") == 0
        (told,) = json.loads(capsys.readouterr().out)["providers"]
        assert (told["name"], told["ok"], told["models"]) == ("acme", True, 1)
        assert in_folder(good, "check", "--paid", "--json", "acme") == 0
        (told,) = json.loads(capsys.readouterr().out)["providers"]
        assert told["paid"]["model"] == "small"
        bad = good + "  gone: {base_url: 'http://127.0.0.1:9/v1'}\n"
        assert in_folder(bad, "check") == 1
        shown = capsys.readouterr().out
        assert "gone: gone could not be reached" in shown
        assert "base_url" in shown
        assert in_folder(bad, "check", "acme") == 0
        assert in_folder(bad, "check", "nobody") == 2
        assert "no provider `nobody`" in capsys.readouterr().err


def test_the_list_of_providers_is_as_it_was(kit: Any, in_folder: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with SimServer(kit.vendor()) as server:
        assert in_folder(_yaml(kit, server)) == 0
        shown = capsys.readouterr().out
        assert "acme" in shown
        assert "usable" in shown
        assert "ANTHROPIC_API_KEY" in shown
        assert in_folder(_yaml(kit, server), "--json") == 0
        told = json.loads(capsys.readouterr().out)
        assert [each["name"] for each in told["providers"]] == ["acme"]
        assert "bedrock" in told["not_set_up"]
    assert in_folder("", "check") == 0
    assert "No provider is set up" in capsys.readouterr().out


def test_what_was_not_tried_is_no_failure_and_no_success(in_folder: Any, capsys: pytest.CaptureFixture[str]) -> None:
    text = f"providers:\n  perplexity: {{api_key: {KEY}}}\n"
    assert in_folder(text, "check") == 0
    shown = capsys.readouterr().out
    assert "?" in shown
    assert "yes" not in shown
    assert "--paid" in shown
    assert in_folder(text, "check", "--json") == 0
    (told,) = json.loads(capsys.readouterr().out)["providers"]
    assert (told["ok"], told["reachable"], told["credential"]) == (None, None, None)


def test_a_list_that_did_not_come_is_told_in_the_list_of_providers(
    kit: Any, in_folder: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert in_folder("providers:\n  box: {base_url: 'http://127.0.0.1:9/v1'}\n") == 0
    assert "did not answer yet" in " ".join(capsys.readouterr().out.split())
    assert in_folder("providers:\n  box: {base_url: 'http://127.0.0.1:9/v1'}\n", "--json") == 0
    (told,) = json.loads(capsys.readouterr().out)["providers"]
    assert (told["usable"], told["awaits"]) == (True, "its list did not answer yet")


@pytest.mark.parametrize("there", [True, False])
def test_aws_keys_that_are_there_are_pointed_out(
    there: bool, in_folder: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if there:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    else:
        monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    assert in_folder("") == 0
    assert ("bedrock: {}" in capsys.readouterr().out) is there
