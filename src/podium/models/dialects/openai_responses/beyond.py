"""What a caller's body holds beyond the canonical form: named, so that losing it on another wire is never silent."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from podium.core.tasks import Task

from .wire import NAME

_CARRIED: Final = frozenset(
    (
        *("input", "instructions", "model", "tools", "parallel_tool_calls", "max_output_tokens"),
        *("temperature", "top_p", "stream", "user", "safety_identifier", "podium"),
        # Podium itself keeps answers, goes on from them, and echoes the caller's notes on them.
        *("store", "previous_response_id", "metadata"),
        # Refused when read, unless they say nothing.
        *("background", "conversation", "prompt"),
        # Hints that change no answer: where a cache lies, padding of a stream.
        *("prompt_cache_key", "prompt_cache_retention", "stream_options"),
    )
)
_DEFAULTS: Final = {"truncation": b'"disabled"', "service_tier": b'"auto"'}
_LOOKED_INTO: Final = {
    "text": frozenset(("format",)),
    "reasoning": frozenset(("effort", "summary", "generate_summary")),
}
_EMPTY: Final = (b"null", b"[]", b"{}")
_OWN_INCLUDES: Final = frozenset(("reasoning.encrypted_content", "message.output_text.logprobs"))


def beyond(task: Task) -> tuple[str, ...]:
    """Names of fields with no canonical place, in order; fields inside `text` and `reasoning` by their path."""
    payload = task.payload
    if payload is None or payload.dialect != NAME:
        return ()
    names: list[str] = []
    for name, raw in payload.fields.items():
        if name in _CARRIED:
            continue
        said = bytes(raw).strip()
        if said in _EMPTY or said == _DEFAULTS.get(name):
            continue
        if name in _INSIDE:
            names.extend(_INSIDE[name](name, msgspec.json.decode(said)))
        else:
            names.append(name)
    return tuple(sorted(names))


def _fields(name: str, value: Any) -> list[str]:
    carried = _LOOKED_INTO[name]
    return [f"{name}.{inner}" for inner, said in value.items() if inner not in carried and said is not None]


def _include(name: str, value: Any) -> list[str]:
    return [f"{name}: {wish}" for wish in value if wish not in _OWN_INCLUDES]


def _choice(name: str, value: Any) -> list[str]:
    narrowed = isinstance(value, dict) and value.get("type") == "allowed_tools"
    return [f"{name}.allowed_tools"] if narrowed else []


_INSIDE: Final = {"text": _fields, "reasoning": _fields, "include": _include, "tool_choice": _choice}
