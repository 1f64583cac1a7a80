"""Addresses a caller gave: nothing inside the network is reached, and what comes back is a picture or nothing."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from podium.models.providers import fetch
from podium.models.providers.fetch import FetchFailed, WebFetcher, is_public, sniff

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "192.0.0.1", "198.18.0.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
        "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "ff02::1", "fec0::1", "2001:db8::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:a9fe:a9fe", "::127.0.0.1",
        "64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2002:a9fe:a9fe::1",
        "2001:0:7f00:1:0:0:80ff:fffe", "fd00:ec2::254", "localhost", "", "1.2.3", "0x7f.1",
    ],
)  # fmt: skip
def test_an_address_inside_a_network_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1"]
)
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


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


async def _refused(fetcher: WebFetcher, url: str) -> FetchFailed:
    with pytest.raises(FetchFailed) as caught:
        await fetcher.fetch(url)
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
            found = await _open(resolve=once).fetch(f"http://pictures.example:{server.port}/a.png?x=1")
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
                return kit.http("301 Moved", b"", "location: /new.png")
            if request.startswith(b"GET /new"):
                return kit.http("200 OK", PNG)
            return kit.http("302 Found", b"", "location: /round")

        async with kit.RawServer(answer) as server:
            here = f"http://pictures.example:{server.port}"
            assert (await _open().fetch(f"{here}/old.png")).data == PNG
            assert "too many redirects" in (await _refused(_open(), f"{here}/round")).what
            assert len(server.requests) == 2 + 4

    kit.run(play)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (("404 Not Found", b"no"), "answered 404"),
        (("200 OK", b"<html>hi</html>", "content-type: text/html; charset=utf-8"), "is text/html"),
        (("200 OK", b"<svg/>", "content-type: image/svg+xml"), "holds no image"),
        (("200 OK", b"hello", "content-type: application/octet-stream"), "holds no image"),
        (("200 OK", b""), "holds no image"),
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
            assert "within" in error.what

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
        assert 1 < most <= 8

    kit.run(play)
