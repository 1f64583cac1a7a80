"""What each family of hosted models takes of this wire: the same field is right for one and a 400 for another.

Sources: the Bedrock user guide, pages "Supported models and model features", "Prompt caching", "Structured output";
the API reference, page ToolChoice; the Nova 2 user guide, page "Extended thinking". A model behind an opaque name (an
application inference profile, an imported or provisioned model) is taken for what most of them are: a Claude.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from msgspec import Struct

from ..anthropic.generations import STRANGER, Generation, generation_of

# `[arn:...:foundation-model/|inference-profile/][us.|eu.|global. ...]VENDOR.MODEL`
_VENDOR = re.compile(
    r"(?:^|/)(?:[a-z-]{2,8}\.)?"
    r"(?P<vendor>anthropic|amazon|meta|mistral|cohere|ai21|deepseek|qwen|openai|google|minimax|moonshotai|moonshot"
    r"|nvidia|zai|writer|xai)\.(?P<model>[a-z0-9.:-]+)"
)

Effort = Literal["claude", "nova", "field", "none"]


class Family(Struct, frozen=True, kw_only=True):
    """What one model takes. The defaults suit the open models of many vendors."""

    generation: Generation = STRANGER
    """Of a Claude model, or of a stranger taken for one."""
    claude: bool = False
    schema: bool = False
    """Takes `outputConfig.textFormat`."""
    forces_tools: bool = True
    """Takes `toolChoice.any`."""
    forces_one: bool = False
    """Takes `toolChoice.tool`; elsewhere `any` with that tool alone does the same."""
    tool_status: bool = False
    """Takes `status` on a tool's result."""
    cache: bool = False
    """Takes cache points among instructions and messages."""
    cache_tools: bool = False
    """Takes them among tools."""
    cache_hour: bool = False
    """Keeps for an hour where asked to."""
    effort: Effort = "none"
    """How it is asked to reason."""
    reads_reasoning: bool = False
    """Whether earlier reasoning, signed, may be sent back; the others answer it with a 400."""
    prefill: bool = False
    """Goes on from a last assistant turn."""
    top_k: str | None = None
    """The name `additionalModelRequestFields` knows it by; dotted where it is inside another."""


_OPAQUE = Family(
    forces_one=True,
    tool_status=True,
    cache=True,
    cache_tools=True,
    cache_hour=True,
    effort="claude",
    reads_reasoning=True,
    prefill=True,
    top_k="top_k",
)
_NOVA = Family(forces_one=True, tool_status=True, cache=True, prefill=True, effort="none", top_k="inferenceConfig.topK")
_PLAIN = Family(forces_tools=False)
_OPEN = Family(schema=True)
_WITHOUT_SCHEMA = ("deepseek.r1", "deepseek.v3-v1")
_NEW_MISTRAL = ("ministral-3", "mistral-large-3", "magistral", "voxtral", "devstral")


@lru_cache(maxsize=1024)
def family_of(model: str) -> Family:
    """What the model of this id or ARN takes."""
    name = model.lower()
    if "claude" in name:
        return _claude(generation_of(name))
    found = _VENDOR.search(name)
    if found is None:
        return _OPAQUE
    vendor, rest = found["vendor"], found["model"]
    if vendor == "anthropic":
        return _claude(generation_of(name))
    if vendor == "amazon":
        return _nova(rest) if rest.startswith("nova") else _PLAIN
    if vendor in ("meta", "cohere", "ai21", "writer"):
        return Family(forces_tools=False, top_k="k") if vendor == "cohere" else _PLAIN
    if vendor == "mistral":
        new = rest.startswith(_NEW_MISTRAL)
        return Family(schema=new, prefill=False, top_k="top_k")
    if vendor == "openai":
        return Family(schema=True, effort="field")
    return Family() if f"{vendor}.{rest}".startswith(_WITHOUT_SCHEMA) else _OPEN


def _claude(generation: Generation) -> Family:
    return Family(
        generation=generation,
        claude=True,
        schema=generation.schema,
        forces_tools=generation.forces_tools,
        forces_one=True,
        tool_status=True,
        cache=True,
        cache_tools=True,
        cache_hour=generation.schema,  # the same generations, from 4.5 on
        effort="claude",
        reads_reasoning=True,
        prefill=generation.prefill,
        top_k="top_k",
    )


def _nova(rest: str) -> Family:
    if not rest.startswith("nova-2"):
        return _NOVA
    return Family(
        forces_one=True, tool_status=True, cache=True, prefill=False, effort="nova", top_k="inferenceConfig.topK"
    )
