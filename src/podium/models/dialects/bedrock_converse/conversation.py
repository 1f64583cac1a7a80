"""Canonical messages as this wire's turns: two roles that alternate, results first, reasoning where it leads."""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import blake2s
from typing import Any

import msgspec
from msgspec import Raw

from podium.core.messages import CacheMark, Message, Part, ReasoningPart, TextPart, ToolCall

from ..dialect import NotCarried
from .families import Family
from .media_blocks import MediaBlocks
from .wire import NAME

Block = dict[str, Any]
_arguments_decoder = msgspec.json.Decoder(dict[str, Raw])
_encoder = msgspec.json.Encoder()
_NO_ARGUMENTS = Raw(b"{}")
_ID = re.compile(r"[a-zA-Z0-9_.:-]{1,64}")
_NOT_ID = re.compile(r"[^a-zA-Z0-9_.:-]")
_NOT_NAME = re.compile(r"[^a-zA-Z0-9_-]")
_STEM = 48
_LONGEST_NAME = 64
_OPENING = "(The assistant speaks first.)"
_DOCUMENT = "(A document.)"
_EMPTY_FAILURE = "The tool failed and said nothing."
_REASONS_TOO = "anthropic"
"""A dialect whose signatures Claude on Bedrock reads too: the Claude platform's page "Extended thinking" calls
`signature` values compatible across the Claude API, Amazon Bedrock and Vertex AI. What the `data` of a redacted block
becomes as a blob here is written nowhere, so such a block goes back only to the wire it came from."""


class _Turn:
    """A turn under way; results stand before whatever else it says."""

    __slots__ = ("blocks", "results", "role")

    def __init__(self, role: str) -> None:
        self.role = role
        self.results: list[Block] = []
        self.blocks: list[Block] = []


class Conversation:
    """Builds `system` and `messages` for one request."""

    def __init__(self, family: Family) -> None:
        self.system: list[Block] = []
        self.turns: list[dict[str, Any]] = []
        self.notes: list[str] = []
        self.used_tools: dict[str, None] = {}
        """Names of tools the conversation called: `toolConfig` must be there then, whatever is offered now."""
        self._family = family
        self._media = MediaBlocks(self._note)
        self._under_way: list[_Turn] = []
        # Calls without an identifier of their own get one; results without one answer the first that is open.
        self._minted = 0
        self._open: list[tuple[str, str]] = []

    def read(self, messages: Sequence[Message]) -> None:
        """Raises NotCarried."""
        for message in messages:
            if message.role == "system":
                self._say_system(message)
            elif message.role == "assistant":
                self._turn("assistant").blocks += self._assistant(message)
            elif message.role == "tool":
                self._turn("user").results += self._tool_result(message)
            else:
                self._turn("user").blocks += self._marked(self._blocks(message.parts), message.cache)
            if message.name is not None and message.role != "tool":
                self._note("Names of a conversation's participants were left out.")
        self._finish()

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    def _turn(self, role: str) -> _Turn:
        if not self._under_way or self._under_way[-1].role != role:
            # A turn that says nothing does not part those around it.
            while self._under_way and not (self._under_way[-1].results or self._under_way[-1].blocks):
                self._under_way.pop()
            if not self._under_way or self._under_way[-1].role != role:
                self._under_way.append(_Turn(role))
        return self._under_way[-1]

    # --- turns -----------------------------------------------------------------------------------------------------

    def _say_system(self, message: Message) -> None:
        blocks: list[Block] = []
        for part in message.parts:
            if not isinstance(part, TextPart):
                raise NotCarried("Instructions hold something that is not text, and this wire takes only text there.")
            if part.text.strip():
                blocks += self._marked([{"text": part.text}], part.cache)
        if blocks and self._under_way:
            self._note("Instructions given in the middle of the conversation were moved to its beginning.")
        self.system += self._marked(blocks, message.cache)

    def _assistant(self, message: Message) -> list[Block]:
        blocks: list[Block] = []
        for part in message.parts:
            if isinstance(part, ReasoningPart):
                blocks += self._reasoning(part)
            else:
                blocks += self._block(part)
        # Reasoning leads; where it is interleaved the order is the one it came in, and must stay.
        if blocks and "reasoningContent" not in blocks[0]:
            blocks.sort(key=lambda block: "reasoningContent" not in block)
        self._open = []
        for call in message.tool_calls:
            blocks += self._marked([self._call(call)], call.cache)
        return self._marked(blocks, message.cache)

    def _reasoning(self, part: ReasoningPart) -> list[Block]:
        mine = part.origin == NAME
        if self._family.reads_reasoning:
            if mine and part.data is not None:
                return [{"reasoningContent": {"redactedContent": part.data}}]
            readable = mine or (self._family.claude and part.origin == _REASONS_TOO)
            if readable and part.signature and part.data is None:
                return [{"reasoningContent": {"reasoningText": {"text": part.text, "signature": part.signature}}}]
        self._note("Reasoning from earlier in the conversation that this model does not take back was left out.")
        return []

    def _call(self, call: ToolCall) -> Block:
        if call.id:
            call_id = permitted_id(call.id)
        else:
            call_id = f"tooluse_podium_{self._minted}"
            self._minted += 1
        name = _NOT_NAME.sub("_", call.name)[:_LONGEST_NAME] or "_"
        self._open.append((call_id, call.name))
        self.used_tools[name] = None
        return {"toolUse": {"toolUseId": call_id, "name": name, "input": self._arguments(call.arguments)}}

    def _arguments(self, text: str) -> Raw:
        """The object the text stands for. What is none is shown to the model as it was written: the tool's result
        will say what was wrong with it, and a refusal would end the whole conversation."""
        if not text.strip():
            return _NO_ARGUMENTS
        try:
            _arguments_decoder.decode(text)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            self._note("A tool call's arguments are not a JSON object: they were sent as `invalid_arguments`.")
            return Raw(_encoder.encode({"invalid_arguments": text}))
        return Raw(text.encode())

    def _tool_result(self, message: Message) -> list[Block]:
        marks = [mark for part in message.parts if (mark := getattr(part, "cache", None)) is not None]
        # There is no place for a cache point inside a result; what was marked there is kept up to the result's end.
        content = [block for block in self._blocks(message.parts) if "cachePoint" not in block]
        if not content and message.failed:
            content = [{"text": _EMPTY_FAILURE}]  # an error without content is refused
        result: Block = {"toolUseId": self._answered(message), "content": content}
        if message.failed and self._family.tool_status:
            result["status"] = "error"
        elif message.failed:
            self._note("That a tool's result reports a failure could be said in its own words alone.")
        return self._marked([{"toolResult": result}], message.cache or (marks[-1] if marks else None))

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

    def _blocks(self, parts: Sequence[Part]) -> list[Block]:
        return [block for part in parts for block in self._block(part)]

    def _block(self, part: Part) -> list[Block]:
        """The part's block and the cache point after it; none for text without a word: the API refuses it."""
        if isinstance(part, TextPart):
            return self._marked([{"text": part.text}], part.cache) if part.text.strip() else []
        if isinstance(part, ReasoningPart):
            self._note("Reasoning outside an assistant's turn was left out.")
            return []
        return self._marked([self._media.block(part)], getattr(part, "cache", None))

    def _marked(self, blocks: list[Block], cache: CacheMark | None) -> list[Block]:
        """With a cache point at the end, where one is asked for and none is there. Reasoning cannot be marked."""
        if cache is None or not blocks or "cachePoint" in blocks[-1] or "reasoningContent" in blocks[-1]:
            return blocks
        point = cache_point(cache, self._family, tools=False, notes=self.notes)
        return blocks if point is None else [*blocks, point]

    # --- both ends -------------------------------------------------------------------------------------------------

    def _finish(self) -> None:
        for turn in self._under_way:
            blocks = turn.results + turn.blocks
            if any("document" in block for block in blocks) and not any("text" in block for block in blocks):
                blocks.append({"text": _DOCUMENT})  # a document without a word beside it is refused
            if blocks:
                self.turns.append({"role": turn.role, "content": blocks})
        if not self.turns:
            if not self.system:
                raise NotCarried("The request says nothing: all its messages are empty.", param="messages")
            # Instructions alone are a request elsewhere; here somebody must have said them.
            self.turns.append({"role": "user", "content": self.system})
            self.system = []
        if self.turns[0]["role"] != "user":
            self.turns.insert(0, {"role": "user", "content": [{"text": _OPENING}]})
        if self.turns[-1]["role"] == "assistant":
            self._check_begun(self.turns[-1]["content"])

    def _check_begun(self, content: list[Block]) -> None:
        """The conversation ends with the model's own turn: it is to go on from there, which few can."""
        if any("toolUse" in block for block in content):
            raise NotCarried("The conversation ends with a tool call that has no result.", remedy="Send its result.")
        if not self._family.prefill:
            raise NotCarried(
                "The conversation ends with the assistant's turn, and this model does not go on from one.",
                remedy="End with a user's message, or name a model that takes prefill.",
            )
        if "text" in content[-1]:
            content[-1]["text"] = content[-1]["text"].rstrip()  # trailing white space is refused, and means nothing

    @property
    def prefilled(self) -> bool:
        """Whether the answer goes on from a turn already begun."""
        return bool(self.turns[-1]["role"] == "assistant")

    @property
    def bare_call(self) -> bool:
        """Whether the turn under way waits for a call's result and began without reasoning."""
        if len(self.turns) < 2 or "toolResult" not in self.turns[-1]["content"][0]:
            return False
        return "reasoningContent" not in self.turns[-2]["content"][0]


def cache_point(cache: CacheMark, family: Family, *, tools: bool, notes: list[str]) -> Block | None:
    """A cache point for a mark; None, noted, where the model takes none."""
    if not (family.cache_tools if tools else family.cache):
        note = "Cache marks on tools were left out" if tools else "Cache marks were left out"
        _add(notes, f"{note}: the model takes none.")
        return None
    if cache == "5m":
        return {"cachePoint": {"type": "default"}}
    if not family.cache_hour:
        _add(notes, "The model keeps a marked prompt for five minutes, not for as long as was asked.")
        return {"cachePoint": {"type": "default"}}
    return {"cachePoint": {"type": "default", "ttl": cache}}


def _add(notes: list[str], text: str) -> None:
    if text not in notes:
        notes.append(text)


def permitted_id(call_id: str) -> str:
    """The id in the characters and length this wire permits: always the same for the same call."""
    if _ID.fullmatch(call_id):
        return call_id
    digest = blake2s(call_id.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
    return f"{_NOT_ID.sub('_', call_id)[:_STEM]}_{digest}"
