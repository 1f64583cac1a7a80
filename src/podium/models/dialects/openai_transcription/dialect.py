"""The dialect as one object, for whoever holds dialects by name."""

from __future__ import annotations

from podium.core.errors import PodiumError
from podium.core.messages import Reply
from podium.core.tasks import Operation, Task

from ..dialect import HERE, Address, Incoming, Quirks, Written
from ..forwarding import beyond_fields
from ..openai_forms import errors
from ..status import http_status
from . import replies, requests
from .stream import TranscriptReader, TranscriptWriter
from .wire import NAME

_CANONICAL = frozenset(("model", "prompt", "temperature", "stream"))


class OpenAITranscription:
    """OpenAI audio transcriptions."""

    name = NAME
    operation = Operation.TRANSCRIBE
    stream_type = "text/event-stream"
    end_mark = b""
    heartbeat = b": podium\n\n"

    def path(self, model: str, *, stream: bool) -> str:
        return "/audio/transcriptions"

    def read_request(self, body: bytes, address: Address = HERE) -> Incoming:
        return requests.read_request(body, address)

    def beyond(self, task: Task) -> tuple[str, ...]:
        payload = task.payload
        return () if payload is None or payload.dialect != NAME else beyond_fields(payload.fields, _CANONICAL)

    def write_request(
        self, task: Task, *, model: str, stream: bool, quirks: Quirks, max_tokens: int | None = None
    ) -> Written:
        return requests.write_request(task, model=model, stream=stream, quirks=quirks)

    def read_reply(self, body: bytes, *, provider: str, media_type: str = "") -> Reply:
        """`media_type` is the answer's, where it is known: text, SRT and WebVTT differ in nothing else."""
        return replies.read_reply(body, provider=provider, media_type=media_type)

    def stream_reader(self, *, provider: str) -> TranscriptReader:
        return TranscriptReader(provider=provider)

    def write_reply(self, reply: Reply, *, task: Task, model: str) -> bytes:
        return replies.write_reply(reply, response_format=requests.response_format(task))

    def stream_writer(self, *, task: Task, model: str, input_tokens: int) -> TranscriptWriter:
        return TranscriptWriter()

    def write_error(self, error: PodiumError) -> bytes:
        return errors.write_error(error)

    def write_stream_error(self, error: PodiumError) -> bytes:
        return errors.write_stream_error(error)

    def http_status(self, error: PodiumError) -> int:
        return http_status(error)
