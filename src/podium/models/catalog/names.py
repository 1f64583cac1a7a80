"""What a local server's model name tells: the model, its size, what it is for.

Ollama says `llama3.1:8b-instruct-q4_K_M`, llama.cpp `/models/Meta-Llama-3.1-8B-Instruct-Q4_K_M.gguf`, vLLM
`meta-llama/Llama-3.1-8B-Instruct`, LM Studio `llama-3.1-8b-instruct`: one form makes one pattern enough.
"""

from __future__ import annotations

import re
from typing import Literal

_MAKER = re.compile(r"^(meta|meta-llama|google|microsoft|qwen|mistralai|openai|deepseek-ai|nvidia|ibm-granite)_")
_MIXTURE = re.compile(r"(?<![a-z0-9.])(\d+)x(\d+(?:\.\d+)?)b(?![a-z])")
_BILLIONS = re.compile(r"(?<![a-z0-9.])e?(\d+(?:\.\d+)?)(b|t)(?![a-z])")
_MILLIONS = re.compile(r"(?<![a-z0-9.])(\d{2,4})m(?![a-z])")
Purpose = Literal["text", "embedding", "transcription"]

_OF_NO_USE = re.compile(
    r"rerank|(?<![a-z])(clip|tts|ocr|vae|sdxl|flux)(?![a-z])|stable-diffusion|guard|shieldgemma|reward|moderation"
)
_HEARS = re.compile(r"whisper|transcri|parakeet|(?<![a-z])asr(?![a-z])")
_EMBEDS = re.compile(r"embed|minilm|mxbai|(?<![a-z])(bge|gte|e5)(?![a-z])|^voyage-")


def local_name(name: str) -> str:
    """A model name in one form: lower case, without folders, maker, file ending, and with `-` for `_` and blanks."""
    bare = name.lower().rstrip("/").rpartition("/")[2].removesuffix(".gguf")
    return _MAKER.sub("", bare).replace("_", "-").replace(" ", "-")


def parameters_b(name: str) -> float | None:
    """Billions of parameters a name states: 7 for `...-7b`, 56 for `8x7b`, 0.27 for `270m`, 30 for `30b-a3b` (all of
    them, not those at work for one token). None where it states none."""
    bare = local_name(name)
    if mixture := _MIXTURE.search(bare):
        return float(mixture[1]) * float(mixture[2])
    if size := _BILLIONS.search(bare):
        return float(size[1]) * (1000 if size[2] == "t" else 1)
    if size := _MILLIONS.search(bare):
        return float(size[1]) / 1000
    return None


def purpose(name: str) -> Purpose | None:
    """What a listed model is for by its name; None for rerankers, guards, voices and pictures, which nobody can ask
    for anything here."""
    bare = local_name(name)
    if _OF_NO_USE.search(bare):
        return None
    if _HEARS.search(bare):
        return "transcription"
    return "embedding" if _EMBEDS.search(bare) else "text"


def chats(name: str) -> bool:
    """Whether a listed model is for conversation."""
    return purpose(name) == "text"
