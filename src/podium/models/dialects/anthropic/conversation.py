"""Canonical messages as this wire's turns: roles alternate, results come first, reasoning stands where it stood."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as BadBase64
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Raw

from podium.core.messages import (
    AudioPart,
    CacheMark,
    FilePart,
    ImagePart,
    Message,
    Part,
    ReasoningPart,
    TextPart,
    ToolCall,
)

from ..dialect import NotCarried, Quirks
from ..media import read_data_url
from .generations import Generation
from .seals import claude_signature, permitted_id
from .wire import NAME

Block = dict[str, Any]
_IMAGES = {"image/jpg": "image/jpeg", **{name: name for name in ("image/jpeg", "image/png", "image/gif", "image/webp")}}
_arguments_decoder = msgspec.json.Decoder(dict[str, Raw])
_encoder = msgspec.json.Encoder()
_OPENING = "(The assistant speaks first.)"
_NO_ARGUMENTS = Raw(b"{}")


class Conversation:
    """Builds `system` and `messages` for one request."""

    def __init__(self, generation: Generation, quirks: Quirks) -> None:
        self.system: list[Block] = []
        self.turns: list[dict[str, Any]] = []
        self.notes: list[str] = []
        self._generation = generation
        self._quirks = quirks
        # Calls without an identifier of their own get one; results without one answer the first that is open.
        self._minted = 0
        self._open: list[tuple[str, str]] = []

    def read(self, messages: Sequence[Message]) -> None:
        """Raises NotCarried."""
        for place, message in enumerate(messages):
            if message.role == "system":
                self._say_system(message, messages[place + 1] if place + 1 < len(messages) else None)
            elif message.role == "assistant":
                self._add("assistant", self._assistant(message), message.cache)
            elif message.role == "tool":
                self._add("user", [self._tool_result(message)], None)
            else:
                self._add("user", self._blocks(message), message.cache)
            if message.name is not None and message.role != "tool":
                self._note("Names of a conversation's participants were left out.")
        self._finish()

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    # --- turns -----------------------------------------------------------------------------------------------------

    def _add(self, role: str, blocks: list[Block], cache: CacheMark | None) -> None:
        if not blocks:
            return
        if cache is not None:
            _mark(blocks[-1], cache)
        if not self.turns or self.turns[-1]["role"] != role:
            self.turns.append({"role": role, "content": blocks})
            return
        content: list[Block] = self.turns[-1]["content"]
        if role == "user" and blocks[0]["type"] == "tool_result":
            # The API takes results only before anything else the turn says.
            results = sum(1 for block in content if block["type"] == "tool_result")
            content[results:results] = blocks
        else:
            content.extend(blocks)

    def _say_system(self, message: Message, after: Message | None) -> None:
        blocks = []
        for part in message.parts:
            if not isinstance(part, TextPart):
                raise NotCarried("Instructions hold something that is not text, and this wire takes only text there.")
            if part.text.strip():
                blocks.append(marked({"type": "text", "text": part.text}, part.cache))
        if not blocks:
            return
        if message.cache is not None:
            _mark(blocks[-1], message.cache)
        if not self.turns:
            self.system.extend(blocks)
        elif self._generation.late_system and self.turns[-1]["role"] == "user" and _answers(after):
            self.turns.append({"role": "system", "content": blocks})
        else:
            self.system.extend(blocks)
            self._note("Instructions given in the middle of the conversation were moved to its beginning.")

    def _assistant(self, message: Message) -> list[Block]:
        blocks: list[Block] = []
        for part in message.parts:
            if isinstance(part, ReasoningPart):
                block = self._reasoning(part)
                if block is not None:
                    blocks.append(block)
            else:
                blocks.extend(self._block(part))
        # Thinking leads; where it is interleaved the order is the one it came in, and must stay.
        if blocks and not _thinks(blocks[0]):
            blocks.sort(key=lambda block: not _thinks(block))
        self._open = []
        blocks.extend(self._call(call) for call in message.tool_calls)
        return blocks

    def _reasoning(self, part: ReasoningPart) -> Block | None:
        if part.origin == NAME and part.data is not None:
            return {"type": "redacted_thinking", "data": part.data}
        signature = claude_signature(part)
        if signature is not None:
            return {"type": "thinking", "thinking": part.text, "signature": signature}
        self._note("Reasoning that another model wrote earlier in the conversation was left out.")
        return None

    def _call(self, call: ToolCall) -> Block:
        if call.id:
            call_id = permitted_id(call.id)
        else:
            call_id = f"toolu_podium_{self._minted}"
            self._minted += 1
        self._open.append((call_id, call.name))
        return marked(
            {"type": "tool_use", "id": call_id, "name": call.name, "input": self._arguments(call.arguments)}, call.cache
        )

    def _arguments(self, text: str) -> Raw:
        """The object the text stands for, as it stands there. What is none is shown to the model as it was written:
        the tool's result will say what was wrong with it, and a refusal would end the whole conversation."""
        if not text.strip():
            return _NO_ARGUMENTS
        try:
            _arguments_decoder.decode(text)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            self._note("A tool call's arguments are not a JSON object: they were sent as `invalid_arguments`.")
            return Raw(_encoder.encode({"invalid_arguments": text}))
        return Raw(text.encode())

    def _tool_result(self, message: Message) -> Block:
        block: Block = {"type": "tool_result", "tool_use_id": self._answered(message)}
        content = self._blocks(message)
        if len(content) == 1 and content[0].keys() == {"type", "text"}:
            block["content"] = content[0]["text"]
        elif content:
            block["content"] = content
        if message.failed:
            block["is_error"] = True
        return marked(block, message.cache)

    def _answered(self, message: Message) -> str:
        if message.tool_call_id:
            answered = permitted_id(message.tool_call_id)
            self._open = [(call_id, name) for call_id, name in self._open if call_id != answered]
            return answered
        place = next((at for at, (_, name) in enumerate(self._open) if name == message.name), 0)
        if not self._open:
            raise NotCarried("A tool's result says neither which call it answers nor is there a call left to answer.")
        return self._open.pop(place)[0]

    # --- blocks ----------------------------------------------------------------------------------------------------

    def _blocks(self, message: Message) -> list[Block]:
        return [block for part in message.parts for block in self._block(part)]

    def _block(self, part: Part) -> list[Block]:
        """One block, or none for text without a word: the API refuses empty text."""
        if isinstance(part, TextPart):
            return [marked({"type": "text", "text": part.text}, part.cache)] if part.text.strip() else []
        if isinstance(part, ImagePart):
            if part.detail not in (None, "auto"):
                self._note("How finely an image should be looked at was left out.")
            return [marked({"type": "image", "source": self._image(part.url)}, part.cache)]
        if isinstance(part, FilePart):
            return [self._file(part)]
        if isinstance(part, AudioPart):
            raise NotCarried("Anthropic's models do not hear: the request holds sound.", remedy="Transcribe it first.")
        if isinstance(part, ReasoningPart):
            self._note("Reasoning outside an assistant's turn was left out.")
            return []
        raise NotCarried(f"A content part of type {part.kind!r} cannot be written for Anthropic.")

    def _image(self, url: str) -> Block:
        if url[:5].lower() != "data:":
            if not self._quirks.image_urls:
                raise NotCarried("The provider does not fetch images by address.", remedy="Send the image as data.")
            return {"type": "url", "url": url}
        data = read_data_url(url)
        media_type = _IMAGES.get(data.media_type) if data else None
        if data is None or media_type is None:
            raise NotCarried(
                "Anthropic takes images as base64 JPEG, PNG, GIF or WebP, and one here is something else.",
                remedy="Convert the image.",
            )
        return {"type": "base64", "media_type": media_type, "data": data.data}

    def _file(self, part: FilePart) -> Block:
        if part.url is None:
            raise NotCarried(
                "A file is named by an identifier that another provider gave it.", remedy="Send the file's content."
            )
        data = read_data_url(part.url)
        if data is None:
            if part.url[:5].lower() == "data:":
                raise NotCarried("A file's content is not base64.", remedy="Send it as a base64 data URL.")
            return _document({"type": "url", "url": part.url}, part)
        if data.media_type in _IMAGES:
            return marked({"type": "image", "source": self._image(part.url)}, part.cache)
        if data.media_type == "application/pdf":
            return _document({"type": "base64", "media_type": data.media_type, "data": data.data}, part)
        if data.media_type.startswith("text/") or data.media_type == "application/json":
            return _document({"type": "text", "media_type": "text/plain", "data": _plain(data.data)}, part)
        raise NotCarried(f"Anthropic reads PDF and plain text; a file here is {data.media_type}.")

    # --- both ends -------------------------------------------------------------------------------------------------

    def _finish(self) -> None:
        if not self.turns:
            if not self.system:
                raise NotCarried("The request says nothing: all its messages are empty.", param="messages")
            # Instructions alone are a request elsewhere; here somebody must have said them.
            self.turns.append({"role": "user", "content": self.system})
            self.system = []
        if self.turns[0]["role"] != "user":
            self.turns.insert(0, {"role": "user", "content": [{"type": "text", "text": _OPENING}]})
        last = self.turns[-1]
        if last["role"] != "assistant":
            return
        if last["content"][-1]["type"] == "tool_use":
            raise NotCarried("The conversation ends with a tool call that has no result.", remedy="Send its result.")
        if not self._generation.prefill:
            raise NotCarried(
                "The conversation ends with the assistant's turn, and this model does not go on from one.",
                remedy="End with a user's message, or name a model that takes prefill.",
            )
        text = last["content"][-1]
        if text["type"] == "text":
            text["text"] = text["text"].rstrip()  # trailing white space is refused, and means nothing here

    @property
    def prefilled(self) -> bool:
        """Whether the answer goes on from a turn already begun."""
        return bool(self.turns[-1]["role"] == "assistant")

    @property
    def bare_call(self) -> bool:
        """Whether the turn under way waits for a call's result and began without thinking."""
        last = self.turns[-1]["content"]
        if len(self.turns) < 2 or last[0]["type"] != "tool_result":
            return False
        return not _thinks(self.turns[-2]["content"][0])


def _answers(after: Message | None) -> bool:
    """Whether what follows instructions is the model's turn: elsewhere the API refuses them."""
    return after is None or after.role == "assistant"


def _thinks(block: Block) -> bool:
    return block.get("type") in ("thinking", "redacted_thinking")


def _document(source: Block, part: FilePart) -> Block:
    block: Block = {"type": "document", "source": source}
    if part.name:
        block["title"] = part.name
    return marked(block, part.cache)


def _plain(data: str) -> str:
    try:
        return b64decode(data, validate=True).decode("utf-8")
    except (BadBase64, ValueError) as exc:
        raise NotCarried("A text file's content is not base64 of UTF-8.") from exc


def marked(block: Block, cache: CacheMark | None) -> Block:
    """The block, with a cache mark where one is asked for."""
    if cache is not None:
        _mark(block, cache)
    return block


def _mark(block: Block, cache: CacheMark) -> None:
    """Thinking cannot be marked itself; it is kept with the turn it belongs to."""
    if _thinks(block):
        return
    block["cache_control"] = {"type": "ephemeral"} if cache == "5m" else {"type": "ephemeral", "ttl": cache}
