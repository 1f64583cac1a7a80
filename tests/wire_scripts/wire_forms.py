"""What the four wires look like from the provider's side, written by hand from their references.

Sources: the API references of OpenAI (chat completions, responses), Anthropic (messages) and Google (generateContent).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

PIECES = ("Grüße, ", "5 €", " 😀", " done")
TEXT = "".join(PIECES)
WIRES = ("openai-chat", "openai-responses", "anthropic", "gemini")
USED = (7, 5)
"""Tokens in and out, as the scripted providers state them."""
UNSTATED: Any = object()


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def event(value: Any, name: str = "") -> bytes:
    """One server-sent event."""
    return (f"event: {name}\n".encode() if name else b"") + b"data: " + _json(value) + b"\n\n"


class Form:
    """One wire: how a provider answers on it."""

    name = ""
    finish = "stop"
    usage_key = ""

    def usage(self, read: Any, written: Any) -> Any:
        raise NotImplementedError

    def answer(self, text: str, *, finish: str = "", usage: Any = None, **more: Any) -> dict[str, Any]:
        """A whole answer."""
        raise NotImplementedError

    def called(self, arguments: str) -> dict[str, Any]:
        """A whole answer that calls `look`."""
        raise NotImplementedError

    def opening(self) -> list[bytes]:
        raise NotImplementedError

    def text(self, piece: str) -> bytes:
        raise NotImplementedError

    def closing(self, text: str, *, finish: str = "", usage: Any = None) -> list[bytes]:
        """The finish and the figures; not the end mark."""
        raise NotImplementedError

    def mark(self) -> list[bytes]:
        """The end mark, where it is not the finish itself."""
        return []

    def error(self) -> bytes:
        """An error inside a stream."""
        raise NotImplementedError

    def figures(self, usage: Any) -> Any:
        return self.usage(*USED) if usage is None else usage

    def body(self, text: str = TEXT, **given: Any) -> bytes:
        return _json(self.answer(text, **given))

    def stream(self, pieces: Sequence[str] = PIECES, *, mark: bool = True, **given: Any) -> list[bytes]:
        """A whole stream, event by event."""
        said = [self.text(piece) for piece in pieces]
        return [*self.opening(), *said, *self.closing("".join(pieces), **given), *(self.mark() if mark else ())]


class ChatForm(Form):
    name = "openai-chat"
    usage_key = "usage"

    def usage(self, read: Any, written: Any) -> Any:
        return {"prompt_tokens": read, "completion_tokens": written}

    def answer(self, text: str, *, finish: str = "", usage: Any = None, **more: Any) -> dict[str, Any]:
        message = {"role": "assistant", "content": text, **more}
        choice = {"index": 0, "message": message, "finish_reason": finish or "stop"}
        whole = {"id": "c1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
        return whole if usage is UNSTATED else {**whole, "usage": self.figures(usage)}

    def called(self, arguments: str) -> dict[str, Any]:
        call = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": arguments}}
        return self.answer("", finish="tool_calls", tool_calls=[call])

    def _chunk(self, delta: Any, finish: Any = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return event({"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]})

    def opening(self) -> list[bytes]:
        return [self._chunk({"role": "assistant", "content": ""})]

    def text(self, piece: str) -> bytes:
        return self._chunk({"content": piece})

    def closing(self, text: str, *, finish: str = "", usage: Any = None) -> list[bytes]:
        end = [self._chunk({}, finish or "stop")]
        if usage is not UNSTATED:
            end.append(event({"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m",
                              "choices": [], "usage": self.figures(usage)}))  # fmt: skip
        return end

    def mark(self) -> list[bytes]:
        return [b"data: [DONE]\n\n"]

    def error(self) -> bytes:
        return event({"error": {"message": "the engine fell over", "type": "server_error", "code": "engine"}})


class ResponsesForm(Form):
    name = "openai-responses"
    usage_key = "usage"

    def usage(self, read: Any, written: Any) -> Any:
        return {"input_tokens": read, "output_tokens": written}

    def _message(self, text: str) -> dict[str, Any]:
        content = [{"type": "output_text", "text": text, "annotations": []}]
        return {"id": "msg_1", "type": "message", "status": "completed", "role": "assistant", "content": content}

    def answer(self, text: str, *, finish: str = "", usage: Any = None, **more: Any) -> dict[str, Any]:
        base = {"id": "resp_1", "object": "response", "created_at": 1, "model": "m", "error": None,
                "parallel_tool_calls": True, "tool_choice": "auto", "tools": []}  # fmt: skip
        whole = {**base, "status": finish or "completed", "output": [self._message(text)], **more}
        return whole if usage is UNSTATED else {**whole, "usage": self.figures(usage)}

    def called(self, arguments: str) -> dict[str, Any]:
        call = {"id": "fc_1", "type": "function_call", "status": "completed", "call_id": "call_1", "name": "look",
                "arguments": arguments}  # fmt: skip
        return self.answer("", output=[call])

    def _event(self, kind: str, **fields: Any) -> bytes:
        return event({"type": kind, **fields}, kind)

    def opening(self) -> list[bytes]:
        begun = {**self.answer(""), "status": "in_progress", "output": [], "usage": None}
        item = {**self._message(""), "status": "in_progress", "content": []}
        part = {"type": "output_text", "text": "", "annotations": []}
        return [
            self._event("response.created", response=begun, sequence_number=0),
            self._event("response.in_progress", response=begun, sequence_number=1),
            self._event("response.output_item.added", output_index=0, item=item, sequence_number=2),
            self._event("response.content_part.added", output_index=0, content_index=0, item_id="msg_1", part=part,
                        sequence_number=3),
        ]  # fmt: skip

    def text(self, piece: str) -> bytes:
        return self._event("response.output_text.delta", output_index=0, content_index=0, item_id="msg_1",
                           delta=piece, sequence_number=4)  # fmt: skip

    def closing(self, text: str, *, finish: str = "", usage: Any = None) -> list[bytes]:
        whole = self.answer(text, finish=finish, usage=usage)
        place = {"output_index": 0, "item_id": "msg_1"}
        return [
            self._event("response.output_text.done", content_index=0, text=text, sequence_number=5, **place),
            self._event("response.output_item.done", output_index=0, item=self._message(text), sequence_number=6),
            self._event("response.completed", response=whole, sequence_number=7),
        ]

    def error(self) -> bytes:
        return self._event("error", message="the engine fell over", code="server_error", param=None, sequence_number=9)


class AnthropicForm(Form):
    name = "anthropic"
    finish = "end_turn"
    usage_key = "usage"

    def usage(self, read: Any, written: Any) -> Any:
        return {"input_tokens": read, "output_tokens": written}

    def answer(self, text: str, *, finish: str = "", usage: Any = None, **more: Any) -> dict[str, Any]:
        whole = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m",
                 "content": [{"type": "text", "text": text}], "stop_reason": finish or "end_turn",
                 "stop_sequence": None, **more}  # fmt: skip
        return whole if usage is UNSTATED else {**whole, "usage": self.figures(usage)}

    def called(self, arguments: str) -> dict[str, Any]:
        call = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": arguments}
        return self.answer("", finish="tool_use", content=[call])

    def _event(self, kind: str, **fields: Any) -> bytes:
        return event({"type": kind, **fields}, kind)

    def opening(self) -> list[bytes]:
        begun = {**self.answer(""), "content": [], "stop_reason": None}
        del begun["usage"]  # with the finish: what a test says of the figures must be all that is said of them
        return [
            self._event("message_start", message=begun),
            self._event("content_block_start", index=0, content_block={"type": "text", "text": ""}),
            self._event("ping"),
        ]

    def text(self, piece: str) -> bytes:
        return self._event("content_block_delta", index=0, delta={"type": "text_delta", "text": piece})

    def closing(self, text: str, *, finish: str = "", usage: Any = None) -> list[bytes]:
        told = {} if usage is UNSTATED else {"usage": self.figures(usage)}
        delta = {"stop_reason": finish or "end_turn", "stop_sequence": None}
        return [self._event("content_block_stop", index=0), self._event("message_delta", delta=delta, **told)]

    def mark(self) -> list[bytes]:
        return [self._event("message_stop")]

    def error(self) -> bytes:
        return self._event("error", error={"type": "api_error", "message": "the engine fell over"})


class GeminiForm(Form):
    name = "gemini"
    finish = "STOP"
    usage_key = "usageMetadata"

    def usage(self, read: Any, written: Any) -> Any:
        return {"promptTokenCount": read, "candidatesTokenCount": written}

    def answer(self, text: str, *, finish: str = "", usage: Any = None, **more: Any) -> dict[str, Any]:
        parts = more.pop("parts", [{"text": text}])
        candidate = {"content": {"parts": parts, "role": "model"}, "finishReason": finish or "STOP", "index": 0}
        whole = {"candidates": [candidate], "modelVersion": "m", "responseId": "r1", **more}
        return whole if usage is UNSTATED else {**whole, "usageMetadata": self.figures(usage)}

    def called(self, arguments: str) -> dict[str, Any]:
        return self.answer("", parts=[{"functionCall": {"name": "look", "args": arguments}}])

    def opening(self) -> list[bytes]:
        return [event({"candidates": [{"content": {"role": "model", "parts": []}, "index": 0}], "modelVersion": "m",
                       "responseId": "r1"})]  # fmt: skip

    def text(self, piece: str) -> bytes:
        content = {"role": "model", "parts": [{"text": piece}]}
        return event({"candidates": [{"content": content, "index": 0}], "modelVersion": "m", "responseId": "r1"})

    def closing(self, text: str, *, finish: str = "", usage: Any = None) -> list[bytes]:
        return [event(self.answer("", finish=finish, usage=usage))]

    def error(self) -> bytes:
        return event({"error": {"code": 500, "message": "the engine fell over", "status": "INTERNAL"}})


FORMS: dict[str, Form] = {form.name: form for form in (ChatForm(), ResponsesForm(), AnthropicForm(), GeminiForm())}


# --- callers -------------------------------------------------------------------------------------------------------
