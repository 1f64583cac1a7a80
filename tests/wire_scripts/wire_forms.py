"""What the four wires look like, written by hand from their references: a provider's answers, a caller's requests.

Sources: the API references of OpenAI (chat completions, responses), Anthropic (messages) and Google (generateContent).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

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


FORMS: dict[str, Form] = {
    form.name: form for form in (ChatForm(), ResponsesForm(), AnthropicForm(), GeminiForm())
}


# --- callers -------------------------------------------------------------------------------------------------------


class Heard(Struct, frozen=True, kw_only=True):
    """A stream as a caller of its dialect reads it."""

    text: str
    ended: bool
    """A clean end: what a client takes for a success."""
    error: dict[str, Any] | None
    calls: dict[int, tuple[str, str]]
    """Name and arguments of each call, by its place."""
    used: tuple[Any, Any] | None = None


class Caller:
    """One dialect, as its callers write and read it."""

    name = ""

    def path(self, model: str, *, stream: bool) -> str:
        raise NotImplementedError

    def body(self, model: str, *, stream: bool = False, tools: bool = False) -> dict[str, Any]:
        raise NotImplementedError

    def text_of(self, answer: Any) -> str:
        raise NotImplementedError

    def error_of(self, answer: Any, status: int) -> dict[str, Any]:
        """The error in a whole response; fails where it is not in this dialect's shape."""
        raise NotImplementedError

    def remedy_of(self, error: dict[str, Any]) -> str:
        return str(error["podium"].get("remedy", ""))

    def param_of(self, error: dict[str, Any]) -> str:
        return str(error.get("param") or "")

    def heard(self, events: list[Any]) -> Heard:
        raise NotImplementedError

    def used_of(self, answer: Any) -> tuple[Any, Any]:
        raise NotImplementedError


_LOOK = {"type": "object", "properties": {"q": {"type": "string"}}}


class ChatCaller(Caller):
    name = "openai-chat"

    def path(self, model: str, *, stream: bool) -> str:
        return "/v1/chat/completions"

    def body(self, model: str, *, stream: bool = False, tools: bool = False) -> dict[str, Any]:
        body: dict[str, Any] = {"model": model, "messages": [{"role": "user", "content": "hi"}], "stream": stream}
        if stream:
            body["stream_options"] = {"include_usage": True}
        if tools:
            body["tools"] = [{"type": "function", "function": {"name": "look", "parameters": _LOOK}}]
        return body

    def text_of(self, answer: Any) -> str:
        return str(answer["choices"][0]["message"]["content"])

    def error_of(self, answer: Any, status: int) -> dict[str, Any]:
        error = answer["error"]
        assert error["type"].endswith("_error"), error
        assert isinstance(error["code"], str)
        return dict(error)

    def used_of(self, answer: Any) -> tuple[Any, Any]:
        return answer["usage"]["prompt_tokens"], answer["usage"]["completion_tokens"]

    def heard(self, events: list[Any]) -> Heard:
        text, error, finished, ended, used = "", None, False, False, None
        calls: dict[int, tuple[str, str]] = {}
        for each in events:
            assert not ended, f"something after the end mark: {each}"
            if each == "[DONE]":
                ended = True
                continue
            if "error" in each:
                error = each["error"]
                continue
            if each.get("usage"):
                used = self.used_of(each)
            for choice in each.get("choices") or ():
                text += choice["delta"].get("content") or ""
                for call in choice["delta"].get("tool_calls") or ():
                    name, arguments = calls.get(call["index"], ("", ""))
                    function = call.get("function") or {}
                    calls[call["index"]] = (
                        name + (function.get("name") or ""), arguments + (function.get("arguments") or ""),
                    )  # fmt: skip
                finished = finished or choice["finish_reason"] is not None
        return Heard(text=text, ended=ended and finished and error is None, error=error, calls=calls, used=used)


class ResponsesCaller(ChatCaller):
    name = "openai-responses"

    def path(self, model: str, *, stream: bool) -> str:
        return "/v1/responses"

    def body(self, model: str, *, stream: bool = False, tools: bool = False) -> dict[str, Any]:
        body: dict[str, Any] = {"model": model, "input": "hi", "stream": stream, "store": False}
        if tools:
            body["tools"] = [{"type": "function", "name": "look", "parameters": _LOOK, "strict": False}]
        return body

    def text_of(self, answer: Any) -> str:
        assert answer["status"] == "completed", answer
        said = [item for item in answer["output"] if item["type"] == "message"]
        return "".join(part["text"] for item in said for part in item["content"])

    def used_of(self, answer: Any) -> tuple[Any, Any]:
        return answer["usage"]["input_tokens"], answer["usage"]["output_tokens"]

    def heard(self, events: list[Any]) -> Heard:
        text, error, ended, used = "", None, False, None
        calls: dict[int, tuple[str, str]] = {}
        for each in events:
            if each == "[DONE]":
                continue
            assert not ended, f"something after the end: {each}"
            kind = each["type"]
            if kind == "error":
                error = each["error"]
            elif kind == "response.failed":
                error = error or each["response"]["error"]
            elif kind == "response.output_text.delta":
                text += each["delta"]
            elif kind == "response.output_item.added" and each["item"]["type"] == "function_call":
                calls[each["output_index"]] = (each["item"]["name"], "")
            elif kind == "response.function_call_arguments.delta":
                name, arguments = calls[each["output_index"]]
                calls[each["output_index"]] = (name, arguments + each["delta"])
            elif kind in ("response.completed", "response.incomplete"):
                ended = True
                if each["response"].get("usage"):
                    used = self.used_of(each["response"])
        return Heard(text=text, ended=ended and error is None, error=error, calls=calls, used=used)


class AnthropicCaller(Caller):
    name = "anthropic"

    def path(self, model: str, *, stream: bool) -> str:
        return "/v1/messages"

    def body(self, model: str, *, stream: bool = False, tools: bool = False) -> dict[str, Any]:
        body: dict[str, Any] = {"model": model, "max_tokens": 100, "stream": stream,
                                "messages": [{"role": "user", "content": "hi"}]}  # fmt: skip
        if tools:
            body["tools"] = [{"name": "look", "input_schema": _LOOK}]
        return body

    def text_of(self, answer: Any) -> str:
        assert answer["type"] == "message", answer
        return "".join(block["text"] for block in answer["content"])

    def used_of(self, answer: Any) -> tuple[Any, Any]:
        return answer["usage"]["input_tokens"], answer["usage"]["output_tokens"]

    def error_of(self, answer: Any, status: int) -> dict[str, Any]:
        assert answer["type"] == "error", answer
        error = answer["error"]
        assert error["type"].endswith("_error") or error["type"] == "request_too_large", error
        return dict(error)

    def heard(self, events: list[Any]) -> Heard:
        text, error, finished, ended, used = "", None, False, False, None
        calls: dict[int, tuple[str, str]] = {}
        for each in events:
            if each == "[DONE]":
                continue  # an event without a name: the official client skips it
            assert not ended, f"something after message_stop: {each}"
            kind = each["type"]
            if kind == "error":
                error = each["error"]
            elif kind == "content_block_start" and each["content_block"]["type"] == "tool_use":
                calls[each["index"]] = (each["content_block"]["name"], "")
            elif kind == "content_block_delta":
                delta = each["delta"]
                text += delta.get("text", "")
                if "partial_json" in delta:
                    name, arguments = calls[each["index"]]
                    calls[each["index"]] = (name, arguments + delta["partial_json"])
            elif kind == "message_delta":
                finished = bool(each["delta"]["stop_reason"])
                if each.get("usage"):
                    used = (each["usage"].get("input_tokens"), each["usage"].get("output_tokens"))
            elif kind == "message_stop":
                ended = True
        return Heard(text=text, ended=ended and finished and error is None, error=error, calls=calls, used=used)


class GeminiCaller(Caller):
    name = "gemini"

    def path(self, model: str, *, stream: bool) -> str:
        return f"/v1beta/models/{model}:" + ("streamGenerateContent?alt=sse" if stream else "generateContent")

    def body(self, model: str, *, stream: bool = False, tools: bool = False) -> dict[str, Any]:
        body: dict[str, Any] = {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}
        if tools:
            body["tools"] = [{"functionDeclarations": [{"name": "look", "parameters": {"type": "OBJECT"}}]}]
        return body

    def text_of(self, answer: Any) -> str:
        return "".join(part.get("text", "") for part in answer["candidates"][0]["content"]["parts"])

    def used_of(self, answer: Any) -> tuple[Any, Any]:
        used = answer["usageMetadata"]
        return used["promptTokenCount"], used["candidatesTokenCount"]

    def error_of(self, answer: Any, status: int) -> dict[str, Any]:
        error = answer["error"]
        assert error["code"] == status, error
        assert error["status"] == error["status"].upper()
        return dict(error)

    def remedy_of(self, error: dict[str, Any]) -> str:
        return str(error["details"][0]["metadata"].get("remedy", ""))

    def param_of(self, error: dict[str, Any]) -> str:
        broken = [each["fieldViolations"][0]["field"] for each in error["details"] if "fieldViolations" in each]
        return str(broken[0]) if broken else ""

    def heard(self, events: list[Any]) -> Heard:
        text, error, ended, used = "", None, False, None
        calls: dict[int, tuple[str, str]] = {}
        for each in events:
            if "error" in each:
                error = each["error"]
            if each.get("usageMetadata"):
                used = self.used_of(each)
            for candidate in each.get("candidates") or ():
                for part in (candidate.get("content") or {}).get("parts") or ():
                    text += part.get("text", "")
                    if "functionCall" in part:
                        calls[len(calls)] = (part["functionCall"]["name"], json.dumps(part["functionCall"]["args"]))
                ended = ended or candidate.get("finishReason") is not None
        return Heard(text=text, ended=ended and error is None, error=error, calls=calls, used=used)


CALLERS: dict[str, Caller] = {
    caller.name: caller for caller in (ChatCaller(), ResponsesCaller(), AnthropicCaller(), GeminiCaller())
}


def events_in(body: bytes) -> list[Any]:
    """The data of a stream of server-sent events, as its own clients cut them; fails for half an event."""
    text = body.decode()
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    found: list[Any] = []
    for block in text.split("\n\n"):
        data = "\n".join(line[5:].removeprefix(" ") for line in block.split("\n") if line.startswith("data:"))
        if data:
            found.append(data if data == "[DONE]" else json.loads(data))
    return found
