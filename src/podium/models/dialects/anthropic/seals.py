"""Reasoning and signatures of other wires, carried through this one's opaque places so that they come back.

An Anthropic client hands back `signature` of thinking blocks and `id` of tool calls as it got them. What another
wire's model needs returned (encrypted reasoning, a thought signature on a call) travels there, and goes back to its
maker when the conversation is continued there. Anthropic itself is never shown such a block: it would refuse it.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as BadBase64
from hashlib import blake2s

import msgspec

from podium.core.messages import ReasoningPart

from .wire import NAME

FOREIGN = "podium:"
"""Begins the signature of every thinking block that no Anthropic model wrote."""
CLAUDES = frozenset((NAME, "bedrock-converse"))
"""Wires whose signatures of thinking Anthropic takes. Bedrock's models sign nothing but a Claude's reasoning, and the
Claude platform's page "Extended thinking" calls `signature` values compatible across its own API, Amazon Bedrock and
Google Cloud."""
_SIGNED = "_sig-"
_PERMITTED = re.compile(r"[a-zA-Z0-9_-]+")
_FORBIDDEN = re.compile(r"[^a-zA-Z0-9_-]")
_LONGEST_STEM = 48


class _Seal(msgspec.Struct, array_like=True, frozen=True):
    origin: str
    signature: str | None = None
    data: str | None = None
    id: str | None = None


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(_Seal)


def foreign_seal(*, origin: str, signature: str | None = None, data: str | None = None, id: str | None = None) -> str:
    """A thinking block's signature for reasoning of another wire."""
    return FOREIGN + _packed(_encoder.encode(_Seal(origin, signature, data, id)))


def sealed_part(text: str, signature: str | None) -> ReasoningPart:
    """The reasoning behind a thinking block a caller handed back."""
    if not signature:
        return ReasoningPart(text=text)  # nobody vouches for it, so no provider is shown it
    if not signature.startswith(FOREIGN):
        return ReasoningPart(text=text, signature=signature, origin=NAME)
    try:
        seal = _decoder.decode(_unpacked(signature[len(FOREIGN) :]))
    except (msgspec.MsgspecError, UnicodeDecodeError, BadBase64):
        return ReasoningPart(text=text)
    return ReasoningPart(text=text, signature=seal.signature, data=seal.data, id=seal.id, origin=seal.origin)


def claude_signature(part: ReasoningPart) -> str | None:
    """What proves to Anthropic that a Claude wrote this reasoning; None where nothing does. `data` is not looked at:
    whether one wire's redacted block is another's is written nowhere."""
    return part.signature or None if part.origin in CLAUDES and part.data is None else None


def signed_id(call_id: str, signature: str | None) -> str:
    """A call's id for a caller, its thought signature inside."""
    return call_id if signature is None else call_id + _SIGNED + _packed(signature.encode())


def unsigned_id(wire_id: str) -> tuple[str, str | None]:
    """(id, signature) of what `signed_id` wrote; any other id as it came."""
    stem, mark, packed = wire_id.partition(_SIGNED)
    if not mark:
        return wire_id, None
    try:
        return stem, _unpacked(packed).decode()
    except (BadBase64, UnicodeDecodeError):
        return wire_id, None


def permitted_id(call_id: str) -> str:
    """The id in the characters this wire permits: always the same one for the same call, so that results find it."""
    if _PERMITTED.fullmatch(call_id):
        return call_id
    digest = blake2s(call_id.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
    return f"{_FORBIDDEN.sub('_', call_id)[:_LONGEST_STEM]}_{digest}"


def _packed(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def _unpacked(text: str) -> bytes:
    if not _PERMITTED.fullmatch(text):
        raise BadBase64("not base64")
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
