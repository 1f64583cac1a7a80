"""Canonical turns written as items, for a provider of this dialect."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from podium.core.deferred import peek, unread
from podium.core.messages import (
    AudioPart,
    FilePart,
    ImagePart,
    Message,
    OpaquePart,
    Options,
    Part,
    ReasoningPart,
    TextPart,
    ToolCall,
)

from ..dialect import NotCarried, Quirks
from ..media import read_data_url
from ..openai_forms.calls import call_id_mender, custom_input
from .wire import NAME

_DATA_URL_HEAD: Final = 128  # enough of a data URL to read its media type
_DOWN: Final = "Name a model whose provider speaks the dialect the request came in."


def write_input(
    messages: Sequence[Message], options: Options, quirks: Quirks, notes: list[str]
) -> tuple[str, list[dict[str, Any]], bool]:
    """(instructions, items, whether reasoning of this wire is among them). Raises NotCarried."""
    writer = _Items(options, quirks, notes)
    start = 0
    instructions: list[str] = []
    for message in messages:
        if message.role != "system" or not all(isinstance(part, TextPart) for part in message.parts):
            break
        instructions.append(message.text)
        start += 1
    # An input must have an item: a prompt of instructions alone stays among the items.
    if start == len(messages) and start:
        start -= 1
        instructions.pop()
    for message in messages[start:]:
        writer.write(message)
    return "\n\n".join(instructions), writer.items, writer.own_reasoning


class _Items:
    """Items in order, and which calls still wait for their results."""

    __slots__ = ("_customs", "_ids", "_made", "_notes", "_quirks", "_waiting", "items", "own_reasoning")

    def __init__(self, options: Options, quirks: Quirks, notes: list[str]) -> None:
        self.items: list[dict[str, Any]] = []
        self.own_reasoning = False
        self._quirks = quirks
        self._notes = notes
        self._customs: set[str] = set()
        self._waiting: list[str] = []
        self._made = 0
        self._ids = call_id_mender(quirks.call_ids)

    def write(self, message: Message) -> None:
        if message.name is not None and message.role != "tool":
            self._note("Names of speakers were left out: the Responses API has no place for them.")
        if message.role == "assistant":
            self._assistant(message)
        elif message.role == "tool":
            self._result(message)
        else:
            role = "user" if message.role == "user" else self._system_role()
            self.items.append({"role": role, "content": self._contents(message.parts)})

    def _system_role(self) -> str:
        return self._quirks.system_role

    def _assistant(self, message: Message) -> None:
        texts = self._texts(message.parts)
        if texts or message.tool_calls:
            for part in message.parts:
                if isinstance(part, ReasoningPart):
                    self._reasoning(part)
        elif any(isinstance(part, ReasoningPart) for part in message.parts):
            self._note("Reasoning that led to nothing was left out: the Responses API wants what it led to.")
        if texts:
            self.items.append({"role": "assistant", "content": "\n".join(texts)})
        for call in message.tool_calls:
            self._call(call)

    def _texts(self, parts: Iterable[Part]) -> list[str]:
        texts: list[str] = []
        for part in parts:
            if isinstance(part, TextPart):
                if part.text:
                    texts.append(part.text)
            elif not isinstance(part, ReasoningPart):
                raise NotCarried(
                    f"{_named(part)} in an earlier answer has no place in the Responses API.", remedy=_DOWN
                )
        return texts

    def _reasoning(self, part: ReasoningPart) -> None:
        if part.origin != NAME:
            self._note("Reasoning that another provider made was left out: this one cannot read it.")
            return
        if not part.data:
            # By identifier alone it is looked up among stored answers, and nothing is stored.
            self._note("Reasoning without its encrypted content was left out: nobody can read it again.")
            return
        self.own_reasoning = True
        item: dict[str, Any] = {
            "type": "reasoning",
            "summary": [{"type": "summary_text", "text": part.text}] if part.text else [],
            "encrypted_content": part.data,
        }
        if part.id:
            item["id"] = part.id
        self.items.append(item)

    def _call(self, call: ToolCall) -> None:
        call_id = call.id
        if not call_id:
            self._made += 1
            call_id = f"call_{self._made}"
        call_id = self._ids(call_id)
        self._waiting.append(call_id)
        if call.kind == "custom":
            self._customs.add(call_id)
            self.items.append(
                {
                    "type": "custom_tool_call",
                    "call_id": call_id,
                    "name": call.name,
                    "input": custom_input(call.arguments),
                }
            )
            return
        self.items.append(
            {"type": "function_call", "call_id": call_id, "name": call.name, "arguments": call.arguments or "{}"}
        )

    def _result(self, message: Message) -> None:
        call_id = message.tool_call_id
        if not call_id:  # wires without identifiers answer calls in their order
            call_id = self._waiting[0] if self._waiting else "call_0"
        call_id = self._ids(call_id)
        if call_id in self._waiting:
            self._waiting.remove(call_id)
        if message.failed:
            self._note("That a tool failed was left to its text: the Responses API has no mark for it.")
        plain = all(isinstance(part, TextPart) for part in message.parts)
        self.items.append(
            {
                "type": "custom_tool_call_output" if call_id in self._customs else "function_call_output",
                "call_id": call_id,
                "output": message.text if plain else self._contents(message.parts),
            }
        )

    def _contents(self, parts: Sequence[Part]) -> str | list[dict[str, Any]]:
        if len(parts) == 1 and isinstance(parts[0], TextPart):
            return parts[0].text
        return [self._content(part) for part in parts if not isinstance(part, ReasoningPart)]

    def _content(self, part: Part) -> dict[str, Any]:
        if isinstance(part, TextPart):
            return {"type": "input_text", "text": part.text}
        if isinstance(part, ImagePart):
            return self._image(part)
        if isinstance(part, FilePart) and peek(part, "url", 0)[1]:
            return _file(part)
        raise NotCarried(f"{_named(part)} has no place in the Responses API.", remedy=_DOWN)

    def _image(self, part: ImagePart) -> dict[str, Any]:
        if not self._quirks.image_urls and read_data_url(peek(part, "url", _DATA_URL_HEAD)[0]) is None:
            raise NotCarried(
                "This provider takes images only as data, not by address.",
                remedy="Send the image as a data: URL.",
            )
        return {"type": "input_image", "image_url": unread(part, "url"), "detail": part.detail or "auto"}

    def _note(self, text: str) -> None:
        if text not in self._notes:
            self._notes.append(text)


def _file(part: FilePart) -> dict[str, Any]:
    if peek(part, "url", 5)[0].lower() == "data:":
        return {"type": "input_file", "filename": part.name or "document.pdf", "file_data": unread(part, "url")}
    # The address has the name in it.
    return {"type": "input_file", "file_url": unread(part, "url")}


def _named(part: Part) -> str:
    if isinstance(part, AudioPart):
        return "Audio"
    if isinstance(part, FilePart):
        return "A file that only its provider can look up"
    if isinstance(part, ImagePart):
        return "An image"
    return f"Content of type {part.kind!r}" if isinstance(part, OpaquePart) else "Content"
