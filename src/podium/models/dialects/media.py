"""Data URLs: the one form in which the canonical messages hold bytes of images and documents."""

from __future__ import annotations

from msgspec import Struct

_BASE64 = ";base64"
_PLAIN = "text/plain"


class DataUrl(Struct, frozen=True):
    """The media type and base64 text of a `data:` URL."""

    media_type: str
    data: str


def read_data_url(url: str) -> DataUrl | None:
    """None for any other address, and for a `data:` URL that is not base64."""
    if url[:5].lower() != "data:":
        return None
    head, comma, data = url.partition(",")
    if not comma or not head.lower().endswith(_BASE64):
        return None
    media_type = head[5 : -len(_BASE64)].partition(";")[0].strip().lower()
    return DataUrl(media_type or _PLAIN, data)


def write_data_url(media_type: str, data: str) -> str:
    """The `data:` URL of base64 text."""
    return f"data:{media_type};base64,{data}"
