"""Servers people run themselves, and any address that speaks one of the dialects."""

from __future__ import annotations

from podium.models.dialects import Quirks

from .preset import Listing, Preset, Wire
from .vendors import ANTHROPIC_VERSION

_EMBEDDINGS = Wire(dialect="openai-embeddings")
_TRANSCRIPTION = Wire(dialect="openai-transcription")
_BYTES_ONLY = Wire(dialect="openai-chat", quirks=Quirks(image_urls=False))
"""Podium brings the image: they take data URLs only, or would fetch from inside your network for any caller."""
_EFFORTS = ("none", "low", "medium", "high")
_LISTED_EFFORTS = Wire(dialect="openai-chat", quirks=Quirks(image_urls=False, efforts=_EFFORTS))
"""The same, by servers that hold efforts to a list."""

SERVERS = (
    Preset(
        name="ollama",
        title="Ollama",
        base_url="http://127.0.0.1:11434/v1",
        wires=(
            # Asked for several answers it gives one, and says nothing.
            Wire(
                dialect="openai-chat",
                quirks=Quirks(
                    image_urls=False,
                    efforts=("none", "low", "medium", "high", "max"),
                    refuses=frozenset({"logit_bias", "n"}),
                ),
            ),
            _EMBEDDINGS,
        ),
        locality="local",
        port=11434,
        source="Ollama docs, page OpenAI compatibility",
        note="It grants a model the context it was started with, whatever the model could take, and passes over "
        "`tool_choice` and `user` in silence.",
    ),
    Preset(
        name="llamacpp",
        title="llama.cpp",
        base_url="http://127.0.0.1:8080/v1",
        wires=(_BYTES_ONLY, _EMBEDDINGS),
        locality="local",
        port=8080,
        other_ports=(9931,),
        source="llama.cpp server's README; its pull request 26508 on the port",
        note="Its default port is to become 9931: Podium looks at both. Configured by hand, it is expected at 8080 "
        "unless base_url says otherwise.",
    ),
    Preset(
        name="vllm",
        title="vLLM",
        base_url="http://127.0.0.1:8000/v1",
        wires=(_LISTED_EFFORTS, _EMBEDDINGS, _TRANSCRIPTION),
        locality="local",
        port=8000,
        source="vLLM docs, page Online Serving",
        note="Podium fetches images for it, so that no caller makes it fetch from inside your network.",
    ),
    Preset(
        name="lmstudio",
        title="LM Studio",
        base_url="http://127.0.0.1:1234/v1",
        wires=(_LISTED_EFFORTS, _EMBEDDINGS),
        locality="local",
        port=1234,
        listings=(Listing(path="/api/v0/models", at_root=True), Listing()),
        source="LM Studio docs, pages OpenAI Compatibility, REST API",
        note="It takes PNG and JPEG; WebP is refused, as users report.",
    ),
    Preset(
        name="openai-compatible",
        title="Any server with an OpenAI-compatible API",
        base_url=None,
        # Nothing is known of it, so what its callers write goes there as it is.
        wires=(Wire(dialect="openai-chat", quirks=Quirks(developer=True)), _EMBEDDINGS, _TRANSCRIPTION),
        key_optional=True,
    ),
    Preset(
        name="anthropic-compatible",
        title="Any server with an Anthropic-compatible API",
        base_url=None,
        wires=(Wire(dialect="anthropic", headers={"anthropic-version": ANTHROPIC_VERSION}),),
        auth="x-api-key",
        key_optional=True,
        listings=(Listing(reader="anthropic"),),
    ),
    Preset(
        name="gemini-compatible",
        title="Any server with a Gemini-compatible API",
        base_url=None,
        wires=(Wire(dialect="gemini", quirks=Quirks(image_urls=False)),),
        auth="x-goog-api-key",
        key_optional=True,
        listings=(Listing(reader="gemini"),),
    ),
)
