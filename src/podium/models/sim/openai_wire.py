"""OpenAI's chat-completions dialect from the vendor's side: requests in, bodies and event streams out.

Written apart from `models.dialects` on purpose: a misreading of the wire there must not be repeated here, or the two
would agree with each other and with nobody else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType


class WireError(Exception):
    """A request the vendor turns down."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        param: str | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = error_body(message, kind=kind, param=param, code=code)


def error_body(message: str, *, kind: str, param: str | None = None, code: str | None = None) -> bytes:
    """An error in OpenAI's shape."""
    return msgspec.json.encode({"error": {"message": message, "type": kind, "param": param, "code": code}})


# --- requests -----------------------------------------------------------------------------------------------------


class _Part(Struct):
    type: str
    text: str | None = None


class _Function(Struct):
    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None


class _Tool(Struct):
    type: Literal["function"]
    function: _Function


class _CalledFunction(Struct):
    name: str
    arguments: str


class _MadeCall(Struct):
    id: str
    function: _CalledFunction


class _Message(Struct):
    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[_Part] | None = None
    tool_calls: list[_MadeCall] | None = None
    tool_call_id: str | None = None

    @property
    def text(self) -> str:
        if isinstance(self.content, str):
            return self.content
        return "\n".join(part.text for part in self.content or () if part.text)

    def parts_of(self, kind: str) -> int:
        return sum(part.type == kind for part in self.content) if isinstance(self.content, list) else 0


class _JsonSchema(Struct):
    name: str
    schema: dict[str, Any] | None = None


class _Format(Struct):
    type: Literal["text", "json_object", "json_schema"]
    json_schema: _JsonSchema | None = None


class _StreamOptions(Struct):
    include_usage: bool | None = None


class ChatRequest(Struct):
    """The fields of a request that the simulation honours; others are ignored, as long as they are JSON."""

    model: str
    messages: list[_Message]
    stream: bool | None = None
    stream_options: _StreamOptions | None = None
    n: int | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop: str | list[str] | None = None
    tools: list[_Tool] | None = None
    tool_choice: str | dict[str, Any] | None = None
    parallel_tool_calls: bool | None = None
    response_format: _Format | None = None
    logprobs: bool | None = None

    @property
    def limit(self) -> int | None:
        """The most tokens the answer may have."""
        return self.max_tokens if self.max_completion_tokens is None else self.max_completion_tokens

    @property
    def stops(self) -> Sequence[str]:
        return [self.stop] if isinstance(self.stop, str) else self.stop or ()

    @property
    def prompt(self) -> str:
        """Everything said, for the draws that must depend on the whole prompt."""
        return "\n".join(f"{message.role}: {message.text}" for message in self.messages)

    @property
    def images(self) -> int:
        return sum(message.parts_of("image_url") for message in self.messages)


_DECODER = msgspec.json.Decoder(ChatRequest)


def read_request(body: bytes) -> ChatRequest:
    """The request in a body. Raises WireError in the words of the offending field."""
    try:
        request = _DECODER.decode(body)
    except msgspec.ValidationError as exc:
        raise WireError(400, f"Invalid request: {exc}", param=_field(str(exc))) from exc
    except (msgspec.DecodeError, RecursionError) as exc:
        raise WireError(400, f"The body is not valid JSON: {exc}") from exc
    if not request.messages:
        raise WireError(400, "'messages' must hold at least one message.", param="messages", code="empty_array")
    if request.n not in (None, 1):
        raise WireError(400, "This model gives one answer: 'n' must be 1.", param="n", code="unsupported_value")
    if request.logprobs:
        raise WireError(400, "This model gives no log probabilities.", param="logprobs", code="unsupported_parameter")
    if request.limit is not None and request.limit < 1:
        raise WireError(400, "'max_tokens' must be at least 1.", param="max_tokens", code="integer_below_min_value")
    if request.temperature is not None and not 0 <= request.temperature <= 2:
        raise WireError(400, "'temperature' must lie between 0 and 2.", param="temperature")
    if request.stream_options is not None and not request.stream:
        raise WireError(400, "'stream_options' is only allowed when 'stream' is true.", param="stream_options")
    if request.tool_choice not in (None, "none") and not request.tools:
        raise WireError(400, "'tool_choice' is only allowed with 'tools'.", param="tool_choice")
    chosen = request.response_format
    if (
        chosen is not None
        and chosen.type == "json_schema"
        and (chosen.json_schema is None or chosen.json_schema.schema is None)
    ):
        raise WireError(
            400, "'response_format' of type json_schema needs a schema.", param="response_format.json_schema"
        )
    _check_tool_messages(request)
    return request


def _check_tool_messages(request: ChatRequest) -> None:
    asked: set[str] = set()
    for i, message in enumerate(request.messages):
        asked.update(call.id for call in message.tool_calls or ())
        if message.role == "tool" and message.tool_call_id not in asked:
            raise WireError(
                400,
                "A message of role 'tool' must answer a preceding message with 'tool_calls'.",
                param=f"messages.[{i}].role",
            )


def _field(message: str) -> str | None:
    """`messages[0].role` out of msgspec's "... - at `$.messages[0].role`"."""
    _, mark, path = message.partition("at `$.")
    return path.rstrip("`") if mark else None


# --- answers ------------------------------------------------------------------------------------------------------


class _Called(Struct):
    id: str
    function: dict[str, str]
    type: Literal["function"] = "function"


class _CalledDelta(Struct, omit_defaults=True):
    index: int
    id: str | UnsetType = UNSET
    type: str | UnsetType = UNSET
    function: dict[str, str] | UnsetType = UNSET


class _Delta(Struct):
    role: str | UnsetType = UNSET
    content: str | UnsetType | None = UNSET
    refusal: UnsetType | None = UNSET
    tool_calls: list[_CalledDelta] | UnsetType = UNSET


class _ChunkChoice(Struct):
    index: int
    delta: _Delta
    logprobs: None = None
    finish_reason: str | None = None


class WireUsage(Struct):
    """Token figures as OpenAI writes them."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: dict[str, int]
    completion_tokens_details: dict[str, int]


class Head(Struct, frozen=True, kw_only=True):
    """What all parts of one answer repeat."""

    id: str
    created: int
    model: str


class Spoken(Struct, frozen=True, kw_only=True):
    """An answer ready to be written: text or calls (id, name, arguments), why it ended, what it used."""

    text: str
    calls: tuple[tuple[str, str, str], ...] = ()
    finish: str
    usage: WireUsage


def whole_body(head: Head, spoken: Spoken) -> bytes:
    """The answer as one JSON body."""
    message: dict[str, Any] = {"role": "assistant", "content": None if spoken.calls else spoken.text, "refusal": None}
    if spoken.calls:
        message["tool_calls"] = [
            _Called(id=call_id, function={"name": name, "arguments": arguments})
            for call_id, name, arguments in spoken.calls
        ]
    body: Mapping[str, Any] = {
        "id": head.id,
        "object": "chat.completion",
        "created": head.created,
        "model": head.model,
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": spoken.finish}],
        "usage": spoken.usage,
        "system_fingerprint": "fp_simulated",
    }
    return msgspec.json.encode(body)


DONE = b"data: [DONE]\n\n"


class ChunkWriter:
    """Writes the events of one stream."""

    def __init__(self, head: Head, *, include_usage: bool) -> None:
        self._encoder = msgspec.json.Encoder()
        prefix = {"id": head.id, "object": "chat.completion.chunk", "created": head.created, "model": head.model}
        self._prefix = b"data: " + self._encoder.encode({**prefix, "system_fingerprint": "fp_simulated"})[:-1]
        self._suffix = b',"usage":null}\n\n' if include_usage else b"}\n\n"

    def opening(self, *, calls: bool) -> bytes:
        """The first chunk: the role, no content yet."""
        return self._chunk(_Delta(role="assistant", content=None if calls else "", refusal=None))

    def text(self, piece: str) -> bytes:
        return self._chunk(_Delta(content=piece))

    def call(self, index: int, call_id: str, name: str) -> bytes:
        """A tool call begins: identity once, arguments to follow."""
        begun = _CalledDelta(index=index, id=call_id, type="function", function={"name": name, "arguments": ""})
        return self._chunk(_Delta(tool_calls=[begun]))

    def arguments(self, index: int, piece: str) -> bytes:
        return self._chunk(_Delta(tool_calls=[_CalledDelta(index=index, function={"arguments": piece})]))

    def finish(self, reason: str) -> bytes:
        return self._chunk(_Delta(), reason)

    def usage(self, usage: WireUsage) -> bytes:
        """The last chunk: no choices, the figures."""
        return self._prefix + b',"choices":[],"usage":' + self._encoder.encode(usage) + b"}\n\n"

    def error(self, message: str) -> bytes:
        """An error object in the middle of a stream."""
        return b"data: " + error_body(message, kind="server_error", code="server_error") + b"\n\n"

    def _chunk(self, delta: _Delta, reason: str | None = None) -> bytes:
        choice = self._encoder.encode([_ChunkChoice(index=0, delta=delta, finish_reason=reason)])
        return self._prefix + b',"choices":' + choice + self._suffix


def content_chunks(writer: ChunkWriter, spoken: Spoken, size: int) -> Iterator[bytes]:
    """The chunks that carry content, of `size` characters each."""
    for i in range(0, len(spoken.text), size):
        yield writer.text(spoken.text[i : i + size])
    for index, (call_id, name, arguments) in enumerate(spoken.calls):
        yield writer.call(index, call_id, name)
        for i in range(0, len(arguments), size):
            yield writer.arguments(index, arguments[i : i + size])
