"""What a simulated model answers: it solves the prompt, then is right or wrong as often as its skill says.

Whether it is right depends on the seed, the model and the prompt alone, so a run can be repeated to the letter,
and the same prompt gets the same answer on every wire.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import blake2b
from random import Random
from typing import Any

from .ask import Ask, Call, Finish, Refused, Spoken
from .checkable import Answer, Question, Solution
from .filling import as_json, filled
from .orders import obey
from .solvers import solve
from .tokens import CHARS_PER_TOKEN, figures, input_tokens, tokens
from .vendor import SimModel, draw

_SMALL_TALK = (
    "Let me look at this carefully.",
    "I have read the request and everything that belongs to it.",
    "Here is what I found after going through it step by step.",
    "I double-checked it before writing it down.",
)


def answer(model: SimModel, seed: int, ask: Ask, *, warm: bool = False) -> Spoken:
    """The model's whole answer. Raises Refused for what the model cannot take.

    `warm` says that what the caller marked for caching was sent before.
    """
    prompt = ask.prompt
    _check_able(model, ask)
    question = _question(ask)
    ordered = obey(question, ask.images)
    if ordered is not None and ordered.refusal:
        usage = figures(model, ask, written=tokens(ordered.refusal), reasoning=0, warm=warm)
        return Spoken(text="", refusal=ordered.refusal, finish="refusal", usage=usage)
    if ordered is not None:
        thought = Answer(text=ordered.text, calls=ordered.calls)
    else:
        thought = _thought(model, seed, ask, question, prompt)
    thought = _in_form(ask, question, thought)
    calls = tuple(
        Call(id=_digest(seed, model.name, prompt, i), name=name, arguments=json.dumps(arguments))
        for i, (name, arguments) in enumerate(thought.calls)
    )
    return _spoken(model, ask, thought.text, calls, warm=warm)


def solved(ask: Ask) -> Solution | None:
    """What a flawless model would make of the request; None for a prompt the simulation does not know."""
    return solve(_question(ask))


def cache_key(ask: Ask) -> str | None:
    """What names the part of a request its caller wants cached; None where it marks nothing."""
    if ask.marked is None:
        return None
    return _digest(ask.model, ask.tools, ask.turns[: ask.marked + 1])


def _question(ask: Ask) -> Question:
    tools: Mapping[str, Mapping[str, Any]] = {}
    if ask.choice != "none":
        tools = {tool.name: tool.parameters or {} for tool in ask.tools}
    last = ask.turns[-1]
    return Question(text=last.text if last.role == "user" else "", tools=tools, schema=ask.schema)


def _thought(model: SimModel, seed: int, ask: Ask, question: Question, prompt: str) -> Answer:
    results = _tool_results(ask)
    if results:
        return Answer(text="Here is what the tools returned: " + "; ".join(results))
    if solution := solve(question):
        return _skilled(model, seed, prompt, solution)
    kind = "an image and some text" if ask.images else "some text"
    return Answer(
        text=f"I am {model.name}, a simulated model. I was given {kind} that I cannot work on "
        f"(digest {_digest(prompt)[:8]}); ask me one of the tasks of podium.testing.make_tasks."
    )


def _skilled(model: SimModel, seed: int, prompt: str, solution: Solution) -> Answer:
    if draw(seed, model.name, "skill", prompt) < model.chance(solution.task_type, solution.difficulty):
        thought = solution.right
    else:
        thought = solution.near_miss(Random(_digest(seed, model.name, "slip", prompt)))
    if model.verbosity and solution.chatty and thought.text:
        talk = [_SMALL_TALK[i % len(_SMALL_TALK)] for i in range(model.verbosity)]
        return Answer(text=" ".join(talk) + "\n\n" + thought.text)
    return thought


def _tool_results(ask: Ask) -> list[str]:
    """What the tools returned since the model last spoke."""
    results: list[str] = []
    for turn in reversed(ask.turns):
        if turn.role != "tool":
            break
        results.insert(0, turn.text)
    return results


def _in_form(ask: Ask, question: Question, thought: Answer) -> Answer:
    """The answer as the request insists on it: by a tool, one call at most, as JSON."""
    try:
        thought = _with_forced_tool(ask, question, thought)
        if not ask.parallel:
            thought = Answer(text=thought.text, calls=thought.calls[:1])
        if question.schema is not None and not thought.calls:
            return Answer(text=as_json(thought.text, question.schema))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as exc:
        raise Refused(400, "A schema of this request is none.", param="schema", code="invalid_schema") from exc
    return thought


def _with_forced_tool(ask: Ask, question: Question, thought: Answer) -> Answer:
    """The same answer, or a call if the request insists on one."""
    if not question.tools or ask.choice != "required":
        return thought
    for name in ask.only:
        if name not in question.tools:
            raise Refused(400, f"'tool_choice' names {name!r}, which is not among 'tools'.", param="tool_choice")
    if not ask.only:
        name = next(iter(question.tools))
        return thought if thought.calls else Answer(calls=((name, filled(question.tools[name])),))
    fitting = tuple(call for call in thought.calls if call[0] in ask.only)
    return Answer(calls=fitting or ((ask.only[0], filled(question.tools[ask.only[0]])),))


def _check_able(model: SimModel, ask: Ask) -> None:
    if ask.images and not model.vision:
        raise Refused(400, f"{model.name} does not take images.", param="messages", code="unsupported_content")
    if ask.tools and not model.tools:
        raise Refused(400, f"{model.name} does not call tools.", param="tools", code="unsupported_parameter")
    if ask.schema is not None and not model.json:
        raise Refused(
            400, f"{model.name} does not take 'response_format'.", param="response_format", code="unsupported_parameter"
        )
    if ask.thinks and not model.reasoning_tokens:
        raise Refused(400, f"{model.name} does not support thinking.", param="thinking", code="unsupported_parameter")
    used = input_tokens(ask)
    wanted = used + (ask.limit or 0)
    if wanted > model.context:
        raise Refused(
            400,
            f"The context window of {model.name} is {model.context} tokens; this request needs {wanted} "
            f"({used} for the messages, {ask.limit or 0} for the answer).",
            param="messages",
            code="context_length_exceeded",
        )


def _spoken(model: SimModel, ask: Ask, text: str, calls: tuple[Call, ...], *, warm: bool) -> Spoken:
    """The answer after stop sequences and the token limit, with its figures."""
    finish: Finish = "tool_calls" if calls else "stop"
    stopped_by = None
    for stop in ask.stops:
        if stop and stop in text:
            text, stopped_by = text.partition(stop)[0], stop
            finish, calls = "stop", ()
    hidden = 0 if ask.thinks is False else model.reasoning_tokens
    hidden = min(hidden, *(most for most in (ask.limit, ask.budget) if most is not None), hidden)
    room = None if ask.limit is None else max(0, ask.limit - hidden) * CHARS_PER_TOKEN
    if room is not None and len(text) + sum(len(call.name) + len(call.arguments) for call in calls) > room:
        finish, stopped_by = "length", None
        text = text[:room]
        calls = tuple(
            Call(id=call.id, name=call.name, arguments=call.arguments[: max(0, room - len(call.name))])
            for call in calls[:1]
        )
    written = tokens(text) + sum(tokens(call.name + call.arguments) for call in calls)
    thoughts = f"The prompt (digest {_digest(ask.prompt)[:8]}) asks for an answer; I weigh it, then I write it."
    shows = model.shows_reasoning if ask.shows is None else ask.shows
    return Spoken(
        text=text,
        calls=calls,
        finish=finish,
        stopped_by=stopped_by,
        reasoned=hidden > 0,
        thoughts=thoughts if hidden and shows else "",
        hidden_thoughts=thoughts if hidden and model.redacts_reasoning else "",
        usage=figures(model, ask, written=written, reasoning=hidden, warm=warm),
    )


def _digest(*words: object) -> str:
    return blake2b("\0".join(map(str, words)).encode(), digest_size=12).hexdigest()
