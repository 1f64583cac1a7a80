"""The serving path, plain ASGI: a request in one dialect, its answer in the same, whole or as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final

from podium.core.errors import AllAttemptsFailed, PodiumError
from podium.core.ids import new_id
from podium.core.tasks import Task
from podium.models.dialects.dialect import HERE, Address, CallerDialect, WritesArrays
from podium.runtime.assembly import Runtime
from podium.runtime.engine import LiveAnswer

from .answer_headers import JSON, described, dollars, named, retry_after, warned
from .asgi import ClientLeft, Headers, Receive, Scope, Send, read_body, send_whole
from .asking import Asking
from .keeping import Memory, withheld
from .relay import HEARTBEAT_S, Relay
from .slips import Stopping, WrongMethod, unforeseen
from .watch import Watch

NOTHING: Final[tuple[str, ...]] = ()
ReadAddress = Callable[[Scope], Address]
"""What URL and headers say beside the body. Raises RequestError."""


def nothing_beside(_scope: Scope) -> Address:
    return HERE


class Answering:
    """Serves one dialect."""

    def __init__(
        self,
        runtime: Runtime,
        wire: CallerDialect,
        *,
        address: ReadAddress = nothing_beside,
        request_id: bytes = b"x-request-id",
        memory: Memory | None = None,
        heartbeat_s: float = HEARTBEAT_S,
    ) -> None:
        self.limit = int(runtime.settings.server.max_body_mb * 1_000_000)
        self._engine = runtime.engine
        self._asking = Asking(runtime)
        self._wire = wire
        self._address = address
        self._id_header = request_id
        self._memory = memory
        self._memory_if_kept = memory if memory is not None and memory.keeps else None
        self._heartbeat_s = heartbeat_s
        unbuffered: Headers = [(b"cache-control", b"no-cache"), (b"x-accel-buffering", b"no")]
        self._stream_head: Headers = [(b"content-type", wire.stream_type.encode()), *unbuffered]
        array_type = wire.array_type if isinstance(wire, WritesArrays) else wire.stream_type
        self._array_head: Headers = [(b"content-type", array_type.encode()), *unbuffered]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        number = new_id("tsk")
        try:
            if scope["method"] != "POST":
                raise WrongMethod(scope["method"], scope["path"])
            headers: Headers = scope["headers"]
            address = self._address(scope)
            incoming = self._wire.read_request(await read_body(receive, headers, self.limit), address)
            if incoming.previous is None or self._memory is None:
                task, notes = self._asking.task_of(incoming, headers, number), NOTHING
            else:
                found = await self._memory.expanded(incoming, self._asking.user_of(incoming, headers))
                task, notes = self._asking.task_of(found.incoming, headers, number, found.keeper), found.notes
            memory = self._memory_if_kept if incoming.keep else None
            if incoming.stream:
                await self._stream(task, notes, memory, receive, send)
            else:
                await self._whole(task, notes, memory, receive, send)
        except PodiumError as error:
            await self._error(send, error, number)
        except ClientLeft:
            return
        except Exception as error:  # noqa: BLE001  # logged: a bug in one request must not take the process or hang a caller
            await self._error(send, unforeseen(error), number)

    # --- whole answers ---------------------------------------------------------------------------------------------

    async def _whole(
        self, task: Task, notes: tuple[str, ...], memory: Memory | None, receive: Receive, send: Send
    ) -> None:
        watch = Watch(receive)
        try:
            done = await self._engine.complete(task)
        except asyncio.CancelledError:
            if not watch.left:  # else nobody is there to answer; the engine has settled the task as cancelled
                await self._error(send, Stopping(), task.id)
            return
        finally:
            watch.stop()
        outcome = done.outcome
        reply = done.reply
        served = outcome.served_by
        warnings = outcome.decision.warnings
        if memory is not None and (why := withheld(task, outcome.decision)) is not None:
            memory, notes = None, (why, *notes)
        if notes or reply.notes:
            warnings = (*warnings, *notes, *reply.notes)
        if outcome.verdict is not None and not outcome.verdict.accepted:
            warnings = (*warnings, f"every model's answer fell short: {outcome.verdict.reason}")
        body = self._wire.write_reply(reply, task=task, model=served.model if served is not None else "")
        if memory is not None and served is not None:
            memory.keep(task, body, served.provider)
        kind = JSON
        if reply.dialect == self._wire.name and reply.media_type != "application/json":
            kind = (b"content-type", reply.media_type.encode())
        headers = [kind, (self._id_header, task.id.encode())]
        headers.extend(described(outcome.decision, served, len(outcome.attempts), warnings))
        headers.append((b"x-podium-cost-usd", dollars(outcome.cost)))
        await send_whole(send, 200, body, headers)

    # --- streams ---------------------------------------------------------------------------------------------------

    async def _stream(
        self, task: Task, notes: tuple[str, ...], memory: Memory | None, receive: Receive, send: Send
    ) -> None:
        watch = Watch(receive)
        relay: Relay | None = None
        try:
            live = await self._engine.stream(task)
            try:
                keep = None
                if memory is not None and (why := withheld(task, live.decision)) is not None:
                    memory, notes = None, (why, *notes)
                if memory is not None:
                    keep = partial(memory.keep_stream, task, provider=live.deployment.provider)
                relay = Relay(
                    wire=self._wire, task=task, live=live, send=send, on_closing=keep, heartbeat_s=self._heartbeat_s
                )
                lost = NOTHING
                if live.dialect != self._wire.name:
                    lost = tuple([f"`{kind}` content cannot be carried and was left out." for kind in live.unwritten])
                await self._begin(task, (*live.decision.warnings, *notes, *live.notes, *lost), live, send)
                await relay.run()
                await _end(send)
            finally:
                await live.aclose()
        except asyncio.CancelledError:
            if watch.left:
                return
            if relay is None:
                await self._error(send, Stopping(), task.id)
            else:
                await _end(send, relay.broken(Stopping()))
        except Exception as error:
            if relay is None:
                raise
            await _end(send, relay.broken(error if isinstance(error, PodiumError) else unforeseen(error)))
        finally:
            watch.stop()

    async def _begin(self, task: Task, warnings: tuple[str, ...], live: LiveAnswer, send: Send) -> None:
        head = self._stream_head if task.payload is None or task.payload.sse else self._array_head
        headers = [*head, (self._id_header, task.id.encode())]
        headers.extend(named(live.deployment.model, live.deployment.provider, live.calls, live.decision.id))
        headers.extend(warned(warnings))
        await send({"type": "http.response.start", "status": 200, "headers": headers})

    # --- errors ----------------------------------------------------------------------------------------------------

    async def _error(self, send: Send, error: PodiumError, number: str) -> None:
        await send_error(send, self._wire, error, request_id=(self._id_header, number.encode()))


async def _end(send: Send, last: bytes = b"") -> None:
    await send({"type": "http.response.body", "body": last, "more_body": False})


def error_headers(error: PodiumError) -> Headers:
    """What an error says beside its body."""
    headers: Headers = [JSON]
    if isinstance(error, AllAttemptsFailed):
        headers.append((b"x-podium-decision", error.decision_id.encode()))
        headers.append((b"x-podium-attempts", str(len(error.tried)).encode()))
    seconds = getattr(error, "retry_after_s", None)
    if seconds is not None:
        headers.append(retry_after(seconds))
    if isinstance(error, WrongMethod):
        headers.append((b"allow", error.allowed.encode()))
    return headers


async def send_error(send: Send, wire: CallerDialect, error: PodiumError, *, request_id: tuple[bytes, bytes]) -> None:
    """An error as a whole response in the caller's dialect."""
    await send_whole(send, wire.http_status(error), wire.write_error(error), [*error_headers(error), request_id])
