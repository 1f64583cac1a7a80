"""What a caller's body holds beyond the canonical form: it is forwarded, so it is looked at too.

The body travels to the provider field by field as it came. Unknown parts, older fields and vendors' extensions are
not in the canonical messages, and a card number there leaves the house like any other. The usual body holds none of
these, and finding that out costs one typed decoding that copies no long text (see `shapes`). A text the canonical form
holds after all is neither read nor counted again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
from msgspec import Raw

from .shapes import HELD, Fields, Items, Kinds, Shape, Texts, decoders, leaf_decoder
from .tokens import FILE_LETTERS_PER_TOKEN, estimate_byte_tokens

_WITHOUT_TEXT: Final = frozenset(
    (
        *("model", "stream", "stream_options", "temperature", "top_p", "top_k", "n", "seed", "max_tokens"),
        *("max_completion_tokens", "max_output_tokens", "presence_penalty", "frequency_penalty", "logprobs"),
        *("top_logprobs", "parallel_tool_calls", "reasoning_effort", "service_tier", "store", "background"),
        *("encoding_format", "dimensions", "podium"),
    )
)
"""Fields that hold numbers, switches and set words; `podium` is not forwarded."""
_NOT_FOR_THE_MODEL: Final = frozenset(
    (
        *("user", "metadata", "labels", "safety_identifier", "prompt_cache_key", "stop", "stop_sequences", "thinking"),
        *("reasoning", "include", "tool_choice", "toolConfig", "safetySettings", "cache_control", "truncation"),
        *("anthropic-beta", "previous_response_id", "context_management", "modalities", "container", "language"),
        *("response_format_name", "timestamp_granularities", "timestamp_granularities[]"),
    )
)
"""Fields that are looked at and cost no tokens."""

_STRING: Final = ord('"')
_NULL: Final = ord("n")

_raw_list_decoder = msgspec.json.Decoder(list[Raw])
_object_decoder = msgspec.json.Decoder(dict[str, Raw])
_word_decoder = msgspec.json.Decoder(str)
_NOT_READABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError)

_BINARY: Final = re.compile(r"data:[^,\s]{0,100};base64,[A-Za-z0-9+/=_-]*\Z")
_BARE_BINARY: Final = re.compile(r"[A-Za-z0-9+/_-]*={0,2}\Z")
_BARE_BINARY_FROM: Final = 2_048
"""Letters without a blank from which a text is taken for a file's bytes."""
_DEEPEST: Final = 100

_CODED: Final = re.compile(rb"\\u00([2-7][0-9a-fA-F])")


def unread(fields: Mapping[str, Raw], dialect: str = "openai-chat", held: Iterable[str] = ()) -> tuple[bytes, int]:
    """The text in a body's `fields` that the canonical messages lack, as UTF-8 lines, and the tokens it adds.

    Tools and schemas are read here and not from their canonical form. `held` are the texts of the canonical form,
    asked for only where something is read. Empty for the usual body. Never raises.
    """
    shapes = HELD.get(dialect, {})
    raws: list[Raw] = []
    aside: list[Raw] = []
    for name, raw in fields.items():
        shape = shapes.get(name)
        if shape is not None:
            found = _beyond_field(raw, name, dialect, shape)
            if found:
                (aside if name in _NOT_FOR_THE_MODEL else raws).extend(found)
        elif name in _NOT_FOR_THE_MODEL:
            aside.append(raw)
        elif name not in _WITHOUT_TEXT:
            raws.append(raw)
    if not raws and not aside:
        return b"", 0
    known = frozenset(held)
    lines: list[str] = []
    tokens = 0
    for raw in raws:
        tokens += _read(bytes(raw), lines, known)
    for raw in aside:
        _read(bytes(raw), lines, known)
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


def count_numbers(raw: Raw | None) -> int:
    """How many numbers a JSON value holds: an embedding's input may be tokens already."""
    try:
        value = None if raw is None else msgspec.json.decode(raw)
    except _NOT_READABLE:
        return 0
    items = value if isinstance(value, list) else []
    inner = [each for each in items if isinstance(each, list)]
    return sum(isinstance(each, int) for each in items) + sum(len(each) for each in inner)


# --- which values the canonical form lacks -------------------------------------------------------------------------


def _beyond_field(raw: Raw, name: str, dialect: str, shape: Shape) -> list[Raw]:
    try:
        decoders(dialect)[name].decode(raw)
    except _NOT_READABLE:
        found: list[Raw] = []
        _beyond(raw, shape, found)
        return found
    return []


def _beyond(raw: Raw, shape: Shape, found: list[Raw]) -> None:
    """Adds every value that is not as `shape` has it."""
    if shape == "held":
        return
    try:
        first = memoryview(raw)[0]
        if first == _NULL:
            return
        if isinstance(shape, str):
            leaf_decoder(shape).decode(raw)
        elif isinstance(shape, Items):
            _beyond_items(raw, shape.items, found)
        elif isinstance(shape, Texts):
            if first != _STRING:
                _beyond_items(raw, shape.items, found)
        else:
            _beyond_object(raw, shape, found)
    except (*_NOT_READABLE, IndexError):
        found.append(raw)


def _beyond_items(raw: Raw, shape: Shape, found: list[Raw]) -> None:
    for item in _raw_list_decoder.decode(raw):
        _beyond(item, shape, found)


def _beyond_object(raw: Raw, shape: Fields | Kinds, found: list[Raw]) -> None:
    held = _object_decoder.decode(raw)
    if isinstance(shape, Kinds):
        kind = _word_decoder.decode(held.pop("type")) if "type" in held else shape.default
        fields = shape.kinds.get(kind)
        if fields is None:
            found.append(raw)
            return
    else:
        fields = shape.fields
    for name, value in held.items():
        inner = fields.get(name)
        if inner is None:
            found.append(value)
        elif inner != "held":
            _beyond(value, inner, found)


# --- their text ----------------------------------------------------------------------------------------------------


def _read(raw: bytes, lines: list[str], known: frozenset[str]) -> int:
    """Adds the texts in one JSON value, names included; gives its tokens."""
    before = len(lines)
    left_out = _LeftOut(known)
    try:
        _collect(msgspec.json.decode(raw), lines, _DEEPEST, left_out)
    except _NOT_READABLE:
        del lines[before:]
        lines.append(raw.decode("utf-8", "replace"))
        left_out = _LeftOut(known)
    if not left_out.letters and not left_out.texts:
        return estimate_byte_tokens(raw, ascii_only=raw.isascii())
    text = "\n".join(lines[before:])
    words = estimate_byte_tokens(text.encode("utf-8", "surrogatepass"), ascii_only=text.isascii())
    return words + left_out.letters // FILE_LETTERS_PER_TOKEN


class _LeftOut:
    """What of a value is not read: the letters of files, and texts that the canonical form holds."""

    __slots__ = ("known", "letters", "texts")

    def __init__(self, known: frozenset[str]) -> None:
        self.known = known
        self.letters = 0
        self.texts = 0


def _collect(value: Any, lines: list[str], depth: int, left_out: _LeftOut) -> None:
    """Adds every text and number in `value`."""
    if isinstance(value, str):
        if value in left_out.known:
            left_out.texts += 1
        elif _is_binary(value):
            left_out.letters += len(value)
        else:
            lines.append(value)
    elif value is None or isinstance(value, bool):
        return
    elif isinstance(value, int | float):
        lines.append(str(value))
    elif depth == 0:
        raise ValueError("too deep to be read value by value")
    elif isinstance(value, dict):
        for name, held in value.items():
            # A name stands on its value's line: "ssn: 078051120" is a number only its name gives away.
            if isinstance(held, int) or (isinstance(held, str) and not _stands_apart(held, left_out)):
                lines.append(f"{name}: {held}")
            else:
                lines.append(name)
                _collect(held, lines, depth - 1, left_out)
    else:
        for held in value:
            _collect(held, lines, depth - 1, left_out)


def _stands_apart(text: str, left_out: _LeftOut) -> bool:
    return text.startswith("data:") or len(text) >= _BARE_BINARY_FROM or text in left_out.known


def _is_binary(text: str) -> bool:
    if text.startswith("data:"):
        return _BINARY.match(text) is not None
    return len(text) >= _BARE_BINARY_FROM and " " not in text[:256] and _BARE_BINARY.match(text) is not None
