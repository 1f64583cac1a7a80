"""Whole answers of providers, read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from podium.core.errors import FailureKind, ProviderError
from podium.core.messages import FinishReason, ReasoningPart, Reply, ToolCall

from ..openai_forms.calls import custom_arguments
from ..openai_forms.errors import error_text
from .items import read_reasoning
from .usage import read_usage
from .wire import NAME, Answer, Content, Item

_answer_decoder = msgspec.json.Decoder(Answer)
_INCOMPLETE: Final = {
    "max_output_tokens": FinishReason.LENGTH,
    "max_tokens": FinishReason.LENGTH,
    "content_filter": FinishReason.CONTENT_FILTER,
}


def finish_reason(answer: Answer, *, called: bool) -> FinishReason:
    """An unknown reason is OTHER: a new one must never crash a reader."""
    if answer.status == "incomplete":
        details = answer.incomplete_details
        return _INCOMPLETE.get((details.reason if details else None) or "", FinishReason.OTHER)
    return FinishReason.TOOL_CALLS if called else FinishReason.STOP


def read_reply(body: bytes, *, provider: str) -> Reply:
    """Raises ProviderError: GARBAGE for what is not an answer, SERVER_ERROR for a failure dressed as a 200."""
    try:
        wire = _answer_decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise ProviderError(
            f"{provider} sent something that is not a response object: {exc}.",
            kind=FailureKind.GARBAGE,
            provider=provider,
            remedy="Check that its base_url ends in /v1 and serves the OpenAI Responses API.",
        ) from exc
    usage = read_usage(wire.usage)
    if wire.status in ("failed", "cancelled") or (wire.error is not None and not wire.output):
        raise ProviderError(
            f"{provider} sent a failure inside a success: {error_text(wire.error, wire.status)[0]}",
            kind=FailureKind.SERVER_ERROR,
            provider=provider,
            usage=usage,
        )
    if wire.output is None or wire.status in ("queued", "in_progress"):
        raise ProviderError(
            f"{provider} sent a response object without its output (status {wire.status}).",
            kind=FailureKind.GARBAGE,
            provider=provider,
        )
    text, refusal = read_texts(wire.output)
    calls = tuple(read_calls(wire.output))
    return Reply(
        text=text,
        tool_calls=calls,
        reasoning=tuple(read_thoughts(wire.output)),
        refusal=refusal,
        finish=finish_reason(wire, called=bool(calls)),
        usage=usage,
        id=wire.id or "",
        model=wire.model or "",
        dialect=NAME,
        raw=body,
    )


def read_texts(output: Iterable[Item]) -> tuple[str, str | None]:
    """(text, refusal) of all messages."""
    texts: list[str] = []
    refusals: list[str] = []
    for item in output:
        if item.kind != "message":
            continue
        for part in said(item):
            if part.type == "refusal":
                refusals.append(part.refusal or "")
            elif part.text:
                texts.append(part.text)
    return "".join(texts), "".join(refusals) if refusals else None


def said(item: Item) -> Iterable[Content]:
    """A message's content as parts; some servers send plain text."""
    if isinstance(item.content, str):
        return (Content(type="output_text", text=item.content),)
    return item.content or ()


def read_calls(output: Iterable[Item]) -> Iterable[ToolCall]:
    """Calls of the caller's own tools, in order."""
    for item in output:
        if item.type == "function_call":
            yield ToolCall(
                id=item.call_id or item.id or "",
                name=item.name or "",
                arguments=(item.arguments if isinstance(item.arguments, str) else "") or "{}",
            )
        elif item.type == "custom_tool_call":
            text = item.input if isinstance(item.input, str) else ""
            yield ToolCall(
                id=item.call_id or item.id or "",
                name=item.name or "",
                arguments=custom_arguments(text),
                kind="custom",
            )


def read_thoughts(output: Iterable[Item]) -> Iterable[ReasoningPart]:
    """Reasoning that can be shown or sent back; an empty item is neither."""
    for item in output:
        if item.type == "reasoning":
            part = read_reasoning(item)
            if part.text or part.data or part.signature:
                yield part
