"""The dialect as one object, for whoever holds dialects by name."""

from __future__ import annotations

from collections.abc import Iterable

from podium.core.errors import PodiumError
from podium.core.messages import Reply
from podium.core.tasks import Operation, Task

from ..dialect import HERE, Address, Incoming, Quirks, Written
from ..status import http_status
from . import bodies, errors, listings, replies, requests
from .beyond import beyond
from .listings import ListedModel
from .stream import GeminiStreamReader
from .wire import NAME
from .writer import ArrayRelay, GeminiStreamWriter


class Gemini:
    """Gemini generateContent."""

    name = NAME
    operation = Operation.CHAT
    stream_type = "text/event-stream"
    array_type = "application/json"
    """Of a stream written as one array (`Payload.sse` false)."""
    end_mark = b""
    # An empty event. google-genai takes a comment for a piece of JSON and fails, and its sister in JavaScript loses
    # the chunk that follows one.
    heartbeat = b"\n\n"

    def path(self, model: str, *, stream: bool) -> str:
        return bodies.path(model, stream=stream)

    def write_request(
        self, task: Task, *, model: str, stream: bool, quirks: Quirks, max_tokens: int | None = None
    ) -> Written:
        return bodies.write_request(task, model=model, stream=stream, quirks=quirks, max_tokens=max_tokens)

    def read_reply(self, body: bytes, *, provider: str) -> Reply:
        return replies.read_reply(body, provider=provider)

    def stream_reader(self, *, provider: str) -> GeminiStreamReader:
        return GeminiStreamReader(provider=provider)

    def read_request(self, body: bytes, address: Address = HERE) -> Incoming:
        return requests.read_request(body, address)

    def beyond(self, task: Task) -> tuple[str, ...]:
        return beyond(task)

    def write_reply(self, reply: Reply, *, task: Task, model: str) -> bytes:
        return replies.write_reply(reply, task=task, model=model)

    def stream_writer(self, *, task: Task, model: str, input_tokens: int) -> GeminiStreamWriter:
        return GeminiStreamWriter(task=task, model=model)

    def array_relay(self) -> ArrayRelay:
        """For a relayed stream whose caller wants one JSON array instead of events."""
        return ArrayRelay()

    def write_error(self, error: PodiumError) -> bytes:
        return errors.write_error(error)

    def write_stream_error(self, error: PodiumError) -> bytes:
        return errors.write_stream_error(error)

    def http_status(self, error: PodiumError) -> int:
        return http_status(error)

    # --- what generateContent's neighbours say ----------------------------------------------------------------------

    def read_count_request(self, body: bytes, address: Address = HERE) -> Incoming:
        """A countTokens body. Raises InvalidRequest with the field at fault."""
        return requests.read_count_request(body, address)

    def write_token_count(self, tokens: int) -> bytes:
        """A countTokens answer for a caller."""
        return listings.write_token_count(tokens)

    def read_token_count(self, body: bytes, *, provider: str) -> int:
        """A provider's countTokens answer. Raises ProviderError(GARBAGE)."""
        return listings.read_token_count(body, provider=provider)

    def write_models(self, models: Iterable[ListedModel]) -> bytes:
        """The list of models, in one page."""
        return listings.write_models(models)

    def write_model(self, model: ListedModel) -> bytes:
        """One model of the list."""
        return listings.write_model(model)
