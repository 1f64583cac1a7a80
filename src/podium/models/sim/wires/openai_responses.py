"""OpenAI's responses, what goes out (OpenAI API reference, pages The response object and Streaming events)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar

import msgspec

from ..ask import Ask, Call, Head, Refused
from ..vendor import SimModel, SimVendor
from . import openai_errors
from .responses_request import check_results, read
from .wire import EVENT_STREAM, Answering, Failure, Frame, Incoming, Writer, event, pieces, server_sent


class OpenAIResponses:
    """The wire of POST /v1/responses."""

    name: ClassVar[str] = "openai-responses"
    stream_media = EVENT_STREAM

    def check_key(self, vendor: SimVendor, incoming: Incoming) -> None:
        openai_errors.check_key(vendor, incoming)

    def read(self, incoming: Incoming) -> Ask:
        return read(incoming)

    def check(self, ask: Ask, model: SimModel) -> None:
        check_results(ask)

    def whole(self, answering: Answering) -> bytes:
        return msgspec.json.encode(_finished(answering))

    def writer(self, answering: Answering) -> Writer:
        return _EventWriter(answering)

    def headers(self, head: Head) -> Sequence[tuple[bytes, bytes]]:
        return openai_errors.headers(head)

    def failure(self, refused: Refused) -> Failure:
        return openai_errors.failure(refused)


class _EventWriter:
    """One stream of typed, numbered events. Its end mark is the event with the finished response."""

    def __init__(self, answering: Answering) -> None:
        self._answering = answering
        self._number = 0

    def opening(self) -> Iterable[Frame]:
        response = _response(self._answering, "in_progress", [])
        yield self._event("response.created", response=response)
        yield self._event("response.in_progress", response=response)

    def content(self) -> Iterator[Frame]:
        for index, item in enumerate(_items(self._answering)):
            kind = item["type"]
            begun = {"reasoning": self._thought, "message": self._message, "function_call": self._call}[kind]
            yield from begun(index, item)
            yield self._event("response.output_item.done", output_index=index, item=item)

    def closing(self) -> Iterable[Frame]:
        return ()

    def end(self) -> bytes:
        response = _finished(self._answering)
        return server_sent(self._event(f"response.{response['status']}", response=response))

    def error(self, message: str) -> Sequence[Frame]:
        failed = _response(self._answering, "failed", [])
        failed["error"] = {"code": "server_error", "message": message}
        return (
            self._event("error", code="server_error", message=message, param=None),
            self._event("response.failed", response=failed),
        )

    def framed(self, frame: Frame) -> bytes:
        return server_sent(frame)

    def _thought(self, index: int, item: dict[str, Any]) -> Iterator[Frame]:
        at = {"item_id": item["id"], "output_index": index, "summary_index": 0}
        added = {name: value for name, value in item.items() if name != "encrypted_content"}
        yield self._event("response.output_item.added", output_index=index, item={**added, "summary": []})
        for part in item["summary"]:
            yield self._event("response.reasoning_summary_part.added", **at, part={**part, "text": ""})
            for piece in pieces(part["text"], self._answering.piece):
                yield self._event("response.reasoning_summary_text.delta", solid=True, **at, delta=piece)
            yield self._event("response.reasoning_summary_text.done", **at, text=part["text"])
            yield self._event("response.reasoning_summary_part.done", **at, part=part)

    def _message(self, index: int, item: dict[str, Any]) -> Iterator[Frame]:
        at = {"item_id": item["id"], "output_index": index, "content_index": 0}
        begun = {**item, "status": "in_progress", "content": []}
        yield self._event("response.output_item.added", output_index=index, item=begun)
        (part,) = item["content"]
        field = "refusal" if part["type"] == "refusal" else "text"
        kind = "response.refusal" if field == "refusal" else "response.output_text"
        more: dict[str, Any] = {} if field == "refusal" else {"logprobs": []}
        yield self._event("response.content_part.added", **at, part={**part, field: ""})
        for piece in pieces(part[field], self._answering.piece):
            yield self._event(f"{kind}.delta", solid=True, **at, delta=piece, **more)
        yield self._event(f"{kind}.done", **at, **{field: part[field]}, **more)
        yield self._event("response.content_part.done", **at, part=part)

    def _call(self, index: int, item: dict[str, Any]) -> Iterator[Frame]:
        at = {"item_id": item["id"], "output_index": index}
        begun = {**item, "status": "in_progress", "arguments": ""}
        yield self._event("response.output_item.added", solid=True, output_index=index, item=begun)
        for piece in pieces(item["arguments"], self._answering.piece):
            yield self._event("response.function_call_arguments.delta", solid=True, **at, delta=piece)
        told = {"name": item["name"], "arguments": item["arguments"]}
        yield self._event("response.function_call_arguments.done", **at, **told)

    def _event(self, kind: str, *, solid: bool = False, **fields: Any) -> Frame:
        number = self._number
        self._number += 1
        return event(kind, {"type": kind, "sequence_number": number, **fields}, solid=solid)


def _finished(answering: Answering) -> dict[str, Any]:
    cut = answering.spoken.finish == "length"
    response = _response(answering, "incomplete" if cut else "completed", _items(answering))
    if cut:
        response["incomplete_details"] = {"reason": "max_output_tokens"}
    if answering.head.states_usage:
        response["usage"] = _usage(answering)
    return response


def _response(answering: Answering, status: str, output: list[dict[str, Any]]) -> dict[str, Any]:
    head, ask = answering.head, answering.ask
    return {
        "id": head.name("resp_"),
        "object": "response",
        "created_at": head.created,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "instructions": ask.turns[0].text if ask.instructed else None,
        "max_output_tokens": ask.limit,
        "metadata": {},
        "model": head.model,
        "output": output,
        "parallel_tool_calls": ask.parallel,
        "previous_response_id": ask.previous,
        "reasoning": {"effort": None, "summary": "auto" if ask.shows else None},
        "store": ask.keep,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}},
        "tool_choice": ask.choice,
        "tools": [
            {
                "type": "function",
                "name": tool.name,
                "description": tool.description,
                "parameters": tool.parameters,
                "strict": False,
            }
            for tool in ask.tools
        ],
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": None,
        "user": None,
    }


def _items(answering: Answering) -> list[dict[str, Any]]:
    head, spoken = answering.head, answering.spoken
    cut = spoken.finish == "length"
    items: list[dict[str, Any]] = []
    if spoken.reasoned:
        summary = [{"type": "summary_text", "text": spoken.thoughts}] if spoken.thoughts else []
        thought: dict[str, Any] = {"id": head.name("rs_"), "type": "reasoning", "summary": summary}
        if answering.ask.encrypted:
            thought["encrypted_content"] = answering.seal.close(f"thoughts {head.number}")
        items.append(thought)
    if spoken.refusal:
        items.append(_message_item(head, {"type": "refusal", "refusal": spoken.refusal}, cut=False))
    elif spoken.text or not spoken.calls:
        said = {"type": "output_text", "annotations": [], "logprobs": [], "text": spoken.text}
        items.append(_message_item(head, said, cut=cut))
    return [*items, *(_call_item(call, cut=cut) for call in spoken.calls)]


def _message_item(head: Head, part: dict[str, Any], *, cut: bool) -> dict[str, Any]:
    status = "incomplete" if cut else "completed"
    return {"id": head.name("msg_"), "type": "message", "status": status, "role": "assistant", "content": [part]}


def _call_item(call: Call, *, cut: bool) -> dict[str, Any]:
    return {
        "id": f"fc_{call.id}",
        "type": "function_call",
        "status": "incomplete" if cut else "completed",
        "call_id": f"call_{call.id}",
        "name": call.name,
        "arguments": call.arguments,
    }


def _usage(answering: Answering) -> dict[str, Any]:
    figures = answering.spoken.usage
    return {
        "input_tokens": figures.input,
        "input_tokens_details": {"cached_tokens": figures.cached, "cache_write_tokens": figures.written},
        "output_tokens": figures.output,
        "output_tokens_details": {"reasoning_tokens": figures.reasoning},
        "total_tokens": figures.input + figures.output,
    }
