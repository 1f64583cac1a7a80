"""What a simulated model answers: it solves the prompt, then is right or wrong as often as its skill says.

Whether it is right depends on the seed, the model and the prompt alone, so a run can be repeated to the letter.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from random import Random
from typing import Any

from .checkable import Answer, Question, Solution
from .openai_wire import ChatRequest, Spoken, WireError, WireUsage
from .solvers import solve
from .vendor import SimModel, draw

_CHARS_PER_TOKEN = 4
_MESSAGE_TOKENS = 4
_IMAGE_TOKENS = 85
_SMALL_TALK = (
    "Let me look at this carefully.",
    "I have read the request and everything that belongs to it.",
    "Here is what I found after going through it step by step.",
    "I double-checked it before writing it down.",
)
_DEEPEST = 8
_LONGEST_FILL = 1000


def answer(model: SimModel, seed: int, request: ChatRequest) -> Spoken:
    """The model's whole answer. Raises WireError for what the model cannot take."""
    prompt = request.prompt
    used = _input_tokens(request)
    _check_able(model, request, used)
    thought = _thought(model, seed, request, prompt)
    calls = tuple(
        (f"call_{_digest(seed, model.name, prompt, i)}", name, json.dumps(arguments))
        for i, (name, arguments) in enumerate(thought.calls)
    )
    return _spoken(model, request, thought.text, calls, used)


def solved(request: ChatRequest) -> Solution | None:
    """What a flawless model would make of the request; None for a prompt the simulation does not know."""
    return solve(_question(request))


def _question(request: ChatRequest) -> Question:
    tools: Mapping[str, Mapping[str, Any]] = {}
    if request.tools and request.tool_choice != "none":
        tools = {tool.function.name: tool.function.parameters or {} for tool in request.tools}
    chosen = request.response_format
    schema = None
    if chosen is not None and chosen.type != "text":
        schema = (chosen.json_schema.schema if chosen.json_schema else None) or {}
    last = request.messages[-1]
    return Question(text=last.text if last.role == "user" else "", tools=tools, schema=schema)


def _thought(model: SimModel, seed: int, request: ChatRequest, prompt: str) -> Answer:
    question = _question(request)
    results = _tool_results(request)
    if results:
        thought = Answer(text="Here is what the tools returned: " + "; ".join(results))
    elif solution := solve(question):
        thought = _skilled(model, seed, prompt, solution)
    else:
        kind = "an image and some text" if request.images else "some text"
        thought = Answer(
            text=f"I am {model.name}, a simulated model. I was given {kind} that I cannot work on "
            f"(digest {_digest(prompt)[:8]}); ask me one of the tasks of podium.testing.make_tasks."
        )
    thought = _with_forced_tool(request, question, thought)
    if request.parallel_tool_calls is False:
        thought = Answer(text=thought.text, calls=thought.calls[:1])
    if question.schema is not None and not thought.calls:
        return Answer(text=_as_json(thought.text, question.schema))
    return thought


def _skilled(model: SimModel, seed: int, prompt: str, solution: Solution) -> Answer:
    if draw(seed, model.name, "skill", prompt) < model.chance(solution.task_type, solution.difficulty):
        thought = solution.right
    else:
        thought = solution.near_miss(Random(_digest(seed, model.name, "slip", prompt)))
    if model.verbosity and solution.chatty and thought.text:
        talk = [_SMALL_TALK[i % len(_SMALL_TALK)] for i in range(model.verbosity)]
        return Answer(text=" ".join(talk) + "\n\n" + thought.text)
    return thought


def _tool_results(request: ChatRequest) -> list[str]:
    """What the tools returned since the model last spoke."""
    results: list[str] = []
    for message in reversed(request.messages):
        if message.role != "tool":
            break
        results.insert(0, message.text)
    return results


def _with_forced_tool(request: ChatRequest, question: Question, thought: Answer) -> Answer:
    """The same answer, or a call if the request insists on one."""
    choice = request.tool_choice
    if not question.tools or choice in (None, "auto"):
        return thought
    if isinstance(choice, dict):
        name = choice.get("function", {}).get("name")
        if name not in question.tools:
            raise WireError(400, f"'tool_choice' names {name!r}, which is not among 'tools'.", param="tool_choice")
        fitting = tuple(call for call in thought.calls if call[0] == name)
        return Answer(calls=fitting or ((name, _filled(question.tools[name])),))
    if choice == "required" and not thought.calls:
        name = next(iter(question.tools))
        return Answer(calls=((name, _filled(question.tools[name])),))
    return thought


# --- JSON by schema -----------------------------------------------------------------------------------------------


def _as_json(text: str, schema: Mapping[str, Any]) -> str:
    """The answer as JSON: itself if it is an object already, else laid into the schema's first text or number."""
    if text.startswith("{"):
        return text
    if not schema:
        return json.dumps({"answer": text})
    value = _filled(schema)
    for key, part in (schema.get("properties") or {}).items():
        said = text.rpartition(": ")[2]
        if part.get("type") == "string" and "enum" not in part:
            return json.dumps({**value, key: text})
        if part.get("type") in ("integer", "number") and said.lstrip("-").isdigit():
            return json.dumps({**value, key: int(said)})
    return json.dumps(value)


def _filled(schema: Mapping[str, Any], root: Mapping[str, Any] | None = None, depth: int = 0) -> Any:
    """The plainest value a JSON schema allows: enough for every caller's parser."""
    root = schema if root is None else root
    if "$ref" in schema and depth < _DEEPEST:
        target: Any = root
        for step in str(schema["$ref"]).removeprefix("#/").split("/"):
            target = target.get(step, {}) if isinstance(target, dict) else {}
        return _filled(target, root, depth + 1)
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    for union in ("anyOf", "oneOf", "allOf"):
        if schema.get(union):
            return _filled(schema[union][0], root, depth + 1)
    kind = schema.get("type", "object" if "properties" in schema or not depth else "string")
    match kind[0] if isinstance(kind, list) else kind:
        case "object":
            if depth >= _DEEPEST:
                return {}
            properties: Mapping[str, Any] = schema.get("properties") or {}
            names = schema.get("required", properties) if depth else properties
            return {name: _filled(properties.get(name, {"type": "string"}), root, depth + 1) for name in names}
        case "array":
            return [_filled(schema.get("items") or {}, root, depth + 1)] * _count(schema.get("minItems"))
        case "integer" | "number":
            return schema.get("minimum", 0)
        case "boolean":
            return False
        case "null":
            return None
        case _:
            return "simulated"[: _count(schema.get("maxLength", _LONGEST_FILL))].ljust(
                _count(schema.get("minLength")), "x"
            )


def _count(value: object) -> int:
    """A length out of a schema, within reason."""
    return max(0, min(value, _LONGEST_FILL)) if isinstance(value, int) else 0


# --- tokens -------------------------------------------------------------------------------------------------------


def tokens(text: str) -> int:
    """An estimate: four characters a token."""
    return -(-len(text) // _CHARS_PER_TOKEN)


def _input_tokens(request: ChatRequest) -> int:
    total = _IMAGE_TOKENS * request.images
    for message in request.messages:
        total += _MESSAGE_TOKENS + tokens(message.text)
        total += sum(tokens(call.function.name + call.function.arguments) for call in message.tool_calls or ())
    for tool in request.tools or ():
        total += tokens(f"{tool.function.name}{tool.function.description}{tool.function.parameters}")
    if request.response_format is not None and request.response_format.json_schema is not None:
        total += tokens(str(request.response_format.json_schema.schema))
    return total


def _check_able(model: SimModel, request: ChatRequest, used: int) -> None:
    if request.images and not model.vision:
        raise WireError(400, f"{model.name} does not take images.", param="messages", code="unsupported_content")
    if request.tools and not model.tools:
        raise WireError(400, f"{model.name} does not call tools.", param="tools", code="unsupported_parameter")
    chosen = request.response_format
    if chosen is not None and chosen.type != "text" and not model.json:
        raise WireError(
            400, f"{model.name} does not take 'response_format'.", param="response_format", code="unsupported_parameter"
        )
    wanted = used + (request.limit or 0)
    if wanted > model.context:
        raise WireError(
            400,
            f"The context window of {model.name} is {model.context} tokens; this request needs {wanted} "
            f"({used} for the messages, {request.limit or 0} for the answer).",
            param="messages",
            code="context_length_exceeded",
        )


def _spoken(
    model: SimModel, request: ChatRequest, text: str, calls: Sequence[tuple[str, str, str]], used: int
) -> Spoken:
    """The answer after stop sequences and the token limit, with its figures."""
    finish = "tool_calls" if calls else "stop"
    for stop in request.stops:
        text = text.partition(stop)[0] if stop else text
    room = None if request.limit is None else max(0, request.limit - model.reasoning_tokens) * _CHARS_PER_TOKEN
    if room is not None and len(text) + sum(len(name) + len(given) for _, name, given in calls) > room:
        finish = "length"
        text = text[:room]
        calls = [(call_id, name, given[: max(0, room - len(name))]) for call_id, name, given in calls[:1]]
    written = tokens(text) + sum(tokens(name + given) for _, name, given in calls)
    hidden = model.reasoning_tokens if request.limit is None else min(model.reasoning_tokens, request.limit)
    usage = WireUsage(
        prompt_tokens=used,
        completion_tokens=written + hidden,
        total_tokens=used + written + hidden,
        prompt_tokens_details={"cached_tokens": int(used * model.cached_share), "audio_tokens": 0},
        completion_tokens_details={"reasoning_tokens": hidden, "audio_tokens": 0},
    )
    return Spoken(text=text, calls=tuple(calls), finish=finish, usage=usage)


def _digest(*words: object) -> str:
    return blake2b("\0".join(map(str, words)).encode(), digest_size=12).hexdigest()
