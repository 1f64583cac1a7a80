"""The dialect as one object, for whoever holds dialects by name."""

from __future__ import annotations

from podium.core.errors import PodiumError
from podium.core.messages import Reply
from podium.core.tasks import Operation, Task

from ..dialect import HERE, Address, Incoming, Quirks, Written
from . import bodies, errors, replies, requests
from .beyond import beyond
from .stream import MessagesStreamReader
from .wire import NAME
from .writer import END_MARK, PING, MessagesStreamWriter


class Anthropic:
    """Anthropic Messages."""

    name = NAME
    operation = Operation.CHAT
    stream_type = "text/event-stream"
    end_mark = END_MARK
    heartbeat = PING

    def path(self, model: str, *, stream: bool) -> str:
        return "/messages"

    # --- the provider's half ---------------------------------------------------------------------------------------

    def write_request(
        self, task: Task, *, model: str, stream: bool, quirks: Quirks, max_tokens: int | None = None
    ) -> Written:
        return bodies.write_request(task, model=model, stream=stream, quirks=quirks, max_tokens=max_tokens)

    def read_reply(self, body: bytes, *, provider: str) -> Reply:
        return replies.read_reply(body, provider=provider)

    def stream_reader(self, *, provider: str) -> MessagesStreamReader:
        return MessagesStreamReader(provider=provider)

    # --- the caller's half -----------------------------------------------------------------------------------------

    def read_request(self, body: bytes, address: Address = HERE) -> Incoming:
        return requests.read_request(body, address)

    def beyond(self, task: Task) -> tuple[str, ...]:
        return beyond(task)

    def write_reply(self, reply: Reply, *, task: Task, model: str) -> bytes:
        return replies.write_reply(reply, task=task, model=model)

    def stream_writer(self, *, task: Task, model: str, input_tokens: int) -> MessagesStreamWriter:
        return MessagesStreamWriter(task=task, model=model, input_tokens=input_tokens)

    def write_error(self, error: PodiumError) -> bytes:
        return errors.write_error(error)

    def write_stream_error(self, error: PodiumError) -> bytes:
        return errors.write_stream_error(error)

    def http_status(self, error: PodiumError) -> int:
        return errors.http_status(error)
