"""A simulated vendor as a plain ASGI app: routes, keys, latency, and the faults on the wire.

Plain ASGI because the faults need the connection itself, and because a bench must not be dominated by its upstream.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
from itertools import islice
from typing import Any

import msgspec
from msgspec import Struct

from podium.core.clock import Clock, SystemClock

from .connection import ClientGone, Connection, Message
from .faults import Fault, Faults
from .mind import answer
from .openai_wire import (
    DONE, ChatRequest, ChunkWriter, Head, Spoken, WireError, content_chunks, error_body, read_request, whole_body,
)  # fmt: skip
from .vendor import SimModel, SimVendor

_CHARS_PER_TOKEN = 4
_KEPT_REQUESTS = 256
_PAGE = b"<!doctype html><title>Maintenance</title><h1>We will be back soon</h1>"
_GARBAGE = b'{"id": "chatcmpl-\xff\xfe", "choices": [{"mess<<<<'
_STATUS_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "invalid_request_error",
    429: "rate_limit_error",
}


class Seen(Struct, frozen=True, kw_only=True):
    """A chat request the vendor received, for a test to look at."""

    model: str
    body: bytes
    headers: Mapping[str, str]
    fault: str | None
    """Kind of the fault that hit it."""
    stream: bool


class SimState(Struct, frozen=True, kw_only=True):
    """Counts since the start."""

    vendor: str
    requests: int
    by_model: Mapping[str, int]
    faults: Mapping[str, int]
    abandoned: int
    """Requests whose caller left before the answer was complete."""


class SimApp:
    """The ASGI app. `faults` may be replaced at any time; their script and schedule then begin anew."""

    def __init__(self, vendor: SimVendor, *, clock: Clock | None = None) -> None:
        self.vendor = vendor
        self.seen: deque[Seen] = deque(maxlen=_KEPT_REQUESTS)
        self.on_faults: Callable[[], Awaitable[None]] | None = None
        """Called after the faults changed over HTTP: the server may have to stop listening."""
        self._clock = clock or SystemClock()
        self._models = {model.name: model for model in vendor.models}
        self._number = 0
        self._abandoned = 0
        self._by_model: Counter[str] = Counter()
        self._struck: Counter[str] = Counter()
        self._listing = _listing(vendor)
        self.faults = vendor.faults

    @property
    def faults(self) -> Faults:
        """What goes wrong now."""
        return self._faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._faults = faults
        self._faults_number = self._number
        self._faults_since = self._clock.monotonic()

    @property
    def elapsed(self) -> float:
        """Seconds since the faults were set."""
        return self._clock.monotonic() - self._faults_since

    @property
    def state(self) -> SimState:
        """What happened so far."""
        return SimState(
            vendor=self.vendor.name,
            requests=self._number,
            by_model=dict(self._by_model),
            faults=dict(self._struck),
            abandoned=self._abandoned,
        )

    async def __call__(
        self,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        connection = Connection(scope, receive, send)
        try:
            await self._route(connection, scope["method"], scope["path"])
        except WireError as exc:
            await connection.respond(exc.status, exc.body)
        except ClientGone:
            self._abandoned += 1
        finally:
            await connection.close()

    async def _route(self, connection: Connection, method: str, path: str) -> None:
        match method, path:
            case "POST", "/v1/chat/completions":
                await self._chat(connection)
            case "GET", "/v1/models":
                self._check_key(connection)
                fault = self._pick(None)
                if fault is None or not await self._fail_early(connection, fault, stream=False):
                    await connection.respond(200, self._listing)
            case "GET", "/sim/state":
                await connection.respond(200, msgspec.json.encode(self.state))
            case "POST", "/sim/faults":
                await self._set_faults(connection)
            case _, "/v1/chat/completions" | "/v1/models" | "/sim/state" | "/sim/faults":
                raise WireError(405, f"Method {method} is not allowed at {path}.", code="method_not_allowed")
            case _:
                raise WireError(404, f"Unknown address: {method} {path}", code="unknown_url")

    async def _set_faults(self, connection: Connection) -> None:
        try:
            faults = msgspec.json.decode(await connection.body(), type=Faults)
        except msgspec.DecodeError as exc:
            raise WireError(400, f"These are no faults: {exc}") from exc
        await connection.respond(200, msgspec.json.encode(faults))
        self.faults = faults
        if self.on_faults is not None:
            await self.on_faults()

    def _check_key(self, connection: Connection) -> None:
        wanted = self.vendor.api_key
        if wanted is None or connection.header(b"authorization") == b"Bearer " + wanted.encode():
            return
        raise WireError(401, "Missing or wrong API key.", kind="authentication_error", code="invalid_api_key")

    def _pick(self, model: str | None) -> Fault | None:
        number = self._number - self._faults_number - 1  # this request has been counted
        fault = self._faults.pick(model=model, number=number, elapsed=self.elapsed, seed=self.vendor.seed)
        if fault is not None:
            self._struck[fault.kind] += 1
        return fault

    async def _chat(self, connection: Connection) -> None:
        body = await connection.body()
        self._check_key(connection)
        request = read_request(body)
        model = self._models.get(request.model)
        if model is None:
            raise WireError(404, f"There is no model {request.model!r} here.", param="model", code="model_not_found")
        self._number += 1
        self._by_model[model.name] += 1
        number = self._number
        fault = self._pick(model.name)
        self.seen.append(
            Seen(
                model=model.name,
                body=body,
                headers=connection.headers,
                fault=None if fault is None else fault.kind,
                stream=bool(request.stream),
            )
        )
        if fault is not None and await self._fail_early(connection, fault, stream=bool(request.stream)):
            return
        spoken = answer(model, self.vendor.seed, request)
        head = Head(
            id=f"chatcmpl-{self.vendor.name}-{self.vendor.seed}-{number}",
            created=int(self._clock.now().timestamp()),
            model=model.name,
        )
        if request.stream:
            await self._stream(connection, model, request, head, spoken, fault)
        else:
            await self._whole(connection, model, request, head, spoken, fault)

    async def _fail_early(self, connection: Connection, fault: Fault, *, stream: bool) -> bool:
        """Faults that leave nothing of the answer. False for the others."""
        media = b"text/event-stream" if stream else b"application/json"
        match fault.kind:
            case "status":
                kind = _STATUS_TYPES.get(fault.status, "server_error")
                code = "rate_limit_exceeded" if fault.status == 429 else None
                body = error_body(f"Simulated failure with status {fault.status}.", kind=kind, code=code)
                retry_after = [] if fault.retry_after_s is None else [(b"retry-after", b"%g" % fault.retry_after_s)]
                await connection.respond(fault.status, body, extra=retry_after)
            case "refuse":
                connection.refuse()
            case "reset" if fault.after == 0:
                connection.reset()
            case "hang":
                await connection.pause(None)
            case "empty":
                await connection.respond(200, b"", media=media)
            case "content_type":
                await connection.respond(200, _PAGE, media=b"text/html; charset=utf-8")
            case "garbage" if not stream:
                await connection.respond(200, _GARBAGE)
            case "error_event" if not stream:
                await connection.respond(
                    200, error_body("Simulated failure.", kind="server_error", code="server_error")
                )
            case _:
                return False
        return True

    # --- answers ----------------------------------------------------------------------------------------------------

    def _first_token_s(self, model: SimModel, request: ChatRequest) -> float:
        scale = self.vendor.time_scale
        return scale and scale * model.first_token_s(self.vendor.seed, request.prompt)

    async def _whole(
        self,
        connection: Connection,
        model: SimModel,
        request: ChatRequest,
        head: Head,
        spoken: Spoken,
        fault: Fault | None,
    ) -> None:
        scale = self.vendor.time_scale
        written = spoken.usage.completion_tokens - model.reasoning_tokens
        await connection.pause(self._first_token_s(model, request) + scale * max(0, written) / model.tokens_per_s)
        body = whole_body(head, spoken)
        half = body[: len(body) // 2]
        match fault and fault.kind:
            case "slow_first_token":
                await connection.pause(fault and fault.seconds)
                await connection.respond(200, body)
            case "cut":
                await connection.respond(200, half)
            case "reset":
                await connection.start(200, b"application/json", length=len(body))
                await connection.write(half)
                connection.reset()
            case "stall":
                await connection.start(200, b"application/json", length=len(body))
                await connection.write(half)
                await connection.pause(fault and fault.seconds)
                await connection.write(body[len(half) :], last=True)
            case _:
                await connection.respond(200, body)

    async def _stream(
        self,
        connection: Connection,
        model: SimModel,
        request: ChatRequest,
        head: Head,
        spoken: Spoken,
        fault: Fault | None,
    ) -> None:
        options = request.stream_options
        include_usage = bool(options and options.include_usage)
        writer = ChunkWriter(head, include_usage=include_usage)
        chunks = content_chunks(writer, spoken, model.chunk_tokens * _CHARS_PER_TOKEN)
        gap = self.vendor.time_scale * model.chunk_tokens / model.tokens_per_s
        await connection.start(200, b"text/event-stream; charset=utf-8")
        await connection.write(writer.opening(calls=bool(spoken.calls)))
        await connection.pause(self._first_token_s(model, request))
        if fault is not None and fault.kind == "slow_first_token":
            await connection.pause(fault.seconds)
            fault = None
        if fault is not None:
            await _write(connection, islice(chunks, fault.after), gap)
            if await _break(connection, writer, fault):
                return
        await _write(connection, chunks, gap)
        await connection.write(writer.finish(spoken.finish))
        if include_usage:
            await connection.write(writer.usage(spoken.usage))
        await connection.write(DONE, last=True)


async def _write(connection: Connection, chunks: Iterator[bytes], gap: float) -> None:
    for chunk in chunks:
        await connection.write(chunk)
        if gap:
            await connection.pause(gap)


async def _break(connection: Connection, writer: ChunkWriter, fault: Fault) -> bool:
    """The fault in the middle of a stream. True if the stream is over."""
    match fault.kind:
        case "stall":
            await connection.pause(fault.seconds)
            return False
        case "cut":
            await connection.write(b"", last=True)
        case "reset":
            connection.reset()
        case "garbage":
            await connection.write(b"data: " + _GARBAGE + b"\n\n", last=True)
        case _:
            await connection.write(writer.error("Simulated failure inside the stream."), last=True)
    return True


async def _lifespan(receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]) -> None:
    while True:
        phase = (await receive())["type"]
        await send({"type": f"{phase}.complete"})
        if phase == "lifespan.shutdown":
            return


def _listing(vendor: SimVendor) -> bytes:
    models = [{"id": model.name, "object": "model", "created": 0, "owned_by": vendor.name} for model in vendor.models]
    return msgspec.json.encode({"object": "list", "data": models})
