"""Other wires' reasoning and signatures, sealed into `encrypted_content` so that they come back with the next turn.

Anthropic's thinking must return with its signature, and Gemini's calls with theirs, or the provider refuses the turn.
This wire's clients send reasoning items back as they came and cannot read `encrypted_content`, so that field carries
them: a mark, then base64 of JSON. Sealed is not secret: it hides nothing the caller was not sent.
"""

from __future__ import annotations

import base64
import binascii

import msgspec
from msgspec import Struct

from podium.core.messages import ReasoningPart

MARK = "podium.1."


class Sealed(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one reasoning item carries for another wire."""

    origin: str = ""
    signature: str | None = None
    data: str | None = None
    id: str | None = None
    call: str | None = None
    """The signature of the tool call that follows."""


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Sealed)


def seal_part(part: ReasoningPart) -> str:
    """The `encrypted_content` for a block of another wire's reasoning; its text stays in the item, to be read."""
    return _seal(Sealed(origin=part.origin, signature=part.signature, data=part.data, id=part.id))


def seal_call(signature: str) -> str:
    """The `encrypted_content` of an item that goes before a signed tool call."""
    return _seal(Sealed(call=signature))


def _seal(sealed: Sealed) -> str:
    return MARK + base64.b64encode(_encoder.encode(sealed)).decode()


def unseal(encrypted: str | None) -> Sealed | None:
    """None for what Podium did not seal: this wire's own, or what somebody tampered with."""
    if encrypted is None or not encrypted.startswith(MARK):
        return None
    try:
        return _decoder.decode(base64.b64decode(encrypted[len(MARK) :], validate=True))
    except (binascii.Error, ValueError, msgspec.DecodeError, RecursionError):
        return None
