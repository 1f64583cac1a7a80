"""What of each dialect's body its canonical form holds: the shapes whose texts need not be looked at a second time.

A body of these shapes and nothing else is told by one typed decoding that copies no long text. Whatever stands beside
them is read. A leaf that is no text for the model (a role, a switch) must be so small that nothing can hide in it.
Source: the request shapes of each vendor's API reference, as `models.dialects` reads them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Raw, Struct

Leaf = Literal["held", "word", "number", "media", "nothing"]
"""`held`: in the canonical form. `word`: a set word. `media`: a media type. `nothing`: an empty list."""


class Texts(Struct, frozen=True):
    """A text that is held, or a list."""

    items: Shape


class Items(Struct, frozen=True):
    """A list."""

    items: Shape


class Fields(Struct, frozen=True):
    """An object with these fields and no other."""

    fields: Mapping[str, Shape]


class Kinds(Struct, frozen=True):
    """An object whose `type` says which fields it has."""

    kinds: Mapping[str, Mapping[str, Shape]]
    default: str = ""
    """The type of an object that names none; empty: it must name one."""


Shape = Leaf | Texts | Items | Fields | Kinds

_MARK: Final = Fields({"type": "word", "ttl": "word"})
_TEXT: Final[Mapping[str, Shape]] = {"text": "held", "cache_control": _MARK}

# --- OpenAI chat completions ---------------------------------------------------------------------------------------

_CHAT_PART: Final = Kinds(
    {
        "text": _TEXT,
        "refusal": {"refusal": "held"},
        "image_url": {"image_url": Fields({"url": "held", "detail": "word"}), "cache_control": _MARK},
        "input_audio": {"input_audio": Fields({"data": "held", "format": "word"})},
        "file": {
            "file": Fields({"file_data": "held", "file_id": "held", "filename": "held"}),
            "cache_control": _MARK,
        },
    }
)
_CHAT_CALL: Final = Kinds({"function": {"id": "held", "function": Fields({"name": "held", "arguments": "held"})}})
_CHAT_MESSAGE: Final = Fields(
    {
        "role": "word",
        "content": Texts(_CHAT_PART),
        "name": "held",
        "tool_calls": Items(_CHAT_CALL),
        "tool_call_id": "held",
        "cache_control": _MARK,
    }
)

# --- Anthropic messages --------------------------------------------------------------------------------------------

_BYTES: Final[Mapping[str, Shape]] = {"media_type": "media", "data": "held"}
_IMAGE: Final[Mapping[str, Shape]] = {
    "source": Kinds({"base64": _BYTES, "url": {"url": "held"}}),
    "cache_control": _MARK,
}
_DOCUMENT: Final[Mapping[str, Shape]] = {
    "source": Kinds({"base64": _BYTES, "url": {"url": "held"}, "file": {"file_id": "held"}}),
    "title": "held",
    "cache_control": _MARK,
    "citations": Fields({"enabled": "number"}),
}
_BLOCK: Final = Kinds(
    {
        "text": _TEXT,
        "image": _IMAGE,
        "document": _DOCUMENT,
        "thinking": {"thinking": "held", "signature": "held"},
        "redacted_thinking": {"data": "held"},
        "tool_use": {"id": "held", "name": "held", "input": "held", "cache_control": _MARK},
        "tool_result": {
            "tool_use_id": "held",
            "content": Texts(Kinds({"text": _TEXT, "image": _IMAGE, "document": _DOCUMENT})),
            "is_error": "number",
            "cache_control": _MARK,
        },
    }
)

# --- Gemini --------------------------------------------------------------------------------------------------------

_BLOB: Final = Fields({"mimeType": "media", "data": "held"})
_FILE: Final = Fields({"mimeType": "media", "fileUri": "held"})
_CONTENT: Final = Fields(
    {
        "role": "word",
        "parts": Items(
            Fields(
                {
                    "text": "held",
                    "thought": "number",
                    "thoughtSignature": "held",
                    "functionCall": Fields({"name": "held", "id": "held", "args": "held"}),
                    "functionResponse": Fields(
                        {
                            "name": "held",
                            "id": "held",
                            "response": "held",
                            "parts": Items(Fields({"inlineData": _BLOB, "fileData": _FILE})),
                        }
                    ),
                    "inlineData": _BLOB,
                    "fileData": _FILE,
                }
            )
        ),
    }
)
_SETTING: Final = Fields({"category": "word", "threshold": "word", "method": "word"})
_NUMBERS: Final = (
    *("temperature", "topP", "topK", "maxOutputTokens", "candidateCount", "seed", "presencePenalty"),
    *("frequencyPenalty", "responseLogprobs", "logprobs"),
)
_CONFIG: Final = Fields(
    {
        **dict.fromkeys(_NUMBERS, "number"),
        "responseMimeType": "media",
        "thinkingConfig": Fields({"includeThoughts": "number", "thinkingBudget": "number", "thinkingLevel": "word"}),
    }
)

# --- OpenAI responses ----------------------------------------------------------------------------------------------

_SAID: Final[Mapping[str, Shape]] = {"text": "held", "annotations": "nothing", "logprobs": "nothing"}
_RESPONSE_PARTS: Final = Kinds(
    {
        "input_text": {"text": "held"},
        "output_text": _SAID,
        "text": {"text": "held"},
        "refusal": {"refusal": "held"},
        "input_image": {"image_url": "held", "detail": "word"},
        "input_file": {"file_data": "held", "file_url": "held", "file_id": "held", "filename": "held"},
        "input_audio": {"input_audio": Fields({"data": "held", "format": "word"})},
    }
)
_SUMMARY: Final = Items(Kinds({"summary_text": {"text": "held"}}))
_ITEM: Final = Kinds(
    {
        "message": {"role": "word", "content": Texts(_RESPONSE_PARTS), "status": "word"},
        "function_call": {"call_id": "held", "name": "held", "arguments": "held", "status": "word"},
        "function_call_output": {"call_id": "held", "output": Texts(_RESPONSE_PARTS), "status": "word"},
        "reasoning": {"id": "held", "summary": _SUMMARY, "encrypted_content": "held", "status": "word"},
    },
    default="message",
)

HELD: Final[Mapping[str, Mapping[str, Shape]]] = {
    "openai-chat": {"messages": Items(_CHAT_MESSAGE)},
    "anthropic": {
        "messages": Items(Fields({"role": "word", "content": Texts(_BLOCK)})),
        "system": Texts(Kinds({"text": _TEXT})),
        "thinking": Fields({"type": "word", "budget_tokens": "number", "display": "word"}),
        "cache_control": _MARK,
        "tool_choice": Fields({"type": "word", "disable_parallel_tool_use": "number"}),
    },
    "gemini": {
        "contents": Items(_CONTENT),
        "systemInstruction": _CONTENT,
        "generationConfig": _CONFIG,
        "safetySettings": Items(_SETTING),
    },
    "openai-responses": {
        "input": Texts(_ITEM),
        "instructions": Texts(_ITEM),
        "reasoning": Fields({"effort": "word", "summary": "word"}),
        "text": Fields({"format": Kinds({"text": {}}), "verbosity": "word"}),
    },
    "openai-embeddings": {"input": Texts("held")},
}
"""Dialect -> top-level field -> what of it the canonical form holds."""

# --- as types ------------------------------------------------------------------------------------------------------

_ABSENT: Final = Raw(b"")
_WORD: Final = Annotated[str, Meta(pattern=r"^[A-Za-z_-]{0,40}[0-9]{0,2}[A-Za-z]{0,8}$")]
_MEDIA: Final = Annotated[str, Meta(pattern=r"^[a-z]{1,12}/[a-z.+-]{0,60}[0-9]{0,3}[a-z-]{0,8}$")]
_LEAVES: Final[Mapping[str, Any]] = {
    "held": Raw,
    "word": _WORD | None,
    "number": float | bool | None,
    "media": _MEDIA | None,
    "nothing": Annotated[list[Any], Meta(max_length=0)] | None,
}


@cache
def decoders(dialect: str) -> Mapping[str, msgspec.json.Decoder[Any]]:
    """For each field of HELD one that decodes what the canonical form holds whole, and refuses anything else."""
    return {name: msgspec.json.Decoder(_as_type(shape)) for name, shape in HELD.get(dialect, {}).items()}


@cache
def leaf_decoder(leaf: Leaf) -> msgspec.json.Decoder[Any]:
    """Refuses what such a leaf must not be."""
    return msgspec.json.Decoder(_LEAVES[leaf])


def _as_type(shape: Shape) -> Any:
    if isinstance(shape, str):
        return _LEAVES[shape]
    if isinstance(shape, Items):
        return list[_as_type(shape.items)] | None  # type: ignore[misc]  # a type made at run time
    if isinstance(shape, Texts):
        return str | list[_as_type(shape.items)] | None  # type: ignore[misc]  # as above
    if isinstance(shape, Fields):
        return _struct(shape.fields) | None
    if shape.default:
        # A tagged union takes nothing untagged. So the usual kind alone, and the walk looks at the others.
        return _struct(shape.kinds[shape.default], maybe=shape.default) | None
    union: Any = None
    for kind, fields in shape.kinds.items():
        union = union | _struct(fields, tag=kind) if union is not None else _struct(fields, tag=kind)
    return union | None


def _struct(fields: Mapping[str, Shape], *, tag: str | None = None, maybe: str | None = None) -> Any:
    members: list[tuple[str, Any, Any]] = [
        (name, _as_type(shape), _ABSENT if shape == "held" else None) for name, shape in fields.items()
    ]
    if maybe is not None:
        members.append(("type", Literal[maybe] | None, None))
    return msgspec.defstruct(
        "Held",
        members,
        tag_field=None if tag is None else "type",
        tag=tag,
        forbid_unknown_fields=True,
        gc=False,
    )
