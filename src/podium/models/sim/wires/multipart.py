"""Forms with files (RFC 7578), as far as SDKs write them."""

from __future__ import annotations

import re

from msgspec import Struct

from ..ask import Refused

_PARAMETER = re.compile(r';\s*(name|filename)="([^"]*)"', re.IGNORECASE)
"""Of a Content-Disposition; a quotation mark within is written %22."""


class Field(Struct, frozen=True, kw_only=True):
    """One part of a form."""

    name: str
    filename: str | None
    data: bytes


def fields_of(body: bytes, content_type: str) -> list[Field]:
    """The parts of a form. Raises Refused for a body that is none."""
    boundary = re.search(r'boundary="?([^";]+)"?', content_type)
    if not content_type.startswith("multipart/form-data") or boundary is None:
        raise Refused(400, "The body must be multipart/form-data with a boundary.")
    mark = b"--" + boundary[1].encode()
    head, *parts = (b"\r\n" + body).split(b"\r\n" + mark)
    if head or not parts or not parts[-1].startswith(b"--"):
        raise Refused(400, "The form is incomplete: it does not end with its boundary.")
    return [_field(part) for part in parts[:-1]]


def _field(part: bytes) -> Field:
    head, separator, data = part.partition(b"\r\n\r\n")
    described = {key.lower(): value for key, value in _PARAMETER.findall(head.decode(errors="replace"))}
    if not separator or "name" not in described:
        raise Refused(400, "A part of the form has no name.")
    return Field(name=described["name"], filename=described.get("filename"), data=data)
