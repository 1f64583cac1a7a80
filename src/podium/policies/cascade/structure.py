"""Whether a whole answer has the shape that was asked for: the cheapest check there is, made on every answer.

It says nothing about truth. It catches what a caller's program would stumble over: an empty answer, a tool call
that was demanded and did not come, text that is not the JSON it should be.
"""

from __future__ import annotations

from typing import Any

import msgspec

from podium.core.messages import FinishReason, Options, Reply, Schema
from podium.core.tasks import Operation, Task, Verdict

from .shape import mismatch

CHECK = "structure"
CUT_SCORE = 0.7
"""For text that stops where its limit did: whole enough to return, hardly complete."""
REFUSAL_SCORE = 0.3
"""For a proper refusal: an answer, and not what was asked for."""

_NOT_JSON = (msgspec.DecodeError, RecursionError, UnicodeError)
_object_decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])
_RECEIVED = Verdict(accepted=True, score=1.0, reason="vectors and transcripts have no shape to judge", check=CHECK)
"""The transcript of silence is empty, and right."""
_FINE = Verdict(accepted=True, score=1.0, reason="the answer has the shape asked for", check=CHECK)
_CUT = Verdict(accepted=True, score=CUT_SCORE, reason="the answer was cut off by its length limit", check=CHECK)
_REFUSED = Verdict(accepted=True, score=REFUSAL_SCORE, reason="the model declined to answer", check=CHECK)


def judge_structure(task: Task, reply: Reply) -> Verdict:
    """The verdict on a whole answer; `score` is 1 where the shape is right and 0 where the answer is not accepted."""
    if task.operation is not Operation.CHAT:
        return _RECEIVED
    options = task.options
    if reply.tool_calls:
        return _judge_calls(options, reply)
    if reply.refusal:
        return _REFUSED
    text = reply.text
    if not text or text.isspace():
        return _unfit(_EMPTY.get(reply.finish, "the answer is empty"))
    if options.tool_choice is not None and options.tool_choice not in {"auto", "none"}:
        return _unfit("a tool call was required and none came")
    if options.schema is not None:
        return _judge_json(options.schema, reply)
    return _CUT if reply.finish is FinishReason.LENGTH else _FINE


_EMPTY = {
    FinishReason.LENGTH: "the answer is empty: its length limit was used up before the first word",
    FinishReason.CONTENT_FILTER: "the answer is empty: the provider's filter withheld it",
}


def _unfit(reason: str) -> Verdict:
    return Verdict(accepted=False, score=0.0, reason=reason, check=CHECK)


def _judge_calls(options: Options, reply: Reply) -> Verdict:
    if reply.finish is FinishReason.LENGTH and not _is_json(reply.tool_calls[-1].arguments):
        return _unfit("the tool call was cut off by the length limit")
    for call in reply.tool_calls:
        if call.arguments and not _is_object(call.arguments):
            return _unfit(f"{call.name} was called with arguments that are not a JSON object")
    wanted = options.tool_choice
    if wanted in {None, "auto", "none", "required"} or any(call.name == wanted for call in reply.tool_calls):
        return _FINE
    names = ", ".join(call.name for call in reply.tool_calls)
    return _unfit(f"a call to {wanted} was required and {names} was called")


def _is_json(text: str) -> bool:
    try:
        msgspec.json.decode(text)
    except _NOT_JSON:
        return False
    return True


def _is_object(text: str) -> bool:
    try:
        _object_decoder.decode(text)
    except _NOT_JSON:
        return False
    return True


def _judge_json(schema: Schema, reply: Reply) -> Verdict:
    cut = reply.finish is FinishReason.LENGTH
    try:
        value: Any = msgspec.json.decode(reply.text)
    except _NOT_JSON as exc:
        if cut:
            return _unfit("the JSON was cut off by the length limit")
        fenced = " (it is wrapped in a code fence)" if reply.text.lstrip().startswith("```") else ""
        return _unfit(f"the answer is not JSON{fenced}: {exc}")
    if schema.body is None:
        return _FINE if isinstance(value, dict) else _unfit("the answer is JSON but not an object")
    wrong = mismatch(value, schema.body)
    return _FINE if wrong is None else _unfit(f"the answer does not fit its schema: {wrong}")
