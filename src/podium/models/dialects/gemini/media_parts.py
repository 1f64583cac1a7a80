"""Texts, images, sound and documents as parts of this wire.

Source: the Gemini API's page "File input methods": bytes as inlineData, public https addresses from Gemini 2.5 on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from podium.core.messages import AudioPart, FilePart, ImagePart, Part, TextPart

from ..dialect import NotCarried
from ..media import read_data_url
from .thinking import generation

_TYPES = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "heic": "image/heic",
    "heif": "image/heif",
    "gif": "image/gif",
    "pdf": "application/pdf",
}
_AUDIO_TYPES = {"m4a": "audio/mp4"}
_OWN_FILES = ("https://", "gs://")
_FIRST_WITH_ADDRESSES = (2, 5)


def wire_part(part: Part, *, model: str, note: Callable[[str], None]) -> dict[str, Any]:
    """One part that is not reasoning. Raises NotCarried for what Gemini cannot read."""
    if isinstance(part, TextPart):
        text: dict[str, Any] = {"text": part.text}
        if part.signature is not None:
            text["thoughtSignature"] = part.signature
        return text
    if isinstance(part, AudioPart):
        media_type = _AUDIO_TYPES.get(part.format, f"audio/{part.format}")
        return {"inlineData": {"mimeType": media_type, "data": part.data}}
    if isinstance(part, ImagePart):
        if part.detail not in (None, "auto"):
            note("Gemini takes no detail for a single image; it was left out.")
        return _addressed(part.url, None, None, model)
    if isinstance(part, FilePart):
        if part.url is not None:
            return _addressed(part.url, part.media_type, part.name, model)
        if part.file_id is not None and part.file_id.startswith(_OWN_FILES):
            return {"fileData": _file(part.file_id, part.media_type, part.name)}
        raise NotCarried(
            f"The file {part.file_id!r} is kept by another provider; Gemini cannot read it.",
            remedy="Send the file's bytes.",
        )
    raise NotCarried(
        f"A content part of type {getattr(part, 'kind', 'reasoning')!r} has no place in a request to Gemini.",
        remedy="Name a model whose provider speaks the dialect the request came in.",
    )


def _addressed(url: str, media_type: str | None, name: str | None, model: str) -> dict[str, Any]:
    held = read_data_url(url)
    if held is not None:
        blob = {"mimeType": media_type or held.media_type, "data": held.data}
        return {"inlineData": blob if name is None else {**blob, "displayName": name}}
    if url[:8].lower() != "https://":
        raise NotCarried(
            "Gemini takes images and files as base64 data or by an https address.",
            remedy="Send a base64 data URL.",
        )
    made = generation(model)
    if made is not None and made < _FIRST_WITH_ADDRESSES:
        raise NotCarried(f"{model} does not fetch images or files by address.", remedy="Send a base64 data URL.")
    return {"fileData": _file(url, media_type, name)}


def _file(uri: str, media_type: str | None, name: str | None) -> dict[str, Any]:
    ending = uri.partition("?")[0].rpartition(".")[2].lower()
    known = media_type or _TYPES.get(ending)
    file: dict[str, Any] = {"fileUri": uri}
    if known is not None:
        file["mimeType"] = known
    if name is not None:
        file["displayName"] = name
    return file
