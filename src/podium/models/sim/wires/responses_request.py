"""OpenAI's responses, what comes in (OpenAI API reference, page Create a response)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from msgspec import UNSET, Struct

from ..ask import Ask, Call, Image, Refused, Tool, Turn
from .openai_chat_request import image_at
from .seal import Seal
from .wire import Incoming, decoded

_LEAST_OUTPUT = 16
_MOVED = {
    "messages": "input",
    "max_tokens": "max_output_tokens",
    "max_completion_tokens": "max_output_tokens",
    "response_format": "text.format",
    "reasoning_effort": "reasoning.effort",
    "functions": "tools",
    "stop": None,
    "n": None,
}
"""Parameters of chat completions that this API does not take, and where they went."""


class _Part(Struct):
    type: str
    text: str | None = None
    refusal: str | None = None
    image_url: str | None = None
    file_data: str | None = None
    file_url: str | None = None


class _Item(Struct):
    """Any item of the input: which fields are there depends on its type."""

    type: str = "message"
    role: Literal["user", "assistant", "system", "developer"] | None = None
    content: str | list[_Part] | None = None
    id: str | None = None
    call_id: str = ""
    name: str = ""
    arguments: str = ""
    output: str | list[_Part] | None = None
    encrypted_content: str | None = None


class _Tool(Struct):
    type: str
    name: str = ""
    description: str | None = None
    parameters: dict[str, Any] | None = None
    function: Any = UNSET


class _Format(Struct):
    type: Literal["text", "json_object", "json_schema"]
    name: str | None = None
    schema: dict[str, Any] | None = None


class _Text(Struct):
    format: _Format | None = None


class _Reasoning(Struct):
    effort: str | None = None
    summary: str | None = None


class _Request(Struct):
    model: str
    input: str | list[_Item] = []
    instructions: str | None = None
    tools: list[_Tool] | None = None
    tool_choice: str | dict[str, Any] | None = None
    parallel_tool_calls: bool | None = None
    text: _Text | None = None
    max_output_tokens: int | None = None
    temperature: float | None = None
    reasoning: _Reasoning | None = None
    include: list[str] | None = None
    previous_response_id: str | None = None
    store: bool | None = None
    stream: bool | None = None
    messages: Any = UNSET
    max_tokens: Any = UNSET
    max_completion_tokens: Any = UNSET
    response_format: Any = UNSET
    reasoning_effort: Any = UNSET
    functions: Any = UNSET
    stop: Any = UNSET
    n: Any = UNSET


def read(incoming: Incoming) -> Ask:
    """The request in a body. Raises Refused."""
    request = decoded(incoming.body, _Request)
    _check(request)
    items = [_Item(role="user", content=request.input)] if isinstance(request.input, str) else request.input
    _check_reasoning(items, incoming.seal)
    instructions = (Turn(role="system", text=request.instructions),) if request.instructions else ()
    choice, only = _choice(request.tool_choice)
    reasoning = request.reasoning or _Reasoning()
    return Ask(
        model=request.model,
        turns=(*instructions, *_turns(items)),
        instructed=bool(instructions),
        tools=tuple(
            Tool(name=tool.name, description=tool.description, parameters=tool.parameters)
            for tool in request.tools or ()
            if tool.type == "function"
        ),
        choice=choice,
        only=only,
        parallel=request.parallel_tool_calls is not False,
        schema=_schema(request.text),
        limit=request.max_output_tokens,
        stream=bool(request.stream),
        thinks=False if reasoning.effort == "none" else None,
        shows=reasoning.summary is not None,
        encrypted="reasoning.encrypted_content" in (request.include or ()),
        previous=request.previous_response_id,
        keep=request.store is not False,
    )


def check_results(ask: Ask) -> None:
    """Raises Refused where calls and their outputs do not pair up, over the whole conversation."""
    made = {call.id for turn in ask.turns for call in turn.calls}
    given = {turn.answers for turn in ask.turns if turn.role == "tool"}
    for name in sorted(given - made):
        raise Refused(400, f"No tool call found for function call output with call_id call_{name}.", param="input")
    for name in sorted(made - given):
        raise Refused(400, f"No tool output found for function call call_{name}.", param="input")


def _check(request: _Request) -> None:
    for name, place in _MOVED.items():
        if getattr(request, name) is not UNSET:
            moved = f" In the Responses API it is '{place}'." if place else ""
            raise Refused(400, f"Unsupported parameter: '{name}'.{moved}", param=name, code="unsupported_parameter")
    if not request.input and request.previous_response_id is None:
        raise Refused(400, "Missing required parameter: 'input'.", param="input", code="missing_required_parameter")
    if request.max_output_tokens is not None and request.max_output_tokens < _LEAST_OUTPUT:
        raise Refused(
            400,
            f"'max_output_tokens' must be at least {_LEAST_OUTPUT}.",
            param="max_output_tokens",
            code="integer_below_min_value",
        )
    if request.temperature is not None and not 0 <= request.temperature <= 2:
        raise Refused(400, "'temperature' must lie between 0 and 2.", param="temperature")
    for i, tool in enumerate(request.tools or ()):
        if tool.function is not UNSET or (tool.type == "function" and not tool.name):
            param = f"tools[{i}].name"
            raise Refused(
                400, f"Missing required parameter: '{param}'.", param=param, code="missing_required_parameter"
            )


def _check_reasoning(items: list[_Item], seal: Seal) -> None:
    for i, item in enumerate(items):
        if item.type != "reasoning":
            continue
        if item.encrypted_content is not None and seal.opened(item.encrypted_content) is None:
            raise Refused(
                400, f"The encrypted content of item {item.id} could not be verified.", code="invalid_encrypted_content"
            )
        after = items[i + 1] if i + 1 < len(items) else None
        if after is None or after.type == "function_call_output" or after.role not in (None, "assistant"):
            raise Refused(
                400,
                f"Item '{item.id}' of type 'reasoning' was provided without its required following item.",
                param="input",
            )


def _turns(items: list[_Item]) -> Iterator[Turn]:
    """Neutral turns: what one answer said and called is one turn of the assistant's."""
    said: Turn | None = None
    for item in items:
        match item.type:
            case "message" if item.role == "assistant":
                text = _text(item.content)
                said = Turn(role="assistant", text=f"{said.text}\n{text}" if said and said.text else text)
                continue
            case "function_call":
                call = Call(id=item.call_id.removeprefix("call_"), name=item.name, arguments=item.arguments)
                said = said or Turn(role="assistant")
                said = Turn(role="assistant", text=said.text, calls=(*said.calls, call))
                continue
            case "reasoning":
                continue
        if said is not None:
            yield said
            said = None
        match item.type:
            case "message" if item.role is not None:
                yield Turn(role=item.role, text=_text(item.content), images=_images(item.content))
            case "function_call_output":
                answers = item.call_id.removeprefix("call_")
                yield Turn(role="tool", text=_text(item.output), images=_images(item.output), answers=answers)
            case other:
                raise Refused(400, f"Invalid value: '{other}' is no type of input item here.", param="input")
    if said is not None:
        yield said


def _text(content: str | list[_Part] | None) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(text for part in content or () if (text := part.text or part.refusal))


def _images(content: str | list[_Part] | None) -> tuple[Image, ...]:
    if not isinstance(content, list):
        return ()
    urls = (part.image_url or part.file_data or part.file_url for part in content)
    return tuple(image_at(url) for url in urls if url)


def _choice(choice: str | dict[str, Any] | None) -> tuple[Literal["auto", "none", "required"], tuple[str, ...]]:
    if isinstance(choice, dict):
        if choice.get("type") == "allowed_tools":
            names = tuple(str(tool.get("name")) for tool in choice.get("tools") or ())
            return ("required", names) if choice.get("mode") == "required" else ("auto", ())
        return "required", (str(choice.get("name")),)
    return ("none" if choice == "none" else "required" if choice == "required" else "auto"), ()


def _schema(text: _Text | None) -> dict[str, Any] | None:
    chosen = text.format if text is not None else None
    if chosen is None or chosen.type == "text":
        return None
    if chosen.type == "json_object":
        return {}
    if chosen.schema is None or not chosen.name:
        raise Refused(400, "'text.format' of type json_schema needs a name and a schema.", param="text.format")
    return chosen.schema
