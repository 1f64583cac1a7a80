"""A conversation written: canonical messages as systemInstruction and contents.

Source: the Gemini API's pages "Function calling" (results in one turn, in the order of the calls) and "Thought
signatures" (the first call of a step needs one from Gemini 3 on).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Raw

from podium.core.messages import Message, Part, ReasoningPart, TextPart, ToolCall

from ..dialect import NotCarried
from .media_parts import wire_part
from .signatures import PLACEHOLDER, is_sealed
from .thinking import is_third_generation
from .wire import NAME

_object_decoder = msgspec.json.Decoder(dict[str, Raw])


class Turns:
    """Contents under construction, with notes on what had to stay behind."""

    __slots__ = ("_ids", "_model", "_names", "_order", "_third", "contents", "notes", "system")

    def __init__(self, messages: Sequence[Message], *, model: str, ids: bool = True) -> None:
        """`ids`: whether the provider takes identifiers of calls. Raises NotCarried."""
        self.contents: list[dict[str, Any]] = []
        self.system: list[dict[str, Any]] = []
        self.notes: list[str] = []
        self._model = model
        self._ids = ids
        self._third = is_third_generation(model)
        self._names: dict[str, str] = {}
        self._order: dict[str, int] = {}
        results: list[Message] = []
        for place, message in enumerate(messages):
            if message.role == "tool":
                results.append(message)
                continue
            self._results(results)
            results = []
            if message.role == "system":
                self.system += self._parts(message.parts)
            elif message.role == "assistant":
                self._add("model", self._assistant(message, place))
            else:
                self._add("user", self._parts(message.parts))
            if message.name is not None:
                self._note("Gemini has no names for participants; they were left out.")
        self._results(results)
        for content in self.contents:
            if content["role"] == "model":
                self._sign(content["parts"])
        if not self.contents and self.system:
            # The wire needs a turn to answer.
            self.contents, self.system = [{"role": "user", "parts": self.system}], []

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    def _add(self, role: str, parts: list[dict[str, Any]]) -> None:
        if not parts:
            return
        if self.contents and self.contents[-1]["role"] == role:
            self.contents[-1]["parts"] += parts
        else:
            self.contents.append({"role": role, "parts": parts})

    def _parts(self, parts: Sequence[Part]) -> list[dict[str, Any]]:
        written: list[dict[str, Any]] = []
        for part in parts:
            if isinstance(part, ReasoningPart):
                continue  # reasoning is the model's own
            if isinstance(part, TextPart) and not part.text and part.signature is None:
                continue  # the API refuses a part without content
            written.append(wire_part(part, model=self._model, note=self._note))
        return written

    def _assistant(self, message: Message, place: int) -> list[dict[str, Any]]:
        written: list[dict[str, Any]] = []
        late: list[str] = []
        for part in message.parts:
            if not isinstance(part, ReasoningPart):
                continue
            if part.origin != NAME:
                self._note("Another model's reasoning is unreadable to Gemini; it was left out.")
            elif part.text:
                signed = {} if part.signature is None else {"thoughtSignature": part.signature}
                written.append({"text": part.text, "thought": True, **signed})
            elif part.signature is not None:
                late.append(part.signature)
        written += self._parts(message.parts)
        for signature in late:
            last = written[-1] if written and not message.tool_calls else {}
            if "text" in last and "thought" not in last and "thoughtSignature" not in last:
                last["thoughtSignature"] = signature
            else:
                written.append({"text": "", "thoughtSignature": signature})
        if message.tool_calls:
            self._order = {}
        for index, call in enumerate(message.tool_calls):
            self._names[call.id] = call.name
            self._order[call.id] = index
            written.append(self._call(call, f"messages[{place}].tool_calls[{index}]"))
        return written

    def _call(self, call: ToolCall, place: str) -> dict[str, Any]:
        function: dict[str, Any] = {"name": call.name, "args": arguments_object(call.arguments, place)}
        if self._ids and call.id:
            function["id"] = call.id
        written: dict[str, Any] = {"functionCall": function}
        if call.signature is not None and not is_sealed(call.signature):
            written["thoughtSignature"] = call.signature
        return written

    def _sign(self, parts: list[dict[str, Any]]) -> None:
        """The first call of a turn with the signature it must have: the turn's own, if that came late on an empty
        text, else what Google says to send with a call that Gemini did not make."""
        first = next((part for part in parts if "functionCall" in part), None)
        if first is None or "thoughtSignature" in first:
            return
        late = [place for place, part in enumerate(parts) if part.get("text") == "" and "thoughtSignature" in part]
        if late:
            first["thoughtSignature"] = parts.pop(late[-1])["thoughtSignature"]
        elif self._third:
            first["thoughtSignature"] = PLACEHOLDER

    def _results(self, results: Sequence[Message]) -> None:
        """All results of one step in one turn, in the order of their calls; what came with them last."""
        if not results:
            return
        ordered = sorted(results, key=lambda message: self._order.get(message.tool_call_id or "", len(self._order)))
        beside: list[dict[str, Any]] = []
        written = [self._result(message, beside) for message in ordered]
        self._add("user", written + beside)

    def _result(self, message: Message, beside: list[dict[str, Any]]) -> dict[str, Any]:
        name = self._names.get(message.tool_call_id or "") or message.name
        if not name:
            raise NotCarried(
                f"A tool's result answers the call {message.tool_call_id!r}, which is not in the conversation.",
                remedy="Send the assistant's turn with the call before its result.",
                param="messages",
            )
        response: dict[str, Any] = {"name": name, "response": _response(message)}
        if self._ids and message.tool_call_id:
            response["id"] = message.tool_call_id
        media = self._parts([part for part in message.parts if not isinstance(part, TextPart)])
        if media and self._third:
            response["parts"] = media
        else:
            beside += media
        return {"functionResponse": response}


def arguments_object(arguments: str, place: str) -> Raw:
    """A call's arguments as the wire's object, digit for digit. Raises NotCarried for what is none."""
    if not arguments.strip():
        return Raw(b"{}")
    try:
        _object_decoder.decode(arguments)
        return Raw(arguments.encode())
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as exc:
        raise NotCarried(
            "Gemini takes a call's arguments as an object, and these are none.",
            remedy="Leave the broken call out of the conversation.",
            param=f"{place}.arguments",
        ) from exc


def _response(message: Message) -> Any:
    text = message.text
    if message.failed:
        return {"error": text}
    if text.startswith("{"):
        try:
            _object_decoder.decode(text)
            return Raw(text.encode())
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            return {"result": text}
    return {"result": text}
