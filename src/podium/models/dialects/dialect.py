"""What a wire format must be able to do, for callers and for providers."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from podium.core.errors import PodiumError
from podium.core.messages import Frame, Message, Options, Payload, Reply
from podium.core.tasks import Task

from .caller_fields import CallerFields


class Incoming(Struct, frozen=True, kw_only=True):
    """A caller's request, read: everything but who asked and when."""

    model: str
    messages: tuple[Message, ...]
    options: Options
    stream: bool
    fields: CallerFields
    payload: Payload
    user: str | None = None


class Quirks(Struct, frozen=True, kw_only=True):
    """Where a provider departs from the dialect it claims to speak."""

    max_tokens_field: str = "max_tokens"
    """The name it takes for the answer's limit."""
    stream_usage: bool = True
    """Whether it takes `stream_options.include_usage`; without it, some send usage anyway."""


class StreamReader(Protocol):
    """Reads one stream of a dialect; fed any split of its bytes, it gives the same frames."""

    def feed(self, data: bytes) -> list[Frame]:
        """Frames completed by these bytes. Raises ProviderError for what the dialect forbids."""
        ...

    def close(self) -> list[Frame]:
        """The stream ended: a last frame that lacked its end mark, if any."""
        ...


class Dialect(Protocol):
    """One wire format."""

    name: str

    def read_request(self, body: bytes) -> Incoming:
        """Raises InvalidRequest with the field at fault."""
        ...

    def write_request(
        self, task: Task, *, model: str, stream: bool, quirks: Quirks, max_tokens: int | None = None
    ) -> bytes:
        """The body for a provider; the caller's own, forwarded, where it came in this dialect.

        `max_tokens` limits an answer the caller set no limit to.
        """
        ...

    def read_reply(self, body: bytes, *, provider: str) -> Reply:
        """Raises ProviderError(GARBAGE) for what is not an answer."""
        ...

    def stream_reader(self, *, provider: str) -> StreamReader: ...

    def write_reply(self, reply: Reply, *, task: Task, model: str) -> bytes:
        """A whole answer for a caller."""
        ...

    def write_error(self, error: PodiumError) -> bytes:
        """An error body for a caller."""
        ...

    def write_stream_error(self, error: PodiumError) -> bytes:
        """An error inside a stream that has begun, end mark included."""
        ...

    def http_status(self, error: PodiumError) -> int:
        """The HTTP status that goes with `write_error`."""
        ...
