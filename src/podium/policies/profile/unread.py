"""What a caller's body holds beyond the canonical form: it is forwarded, so it is looked at too.

The body travels to the provider field by field as it came. Unknown parts, older fields and vendors' extensions are
not in the canonical messages, and a card number there leaves the house like any other. The usual body holds none of
these, and finding that out costs one shallow pass that copies no text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
from msgspec import Raw

from .tokens import estimate_byte_tokens

_WITHOUT_TEXT: Final = frozenset(
    (
        *("model", "stream", "stream_options", "temperature", "top_p", "n", "seed", "max_tokens"),
        *("max_completion_tokens", "presence_penalty", "frequency_penalty", "logprobs", "top_logprobs"),
        *("parallel_tool_calls", "reasoning_effort", "service_tier", "store", "podium"),
    )
)
"""Fields that hold numbers, switches and set words; `podium` is not forwarded."""
_MESSAGE: Final = frozenset(("role", "content", "name", "tool_calls"))
_PARTS: Final = {kind: frozenset(("type", kind)) for kind in ("text", "image_url", "input_audio", "refusal")}
_INSIDE: Final = {
    "image_url": frozenset(("url", "detail")),
    "input_audio": frozenset(("data", "format")),
    "function": frozenset(("name", "arguments")),
}
_CALL: Final = frozenset(("type", "function"))

_LIST: Final = ord("[")
_OBJECT: Final = ord("{")


class _PlainMessage(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A message that its canonical form holds whole: the usual one, and one call tells."""

    role: str
    content: str
    name: str | None = None


_plain_decoder = msgspec.json.Decoder(list[_PlainMessage])
_message_decoder = msgspec.json.Decoder(list[dict[str, Raw]])
_object_decoder = msgspec.json.Decoder(dict[str, Raw])
_NOT_READABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError)

_BINARY: Final = re.compile(r"data:[^,\s]{0,100};base64,[A-Za-z0-9+/=_-]*\Z")
_BINARY_BYTES_PER_TOKEN: Final = 32
"""Base64 letters of a file per token: a page of a PDF is some 60 kB and some 2,000 tokens."""
_DEEPEST: Final = 100

_CODED: Final = re.compile(rb"\\u00([2-7][0-9a-fA-F])")


def unread(fields: Mapping[str, Raw]) -> tuple[bytes, int]:
    """The text in a body's `fields` that the canonical messages lack, as UTF-8 lines, and the tokens it adds.

    Tools and schemas are read here and not from their canonical form. Empty for the usual body. Never raises.
    """
    raws: list[Raw] = [raw for name, raw in fields.items() if name not in _WITHOUT_TEXT and name != "messages"]
    messages = fields.get("messages")
    if messages is not None:
        try:
            _plain_decoder.decode(messages)
        except _NOT_READABLE:
            _beyond_messages(messages, raws)
    if not raws:
        return b"", 0
    lines: list[str] = []
    tokens = 0
    for raw in raws:
        tokens += _read(bytes(raw), lines)
    return "\n".join(lines).encode("utf-8", "surrogatepass"), tokens


def unescaped(blob: bytes) -> bytes:
    """`blob` with JSON's escapes undone, for tool arguments and JSON inside text, where they would hide borders."""
    if b"\\" not in blob:
        return blob
    if b"\\u00" in blob:
        blob = _CODED.sub(lambda match: bytes((int(match[1], 16),)), blob)
    for escape, plain in ((b"\\n", b"\n"), (b"\\t", b"\t"), (b"\\r", b"\r"), (b"\\/", b"/")):
        blob = blob.replace(escape, plain)
    return blob


def _beyond_messages(messages: Raw, raws: list[Raw]) -> None:
    try:
        for message in _message_decoder.decode(messages):
            _beyond_message(message, raws)
    except _NOT_READABLE:
        raws.append(messages)


def _beyond_message(message: Mapping[str, Raw], raws: list[Raw]) -> None:
    if not message.keys() <= _MESSAGE:
        raws += [message[name] for name in message.keys() - _MESSAGE]
    content = message.get("content")
    if content is not None and memoryview(content)[0] == _LIST:
        for part in _message_decoder.decode(content):
            _beyond_part(part, raws)
    calls = message.get("tool_calls")
    if calls is not None and memoryview(calls)[0] == _LIST:
        for call in _message_decoder.decode(calls):
            raws += [call[name] for name in call.keys() - _CALL]
            _beyond_inside("function", call, raws)


def _beyond_part(part: Mapping[str, Raw], raws: list[Raw]) -> None:
    kind = msgspec.json.decode(part["type"]) if "type" in part else ""
    known = _PARTS.get(kind, frozenset())
    raws += [part[name] for name in part.keys() - known]
    if kind in _INSIDE:
        _beyond_inside(kind, part, raws)


def _beyond_inside(name: str, holder: Mapping[str, Raw], raws: list[Raw]) -> None:
    inner = holder.get(name)
    if inner is not None and memoryview(inner)[0] == _OBJECT:
        held = _object_decoder.decode(inner)
        raws += [held[key] for key in held.keys() - _INSIDE[name]]


def _read(raw: bytes, lines: list[str]) -> int:
    """Adds the texts in one JSON value, names included; gives its tokens."""
    before = len(lines)
    try:
        binary = _collect(msgspec.json.decode(raw), lines, _DEEPEST)
    except _NOT_READABLE:
        del lines[before:]
        lines.append(raw.decode("utf-8", "replace"))
        binary = 0
    if not binary:
        return estimate_byte_tokens(raw, ascii_only=raw.isascii())
    text = "\n".join(lines[before:])
    words = estimate_byte_tokens(text.encode("utf-8", "surrogatepass"), ascii_only=text.isascii())
    return words + binary // _BINARY_BYTES_PER_TOKEN


def _collect(value: Any, lines: list[str], depth: int) -> int:
    """Adds every text and number in `value`; gives the length of what is a file and no text."""
    if isinstance(value, str):
        if value.startswith("data:") and _BINARY.match(value):
            return len(value)
        lines.append(value)
        return 0
    if value is None or isinstance(value, bool):
        return 0
    if isinstance(value, int | float):
        lines.append(str(value))
        return 0
    if depth == 0:
        raise ValueError("too deep to be read value by value")
    if isinstance(value, dict):
        binary = 0
        for name, held in value.items():
            # A name stands on its value's line: "ssn: 078051120" is a number only its name gives away.
            if isinstance(held, int) or (isinstance(held, str) and not held.startswith("data:")):
                lines.append(f"{name}: {held}")
            else:
                lines.append(name)
                binary += _collect(held, lines, depth - 1)
        return binary
    return _sum_of(value, lines, depth - 1)


def _sum_of(values: Iterable[Any], lines: list[str], depth: int) -> int:
    return sum([_collect(value, lines, depth) for value in values])
