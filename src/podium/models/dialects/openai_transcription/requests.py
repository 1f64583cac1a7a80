"""Requests: a caller's form read, a provider's form written with the model's name changed."""

from __future__ import annotations

import base64
import binascii
from typing import Any, Final

import msgspec
from msgspec import Raw

from podium.core.errors import InvalidRequest
from podium.core.ids import new_id
from podium.core.messages import Attachment, AudioPart, Message, Options, Part, Payload, TextPart
from podium.core.tasks import Operation, Task

from ..caller_fields import NO_FIELDS, CallerFields
from ..dialect import Address, Incoming, NotCarried, Quirks, Written
from ..forwarding import adapt, named
from ..openai_forms.bodies import invalid
from .form import Form, read_form, write_form
from .wire import FILE, NAME

_TRUE: Final = ("true", "1")
_NEEDED: Final = frozenset((FILE, "language", "response_format"))
_PODIUM: Final = "podium"
_encoder = msgspec.json.Encoder()
_podium_decoder = msgspec.json.Decoder(dict[str, CallerFields])
_value_decoder = msgspec.json.Decoder(Any)


def read_request(body: bytes, address: Address) -> Incoming:
    """A caller's form. Raises InvalidRequest with the field at fault."""
    form = read_form(body, address.media_type, file_field=FILE)
    if form.file is None or not form.file.data:
        raise InvalidRequest("The form has no `file`.", remedy="Send the sound file in `file`.", param=FILE)
    fields = {
        name: Raw(_encoder.encode(values[0] if len(values) == 1 else values))
        for name, values in form.fields.items()
        if name.partition("[")[0] != _PODIUM
    }
    parts: list[Part] = [AudioPart(data="", format=_format(form.file))]
    prompt = _only(form, "prompt")
    if prompt:
        parts.append(TextPart(prompt))
    return Incoming(
        model=(_only(form, "model") or "").strip() or address.model or "auto",
        messages=(Message(role="user", parts=tuple(parts)),),
        options=Options(temperature=_temperature(form)),
        stream=(_only(form, "stream") or "").strip().lower() in _TRUE,
        fields=_podium(form),
        operation=Operation.TRANSCRIBE,
        payload=Payload(dialect=NAME, fields=fields, attachment=form.file),
    )


def write_request(task: Task, *, model: str, stream: bool, quirks: Quirks) -> Written:
    """A provider's form: every field the caller sent, repeated ones too, and the file."""
    payload = task.payload
    notes: list[str] = []
    if payload is not None and payload.dialect == NAME and payload.attachment is not None:
        fields: dict[str, Any] = dict(payload.fields)
        file = payload.attachment
    else:
        fields, file = _built(task)
    named(fields, model, quirks)
    fields.pop("stream", None)
    if stream:
        fields["stream"] = "true"
    fields = adapt(fields, quirks, notes, _NEEDED)
    boundary = new_id("podium")
    pairs = [(name, text) for name, value in fields.items() for text in _texts(value)]
    return Written(
        body=write_form(pairs, file, boundary=boundary),
        media_type=f"multipart/form-data; boundary={boundary}",
        notes=tuple(notes),
    )


def response_format(task: Task) -> str:
    """How the caller wants the answer: `json` where it did not say."""
    payload = task.payload
    if payload is None or payload.dialect != NAME or "response_format" not in payload.fields:
        return "json"
    stated = _value_decoder.decode(payload.fields["response_format"])
    return stated if isinstance(stated, str) and stated else "json"


def _only(form: Form, name: str) -> str | None:
    """A field that makes sense once; of several the last counts, as in most servers."""
    values = form.fields.get(name)
    return values[-1] if values else None


def _temperature(form: Form) -> float | None:
    stated = _only(form, "temperature")
    if not stated:
        return None
    try:
        return float(stated)
    except ValueError as exc:
        raise InvalidRequest(
            f"`temperature` is {stated[:40]!r}, not a number.", remedy="Send 0 to 1.", param="temperature"
        ) from exc


def _podium(form: Form) -> CallerFields:
    """`podium` as JSON in one field, or spread over `podium[team]` and `podium[tags][ticket]`, as the SDKs do."""
    stated = _only(form, _PODIUM)
    spread = _spread(form)
    if not stated and not spread:
        return NO_FIELDS
    try:
        if spread:
            return msgspec.convert({_PODIUM: spread}, dict[str, CallerFields], strict=False)[_PODIUM]
        return _podium_decoder.decode(b'{"podium":%b}' % (stated or "").encode("utf-8", "surrogatepass"))[_PODIUM]
    except msgspec.ValidationError as exc:
        told = str(exc).replace("$[...]", "$.podium")
        raise invalid(msgspec.ValidationError(told), "audio transcriptions") from exc
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, KeyError) as exc:
        raise InvalidRequest(
            f"`podium` is not valid JSON: {exc}.", remedy='Write it like {"max_cost_usd": "0.01"}.', param=_PODIUM
        ) from exc


def _spread(form: Form) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field, values in form.fields.items():
        name, *path = field.replace("]", "").split("[")
        if name == _PODIUM and len(path) == 1:
            found[path[0]] = values[-1]
        elif name == _PODIUM and len(path) == 2:
            inner = found.setdefault(path[0], {})
            if isinstance(inner, dict):
                inner[path[1]] = values[-1]
    return found


def _format(file: Attachment) -> str:
    """The format by the file's ending, else by its media type."""
    ending = file.filename.rpartition(".")[2] if "." in file.filename else file.media_type.rpartition("/")[2]
    return ending.partition(";")[0].strip().lower()


def _texts(value: Any) -> list[str]:
    """A field's values as a form writes them."""
    held = _value_decoder.decode(value) if isinstance(value, Raw) else value
    values = held if isinstance(held, list) else [held]
    return [each if isinstance(each, str) else _encoder.encode(each).decode() for each in values]


def _built(task: Task) -> tuple[dict[str, Any], Attachment]:
    """A form for a task that came another way: its first sound, and its text as the prompt."""
    fields: dict[str, Any] = {}
    sounds = [part for message in task.messages for part in message.parts if isinstance(part, AudioPart) and part.data]
    if len(sounds) != 1:
        raise NotCarried(
            f"A transcription is made of one sound, and the request holds {len(sounds)}.",
            remedy="Send one recording.",
            param="messages",
        )
    sound = sounds[0]
    try:
        data = base64.b64decode(sound.data, validate=True)
    except (binascii.Error, ValueError) as exc:
        raise InvalidRequest("The sound is not valid base64.", remedy="Encode it anew.", param="messages") from exc
    prompt = "\n".join(filter(None, (message.text for message in task.messages)))
    if prompt:
        fields["prompt"] = prompt
    if task.options.temperature is not None:
        fields["temperature"] = task.options.temperature
    file = Attachment(field=FILE, filename=f"sound.{sound.format}", media_type=f"audio/{sound.format}", data=data)
    return fields, file
