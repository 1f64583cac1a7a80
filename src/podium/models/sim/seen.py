"""What a simulated vendor tells of its past: the requests it received, and how many there were."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct


class Seen(Struct, frozen=True, kw_only=True):
    """A request for work the vendor received, for a test to look at."""

    model: str
    body: bytes
    """Its first 64 KB."""
    headers: Mapping[str, str]
    fault: str | None
    """Kind of the fault that hit it."""
    stream: bool
    wire: str = "openai-chat"
    """The API it came by: `openai-chat`, `openai-responses`, `openai-embeddings`, `openai-transcriptions`,
    `anthropic-messages`, `gemini`, `bedrock-converse`."""
    path: str = "/v1/chat/completions"


class SimState(Struct, frozen=True, kw_only=True):
    """Counts since the start."""

    vendor: str
    requests: int
    by_model: Mapping[str, int]
    faults: Mapping[str, int]
    abandoned: int
    """Requests whose caller left before the answer was complete."""
