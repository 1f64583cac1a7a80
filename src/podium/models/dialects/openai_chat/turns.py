"""Canonical turns as this wire's messages: what has no place there is moved, said, or refused."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any, Final

from podium.core.deferred import peek, unread
from podium.core.messages import (
    AudioPart,
    CacheMark,
    FilePart,
    ImagePart,
    Message,
    OpaquePart,
    Part,
    ReasoningPart,
    TextPart,
)

from ..dialect import NotCarried, Quirks
from ..media import read_data_url
from ..openai_forms.calls import call_id_mender
from . import extensions
from .reasoning import reasoning_text, write_details
from .tool_calls import write_calls
from .wire import NAME

_DETAILS: Final = "reasoning_details"
_DATA_URL_HEAD: Final = 128
"""Enough of a data URL to read its media type."""
_FAILED: Final = "The tool failed: "
"""Tool messages have no field for it, and a model that takes an error for a result goes wrong."""


class Turns:
    """Messages under way, with what must be said about them."""

    def __init__(self, quirks: Quirks) -> None:
        self.messages: list[dict[str, Any]] = []
        self._quirks = quirks
        self._marks_left = self._moved = self._reasoning_left = False
        self._instruction = ""
        self._ids = call_id_mender(quirks.call_ids)

    def instruct(self, text: str) -> None:
        """One more instruction, to stand in the first system message. Before `add`."""
        self._instruction = text

    def add(self, messages: Sequence[Message]) -> None:
        """Every turn. Tool results must follow their calls without a gap, so pictures in them wait for the last."""
        waiting: list[Part] = []
        if self._instruction and (not messages or messages[0].role != "system"):
            self.messages.append({"role": self._quirks.system_role, "content": self._instruction})
            self._instruction = ""
        for message in messages:
            if message.role == "tool":
                self._tool_result(message, waiting)
                continue
            if waiting:
                self._put_moved(waiting)
            self._turn(message)
        if waiting:
            self._put_moved(waiting)

    def takes_mark(self) -> bool:
        """Whether a cache mark may be written; one that may not is remembered."""
        if self._quirks.cache_marks:
            return True
        self._marks_left = True
        return False

    def notes(self) -> list[str]:
        """What was left out or moved, a sentence each."""
        said = []
        if self._marks_left:
            said.append("Cache marks were left out: the provider's wire has none, it caches by itself or not at all.")
        if self._moved:
            said.append("Pictures and files in tool results were sent as a user message after them.")
        if self._reasoning_left:
            said.append("Earlier reasoning was left out: only the wire that made it can take it back.")
        return said

    def _turn(self, message: Message) -> None:
        role = self._quirks.system_role if message.role == "system" else message.role
        wire: dict[str, Any] = {"role": role}
        thoughts: list[ReasoningPart] = []
        parts: list[Part] = []
        for part in message.parts:
            if isinstance(part, ReasoningPart):
                thoughts.append(part)
            else:
                parts.append(part)
        if self._instruction and message.role == "system":
            parts.append(TextPart(self._instruction))
            self._instruction = ""
        if message.role == "assistant" and any(not isinstance(part, TextPart) for part in parts):
            raise _no_place(next(part for part in parts if not isinstance(part, TextPart)), "an assistant's message")
        content = self._content(parts, message.cache)
        wire["content"] = "" if content is None and not message.tool_calls else content
        if thoughts:
            self._put_reasoning(wire, thoughts)
        if message.tool_calls:
            wire["tool_calls"] = write_calls(message.tool_calls, self._ids)
            if any(call.cache is not None for call in message.tool_calls):
                self._marks_left = True
        if message.name is not None:
            wire["name"] = message.name
        self.messages.append(wire)

    def _tool_result(self, message: Message, waiting: list[Part]) -> None:
        texts: list[Part] = []
        for part in message.parts:
            (texts if isinstance(part, TextPart) else waiting).append(part)
        if message.failed:
            told = "\n".join(part.text for part in texts if isinstance(part, TextPart))
            texts = [TextPart(f"{_FAILED}{told or 'it gave no reason.'}")]
        content = self._content(texts, message.cache)
        wire = {
            "role": "tool",
            "tool_call_id": self._ids(message.tool_call_id or ""),
            "content": "" if content is None else content,
        }
        if message.name is not None:
            wire["name"] = message.name
        self.messages.append(wire)

    def _put_moved(self, waiting: list[Part]) -> None:
        self._moved = True
        self.messages.append({"role": "user", "content": self._content(waiting, None)})
        waiting.clear()

    def _content(self, parts: Sequence[Part], mark: CacheMark | None) -> str | list[dict[str, Any]] | None:
        """Plain text where it is nothing else: some servers take no other form."""
        if not parts:
            return None
        marked = mark is not None or any(getattr(part, "cache", None) is not None for part in parts)
        marking = marked and self.takes_mark()
        if not marking:
            texts = [part.text for part in parts if isinstance(part, TextPart)]
            if len(texts) == len(parts):
                return "\n".join(texts)
        wire = [_wire_part(part) for part in parts]
        if marking:
            for place, part in enumerate(parts):
                own = getattr(part, "cache", None) or (mark if place == len(parts) - 1 else None)
                if own is not None:
                    wire[place]["cache_control"] = extensions.write_mark(own)
        return wire

    def _put_reasoning(self, wire: dict[str, Any], thoughts: Sequence[ReasoningPart]) -> None:
        """In the field the provider takes it in; its own only, but for the one form that names each block's maker."""
        taken = self._quirks.reasoning_field
        if taken == _DETAILS:
            wire[_DETAILS] = write_details(thoughts)
            return
        own = [part for part in thoughts if part.origin in (NAME, "") and part.text]
        if taken and own:
            wire[taken] = reasoning_text(own)
        # Plain text that the provider does not ask for is left out by its own rules, which is no loss to speak of.
        if any(part.origin not in (NAME, "") or part.data is not None for part in thoughts):
            self._reasoning_left = True


def _wire_part(part: Part) -> dict[str, Any]:
    if isinstance(part, TextPart):
        return {"type": "text", "text": part.text}
    if isinstance(part, ImagePart):
        image: dict[str, Any] = {"url": unread(part, "url")}
        if part.detail is not None:
            image["detail"] = part.detail
        return {"type": "image_url", "image_url": image}
    if isinstance(part, AudioPart):
        return {"type": "input_audio", "input_audio": {"data": unread(part, "data"), "format": part.format}}
    if isinstance(part, FilePart):
        return _wire_file(part)
    raise _no_place(part, "an OpenAI chat message")


def _wire_file(part: FilePart) -> dict[str, Any]:
    """Files go whole or by the provider's own identifier; text files as the text they are (only PDFs are taken)."""
    start, length = peek(part, "url", _DATA_URL_HEAD)
    if not length:
        if part.file_id is None:
            raise _no_place(part, "an OpenAI chat message")
        return {"type": "file", "file": {"file_id": part.file_id}}
    seen = read_data_url(start)
    if seen is None:
        raise NotCarried(
            "The provider's wire takes a file's bytes and not its address.",
            remedy="Send the file itself, as base64.",
            param="messages",
        )
    if seen.media_type.startswith("text/"):
        text = _text_of((part.url or "").partition(",")[2])
        if text is not None:
            return {"type": "text", "text": f"{part.name}:\n{text}" if part.name else text}
    return {"type": "file", "file": {"filename": part.name or "document.pdf", "file_data": unread(part, "url")}}


def _text_of(data: str) -> str | None:
    try:
        return base64.b64decode(data, validate=True).decode()
    except (binascii.Error, ValueError):
        return None


def _no_place(part: Part, where: str) -> NotCarried:
    kind = part.kind if isinstance(part, OpaquePart) else type(part).__name__.removesuffix("Part").lower()
    return NotCarried(
        f"A content part of type {kind!r} has no place in {where}.",
        remedy="Name a model whose provider speaks the dialect the request came in.",
        param="messages",
    )
