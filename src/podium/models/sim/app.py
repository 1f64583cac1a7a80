"""A simulated vendor as a plain ASGI app: routes, keys, and what it has seen.

Plain ASGI because the faults need the connection itself, and because a bench must not be dominated by its upstream.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import msgspec

from podium.core.clock import Clock, SystemClock

from .ask import Ask, Head, Refused
from .connection import ClientGone, Connection, Message
from .delivery import Delivery, deliver, fail_early, send_body
from .faults import Fault, Faults
from .mind import answer
from .past import Past
from .routes import Route, route
from .seen import Seen, SimState
from .vendor import Service, SimModel, SimVendor
from .wires.seal import Seal
from .wires.wire import Answering, Counting, Incoming, Listing, Wire, Work

_KEPT_REQUESTS = 256
_KEPT_BODY = 64 * 1024


class SimApp:
    """The ASGI app. `faults` may be replaced at any time; their script and schedule then begin anew."""

    def __init__(self, vendor: SimVendor, *, clock: Clock | None = None) -> None:
        self.vendor = vendor
        self.seen: deque[Seen] = deque(maxlen=_KEPT_REQUESTS)
        self.on_faults: Callable[[], Awaitable[None]] | None = None
        """Called after the faults changed over HTTP: the server may have to stop listening."""
        self._clock = clock or SystemClock()
        self._seal = Seal(vendor.name, vendor.seed)
        self._past = Past()
        self._models = {model.name: model for model in vendor.models}
        self._number = 0
        self._abandoned = 0
        self._by_model: Counter[str] = Counter()
        self._struck: Counter[str] = Counter()
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
            await self._answer(connection, scope)
        except ClientGone:
            self._abandoned += 1
        finally:
            await connection.close()

    async def _answer(self, connection: Connection, scope: MutableMapping[str, Any]) -> None:
        query = scope.get("query_string", b"").decode("latin-1")
        headers = connection.headers
        found = route(scope["method"], scope["path"], headers, query)
        try:
            incoming = Incoming(
                method=scope["method"],
                path=scope["path"],
                raw_path=scope.get("raw_path") or scope["path"].encode(),
                query=query,
                headers=headers,
                body=await connection.body(),
                model=found.model,
                stream=found.stream,
                seal=self._seal,
            )
            await self._serve(connection, found, incoming)
        except Refused as refused:
            failure = found.wire.failure(refused)
            await connection.respond(failure.status, failure.body, extra=failure.headers)

    async def _serve(self, connection: Connection, found: Route, incoming: Incoming) -> None:
        if isinstance(found.service, Refused):
            raise found.service
        if found.service == "state":
            await connection.respond(200, msgspec.json.encode(self.state))
            return
        if found.service == "faults":
            await self._set_faults(connection, incoming.body)
            return
        found.wire.check_key(self.vendor, incoming)
        if found.service == "talk":
            await self._talk(connection, found.wire, incoming)
        elif isinstance(found.service, Work):
            await self._work(connection, found.wire, found.service, incoming)
        elif isinstance(found.service, Listing | Counting):
            await self._look_up(connection, found.wire, found.service, incoming)

    async def _set_faults(self, connection: Connection, body: bytes) -> None:
        try:
            faults = msgspec.json.decode(body, type=Faults)
        except msgspec.DecodeError as exc:
            raise Refused(400, f"These are no faults: {exc}") from exc
        await connection.respond(200, msgspec.json.encode(faults))
        self.faults = faults
        if self.on_faults is not None:
            await self.on_faults()

    def _pick(self, model: str | None) -> Fault | None:
        number = self._number - self._faults_number - 1  # this request has been counted
        fault = self._faults.pick(model=model, number=number, elapsed=self.elapsed, seed=self.vendor.seed)
        if fault is not None:
            self._struck[fault.kind] += 1
        return fault

    def _model(self, name: str, service: Service) -> SimModel:
        model = self._models.get(name)
        if model is None or service not in model.serves:
            raise Refused(404, f"There is no model {name!r} here.", param="model", code="model_not_found")
        return model

    def _counted(self, wire: str, incoming: Incoming, model: SimModel, *, stream: bool) -> Fault | None:
        self._number += 1
        self._by_model[model.name] += 1
        fault = self._pick(model.name)
        self.seen.append(
            Seen(
                model=model.name,
                body=incoming.body[:_KEPT_BODY],
                headers=incoming.headers,
                fault=None if fault is None else fault.kind,
                stream=stream,
                wire=wire,
                path=incoming.path,
            )
        )
        return fault

    async def _look_up(
        self, connection: Connection, wire: Wire, service: Listing | Counting, incoming: Incoming
    ) -> None:
        """A list of models or a count of tokens: no work, no number."""
        fault = self._pick(None)
        if fault is not None and await fail_early(connection, fault, wire, stream=False):
            return
        if isinstance(service, Listing):
            body = service.write(self.vendor, incoming.model)
        else:
            ask = service.read(incoming)
            body = service.write(ask, self._model(ask.model, "chat"))
        await connection.respond(200, body)

    async def _work(self, connection: Connection, wire: Wire, work: Work, incoming: Incoming) -> None:
        """Work that is no conversation: vectors, transcripts."""
        job = work.read(incoming)
        model = self._model(job.model, work.service)
        fault = self._counted(work.name, incoming, model, stream=False)
        if fault is not None and await fail_early(connection, fault, wire, stream=False):
            return
        states_usage = fault is None or fault.kind != "no_usage"
        body, media = work.write(job, model, states_usage=states_usage)
        await connection.pause(self.vendor.time_scale * model.first_token_ms / 1000)
        await send_body(connection, body, fault, media=media, extra=wire.headers(self._head(model)))

    async def _talk(self, connection: Connection, wire: Wire, incoming: Incoming) -> None:
        ask = wire.read(incoming)
        model = self._model(ask.model, "chat")
        ask = self._past.continued(ask)
        wire.check(ask, model)
        fault = self._counted(wire.name, incoming, model, stream=ask.stream)
        if fault is not None and await fail_early(connection, fault, wire, stream=ask.stream):
            return
        await deliver(
            Delivery(
                connection=connection,
                wire=wire,
                answering=self._answering(ask, model),
                fault=fault,
                scale=self.vendor.time_scale,
            )
        )

    def _answering(self, ask: Ask, model: SimModel) -> Answering:
        head = self._head(model)
        spoken = answer(model, self.vendor.seed, ask, warm=self._past.warm(ask))
        if ask.keep:
            self._past.keep(head.name("resp_"), ask, spoken)
        return Answering(head=head, ask=ask, spoken=spoken, model=model, seal=self._seal)

    def _head(self, model: SimModel) -> Head:
        return Head(
            number=self._number,
            vendor=self.vendor.name,
            seed=self.vendor.seed,
            created=int(self._clock.now().timestamp()),
            model=model.name,
        )


async def _lifespan(receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]) -> None:
    while True:
        phase = (await receive())["type"]
        await send({"type": f"{phase}.complete"})
        if phase == "lifespan.shutdown":
            return
