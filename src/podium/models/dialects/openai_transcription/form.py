"""Multipart forms (RFC 7578), read and written: fields as text, one file, which is never copied but into its place."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from podium.core.errors import InvalidRequest
from podium.core.messages import Attachment

_MULTIPART = b"multipart/form-data"
_MOST_FIELDS = 1000
_LONGEST_FIELD = 1 << 20
"""Bytes of a text field; a recording goes into a file."""
_REMEDY = "Send multipart/form-data as the official SDKs do, with the sound in `file`."
_ESCAPES = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})
"""How the HTML standard writes names that would end their header."""


class Form(Struct, frozen=True, kw_only=True):
    """A form's content. A field that was sent several times has several values."""

    fields: dict[str, list[str]]
    file: Attachment | None = None


class _Part:
    """One part under way: its headers, and where its data stands in the body."""

    __slots__ = ("headers", "name", "pieces")

    def __init__(self) -> None:
        self.headers: dict[bytes, bytes] = {}
        self.name = b""
        self.pieces: list[memoryview] = []

    def content(self) -> bytes:
        return bytes(self.pieces[0]) if len(self.pieces) == 1 else b"".join(self.pieces)


class _Collector:
    """What the parser calls as it goes."""

    def __init__(self) -> None:
        self.parts: list[_Part] = []
        self.ended = False
        self._field: list[bytes] = []
        self._value: list[bytes] = []

    def begin(self) -> None:
        if len(self.parts) > _MOST_FIELDS:
            raise InvalidRequest(f"The form has more than {_MOST_FIELDS} fields.", remedy=_REMEDY)
        self.parts.append(_Part())

    def header_field(self, data: bytes, start: int, end: int) -> None:
        self._field.append(data[start:end])

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self._value.append(data[start:end])

    def header_end(self) -> None:
        self.parts[-1].headers[b"".join(self._field).lower()] = b"".join(self._value)
        self._field.clear()
        self._value.clear()

    def data(self, data: bytes, start: int, end: int) -> None:
        if end > start:
            self.parts[-1].pieces.append(memoryview(data)[start:end])

    def end(self) -> None:
        self.ended = True


def read_form(body: bytes, media_type: str, *, file_field: str) -> Form:
    """Raises InvalidRequest for what is no form, is cut, or has a second file."""
    from python_multipart.multipart import parse_options_header

    kind, parameters = parse_options_header(media_type)
    boundary = parameters.get(b"boundary", b"")
    if kind != _MULTIPART or not boundary:
        raise InvalidRequest(f"The body is {media_type or 'of no stated type'}, not a form.", remedy=_REMEDY)
    fields: dict[str, list[str]] = {}
    file: Attachment | None = None
    for part in _parts(body, boundary):
        _, place = parse_options_header(part.headers.get(b"content-disposition", b""))
        name = place.get(b"name", b"").decode("utf-8", "replace")
        filename = place.get(b"filename")
        if filename is None and name != file_field:
            fields.setdefault(name, []).append(_text(part, name))
        elif file is None and name == file_field:
            file = Attachment(
                field=name,
                filename=(filename or b"").decode("utf-8", "replace"),
                media_type=part.headers.get(b"content-type", b"application/octet-stream").decode("latin-1"),
                data=part.content(),
            )
        else:
            raise InvalidRequest(f"The form has an unexpected file in `{name}`.", remedy=_REMEDY, param=name)
    return Form(fields=fields, file=file)


def _parts(body: bytes, boundary: bytes) -> list[_Part]:
    from python_multipart.exceptions import FormParserError
    from python_multipart.multipart import MultipartParser

    collector = _Collector()
    try:
        parser = MultipartParser(
            boundary,
            {
                "on_part_begin": collector.begin,
                "on_part_data": collector.data,
                "on_header_field": collector.header_field,
                "on_header_value": collector.header_value,
                "on_header_end": collector.header_end,
                "on_end": collector.end,
            },
        )
        parser.write(body)
        parser.finalize()
    except FormParserError as exc:
        raise InvalidRequest(f"The form cannot be read: {exc}.", remedy=_REMEDY) from exc
    if not collector.ended:
        raise InvalidRequest("The form is cut off before its end.", remedy=_REMEDY)
    return collector.parts


def _text(part: _Part, name: str) -> str:
    content = part.content()
    if len(content) > _LONGEST_FIELD:
        raise InvalidRequest(f"`{name}` is longer than {_LONGEST_FIELD} bytes.", remedy=_REMEDY, param=name)
    try:
        return content.decode()
    except UnicodeDecodeError as exc:
        raise InvalidRequest(f"`{name}` is not a text: {exc}.", remedy="Send it in UTF-8.", param=name) from exc


def write_form(fields: Iterable[tuple[str, str]], file: Attachment, *, boundary: str) -> bytes:
    """The body, joined once: the file's bytes are copied into it and nowhere else."""
    border = f"--{boundary}\r\n".encode()
    pieces: list[bytes] = []
    for name, value in fields:
        head = f'Content-Disposition: form-data; name="{name.translate(_ESCAPES)}"\r\n\r\n'
        pieces += (border, head.encode(), value.encode("utf-8", "surrogatepass"), b"\r\n")
    head = (
        f'Content-Disposition: form-data; name="{file.field.translate(_ESCAPES)}"; '
        f'filename="{file.filename.translate(_ESCAPES)}"\r\n'
        f"Content-Type: {file.media_type}\r\n\r\n"
    )
    pieces += (border, head.encode(), file.data, f"\r\n--{boundary}--\r\n".encode())
    return b"".join(pieces)
