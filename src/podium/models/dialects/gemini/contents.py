"""A conversation read: contents and their parts as canonical messages.

Calls may lack identifiers on this wire: such a call gets one, and a result that names no call answers the first open
call of its name. Adjacent contents of the model are one turn, and its adjacent texts one text: clients keep a streamed
answer as one content a chunk.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Raw

from podium.core.deferred import late
from podium.core.errors import InvalidRequest
from podium.core.messages import (
    AudioPart,
    FilePart,
    ImagePart,
    Message,
    OpaquePart,
    ReasoningPart,
    TextPart,
    ToolCall,
)
from podium.core.messages import Part as CanonicalPart

from ..media import write_data_url
from .signatures import is_sealed, standard_base64, unseal
from .wire import NAME, Blob, Content, FileData, FunctionCall, FunctionResponse, Part, ResultPart, opaque_kind

_AUDIO_FORMATS = {"mpeg": "mp3", "x-wav": "wav", "wave": "wav", "mp4": "m4a", "x-m4a": "m4a", "x-flac": "flac"}
_IMAGE_ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".heic", ".heif")
_OWN_FILES = ("https://generativelanguage.googleapis.com/", "gs://")
"""Addresses only Google can read: a file's identifier rather than an address."""
_NO_DATA = frozenset((b"", b"null", b'""'))
_QUOTE = ord('"')
_LONG = 16_384
"""Bytes from which a picture, a sound or a file stays in the body until somebody reads it."""
_result_decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])
_word_decoder = msgspec.json.Decoder(str)


class Conversation:
    """Reads contents one after the other."""

    __slots__ = ("_calls", "_open", "_parts", "messages")

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self._parts: list[CanonicalPart] = []
        self._calls: list[ToolCall] = []
        self._open: list[ToolCall] = []

    def read(self, contents: Sequence[Content]) -> tuple[Message, ...]:
        """Raises InvalidRequest with the field at fault."""
        before = None
        for index, content in enumerate(contents):
            place = f"contents[{index}]"
            role = content.role or "user"
            if role not in ("user", "model", "function"):
                raise InvalidRequest(
                    f"{place}.role is {role!r}.",
                    remedy="Use `user` or `model`; instructions go into `systemInstruction`.",
                    param=f"{place}.role",
                )
            if before == "model" and role != "model":
                self._end_model_turn()
            before = role
            if role == "model":
                for number, part in enumerate(content.parts or ()):
                    self._model_part(part, f"{place}.parts[{number}]")
            else:
                self._user_turn(content.parts or (), place)
        self._end_model_turn()
        return tuple(self.messages)

    def _user_turn(self, parts: Sequence[Part], place: str) -> None:
        """Results first, whatever stands between them: other wires want them right behind their calls, and without a
        gap."""
        held: list[CanonicalPart] = []
        for number, part in enumerate(parts):
            if part.function_response is not None:
                where = f"{place}.parts[{number}].functionResponse"
                self.messages.append(self._result(part.function_response, where))
                continue
            held.append(read_part(part, f"{place}.parts[{number}]"))
        if held:
            self.messages.append(Message(role="user", parts=tuple(held)))

    def _model_part(self, part: Part, place: str) -> None:
        if part.function_call is not None:
            self._call(part.function_call, part.thought_signature, place)
        elif part.thought:
            self._thought(part)
        elif part.text is not None:
            before = self._parts[-1] if self._parts else None
            if isinstance(before, TextPart) and before.signature is None:
                self._parts[-1] = TextPart(before.text + part.text, signature=part.thought_signature)
            else:
                self._parts.append(TextPart(part.text, signature=part.thought_signature))
        else:
            self._parts.append(read_part(part, place))

    def _thought(self, part: Part) -> None:
        signature = part.thought_signature
        before = self._parts[-1] if self._parts else None
        under_way = isinstance(before, ReasoningPart) and before.signature is None and before.data is None
        if signature is not None and is_sealed(signature):
            if under_way:
                self._parts.pop()  # what the client was shown of the block in the envelope
            self._unseal(signature)
            return
        text = part.text or ""
        if under_way and isinstance(before, ReasoningPart):
            self._parts.pop()
            text = before.text + text
        self._parts.append(ReasoningPart(text=text, signature=signature, origin=NAME))

    def _unseal(self, envelope: str) -> None:
        # A damaged one leaves an empty block: it tells the writer of a forwarded body that envelopes are in it.
        self._parts.extend(unseal(envelope) or (ReasoningPart(),))

    def _call(self, wire: FunctionCall, signature: str | None, place: str) -> None:
        if not wire.name:
            raise InvalidRequest(
                f"{place}.functionCall has no `name`.",
                remedy="Return the model's call as it came.",
                param=f"{place}.functionCall.name",
            )
        if signature is not None and is_sealed(signature):
            self._unseal(signature)
            signature = None
        arguments = bytes(wire.args).decode()
        if arguments and arguments != "null" and not arguments.startswith("{"):
            raise InvalidRequest(
                f"{place}.functionCall.args is not an object.",
                remedy="Give arguments by name.",
                param=f"{place}.functionCall.args",
            )
        call = ToolCall(
            id=wire.id or "",
            name=wire.name,
            arguments="{}" if arguments in ("", "null") else arguments,
            signature=signature,
        )
        self._calls.append(call)

    def _end_model_turn(self) -> None:
        if not self._parts and not self._calls:
            return
        # A place in the conversation is an identifier that stays the same when the conversation is sent again.
        turn = len(self.messages)
        taken = {call.id for call in self._calls}
        calls: list[ToolCall] = []
        for index, call in enumerate(self._calls):
            given = call
            if not call.id:
                minted = f"call_{turn}_{index}"
                while minted in taken:
                    minted += "_"
                given = msgspec.structs.replace(call, id=minted)
            calls.append(given)
        self._open = list(calls)
        self.messages.append(Message(role="assistant", parts=tuple(self._parts), tool_calls=tuple(calls)))
        self._parts, self._calls = [], []

    def _result(self, wire: FunctionResponse, place: str) -> Message:
        answered = next((call for call in self._open if wire.id and call.id == wire.id), None)
        if answered is None:
            answered = next((call for call in self._open if call.name == wire.name), None)
        if answered is not None:
            self._open.remove(answered)
        name = wire.name or (answered.name if answered else None)
        if not name:
            raise InvalidRequest(
                f"{place} has no `name`.",
                remedy="Give the name of the function that was called.",
                param=f"{place}.name",
            )
        text, failed = _result_text(bytes(wire.response))
        parts: list[CanonicalPart] = [TextPart(text)]
        for number, extra in enumerate(wire.parts or ()):
            parts.append(_result_part(extra, f"{place}.parts[{number}]"))
        return Message(
            role="tool",
            parts=tuple(parts),
            tool_call_id=answered.id if answered else wire.id or f"call_{name}",
            name=name,
            failed=failed,
        )


def _result_text(response: bytes) -> tuple[str, bool]:
    """(a result's text, whether it reports a failure): a lone `result`, `output` or `error` is the text itself."""
    if not response or response == b"null":
        return "", False
    whole = response.decode()
    try:
        fields = _result_decoder.decode(response)
    except msgspec.MsgspecError:
        return whole, False
    if len(fields) != 1:
        return whole, False
    (key,) = fields
    if key not in ("result", "output", "error"):
        return whole, False
    try:
        return _word_decoder.decode(fields[key]), key == "error"
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return (bytes(fields[key]).decode(), True) if key == "error" else (whole, False)


def _result_part(wire: ResultPart, place: str) -> CanonicalPart:
    return read_part(Part(inline_data=wire.inline_data, file_data=wire.file_data), place)


def read_part(part: Part, place: str) -> CanonicalPart:
    """A part that is neither a call nor a result. Raises InvalidRequest where it holds nothing."""
    if part.text is not None:
        return TextPart(part.text)
    if part.inline_data is not None:
        return _blob(part.inline_data, place)
    if part.file_data is not None:
        return _file(part.file_data, place)
    kind = opaque_kind(part)
    if kind is None and (part.function_call or part.function_response):
        raise InvalidRequest(
            f"{place} holds a call where none belongs.",
            remedy="Calls are the model's, results the user's.",
            param=place,
        )
    if kind is None and part.thought_signature is not None:
        return TextPart("", signature=part.thought_signature)
    if kind is None:
        raise InvalidRequest(
            f"{place} has no content that is understood.",
            remedy="Give `text`, `inlineData`, `fileData`, `functionCall` or `functionResponse`.",
            param=place,
        )
    return OpaquePart(kind=kind)


def _blob(blob: Blob, place: str) -> CanonicalPart:
    media_type = blob.mime_type.partition(";")[0].strip().lower()
    if not media_type or bytes(memoryview(blob.data)[:5]) in _NO_DATA:
        missing = "data" if media_type else "mimeType"
        raise InvalidRequest(
            f"{place}.inlineData has no `{missing}`.",
            remedy="Give the bytes as base64 and their media type.",
            param=f"{place}.inlineData.{missing}",
        )
    where = f"{place}.inlineData.data"
    family, _, kind = media_type.partition("/")
    if family == "audio":
        return AudioPart(data=_base64(blob.data, "", where), format=_AUDIO_FORMATS.get(kind, kind))
    url = _base64(blob.data, write_data_url(media_type, ""), where)
    if family == "image":
        return ImagePart(url=url)
    return FilePart(url=url, media_type=media_type, name=blob.display_name)


def _base64(data: Raw, head: str, place: str) -> str:
    """`head` and base64; long ones become a string when they are read (see core.deferred)."""
    if memoryview(data)[0] == _QUOTE and len(data) > _LONG:
        return late(data, head=head, mend=standard_base64)
    try:
        return head + standard_base64(_word_decoder.decode(data))
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise InvalidRequest(f"{place}: {exc}.", remedy="Give the bytes as base64.", param=place) from exc


def _file(file: FileData, place: str) -> CanonicalPart:
    uri = file.file_uri
    if not uri:
        raise InvalidRequest(
            f"{place}.fileData has no `fileUri`.",
            remedy="Give the address of a file, or its bytes as `inlineData`.",
            param=f"{place}.fileData.fileUri",
        )
    media_type = (file.mime_type or "").lower() or None
    if uri.startswith(_OWN_FILES):
        return FilePart(file_id=uri, media_type=media_type, name=file.display_name)
    is_image = media_type.startswith("image/") if media_type else uri.partition("?")[0].lower().endswith(_IMAGE_ENDINGS)
    if is_image:
        return ImagePart(url=uri)
    return FilePart(url=uri, media_type=media_type, name=file.display_name)
