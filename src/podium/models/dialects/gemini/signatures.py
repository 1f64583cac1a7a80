"""Thought signatures: Gemini's own, and other vendors' carried through a client that only knows Gemini's.

To a client a `thoughtSignature` is bytes (base64), returned as they came. Another vendor's reasoning, without which it
refuses the next turn of a tool loop, travels there in a marked envelope: it is opened when it comes back, and never
reaches Google. An envelope holds the reasoning's text too, so a client may drop or alter the thoughts it shows.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable

import msgspec

from podium.core.messages import ReasoningPart

from .wire import NAME

PLACEHOLDER = "skip_thought_signature_validator"
"""What Google's page "Thought signatures" says to send with a function call that Gemini did not make."""

_PLAIN_MARK = b"podium.reasoning.1"  # a multiple of three bytes, so that its base64 begins every envelope
_MARK_TEXT = base64.b64encode(_PLAIN_MARK).decode()
_decoder = msgspec.json.Decoder(list[ReasoningPart])
_encoder = msgspec.json.Encoder()


def seal(blocks: Iterable[ReasoningPart]) -> str | None:
    """An envelope with what of these blocks only their maker can read; None where there is no such thing."""
    worth = [block for block in blocks if block.origin != NAME and (block.signature or block.data)]
    if not worth:
        return None
    return base64.b64encode(_PLAIN_MARK + _encoder.encode(worth)).decode()


def is_sealed(signature: str | None) -> bool:
    """Whether this is an envelope of ours."""
    return signature is not None and signature.startswith(_MARK_TEXT)


def unseal(signature: str) -> tuple[ReasoningPart, ...]:
    """What an envelope holds; nothing where it was damaged on its way. Clients may respell base64 for URLs."""
    letters = signature.translate(_STANDARD).rstrip("=")
    try:
        held = base64.b64decode(letters + "=" * (-len(letters) % 4), validate=True)
        return tuple(_decoder.decode(held[len(_PLAIN_MARK) :]))
    except (binascii.Error, ValueError, msgspec.MsgspecError, RecursionError):
        return ()


_STANDARD = str.maketrans("-_", "+/")


def standard_base64(data: str) -> str:
    """Base64 in the alphabet every wire takes; Google's own SDKs write the one for URLs."""
    if "-" in data or "_" in data:
        return data.translate(_STANDARD)
    return data
