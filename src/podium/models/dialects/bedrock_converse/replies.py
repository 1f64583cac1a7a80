"""Whole answers read, and the words both forms of an answer share."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec
from msgspec import Raw

from podium.core.errors import FailureKind, ProviderError
from podium.core.messages import FinishReason, ReasoningPart, Reply, ToolCall
from podium.core.usage import Usage

from ..anthropic.replies import read_input
from .usage import read_usage
from .wire import ANSWER_TOOL, NAME, SERVER_TOOL, Answer, Block, Reasoning

_answer_decoder = msgspec.json.Decoder(Answer)
_block_decoder = msgspec.json.Decoder(Block)
_names_decoder = msgspec.json.Decoder(dict[str, Raw])
_LONGEST_MESSAGE = 2000
UNREADABLE = (msgspec.DecodeError, ValueError, RecursionError)

_FINISH: Mapping[str, FinishReason] = MappingProxyType(
    {
        "end_turn": FinishReason.STOP,
        "stop_sequence": FinishReason.STOP,
        "max_tokens": FinishReason.LENGTH,
        "model_context_window_exceeded": FinishReason.LENGTH,
        "tool_use": FinishReason.TOOL_CALLS,
        "guardrail_intervened": FinishReason.CONTENT_FILTER,
        "content_filtered": FinishReason.CONTENT_FILTER,
        "refusal": FinishReason.CONTENT_FILTER,
    }
)
FAULTS: Mapping[str, str] = MappingProxyType(
    {
        "malformed_model_output": "the model wrote something that cannot be read",
        "malformed_tool_use": "the model wrote a tool call that cannot be read",
    }
)
"""Ends that are no answer: the model made a mistake."""


def finish_reason(name: str, *, calls: bool, answered: bool) -> FinishReason:
    """What a stop reason means. `calls`: the model called a caller's tool; `answered`: it gave its answer by a forced
    call. An unknown reason is OTHER: a new one must never crash a reader."""
    reason = _FINISH.get(name, FinishReason.OTHER)
    if reason is FinishReason.TOOL_CALLS and answered and not calls:
        return FinishReason.STOP
    return FinishReason.TOOL_CALLS if calls and name == "end_turn" else reason


def garbage(provider: str, why: object, *, usage: Usage | None = None) -> ProviderError:
    """What is no answer of this API."""
    return ProviderError(
        f"{provider} sent something that is not an answer of the Converse API: {why}.",
        kind=FailureKind.GARBAGE,
        provider=provider,
        usage=usage,
    )


def stop_sequence(fields: Raw) -> str | None:
    """The stop text that ended the answer, among what the model added of its own."""
    if not len(fields):
        return None
    try:
        stated = _names_decoder.decode(fields).get("stop_sequence")
        return None if stated is None else msgspec.json.decode(stated, type=str | None)
    except UNREADABLE:
        return None


def kind_of(block: Raw) -> str:
    """The name of a block of a kind this version does not know."""
    return next(iter(_names_decoder.decode(block)), "nothing")


def reasoning_part(reasoning: Reasoning) -> ReasoningPart:
    """One block of a whole answer."""
    if reasoning.redacted_content is not None:
        return ReasoningPart(data=reasoning.redacted_content, origin=NAME)
    shown = reasoning.reasoning_text
    return ReasoningPart(
        text=shown.text if shown else "", signature=(shown.signature if shown else None) or None, origin=NAME
    )


def read_reply(body: bytes, *, provider: str) -> Reply:
    """Raises ProviderError: GARBAGE for what is not an answer, SERVER_ERROR for an error dressed as a 200."""
    try:
        wire = _answer_decoder.decode(body)
        if wire.output is not None and wire.output.message is not None and wire.output.message.content is not None:
            return _reply(wire, wire.output.message.content, body, provider)
    except UNREADABLE as exc:
        raise garbage(provider, exc) from exc
    if wire.message is not None:
        raise ProviderError(
            f"{provider} sent an error inside a success: {str(wire.message)[:_LONGEST_MESSAGE]}",
            kind=FailureKind.SERVER_ERROR,
            provider=provider,
        )
    raise garbage(provider, "it holds no message")


def _reply(wire: Answer, content: list[Raw], body: bytes, provider: str) -> Reply:
    usage = read_usage(wire.usage)
    stopped = wire.stop_reason or "end_turn"
    if stopped in FAULTS:
        raise garbage(provider, FAULTS[stopped], usage=usage)
    text: list[str] = []
    calls: list[ToolCall] = []
    reasoning: list[ReasoningPart] = []
    unknown: dict[str, None] = {}
    answered = False
    for raw in content:
        block = _block_decoder.decode(raw)
        use = block.tool_use
        if block.text is not None:
            text.append(block.text)
        elif use is not None and use.type == SERVER_TOOL:
            unknown[SERVER_TOOL] = None
        elif use is not None and use.name == ANSWER_TOOL:
            answered = True
            text.append(bytes(use.input).decode())
        elif use is not None:
            calls.append(ToolCall(id=use.tool_use_id, name=use.name, arguments=read_input(use.input)))
        elif block.reasoning_content is not None:
            reasoning.append(reasoning_part(block.reasoning_content))
        elif block.citations_content is not None:
            text += [piece.text for piece in block.citations_content.content or () if piece.text]
            unknown["citations"] = None
        else:
            unknown[kind_of(raw)] = None
    return Reply(
        text="".join(text),
        tool_calls=tuple(calls),
        reasoning=tuple(reasoning),
        finish=finish_reason(stopped, calls=bool(calls), answered=answered),
        stop_sequence=stop_sequence(wire.additional_model_response_fields),
        usage=usage,
        dialect=NAME,
        raw=body,
        notes=tuple(f"Content of the kind {kind} has no place outside Bedrock's wire." for kind in unknown),
    )
