"""Chat completions, what comes in (OpenAI API reference, page Create chat completion)."""

from __future__ import annotations

import base64
import binascii
from typing import Any, Literal

from msgspec import Struct

from ..ask import Ask, Call, Image, Refused, Tool, Turn
from .wire import decoded


class _ImageUrl(Struct):
    url: str


class _File(Struct):
    file_data: str | None = None
    file_id: str | None = None


class _Part(Struct):
    type: str
    text: str | None = None
    image_url: _ImageUrl | None = None
    file: _File | None = None

    @property
    def url(self) -> str | None:
        """Of an image or a document."""
        if self.type == "image_url" and self.image_url is not None:
            return self.image_url.url
        return (self.file.file_data or self.file.file_id) if self.type == "file" and self.file is not None else None


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

    def turn(self) -> Turn:
        parts = self.content if isinstance(self.content, list) else []
        return Turn(
            role=self.role,
            text=self.content if isinstance(self.content, str) else "\n".join(part.text for part in parts if part.text),
            images=tuple(image_at(url) for part in parts if (url := part.url) is not None),
            calls=tuple(
                Call(id=call.id, name=call.function.name, arguments=call.function.arguments)
                for call in self.tool_calls or ()
            ),
        )


class _JsonSchema(Struct):
    name: str
    schema: dict[str, Any] | None = None


class _Format(Struct):
    type: Literal["text", "json_object", "json_schema"]
    json_schema: _JsonSchema | None = None


class _StreamOptions(Struct):
    include_usage: bool | None = None


class _Request(Struct):
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
    reasoning_effort: str | None = None

    @property
    def limit(self) -> int | None:
        return self.max_tokens if self.max_completion_tokens is None else self.max_completion_tokens


def read(body: bytes) -> Ask:
    """The request in a body. Raises Refused in the words of the offending field."""
    request = decoded(body, _Request)
    _check(request)
    _check_tool_messages(request)
    choice, only = _choice(request.tool_choice)
    return Ask(
        model=request.model,
        turns=tuple(message.turn() for message in request.messages),
        tools=tuple(
            Tool(name=tool.function.name, description=tool.function.description, parameters=tool.function.parameters)
            for tool in request.tools or ()
        ),
        choice=choice,
        only=only,
        parallel=request.parallel_tool_calls is not False,
        schema=_schema(request.response_format),
        limit=request.limit,
        stops=(request.stop,) if isinstance(request.stop, str) else tuple(request.stop or ()),
        stream=bool(request.stream),
        include_usage=bool(request.stream_options and request.stream_options.include_usage),
        thinks=False if request.reasoning_effort == "none" else None,
    )


def image_at(url: str) -> Image:
    """The image of a URL: its bytes where it is a data URL that can be read."""
    head, comma, data = url.partition(",")
    if head.startswith("data:") and head.endswith(";base64") and comma:
        try:
            return Image(media=head[5:-7], data=base64.b64decode(data, validate=True))
        except (binascii.Error, ValueError):
            pass  # taken as an address nobody can read; the model says so when asked
    return Image(url=url)


def _check(request: _Request) -> None:
    if not request.messages:
        raise Refused(400, "'messages' must hold at least one message.", param="messages", code="empty_array")
    if request.n not in (None, 1):
        raise Refused(400, "This model gives one answer: 'n' must be 1.", param="n", code="unsupported_value")
    if request.logprobs:
        raise Refused(400, "This model gives no log probabilities.", param="logprobs", code="unsupported_parameter")
    if request.limit is not None and request.limit < 1:
        raise Refused(400, "'max_tokens' must be at least 1.", param="max_tokens", code="integer_below_min_value")
    if request.temperature is not None and not 0 <= request.temperature <= 2:
        raise Refused(400, "'temperature' must lie between 0 and 2.", param="temperature")
    if request.stream_options is not None and not request.stream:
        raise Refused(400, "'stream_options' is only allowed when 'stream' is true.", param="stream_options")
    if request.tool_choice not in (None, "none") and not request.tools:
        raise Refused(400, "'tool_choice' is only allowed with 'tools'.", param="tool_choice")


def _choice(choice: str | dict[str, Any] | None) -> tuple[Literal["auto", "none", "required"], tuple[str, ...]]:
    if isinstance(choice, dict):
        return "required", (str(choice.get("function", {}).get("name")),)
    return ("none" if choice == "none" else "required" if choice == "required" else "auto"), ()


def _schema(chosen: _Format | None) -> dict[str, Any] | None:
    if chosen is None or chosen.type == "text":
        return None
    if chosen.type == "json_object":
        return {}
    if chosen.json_schema is None or chosen.json_schema.schema is None:
        raise Refused(400, "'response_format' of type json_schema needs a schema.", param="response_format.json_schema")
    return chosen.json_schema.schema


def _check_tool_messages(request: _Request) -> None:
    asked: set[str] = set()
    for i, message in enumerate(request.messages):
        asked.update(call.id for call in message.tool_calls or ())
        if message.role == "tool" and message.tool_call_id not in asked:
            raise Refused(
                400,
                "A message of role 'tool' must answer a preceding message with 'tool_calls'.",
                param=f"messages.[{i}].role",
            )
