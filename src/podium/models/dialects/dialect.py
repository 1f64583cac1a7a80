"""What a wire format must be able to do: one half for providers, one for callers.

A dialect is bytes in, values out, and back. It holds no socket and no state beyond one stream's reader or writer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from msgspec import Struct, field

from podium.core.errors import PodiumError
from podium.core.messages import Frame, Message, Options, Payload, Reply, StreamEvent
from podium.core.tasks import Operation, Task

from .caller_fields import CallerFields


class Address(Struct, frozen=True, kw_only=True):
    """What a request's URL and headers say beside its body: Gemini names model and streaming in the path."""

    model: str | None = None
    stream: bool | None = None
    media_type: str = "application/json"
    """The body's, parameters (a multipart boundary) included."""
    betas: tuple[str, ...] = ()
    """Features the caller switched on by header (`anthropic-beta`)."""
    sse: bool = True
    """False where a stream is wanted as one JSON array (Gemini without `alt=sse`)."""


HERE = Address()


class Incoming(Struct, frozen=True, kw_only=True):
    """A caller's request, read: everything but who asked and when."""

    model: str
    messages: tuple[Message, ...]
    options: Options
    stream: bool
    fields: CallerFields
    payload: Payload
    user: str | None = None
    operation: Operation = Operation.CHAT
    previous: str | None = None
    """The answer this request goes on from (`previous_response_id`), kept by Podium."""
    keep: bool = False
    """Whether the caller wants to go on from this answer by its identifier."""


class Quirks(Struct, frozen=True, kw_only=True):
    """Where a provider departs from the dialect it claims to speak. Data of a preset, read by the dialect."""

    max_tokens_field: str = "max_tokens"
    """The name it takes for the answer's limit."""
    stream_usage: bool = True
    """Whether it takes `stream_options.include_usage`; without it, some send usage anyway."""
    refuses: frozenset[str] = frozenset()
    """Top-level request fields it answers with an error: left out, and said so."""
    renames: Mapping[str, str] = field(default_factory=dict)
    """Top-level request fields it calls otherwise (`seed` -> `random_seed`)."""
    system_role: str = "system"
    """The role it takes for instructions where they are messages."""
    developer: bool = False
    """Whether it knows the role `developer` besides; otherwise a caller's goes under `system_role`."""
    message_fields: frozenset[str] | None = None
    """The fields it takes in a message besides `role`, `content`, `tool_calls` and `tool_call_id`; `extra_content` is
    one of a call in it. Others are left out of messages forwarded. None: it passes over what it does not know."""
    call_ids: str = ""
    """A pattern that identifiers of tool calls must match whole. One that does not is replaced, in call and result, by
    nine letters and digits made from it; empty: any will do."""
    efforts: tuple[str, ...] | None = None
    """The reasoning efforts it takes, cheapest first; another becomes the nearest below. Empty: none, the model does
    not reason. None: any."""
    json_schema: bool = True
    """False where it has JSON mode but no schema: a schema then goes as a forced tool, or as JSON mode."""
    image_urls: bool = True
    """Whether it fetches an `https:` image itself; otherwise Podium must bring the bytes."""
    reasoning_field: str = ""
    """The message field its own reasoning must be sent back in, where it wants that (`reasoning_content`)."""
    cache_marks: bool = False
    """Whether it takes `cache_control` on parts although its dialect has none."""
    model_in_path: bool = False
    """Whether the body must not name the model (Bedrock, Vertex: the address does)."""
    extra: Mapping[str, object] = field(default_factory=dict)
    """Top-level fields it needs in every body (`anthropic_version`)."""


class Written(Struct, frozen=True, kw_only=True):
    """A request ready to be sent."""

    body: bytes
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    """Headers this body needs (`anthropic-beta`)."""
    notes: tuple[str, ...] = ()
    """What the wire could not carry and the answer can do without, each a sentence for the caller."""


class NotCarried(Exception):
    """The wire has no place for something the answer cannot do without. `what` is a sentence for the caller."""

    def __init__(self, what: str, *, remedy: str = "", param: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy
        self.param = param


class StreamReader(Protocol):
    """Reads one stream of a dialect; fed any split of its bytes, it gives the same frames."""

    def feed(self, data: bytes) -> list[Frame]:
        """Frames completed by these bytes. Raises ProviderError for what the dialect forbids."""
        ...

    def close(self) -> list[Frame]:
        """The stream ended: a last frame that lacked its end mark, if any."""
        ...


class StreamWriter(Protocol):
    """Writes one stream for a caller, from canonical events in the order they came."""

    def write(self, events: Sequence[StreamEvent]) -> bytes:
        """The bytes these events make; b"" where they must wait for what follows (a finish for its usage)."""
        ...

    def close(self) -> bytes:
        """Everything still held, and the end mark. After a finish only."""
        ...

    def fail(self, error: PodiumError) -> bytes:
        """The stream broke: the error in this dialect's way, so that no client takes it for an end."""
        ...


class Array(Protocol):
    """Turns a relayed stream into one JSON array, member by member."""

    def write(self, raw: bytes) -> bytes:
        """The bytes of one frame as the next member; b"" for a frame that carries nothing."""
        ...

    def close(self) -> bytes: ...

    def fail(self, error: PodiumError) -> bytes:
        """The error as the last member, and the array's end."""
        ...


@runtime_checkable
class WritesArrays(Protocol):
    """A dialect whose callers may want a stream as one JSON array (`Payload.sse` false)."""

    array_type: str
    """Media type of such a stream."""

    def array_relay(self) -> Array: ...


class ProviderDialect(Protocol):
    """The half a provider needs."""

    name: str
    operation: Operation
    stream_type: str
    """Media type of its streams; empty where it has none."""

    def path(self, model: str, *, stream: bool) -> str:
        """Where requests go, below the base address: `/chat/completions`, `/models/NAME:generateContent`.

        Raises NotCarried where the model's name cannot be part of it.
        """
        ...

    def write_request(
        self, task: Task, *, model: str, stream: bool, quirks: Quirks, max_tokens: int | None = None
    ) -> Written:
        """The body for a provider: the caller's own, forwarded, where it came in this dialect; else a new one.

        `max_tokens` limits an answer the caller set no limit to. Raises NotCarried.
        """
        ...

    def read_reply(self, body: bytes, *, provider: str) -> Reply:
        """Raises ProviderError: GARBAGE for what is not an answer, SERVER_ERROR for an error dressed as one."""
        ...

    def stream_reader(self, *, provider: str) -> StreamReader: ...


class CallerDialect(Protocol):
    """The half a caller needs."""

    name: str
    operation: Operation
    stream_type: str
    end_mark: bytes
    """Ends a relayed stream whose provider forgot to; b"" where the dialect has none."""
    heartbeat: bytes
    """What a silent stream may carry: every client of the dialect ignores it."""

    def read_request(self, body: bytes, address: Address = HERE) -> Incoming:
        """Raises InvalidRequest with the field at fault."""
        ...

    def beyond(self, task: Task) -> tuple[str, ...]:
        """Names of what the caller's body holds and the canonical form does not: lost on any other wire."""
        ...

    def write_reply(self, reply: Reply, *, task: Task, model: str) -> bytes:
        """A whole answer for a caller: the provider's own bytes where it came in this dialect, else a new one."""
        ...

    def stream_writer(self, *, task: Task, model: str, input_tokens: int) -> StreamWriter:
        """`input_tokens` is an estimate, for dialects that must state a figure before the provider does."""
        ...

    def write_error(self, error: PodiumError) -> bytes:
        """An error body for a caller."""
        ...

    def write_stream_error(self, error: PodiumError) -> bytes:
        """An error inside a relayed stream that has begun, end mark included."""
        ...

    def http_status(self, error: PodiumError) -> int:
        """The HTTP status that goes with `write_error`."""
        ...


class Dialect(ProviderDialect, CallerDialect, Protocol):
    """One wire format, both ways."""
