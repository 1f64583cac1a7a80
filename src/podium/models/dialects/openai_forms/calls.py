"""Calls of tools: free text as canonical arguments and back, and identifiers a provider takes."""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import sha256
from typing import Any, Final

import msgspec

_encoder = msgspec.json.Encoder()
_input_decoder = msgspec.json.Decoder(dict[str, Any])
_SIGNS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_MADE: Final = 9
"""Letters and digits of an identifier made here: what Mistral asks for, and long enough for any conversation."""


def custom_arguments(text: str) -> str:
    """A custom call's text as canonical arguments, which are JSON."""
    return _encoder.encode({"input": text}).decode()


CUSTOM_OPENING: Final = '{"input":"'
"""Canonical arguments of a custom call that comes in pieces: this, each piece `inside`, and `CUSTOM_CLOSING`."""
CUSTOM_CLOSING: Final = '"}'


def inside(text: str) -> str:
    """A text as it stands between the quotes of a JSON string."""
    return _encoder.encode(text)[1:-1].decode()


def custom_input(arguments: str) -> str:
    """The text in canonical arguments; arguments that are not in that form are the text."""
    try:
        text = _input_decoder.decode(arguments).get("input")
    except (msgspec.DecodeError, RecursionError):
        return arguments
    return text if isinstance(text, str) else arguments


def call_id_mender(pattern: str) -> Callable[[str], str]:
    """Makes identifiers that match `pattern` of those that do not: of the same one always the same, so that a call and
    its result still belong together in every turn to come."""
    if not pattern:
        return str
    takes = re.compile(pattern).fullmatch
    return lambda call_id: call_id if not call_id or takes(call_id) else _made(call_id)


def _made(call_id: str) -> str:
    number = int.from_bytes(sha256(call_id.encode("utf-8", "surrogatepass")).digest()[:16], "big")
    signs: list[str] = []
    for _ in range(_MADE):
        number, place = divmod(number, len(_SIGNS))
        signs.append(_SIGNS[place])
    return "".join(signs)
