"""POST /v1/chat/completions: the serving path, plain ASGI."""

from __future__ import annotations

import asyncio
import logging

from podium.core.errors import AllAttemptsFailed, InvalidRequest, PodiumError, ProviderError
from podium.core.ids import new_id
from podium.core.messages import UsageSeen
from podium.core.tasks import Attempt, Decision, Task
from podium.core.usage import Money
from podium.models.dialects import Dialect, Incoming
from podium.models.dialects.caller_fields import CallerFields, with_headers
from podium.runtime.assembly import Runtime
from podium.runtime.engine import LiveAnswer

from .asgi import ClientLeft, Headers, Receive, Scope, Send, read_body, send_whole

log = logging.getLogger("podium.server")

_JSON = (b"content-type", b"application/json")
_EVENTS: Headers = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-cache")]
_LONGEST_NAME = 256
_MOST_TAGS = 64
_WATCH_AFTER_S = 0.05
"""A call that takes longer than this is watched for a caller that leaves; quicker ones are not worth the watcher."""


class _Bug(PodiumError):
    """Something nobody foresaw: the caller gets a number, the log the rest."""

    code = "internal_error"


def unforeseen(error: Exception) -> PodiumError:
    """What a caller is told of a bug: the number under which the log has it."""
    number = new_id("err")
    log.error("unexpected error %s", number, exc_info=error)
    return _Bug(f"Podium failed on its own account (error {number}).", remedy="The log has the details.")


class ChatEndpoint:
    """Serves chat completions in one dialect."""

    def __init__(self, runtime: Runtime, wire: Dialect) -> None:
        self._runtime = runtime
        self._engine = runtime.engine
        self._wire = wire
        self.limit = int(runtime.settings.server.max_body_mb * 1_000_000)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if scope["method"] != "POST":
                await self._error(send, _Method(scope["method"]))
                return
            headers: Headers = scope["headers"]
            incoming = self._wire.read_request(await read_body(receive, headers, self.limit))
            task = self.task_of(incoming, headers)
            if incoming.stream:
                await self._stream(task, receive, send)
            else:
                await self._whole(task, receive, send)
        except PodiumError as error:
            await self._error(send, error)
        except ClientLeft:
            return
        except Exception as error:  # noqa: BLE001  # logged: a bug in one request must not take the process or hang a caller
            await self._error(send, unforeseen(error))

    def task_of(self, incoming: Incoming, headers: Headers) -> Task:
        """The task a request asks for. Raises InvalidRequest."""
        fields = with_headers(incoming.fields, headers)
        _check_lengths(incoming, fields)
        return Task(
            id=new_id("tsk"),
            messages=incoming.messages,
            received_at=self._runtime.clock.now(),
            model=incoming.model,
            options=incoming.options,
            requirements=fields.requirements(),
            priority=fields.priority or self._runtime.settings.priority_on(incoming.model),
            sensitivity=fields.sensitivity,
            task_type=fields.task_type,
            tags=fields.tags,
            user=fields.user or incoming.user,
            team=fields.team,
            payload=incoming.payload,
        )

    # --- whole answers ---------------------------------------------------------------------------------------------

    async def _whole(self, task: Task, receive: Receive, send: Send) -> None:
        watch = _Watch(receive)
        try:
            done = await self._engine.complete(task)
        except asyncio.CancelledError:
            if not watch.left:  # else nobody is there to answer; the engine has settled the task as cancelled
                await self._error(send, _Stopping())
            return
        finally:
            watch.stop()
        outcome = done.outcome
        served = outcome.served_by
        warnings = outcome.decision.warnings
        if outcome.verdict is not None and not outcome.verdict.accepted:
            warnings = (*warnings, f"every model's answer fell short: {outcome.verdict.reason}")
        headers = [_JSON, *described(outcome.decision, served, len(outcome.attempts), warnings)]
        headers.append((b"x-podium-cost-usd", _dollars(outcome.cost)))
        model = served.model if served is not None else ""
        await send_whole(send, 200, self._wire.write_reply(done.reply, task=task, model=model), headers)

    # --- streams ---------------------------------------------------------------------------------------------------

    async def _stream(self, task: Task, receive: Receive, send: Send) -> None:
        watch = _Watch(receive)
        live: LiveAnswer | None = None
        try:
            live = await self._engine.stream(task)
            try:
                await self._relay(task, live, send)
            finally:
                await live.aclose()
        except asyncio.CancelledError:
            if watch.left:
                return
            if live is None:
                await self._error(send, _Stopping())
            else:  # the headers are gone: say so inside the stream
                await send({"type": "http.response.body", "body": self._wire.write_stream_error(_Stopping())})
        finally:
            watch.stop()

    async def _relay(self, task: Task, live: LiveAnswer, send: Send) -> None:
        decision = live.decision
        headers = [*_EVENTS, *_named(live.deployment.model, live.deployment.provider, live.calls, decision.id)]
        headers.extend(_warned(decision.warnings))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        hide_usage = task.payload is not None and not task.payload.wants_usage
        try:
            async for frame in live.frames():
                if hide_usage and len(frame.events) == 1 and isinstance(frame.events[0], UsageSeen):
                    continue  # asked for on the ledger's behalf, not the caller's
                if frame.raw:
                    await send({"type": "http.response.body", "body": frame.raw, "more_body": True})
        except ProviderError as error:
            # The headers are gone, so the error goes where the answer would have gone: a cut answer is never a success.
            await send({"type": "http.response.body", "body": self._wire.write_stream_error(error), "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    # --- errors ----------------------------------------------------------------------------------------------------

    async def _error(self, send: Send, error: PodiumError) -> None:
        headers: Headers = [_JSON]
        if isinstance(error, AllAttemptsFailed):
            headers.append((b"x-podium-decision", error.decision_id.encode()))
            headers.append((b"x-podium-attempts", str(len(error.tried)).encode()))
        retry_after = getattr(error, "retry_after_s", None)
        if retry_after is not None:
            headers.append((b"retry-after", str(max(1, round(retry_after))).encode()))
        if isinstance(error, _Method):
            headers.append((b"allow", b"POST"))
        await send_whole(send, self._wire.http_status(error), self._wire.write_error(error), headers)


def _check_lengths(incoming: Incoming, fields: CallerFields) -> None:
    """Names go into indexes, metrics and every ledger row, so they must be names and not texts."""
    user = fields.user or incoming.user
    for param, name in (("model", incoming.model), ("user", user), ("podium.team", fields.team)):
        if name is not None and len(name) > _LONGEST_NAME:
            raise InvalidRequest(
                f"`{param}` has {len(name):,} characters.",
                remedy=f"Use a name of {_LONGEST_NAME} characters at most.",
                param=param,
            )
    tags = fields.tags
    if tags and (len(tags) > _MOST_TAGS or any(len(n) + len(v) > 2 * _LONGEST_NAME for n, v in tags.items())):
        raise InvalidRequest(
            "`podium.tags` has too many or too long tags.",
            remedy=f"Send {_MOST_TAGS} at most, each no longer than {2 * _LONGEST_NAME} characters with its value.",
            param="podium.tags",
        )


class _Method(PodiumError):
    """The path exists, for another method."""

    status = 405
    code = "method_not_allowed"

    def __init__(self, method: str) -> None:
        super().__init__(f"{method} is not for this path.", remedy="Use POST with a JSON body.")


class _Stopping(PodiumError):
    """The gateway was stopped and could not wait any longer."""

    status = 503
    code = "stopping"

    def __init__(self) -> None:
        super().__init__("The gateway is stopping and cut this answer off.", remedy="Send the request again.")


class _Watch:
    """Cancels the serving task when its caller leaves; begins late, because most calls end before it matters."""

    __slots__ = ("_begin", "_receive", "_task", "_watcher", "left")

    def __init__(self, receive: Receive) -> None:
        self.left = False
        self._receive = receive
        self._task = asyncio.current_task()
        self._watcher: asyncio.Task[None] | None = None
        self._begin = asyncio.get_running_loop().call_later(_WATCH_AFTER_S, self._start)

    def _start(self) -> None:
        self._watcher = asyncio.ensure_future(self._wait())

    async def _wait(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.left = True
        if self._task is not None:
            self._task.cancel()

    def stop(self) -> None:
        self._begin.cancel()
        if self._watcher is not None:
            self._watcher.cancel()


# --- headers -------------------------------------------------------------------------------------------------------


def described(decision: Decision, served: Attempt | None, attempts: int, warnings: tuple[str, ...]) -> Headers:
    """The answer headers that name model, provider, attempts and decision."""
    headers = _named(
        served.model if served is not None else "", served.provider if served is not None else "", attempts, decision.id
    )
    headers.extend(_warned(warnings))
    return headers


def _named(model: str, provider: str, attempts: int, decision: str) -> Headers:
    return [
        (b"x-podium-model", _ascii(model)),
        (b"x-podium-provider", _ascii(provider)),
        (b"x-podium-attempts", str(attempts).encode()),
        (b"x-podium-decision", decision.encode()),
    ]


def _warned(warnings: tuple[str, ...]) -> Headers:
    return [(b"x-podium-warnings", _ascii("; ".join(warnings)))] if warnings else []


def _dollars(cost: Money | None) -> bytes:
    return b"unknown" if cost is None else f"{cost.usd.normalize():f}".encode()


def _ascii(text: str) -> bytes:
    """Header values are ASCII without line breaks; what is not becomes a question mark."""
    return text.replace("\r", " ").replace("\n", " ").encode("ascii", "replace")
