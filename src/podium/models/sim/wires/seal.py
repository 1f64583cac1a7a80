"""Signatures and ciphertexts for reasoning that callers send back: a changed one is noticed.

One vendor's seal means nothing to another, as in life: what a credential's house made, only that house can read.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode, b64encode
from binascii import Error as NotBase64

_MARK = 20
_URL_SAFE = str.maketrans("-_", "+/")


class Seal:
    """The seal of one vendor."""

    def __init__(self, vendor: str, seed: int) -> None:
        self._key = f"podium.sim {vendor} {seed}".encode()

    def sign(self, text: str) -> str:
        """A signature for a text, as base64."""
        return b64encode(self._mark(b"signature", text.encode())).decode()

    def signed(self, text: str, signature: str | None) -> bool:
        """Whether the signature belongs to the text."""
        return signature is not None and hmac.compare_digest(self.sign(text).encode(), signature.encode())

    def close(self, text: str) -> str:
        """The text as nobody but the vendor should read it, as base64."""
        data = text.encode()
        return b64encode(self._mark(b"closed", data) + bytes(byte ^ 0x5A for byte in data)).decode()

    def opened(self, sealed: str) -> str | None:
        """What this vendor closed, from either alphabet of base64; None where it did not or somebody touched it."""
        plain = sealed.translate(_URL_SAFE)
        try:
            raw = b64decode(plain + "=" * (-len(plain) % 4), validate=True)
        except (NotBase64, ValueError):
            return None
        data = bytes(byte ^ 0x5A for byte in raw[_MARK:])
        genuine = hmac.compare_digest(raw[:_MARK], self._mark(b"closed", data))
        return data.decode() if genuine else None

    def _mark(self, purpose: bytes, data: bytes) -> bytes:
        return hmac.digest(self._key, purpose + data, hashlib.sha1)
