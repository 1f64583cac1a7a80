"""Requests: a caller's body read into canonical form, its fields kept as they came."""

from __future__ import annotations

import msgspec
from msgspec import Raw

from podium.core.errors import InvalidRequest
from podium.core.messages import Message, Options, Payload, Schema, Tool

from ..caller_fields import NO_FIELDS, CallerFields
from ..dialect import HERE, Address, Incoming
from .contents import Conversation, read_part
from .schemas import from_openapi
from .spelling import Respelt, is_respelt
from .wire import (
    NAME,
    CountRequest,
    FunctionDeclaration,
    GenerateRequest,
    GenerationConfig,
    ToolConfig,
)

_MODES = {"AUTO": "auto", "ANY": "required", "NONE": "none", "VALIDATED": "auto"}
_MOST_TOKENS = 2**31 - 1
_MOST_ANSWERS = 8  # the API reference's own limit
_request_decoder = msgspec.json.Decoder(GenerateRequest)
_fields_decoder = msgspec.json.Decoder(dict[str, Raw])
_count_decoder = msgspec.json.Decoder(CountRequest)
_declarations_decoder = msgspec.json.Decoder(list[FunctionDeclaration] | None)


def read_request(body: bytes, address: Address = HERE) -> Incoming:
    """A caller's body. Raises InvalidRequest with the field at fault."""
    try:
        fields = _fields_decoder.decode(body)
        wire = _respelt(body) if is_respelt(body) else _request_decoder.decode(body)
        return _incoming(wire, fields, address)
    except msgspec.ValidationError as exc:
        raise _invalid(exc) from exc
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise InvalidRequest(
            f"The request body is not valid JSON: {exc}.", remedy="Send one JSON object, encoded as UTF-8."
        ) from exc


def _respelt(body: bytes) -> GenerateRequest:
    spelt = Respelt(body)
    wire = _request_decoder.decode(spelt.body)
    spelt.bring_back((wire.system_instruction, *(wire.contents or ())))
    return wire


def read_count_request(body: bytes, address: Address = HERE) -> Incoming:
    """A countTokens body: contents alone, or a whole request as `generateContentRequest`."""
    try:
        given = _count_decoder.decode(body)
        whole = bytes(given.generate_content_request or given.second_spelling)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        whole = b""  # what is wrong with it is said below
    return read_request(whole if whole and whole != b"null" else body, address)


def _incoming(wire: GenerateRequest, fields: dict[str, Raw], address: Address) -> Incoming:
    if not wire.contents:
        raise InvalidRequest(
            "`contents` is empty.", remedy="Send at least one content, such as a user's question.", param="contents"
        )
    conversation = Conversation()
    if wire.system_instruction is not None and wire.system_instruction.parts:
        parts = wire.system_instruction.parts
        read = tuple([read_part(part, f"systemInstruction.parts[{i}]") for i, part in enumerate(parts)])
        conversation.messages.append(Message(role="system", parts=read))
    messages = conversation.read(wire.contents)
    if not messages:
        raise InvalidRequest(
            "`contents` has no parts.", remedy="Give each content its `parts`.", param="contents[0].parts"
        )
    stream = bool(address.stream)
    model = (address.model or wire.model or "auto").strip().removeprefix("models/")
    return Incoming(
        model=model or "auto",
        messages=messages,
        options=_options(wire),
        stream=stream,
        fields=_with_labels(wire.podium, wire.labels),
        payload=Payload(dialect=NAME, fields=fields, sse=address.sse),
    )


def _with_labels(fields: CallerFields, labels: dict[str, str] | None) -> CallerFields:
    """Vertex's `labels` say what Podium's tags say; where both name one thing, the tag holds."""
    if not labels:
        return fields
    given = {name: getattr(fields, name) for name in CallerFields.__struct_fields__} if fields is not NO_FIELDS else {}
    return CallerFields(**{**given, "tags": {**labels, **fields.tags}})


def _invalid(exc: msgspec.ValidationError) -> InvalidRequest:
    """msgspec's `Expected ... - at `$.path`` in the words of an API error."""
    what, _, place = str(exc).partition(" - at `$")
    param = place.rstrip("`").lstrip(".")
    where = f" at `{param}`" if param else ""
    remedy = "See the generateContent reference for the request's shape."
    if param == "podium":
        remedy = f"Known: {', '.join(sorted(CallerFields.__struct_fields__))}."
    elif param.startswith("podium."):
        remedy = f"Podium's README lists what `{param.removeprefix('podium.')}` takes."
    return InvalidRequest(f"{what}{where}.", remedy=remedy, param=param or None)


def _options(wire: GenerateRequest) -> Options:
    config = wire.generation_config or GenerationConfig()
    limit = config.max_output_tokens
    if limit is not None and not 1 <= limit <= _MOST_TOKENS:
        raise _bad("maxOutputTokens", f"must be at least 1 and at most {_MOST_TOKENS}", "Leave it out for no limit.")
    n = 1 if config.candidate_count is None else config.candidate_count
    if not 1 <= n <= _MOST_ANSWERS:
        raise _bad("candidateCount", f"must be at least 1 and at most {_MOST_ANSWERS}", "Leave it out for one answer.")
    if config.top_k is not None and not (config.top_k.is_integer() and 0 <= config.top_k <= _MOST_TOKENS):
        raise _bad("topK", "must be a whole number", "Leave it out for the model's own.")
    thinking = config.thinking_config
    level = thinking.thinking_level if thinking else None
    tools = _tools(wire)
    choice, allowed = _tool_choice(wire.tool_config)
    if allowed:
        tools = tuple([tool for tool in tools if tool.kind != "function" or tool.name in allowed])
    return Options(
        max_tokens=limit,
        temperature=config.temperature,
        top_p=config.top_p,
        top_k=None if config.top_k is None else int(config.top_k),
        stop=tuple(config.stop_sequences or ()),
        seed=config.seed,
        n=n,
        tools=tools,
        tool_choice=choice,
        schema=_schema(config),
        logprobs=bool(config.response_logprobs),
        presence_penalty=config.presence_penalty,
        frequency_penalty=config.frequency_penalty,
        reasoning_effort=level.lower() if level and level != "THINKING_LEVEL_UNSPECIFIED" else None,
        reasoning_tokens=thinking.thinking_budget if thinking else None,
        show_reasoning=bool(thinking and thinking.include_thoughts),
    )


def _bad(name: str, what: str, remedy: str) -> InvalidRequest:
    param = f"generationConfig.{name}"
    return InvalidRequest(f"{param} {what}.", remedy=remedy, param=param)


def _schema(config: GenerationConfig) -> Schema | None:
    if config.response_json_schema is not None:
        return Schema(body=config.response_json_schema)
    if config.response_schema is not None:
        return Schema(body=from_openapi(config.response_schema))
    return Schema() if config.response_mime_type == "application/json" else None


def _tools(wire: GenerateRequest) -> tuple[Tool, ...]:
    tools: list[Tool] = []
    for place, given in enumerate(wire.tools or ()):
        for key, raw in given.items():
            if bytes(raw) == b"null":
                continue
            if key != "functionDeclarations":
                tools.append(Tool(name=key, kind=key))
                continue
            try:
                declared = _declarations_decoder.decode(raw) or []
            except msgspec.ValidationError as exc:
                what, _, inner = str(exc).partition(" - at `$")
                param = f"tools[{place}].functionDeclarations{inner.rstrip('`')}"
                raise InvalidRequest(
                    f"{what} at `{param}`.", remedy="Give each function a name and a schema.", param=param
                ) from exc
            tools.extend(_function(function) for function in declared)
    return tuple(tools)


def _function(wire: FunctionDeclaration) -> Tool:
    parameters = wire.parameters_json_schema
    if parameters is None and wire.parameters is not None:
        parameters = from_openapi(wire.parameters)
    return Tool(name=wire.name, description=wire.description or "", parameters=parameters)


def _tool_choice(wire: ToolConfig | None) -> tuple[str | None, frozenset[str]]:
    """(the choice in canonical words, the names it is limited to)."""
    config = wire.function_calling_config if wire else None
    if config is None or not config.mode or config.mode == "MODE_UNSPECIFIED":
        return None, frozenset()
    choice = _MODES.get(config.mode.upper())
    if choice is None:
        raise InvalidRequest(
            f"toolConfig.functionCallingConfig.mode is {config.mode!r}.",
            remedy="Use AUTO, ANY, NONE or VALIDATED.",
            param="toolConfig.functionCallingConfig.mode",
        )
    names = config.allowed_function_names or []
    if choice == "required" and len(names) == 1:
        return names[0], frozenset()
    return choice, frozenset(names) if choice != "none" else frozenset()
