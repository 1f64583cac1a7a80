"""What a local server's model name tells: the model, its size, whether it chats at all.

Ollama says `llama3.1:8b-instruct-q4_K_M`, llama.cpp `/models/Meta-Llama-3.1-8B-Instruct-Q4_K_M.gguf`, vLLM
`meta-llama/Llama-3.1-8B-Instruct`, LM Studio `llama-3.1-8b-instruct`: one form makes one pattern enough.
"""

from __future__ import annotations

import re

_MAKER = re.compile(r"^(meta|meta-llama|google|microsoft|qwen|mistralai|openai|deepseek-ai|nvidia|ibm-granite)_")
_MIXTURE = re.compile(r"(?<![a-z0-9.])(\d+)x(\d+(?:\.\d+)?)b(?![a-z])")
_BILLIONS = re.compile(r"(?<![a-z0-9.])e?(\d+(?:\.\d+)?)(b|t)(?![a-z])")
_MILLIONS = re.compile(r"(?<![a-z0-9.])(\d{2,4})m(?![a-z])")
_SILENT = re.compile(
    r"embed|rerank|whisper|minilm|(?<![a-z])(bge|gte|e5|clip|tts|ocr|asr|vae|sdxl|flux)(?![a-z])"
    r"|stable-diffusion|transcri|guard|shieldgemma|reward|moderation"
)


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


def chats(name: str) -> bool:
    """Whether a listed model is for conversation: servers list embedders, rerankers, guards and speech models too."""
    return _SILENT.search(local_name(name)) is None
