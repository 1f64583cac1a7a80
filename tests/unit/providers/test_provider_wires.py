"""Several wires behind one door: which is taken, where it leads, what is lost on the way and said so."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from podium.core.errors import FailureKind, ProviderError
from podium.core.messages import (
    FilePart,
    Finished,
    FinishReason,
    Frame,
    ImagePart,
    Message,
    Noted,
    Options,
    Payload,
    Reply,
    StreamFault,
    TextDelta,
    TextPart,
)
from podium.core.ports import Call
from podium.core.tasks import Operation, Task
from podium.models.dialects import NotCarried, OpenAIChat, Quirks, Written, by_name
from podium.models.providers import HttpProvider, Listing, Transport, WebFiles, Wire
from podium.models.providers.fetch import Budget, Fetched
from podium.models.providers.wiring import Ready
from podium.testing import make_task

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 4


class Plain:
    """A dialect whose bodies say what was asked of it."""

    stream_type = "text/plain-events"

    def __init__(self, name: str, operation: Operation = Operation.CHAT, beyond: tuple[str, ...] = ()) -> None:
        self.name = name
        self.operation = operation
        self._beyond = beyond

    def path(self, model: str, *, stream: bool) -> str:
        return f"/{self.name}/{'stream' if stream else 'whole'}"

    def beyond(self, task: Task) -> tuple[str, ...]:
        return self._beyond

    def write_request(
        self, task: Task, *, model: str, stream: bool, quirks: Quirks, max_tokens: int | None = None
    ) -> Written:
        if task.options.seed is not None:
            raise NotCarried("A seed has no place here.", remedy="Leave it out.", param="seed")
        urls = [part.url for message in task.messages for part in message.parts if hasattr(part, "url")]
        kept = None if task.payload is None or task.payload.dialect != self.name else dict(task.payload.fields)
        body = {"model": model, "urls": urls, "forwarded": kept}
        return Written(
            body=msgspec.json.encode(body),
            media_type="application/x-plain",
            headers={"x-feature": "on"},
            notes=("`top_k` was left out.",) if task.options.top_k else (),
        )

    def read_reply(self, body: bytes, *, provider: str) -> Reply:
        return Reply(text=body.decode(), raw=body)

    def stream_reader(self, *, provider: str) -> Any:
        class Reader:
            def feed(self, data: bytes) -> list[Frame]:
                if data.startswith(b"fault"):
                    return [Frame(events=(StreamFault(message="Overloaded", code="overloaded_error"),))]
                return [Frame(events=(TextDelta(data.decode()), Finished(FinishReason.STOP)), raw=data)]

            def close(self) -> list[Frame]:
                return [Frame(closing=True)]

        return Reader()


DIALECTS: Mapping[str, Any] = {
    "one": Plain("one"),
    "two": Plain("two", beyond=("logit_bias", "store")),
    "openai-embeddings": Plain("openai-embeddings", Operation.EMBED),
    "foreign": Plain("foreign", beyond=("widgets",)),
    "openai-chat": OpenAIChat(),
}


def _door(base_url: str = "http://127.0.0.1:1/v1", *wires: Wire, **more: Any) -> HttpProvider:
    return HttpProvider(
        name="acme",
        base_url=base_url,
        wires=wires or (Wire(dialect="one"), Wire(dialect="two"), Wire(dialect="openai-embeddings")),
        transport=Transport(connect_timeout_s=1.0, silence_timeout_s=2.0),
        dialects=DIALECTS.__getitem__,
        **more,
    )


def _call(payload: str | None = None, *, wire: str | None = None, model: str = "m", **task: Any) -> Call:
    made = make_task("Hello")
    kept = None if payload is None else Payload(dialect=payload, fields={"x": msgspec.Raw(b'"http://p.example/a"')})
    return Call(task=replace(made, payload=kept, **task), model=model, timeout_s=2.0, wire=wire)


def _ok(kit: Any, *headers: str) -> Any:
    return lambda request: kit.http("200 OK", request.partition(b"\r\n\r\n")[2], *headers)


@pytest.mark.parametrize(
    ("call", "spoken"),
    [
        (_call(), "one"),
        (_call("one"), "one"),
        (_call("two"), "two"),
        (_call("foreign"), "one"),
        (_call("two", wire="one"), "one"),
        (_call(operation=Operation.EMBED), "openai-embeddings"),
        (_call("two", operation=Operation.EMBED), "openai-embeddings"),
    ],
)
def test_the_wire_of_a_call(call: Call, spoken: str) -> None:
    assert _door().speaks(call) == spoken


@pytest.mark.parametrize("call", [_call(wire="three"), _call(operation=Operation.TRANSCRIBE)])
def test_a_wire_it_does_not_have_is_said_before_anything_is_sent(kit: Any, call: Call) -> None:
    async def play() -> None:
        door = _door()
        for work in (door.complete(call), _frames(door, call)):
            with pytest.raises(ProviderError) as caught:
                await work
            error = caught.value
            assert (error.kind, error.http_status) == (FailureKind.NOT_CARRIED, 400)
            assert error.message.startswith("acme does not ")
            assert "one, two, openai-embeddings" in error.remedy

    kit.run(play)


async def _frames(door: HttpProvider, call: Call) -> list[Frame]:
    async with door.stream(call) as frames:
        return [frame async for batch in frames for frame in batch]


@pytest.mark.parametrize(
    ("wire", "model", "streamed", "path"),
    [
        (Wire(dialect="one"), "m", False, "/v1/one/whole"),
        (Wire(dialect="one"), "m", True, "/v1/one/stream"),
        (Wire(dialect="one", path="/models/{model}:raw"), "claude@2025", False, "/v1/models/claude@2025:raw"),
        (Wire(dialect="one", path="/m/{model}/a", stream_path="/m/{model}/b"), "x:1", True, "/v1/m/x:1/b"),
        (Wire(dialect="one", path="/m/{model}/a"), "acme/a b..c", True, "/v1/m/acme%2Fa%20b..c/a"),
    ],
)
def test_where_a_call_goes(kit: Any, wire: Wire, model: str, streamed: bool, path: str) -> None:
    async def play() -> None:
        async with kit.RawServer(_ok(kit)) as server:
            door = _door(server.base_url, wire)
            call = _call(model=model)
            await (_frames(door, call) if streamed else door.complete(call))
            await door.aclose()
        assert server.requests[0].split(b" ")[1] == path.encode()

    kit.run(play)


@pytest.mark.parametrize(
    ("auth", "header"),
    [
        ("bearer", "authorization: Bearer secret-key-123"),
        ("x-api-key", "x-api-key: secret-key-123"),
        ("x-goog-api-key", "x-goog-api-key: secret-key-123"),
        ("api-key", "api-key: secret-key-123"),
        ("sigv4", "authorization: Bearer secret-key-123"),
        ("none", ""),
    ],
)
def test_how_a_key_travels_and_which_headers_with_it(kit: Any, auth: Any, header: str) -> None:
    async def play() -> None:
        async with kit.RawServer(_ok(kit)) as server:
            wires = (Wire(dialect="one", headers={"anthropic-version": "v"}), Wire(dialect="two", auth="bearer"))
            door = _door(server.base_url, *wires, auth=auth, key="secret-key-123", headers={"X-Team": "support"})
            await door.complete(_call())
            await door.complete(_call("two"))
            await door.aclose()
        heads = [request.partition(b"\r\n\r\n")[0].decode().lower().split("\r\n") for request in server.requests]
        sent = [line for line in heads[0] if "secret-key" in line]
        assert sent == ([header.lower()] if header else [])
        for line in ("anthropic-version: v", "x-team: support", "x-feature: on", "content-type: application/x-plain"):
            assert line in heads[0]
        assert [line for line in heads[1] if "secret-key" in line] == ["authorization: bearer secret-key-123"]
        assert "anthropic-version: v" not in heads[1]

    kit.run(play)


class CountingSigner:
    def __init__(self) -> None:
        self.signed: list[tuple[str, str, bytes]] = []

    async def sign(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Mapping[str, str]:
        self.signed.append((method, url, body))
        return {"authorization": f"SIGNED {len(self.signed)} {len(headers)}"}


def test_a_signer_signs_each_call_and_the_list(kit: Any) -> None:
    def answer(request: bytes) -> bytes:
        listing = request.startswith(b"GET")
        return bytes(kit.http("200 OK", b'{"data": [{"id": "m"}]}' if listing else b"text"))

    async def play() -> None:
        signer = CountingSigner()
        async with kit.RawServer(answer) as server:
            door = _door(server.base_url, signer=signer)
            await door.complete(_call())
            await _frames(door, _call())
            await door.list_models()
            await door.aclose()
        assert [(method, url.rpartition("/v1")[2]) for method, url, _ in signer.signed] == [
            ("POST", "/one/whole"), ("POST", "/one/stream"), ("GET", "/models"),
        ]  # fmt: skip
        assert all(b"authorization: SIGNED" in request for request in map(_plain_case, server.requests))
        assert json.loads(signer.signed[0][2])["model"] == "m"

    kit.run(play)


def _plain_case(request: bytes) -> bytes:
    return request.replace(b"Authorization:", b"authorization:")


@pytest.mark.parametrize(
    ("payload", "lost"),
    [
        (None, ()),
        ("one", ()),
        ("foreign", ("`widgets` cannot be carried to one and was left out.",)),
    ],
)
def test_what_is_lost_between_two_wires_is_said(kit: Any, payload: str | None, lost: tuple[str, ...]) -> None:
    async def play() -> None:
        async with kit.RawServer(_ok(kit)) as server:
            door = _door(server.base_url)
            plain = _call(payload)
            call = _call(payload, options=replace(plain.task.options, top_k=3))
            notes = ("`top_k` was left out.", *lost)
            reply = await door.complete(call)
            assert (reply.dialect, reply.notes) == ("one", notes)
            first, *rest = await _frames(door, call)
            assert [event.text for event in first.events if isinstance(event, Noted)] == list(notes)
            assert not any(isinstance(event, Noted) for frame in rest for event in frame.events)
            nothing = [frame for frame in await _frames(door, plain) if any(isinstance(e, Noted) for e in frame.events)]
            assert len(nothing) == (1 if lost else 0)
            await door.aclose()

    kit.run(play)


def test_what_the_answer_cannot_do_without_is_refused_before_it_is_sent(kit: Any) -> None:
    async def play() -> None:
        async with kit.RawServer(_ok(kit)) as server:
            door = _door(server.base_url)
            call = _call(options=replace(_call().task.options, seed=7))
            for work in (door.complete(call), _frames(door, call)):
                with pytest.raises(ProviderError) as caught:
                    await work
                assert caught.value.kind is FailureKind.NOT_CARRIED
                assert str(caught.value) == "A seed has no place here. Leave it out."
            assert server.requests == []
            await door.aclose()

    kit.run(play)


@pytest.mark.parametrize(
    ("content_type", "garbage"),
    [
        ("text/plain-events; charset=utf-8", False),
        ("TEXT/PLAIN-EVENTS", False),
        (None, False),
        ("text/html", True),
        ("application/json", True),
    ],
)
def test_a_stream_comes_in_its_dialects_type_or_without_one(kit: Any, content_type: str | None, garbage: bool) -> None:
    async def play() -> None:
        headers = () if content_type is None else (f"content-type: {content_type}",)
        async with kit.RawServer(_ok(kit, *headers)) as server:
            door = _door(server.base_url)
            if garbage:
                with pytest.raises(ProviderError) as caught:
                    await _frames(door, _call())
                assert caught.value.kind is FailureKind.GARBAGE
                assert "text/plain-events" in caught.value.message
            else:
                assert (await _frames(door, _call()))[-1].closing
            await door.aclose()

    kit.run(play)


def test_an_answer_that_was_read_as_json_is_json_whatever_it_came_as(kit: Any) -> None:
    """Clients choose how to read it by this."""

    async def play() -> None:
        async with kit.RawServer(_ok(kit, "content-type: text/vtt; charset=utf-8")) as server:
            door = _door(server.base_url)
            reply = await door.complete(_call())
            assert reply.media_type == "application/json"
            await door.aclose()

    kit.run(play)


def test_a_fault_inside_a_stream_keeps_its_meaning(kit: Any) -> None:
    async def play() -> None:
        async with kit.RawServer(lambda request: kit.http("200 OK", b"fault")) as server:
            door = _door(server.base_url)
            with pytest.raises(ProviderError) as caught:
                await _frames(door, _call())
            assert caught.value.kind is FailureKind.OVERLOADED
            await door.aclose()

    kit.run(play)


# --- what is asked of a model that does not reason ------------------------------------------------------------------


@pytest.mark.parametrize(("reasons", "asked"), [(None, "high"), (True, "high"), (False, None)])
@pytest.mark.parametrize("stream", [True, False])
def test_an_effort_is_asked_of_models_that_reason(reasons: bool | None, asked: str | None, stream: bool) -> None:
    ready = Ready(Wire(dialect="openai-chat"), by_name("openai-chat"), base_url="http://p.example", headers={})
    task = replace(make_task("Hello"), options=Options(reasoning_effort="high"))
    call = Call(task=task, model="m", timeout_s=2.0, reasons=reasons)
    quirks = ready.quirks_for(call)
    written = ready.dialect.write_request(task, model="m", stream=stream, quirks=quirks)
    assert json.loads(written.body).get("reasoning_effort") == asked
    assert bool(written.notes) == (asked is None)


# --- pictures by address --------------------------------------------------------------------------------------------


class Shelf:
    """A fetcher that has what it is given."""

    def __init__(self, **files: Fetched) -> None:
        self.asked: list[str] = []
        self._files = files

    async def fetch(self, url: str, *, budget: Budget) -> Fetched:
        self.asked.append(url)
        return self._files[url.rpartition("/")[2]]


_PICTURE = Fetched(media_type="image/png", data=PNG)
_BYTES_ONLY = Quirks(image_urls=False)
_DATA = "data:image/png;base64,iVBORw0KGgoAAAAA"


def _seeing(*parts: Any, payload: Payload | None = None) -> Call:
    task = make_task("Look")
    message = Message(role="user", parts=(TextPart("Look"), *parts))
    return Call(task=replace(task, messages=(message,), payload=payload), model="m", timeout_s=2.0)


async def _brought(call: Call, shelf: Shelf) -> Call:
    files = WebFiles(shelf)
    return replace(call, files=await files.bring(files.addresses(call.task), seconds=5.0))


def test_pictures_are_put_in_only_where_the_provider_fetches_none(kit: Any) -> None:
    async def play() -> None:
        async with kit.RawServer(_ok(kit)) as server:
            shelf = Shelf(a=_PICTURE, b=Fetched(media_type="application/pdf", data=b"%PDF-1"))
            call = _seeing(
                ImagePart(url="https://p.example/a"),
                ImagePart(url="https://p.example/a", detail="low"),
                ImagePart(url="data:image/gif;base64,R0lG"),
                ImagePart(url="HTTPS://p.example/b"),
                FilePart(url="https://p.example/b"),
                FilePart(file_id="file-1"),
            )
            call = await _brought(call, shelf)
            bytes_only = _door(server.base_url, Wire(dialect="one", quirks=_BYTES_ONLY))
            assert bytes_only.wants_files(call)
            urls = json.loads((await bytes_only.complete(call)).text)["urls"]
            pdf = "data:application/pdf;base64,JVBERi0x"
            assert urls == [_DATA, _DATA, "data:image/gif;base64,R0lG", pdf, pdf, None]
            assert sorted(shelf.asked) == ["HTTPS://p.example/b", "https://p.example/a", "https://p.example/b"]
            fetches = _door(server.base_url, Wire(dialect="one"))
            assert not fetches.wants_files(call)
            assert json.loads((await fetches.complete(call)).text)["urls"][0] == "https://p.example/a"
            await bytes_only.aclose()
            await fetches.aclose()

    kit.run(play)


@pytest.mark.parametrize("letters", [4, 400_000])
def test_a_forwarded_body_in_openais_dialect_gets_the_bytes_and_keeps_its_own_fields(kit: Any, letters: int) -> None:
    """A large file, which is written in a thread, as a small one."""
    messages = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https:\\/\\/p.example\\/a"}}]}]
    raw = json.dumps(messages).replace("\\\\", "\\").encode()
    fields = {"messages": msgspec.Raw(raw), "weird": msgspec.Raw(b"1.50"), "model": msgspec.Raw(b'"auto"')}
    data = PNG + b"\1" * letters

    async def play() -> None:
        async with kit.RawServer(_ok(kit)) as server:
            door = _door(server.base_url, Wire(dialect="openai-chat", quirks=_BYTES_ONLY))
            payload = Payload(dialect="openai-chat", fields=fields)
            shelf = Shelf(a=Fetched(media_type="image/png", data=data))
            call = await _brought(_seeing(ImagePart(url="https://p.example/a"), payload=payload), shelf)
            with pytest.raises(ProviderError):  # the echo is no answer
                await door.complete(call)
            await door.aclose()
        body = server.requests[0].partition(b"\r\n\r\n")[2]
        sent = json.loads(body)
        url = sent["messages"][0]["content"][0]["image_url"]["url"]
        assert url == "data:image/png;base64," + b64encode(data).decode()
        assert b'"weird":1.50' in body

    kit.run(play)


def test_what_a_caller_says_on_its_own_wire_is_that_wires_business(kit: Any) -> None:
    """An address of the provider's own file store cannot be fetched by anybody else."""

    async def play() -> None:
        async with kit.RawServer(_ok(kit)) as server:
            door = _door(server.base_url, Wire(dialect="one", quirks=_BYTES_ONLY))
            payload = Payload(dialect="one", fields={"x": msgspec.Raw(b"1")})
            call = await _brought(_seeing(ImagePart(url="https://p.example/a"), payload=payload), Shelf(a=_PICTURE))
            assert not door.wants_files(call)
            assert json.loads((await door.complete(call)).text)["forwarded"] == {"x": 1}
            await door.aclose()

    kit.run(play)


def test_files_are_wanted_only_over_a_wire_there_is() -> None:
    with pytest.raises(ProviderError) as caught:
        _door().wants_files(_call(wire="openai-chat"))
    assert caught.value.kind is FailureKind.NOT_CARRIED


# --- lists ----------------------------------------------------------------------------------------------------------


def test_a_long_list_is_read_to_its_end(kit: Any) -> None:
    pages = {b"after_id=b": b'{"data": [{"id": "c"}], "has_more": false}'}

    def answer(request: bytes) -> bytes:
        page = next((page for mark, page in pages.items() if mark in request), None)
        first = b'{"data": [{"id": "a"}, {"id": "b"}], "has_more": true, "last_id": "b"}'
        return bytes(kit.http("200 OK", page or first))

    async def play() -> None:
        async with kit.RawServer(answer) as server:
            door = _door(server.base_url, listings=(Listing(reader="anthropic"),))
            assert [model.name for model in await door.list_models()] == ["a", "b", "c"]
            await door.aclose()
        assert [request.split(b" ")[1] for request in server.requests] == [
            b"/v1/models?limit=1000", b"/v1/models?limit=1000&after_id=b",
        ]  # fmt: skip

    kit.run(play)


def test_a_list_that_never_ends_is_left(kit: Any) -> None:
    places = iter(range(10_000))

    def answer(request: bytes) -> bytes:
        place = next(places)
        body = b'{"data": [{"id": "m%d"}], "has_more": true, "last_id": "m%d"}' % (place, place)
        return bytes(kit.http("200 OK", body))

    async def play() -> None:
        async with kit.RawServer(answer) as server:
            door = _door(server.base_url, listings=(Listing(reader="anthropic"),))
            assert len(await door.list_models()) == 50
            await door.aclose()

    kit.run(play)


@pytest.mark.parametrize("status", ["404 Not Found", "403 Forbidden", "400 Bad Request", "200 OK"])
def test_where_the_better_list_is_missing_the_plain_one_is_read(kit: Any, status: str) -> None:
    def answer(request: bytes) -> bytes:
        better = b"/model/info" in request
        return bytes(kit.http(status, b"{}") if better else kit.http("200 OK", b'{"data": [{"id": "m"}]}'))

    async def play() -> None:
        async with kit.RawServer(answer) as server:
            door = _door(server.base_url, listings=(Listing(path="/model/info", reader="litellm"), Listing()))
            assert [model.name for model in await door.list_models()] == ["m"]
            await door.aclose()

    kit.run(play)


def test_a_provider_without_a_list_says_so(kit: Any) -> None:
    async def play() -> None:
        with pytest.raises(ProviderError) as caught:
            await _door(listings=()).list_models()
        assert caught.value.kind is FailureKind.NOT_CARRIED
        assert caught.value.remedy

    kit.run(play)


def test_a_list_at_the_root_of_its_host(kit: Any) -> None:
    async def play() -> None:
        async with kit.RawServer(lambda request: kit.http("200 OK", b'{"data": [{"id": "m"}]}')) as server:
            door = _door(server.base_url, listings=(Listing(path="/api/v0/models", at_root=True),))
            await door.list_models()
            await door.aclose()
        assert server.requests[0].startswith(b"GET /api/v0/models ")

    kit.run(play)
