"""Counting a request's tokens without sending it: Podium's own estimate, said to be one.

Which model will answer is not decided here, and every vendor counts differently; asking one would be a call.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Raw, Struct

from podium.core.errors import PodiumError
from podium.core.ids import new_id
from podium.models.dialects.dialect import CallerDialect
from podium.runtime.assembly import Runtime

from .answer_headers import JSON, warned
from .answering import ReadAddress, send_error
from .asgi import ClientLeft, Receive, Scope, Send, read_body, send_whole
from .asking import Asking
from .slips import WrongMethod, unforeseen

ESTIMATED = "the count is Podium's own estimate, some 8 % off on average; no provider was asked"

Fields = dict[str, Raw]
_decode = msgspec.json.Decoder(Fields).decode
_encode = msgspec.json.Encoder().encode
_ONE = Raw(b"1")


class CountWire(Struct, frozen=True, kw_only=True):
    """How one API asks for a count and is told."""

    complete: Callable[[Fields], Fields]
    """Makes a request for an answer of a request for a count."""
    answer: Callable[[int], dict[str, Any]]


def _messages(fields: Fields) -> Fields:
    return {"max_tokens": _ONE, **fields}  # needed in a request for an answer, unknown in one for a count


def _contents(fields: Fields) -> Fields:
    inner = fields.get("generateContentRequest")
    return fields if inner is None else _decode(inner)


COUNTS = {
    "anthropic": CountWire(complete=_messages, answer=lambda count: {"input_tokens": count}),
    "gemini": CountWire(complete=_contents, answer=lambda count: {"totalTokens": count}),
    "openai-responses": CountWire(
        complete=lambda fields: fields, answer=lambda count: {"object": "response.input_tokens", "input_tokens": count}
    ),
}
"""By dialect: Anthropic's count_tokens, Gemini's countTokens, OpenAI's /responses/input_tokens."""


class Counting:
    """Serves counts in one dialect."""

    def __init__(
        self,
        runtime: Runtime,
        wire: CallerDialect,
        *,
        count: CountWire,
        address: ReadAddress,
        request_id: bytes = b"x-request-id",
    ) -> None:
        self._engine = runtime.engine
        self._limit = int(runtime.settings.server.max_body_mb * 1_000_000)
        self._asking = Asking(runtime)
        self._wire = wire
        self._count = count
        self._address = address
        self._id_header = request_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        number = new_id("tsk")
        about = (self._id_header, number.encode())
        try:
            if scope["method"] != "POST":
                raise WrongMethod(scope["method"], scope["path"])
            address = self._address(scope)
            body = self._completed(await read_body(receive, scope["headers"], self._limit))
            task = self._asking.task_of(self._wire.read_request(body, address), scope["headers"], number)
            count = self._engine.profile(task).input_tokens
            await send_whole(send, 200, _encode(self._count.answer(count)), [JSON, about, *warned((ESTIMATED,))])
        except PodiumError as error:
            await send_error(send, self._wire, error, request_id=about)
        except ClientLeft:
            return
        except Exception as error:  # noqa: BLE001  # logged: a bug in one request must not take the process or hang a caller
            await send_error(send, self._wire, unforeseen(error), request_id=about)

    def _completed(self, body: bytes) -> bytes:
        try:
            return _encode(self._count.complete(_decode(body)))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return body  # the dialect says what is wrong with it
