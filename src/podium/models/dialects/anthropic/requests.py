"""Requests: a caller's body read into canonical form, its fields kept as they came."""

from __future__ import annotations

import msgspec
from msgspec import Raw

from podium.core.errors import InvalidRequest
from podium.core.messages import Options, Payload, Schema, Tool

from ..caller_fields import CallerFields
from ..dialect import HERE, Address, Incoming
from .turns import cache_mark, read_turns
from .wire import BETAS, NAME, MessagesRequest, OutputFormat, Thinking, WireTool

_MOST_TOKENS = 2**31 - 1
_CHOICES = {"auto": "auto", "any": "required", "none": "none"}
_request_decoder = msgspec.json.Decoder(MessagesRequest)
_fields_decoder = msgspec.json.Decoder(dict[str, Raw])
_names_decoder = msgspec.json.Decoder(list[str])
_encoder = msgspec.json.Encoder()
_REFERENCE = "See the Messages reference for the request's shape."


def read_request(body: bytes, address: Address = HERE, *, counting: bool = False) -> Incoming:
    """A caller's body; `counting` reads one of token counting, which sets no limit to an answer.

    Raises InvalidRequest with the field at fault.
    """
    try:
        wire = _request_decoder.decode(body)
        fields = _fields_decoder.decode(body)
    except msgspec.ValidationError as exc:
        raise _invalid(exc) from exc
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise InvalidRequest(
            f"The request body is not valid JSON: {exc}.", remedy="Send one JSON object, encoded as UTF-8."
        ) from exc
    if not wire.messages:
        raise InvalidRequest(
            "messages: at least one message is required.", remedy="Send a user's question.", param="messages"
        )
    messages = read_turns(wire)
    fields.pop(BETAS, None)
    if address.betas:
        fields[BETAS] = Raw(_encoder.encode(address.betas))
    return Incoming(
        model=(address.model or wire.model).strip() or "auto",
        messages=messages,
        options=_options(wire, counting=counting),
        stream=bool(wire.stream) if address.stream is None else address.stream,
        fields=wire.podium,
        user=wire.metadata.user_id if wire.metadata else None,
        payload=Payload(dialect=NAME, fields=fields),
    )


def read_betas(payload: Payload) -> tuple[str, ...]:
    """The features a caller switched on by header."""
    stated = payload.fields.get(BETAS)
    return () if stated is None else tuple(_names_decoder.decode(stated))


def _invalid(exc: msgspec.ValidationError) -> InvalidRequest:
    """msgspec's `Expected ... - at `$.path`` in the words of an API error."""
    what, _, place = str(exc).partition(" - at `$")
    param = place.rstrip("`").lstrip(".")
    missing = what.startswith("Object missing required field `")
    if missing:
        name = what.partition("`")[2].rstrip("`")
        param = f"{param}.{name}" if param else name
        what = "Field required"
    remedy = _REFERENCE
    if param.startswith("podium"):
        known = ", ".join(CallerFields.__struct_fields__)
        remedy = f"The `podium` object knows: {known}."
    return InvalidRequest(f"{param}: {what}." if param else f"{what}.", remedy=remedy, param=param or None)


# --- options -------------------------------------------------------------------------------------------------------


def _options(wire: MessagesRequest, *, counting: bool) -> Options:
    limit = wire.max_tokens
    if limit is None and not counting:
        raise InvalidRequest(
            "max_tokens: Field required.",
            remedy="Say how long the answer may be, in tokens, such as 4096.",
            param="max_tokens",
        )
    if limit is not None and not 0 <= limit <= _MOST_TOKENS:  # 0 only fills the provider's cache
        raise InvalidRequest(
            f"max_tokens: {limit} is not between 0 and {_MOST_TOKENS}.",
            remedy="Say how long the answer may be, in tokens, such as 4096.",
            param="max_tokens",
        )
    choice = wire.tool_choice
    budget, shown = _thinking(wire.thinking)
    config = wire.output_config
    parallel = choice.disable_parallel_tool_use if choice else None
    return Options(
        max_tokens=limit,
        temperature=wire.temperature,
        top_p=wire.top_p,
        top_k=wire.top_k,
        stop=tuple(wire.stop_sequences or ()),
        tools=tuple([_tool(tool, place) for place, tool in enumerate(wire.tools or ())]),
        tool_choice=_tool_choice(wire),
        parallel_tool_calls=None if parallel is None else not parallel,
        schema=_schema((config.format if config else None) or wire.output_format),
        reasoning_effort=config.effort if config else None,
        reasoning_tokens=budget,
        show_reasoning=shown,
    )


def _thinking(wire: Thinking | None) -> tuple[int | None, bool]:
    """(budget, shown): -1 leaves the budget to the model, 0 switches thinking off."""
    if wire is None:
        return None, False
    shown = wire.display != "omitted"
    if wire.type == "enabled":
        if wire.budget_tokens is None:
            raise InvalidRequest(
                "thinking.budget_tokens: Field required.",
                remedy="Give thinking a budget of at least 1024 tokens, or use the type `adaptive`.",
                param="thinking.budget_tokens",
            )
        return wire.budget_tokens, shown
    if wire.type == "adaptive":
        return -1, shown
    if wire.type in ("disabled", "between_tools"):
        return 0, False
    raise InvalidRequest(
        f"thinking.type: {wire.type!r} is not understood.",
        remedy="Use enabled, adaptive, between_tools or disabled.",
        param="thinking.type",
    )


def _tool_choice(wire: MessagesRequest) -> str | None:
    choice = wire.tool_choice
    if choice is None:
        return None
    if choice.type == "tool":
        if not choice.name:
            raise InvalidRequest(
                "tool_choice.name: Field required.", remedy="Name the tool to call.", param="tool_choice.name"
            )
        return choice.name
    known = _CHOICES.get(choice.type)
    if known is None:
        raise InvalidRequest(
            f"tool_choice.type: {choice.type!r} is not understood.",
            remedy="Use auto, any, tool or none.",
            param="tool_choice.type",
        )
    return known


def _tool(wire: WireTool, place: int) -> Tool:
    cache = cache_mark(wire.cache_control)
    if wire.type not in (None, "custom"):
        return Tool(name=wire.name or wire.type or "", kind=wire.type or "", cache=cache)
    if not wire.name:
        raise InvalidRequest(
            f"tools[{place}].name: Field required.", remedy="Give the tool a name.", param=f"tools[{place}].name"
        )
    return Tool(
        name=wire.name,
        description=wire.description or "",
        parameters=wire.input_schema,
        strict=wire.strict,
        cache=cache,
    )


def _schema(wire: OutputFormat | None) -> Schema | None:
    if wire is None:
        return None
    if wire.type != "json_schema" or wire.schema is None:
        raise InvalidRequest(
            "output_config.format: only the type `json_schema` with a `schema` is understood.",
            remedy=_REFERENCE,
            param="output_config.format",
        )
    return Schema(body=wire.schema, strict=True)
