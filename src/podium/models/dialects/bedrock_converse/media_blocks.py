"""Pictures and documents as this wire takes them: bytes with a format's name, a document with a name of its own."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as BadBase64
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from podium.core.messages import AudioPart, FilePart, ImagePart, OpaquePart

from ..dialect import NotCarried
from ..media import DataUrl, read_data_url

_IMAGES: Mapping[str, str] = MappingProxyType(
    {"image/jpeg": "jpeg", "image/jpg": "jpeg", "image/png": "png", "image/gif": "gif", "image/webp": "webp"}
)
_DOCUMENTS: Mapping[str, str] = MappingProxyType(
    {
        "application/pdf": "pdf",
        "text/csv": "csv",
        "application/csv": "csv",
        "application/msword": "doc",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
        "application/vnd.ms-excel": "xls",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
        "text/html": "html",
        "text/markdown": "md",
        "text/plain": "txt",
        "application/json": "txt",
    }
)
_NOT_NAME = re.compile(r"[^a-zA-Z0-9\s\-()\[\]]+")
_SPACES = re.compile(r"\s+")
_EXTENSION = re.compile(r"\.[a-zA-Z0-9]{1,5}$")
_LONGEST_NAME = 190
"""Ten short of the API's 200, which leaves room for a number."""


class MediaBlocks:
    """Writes them for one request: no two documents of it may have the same name."""

    def __init__(self, note: Callable[[str], None]) -> None:
        self._note = note
        self._names: set[str] = set()

    def block(self, part: ImagePart | FilePart | AudioPart | OpaquePart) -> dict[str, Any]:
        """Raises NotCarried."""
        if isinstance(part, ImagePart):
            if part.detail not in (None, "auto"):
                self._note("How finely an image should be looked at was left out.")
            return _image(_data(part.url, "An image"))
        if isinstance(part, FilePart):
            return self._file(part)
        if isinstance(part, AudioPart):
            raise NotCarried("Bedrock's chat models are sent no sound by Podium.", remedy="Transcribe it first.")
        raise NotCarried(f"A content part of type {part.kind!r} cannot be written for Bedrock.")

    def _file(self, part: FilePart) -> dict[str, Any]:
        if part.url is None:
            raise NotCarried(
                "A file is named by an identifier that another provider gave it.", remedy="Send the file's content."
            )
        data = _data(part.url, "A file")
        if data.media_type in _IMAGES:
            return _image(data)
        form = _DOCUMENTS.get(data.media_type) or ("txt" if data.media_type.startswith("text/") else None)
        if form is None:
            raise NotCarried(
                f"Bedrock reads PDF, text, HTML, Markdown, CSV, Word and Excel; a file here is {data.media_type}."
            )
        source = {"bytes": _checked(data)}
        return {"document": {"format": form, "name": self._name(part.name), "source": source}}

    def _name(self, given: str | None) -> str:
        """The name in the characters the API permits, unlike every other's in this request."""
        plain = _SPACES.sub(" ", _NOT_NAME.sub(" ", _EXTENSION.sub("", given or ""))).strip()[:_LONGEST_NAME].strip()
        plain = plain or "Document"
        name, number = plain, 1
        while name in self._names:
            number += 1
            name = f"{plain} ({number})"
        self._names.add(name)
        return name


def _data(url: str, what: str) -> DataUrl:
    data = read_data_url(url)
    if data is not None:
        return data
    if url[:5].lower() == "data:":
        raise NotCarried(f"{what}'s content is not base64.", remedy="Send it as a base64 data URL.")
    raise NotCarried("Bedrock fetches nothing by its address.", remedy=f"Send {what.lower()} as data.")


def _image(data: DataUrl) -> dict[str, Any]:
    form = _IMAGES.get(data.media_type)
    if form is None:
        raise NotCarried(
            f"Bedrock takes images as JPEG, PNG, GIF or WebP, and one here is {data.media_type}.",
            remedy="Convert the image.",
        )
    return {"image": {"format": form, "source": {"bytes": data.data}}}


def _checked(data: DataUrl) -> str:
    """A small document's content, which must be something: an empty one is refused."""
    if len(data.data) < 64:
        try:
            if not b64decode(data.data, validate=True):
                raise NotCarried("A document is empty.", remedy="Leave it out.")
        except (BadBase64, ValueError) as exc:
            raise NotCarried("A file's content is not base64.", remedy="Send it as a base64 data URL.") from exc
    return data.data
