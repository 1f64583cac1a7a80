"""Addresses a caller gave: nothing inside the network is reached, and what comes back is a picture or nothing."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import Any

import pytest

from podium.models.providers import fetch
from podium.models.providers.fetch import Budget, Fetched, FetchFailed, WebFetcher, sniff

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


@pytest.mark.parametrize(
    ("head", "media_type"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 12, "image/jpeg"),
        (b"GIF89a" + b"\0" * 10, "image/gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "image/heic"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "application/pdf"),
        (b"<svg xmlns='http'>", None),
        (b"<html><body>", None),
        (b"RIFF\0\0\0\0WAVEfmt ", None),
        (b"", None),
    ],
)
def test_the_type_is_what_the_bytes_say(head: bytes, media_type: str | None) -> None:
    assert sniff(head) == media_type


async def _loopback(_host: str, _port: int) -> tuple[str, ...]:
    return ("127.0.0.1",)


def _open(**more: Any) -> WebFetcher:
    """For the loopback servers of these tests only."""
    return WebFetcher(**({"resolve": _loopback, "allowed": lambda address: True} | more))


async def _fetched(fetcher: WebFetcher, url: str) -> Fetched:
    return await fetcher.fetch(url, budget=Budget(fetch.MOST_BYTES))


async def _refused(fetcher: WebFetcher, url: str) -> FetchFailed:
    with pytest.raises(FetchFailed) as caught:
        await _fetched(fetcher, url)
    assert caught.value.what.endswith(".")
    assert caught.value.remedy.endswith(".")
    return caught.value


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/a.png",
        "http://localhost/a.png",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://0177.0.0.1/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]:8080/x",
        "http://169.254.169.254/latest/meta-data/",
        "http://127.1/",
        "http://127\u30020\u30020\u30021/",
    ],
)
def test_nothing_at_home_is_fetched(kit: Any, url: str) -> None:
    """With the resolver of this machine, and every way to write the address."""

    async def play() -> None:
        error = await _refused(WebFetcher(), url)
        assert "not a public address" in error.what

    kit.run(play)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/a.png",
        "file:///etc/passwd",
        "gopher://example.com/",
        "example.com/a.png",
        "http://",
        "http://user:secret@example.com/a.png",
        "http://example.com./a.png",
        "http://[::1",
        "",
    ],
)
def test_what_is_no_plain_web_address_is_refused_unread(kit: Any, url: str) -> None:
    async def asked(host: str, port: int) -> tuple[str, ...]:
        raise AssertionError("nobody should be asked")

    async def play() -> None:
        error = await _refused(WebFetcher(resolve=asked), url)
        assert "secret" not in str(error)

    kit.run(play)


@pytest.mark.parametrize("found", [(), ("10.0.0.1",), ("8.8.8.8", "10.0.0.1"), ("8.8.8.8", "::1")])
def test_a_name_with_one_address_inside_is_refused_whole(kit: Any, found: tuple[str, ...]) -> None:
    async def both(host: str, port: int) -> tuple[str, ...]:
        return found

    async def play() -> None:
        await _refused(WebFetcher(resolve=both), "http://pictures.example/a.png")

    kit.run(play)


def test_a_name_nobody_knows(kit: Any) -> None:
    async def unknown(host: str, port: int) -> tuple[str, ...]:
        raise OSError("Name or service not known")

    async def play() -> None:
        error = await _refused(WebFetcher(resolve=unknown), "http://pictures.example/a.png?token=abc")
        assert "not known" in error.what
        assert "abc" not in error.what, "what stands after the question mark may be a credential"

    kit.run(play)


def test_a_picture_is_brought_from_the_address_that_was_checked(kit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is resolved once: the connection goes where the check said, whatever a second look-up would say."""
    asked: list[str] = []
    for variable in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")

    async def once(host: str, port: int) -> tuple[str, ...]:
        asked.append(host)
        return ("127.0.0.1",)

    async def play() -> None:
        async with kit.RawServer(lambda request: kit.http("200 OK", PNG, "content-type: image/jpeg")) as server:
            found = await _fetched(_open(resolve=once), f"http://pictures.example:{server.port}/a.png?x=1")
            (request,) = server.requests
        assert (found.media_type, found.data) == ("image/png", PNG), "the bytes say what it is, not the server"
        assert request.startswith(b"GET /a.png?x=1 ")
        assert b"host: pictures.example" in request.lower()
        assert b"authorization" not in request.lower()
        assert asked == ["pictures.example"]

    kit.run(play)


def test_a_redirect_is_a_new_address_to_check(kit: Any) -> None:
    async def by_name(host: str, port: int) -> tuple[str, ...]:
        return ("127.0.0.1",) if host == "front.example" else ("10.0.0.1",)

    async def play() -> None:
        away = kit.http("302 Found", b"", "location: http://back.internal/secret.png")
        async with kit.RawServer(lambda request: away) as server:
            fetcher = _open(resolve=by_name, allowed=lambda address: address == "127.0.0.1")
            error = await _refused(fetcher, f"http://front.example:{server.port}/a.png")
            assert "back.internal" in error.what
            assert "not a public address" in error.what

    kit.run(play)


def test_a_redirect_to_a_public_place_is_followed_and_a_circle_is_not(kit: Any) -> None:
    async def play() -> None:
        def answer(request: bytes) -> bytes:
            if request.startswith(b"GET /old"):
                return bytes(kit.http("301 Moved", b"", "location: /new.png"))
            if request.startswith(b"GET /new"):
                return bytes(kit.http("200 OK", PNG))
            return bytes(kit.http("302 Found", b"", "location: /round"))

        async with kit.RawServer(answer) as server:
            here = f"http://pictures.example:{server.port}"
            assert (await _fetched(_open(), f"{here}/old.png")).data == PNG
            assert "too many redirects" in (await _refused(_open(), f"{here}/round")).what
            assert len(server.requests) == 2 + 4

    kit.run(play)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (("404 Not Found", b"no"), "answered 404"),
        (("200 OK", b"<html>hi</html>", "content-type: text/html; charset=utf-8"), "sent text/html"),
        (("200 OK", b"<svg/>", "content-type: image/svg+xml"), "sent no image"),
        (("200 OK", b"hello", "content-type: application/octet-stream"), "sent no image"),
        (("200 OK", b""), "sent no image"),
        (("304 Not Modified", b""), "answered 304"),
    ],
)
def test_what_is_no_picture_is_refused(kit: Any, answer: tuple[Any, ...], told: str) -> None:
    async def play() -> None:
        async with kit.RawServer(lambda request: kit.http(*answer)) as server:
            error = await _refused(_open(), f"http://pictures.example:{server.port}/a")
            assert told in error.what

    kit.run(play)


def test_too_large_is_refused_by_its_word_and_by_its_bytes(kit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "MOST_BYTES", 1_000_000)
    chunk = PNG + b"\0" * 99_972
    endless = b"HTTP/1.1 200 OK\r\ncontent-type: image/png\r\ntransfer-encoding: chunked\r\n\r\n"
    endless += (b"%x\r\n" % len(chunk) + chunk + b"\r\n") * 20

    async def play() -> None:
        stated = b"HTTP/1.1 200 OK\r\ncontent-length: 999999999\r\n\r\n" + PNG
        for answer in (stated, endless):
            async with kit.RawServer(lambda request, answer=answer: answer) as server:
                assert "larger" in (await _refused(_open(), f"http://pictures.example:{server.port}/a")).what

    kit.run(play)


def test_a_server_that_says_nothing_is_not_waited_for(kit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "_SECONDS", 0.1)

    async def play() -> None:
        async with kit.RawServer(lambda request: None) as server:
            error = await _refused(_open(), f"http://pictures.example:{server.port}/a")
            assert error.what == "pictures.example did not send its file within 0.1 seconds."

    kit.run(play)


def test_the_wait_for_a_place_is_part_of_the_time(kit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Others hold every place and let go of none: whoever comes is told so in time."""
    monkeypatch.setattr(fetch, "_SECONDS", 0.05)
    monkeypatch.setattr(fetch, "_AT_ONCE", 1)

    async def play() -> None:
        fetcher = _open()
        async with fetcher._places, asyncio.timeout(5):
            assert "within 0.05 seconds" in (await _refused(fetcher, "http://pictures.example/a")).what

    kit.run(play)


def test_a_name_server_that_dawdles_takes_no_thread_of_others(kit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names are looked up in threads of the fetcher's own: the loop's few are lent to everybody."""
    over = threading.Event()
    names: list[str] = []

    def dawdling(host: str, port: int, **_more: Any) -> list[Any]:
        names.append(threading.current_thread().name)
        over.wait(10)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", dawdling)
    monkeypatch.setattr(fetch, "_SECONDS", 0.1)

    async def play() -> None:
        fetcher = WebFetcher()
        try:
            waiting = [_refused(fetcher, f"http://h{place}.example/a") for place in range(fetch._AT_ONCE)]
            told = asyncio.gather(*waiting)
            assert await asyncio.wait_for(asyncio.to_thread(lambda: "at once"), 5) == "at once"
            assert all("within" in error.what for error in await told)
        finally:
            over.set()
        assert {name.rpartition("_")[0] for name in names} == {"podium-names"}

    kit.run(play)


def test_a_budget_is_shared_and_ends_a_file_in_its_middle(kit: Any) -> None:
    picture = PNG + b"\0" * 100_000

    async def play() -> None:
        async with kit.RawServer(lambda request: kit.http("200 OK", picture)) as server:
            here, budget = f"http://pictures.example:{server.port}/a", Budget(150_000)
            assert len((await _open().fetch(here, budget=budget)).data) == len(picture)
            with pytest.raises(FetchFailed, match="together are larger"):
                await _open().fetch(here, budget=budget)
            assert budget.left == 150_000 - len(picture), "by its stated length: not a byte of it was read"
        chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + b"%x\r\n" % len(picture) + picture
        async with kit.RawServer(lambda request: chunked) as server:
            with pytest.raises(FetchFailed, match="together are larger"):
                await _open().fetch(f"http://pictures.example:{server.port}/a", budget=Budget(50_000))

    kit.run(play)


_SIGNED = "SIGNATURE"


@pytest.mark.parametrize(
    "answer",
    [
        ("302 Found", b"", "location: http://[bad"),
        ("302 Found", b"", f"location: http://10.0.0.1/{_SIGNED}?sig={_SIGNED}"),
        ("302 Found", b"", f"location: http://u:{_SIGNED}@back.example/a"),
        ("302 Found", b"", f"location: /round-{_SIGNED}"),
        ("404 Not Found", b""),
        ("200 OK", b"x", "content-type: text/html"),
        ("200 OK", b"x"),
        None,
    ],
)
def test_what_is_told_of_an_address_is_its_host(
    kit: Any, answer: tuple[Any, ...] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A signed address is a key, in its path, its query or its fragment; so is what it redirects to."""
    monkeypatch.setattr(fetch, "_SECONDS", 0.5)

    async def by_name(host: str, port: int) -> tuple[str, ...]:
        return (host,) if host == "10.0.0.1" else ("127.0.0.1",)

    async def play() -> None:
        async with kit.RawServer(lambda request: None if answer is None else kit.http(*answer)) as server:
            url = f"http://pictures.example:{server.port}/bot{_SIGNED}/a?sig={_SIGNED}#{_SIGNED}"
            error = await _refused(_open(resolve=by_name, allowed=lambda address: address == "127.0.0.1"), url)
            told = f"{error} {error!r} {error.__cause__!r} {error.remedy}"
            assert _SIGNED not in told
            assert "user and password" in told or ".example" in told or "10.0.0.1" in told

    kit.run(play)


@pytest.mark.parametrize(
    "url", [f"http://u:{_SIGNED}@[bad/", f"http://u:{_SIGNED}@h/", f"http://no host/{_SIGNED}", f"http://h:9/{_SIGNED}"]
)
def test_nor_is_more_told_of_one_that_nobody_can_read_or_reach(kit: Any, url: str) -> None:
    async def play() -> None:
        error = await _refused(_open(), url)
        assert _SIGNED not in f"{error} {error!r} {error.__cause__!r} {error.remedy}"

    kit.run(play)


def test_only_so_many_at_once(kit: Any) -> None:
    under_way = most = 0

    async def slow(host: str, port: int) -> tuple[str, ...]:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1
        return ()

    async def play() -> None:
        fetcher = WebFetcher(resolve=slow)
        await asyncio.gather(*(_refused(fetcher, f"http://h{place}.example/") for place in range(40)))
        assert 1 < most <= fetch._AT_ONCE == 24

    kit.run(play)
