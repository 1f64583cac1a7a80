"""Bytes in a JSON body: base64, checked as strictly as the vendors do."""

from __future__ import annotations

import base64
import binascii

from ..ask import Refused

_URL_SAFE = str.maketrans("-_", "+/")


def bytes_of(text: str, field: str, *, url_safe: bool = False) -> bytes:
    """The bytes; `url_safe` takes both alphabets. Raises Refused for what is no base64, such as a whole data URL."""
    if url_safe:
        text = text.translate(_URL_SAFE)
        text += "=" * (-len(text) % 4)
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as exc:
        raise Refused(400, f"{field}: invalid base64 data") from exc
