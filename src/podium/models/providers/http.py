"""One provider over HTTP: a call out, bytes back, foreign failures mapped at this one edge."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta

import msgspec
from msgspec import Struct
from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import PyreqwestError
from pyreqwest.request import RequestBuilder
from pyreqwest.response import Response

from podium.core.errors import FailureKind, ProviderError
from podium.core.messages import Frame, Reply, StreamFault
from podium.core.ports import Call
from podium.models.dialects import Dialect, Quirks

from . import faults

_SHORTEST_SECRET = 12
"""Shorter header values are names and flags."""
_REQUEST_ID_HEADERS = ("x-request-id", "request-id", "x-goog-request-id")


class Transport(Struct, frozen=True, kw_only=True):
    """How connections are made, for one provider."""

    connect_timeout_s: float
    silence_timeout_s: float
    """The longest wait for the next bytes."""
    direct: bool = False
    """Never through a proxy of the environment: what is meant to stay on this machine or network must."""

    def client(self, headers: Mapping[str, str]) -> Client:
        """A pooled client that sends these headers. Redirects are refused: a prompt goes where it was sent."""
        builder = (
            ClientBuilder()
            .default_headers(headers)
            .connect_timeout(timedelta(seconds=self.connect_timeout_s))
            .read_timeout(timedelta(seconds=self.silence_timeout_s))
            .follow_redirects(False)
            .user_agent("podium")
        )
        return (builder.no_proxy() if self.direct else builder).build()


class HttpProvider:
    """A vendor's door over HTTP, in any dialect."""

    def __init__(
        self,
        *,
        name: str,
        base_url: str,
        wire: Dialect,
        transport: Transport,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
        quirks: Quirks | None = None,
    ) -> None:
        self.name = name
        self.dialect = wire.name
        self.base_url = base_url.rstrip("/")
        self._wire = wire
        self._transport = transport
        self._quirks = quirks or Quirks()
        self._headers = {"content-type": "application/json", "accept": "*/*", **(headers or {})}
        # What a careless server may echo in its error, and nobody must read there.
        self._secrets = [each for each in (key, *(headers or {}).values()) if each and len(each) >= _SHORTEST_SECRET]
        if key:
            self._headers["authorization"] = f"Bearer {key}"
        self._chat_url = f"{self.base_url}/chat/completions"
        self._client: Client | None = None

    def _opened(self) -> Client:
        # Opened at the first call, so that constructing a provider needs no running loop and no socket.
        if self._client is None:
            try:
                self._client = self._transport.client(self._headers)
            except ValueError:
                # Not chained: the message underneath holds the header, and the header is the key.
                raise ProviderError(
                    f"{self.name} cannot be called: its key or a header holds a character no header may hold.",
                    kind=FailureKind.CREDENTIAL,
                    provider=self.name,
                    remedy="Look for a line break or another stray character in its api_key and headers.",
                ) from None
        return self._client

    def _request(self, call: Call, *, stream: bool) -> RequestBuilder:
        body = self._wire.write_request(
            call.task, model=call.model, stream=stream, quirks=self._quirks, max_tokens=call.max_tokens
        )
        return self._opened().post(self._chat_url).body_bytes(body)

    async def complete(self, call: Call) -> Reply:
        """A whole answer. Raises ProviderError."""
        try:
            request = self._request(call, stream=False).timeout(timedelta(seconds=call.timeout_s)).build()
            response = await request.send()
            body = bytes(await response.bytes())
        except PyreqwestError as exc:
            raise faults.from_transport(exc, self.name) from exc
        if response.status != 200:
            raise self._refused(response, body)
        try:
            reply = self._wire.read_reply(body, provider=self.name)
        except ProviderError as error:
            if error.kind is not FailureKind.SERVER_ERROR:
                raise
            raise faults.inside_success(self._without_secrets(body), self.name) from error
        request_id = _request_id(response)
        return reply if request_id is None else msgspec.structs.replace(reply, request_id=request_id)

    @asynccontextmanager
    async def stream(self, call: Call) -> AsyncIterator[AsyncIterator[Frame]]:
        """An answer as it comes; leaving the context closes the upstream call."""
        try:
            # Without the limit the client would hold the first 64 KB back, which is most answers from end to end.
            request = self._request(call, stream=True).streamed_read_buffer_limit(0)
            if call.left_s is not None:
                request = request.timeout(timedelta(seconds=call.left_s))
            async with request.build_streamed() as response:
                if response.status != 200:
                    raise self._refused(response, bytes(await response.bytes()))
                content_type = response.get_header("content-type") or "text/event-stream"
                if "event-stream" not in content_type:
                    raise ProviderError(
                        f"{self.name} answered a streamed call with {content_type!r} instead of an event stream.",
                        kind=FailureKind.GARBAGE,
                        provider=self.name,
                        request_id=_request_id(response),
                    )
                yield self._frames(response)
        except PyreqwestError as exc:
            raise faults.from_transport(exc, self.name) from exc

    async def _frames(self, response: Response) -> AsyncIterator[Frame]:
        reader = self._wire.stream_reader(provider=self.name)
        body = response.body_reader
        try:
            while (chunk := await body.read_chunk()) is not None:
                for frame in reader.feed(bytes(chunk)):
                    for event in frame.events:
                        if type(event) is StreamFault:
                            raise self._fault(event)
                    yield frame
        except PyreqwestError as exc:
            error = faults.from_transport(exc, self.name)
            if error.kind is FailureKind.UNREACHABLE:
                error.kind = FailureKind.BROKEN_STREAM
            raise error from exc
        for frame in reader.close():
            yield frame

    async def list_models(self) -> tuple[str, ...]:
        """The names the provider lists. Raises ProviderError."""
        try:
            request = self._opened().get(f"{self.base_url}/models")
            response = await request.timeout(timedelta(seconds=self._transport.connect_timeout_s)).build().send()
            body = bytes(await response.bytes())
        except PyreqwestError as exc:
            raise faults.from_transport(exc, self.name) from exc
        if response.status != 200:
            raise self._refused(response, body)
        return read_model_list(body, self.name)

    def _without_secrets(self, body: bytes) -> bytes:
        for secret in self._secrets:
            body = body.replace(secret.encode(), b"[removed]")
        return body

    def _fault(self, event: StreamFault) -> ProviderError:
        said = msgspec.json.encode({"error": {"message": event.message, "code": event.code}})
        return faults.inside_success(self._without_secrets(said), self.name)

    def _refused(self, response: Response, body: bytes) -> ProviderError:
        return faults.from_status(
            response.status,
            self._without_secrets(body),
            self.name,
            retry_after=response.get_header("retry-after"),
            request_id=_request_id(response),
        )

    async def aclose(self) -> None:
        if self._client is not None:
            client, self._client = self._client, None
            await client.close()


class _ModelEntry(Struct):
    id: str


class _ModelList(Struct):
    data: list[_ModelEntry]


def read_model_list(body: bytes, provider: str) -> tuple[str, ...]:
    """The identifiers of an OpenAI-style model list. Raises ProviderError(GARBAGE)."""
    try:
        listed = msgspec.json.decode(body, type=_ModelList)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise ProviderError(
            f"{provider} did not list its models in the OpenAI shape: {exc}.",
            kind=FailureKind.GARBAGE,
            provider=provider,
        ) from exc
    # Google lists "models/gemini-..." and takes both forms; the short one is the name people use.
    return tuple(entry.id.removeprefix("models/") for entry in listed.data)


def _request_id(response: Response) -> str | None:
    for name in _REQUEST_ID_HEADERS:
        value = response.get_header(name)
        if value is not None:
            return value
    return None
