"""Whole answers: a provider's body read, a caller's body written; and the usage both forms share."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

from podium.core.errors import FailureKind, ProviderError
from podium.core.messages import FinishReason, Reply, ToolCall
from podium.core.tasks import Task
from podium.core.usage import Usage

from .wire import AnswerMessage, ChatAnswer, WireUsage, custom_arguments

_answer_decoder = msgspec.json.Decoder(ChatAnswer)
_usage_decoder = msgspec.json.Decoder(WireUsage | None)
_encoder = msgspec.json.Encoder()
_LONGEST_MESSAGE = 2000
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
    if name is None:
        return FinishReason.STOP
    return _FINISH.get(name, FinishReason.OTHER)


def read_usage(raw: Raw) -> Usage | None:
    """None where the provider stated nothing, or nothing readable. Parts are never larger than their whole."""
    stated = bytes(raw)
    if not stated or stated == b"null":
        return None
    try:
        wire = _usage_decoder.decode(stated)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None  # figures that cannot be read are estimated, as if the provider had stated none
    if wire is None or (wire.prompt_tokens is None and wire.completion_tokens is None):
        return None
    read, written, uncounted = _totals(wire)
    into, out = wire.prompt_tokens_details, wire.completion_tokens_details
    if into is None and out is None and wire.prompt_cache_hit_tokens is None:
        return Usage(input=read, output=written, reasoning=uncounted)
    cached = (into.cached_tokens if into else None) or wire.prompt_cache_hit_tokens or 0
    cached = min(max(cached, 0), read)
    cache_write = min(max((into.cache_write_tokens if into else None) or 0, 0), read - cached)
    return Usage(
        input=read,
        output=written,
        cached=cached,
        cache_write=cache_write,
        reasoning=min(max((out.reasoning_tokens if out else None) or 0, uncounted), written),
        audio_input=min(max((into.audio_tokens if into else None) or 0, 0), read - cached - cache_write),
        audio_output=min(max((out.audio_tokens if out else None) or 0, 0), written),
    )


def _totals(wire: WireUsage) -> tuple[int, int, int]:
    """(input, output, reasoning the provider left out of its completion tokens).

    xAI and Gemini count reasoning in the total only, yet charge for it as output.
    """
    read = max(wire.prompt_tokens or 0, 0)
    written = max(wire.completion_tokens or 0, 0)
    missing = (wire.total_tokens or 0) - read - written
    if missing <= 0:
        return read, written, 0
    if wire.prompt_tokens is None:
        return missing, written, 0
    return read, written + missing, 0 if wire.completion_tokens is None else missing


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
        refusal=message.refusal,
        # Some servers say "stop" although the model called a tool.
        finish=FinishReason.TOOL_CALLS if calls and finish is FinishReason.STOP else finish,
        usage=read_usage(wire.usage),
        model=wire.model or "",
        raw=body,
    )


def _tool_calls(message: AnswerMessage) -> tuple[ToolCall, ...]:
    calls: list[ToolCall] = []
    for call in message.tool_calls or ():
        if call.function is not None:
            calls.append(ToolCall(id=call.id, name=call.function.name, arguments=call.function.arguments or "{}"))
        elif call.custom is not None:
            calls.append(ToolCall(id=call.id, name=call.custom.name, arguments=custom_arguments(call.custom)))
    older = message.function_call
    if older is not None and older.name and not calls:  # some servers send both forms, or an empty older one
        calls.append(ToolCall(id="", name=older.name, arguments=older.arguments or "{}"))
    return tuple(calls)


def _text(message: AnswerMessage) -> str:
    content = message.content
    text = content if isinstance(content, str) else "".join(part.text or "" for part in content or ())
    if text or message.audio is None:
        return text
    return message.audio.transcript or _SPOKEN


def error_text(error: Any) -> tuple[str, str | None]:
    """(message, code) of an `error` value, whatever shape it has: an object in most places, a word in some."""
    if not isinstance(error, dict):
        return str(error)[:_LONGEST_MESSAGE], None
    code = next((error[name] for name in ("code", "type", "status") if error.get(name) is not None), None)
    message = error.get("message") or error.get("type") or "no message"
    return str(message)[:_LONGEST_MESSAGE], None if code is None else str(code)


def write_reply(reply: Reply, *, task: Task, model: str) -> bytes:
    """A caller's body: the provider's own where it came in this dialect, else built."""
    if reply.raw is not None and task.payload is not None:
        return reply.raw
    message: dict[str, Any] = {"role": "assistant", "content": reply.text or None, "refusal": reply.refusal}
    if reply.tool_calls:
        message["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in reply.tool_calls
        ]
    usage = reply.usage or Usage()
    return _encoder.encode(
        {
            "id": f"chatcmpl-{task.id}",
            "object": "chat.completion",
            "created": int(task.received_at.timestamp()),
            "model": reply.model or model,
            "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": reply.finish.value}],
            "usage": {
                "prompt_tokens": usage.input,
                "completion_tokens": usage.output,
                "total_tokens": usage.input + usage.output,
                "prompt_tokens_details": {"cached_tokens": usage.cached},
                "completion_tokens_details": {"reasoning_tokens": usage.reasoning},
            },
        }
    )
