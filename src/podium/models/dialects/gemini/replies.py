"""Whole answers: a provider's body read, a caller's body written; and what both share with streams."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Raw

from podium.core.errors import FailureKind, ProviderError
from podium.core.ids import new_id
from podium.core.messages import FinishReason, ReasoningPart, Reply, ToolCall
from podium.core.tasks import Task
from podium.core.usage import Usage

from .signatures import seal
from .usage import read_usage, wire_usage
from .wire import (
    NAME,
    NOTHING,
    Answer,
    AnswerWithoutUsage,
    Candidate,
    FunctionCall,
    Part,
    WireUsage,
    opaque_kind,
)

_answer_decoder = msgspec.json.Decoder(Answer)
_bare_decoder = msgspec.json.Decoder(AnswerWithoutUsage)
_object_decoder = msgspec.json.Decoder(dict[str, Raw])
_encoder = msgspec.json.Encoder()
_LONGEST_MESSAGE = 2000

_FINISH = {
    "STOP": FinishReason.STOP,
    "MAX_TOKENS": FinishReason.LENGTH,
    "CONTINUATION": FinishReason.LENGTH,
} | dict.fromkeys(
    (
        *("SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY"),
        *("IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION", "MODEL_ARMOR", "ESCALATION", "PUP_LIMITED_DISABLED"),
    ),
    FinishReason.CONTENT_FILTER,
)
FAULTS = frozenset(
    (
        *("MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "MALFORMED_RESPONSE"),
        "MISSING_THOUGHT_SIGNATURE",
    )
)
"""Ends that are no answer: the model or the API made a mistake."""
_WIRE_FINISH = {
    FinishReason.STOP: "STOP",
    FinishReason.TOOL_CALLS: "STOP",
    FinishReason.LENGTH: "MAX_TOKENS",
    FinishReason.CONTENT_FILTER: "SAFETY",
    FinishReason.OTHER: "OTHER",
}


def finish_reason(name: str, called: bool) -> FinishReason:
    """STOP with a call means the call; an unknown reason is OTHER, for a new one must never crash a reader."""
    reason = _FINISH.get(name, FinishReason.OTHER)
    return FinishReason.TOOL_CALLS if called and reason is FinishReason.STOP else reason


def fault_text(candidate: Candidate) -> str:
    """What a faulty end says of itself."""
    return (candidate.finish_message or f"the model's answer ended with {candidate.finish_reason}")[:_LONGEST_MESSAGE]


def blocked_text(answer: AnswerWithoutUsage) -> str | None:
    """Why there is no answer at all; None where the prompt was not blocked."""
    feedback = answer.prompt_feedback
    if feedback is None or not feedback.block_reason:
        return None
    return (feedback.block_reason_message or f"The prompt was blocked: {feedback.block_reason}.")[:_LONGEST_MESSAGE]


def withheld_text(candidate: Candidate) -> str:
    """What there is to say of an answer of which a filter left nothing."""
    return (candidate.finish_message or f"The answer was withheld: {candidate.finish_reason}.")[:_LONGEST_MESSAGE]


def error_text(error: Any) -> tuple[str, str | None]:
    """(message, status word or code) of an `error` value, whatever shape it has."""
    if not isinstance(error, dict):
        return str(error)[:_LONGEST_MESSAGE], None
    code = next((error[name] for name in ("status", "code") if error.get(name) is not None), None)
    return str(error.get("message") or code or "no message")[:_LONGEST_MESSAGE], None if code is None else str(code)


def decode_answer(data: bytes) -> tuple[AnswerWithoutUsage, WireUsage | None]:
    """An answer or a chunk, and its figures: None where it states none, or none that can be read."""
    try:
        answer = _answer_decoder.decode(data)
    except msgspec.ValidationError:
        return _bare_decoder.decode(data), None  # figures that cannot be read are estimated, as if none were stated
    return answer, answer.usage_metadata


class CallNames:
    """Identifiers for calls that came without one: the same whenever the same answer is read."""

    __slots__ = ("_count", "_seed")

    def __init__(self) -> None:
        self._seed = ""
        self._count = 0

    def next(self, given: str | None, response_id: str | None) -> str:
        """The wire's own identifier where it gave one, else one that no other answer's call has."""
        number, self._count = self._count, self._count + 1
        if given:
            return given
        if not self._seed:
            self._seed = response_id or new_id("rsp")
        return f"call_{hashlib.blake2b(f'{self._seed}/{number}'.encode(), digest_size=12).hexdigest()}"


def call_arguments(call: FunctionCall) -> str:
    """The arguments as the model wrote them. Raises ValueError for what is no object."""
    arguments = bytes(call.args).decode()
    if arguments in ("", "null"):
        return "{}"
    if not arguments.startswith("{"):
        raise ValueError("a function call's args are not an object")
    return arguments


def is_said(raw: Raw) -> bool:
    """Whether a field of the answer holds anything."""
    return raw is not NOTHING and bytes(raw) not in (b"null", b"{}")


def garbage(provider: str, why: object, *, usage: Usage | None = None) -> ProviderError:
    """What the dialect forbids, as an error."""
    return ProviderError(
        f"{provider} sent something that is not a generateContent answer: {why}.",
        kind=FailureKind.GARBAGE,
        provider=provider,
        remedy="Check that its base_url ends in the API's version (/v1beta) and serves the Gemini API.",
        usage=usage,
    )


def read_reply(body: bytes, *, provider: str) -> Reply:
    """Raises ProviderError: GARBAGE for what is not an answer, SERVER_ERROR for an error dressed as a 200."""
    try:
        answer, figures = decode_answer(body)
        if answer.error is not None and not answer.candidates:
            raise ProviderError(
                f"{provider} sent an error inside a success: {error_text(answer.error)[0]}",
                kind=FailureKind.SERVER_ERROR,
                provider=provider,
            )
        return _read(answer, read_usage(figures), body, provider)
    except (msgspec.DecodeError, ValueError, RecursionError) as exc:
        raise garbage(provider, exc) from exc


def _read(answer: AnswerWithoutUsage, usage: Usage | None, body: bytes, provider: str) -> Reply:
    about: dict[str, Any] = {
        "usage": usage,
        "id": answer.response_id or "",
        "model": answer.model_version or "",
        "dialect": NAME,
        "raw": body,
    }
    if not answer.candidates:
        blocked = blocked_text(answer)
        if blocked is None:
            raise garbage(provider, "it has no candidates", usage=usage)
        return Reply(text="", refusal=blocked, finish=FinishReason.CONTENT_FILTER, **about)
    candidate = answer.candidates[0]
    if candidate.finish_reason in FAULTS:
        raise garbage(provider, fault_text(candidate), usage=usage)
    texts: list[str] = []
    calls: list[ToolCall] = []
    thoughts = _Thoughts()
    unread: list[str] = ["groundingMetadata"] if is_said(candidate.grounding_metadata) else []
    names = CallNames()
    for part in (candidate.content.parts if candidate.content else None) or ():
        thoughts.read(part)
        if part.function_call is not None:
            calls.append(_read_call(part, part.function_call, names, answer.response_id))
        elif part.thought:
            continue
        elif part.text is not None:
            texts.append(part.text)
        elif (kind := unread_kind(part)) is not None:
            unread.append(kind)
    text, finish = "".join(texts), finish_reason(candidate.finish_reason or "STOP", bool(calls))
    withheld = finish is FinishReason.CONTENT_FILTER and not (text or calls or unread)
    return Reply(
        text=text,
        refusal=withheld_text(candidate) if withheld else None,
        tool_calls=tuple(calls),
        reasoning=thoughts.ended(),
        finish=finish,
        notes=tuple(
            f"The answer's {kind} has no place outside Gemini's own dialect." for kind in dict.fromkeys(unread)
        ),
        **about,
    )


def unread_kind(part: Part) -> str | None:
    """The wire's name of what the canonical form of an answer lacks."""
    if part.inline_data is not None:
        return "inlineData"
    return "fileData" if part.file_data is not None else opaque_kind(part)


def _read_call(part: Part, call: FunctionCall, names: CallNames, response_id: str | None) -> ToolCall:
    if not call.name:
        raise ValueError("a function call has no name")
    return ToolCall(
        id=names.next(call.id, response_id),
        name=call.name,
        arguments=call_arguments(call),
        signature=part.thought_signature,
    )


class _Thoughts:
    """The reasoning of a whole answer: its thoughts, and signatures that stand on its texts (see `stream`)."""

    __slots__ = ("_blocks", "_text")

    def __init__(self) -> None:
        self._blocks: list[ReasoningPart] = []
        self._text: list[str] = []

    def read(self, part: Part) -> None:
        """A signature ends a block, and so does anything else that the model says."""
        if part.function_call is not None:
            self._end()
        elif part.thought:
            self._text.append(part.text or "")
            if part.thought_signature is not None:
                self._end(part.thought_signature)
        elif part.thought_signature is not None:
            self._end()
            self._end(part.thought_signature)
        elif part.text or unread_kind(part) is not None:
            self._end()

    def ended(self) -> tuple[ReasoningPart, ...]:
        """All of it."""
        self._end()
        return tuple(self._blocks)

    def _end(self, signature: str | None = None) -> None:
        text = "".join(self._text)
        self._text.clear()
        if text or signature is not None:
            self._blocks.append(ReasoningPart(text=text, signature=signature, origin=NAME))


# --- for callers ---------------------------------------------------------------------------------------------------


def write_reply(reply: Reply, *, task: Task, model: str) -> bytes:
    """A caller's body: the provider's own where it came in this dialect, else built.

    Raises ProviderError(GARBAGE) for a call whose arguments are no object: the wire has no place for them.
    """
    if reply.raw is not None and reply.dialect == NAME:
        return reply.raw
    shown = task.options.show_reasoning
    signed = [block for block in reply.reasoning if is_bare(block, shown=shown)]
    parts = [wire_thought(block) for block in reply.reasoning if block not in signed] if shown else []
    said = reply.text or reply.refusal
    if said:
        parts.append({"text": said})
    parts += [wire_signature(block) for block in signed]
    parts += wire_calls(reply.tool_calls, () if shown else reply.reasoning, cut=reply.finish is FinishReason.LENGTH)
    # Chats of Google's SDKs forget an answer without parts.
    content = {"parts": parts or [{"text": ""}], "role": "model"}
    body: dict[str, Any] = {
        "candidates": [
            {"content": content, "finishReason": wire_finish(reply.finish, refused=bool(reply.refusal)), "index": 0}
        ],
        "modelVersion": reply.model or model,
        "responseId": task.id,
    }
    if reply.usage is not None:
        body["usageMetadata"] = wire_usage(reply.usage)
    return _encoder.encode(body)


def wire_finish(reason: FinishReason, *, refused: bool) -> str:
    """A refusal is told by the finish alone here: its words are text like any other."""
    return _WIRE_FINISH[FinishReason.CONTENT_FILTER if refused and reason is FinishReason.STOP else reason]


def is_bare(block: ReasoningPart, *, shown: bool) -> bool:
    """Whether there is nothing to a block but Gemini's signature, for a caller who is `shown` thoughts or is not."""
    return block.origin == NAME and block.signature is not None and not (shown and block.text)


def wire_signature(block: ReasoningPart) -> dict[str, Any]:
    """A bare signature as Gemini gives one: on a part with an empty text."""
    return {"text": "", "thoughtSignature": block.signature}


def wire_thought(block: ReasoningPart) -> dict[str, Any]:
    """A block of reasoning as a thought; another vendor's signature goes in an envelope."""
    thought: dict[str, Any] = {"text": block.text, "thought": True}
    signature = block.signature if block.origin == NAME else seal((block,))
    if signature is not None:
        thought["thoughtSignature"] = signature
    return thought


def wire_calls(calls: Sequence[ToolCall], hidden: Sequence[ReasoningPart], *, cut: bool) -> list[dict[str, Any]]:
    """Function calls as parts; the first carries the reasoning the caller did not ask to see.

    In an answer that was `cut`, a call without its end is left out. Raises ProviderError for any other broken one.
    """
    parts: list[dict[str, Any]] = []
    for call in calls:
        text = call.arguments if call.arguments.strip() else "{}"
        try:
            _object_decoder.decode(text)
            arguments = Raw(text.encode())
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as exc:
            if cut:
                continue
            raise ProviderError(
                f"The model called {call.name!r} with arguments that are not a JSON object.",
                kind=FailureKind.GARBAGE,
                provider="the model",
                remedy="Try again, or name another model.",
            ) from exc
        function: dict[str, Any] = {"name": call.name, "args": arguments}
        if call.id:
            function["id"] = call.id
        part: dict[str, Any] = {"functionCall": function}
        signature = call.signature or (seal(hidden) if not parts else None)
        if signature is not None:
            part["thoughtSignature"] = signature
        parts.append(part)
    return parts
