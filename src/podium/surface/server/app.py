"""The gateway as one ASGI application: answers and counts directly, everything else through Starlette."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from podium.core.errors import PodiumError
from podium.core.ids import new_id
from podium.models.dialects import CallerDialect, by_name
from podium.runtime.assembly import Runtime

from .answering import Answering, ReadAddress, error_headers, nothing_beside
from .asgi import ClientLeft, Message, Receive, Scope, Send
from .counting import COUNTS, Counting
from .doors import (
    BY_PATH,
    COUNT,
    GEMINI_PREFIXES,
    anthropic_address,
    family_of,
    gemini_address,
    marked_family,
    model_call,
    multipart_address,
    not_here,
    request_id_header,
)
from .insight import Insight
from .keeping import Memory
from .kept_pages import KeptPages
from .model_pages import ModelPages
from .slips import WrongMethod, unforeseen

Endpoint = Callable[[Scope, Receive, Send], Awaitable[None]]

_ADDRESSES: dict[str, ReadAddress] = {
    "anthropic": anthropic_address,
    "openai-transcription": multipart_address,
    "gemini": gemini_address,
}


class Gateway:
    """The ASGI application."""

    def __init__(self, runtime: Runtime) -> None:
        self._wires: dict[str, CallerDialect] = {name: by_name(name) for name in (*BY_PATH.values(), "gemini")}

        self._memory = Memory(runtime)

        def counts(name: str) -> Counting:
            address = _ADDRESSES.get(name, nothing_beside)
            return Counting(
                runtime, self._wires[name], count=COUNTS[name], address=address, request_id=request_id_header(name)
            )

        def answers(name: str) -> Answering:
            address = _ADDRESSES.get(name, nothing_beside)
            memory = self._memory if name == "openai-responses" else None
            return Answering(
                runtime, self._wires[name], address=address, request_id=request_id_header(name), memory=memory
            )

        self._direct: dict[str, Endpoint] = {path: answers(name) for path, name in BY_PATH.items()}
        self._direct["/v1/messages/count_tokens"] = counts("anthropic")
        self._direct["/v1/responses/input_tokens"] = counts("openai-responses")
        generate = answers("gemini")
        self._model_methods: dict[str, Endpoint] = {
            "generateContent": generate,
            "streamGenerateContent": generate,
            COUNT: counts("gemini"),
        }
        self._rest = Starlette(
            routes=[
                *Insight(runtime, self._wires).routes(),
                *ModelPages(runtime, runtime.clock.now()).routes(),
                *KeptPages(self._memory).routes(),
            ],
            exception_handlers={
                PodiumError: self._podium_error,
                HTTPException: self._http_error,
                ClientLeft: self._nobody_there,
                Exception: self._bug,
            },
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        endpoint: Endpoint | None = None
        if scope["type"] == "http":
            path = scope["path"]
            endpoint = self._direct.get(path)
            if endpoint is None and ":" in path:
                call = model_call(path)
                endpoint = None if call is None else self._model_methods.get(call.method)
        await (endpoint or self._others)(scope, receive, send)

    def start(self) -> None:
        """Begin what goes on beside the answers; on the event loop that serves them."""
        self._memory.start()

    async def aclose(self) -> None:
        """Finish what goes on behind the answers; before the runtime closes. Cancelled, it ends at once."""
        await self._memory.aclose()

    async def _others(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Everything that makes no answer, with a number for each request as answers have one."""
        name = request_id_header(family_of(scope["path"], marked_family(scope)))
        number = new_id("req").encode()

        async def numbered(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (name, number)]
            await send(message)

        await self._rest(scope, receive, numbered)

    # --- errors ----------------------------------------------------------------------------------------------------

    def _told(self, request: Request, error: PodiumError) -> Response:
        """An error in the shape that callers of this path read."""
        wire = self._wires[family_of(request.url.path, marked_family(request.scope))]
        headers = {name.decode(): value.decode() for name, value in error_headers(error)}
        return Response(wire.write_error(error), wire.http_status(error), headers=headers)

    async def _podium_error(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, PodiumError)
        return self._told(request, error)

    async def _nobody_there(self, _request: Request, _error: Exception) -> Response:
        return Response(status_code=400)  # for the log of whoever stands in front; the caller has gone

    async def _bug(self, request: Request, error: Exception) -> Response:
        return self._told(request, unforeseen(error))

    async def _http_error(self, request: Request, error: Exception) -> Response:
        """Starlette's own: a path nobody serves, or served for other methods."""
        assert isinstance(error, HTTPException)
        method, path = request.method, request.url.path
        called = model_call(path) is not None or (method == "POST" and ":" in path and path.startswith(GEMINI_PREFIXES))
        if error.status_code == 405 and not called:
            allowed = (error.headers or {}).get("Allow", "GET")
            return self._told(request, WrongMethod(method, path, allowed))
        return self._told(request, not_here(method, path))
