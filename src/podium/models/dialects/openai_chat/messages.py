"""Messages: a caller's turns read into canonical form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from podium.core.errors import InvalidRequest
from podium.core.messages import (
    AudioPart,
    FilePart,
    ImagePart,
    Message,
    OpaquePart,
    Part,
    ReasoningPart,
    Role,
    TextPart,
    ToolCall,
)

from ..media import read_data_url
from ..openai_forms.texts import long_text
from . import extensions
from .tool_calls import read_calls
from .wire import NO_RAW, ContentPart, InputFile, WireMessage

_ROLES: Mapping[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
    "function": "tool",
}
_DATA_URL_HEAD = 100


def read_messages(wire: Sequence[WireMessage]) -> tuple[Message, ...]:
    """The turns in order. Raises InvalidRequest with the field at fault."""
    messages: list[Message] = []
    older = ""
    for index, message in enumerate(wire):
        calls: tuple[ToolCall, ...] = ()
        answered = message.tool_call_id
        if message.tool_calls or message.function_call is not None:
            calls = read_calls(message.tool_calls, message.function_call)
            if not message.tool_calls and calls:
                # The older form has no identifiers, every other wire has: the result that follows belongs to this call.
                older = f"call_{index}"
                calls = (ToolCall(id=older, name=calls[0].name, arguments=calls[0].arguments),)
        elif message.role == "function" and answered is None:
            answered = older or None
        messages.append(_message(message, index, calls, answered))
    return tuple(messages)


def _message(wire: WireMessage, index: int, calls: tuple[ToolCall, ...], answered: str | None) -> Message:
    content = wire.content
    parts: tuple[Part, ...]
    if isinstance(content, str):
        parts = (TextPart(content),)
    elif content is None:
        parts = (TextPart(wire.refusal),) if wire.refusal else ()
    else:
        parts = tuple([_part(part, f"messages[{index}].content[{place}]") for place, part in enumerate(content)])
    role = _ROLES[wire.role]
    if role == "assistant":
        parts = (*_reasoning(wire), *parts)
    elif not parts and not calls and role != "tool":
        raise InvalidRequest(
            f"messages[{index}] has no content.",
            remedy="Give `content` as text or as a list of parts.",
            param=f"messages[{index}].content",
        )
    return Message(
        role=role,
        parts=parts,
        tool_calls=calls,
        tool_call_id=answered,
        name=wire.name,
        cache=extensions.cache_mark(wire.cache_control),
    )


def _reasoning(wire: WireMessage) -> tuple[ReasoningPart, ...]:
    if wire.reasoning_details is NO_RAW and wire.reasoning_content is NO_RAW and wire.reasoning is NO_RAW:
        return ()
    return extensions.message_reasoning(
        wire.reasoning_details, extensions.text(wire.reasoning_content), extensions.text(wire.reasoning)
    )


def _part(wire: ContentPart, param: str) -> Part:
    kind = wire.type
    if kind == "text" and wire.text is not None:
        return TextPart(wire.text, extensions.cache_mark(wire.cache_control))
    if kind == "image_url" and wire.image_url is not None:
        return ImagePart(
            url=long_text(wire.image_url.url, f"{param}.image_url.url"),
            detail=wire.image_url.detail,
            cache=extensions.cache_mark(wire.cache_control),
        )
    if kind == "input_audio" and wire.input_audio is not None:
        return AudioPart(
            data=long_text(wire.input_audio.data, f"{param}.input_audio.data"), format=wire.input_audio.format
        )
    if kind == "file" and wire.file is not None:
        return _file(wire.file, f"{param}.file", extensions.cache_mark(wire.cache_control))
    if kind == "refusal":
        return TextPart(wire.refusal or "")
    if kind in ("text", "image_url", "input_audio", "file"):
        raise InvalidRequest(
            f"{param} has type {kind!r} but no `{kind}`.",
            remedy=f"Put the content into its `{kind}` field.",
            param=f"{param}.{kind}",
        )
    return OpaquePart(kind=kind)


def _file(wire: InputFile, param: str, cache: str | None) -> Part:
    url: str | None = None
    media_type: str | None = None
    if wire.file_data is not NO_RAW and bytes(memoryview(wire.file_data)[:4]) != b"null":
        url = long_text(wire.file_data, f"{param}.file_data")
        start = bytes(memoryview(wire.file_data)[1:_DATA_URL_HEAD]).decode("utf-8", "replace")
        seen = read_data_url(start)
        media_type = None if seen is None else seen.media_type
    if url is None and wire.file_id is None:
        raise InvalidRequest(
            f"{param} has neither `file_data` nor `file_id`.",
            remedy="Put the file into `file_data` as a data URL, or name an uploaded one by `file_id`.",
            param=param,
        )
    return FilePart(url=url, file_id=wire.file_id, media_type=media_type, name=wire.filename, cache=cache)
