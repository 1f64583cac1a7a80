"""What every wire offers the app: read a request, write a body, write a stream, write an error.

A stream is written as frames, whose payload is apart from its framing, so that a fault can spoil the one and keep
the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Protocol, TypeVar

import msgspec
from msgspec import Struct

from ..ask import Ask, Head, Refused, Spoken
from ..vendor import Service, SimModel, SimVendor
from .seal import Seal

Shape = TypeVar("Shape")
CHARS_PER_TOKEN = 4
JSON = b"application/json"
EVENT_STREAM = b"text/event-stream; charset=utf-8"
GARBAGE = b'{"id": "chatcmpl-\xff\xfe", "choices": [{"mess<<<<'


class Incoming(Struct, frozen=True, kw_only=True):
    """A request as it came."""

    method: str
    path: str
    raw_path: bytes
    """As it was sent, percent signs and all: what a signature covers."""
    query: str
    headers: Mapping[str, str]
    body: bytes
    model: str = ""
    """Where the path names it."""
    stream: bool = False
    """Where the path says so."""
    seal: Seal


class Frame(Struct, frozen=True, kw_only=True):
    """One event of a stream, before it is framed."""

    data: bytes
    event: str = ""
    solid: bool = False
    """Whether it carries a piece of the answer: what a fault's `after` counts."""


class Failure(Struct, frozen=True, kw_only=True):
    """An error answer."""

    status: int
    body: bytes
    headers: Sequence[tuple[bytes, bytes]] = ()


class Answering(Struct, frozen=True, kw_only=True):
    """Everything a writer needs of one answer."""

    head: Head
    ask: Ask
    spoken: Spoken
    model: SimModel
    seal: Seal

    @property
    def piece(self) -> int:
        """Characters in each chunk of a stream."""
        return self.model.chunk_tokens * CHARS_PER_TOKEN


class Writer(Protocol):
    """Writes one stream. The parts are asked for in order, each once."""

    def opening(self) -> Iterable[Frame]:
        """What comes before the model has said anything."""

    def content(self) -> Iterator[Frame]:
        """The answer."""

    def closing(self) -> Iterable[Frame]:
        """Why it ended, and the usage."""

    def end(self) -> bytes:
        """The end mark as it goes out; empty where the wire has none."""

    def error(self, message: str) -> Sequence[Frame]:
        """A failure in the middle."""

    def framed(self, frame: Frame) -> bytes:
        """A frame as it goes out."""


class Wire(Protocol):
    """One vendor's API."""

    name: ClassVar[str]
    stream_media: bytes

    def check_key(self, vendor: SimVendor, incoming: Incoming) -> None:
        """Raises Refused for a caller without the key."""

    def read(self, incoming: Incoming) -> Ask:
        """Raises Refused for what the vendor would turn down whatever the model."""

    def check(self, ask: Ask, model: SimModel) -> None:
        """Raises Refused for what depends on the model or on what it said before."""

    def whole(self, answering: Answering) -> bytes:
        """The answer as one body."""

    def writer(self, answering: Answering) -> Writer:
        """The answer as a stream."""

    def headers(self, head: Head) -> Sequence[tuple[bytes, bytes]]:
        """What an answer's headers carry besides its media type."""

    def failure(self, refused: Refused) -> Failure:
        """A refusal in this wire's shape."""


class Listing(Struct, frozen=True):
    """The models, as one wire lists them."""

    write: Callable[[SimVendor, str], bytes]
    """Vendor and the one model asked for (empty for all) to a body; raises Refused for a model it lacks."""


class Counting(Struct, frozen=True):
    """Tokens counted, no work done."""

    read: Callable[[Incoming], Ask]
    write: Callable[[Ask, SimModel], bytes]


class Job(Struct, frozen=True, kw_only=True):
    """A piece of work that is no conversation."""

    model: str
    data: Any
    """What the work's own module makes of it."""


class Written(Protocol):
    """Does a job: body and media type."""

    def __call__(self, job: Job, model: SimModel, *, states_usage: bool) -> tuple[bytes, bytes]: ...


class Work(Struct, frozen=True, kw_only=True):
    """Work that is no conversation: vectors, transcripts."""

    name: str
    service: Service
    read: Callable[[Incoming], Job]
    write: Written


def decoded(body: bytes, shape: type[Shape]) -> Shape:
    """A body as the shape it should have. Raises Refused in the words of the offending field."""
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.ValidationError as exc:
        raise Refused(400, f"Invalid request: {exc}", param=_field(str(exc))) from exc
    except (msgspec.DecodeError, RecursionError) as exc:
        raise Refused(400, f"The body is not valid JSON: {exc}") from exc


def pieces(text: str, size: int) -> Iterator[str]:
    """A text in chunks of `size` characters."""
    for i in range(0, len(text), size):
        yield text[i : i + size]


def event(name: str, data: Mapping[str, Any], *, solid: bool = False) -> Frame:
    """A frame of JSON."""
    return Frame(data=msgspec.json.encode(data), event=name, solid=solid)


def server_sent(frame: Frame) -> bytes:
    """A frame as a server-sent event; with its name where it has one."""
    named = f"event: {frame.event}\n".encode() if frame.event else b""
    return named + b"data: " + frame.data + b"\n\n"


def bearer(incoming: Incoming) -> str | None:
    """The token of an Authorization header."""
    scheme, _, token = incoming.headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else None


def _field(message: str) -> str | None:
    """`messages[0].role` out of msgspec's "... - at `$.messages[0].role`"."""
    _, mark, path = message.partition("at `$.")
    return path.rstrip("`") if mark else None
