"""Dialects by name, loaded when first asked for."""

from __future__ import annotations

import subprocess
import sys

import pytest

from podium.core.tasks import Operation
from podium.models.dialects import NAMES, OpenAIChat, by_name


@pytest.mark.parametrize(
    ("name", "operation"),
    [
        ("openai-chat", Operation.CHAT),
        ("openai-embeddings", Operation.EMBED),
        ("openai-transcription", Operation.TRANSCRIBE),
    ],
)
def test_a_dialect_by_its_name(name: str, operation: Operation) -> None:
    dialect = by_name(name)
    assert name in NAMES
    assert (dialect.name, dialect.operation) == (name, operation)
    assert dialect.path("m", stream=False).startswith("/")


def test_the_chat_dialect_is_the_one_everybody_imports() -> None:
    assert isinstance(by_name("openai-chat"), OpenAIChat)


def test_a_name_nobody_has() -> None:
    with pytest.raises(KeyError):
        by_name("morse")


def test_a_dialect_nobody_asked_for_is_not_loaded() -> None:
    seen = "[name for name in sys.modules if 'transcription' in name or 'multipart' in name]"
    code = f"import sys, podium.models.dialects; print({seen})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
