"""One provider over HTTP: a call out, bytes back, foreign failures mapped at this one edge."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import msgspec
from msgspec.structs import replace
from pyreqwest.client import Client
from pyreqwest.exceptions import PyreqwestError
from pyreqwest.request import RequestBuilder
from pyreqwest.response import Response

from podium.core.errors import FailureKind, ProviderError
from podium.core.messages import Frame, Noted, Reply, StreamFault
from podium.core.ports import BroughtFile, Call, ListedModel
from podium.core.tasks import Operation, Task
from podium.models.dialects import NotCarried, Written, by_name
from podium.models.dialects.sse import MAX_EVENT_BYTES

from . import bringing, faults
from .listing import first_query, read_page
from .presets import Auth, Listing, Wire
from .said import request_id
from .signing import Signer, secrets_of
from .transport import Transport, header_of
from .wiring import Dialects, Ready, Wiring

_MOST_PAGES = 50
_MOST_REFUSAL = 1024 * 1024
"""Bytes read of a refusal; what it says is said by then."""
_PERHAPS_ELSEWHERE = frozenset(
    {FailureKind.NOT_FOUND, FailureKind.GARBAGE, FailureKind.BAD_REQUEST, FailureKind.CREDENTIAL}
)
"""Failures of one list that say nothing about the next: it is missing from a version, or closed to this key."""


class HttpProvider:
    """A vendor's door over HTTP, by every wire it has."""

    def __init__(
        self,
        *,
        name: str,
        base_url: str,
        transport: Transport,
        wires: Iterable[Wire] = (Wire(dialect="openai-chat"),),
        auth: Auth = "bearer",
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
        listings: tuple[Listing, ...] = (Listing(),),
        signer: Signer | None = None,
        dialects: Dialects = by_name,
    ) -> None:
        self.name = name
        self.base_url = base_url.rstrip("/")
        self._transport = transport
        self._wiring = Wiring(
            wires,
            provider=name,
            base_url=self.base_url,
            auth=auth,
            key=key,
            headers=headers or {},
            dialects=dialects,
        )
        self._listings = listings
        self._signer = signer
        # What a careless server may echo in its error, and nobody must read there.
        self._secrets = secrets_of(key, *(headers or {}).values())
        self._signed: tuple[Mapping[str, str], Mapping[str, str]] = ({}, {})
        """What the signer added last, and before that: two, because a call may fail just after a token was renewed."""
        self._client: Client | None = None

    def speaks(self, call: Call) -> str:
        """The wire this call goes over. Raises ProviderError(NOT_CARRIED) where there is none for it."""
        return self._wiring.name_of(call)

    # --- requests ---------------------------------------------------------------------------------------------------

    def _opened(self) -> Client:
        # Opened at the first call, so that constructing a provider needs no running loop and no socket.
        if self._client is None:
            self._client = self._transport.client()
        return self._client

    def wants_files(self, call: Call) -> bool:
        """Whether nobody but Podium fetches this call's addresses. Raises ProviderError(NOT_CARRIED).

        What a caller says on its own wire is that wire's business, except in OpenAI's dialects, which the provider only
        claims to speak whole.
        """
        ready = self._wiring.of(call)
        if ready.quirks.image_urls:
            return False
        payload = call.task.payload
        return payload is None or payload.dialect != ready.name or ready.name.startswith("openai-")

    async def _written(self, call: Call, ready: Ready, *, stream: bool) -> tuple[Written, tuple[str, ...]]:
        """The body, and what is lost on the way to it. Raises ProviderError(NOT_CARRIED)."""
        if not call.files or not self.wants_files(call):
            return self._write(call.task, call, ready, stream=stream)
        if bringing.is_large(call.files):
            return await asyncio.to_thread(self._write_with, call.files, call, ready, stream=stream)
        return self._write_with(call.files, call, ready, stream=stream)

    def _write_with(
        self, files: Mapping[str, BroughtFile], call: Call, ready: Ready, *, stream: bool
    ) -> tuple[Written, tuple[str, ...]]:
        return self._write(bringing.with_files(call.task, files, ready.name), call, ready, stream=stream)

    def _write(self, task: Task, call: Call, ready: Ready, *, stream: bool) -> tuple[Written, tuple[str, ...]]:
        try:
            written = ready.dialect.write_request(
                task, model=call.model, stream=stream, quirks=ready.quirks_for(call), max_tokens=call.max_tokens
            )
        except NotCarried as lost:
            raise self._wiring.not_carried(lost) from lost
        payload = task.payload
        if payload is not None and payload.dialect == ready.name:
            return written, written.notes
        return written, (*written.notes, *self._wiring.lost(call.task, ready))

    async def _request(self, call: Call, ready: Ready, written: Written, *, stream: bool) -> RequestBuilder:
        try:
            url = ready.url(call.model, stream=stream)
        except NotCarried as lost:
            raise self._wiring.not_carried(lost) from lost
        headers = {**ready.headers, "content-type": written.media_type, **written.headers}
        if self._signer is not None:
            headers |= self._remembered(await self._signer.sign("POST", url, headers, written.body))
        return self._with_headers(self._opened().post(url), headers).body_bytes(written.body)

    def _with_headers(self, request: RequestBuilder, headers: Mapping[str, str]) -> RequestBuilder:
        try:
            return request.headers(headers)
        except ValueError:
            # Not chained: the message underneath holds the header, and the header is the key.
            raise ProviderError(
                f"{self.name} cannot be called: its key or a header holds a character no header may hold.",
                kind=FailureKind.CREDENTIAL,
                provider=self.name,
                remedy="Look for a line break or another stray character in its api_key and headers.",
            ) from None

    # --- answers ----------------------------------------------------------------------------------------------------

    async def complete(self, call: Call) -> Reply:
        """A whole answer. Raises ProviderError."""
        ready = self._wiring.of(call)
        written, notes = await self._written(call, ready, stream=False)
        try:
            request = await self._request(call, ready, written, stream=False)
            # Read piece by piece, which costs the same: a whole body is held before anybody could say how large it is.
            async with request.timeout(timedelta(seconds=call.timeout_s)).build_streamed() as response:
                if response.status != 200:
                    raise await self._refused(response)
                body = await self._body(response)
        except PyreqwestError as exc:
            raise faults.from_transport(exc, self.name) from exc
        try:
            reply = ready.dialect.read_reply(body, provider=self.name)
        except ProviderError as error:
            if error.kind is not FailureKind.SERVER_ERROR:
                raise
            raise faults.inside_success(self._without_secrets(body), self.name) from error
        header = header_of(response)
        # Where answers are JSON that was read as such, clients must hear so, whatever the provider called it.
        stated = header("content-type") if ready.dialect.operation is Operation.TRANSCRIBE else None
        return replace(
            reply,
            dialect=ready.name,
            media_type=stated or reply.media_type,
            request_id=request_id(header),
            notes=(*notes, *reply.notes),
        )

    @asynccontextmanager
    async def stream(self, call: Call) -> AsyncIterator[AsyncIterator[Sequence[Frame]]]:
        """An answer as it comes; leaving the context closes the upstream call."""
        ready = self._wiring.of(call)
        written, notes = await self._written(call, ready, stream=True)
        try:
            request = await self._request(call, ready, written, stream=True)
            # Without the limit the client would hold the first 64 KB back, which is most answers from end to end.
            request = request.streamed_read_buffer_limit(0)
            if call.left_s is not None:
                request = request.timeout(timedelta(seconds=call.left_s))
            async with request.build_streamed() as response:
                if response.status != 200:
                    raise await self._refused(response)
                self._check_streams(response, ready)
                yield self._frames(response, ready, notes)
        except PyreqwestError as exc:
            raise faults.from_transport(exc, self.name) from exc

    def _check_streams(self, response: Response, ready: Ready) -> None:
        """A page of a proxy, or a whole answer where a stream was asked for, is garbage; no type at all is believed.

        A transcription may come whole: some models cannot stream it, and its reader makes one event of it.
        """
        header = header_of(response)
        content_type = header("content-type")
        expected = ready.dialect.stream_type
        if content_type is None or not expected:
            return
        stated = content_type.lower()
        whole = ready.dialect.operation is Operation.TRANSCRIBE and "json" in stated
        if expected not in stated and not whole:
            raise ProviderError(
                f"{self.name} answered a streamed call with {content_type!r} instead of {expected}.",
                kind=FailureKind.GARBAGE,
                provider=self.name,
                request_id=request_id(header),
            )

    async def _frames(self, response: Response, ready: Ready, notes: tuple[str, ...]) -> AsyncIterator[Sequence[Frame]]:
        if notes:
            yield (Frame(events=tuple([Noted(note) for note in notes])),)
        reader = ready.dialect.stream_reader(provider=self.name)
        body = response.body_reader
        try:
            while (chunk := await body.read_chunk()) is not None:
                frames, fault = self._up_to_fault(reader.feed(bytes(chunk)))
                if frames:
                    yield frames
                if fault is not None:
                    raise fault
        except PyreqwestError as exc:
            error = faults.from_transport(exc, self.name)
            if error.kind is FailureKind.UNREACHABLE:
                error.kind = FailureKind.BROKEN_STREAM
            raise error from exc
        frames, fault = self._up_to_fault(reader.close())
        if frames:
            yield frames
        if fault is not None:
            raise fault

    def _up_to_fault(self, frames: Sequence[Frame]) -> tuple[Sequence[Frame], ProviderError | None]:
        """The frames before an error the provider reports among them, what its own frame says beside it (figures,
        mostly) included, and what it means."""
        for place, frame in enumerate(frames):
            for number, event in enumerate(frame.events):
                if type(event) is StreamFault:
                    beside = (Frame(events=frame.events[:number]),) if number else ()
                    return (*frames[:place], *beside), self._fault(event)
        return frames, None

    # --- models -----------------------------------------------------------------------------------------------------

    async def list_models(self) -> tuple[ListedModel, ...]:
        """What the provider lists. Raises ProviderError, also where it has no list that costs nothing."""
        missing: ProviderError | None = None
        for listing in self._listings:
            try:
                return await self._listed(listing)
            except ProviderError as error:
                if error.kind not in _PERHAPS_ELSEWHERE:
                    raise
                # Where a key was refused, that is what is wrong, whatever the lists after it say.
                if missing is None or missing.kind is not FailureKind.CREDENTIAL:
                    missing = error
        if missing is not None:
            raise missing
        raise ProviderError(
            f"{self.name} has no list of models that could be asked for free.",
            kind=FailureKind.NOT_CARRIED,
            provider=self.name,
            remedy="Name its models in the configuration.",
        )

    async def _listed(self, listing: Listing) -> tuple[ListedModel, ...]:
        url = self._listing_url(listing)
        query = first_query(listing.reader)
        found: dict[str, ListedModel] = {}
        for _ in range(_MOST_PAGES):
            asked = f"{url}?{query}" if query else url
            page = read_page(await self._get(asked), listing.reader, self.name)
            found |= {model.name: model for model in page.models}
            if not page.following or page.following == query:
                break
            query = page.following
        return tuple(found.values())

    def _listing_url(self, listing: Listing) -> str:
        if "://" in listing.path:
            return listing.path
        if listing.at_root:
            return "/".join(self.base_url.split("/", 3)[:3]) + listing.path
        return self.base_url + listing.path

    async def _get(self, url: str) -> bytes:
        headers: Mapping[str, str] = self._wiring.listing_headers
        try:
            if self._signer is not None:
                headers = {**headers, **self._remembered(await self._signer.sign("GET", url, headers, b""))}
            request = self._with_headers(self._opened().get(url), headers)
            async with request.timeout(timedelta(seconds=self._transport.list_timeout_s)).build_streamed() as response:
                if response.status != 200:
                    raise await self._refused(response)
                return await self._body(response)
        except PyreqwestError as exc:
            raise faults.from_transport(exc, self.name) from exc

    # --- failures ---------------------------------------------------------------------------------------------------

    def _remembered(self, signed: Mapping[str, str]) -> Mapping[str, str]:
        """What a signer added, kept in mind as secret."""
        if signed != self._signed[0]:
            self._signed = (signed, self._signed[0])
        return signed

    def _without_secrets(self, body: bytes) -> bytes:
        added = [value for signed in self._signed for value in signed.values()]
        for secret in (*self._secrets, *secrets_of(*added)):
            body = body.replace(secret.encode(), b"[removed]")
        return body

    def _fault(self, event: StreamFault) -> ProviderError:
        said = msgspec.json.encode({"error": {"message": event.message, "code": event.code}})
        return faults.inside_success(self._without_secrets(said), self.name)

    async def _refused(self, response: Response) -> ProviderError:
        body = self._without_secrets(await _read(response, _MOST_REFUSAL))
        return faults.from_status(response.status, body, self.name, header=header_of(response))

    async def _body(self, response: Response) -> bytes:
        """A whole answer. Raises ProviderError(GARBAGE) for one beyond all bounds."""
        body = await _read(response, MAX_EVENT_BYTES)
        if len(body) > MAX_EVENT_BYTES:
            raise ProviderError(
                f"{self.name} sent an answer of more than {MAX_EVENT_BYTES // 1024 // 1024} MB.",
                kind=FailureKind.GARBAGE,
                provider=self.name,
                request_id=request_id(header_of(response)),
            )
        return body

    async def aclose(self) -> None:
        """Close connections."""
        if self._client is not None:
            client, self._client = self._client, None
            await client.close()


async def _read(response: Response, most: int) -> bytes:
    """A body, read no further than just beyond `most` bytes."""
    reader = response.body_reader
    pieces: list[bytes] = []
    size = 0
    while size <= most and (piece := await reader.read_chunk()) is not None:
        pieces.append(bytes(piece))
        size += len(pieces[-1])
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)
