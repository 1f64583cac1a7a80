"""The response object for callers: whole answers, and what a stream's lifecycle events hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from msgspec import Raw

from podium.core.messages import FinishReason, ReasoningPart, Reply, ToolCall
from podium.core.tasks import Task
from podium.core.usage import Usage

from ..openai_forms.calls import custom_input
from .sealing import seal_call, seal_part
from .usage import wire_usage
from .wire import NAME

_encoder = msgspec.json.Encoder(decimal_format="number")
_NULL: Final = Raw(b"null")
_DEFAULTS: Final = {
    "instructions": _NULL,
    "max_output_tokens": _NULL,
    "max_tool_calls": _NULL,
    "parallel_tool_calls": Raw(b"true"),
    "previous_response_id": _NULL,
    "prompt_cache_key": _NULL,
    "reasoning": Raw(b'{"effort":null,"summary":null}'),
    "safety_identifier": _NULL,
    "store": Raw(b"true"),
    "temperature": _NULL,
    "text": Raw(b'{"format":{"type":"text"}}'),
    "tool_choice": Raw(b'"auto"'),
    "tools": Raw(b"[]"),
    "top_logprobs": _NULL,
    "top_p": _NULL,
    "truncation": Raw(b'"disabled"'),
    "user": _NULL,
    "metadata": Raw(b"{}"),
}
"""What the object says back of the request, and what stands for a field the caller left out."""
_REASONS: Final = {FinishReason.LENGTH: "max_output_tokens", FinishReason.CONTENT_FILTER: "content_filter"}


class AnswerForm:
    """Everything of one answer's object but its output: identifiers and the echoed request."""

    __slots__ = ("_echo", "base", "created_at", "customs", "id", "model")

    def __init__(self, *, task: Task, model: str) -> None:
        payload = task.payload
        given = payload.fields if payload is not None and payload.dialect == NAME else {}
        self.base = task.id.removeprefix("tsk_")
        self.id = f"resp_{self.base}"
        self.model = model
        self.created_at = int(task.received_at.timestamp())
        self._echo: dict[str, Raw] = {
            name: default if (said := given.get(name)) is None or bytes(said) == b"null" else said
            for name, default in _DEFAULTS.items()
        }
        self.customs = frozenset(tool.name for tool in task.options.tools if tool.kind == "custom")
        """Names of the caller's tools that take free text."""

    def item_id(self, kind: str, index: int) -> str:
        """An item's identifier: the same in every event about it, and in the whole form."""
        return f"{kind}_{self.base}{index:02x}"

    def fields(
        self,
        status: str,
        output: Sequence[dict[str, Any]] = (),
        *,
        finish: FinishReason | None = None,
        usage: Usage | None = None,
        error: dict[str, Any] | None = None,
        notes: Sequence[str] = (),
    ) -> dict[str, Any]:
        """The object, ready to be encoded."""
        reason = None if finish is None else _REASONS.get(finish)
        whole: dict[str, Any] = {
            "id": self.id,
            "object": "response",
            "created_at": self.created_at,
            "status": status,
            "background": False,
            "error": error,
            "incomplete_details": None if reason is None else {"reason": reason},
            "model": self.model,
            "output": output,
            **self._echo,
            "usage": wire_usage(usage),
        }
        if notes:
            whole["podium"] = {"notes": notes}
        return whole


def final_status(finish: FinishReason) -> str:
    """`incomplete` for an answer that was cut or filtered."""
    return "incomplete" if finish in _REASONS else "completed"


def write_reply(reply: Reply, *, task: Task, model: str) -> bytes:
    """A caller's body: the provider's own where it came in this dialect, else built."""
    if reply.raw is not None and reply.dialect == NAME and task.payload is not None and task.payload.dialect == NAME:
        return reply.raw
    form = AnswerForm(task=task, model=reply.model or model)
    status = final_status(reply.finish)
    output: list[dict[str, Any]] = []
    for part in reply.reasoning:
        output.append(reasoning_item(form.item_id("rs", len(output)), part))
    content: list[dict[str, Any]] = []
    if reply.text or not (reply.tool_calls or reply.refusal):
        content.append(text_content(reply.text))
    if reply.refusal:
        content.append({"type": "refusal", "refusal": reply.refusal})
    if content:
        # What was cut is what came last.
        cut = "completed" if reply.tool_calls else status
        output.append(message_item(form.item_id("msg", len(output)), content, cut))
    for place, call in enumerate(reply.tool_calls, 1):
        if call.signature is not None:
            output.append(signature_item(form.item_id("rs", len(output)), call.signature))
        cut = status if place == len(reply.tool_calls) else "completed"
        output.append(call_item(form, len(output), call, cut))
    return _encoder.encode(form.fields(status, output, finish=reply.finish, usage=reply.usage, notes=reply.notes))


def text_content(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def message_item(item_id: str, content: Sequence[dict[str, Any]], status: str) -> dict[str, Any]:
    return {"id": item_id, "type": "message", "status": status, "role": "assistant", "content": content}


def reasoning_item(item_id: str, part: ReasoningPart) -> dict[str, Any]:
    """This wire's own reasoning as it was; another's sealed, so that it can come back to its maker."""
    own = part.origin == NAME
    item: dict[str, Any] = {
        "id": item_id,
        "type": "reasoning",
        "summary": [{"type": "summary_text", "text": part.text}] if part.text else [],
    }
    if own:
        if part.data is not None:
            item["encrypted_content"] = part.data
    elif part.signature is not None or part.data is not None:
        item["encrypted_content"] = seal_part(part)
    return item


def signature_item(item_id: str, signature: str) -> dict[str, Any]:
    """What goes before a signed call: clients send it back in its place."""
    return {"id": item_id, "type": "reasoning", "summary": [], "encrypted_content": seal_call(signature)}


def call_item(form: AnswerForm, index: int, call: ToolCall, status: str) -> dict[str, Any]:
    """A call at its end. `index` is its place in the output."""
    call_id = call.id or form.item_id("call", index)
    if call.kind == "custom" or call.name in form.customs:
        return {
            "id": form.item_id("ctc", index),
            "type": "custom_tool_call",
            "status": status,
            "call_id": call_id,
            "name": call.name,
            "input": custom_input(call.arguments),
        }
    return {
        "id": form.item_id("fc", index),
        "type": "function_call",
        "status": status,
        "call_id": call_id,
        "name": call.name,
        "arguments": call.arguments or "{}",
    }
