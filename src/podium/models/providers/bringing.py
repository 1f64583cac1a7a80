"""Pictures and documents behind addresses, put into a task as data URLs before its request is written."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from podium.core.messages import FilePart, ImagePart, Message, Part, Payload
from podium.core.tasks import Task
from podium.models.dialects.media import write_data_url

from .fetch import MOST_BYTES, Fetched, Fetcher, FetchFailed

_MOST_FILES = 20
_MOST_TOGETHER = 2 * MOST_BYTES


def addresses(task: Task) -> tuple[str, ...]:
    """Every web address among the task's pictures and documents, once."""
    found: dict[str, None] = {}
    for message in task.messages:
        for part in message.parts:
            if isinstance(part, ImagePart | FilePart) and part.url is not None and _on_the_web(part.url):
                found[part.url] = None
    return tuple(found)


def _on_the_web(url: str) -> bool:
    return url[:8].lower().startswith(("https://", "http://"))


async def brought(task: Task, urls: tuple[str, ...], wire: str, fetcher: Fetcher) -> Task:
    """The task with each of these addresses replaced by what stands there. Raises FetchFailed.

    A body that will be forwarded is changed too: in OpenAI's dialects a data URL stands wherever an address does. One
    of another dialect is not forwarded but written anew.
    """
    if len(urls) > _MOST_FILES:
        raise FetchFailed(
            f"{len(urls)} addresses to fetch; at most {_MOST_FILES} are.", remedy="Send the bytes as data URLs."
        )
    files = await asyncio.gather(*(fetcher.fetch(url) for url in urls))
    if sum(len(file.data) for file in files) > _MOST_TOGETHER:
        raise FetchFailed(
            f"The files together are larger than {_MOST_TOGETHER // 1024 // 1024} MB.", remedy="Send smaller ones."
        )
    data = {
        url: write_data_url(file.media_type, b64encode(file.data).decode())
        for url, file in zip(urls, files, strict=True)
    }
    types = dict(zip(urls, files, strict=True))
    payload = task.payload
    if payload is not None and payload.dialect == wire:
        payload = _with_data(payload, data) if wire.startswith("openai-") else None
    messages = tuple(_message(message, data, types) for message in task.messages)
    return replace(task, messages=messages, payload=payload)


def _message(message: Message, data: Mapping[str, str], files: Mapping[str, Fetched]) -> Message:
    if not any(getattr(part, "url", None) in data for part in message.parts):
        return message
    return replace(message, parts=tuple(_part(part, data, files) for part in message.parts))


def _part(part: Part, data: Mapping[str, str], files: Mapping[str, Fetched]) -> Part:
    if not isinstance(part, ImagePart | FilePart) or part.url is None or part.url not in data:
        return part
    media_type, url = files[part.url].media_type, data[part.url]
    if isinstance(part, FilePart):
        return replace(part, url=url, media_type=media_type)
    # A PDF behind an image's address is a document all the same.
    return FilePart(url=url, media_type=media_type, cache=part.cache) if "pdf" in media_type else replace(part, url=url)


def _with_data(payload: Payload, data: Mapping[str, str]) -> Payload:
    fields = {name: _changed(raw, data) for name, raw in payload.fields.items()}
    return replace(payload, fields=fields)


def _changed(raw: Raw, data: Mapping[str, str]) -> Raw:
    value = msgspec.json.decode(raw)
    replaced = _walk(value, data)
    return raw if replaced is value else Raw(msgspec.json.encode(replaced))


def _walk(value: Any, data: Mapping[str, str]) -> Any:
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
