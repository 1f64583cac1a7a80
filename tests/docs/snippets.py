"""Code fences of the project's documents, each with the place it stands."""

from __future__ import annotations

import re
from pathlib import Path

from msgspec import Struct

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")])
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Snippet(Struct, frozen=True, kw_only=True):
    """One fence."""

    place: str
    """`README.md:42`, the line of its first character."""
    language: str
    code: str


def snippets(*languages: str) -> list[Snippet]:
    """Every fence in one of these languages."""
    found: list[Snippet] = []
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        for fence in _FENCE.finditer(text):
            line = text.count("\n", 0, fence.start(2)) + 1
            if fence[1] in languages:
                found.append(Snippet(place=f"{document.name}:{line}", language=fence[1], code=fence[2]))
    return found


def languages() -> dict[str, str]:
    """Language -> one place it is used."""
    return {fence[1]: document.name for document in DOCUMENTS for fence in _FENCE.finditer(document.read_text("utf-8"))}
