"""Whole answers: a provider's body read, a caller's body written; and the words both forms share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Raw

from podium.core.errors import FailureKind, ProviderError
from podium.core.messages import FinishReason, Options, ReasoningPart, Reply, ToolCall
from podium.core.tasks import Task
from podium.core.usage import Usage

from .seals import foreign_seal, permitted_id, signed_id
from .usage import canonical, read_usage, wire_usage
from .wire import ANSWER_TOOL, NAME, Answer, AnswerBlock

_answer_decoder = msgspec.json.Decoder(Answer)
_arguments_decoder = msgspec.json.Decoder(dict[str, Raw])
_encoder = msgspec.json.Encoder()
_LONGEST_MESSAGE = 2000
_NO_INPUT = frozenset(("", "null", '""'))
_CHARACTERS_A_TOKEN = 4

_FINISH = {
    "end_turn": FinishReason.STOP,
    "stop_sequence": FinishReason.STOP,
    "pause_turn": FinishReason.STOP,
    "max_tokens": FinishReason.LENGTH,
    "model_context_window_exceeded": FinishReason.LENGTH,
    "tool_use": FinishReason.TOOL_CALLS,
    "refusal": FinishReason.CONTENT_FILTER,
}
_STOP = {
    FinishReason.STOP: "end_turn",
    FinishReason.LENGTH: "max_tokens",
    FinishReason.TOOL_CALLS: "tool_use",
    FinishReason.CONTENT_FILTER: "refusal",
    FinishReason.OTHER: "end_turn",
}


def finish_reason(name: str, *, calls: bool, answered: bool) -> FinishReason:
    """What a stop reason means. `calls`: the model called a caller's tool; `answered`: it gave its answer by a forced
    call. An unknown reason is OTHER: a new one must never crash a reader."""
    reason = _FINISH.get(name, FinishReason.OTHER)
    if reason is FinishReason.TOOL_CALLS and answered and not calls:
        return FinishReason.STOP
    # Some servers say "end_turn" although the model called a tool.
    return FinishReason.TOOL_CALLS if reason is FinishReason.STOP and calls and name == "end_turn" else reason


def stop_reason(reason: FinishReason, *, sequence: str | None, refused: bool) -> str:
    """A canonical finish in this wire's words."""
    if refused:
        return "refusal"
    return "stop_sequence" if sequence is not None and reason is FinishReason.STOP else _STOP[reason]


def error_text(error: Any) -> tuple[str, str | None]:
    """(message, type) of an `error` value, whatever its shape."""
    if not isinstance(error, dict):
        return str(error)[:_LONGEST_MESSAGE], None
    code = error.get("type") or error.get("code")
    return str(error.get("message") or code or "no message")[:_LONGEST_MESSAGE], None if code is None else str(code)


def read_input(raw: Raw) -> str:
    """A call's arguments as the model wrote them; "" where there are none. Raises ValueError for what is no object."""
    text = bytes(raw).decode()
    if text in _NO_INPUT:
        return ""
    if not text.startswith("{"):
        raise ValueError("the input of a tool's call is not an object")
    return text


# --- reading -------------------------------------------------------------------------------------------------------


def read_reply(body: bytes, *, provider: str) -> Reply:
    """Raises ProviderError: GARBAGE for what is not an answer, SERVER_ERROR for an error dressed as a 200."""
    try:
        wire = _answer_decoder.decode(body)
        reply = None if wire.content is None else _reply(wire, wire.content, body)
    except (msgspec.DecodeError, ValueError, RecursionError) as exc:
        raise ProviderError(
            f"{provider} sent something that is not a message: {exc}.",
            kind=FailureKind.GARBAGE,
            provider=provider,
            remedy="Check that its base_url serves the Anthropic Messages API.",
        ) from exc
    if reply is not None:
        return reply
    if wire.error is not None:
        raise ProviderError(
            f"{provider} sent an error inside a success: {error_text(wire.error)[0]}",
            kind=FailureKind.SERVER_ERROR,
            provider=provider,
        )
    raise ProviderError(f"{provider} sent an answer without content.", kind=FailureKind.GARBAGE, provider=provider)


def _reply(wire: Answer, blocks: list[AnswerBlock], body: bytes) -> Reply:
    text: list[str] = []
    calls: list[ToolCall] = []
    reasoning: list[ReasoningPart] = []
    unknown: list[str] = []
    answered = False
    for block in blocks:
        kind = block.type
        if kind == "text":
            text.append(block.text or "")
        elif kind == "tool_use" and block.name == ANSWER_TOOL:
            answered = True
            text.append(bytes(block.input).decode())
        elif kind == "tool_use":
            calls.append(ToolCall(id=block.id or "", name=block.name or "", arguments=read_input(block.input)))
        elif kind == "thinking":
            reasoning.append(ReasoningPart(text=block.thinking or "", signature=block.signature, origin=NAME))
        elif kind == "redacted_thinking":
            reasoning.append(ReasoningPart(data=block.data, origin=NAME))
        elif kind not in unknown:
            unknown.append(kind)
    stopped = wire.stop_reason or "end_turn"
    refused = stopped == "refusal" and wire.stop_details is not None
    return Reply(
        text="".join(text),
        tool_calls=tuple(calls),
        reasoning=tuple(reasoning),
        refusal=wire.stop_details.explanation if refused and wire.stop_details else None,
        finish=finish_reason(stopped, calls=bool(calls), answered=answered),
        stop_sequence=wire.stop_sequence,
        usage=canonical(read_usage(wire.usage)),
        id=wire.id,
        model=wire.model or "",
        dialect=NAME,
        raw=body,
        notes=tuple(f"Content of the kind {kind} has no place outside Anthropic's wire." for kind in unknown),
    )


# --- writing -------------------------------------------------------------------------------------------------------


def wants_reasoning(options: Options) -> bool:
    """Whether a caller expects thinking blocks: clients that did not ask read the first block as the answer."""
    return options.show_reasoning or options.reasoning_tokens not in (None, 0)


def seal_of(*, origin: str, signature: str | None, data: str | None, id: str | None) -> str:
    """A thinking block's signature: the maker's own where that is an Anthropic model."""
    if origin == NAME and signature is not None and data is None:
        return signature
    return foreign_seal(origin=origin, signature=signature, data=data, id=id)


def message_id(task: Task) -> str:
    """In the form clients log."""
    return f"msg_{task.id}"


def write_reply(reply: Reply, *, task: Task, model: str) -> bytes:
    """A caller's body: the provider's own where it came in this dialect, else built."""
    payload = task.payload
    if reply.raw is not None and reply.dialect == NAME and payload is not None and payload.dialect == NAME:
        return reply.raw
    content: list[Mapping[str, Any]] = []
    if wants_reasoning(task.options):
        content.extend(_thinking(part, shown=task.options.show_reasoning) for part in reply.reasoning)
    text = reply.text + (reply.refusal or "")
    if text:
        content.append({"type": "text", "text": text})
    content.extend(_tool_use(call, place, task) for place, call in enumerate(reply.tool_calls))
    return _encoder.encode(
        {
            "id": message_id(task),
            "type": "message",
            "role": "assistant",
            "model": reply.model or model,
            "content": content,
            "stop_reason": stop_reason(reply.finish, sequence=reply.stop_sequence, refused=reply.refusal is not None),
            "stop_sequence": reply.stop_sequence,
            "stop_details": None,
            "usage": wire_usage(reply.usage or estimated(0, len(text))),
        }
    )


def estimated(input_tokens: int, characters: int) -> Usage:
    """For an answer whose provider stated nothing: the field is not optional, and zero would be a lie."""
    return Usage(input=input_tokens, output=max(characters // _CHARACTERS_A_TOKEN, 1), estimated=True)


def _thinking(part: ReasoningPart, *, shown: bool) -> Mapping[str, Any]:
    if part.origin == NAME and part.data is not None:
        return {"type": "redacted_thinking", "data": part.data}
    seal = seal_of(origin=part.origin, signature=part.signature, data=part.data, id=part.id)
    return {"type": "thinking", "thinking": part.text if shown else "", "signature": seal}


def call_id(given: str | None, place: int, task: Task, signature: str | None) -> str:
    """A call's id for a caller: the provider's own, or one made from the task's where it gave none."""
    return signed_id(permitted_id(given or f"toolu_{task.id}_{place}"), signature)


def _tool_use(call: ToolCall, place: int, task: Task) -> Mapping[str, Any]:
    return {
        "type": "tool_use",
        "id": call_id(call.id, place, task, call.signature),
        "name": call.name,
        "input": _input(call.arguments),
    }


def _input(arguments: str) -> Raw:
    """The object the model wrote. Arguments that are none cannot stand here: the caller gets them as text."""
    if not arguments.strip():
        return Raw(b"{}")
    try:
        _arguments_decoder.decode(arguments)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return Raw(_encoder.encode({"invalid_arguments": arguments}))
    return Raw(arguments.encode())
