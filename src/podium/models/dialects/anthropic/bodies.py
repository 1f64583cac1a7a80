"""Bodies for providers: the caller's own with the model's name changed, or one built from canonical form."""

from __future__ import annotations

from typing import Any

from msgspec import Raw

from podium.core.messages import Message, Options, ReasoningPart
from podium.core.tasks import Task

from ..dialect import NotCarried, Quirks, Written
from ..forwarding import adapt, encoded, named
from .conversation import Conversation
from .generations import Generation, generation_of
from .reasoning import BARE_CALL, LEAST_BUDGET, Ask, ask_for
from .requests import read_betas
from .seals import claude_signature
from .tools import write_schema, write_tools
from .turns import without_foreign_reasoning
from .wire import BETAS, NAME, VERSION

_TRUE = Raw(b"true")
_VERSION_HEADER = "anthropic-version"
_VERSION_FIELD = "anthropic_version"
_ON_BEDROCK = "bedrock"
_DEFAULT_LIMIT = 32_000
"""For an answer nobody set a limit to. Anthropic demands one; a low one cuts answers that other wires would finish.
Every Claude since the fourth generation takes this much, it is charged as used and not as allowed, and a whole answer
of that length still arrives within the ten minutes that the API gives a call without streaming."""
_NEEDED = frozenset(("messages", "system", "tools", "output_config", "output_format"))
"""Without these the answer would be another one than was asked for."""
_UNKNOWN_HERE = ("seed", "presence_penalty", "frequency_penalty")


def write_request(task: Task, *, model: str, stream: bool, quirks: Quirks, max_tokens: int | None = None) -> Written:
    """A provider's body. `max_tokens` limits an answer the caller set no limit to. Raises NotCarried."""
    payload = task.payload
    foreign = False
    if payload is not None and payload.dialect == NAME:
        fields: dict[str, Any] = dict(payload.fields)
        betas = read_betas(payload)
        foreign = any(
            isinstance(part, ReasoningPart) and part.origin != NAME
            for message in task.messages
            for part in message.parts
        )
        if foreign:
            fields["messages"] = without_foreign_reasoning(payload.fields["messages"])
        fields.pop(BETAS, None)
        fields.pop("podium", None)
        if fields.get("max_tokens") is None and max_tokens is not None:
            fields["max_tokens"] = max_tokens
        notes: list[str] = []
        if (task.options.reasoning_tokens or 0) > 0 and _began_without_thinking(task.messages):
            # Another vendor's model began this turn, which the caller cannot know: he sent back what he was sent.
            del fields["thinking"]
            notes.append(BARE_CALL)
    else:
        fields, notes = _built(task, generation_of(model), quirks, max_tokens)
        betas = ()
    fields, headers = _finished(fields, notes, betas, model=model, stream=stream, quirks=quirks)
    return Written(body=encoded(fields, much=foreign), headers=headers, notes=tuple(notes))


def _began_without_thinking(messages: tuple[Message, ...]) -> bool:
    """Whether the turn under way waits for a call's result, and no Claude's thinking led to the call."""
    waits = False
    for message in reversed(messages):
        if message.role == "assistant":
            return waits and not any(isinstance(part, ReasoningPart) and _is_claudes(part) for part in message.parts)
        waits = waits or message.role == "tool"
    return False


def _is_claudes(part: ReasoningPart) -> bool:
    return part.origin == NAME or claude_signature(part) is not None


def _finished(
    fields: dict[str, Any], notes: list[str], betas: tuple[str, ...], *, model: str, stream: bool, quirks: Quirks
) -> tuple[dict[str, Any], dict[str, str]]:
    """What a provider's address and habits ask of any body."""
    extra = quirks.extra
    version = extra.get(_VERSION_FIELD)
    on_bedrock = isinstance(version, str) and version.startswith(_ON_BEDROCK)
    named(fields, model, quirks)
    if stream and not on_bedrock:  # there the address says whether to stream, and the body must not
        fields["stream"] = _TRUE
    else:
        fields.pop("stream", None)
    fields = adapt(fields, quirks, notes, _NEEDED)
    headers: dict[str, str] = {} if version is not None else {_VERSION_HEADER: VERSION}
    if betas and on_bedrock:
        fields["anthropic_beta"] = betas
    elif betas:
        headers[BETAS] = ",".join(betas)
    return fields, headers


# --- built from canonical form -------------------------------------------------------------------------------------


def _built(
    task: Task, generation: Generation, quirks: Quirks, max_tokens: int | None
) -> tuple[dict[str, Any], list[str]]:
    options = task.options
    if options.n > 1:
        raise NotCarried("Anthropic gives one answer a request, and several were asked for.", param="n")
    if options.logprobs:
        raise NotCarried("Anthropic gives no log probabilities.", param="logprobs")
    conversation = Conversation(generation, quirks)
    conversation.read(task.messages)
    notes = conversation.notes
    limit = max_tokens if options.max_tokens is None else options.max_tokens
    if limit is not None and limit > generation.max_output and generation.known:
        notes.append(f"The answer's limit was lowered from {limit} to the model's {generation.max_output} tokens.")
        limit = generation.max_output
    ask = ask_for(options, generation, limit, bare_call=conversation.bare_call, notes=notes)
    body: dict[str, Any] = {}
    forced = write_tools(body, options, notes, strict=generation.schema)
    answer_tool = write_schema(body, options, generation, quirks, conversation)
    if (forced or answer_tool) and ask.active:
        ask = _without_thinking(generation, ask, answer_tool and not forced, notes)
    body["max_tokens"] = _limit(limit, ask, generation)
    if conversation.system:
        body["system"] = conversation.system
    body["messages"] = conversation.turns
    if conversation.prefilled and (ask.asked or forced or options.schema is not None):
        raise NotCarried(
            "The conversation ends with an answer begun, and a model that goes on from one neither thinks, nor keeps to"
            " a schema, nor can be made to call a tool.",
            remedy="End with a user's message.",
        )
    if ask.thinking is not None:
        body["thinking"] = ask.thinking
    if ask.effort is not None:
        body.setdefault("output_config", {})["effort"] = ask.effort
    _sampling(body, options, generation, ask, notes)
    return body, notes


def _limit(limit: int | None, ask: Ask, generation: Generation) -> int:
    if limit is not None:
        return max(limit, 1)
    return min(max(_DEFAULT_LIMIT, ask.budget + LEAST_BUDGET), generation.max_output)


def _without_thinking(generation: Generation, ask: Ask, only_schema: bool, notes: list[str]) -> Ask:
    """A forced call and thinking exclude each other; what the caller asked for decides who yields."""
    if not generation.forces_tools:
        raise NotCarried(
            "This model always thinks, and one that thinks cannot be made to call a tool.",
            remedy="Leave the choice of tools to the model, or name another model.",
            param="tool_choice",
        )
    if ask.asked and not only_schema:
        raise NotCarried(
            "A model that thinks cannot be made to call a tool, and the request asks for both.",
            remedy="Leave out the reasoning effort, or leave the choice of tools to the model.",
            param="tool_choice",
        )
    if ask.asked:
        notes.append("Thinking was left out: the model gives the schema's answer by a forced call, which excludes it.")
    thinking = None if generation.off == "omit" else {"type": generation.off}
    return Ask(thinking=thinking, effort=None if thinking and ask.effort in ("xhigh", "max") else ask.effort)


def _sampling(body: dict[str, Any], options: Options, generation: Generation, ask: Ask, notes: list[str]) -> None:
    left_out = [name for name in _UNKNOWN_HERE if getattr(options, name) is not None]
    wanted = {name: getattr(options, name) for name in ("temperature", "top_p", "top_k")}
    wanted = {name: value for name, value in wanted.items() if value is not None}
    if not generation.sampling:
        left_out.extend(wanted)
        wanted = {}
    elif ask.active:
        # Thinking goes with the default temperature, no top_k, and a top_p that cuts next to nothing.
        dropped = [name for name, value in wanted.items() if name != "top_p" or not 0.95 <= value <= 1]
        dropped = [name for name in dropped if not (name == "temperature" and wanted[name] == 1)]
        left_out.extend(dropped)
        wanted = {name: value for name, value in wanted.items() if name not in dropped}
    elif not generation.both_samplings and len(wanted.keys() & {"temperature", "top_p"}) == 2:
        left_out.append("top_p")
        del wanted["top_p"]
    if wanted.get("temperature", 0) > 1:
        notes.append(f"temperature was lowered from {wanted['temperature']} to 1, the most Anthropic takes.")
        wanted["temperature"] = 1
    body.update(wanted)
    if left_out:
        notes.append(f"The model takes no {', '.join(left_out)} here: left out.")
    stop = [text for text in options.stop if text.strip()]
    if len(stop) < len(options.stop):
        notes.append("Stop sequences of white space alone were left out: Anthropic refuses them.")
    if stop:
        body["stop_sequences"] = stop
