"""Whole answers: a provider's body read, a caller's body written; and the usage both forms share."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from podium.core.errors import FailureKind, ProviderError
from podium.core.messages import FinishReason, ReasoningPart, Reply, ToolCall
from podium.core.tasks import Task

from ..openai_forms.errors import error_text
from . import extensions
from .reasoning import reasoning_text, write_details
from .tool_calls import read_calls, write_calls
from .usage import read_usage, wire_usage
from .wire import NAME, AnswerMessage, AnswerPart, ChatAnswer

_answer_decoder = msgspec.json.Decoder(ChatAnswer)
_encoder = msgspec.json.Encoder()
_SPOKEN = "[audio]"
"""Stands for a spoken answer without a transcript: not empty, though there is nothing to read."""

_FINISH = {
    "stop": FinishReason.STOP,
    "length": FinishReason.LENGTH,
    "tool_calls": FinishReason.TOOL_CALLS,
    "function_call": FinishReason.TOOL_CALLS,
    "content_filter": FinishReason.CONTENT_FILTER,
}


def finish_reason(name: str | None) -> FinishReason:
    """An unknown reason is OTHER: a new one must never crash a reader."""
    if not name:
        return FinishReason.STOP
    return _FINISH.get(name, FinishReason.OTHER)


def wire_finish(reason: FinishReason, called: bool) -> str:
    """The reason in the five words clients check against; one the wire has no word for is a stop."""
    if called and reason is FinishReason.STOP:
        return FinishReason.TOOL_CALLS.value
    return FinishReason.STOP.value if reason is FinishReason.OTHER else reason.value


def read_reply(body: bytes, *, provider: str) -> Reply:
    """Raises ProviderError: GARBAGE for what is not an answer, SERVER_ERROR for an error dressed as a 200."""
    try:
        wire = _answer_decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise ProviderError(
            f"{provider} sent something that is not a chat completion: {exc}.",
            kind=FailureKind.GARBAGE,
            provider=provider,
            remedy="Check that its base_url ends in /v1 and serves the OpenAI chat API.",
        ) from exc
    if wire.error is not None and not wire.choices:
        raise ProviderError(
            f"{provider} sent an error inside a success: {error_text(wire.error)[0]}",
            kind=FailureKind.SERVER_ERROR,
            provider=provider,
        )
    if not wire.choices:
        raise ProviderError(f"{provider} sent an answer without choices.", kind=FailureKind.GARBAGE, provider=provider)
    choice = wire.choices[0]
    message = choice.message
    calls = _tool_calls(message)
    finish = finish_reason(choice.finish_reason)
    return Reply(
        text=_text(message),
        tool_calls=calls,
        reasoning=_reasoning(message),
        refusal=message.refusal,
        # Some servers say "stop" although the model called a tool.
        finish=FinishReason.TOOL_CALLS if calls and finish is FinishReason.STOP else finish,
        usage=read_usage(wire.usage),
        id=wire.id or "",
        model=wire.model or "",
        dialect=NAME,
        raw=body,
    )


def _tool_calls(message: AnswerMessage) -> tuple[ToolCall, ...]:
    calls = [call for call in read_calls(message.tool_calls, message.function_call) if call.id or call.name]
    return tuple([call if call.arguments else replace(call, arguments="{}") for call in calls])


def _text(message: AnswerMessage) -> str:
    content = message.content
    text = content if isinstance(content, str) else "".join(part.text or "" for part in content or ())
    if text or message.audio is None:
        return text
    return message.audio.transcript or _SPOKEN


def _reasoning(message: AnswerMessage) -> tuple[ReasoningPart, ...]:
    content = message.content
    thought = thinking_text(content) if isinstance(content, list) else ""
    return extensions.message_reasoning(
        message.reasoning_details, message.reasoning_content, message.reasoning, thought
    )


def thinking_text(parts: list[AnswerPart]) -> str:
    """The thinking among an answer's parts (Mistral's reference, "Reasoning")."""
    texts: list[str] = []
    for part in parts:
        thinking = part.thinking
        if isinstance(thinking, str):
            texts.append(thinking)
        elif thinking:
            texts += [inner.text or "" for inner in thinking]
    return "".join(texts)


def write_reply(reply: Reply, *, task: Task, model: str) -> bytes:
    """A caller's body: the provider's own where it came in this dialect, else built."""
    if reply.raw is not None and reply.dialect == NAME:
        return reply.raw
    calls = reply.tool_calls
    message: dict[str, Any] = {
        "role": "assistant",
        "content": reply.text if reply.text or not (calls or reply.refusal) else None,
        "refusal": reply.refusal,
    }
    shown = reasoning_text(reply.reasoning)
    if shown:
        message["reasoning_content"] = shown
    if any(part.signature is not None or part.data is not None for part in reply.reasoning):
        message["reasoning_details"] = write_details(reply.reasoning)
    if calls:
        message["tool_calls"] = write_calls(calls)
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": wire_finish(reply.finish, bool(calls))}
    body: dict[str, Any] = {
        "id": f"chatcmpl-{task.id}",
        "object": "chat.completion",
        "created": int(task.received_at.timestamp()),
        "model": reply.model or model,
        "choices": [choice],
    }
    if reply.usage is not None:
        body["usage"] = wire_usage(reply.usage)
    return _encoder.encode(body)
