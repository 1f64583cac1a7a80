"""Texts that may be ten megabytes of a picture: read at once where they are short, left in the body where not."""

from __future__ import annotations

from typing import Final, cast

import msgspec
from msgspec import Raw

from podium.core.errors import InvalidRequest

_LONG: Final = 16_384
"""Bytes from which a picture, a sound or a file stays in the body until somebody reads it."""
_QUOTE: Final = ord('"')
_text_decoder = msgspec.json.Decoder(str)


def long_text(raw: Raw, param: str) -> str:
    """A text, or what becomes one when it is read (see core.deferred): to its readers there is no difference.

    Raises InvalidRequest naming `param` for what is no text.
    """
    view = memoryview(raw)
    if view[0] != _QUOTE:
        raise InvalidRequest(f"`{param}` is not a text.", remedy="Give it as a string.", param=param)
    if view.nbytes > _LONG:
        return cast(str, raw)
    return whole_text(raw, param)


def whole_text(raw: Raw, param: str) -> str:
    """A text, read now. Raises InvalidRequest naming `param` for what is none."""
    try:
        return _text_decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise InvalidRequest(f"`{param}` is not a text: {exc}.", remedy="Send it in UTF-8.", param=param) from exc
