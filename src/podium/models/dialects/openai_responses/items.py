"""Items read into canonical turns: what the model said in a row is one turn, each tool's result is another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec
from msgspec import Raw

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

from ..media import read_data_url, write_data_url
from ..openai_forms.calls import custom_arguments
from ..openai_forms.texts import long_text, whole_text
from .sealing import unseal
from .wire import NAME, NOTHING, Content, Item

ROLES: Final[Mapping[str, Role]] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
}
RESULTS: Final = frozenset(("function_call_output", "custom_tool_call_output"))
_output_decoder = msgspec.json.Decoder(str | list[Content])
_DATA_URL_HEAD: Final = 128  # enough of a data URL to read its media type
_PDF: Final = "application/pdf"


class _Turn:
    """The model's turn under way."""

    __slots__ = ("calls", "parts", "signature")

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.calls: list[ToolCall] = []
        self.signature: str | None = None

    def take(self) -> Message | None:
        if not self.parts and not self.calls:
            return None
        message = Message(role="assistant", parts=_thought_first(self.parts), tool_calls=tuple(self.calls))
        self.parts, self.calls, self.signature = [], [], None
        return message


def _thought_first(parts: list[Part]) -> tuple[Part, ...]:
    """Reasoning before what it led to: most turns have it there already."""
    thought = [part for part in parts if isinstance(part, ReasoningPart)]
    if not thought:
        return tuple(parts)
    return (*thought, *[part for part in parts if not isinstance(part, ReasoningPart)])


def read_items(items: Iterable[Item], *, where: str = "input") -> tuple[Message, ...]:
    """Canonical turns. Raises InvalidRequest with the item at fault, by its place in `where`."""
    messages: list[Message] = []
    turn = _Turn()
    for place, item in enumerate(items):
        kind = item.kind
        param = f"{where}[{place}]"
        if kind == "message":
            role = ROLES.get(item.role or "")
            if role is None:
                raise InvalidRequest(
                    f"{param} has the role {item.role!r}.",
                    remedy="Use user, assistant, system or developer.",
                    param=f"{param}.role",
                )
            parts = read_contents(item.content, f"{param}.content")
            if role == "assistant":
                turn.parts.extend(parts)
                continue
            _end(turn, messages)
            messages.append(Message(role=role, parts=_some(parts, param)))
        elif kind in RESULTS:
            _end(turn, messages)
            messages.append(_result(item, param))
        else:
            _speak(item, kind, turn, param)
    _end(turn, messages)
    return tuple(messages)


def _end(turn: _Turn, messages: list[Message]) -> None:
    message = turn.take()
    if message is not None:
        messages.append(message)


def _some(parts: tuple[Part, ...], param: str) -> tuple[Part, ...]:
    if parts:
        return parts
    raise InvalidRequest(
        f"{param} has no content.",
        remedy="Give `content` as text or as a list of parts.",
        param=f"{param}.content",
    )


def _speak(item: Item, kind: str, turn: _Turn, param: str) -> None:
    """What the model itself wrote beside messages."""
    if kind == "function_call":
        arguments = item.arguments if isinstance(item.arguments, str) else ""
        turn.calls.append(_call(item, arguments, turn, param))
    elif kind == "custom_tool_call":
        arguments = custom_arguments(item.input if isinstance(item.input, str) else "")
        turn.calls.append(_call(item, arguments, turn, param, custom=True))
    elif kind == "reasoning":
        sealed = unseal(item.encrypted_content)
        if sealed is not None and sealed.call is not None:
            turn.signature = sealed.call
        else:
            turn.parts.append(read_reasoning(item))
    else:
        turn.parts.append(OpaquePart(kind=kind))


def _call(item: Item, arguments: str, turn: _Turn, param: str, *, custom: bool = False) -> ToolCall:
    if not item.name:
        raise InvalidRequest(
            f"{param} calls a tool without a name.", remedy="Give the tool's `name`.", param=f"{param}.name"
        )
    signature, turn.signature = turn.signature, None
    return ToolCall(
        id=item.call_id or "",
        name=item.name,
        arguments=arguments,
        signature=signature,
        kind="custom" if custom else "function",
    )


def read_reasoning(item: Item) -> ReasoningPart:
    """One block: its summary, else the reasoning itself, for people; `encrypted_content` for its maker."""
    sealed = unseal(item.encrypted_content)
    if sealed is not None:
        return ReasoningPart(
            text=reasoning_text(item), signature=sealed.signature, data=sealed.data, id=sealed.id, origin=sealed.origin
        )
    return ReasoningPart(text=reasoning_text(item), data=item.encrypted_content or None, id=item.id, origin=NAME)


def reasoning_text(item: Item) -> str:
    """What of a reasoning item a person can read."""
    shown = item.summary or (item.content if isinstance(item.content, list) else None) or ()
    return "\n\n".join(part.text for part in shown if part.text)


def _result(item: Item, param: str) -> Message:
    if _is_nothing(item.output):
        raise InvalidRequest(
            f"{param} has no `output`.", remedy="Give the tool's result as text.", param=f"{param}.output"
        )
    try:
        output = _output_decoder.decode(item.output)
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise InvalidRequest(
            f"{param}.output: {exc}.",
            remedy="Give text, or a list of input_text, input_image and input_file parts.",
            param=f"{param}.output",
        ) from exc
    parts = (TextPart(output),) if isinstance(output, str) else read_contents(output, f"{param}.output")
    if not item.call_id:
        raise InvalidRequest(
            f"{param} does not say which call it answers.",
            remedy="Give the call's `call_id`.",
            param=f"{param}.call_id",
        )
    return Message(role="tool", parts=parts, tool_call_id=item.call_id)


def read_contents(content: str | list[Content] | None, param: str) -> tuple[Part, ...]:
    """Canonical parts. Raises InvalidRequest for a part whose own field is missing."""
    if isinstance(content, str):
        return (TextPart(content),) if content else ()
    return tuple([_part(part, f"{param}[{place}]") for place, part in enumerate(content or ())])


def _part(wire: Content, param: str) -> Part:
    kind = wire.type
    part: Part | None = None
    if kind in ("input_text", "output_text", "text", "summary_text", "reasoning_text"):
        part = None if wire.text is None else TextPart(wire.text)
    elif kind == "refusal":
        part = TextPart(wire.refusal or "")
    elif kind == "input_image":
        part = _image(wire, param)
    elif kind == "input_file":
        part = _file(wire, param)
    elif kind == "input_audio":
        audio = wire.input_audio
        part = None if audio is None else AudioPart(data=audio.data, format=audio.format)
    else:
        return OpaquePart(kind=kind or "nameless")
    if part is None:
        raise InvalidRequest(
            f"{param} has type {kind!r} but not its content.",
            remedy="See the Responses reference for the part's fields.",
            param=param,
        )
    return part


def _image(wire: Content, param: str) -> Part | None:
    if not _is_nothing(wire.image_url):
        return ImagePart(url=long_text(wire.image_url, f"{param}.image_url"), detail=wire.detail)
    # Canonical images have an address; one that only its provider can look up is carried as what it is.
    return OpaquePart(kind="input_image by file_id") if wire.file_id else None


def _file(wire: Content, param: str) -> Part | None:
    if _is_nothing(wire.file_data):
        if wire.file_url or wire.file_id:
            return FilePart(url=wire.file_url or None, file_id=wire.file_id, name=wire.filename)
        return None
    url = long_text(wire.file_data, f"{param}.file_data")
    start = bytes(memoryview(wire.file_data)[1:_DATA_URL_HEAD]).decode("utf-8", "replace")
    if start[:5].lower() != "data:":  # bare base64, which the API takes too; documents are PDFs unless they say
        url = write_data_url(_PDF, whole_text(wire.file_data, f"{param}.file_data"))
        return FilePart(url=url, media_type=_PDF, name=wire.filename)
    seen = read_data_url(start)
    return FilePart(url=url, media_type=None if seen is None else seen.media_type, name=wire.filename)


def _is_nothing(raw: Raw) -> bool:
    return raw is NOTHING or bytes(memoryview(raw)[:4]) == b"null"
