"""The files of a task, over real sockets: brought once, in time, at nobody's expense, and never too many at a time."""

from __future__ import annotations

import asyncio
import json
import threading
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from podium.core.errors import AllAttemptsFailed, InvalidRequest
from podium.core.messages import FilePart, ImagePart, Message, Part, TextPart
from podium.core.settings import (
    DiscoverSettings,
    EngineSettings,
    ModelSettings,
    PriceSettings,
    ProviderSettings,
    Settings,
    SpeedSettings,
)
from podium.core.tasks import Attempt, Outcome, Requirements, Task
from podium.core.usage import NO_USAGE, ZERO
from podium.models.providers import WebFetcher, WebFiles, bringing, fetch
from podium.models.providers.fetch import Budget, Fetched, FetchFailed
from podium.runtime import assembly
from podium.testing import GatewayServer, make_task

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
SIGNED = "SIGNATURE"
ANSWER = {
    "id": "c",
    "object": "chat.completion",
    "created": 1,
    "model": "v",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "A cat."}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7},
}


@pytest.fixture(autouse=True)
def loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every name is this machine, which is allowed: for these tests only."""

    async def here(_host: str, _port: int) -> tuple[str, ...]:
        return ("127.0.0.1",)

    # The HTTP client holds a call that is given up before its answer began until its timeout (pyreqwest 0.15.1).
    monkeypatch.setattr(fetch, "_SECONDS", 1.0)
    monkeypatch.setattr(assembly, "WebFetcher", lambda: WebFetcher(resolve=here, allowed=lambda address: True))
    monkeypatch.setattr(f"{__name__}._fetcher", lambda: WebFetcher(resolve=here, allowed=lambda address: True))


def _fetcher() -> WebFetcher:
    raise AssertionError("the fixture above replaces it")


def _url(server: Any, path: str) -> str:
    return f"http://pictures.example:{server.port}/{path}?sig={SIGNED}"


def _task(*urls: str, **more: Any) -> Task:
    parts: tuple[Part, ...] = (TextPart("What is this?"), *(ImagePart(url=url) for url in urls))
    return replace(make_task("x", **more), messages=(Message(role="user", parts=parts),))


def _settings(base_urls: dict[str, str], *, presets: dict[str, str] | None = None, **engine: Any) -> Settings:
    made = ModelSettings(
        tier=1,
        capabilities=("text", "vision"),
        price=PriceSettings(input=Decimal(1), output=Decimal(1)),
        speed=SpeedSettings(first_token_ms=1, tokens_per_s=1e6),
    )
    return Settings(
        providers={
            name: ProviderSettings(preset=(presets or {}).get(name, "vllm"), base_url=url, models=("v",), api_key="key")
            for name, url in base_urls.items()
        },
        models={f"{name}/v": made for name in base_urls},
        engine=EngineSettings(**({"backoff_ms": 1, "retries": 0} | engine)),
        discover=DiscoverSettings(environment=False, local=False),
        store="sqlite://",
    )


class House:
    """An engine as it is assembled, and what its vendor and its ledger saw."""

    def __init__(self, runtime: Any, vendor: Any) -> None:
        self.runtime = runtime
        self.vendor = vendor
        self.outcomes: list[Outcome] = []

    @property
    def posts(self) -> list[bytes]:
        return [request for request in self.vendor.requests if request.startswith(b"POST")]

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        assert len(self.outcomes) == 1
        return self.outcomes[0].attempts

    async def ask(self, task: Task, *, streamed: bool = False) -> None:
        if streamed:
            await (await self.runtime.engine.stream(task)).aclose()
        else:
            await self.runtime.engine.complete(task)

    def nothing_was_booked(self) -> None:
        """Nobody was called, charged, or thought ill of."""
        assert self.posts == []
        (outcome,) = self.outcomes
        assert (outcome.usage, outcome.cost) == (NO_USAGE, ZERO)
        assert {attempt.failure for attempt in outcome.attempts} <= {"not_carried"}
        assert self.runtime.engine._parts.health.standings == {}


@asynccontextmanager
async def _house(
    kit: Any, *, doors: int = 1, answer: Callable[[bytes], bytes | None] | None = None, **settings: Any
) -> AsyncIterator[House]:
    fine = kit.http("200 OK", json.dumps(ANSWER).encode(), "content-type: application/json")
    async with kit.RawServer(answer or (lambda request: fine)) as vendor:
        urls = {f"p{place}": f"{vendor.base_url}/p{place}" for place in range(doors)}
        seen: list[Any] = []
        runtime: Any = await assembly.assemble(_settings(urls, **settings), environ={}, sinks=(seen.append,))
        house = House(runtime, vendor)
        try:
            ledger = runtime.engine._parts.ledger
            record = ledger.record

            def noted(outcome: Outcome) -> None:
                house.outcomes.append(outcome)
                record(outcome)

            ledger.record = noted
            yield house
        finally:
            await runtime.aclose()


# --- whose matter it is ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("bound", ["timeout", "deadline"])
def test_a_host_that_dawdles_is_the_callers_matter(kit: Any, streamed: bool, bound: str) -> None:
    async def play() -> None:
        engine: dict[str, Any] = {"timeout_s": 0.2} if bound == "timeout" else {}
        async with kit.RawServer(lambda request: None) as pictures, _house(kit, doors=3, **engine) as house:
            task = _task(_url(pictures, "slow"))
            if bound == "deadline":
                when = datetime.now(UTC) + timedelta(seconds=0.2)
                task = replace(task, requirements=Requirements(deadline=when))
            async with asyncio.timeout(5):
                with pytest.raises(InvalidRequest) as caught:
                    await house.ask(task, streamed=streamed)
            assert "A file from pictures.example did not arrive within" in caught.value.message
            assert SIGNED not in str(caught.value)
            house.nothing_was_booked()
            assert len(pictures.requests) == 1
            await kit.until(lambda: pictures.open == 0)

    kit.run(play)


@pytest.mark.parametrize("streamed", [False, True])
def test_one_bad_address_is_asked_once_whatever_the_number_of_candidates(kit: Any, streamed: bool) -> None:
    async def play() -> None:
        gone = kit.http("404 Not Found")
        async with kit.RawServer(lambda request: gone) as pictures, _house(kit, doors=6) as house:
            with pytest.raises(InvalidRequest) as caught:
                await house.ask(_task(_url(pictures, "404")), streamed=streamed)
            assert caught.value.message == "pictures.example answered 404."
            assert caught.value.remedy == "Check the address, or send a data URL."
            assert len(pictures.requests) == 1
            house.nothing_was_booked()

    kit.run(play)


def test_a_candidate_that_fetches_for_itself_is_still_asked(kit: Any) -> None:
    """What Podium could not fetch, a provider perhaps can; it is given the address as the caller wrote it."""

    async def play() -> None:
        gone = kit.http("404 Not Found")
        presets = {"p1": "openai"}
        async with kit.RawServer(lambda request: gone) as pictures, _house(kit, doors=3, presets=presets) as house:
            url = _url(pictures, "404")
            await house.ask(_task(url))
            assert len(pictures.requests) == 1
            (post,) = house.posts
            assert b"/p1/" in post.partition(b"\r\n")[0]
            assert url in post.decode()
            failures = {attempt.deployment: attempt.failure for attempt in house.attempts}
            assert failures.pop("p1/v") is None
            assert set(failures.values()) <= {"not_carried"}

    kit.run(play)


def test_a_file_is_brought_once_for_all_candidates(kit: Any) -> None:
    async def play() -> None:
        broken = kit.http("500 Oh", b"{}")
        fine = kit.http("200 OK", json.dumps(ANSWER).encode())
        vendor = iter([broken, broken, fine])
        async with (
            kit.RawServer(lambda request: kit.http("200 OK", PNG)) as pictures,
            _house(kit, doors=3, answer=lambda request: next(vendor)) as house,
        ):
            await house.ask(_task(_url(pictures, "cat"), _url(pictures, "cat"), _url(pictures, "dog")))
            assert len(pictures.requests) == 2
            assert len(house.posts) == 3
            data = f"data:image/png;base64,{b64encode(PNG).decode()}"
            assert all(post.count(data.encode()) == 3 for post in house.posts)
            assert all(SIGNED.encode() not in post for post in house.posts)

    kit.run(play)


def test_a_provider_that_fails_with_the_file_in_hand_fails_as_ever(kit: Any) -> None:
    async def play() -> None:
        broken = kit.http("500 Oh", b"{}")
        async with (
            kit.RawServer(lambda request: kit.http("200 OK", PNG)) as pictures,
            _house(kit, doors=2, answer=lambda request: broken) as house,
        ):
            with pytest.raises(AllAttemptsFailed):
                await house.ask(_task(_url(pictures, "cat")))
            assert [attempt.failure for attempt in house.attempts] == ["server_error"] * 2
            assert len(pictures.requests) == 1

    kit.run(play)


def test_a_caller_who_leaves_during_the_fetch_owes_nothing(kit: Any) -> None:
    async def play() -> None:
        async with kit.RawServer(lambda request: None) as pictures, _house(kit) as house:
            asking = asyncio.ensure_future(house.ask(_task(_url(pictures, "slow"))))
            await kit.until(lambda: len(pictures.requests) == 1)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            house.nothing_was_booked()
            assert house.outcomes[0].status == "cancelled"
            await kit.until(lambda: pictures.open == 0)

    kit.run(play)


def test_a_task_without_addresses_asks_no_provider_what_it_fetches(kit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def play() -> None:
        async with _house(kit) as house:
            provider = house.runtime.providers["p0"]
            monkeypatch.setattr(provider, "wants_files", None)
            await house.ask(_task("data:image/png;base64,iVBORw0KGgo="))
            assert len(house.posts) == 1

    kit.run(play)


@pytest.mark.parametrize(
    ("path", "body", "told"),
    [
        (
            "/v1/chat/completions",
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "URL"}}]}]},
            lambda body: body["error"]["message"],
        ),
        (
            "/v1/messages",
            {
                "max_tokens": 9,
                "messages": [{"role": "user", "content": [{"type": "image", "source": {"type": "url", "url": "URL"}}]}],
            },
            lambda body: body["error"]["message"],
        ),
        (
            "/v1beta/models/p0/v:generateContent",
            {"contents": [{"parts": [{"fileData": {"fileUri": "URL", "mimeType": "image/png"}}]}]},
            lambda body: body["error"]["message"],
        ),
    ],
)
def test_the_caller_reads_of_it_in_its_own_dialect(
    kit: Any, path: str, body: dict[str, Any], told: Callable[[Any], str]
) -> None:
    async def play() -> None:
        gone = kit.http("403 Forbidden")
        async with kit.RawServer(lambda request: gone) as pictures, kit.RawServer(lambda request: None) as vendor:
            asked = json.dumps(body | {"model": "p0/v"}).replace("URL", _url(pictures, f"bot{SIGNED}/a"))
            with GatewayServer(_settings({"p0": f"{vendor.base_url}/p0"})) as gateway:
                status, answer = await asyncio.to_thread(_post, gateway.address + path, asked.encode())
            assert status == 400
            assert "pictures.example answered 403." in told(answer)
            assert SIGNED not in json.dumps(answer)
            assert vendor.requests == []

    kit.run(play)


def _post(url: str, body: bytes) -> tuple[int, Any]:
    request = urllib.request.Request(url, data=body, headers={"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


# --- how much at once -----------------------------------------------------------------------------------------------


def test_the_first_failure_ends_the_others(kit: Any) -> None:
    async def play() -> None:
        def answer(request: bytes) -> bytes | None:
            return kit.http("404 Not Found") if b"/404" in request else None

        async with kit.RawServer(answer) as pictures:
            urls = [_url(pictures, "slow1"), _url(pictures, "slow2"), _url(pictures, "404")]
            async with asyncio.timeout(5):
                with pytest.raises(InvalidRequest) as caught:
                    await WebFiles(_fetcher()).bring(urls, seconds=60.0)
            assert caught.value.message == "Address 3 of 3: pictures.example answered 404."
            mine = asyncio.all_tasks() - pictures._tasks - {asyncio.current_task()}
            assert mine == set(), "nothing of it goes on"
            await kit.until(lambda: pictures.open == 0)

    kit.run(play)


def test_twenty_large_files_are_given_up_when_the_budget_is_gone(kit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bringing, "_MOST_TOGETHER", 2 * 1024 * 1024)
    picture = PNG + b"\0" * 950_000

    async def play() -> None:
        async with kit.RawServer(lambda request: kit.http("200 OK", picture)) as pictures:
            with pytest.raises(InvalidRequest, match="together are larger than 2 MB"):
                await WebFiles(_fetcher()).bring([_url(pictures, str(n)) for n in range(20)], seconds=20.0)
            assert len(pictures.requests) <= 2 + bringing._AT_ONCE

    kit.run(play)


def test_one_task_takes_four_places_at_most() -> None:
    under_way = most = 0

    class Slow:
        async def fetch(self, url: str, *, budget: Budget) -> Fetched:
            nonlocal under_way, most
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(0)
            under_way -= 1
            return Fetched(media_type="image/png", data=PNG)

    files = asyncio.run(WebFiles(Slow()).bring([f"http://h/{n}" for n in range(20)], seconds=5.0))
    assert len(files) == 20
    assert most == bringing._AT_ONCE == 4


def test_more_than_twenty_are_not_begun() -> None:
    class Nobody:
        async def fetch(self, url: str, *, budget: Budget) -> Fetched:
            raise AssertionError("nobody should be asked")

    with pytest.raises(InvalidRequest, match="at most 20"):
        asyncio.run(WebFiles(Nobody()).bring([f"http://h/{n}" for n in range(21)], seconds=5.0))


def test_of_several_failures_one_is_told() -> None:
    class Bad:
        async def fetch(self, url: str, *, budget: Budget) -> Fetched:
            raise FetchFailed(f"{url[7]} answered 500.", remedy="Wait.")

    with pytest.raises(InvalidRequest, match=r"^Address 1 of 2: a answered 500\. Wait\.$"):
        asyncio.run(WebFiles(Bad()).bring(["http://a/", "http://b/"], seconds=5.0))


# --- the event loop -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 2, 3, 3 * 64 * 1024 - 1, 3 * 64 * 1024, 3 * 64 * 1024 + 1, 700_000])
def test_a_file_of_any_size_is_encoded_whole(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A large one in a thread."""
    data = bytes(range(256)) * (size // 256 + 1)
    data = data[:size]
    where: list[threading.Thread] = []
    encode = bringing._data_url

    def noted(file: Fetched) -> str:
        where.append(threading.current_thread())
        return encode(file)

    monkeypatch.setattr(bringing, "_data_url", noted)

    class Shelf:
        async def fetch(self, url: str, *, budget: Budget) -> Fetched:
            return Fetched(media_type="image/gif", data=data)

    (file,) = asyncio.run(WebFiles(Shelf()).bring(["http://h/"], seconds=5.0)).values()
    assert file.data_url == f"data:image/gif;base64,{b64encode(data).decode()}"
    assert (where == [threading.main_thread()]) is (size <= 256 * 1024)


def test_addresses_are_found_without_reading_what_was_sent_inline() -> None:
    inline = msgspec.Raw(b'"data:image/png;base64,' + b"A" * 1000 + b'"')
    parts = (
        ImagePart(url=msgspec.convert("data:,x", str)),
        ImagePart(url=inline),  # type: ignore[arg-type]  # as readers of a caller's body give it
        ImagePart(url=msgspec.Raw(rb'"https:\/\/p.example\/a"')),  # type: ignore[arg-type]
        FilePart(url="HTTP://p.example/b"),
        FilePart(file_id="file-1"),
        ImagePart(url="https://p.example/a"),
        ImagePart(url="gs://bucket/a"),
    )
    task = replace(make_task("x"), messages=(Message(role="user", parts=parts),))
    files = WebFiles(_fetcher())
    assert files.addresses(task) == ("https://p.example/a", "HTTP://p.example/b")
    assert type(parts[1]).url.slot.__get__(parts[1]) is inline, "not made a string"  # type: ignore[attr-defined]
    assert files.addresses(make_task("no pictures")) == ()
