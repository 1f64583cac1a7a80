"""OpenAI embeddings: texts in, vectors out. Vectors are relayed as they come and never looked at.

Source: the OpenAI API reference, "Embeddings", and the official SDK's `EmbeddingCreateParams`.
"""

from __future__ import annotations

from typing import Any, Final, NoReturn

import msgspec
from msgspec import Raw, Struct

from podium.core.errors import FailureKind, InvalidRequest, PodiumError, ProviderError
from podium.core.messages import Message, OpaquePart, Options, Part, Payload, Reply, TextPart
from podium.core.tasks import Operation, Task
from podium.core.usage import Usage

from .caller_fields import NO_FIELDS, CallerFields
from .dialect import HERE, Address, Incoming, NotCarried, Quirks, StreamReader, StreamWriter, Written
from .forwarding import adapt, beyond_fields, encoded, named
from .openai_chat.usage import read_usage
from .openai_forms import errors
from .openai_forms.bodies import invalid, not_json
from .openai_forms.errors import error_text
from .status import http_status

NAME: Final = "openai-embeddings"
_NEEDED: Final = frozenset(("input", "dimensions"))
_CANONICAL: Final = frozenset(("input", "model", "user", "podium", "encoding_format"))
TOKENS: Final = "tokens"
"""The kind of a part that stands for an input given as token numbers: it has no text."""


class _Request(Struct, frozen=True):
    input: str | list[str | int | list[int]]
    model: str = "auto"
    dimensions: int | None = None
    encoding_format: str | None = None
    user: str | None = None
    podium: CallerFields = NO_FIELDS


class _Vector(Struct, frozen=True):
    embedding: Raw


class _Answer(Struct, frozen=True):
    data: list[_Vector] | None = None
    model: str | None = None
    usage: Raw = Raw(b"")
    error: Any = None


_request_decoder = msgspec.json.Decoder(_Request)
_fields_decoder = msgspec.json.Decoder(dict[str, Raw])
_answer_decoder = msgspec.json.Decoder(_Answer)


class OpenAIEmbeddings:
    """OpenAI embeddings. It has no streams: asking for one is a mistake of the program, not of a caller."""

    name = NAME
    operation = Operation.EMBED
    stream_type = ""
    end_mark = b""
    heartbeat = b""

    def path(self, model: str, *, stream: bool) -> str:
        return "/embeddings"

    def read_request(self, body: bytes, address: Address = HERE) -> Incoming:
        try:
            wire = _request_decoder.decode(body)
            fields = _fields_decoder.decode(body)
        except msgspec.ValidationError as exc:
            raise invalid(exc, "embeddings") from exc
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
            raise not_json(exc) from exc
        return Incoming(
            model=wire.model.strip() or address.model or "auto",
            messages=(Message(role="user", parts=_inputs(wire)),),
            options=Options(),
            stream=False,
            fields=wire.podium,
            user=wire.user,
            operation=Operation.EMBED,
            payload=Payload(dialect=NAME, fields=fields, wants_usage=False),
        )

    def beyond(self, task: Task) -> tuple[str, ...]:
        payload = task.payload
        return () if payload is None or payload.dialect != NAME else beyond_fields(payload.fields, _CANONICAL)

    def write_request(
        self, task: Task, *, model: str, stream: bool, quirks: Quirks, max_tokens: int | None = None
    ) -> Written:
        if stream:
            _no_streams()
        payload = task.payload
        notes: list[str] = []
        if payload is not None and payload.dialect == NAME:
            fields: dict[str, Any] = dict(payload.fields)
            fields.pop("podium", None)
        else:
            fields = {"input": _texts(task)}
        named(fields, model, quirks)
        return Written(body=encoded(adapt(fields, quirks, notes, _NEEDED)), notes=tuple(notes))

    def read_reply(self, body: bytes, *, provider: str) -> Reply:
        try:
            wire = _answer_decoder.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
            raise ProviderError(
                f"{provider} sent something that is not a list of embeddings: {exc}.",
                kind=FailureKind.GARBAGE,
                provider=provider,
                remedy="Check that its base_url ends in /v1 and serves the OpenAI embeddings API.",
            ) from exc
        if wire.error is not None and not wire.data:
            raise ProviderError(
                f"{provider} sent an error inside a success: {error_text(wire.error)[0]}",
                kind=FailureKind.SERVER_ERROR,
                provider=provider,
            )
        if not wire.data or not all(_is_vector(entry.embedding) for entry in wire.data):
            raise ProviderError(
                f"{provider} sent an answer without embeddings.", kind=FailureKind.GARBAGE, provider=provider
            )
        return Reply(text="", usage=_input_only(read_usage(wire.usage)), model=wire.model or "", dialect=NAME, raw=body)

    def write_reply(self, reply: Reply, *, task: Task, model: str) -> bytes:
        if reply.raw is None or reply.dialect != NAME:
            raise PodiumError(
                "An answer that is no list of embeddings was to be written as one.",
                remedy="This is a fault in Podium: please report it.",
            )
        return reply.raw

    def stream_reader(self, *, provider: str) -> StreamReader:
        _no_streams()

    def stream_writer(self, *, task: Task, model: str, input_tokens: int) -> StreamWriter:
        _no_streams()

    def write_error(self, error: PodiumError) -> bytes:
        return errors.write_error(error)

    def write_stream_error(self, error: PodiumError) -> bytes:
        _no_streams()

    def http_status(self, error: PodiumError) -> int:
        return http_status(error)


def _no_streams() -> NoReturn:
    raise PodiumError("Embeddings have no streams.", remedy="This is a fault in Podium: please report it.")


def _inputs(wire: _Request) -> tuple[Part, ...]:
    """A part an input: its text, or that it was given as token numbers."""
    given = wire.input
    if isinstance(given, str):
        return (TextPart(given),)
    if not given:
        raise InvalidRequest("`input` is empty.", remedy="Give a text or a list of texts.", param="input")
    first = type(given[0])
    if any(type(each) is not first for each in given):
        raise InvalidRequest(
            "`input` mixes texts and token numbers.",
            remedy="Give texts only, or token numbers only.",
            param="input",
        )
    if first is int:
        return (OpaquePart(kind=TOKENS),)
    return tuple([TextPart(each) if isinstance(each, str) else OpaquePart(kind=TOKENS) for each in given])


def _texts(task: Task) -> list[str]:
    """The inputs of a task that came another way. Raises NotCarried for what is no text."""
    texts: list[str] = []
    for message in task.messages:
        for part in message.parts:
            if not isinstance(part, TextPart):
                raise NotCarried(
                    "Embeddings are made of texts, and the request holds something else.",
                    remedy="Send text only.",
                    param="input",
                )
            texts.append(part.text)
    return texts


def _is_vector(raw: Raw) -> bool:
    """A list of numbers, or their base64: both are relayed unread."""
    return len(raw) > 2 and memoryview(raw)[0] in b'["'


def _input_only(usage: Usage | None) -> Usage | None:
    """Embeddings write no tokens. Some servers state a total alone: it is all input."""
    if usage is None:
        return None
    return Usage(input=usage.input + usage.output, cached=usage.cached)
