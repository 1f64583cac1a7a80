"""A caller's turns, read: one turn of blocks becomes the canonical messages it stands for."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import msgspec
from msgspec import Raw

from podium.core.deferred import late
from podium.core.errors import InvalidRequest
from podium.core.messages import (
    CacheMark,
    FilePart,
    ImagePart,
    Message,
    OpaquePart,
    Part,
    ReasoningPart,
    TextPart,
    ToolCall,
)

from ..media import write_data_url
from .replies import read_input
from .seals import FOREIGN, claude_signature, sealed_part, unsigned_id
from .wire import NAME, NO_RAW, Block, CacheControl, MessagesRequest, Source, Turn

_text_decoder = msgspec.json.Decoder(str)
_source_decoder = msgspec.json.Decoder(Source)
_result_decoder = msgspec.json.Decoder(str | list[Block] | None)
_optional_text_decoder = msgspec.json.Decoder(str | None)
_turns_decoder = msgspec.json.Decoder(list[dict[str, Raw]])
_content_decoder = msgspec.json.Decoder(str | list[Raw])
_block_decoder = msgspec.json.Decoder(Block)
_encoder = msgspec.json.Encoder()
_LONG = 16_384
"""Bytes from which a picture or document stays in the body until somebody reads it."""
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def cache_mark(control: CacheControl | None) -> CacheMark | None:
    """Five minutes where the caller named no time, as the API has it."""
    return None if control is None else control.ttl or "5m"


def read_turns(wire: MessagesRequest) -> tuple[Message, ...]:
    """The canonical messages. Raises InvalidRequest."""
    messages: list[Message] = []
    if wire.system:
        parts = _system_parts(wire.system, "system")
        if parts:
            messages.append(Message(role="system", parts=parts))
    for place, turn in enumerate(wire.messages):
        where = f"messages[{place}].content"
        if turn.role == "assistant":
            messages.append(_assistant(turn, where))
        elif turn.role == "system":
            messages.append(Message(role="system", parts=_system_parts(turn.content, where)))
        else:
            _user(turn, where, messages)
    if wire.cache_control is not None:
        messages[-1] = msgspec.structs.replace(messages[-1], cache=cache_mark(wire.cache_control))
    return tuple(messages)


def without_foreign_reasoning(messages: Raw) -> list[dict[str, Any]]:
    """The turns as they came but for thinking that no Claude wrote: Anthropic would refuse the request. What a Claude
    on another wire wrote is given the signature it had there."""
    kept: list[dict[str, Any]] = []
    for turn in _turns_decoder.decode(messages):
        given: dict[str, Any] = dict(turn)
        content = _content_decoder.decode(turn["content"])
        if isinstance(content, list):
            blocks = [opened for block in content if (opened := _opened(block)) is not None]
            if content and not blocks:
                continue
            given["content"] = blocks
        kept.append(given)
    return kept


def _opened(raw: Raw) -> Raw | None:
    """A block as Anthropic takes it; None for one it does not."""
    block = _block_decoder.decode(raw)
    if not _is_foreign(block):
        return raw
    signature = claude_signature(sealed_part(block.thinking or "", block.signature))
    if signature is None:
        return None
    return Raw(_encoder.encode({"type": "thinking", "thinking": block.thinking or "", "signature": signature}))


def _is_foreign(block: Block) -> bool:
    return block.type == "thinking" and block.signature is not None and block.signature.startswith(FOREIGN)


def _system_parts(content: str | list[Block], where: str) -> tuple[Part, ...]:
    if isinstance(content, str):
        return (TextPart(content),) if content else ()
    return tuple([part for place, block in enumerate(content) for part in _parts(block, f"{where}[{place}]")])


def _assistant(turn: Turn, where: str) -> Message:
    if isinstance(turn.content, str):
        return Message(role="assistant", parts=(TextPart(turn.content),) if turn.content else ())
    parts: list[Part] = []
    calls: list[ToolCall] = []
    for place, block in enumerate(turn.content):
        if block.type == "tool_use":
            calls.append(_tool_call(block, f"{where}[{place}]"))
        else:
            parts += _parts(block, f"{where}[{place}]")
    return Message(role="assistant", parts=tuple(parts), tool_calls=tuple(calls))


def _user(turn: Turn, where: str, messages: list[Message]) -> None:
    """Tool results become messages of their own, before what the user says: the API wants them first, too."""
    content = turn.content
    if not content:
        raise InvalidRequest(
            f"{where}: a user turn must have content.",
            remedy="Give `content` as text or as a list of blocks.",
            param=where,
        )
    if isinstance(content, str):
        messages.append(Message(role="user", parts=(TextPart(content),)))
        return
    parts: list[Part] = []
    for place, block in enumerate(content):
        if block.type == "tool_result":
            messages.append(_tool_result(block, f"{where}[{place}]"))
        else:
            parts += _parts(block, f"{where}[{place}]")
    if parts:
        messages.append(Message(role="user", parts=tuple(parts)))


def _tool_call(block: Block, where: str) -> ToolCall:
    if not block.id or not block.name:
        raise _missing(where, "name" if block.id else "id")
    call_id, signature = unsigned_id(block.id)
    try:
        arguments = read_input(block.input)
    except ValueError as exc:
        raise _unreadable(exc, f"{where}.input") from exc
    return ToolCall(
        id=call_id,
        name=block.name,
        arguments=arguments,
        signature=signature,
        cache=cache_mark(block.cache_control),
    )


def _tool_result(block: Block, where: str) -> Message:
    if not block.tool_use_id:
        raise _missing(where, "tool_use_id")
    parts: tuple[Part, ...] = ()
    if len(block.content):
        try:
            content = _result_decoder.decode(block.content)
        except _UNREADABLE as exc:
            raise InvalidRequest(
                f"{where}.content: neither text nor a list of blocks.", param=f"{where}.content"
            ) from exc
        if isinstance(content, str):
            parts = (TextPart(content),) if content else ()
        else:
            inner = [_parts(part, f"{where}.content[{place}]") for place, part in enumerate(content or ())]
            parts = tuple([part for held in inner for part in held])
    return Message(
        role="tool",
        parts=parts,
        tool_call_id=unsigned_id(block.tool_use_id)[0],
        failed=bool(block.is_error),
        cache=cache_mark(block.cache_control),
    )


def _parts(block: Block, where: str) -> tuple[Part, ...]:
    """The block's part; before a document what its caller says about it, which other wires have no field for."""
    part = _part(block, where)
    if block.type != "document" or block.context is NO_RAW:
        return (part,)
    try:
        context = _optional_text_decoder.decode(block.context)
    except _UNREADABLE as exc:
        raise _unreadable(exc, f"{where}.context") from exc
    return (TextPart(context), part) if context else (part,)


def _part(block: Block, where: str) -> Part:
    kind = block.type
    if kind == "text":
        if block.text is None:
            raise _missing(where, "text")
        return TextPart(block.text, cache_mark(block.cache_control))
    if kind == "thinking":
        if block.thinking is None:
            raise _missing(where, "thinking")
        return sealed_part(block.thinking, block.signature)
    if kind == "redacted_thinking":
        if block.data is None:
            raise _missing(where, "data")
        return ReasoningPart(data=block.data, origin=NAME)
    if kind in ("image", "document"):
        return _sourced(block, where)
    return OpaquePart(kind=kind)


def _sourced(block: Block, where: str) -> Part:
    """An image or document. What only Anthropic can fetch (a file by its id there, blocks) stays opaque or an id."""
    if not len(block.source):
        raise _missing(where, "source")
    try:
        source = _source_decoder.decode(block.source)
    except _UNREADABLE as exc:
        raise _unreadable(exc, f"{where}.source") from exc
    cache = cache_mark(block.cache_control)
    image = block.type == "image"
    url: str | None = None
    media_type = source.media_type
    if source.type in ("base64", "text") and bytes(memoryview(source.data)[:1]) != b'"':
        raise _missing(where, "source.data")
    if source.type == "base64":
        if not media_type:
            raise _missing(where, "source.media_type")
        url = _data_url(media_type, source.data, f"{where}.source.data")
    elif source.type == "url":
        if not source.url:
            raise _missing(where, "source.url")
        url = source.url
        media_type = None if image else "application/pdf"
    elif source.type == "text" and not image:
        media_type = "text/plain"
        url = write_data_url(media_type, b64encode(_plain_text(source.data, f"{where}.source.data")).decode())
    elif source.type == "file" and not image:
        return FilePart(file_id=source.file_id, name=block.title, cache=cache)
    if url is None:
        return OpaquePart(kind=block.type)
    if image:
        return ImagePart(url=url, cache=cache)
    return FilePart(url=url, media_type=media_type, name=block.title, cache=cache)


def _data_url(media_type: str, data: Raw, where: str) -> str:
    """A data URL; a long one becomes a string when it is read (see core.deferred)."""
    if len(data) > _LONG:
        return late(data, head=write_data_url(media_type, ""))
    return write_data_url(media_type, _text(data, where))


def _plain_text(data: Raw, where: str) -> bytes:
    return _text(data, where).encode()


def _text(data: Raw, where: str) -> str:
    try:
        return _text_decoder.decode(data)
    except _UNREADABLE as exc:
        raise _unreadable(exc, where) from exc


def _unreadable(exc: Exception, where: str) -> InvalidRequest:
    """What was kept as it came turned out not to be what its block's type says, or no UTF-8."""
    return InvalidRequest(
        f"{where}: {str(exc).partition(' - at')[0]}.",
        remedy="See the Messages reference for the shape of content blocks.",
        param=where,
    )


def _missing(where: str, name: str) -> InvalidRequest:
    return InvalidRequest(
        f"{where}.{name}: Field required.",
        remedy="See the Messages reference for the shape of content blocks.",
        param=f"{where}.{name}",
    )
