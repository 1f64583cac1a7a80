"""The presets as a Markdown table, and docs/providers.md kept in step with them.

`python -m podium.models.providers docs/providers.md` renews the page; a test fails until that was done.
"""

from __future__ import annotations

import re

from .presets import ALIASES, PRESETS, Preset

_GENERATED = re.compile(r"(<!-- generated: (?P<what>[a-z]+)[^>]*-->\n).*?(\n<!-- end -->)", re.DOTALL)

_BATCHES = {
    "none": "-",
    "openai": "files in OpenAI's form",
    "anthropic": "Message Batches",
    "gemini": "Batch Mode",
    "mistral": "its batch jobs",
    "bedrock": "jobs over S3",
    "vertex": "jobs over Cloud Storage",
}


def describe_presets() -> str:
    """Every preset in Markdown: address, variables, wires, batches, where prompts go, what must be installed."""
    heads = ("name", "provider", "address", "key", "speaks", "takes batches", "where", "needs")
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    lines += [_row(preset) for preset in PRESETS.values()]
    return "\n".join(lines)


def describe_notes() -> str:
    """What to know before relying on one, and from which pages its row was written."""
    lines = []
    for preset in PRESETS.values():
        said = [preset.note] if preset.note else []
        said.append(f"Source: {preset.source}." if preset.source else "Not looked up in its documentation.")
        if preset.unverified:
            said.append(f"Not confirmed: {preset.unverified}.")
        if preset.name not in _NO_VENDOR:
            lines.append(f"- **{preset.name}**: {' '.join(said)}")
    return "\n".join(lines)


_NO_VENDOR = frozenset({"openai-compatible", "anthropic-compatible", "gemini-compatible"})


def _row(preset: Preset) -> str:
    cells = (
        ", ".join(f"`{name}`" for name in (preset.name, *(a for a, real in ALIASES.items() if real == preset.name))),
        preset.title,
        f"`{preset.base_url}`" if preset.base_url else "`base_url` in the configuration",
        _key(preset),
        ", ".join(f"`{wire.dialect}`" for wire in preset.wires),
        _BATCHES[preset.batching],
        _where(preset),
        f'`pip install "podium[{preset.extra}]"`' if preset.extra else "-",
    )
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _key(preset: Preset) -> str:
    named = " or ".join(f"`{name}`" for name in preset.key_variables) or "`api_key`, if it wants one"
    if preset.port:
        named = "none"
    signed = {"sigv4": "; else AWS's credentials", "google-oauth": "Google's application default credentials"}
    if preset.auth in signed:
        named = (named if preset.key_variables else "") + signed[preset.auth]
    gaps = [f"`{slot.variables[0]}`" + (f" ({slot.default})" if slot.default else "") for slot in preset.slots]
    return named + (f"; address: {', '.join(gaps)}" if gaps else "")


def _where(preset: Preset) -> str:
    if preset.locality == "local":
        return f"this machine, port {' or '.join(map(str, (preset.port, *preset.other_ports)))}"
    return "the region you choose" if preset.regional else "its cloud" if preset.base_url else "where you say"


def renewed(page: str) -> str:
    """A page with the text between its `<!-- generated: presets -->` and `<!-- end -->` marks made anew.

    Raises KeyError for a mark that names nothing known.
    """
    makers = {"presets": describe_presets, "notes": describe_notes}
    return _GENERATED.sub(lambda match: f"{match[1]}\n{makers[match['what']]()}\n{match[3]}", page)
