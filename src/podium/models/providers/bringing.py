"""Pictures and documents behind addresses: brought for a task, and put into it before its request is written."""

from __future__ import annotations

import asyncio
from binascii import b2a_base64
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from podium.core.deferred import peek
from podium.core.errors import InvalidRequest
from podium.core.messages import FilePart, ImagePart, Message, Part, Payload
from podium.core.ports import BroughtFile
from podium.core.tasks import Task
from podium.models.dialects.media import write_data_url

from .fetch import MOST_BYTES, Budget, Fetched, Fetcher, FetchFailed, host_of

_MOST_FILES = 20
_MOST_TOGETHER = 2 * MOST_BYTES
_AT_ONCE = 4
"""Fetches under way for one task: the places are everybody's."""
_MOST_ON_LOOP = 256 * 1024
"""Bytes encoded on the event loop, about a quarter of a millisecond; a larger file is encoded in a thread."""
_SLICE = 3 * 64 * 1024
"""Bytes encoded in one go, with no other thread running meanwhile; a multiple of three, so that slices join."""


class WebFiles:
    """A `core.ports.FileBringer` over a `Fetcher`."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher

    def addresses(self, task: Task) -> tuple[str, ...]:
        """Every web address among the task's pictures and documents, once; bytes sent inline are not looked at."""
        found: dict[str, None] = {}
        for message in task.messages:
            for part in message.parts:
                kind = type(part)
                if (kind is ImagePart or kind is FilePart) and (url := _address(part)) is not None:
                    found[url] = None
        return tuple(found)

    async def bring(self, urls: Sequence[str], *, seconds: float) -> Mapping[str, BroughtFile]:
        """All of them together or none: the first that fails ends the fetching of the others. Raises InvalidRequest."""
        if len(urls) > _MOST_FILES:
            raise InvalidRequest(
                f"{len(urls)} addresses to fetch; at most {_MOST_FILES} are.", remedy="Send the bytes as data URLs."
            )
        files: dict[str, BroughtFile] = {}
        budget, places = Budget(_MOST_TOGETHER), asyncio.Semaphore(_AT_ONCE)

        async def one(url: str) -> None:
            try:
                async with places:
                    files[url] = await _encoded(await self._fetcher.fetch(url, budget=budget))
            except FetchFailed as failed:
                raise _refusal(failed.what, failed.remedy, urls.index(url), len(urls)) from None

        try:
            async with asyncio.timeout(seconds), asyncio.TaskGroup() as group:
                for url in urls:
                    group.create_task(one(url))
        except TimeoutError:
            late = next((place for place, url in enumerate(urls) if url not in files), 0)
            raise _refusal(
                f"A file from {host_of(urls[late])} did not arrive within the {seconds:.3g} seconds there were for it.",
                "Send the bytes as a data URL, or allow more time.",
                late,
                len(urls),
            ) from None
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None
        return files


def _address(part: Any) -> str | None:
    # A picture of ten megabytes that is only forwarded is not made a string for this.
    head, _ = peek(part, "url", 6)
    return part.url if head.lower().startswith(("http:", "https:")) else None


def _refusal(what: str, remedy: str, place: int, of: int) -> InvalidRequest:
    """Says which address it was where there are several, but never the address: it may hold a key."""
    return InvalidRequest(what if of == 1 else f"Address {place + 1} of {of}: {what}", remedy=remedy)


async def _encoded(file: Fetched) -> BroughtFile:
    large = len(file.data) > _MOST_ON_LOOP
    url = await asyncio.to_thread(_data_url, file) if large else _data_url(file)
    return BroughtFile(media_type=file.media_type, data_url=url)


def _data_url(file: Fetched) -> str:
    view = memoryview(file.data)
    pieces = [write_data_url(file.media_type, "")]
    for start in range(0, len(view), _SLICE):
        pieces.append(b2a_base64(view[start : start + _SLICE], newline=False).decode("ascii"))
    return "".join(pieces)


def is_large(files: Mapping[str, BroughtFile]) -> bool:
    """Whether to write them is too much for the event loop."""
    return sum(len(file.data_url) for file in files.values()) > _MOST_ON_LOOP


def with_files(task: Task, files: Mapping[str, BroughtFile], wire: str) -> Task:
    """The task with each of these addresses replaced by what stands there.

    A body that will be forwarded is changed too: in OpenAI's dialects a data URL stands wherever an address does. One
    of another dialect is not forwarded but written anew.
    """
    payload = task.payload
    if payload is not None and payload.dialect == wire:
        payload = _with_data(payload, files) if wire.startswith("openai-") else None
    messages = tuple([_message(message, files) for message in task.messages])
    return replace(task, messages=messages, payload=payload)


def _message(message: Message, files: Mapping[str, BroughtFile]) -> Message:
    parts = tuple([_part(part, files) for part in message.parts])
    same = all(new is old for new, old in zip(parts, message.parts, strict=True))
    return message if same else replace(message, parts=parts)


def _part(part: Part, files: Mapping[str, BroughtFile]) -> Part:
    if not isinstance(part, ImagePart | FilePart) or (url := _address(part)) is None or url not in files:
        return part
    file = files[url]
    if isinstance(part, FilePart):
        return replace(part, url=file.data_url, media_type=file.media_type)
    if "pdf" in file.media_type:  # a PDF behind an image's address is a document all the same
        return FilePart(url=file.data_url, media_type=file.media_type, cache=part.cache)
    return replace(part, url=file.data_url)


def _with_data(payload: Payload, files: Mapping[str, BroughtFile]) -> Payload:
    # As JSON already: megabytes that need no escaping are then copied, not searched for what needs it.
    data = {url: Raw(f'"{file.data_url}"'.encode("ascii")) for url, file in files.items()}
    return replace(payload, fields={name: _changed(raw, data) for name, raw in payload.fields.items()})


def _changed(raw: Raw, data: Mapping[str, Raw]) -> Raw:
    value = msgspec.json.decode(raw)
    replaced = _walk(value, data)
    return raw if replaced is value else Raw(msgspec.json.encode(replaced))


def _walk(value: Any, data: Mapping[str, Raw]) -> Any:
    """The value with these strings replaced; the very same value where none is in it."""
    if isinstance(value, str):
        return data.get(value, value)
    if isinstance(value, list):
        changed: Any = [_walk(each, data) for each in value]
        same = all(new is old for new, old in zip(changed, value, strict=True))
    elif isinstance(value, dict):
        changed = {name: _walk(each, data) for name, each in value.items()}
        same = all(changed[name] is each for name, each in value.items())
    else:
        return value
    return value if same else changed
