"""Schemas of answers: in the wire's own form, and for providers that have JSON mode but no schema.

Those get JSON mode and the schema as an instruction. A forced tool would bind the shape tighter, but it takes the place
of the caller's own tools, is refused beside reasoning by several vendors, and turns text into a call that must be
unwrapped in streams; JSON mode with the schema spelt out is what these vendors document themselves (DeepSeek's guide
"JSON Output"). Podium's shape check judges the answer in any case.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Raw

from podium.core.messages import Schema

_JSON_MODE: Final = {"type": "json_object"}
_turns_decoder = msgspec.json.Decoder(list[Raw])
_turn_decoder = msgspec.json.Decoder(dict[str, Any])
_encoder = msgspec.json.Encoder(decimal_format="number")


def write_schema(schema: Schema) -> dict[str, Any]:
    """The `response_format`."""
    if schema.body is None:
        return dict(_JSON_MODE)
    described: dict[str, Any] = {"name": schema.name, "schema": schema.body}
    if schema.strict is not None:
        described["strict"] = schema.strict
    return {"type": "json_schema", "json_schema": described}


def only_json(notes: list[str]) -> dict[str, Any]:
    """JSON mode instead of a schema, and the note that says so."""
    notes.append("The schema was sent as an instruction with JSON mode: the provider does not take schemas.")
    return dict(_JSON_MODE)


def as_instruction(schema: Schema) -> str:
    """The schema in words; JSON mode asks for the word "JSON" somewhere in the prompt."""
    body = _encoder.encode(schema.body).decode()
    return f"Answer with one JSON object and nothing else. It must be valid against this JSON Schema: {body}"


def with_instruction(messages: Raw | list[Any], instruction: str, system_role: str) -> list[Any]:
    """A caller's own messages with one more instruction: in its first system message, else before all others."""
    turns: list[Any] = list(_turns_decoder.decode(messages)) if isinstance(messages, Raw) else messages
    first = turns[0]
    if not isinstance(first, Raw) or len(first) < 1 << 20:
        turn = _turn_decoder.decode(first if isinstance(first, Raw) else _encoder.encode(first))
        content = turn.get("content")
        if turn.get("role") in ("system", "developer") and isinstance(content, str):
            return [{**turn, "content": f"{content}\n\n{instruction}"}, *turns[1:]]
    return [{"role": system_role, "content": instruction}, *turns]
