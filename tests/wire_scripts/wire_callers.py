"""The four dialects as their callers write and read them, by hand from their references.

Sources: the API references of OpenAI (chat completions, responses), Anthropic (messages) and Google (generateContent).
"""

from __future__ import annotations

import json
from typing import Any

from msgspec import Struct


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
            if isinstance(each.get("usage"), dict):
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
                text = text or self.text_of(each["response"])
                if isinstance(each["response"].get("usage"), dict):
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
                if isinstance(each.get("usage"), dict):
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
        return used.get("promptTokenCount"), used.get("candidatesTokenCount")

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
            if isinstance(each.get("usageMetadata"), dict):
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
