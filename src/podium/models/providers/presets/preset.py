"""What a preset says: the shapes its tables are written in."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from msgspec import Struct, field

from podium.core.tasks import Locality, Operation
from podium.models.dialects import Quirks

Auth = Literal["bearer", "x-api-key", "x-goog-api-key", "api-key", "sigv4", "google-oauth", "none"]
"""How a call proves who pays: a key in a header of that name, or a signature made for each call."""

Reader = Literal["openai", "anthropic", "gemini", "cohere", "litellm", "bedrock"]
"""Who understands a list of models (`providers.listing`)."""

Batching = Literal["none", "openai", "anthropic", "gemini", "mistral", "bedrock", "vertex"]
"""Whose way of taking many requests at once, at a lower price and later, a provider follows."""


class Wire(Struct, frozen=True, kw_only=True):
    """One dialect a provider speaks, and where it departs from it."""

    dialect: str
    path: str = ""
    """Below the base address, `{model}` for the model's name; empty: the dialect's own."""
    stream_path: str = ""
    """The same for streams; empty: `path`."""
    auth: Auth | None = None
    """Where this wire wants the key elsewhere than the provider's others."""
    headers: Mapping[str, str] = field(default_factory=dict)
    quirks: Quirks = Quirks()

    @property
    def operation(self) -> Operation:
        """What is asked over it; told by its name, so that no dialect is loaded before it is spoken."""
        return _OTHER_OPERATIONS.get(self.dialect, Operation.CHAT)


_OTHER_OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {"openai-embeddings": Operation.EMBED, "openai-transcription": Operation.TRANSCRIBE}
)


class Listing(Struct, frozen=True, kw_only=True):
    """Where a provider lists its models, free of charge."""

    path: str = "/models"
    """Below the base address; below the host alone with `at_root`; a whole address where it is another host."""
    reader: Reader = "openai"
    at_root: bool = False


class Slot(Struct, frozen=True, kw_only=True):
    """A gap in an address, `{name}`, and the environment variables that fill it, first found wins."""

    name: str
    variables: tuple[str, ...]
    default: str = ""


class Preset(Struct, frozen=True, kw_only=True):
    """What is known of a provider before anybody configures it."""

    name: str
    title: str
    base_url: str | None
    """Up to where every wire's path begins; `{region}` and the like are slots. None: the configuration must give it."""
    wires: tuple[Wire, ...] = (Wire(dialect="openai-chat"),)
    """The first for an operation is the one translations go over."""
    auth: Auth = "bearer"
    key_variables: tuple[str, ...] = ()
    """Environment variables its key may stand in, first found wins. Empty: no key needed."""
    key_optional: bool = False
    slots: tuple[Slot, ...] = ()
    hosts: Mapping[str, str] = field(default_factory=dict)
    """Host the template makes -> the host it really is, for regions that break the rule."""
    listings: tuple[Listing, ...] = (Listing(),)
    """Asked in order until one answers. Empty: it has no list that costs nothing."""
    marketplace: bool = False
    """Sells many vendors' models: its own list says which, and at what price."""
    batching: Batching = "none"
    locality: Locality = "cloud"
    port: int | None = None
    """The usual port of a local server."""
    other_ports: tuple[int, ...] = ()
    """Further ports to look for it at: those of older and newer versions."""
    extra: str = ""
    """The optional dependency it needs: `pip install "podium[EXTRA]"`."""
    sign_up: str = ""
    """Where a person gets a key."""
    source: str = ""
    """The pages and official SDKs its row was checked against. Empty: nothing was looked up."""
    unverified: str = ""
    """What of its row rests on general knowledge, found in none of them. Empty: nothing that is known of."""
    note: str = ""
    """What a person should know before relying on it."""

    @property
    def regional(self) -> bool:
        """Whether a region is chosen, and with it where prompts are processed."""
        return any(slot.name == "region" for slot in self.slots)
