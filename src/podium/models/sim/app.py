"""A simulated vendor as a plain ASGI app: routes, keys, and what it has seen.

Plain ASGI because the faults need the connection itself, and because a bench must not be dominated by its upstream.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

import msgspec
from msgspec import Struct

from podium.core.clock import Clock, SystemClock

from .connection import ClientGone, Connection, Message
from .delivery import Delivery, deliver, fail_early
from .faults import Fault, Faults
from .mind import answer
from .openai_wire import Head, WireError, read_request
from .vendor import SimVendor

_KEPT_REQUESTS = 256
_KEPT_BODY = 64 * 1024


class Seen(Struct, frozen=True, kw_only=True):
    """A chat request the vendor received, for a test to look at."""

    model: str
    body: bytes
    """Its first 64 KB."""
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
            await self._answer(connection, scope["method"], scope["path"])
        except ClientGone:
            self._abandoned += 1
        finally:
            await connection.close()

    async def _answer(self, connection: Connection, method: str, path: str) -> None:
        try:
            await self._route(connection, method, path)
        except WireError as exc:
            await connection.respond(exc.status, exc.body)

    async def _route(self, connection: Connection, method: str, path: str) -> None:
        match method, path:
            case "POST", "/v1/chat/completions":
                await self._chat(connection)
            case "GET", "/v1/models":
                self._check_key(connection)
                fault = self._pick(None)
                if fault is None or not await fail_early(connection, fault, stream=False):
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
                body=body[:_KEPT_BODY],
                headers=connection.headers,
                fault=None if fault is None else fault.kind,
                stream=bool(request.stream),
            )
        )
        if fault is not None and await fail_early(connection, fault, stream=bool(request.stream)):
            return
        spoken = answer(model, self.vendor.seed, request)
        head = Head(
            id=f"chatcmpl-{self.vendor.name}-{self.vendor.seed}-{number}",
            created=int(self._clock.now().timestamp()),
            model=model.name,
        )
        await deliver(
            Delivery(
                connection=connection,
                model=model,
                request=request,
                head=head,
                spoken=spoken,
                fault=fault,
                seed=self.vendor.seed,
                scale=self.vendor.time_scale,
            )
        )


async def _lifespan(receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]) -> None:
    while True:
        phase = (await receive())["type"]
        await send({"type": f"{phase}.complete"})
        if phase == "lifespan.shutdown":
            return


def _listing(vendor: SimVendor) -> bytes:
    models = [{"id": model.name, "object": "model", "created": 0, "owned_by": vendor.name} for model in vendor.models]
    return msgspec.json.encode({"object": "list", "data": models})
