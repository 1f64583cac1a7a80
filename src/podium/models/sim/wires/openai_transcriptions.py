"""OpenAI's audio transcriptions (OpenAI API reference, page Create transcription)."""

from __future__ import annotations

from math import ceil
from typing import Any

import msgspec
from msgspec import Struct

from ..ask import Refused
from ..recording import heard
from ..tokens import tokens
from ..vendor import SimModel
from .multipart import Field, fields_of
from .wire import JSON, Incoming, Job, Work

_FORMATS = ("json", "text", "srt", "verbose_json", "vtt")
_ENDINGS = ("flac", "m4a", "mp3", "mp4", "mpeg", "mpga", "oga", "ogg", "wav", "webm")
_TOKENS_PER_SECOND = 10


class _Request(Struct, frozen=True, kw_only=True):
    data: bytes
    prompt: str
    language: str
    form: str
    words: bool


def _read(incoming: Incoming) -> Job:
    fields = fields_of(incoming.body, incoming.headers.get("content-type", ""))
    texts = {field.name: field.data.decode(errors="replace") for field in fields if field.filename is None}
    file = next((field for field in fields if field.name == "file"), None)
    for name, given in (("file", file), ("model", texts.get("model"))):
        if not given:
            raise Refused(400, f"Missing required parameter: '{name}'.", param=name, code="missing_required_parameter")
    form = texts.get("response_format", "json")
    if form not in _FORMATS:
        raise Refused(400, f"'response_format' must be one of {', '.join(_FORMATS)}.", param="response_format")
    words = any(field.name.startswith("timestamp_granularities") and field.data == b"word" for field in fields)
    request = _Request(
        data=_audio(file), prompt=texts.get("prompt", ""), language=texts.get("language", "en"), form=form, words=words
    )
    return Job(model=texts["model"], data=request)


def _audio(file: Field | None) -> bytes:
    if file is None or not file.data:
        raise Refused(400, "The audio file is empty.", param="file")
    ending = (file.filename or "").rpartition(".")[2].lower()
    if ending not in _ENDINGS:
        raise Refused(400, f"Invalid file format. Supported formats: {', '.join(_ENDINGS)}", param="file")
    return file.data


def _write(job: Job, model: SimModel, *, states_usage: bool) -> tuple[bytes, bytes]:
    request: _Request = job.data
    if model.bills_transcripts_by == "tokens" and request.form != "json":
        message = f"response_format '{request.form}' is not compatible with model '{model.name}'. Use 'json' instead."
        raise Refused(400, message, param="response_format", code="unsupported_value")
    text, seconds = heard(request.data)
    match request.form:
        case "text":
            return f"{text}\n".encode(), b"text/plain; charset=utf-8"
        case "srt":
            return f"1\n{_clock(0, ',')} --> {_clock(seconds, ',')}\n{text}\n\n".encode(), b"text/plain; charset=utf-8"
        case "vtt":
            cue = f"{_clock(0, '.')} --> {_clock(seconds, '.')}\n{text}\n\n"
            return f"WEBVTT\n\n{cue}".encode(), b"text/vtt; charset=utf-8"
        case "verbose_json":
            body = _verbose(request, text, seconds)
        case _:
            body = {"text": text}
    if states_usage:
        body["usage"] = _usage(request, model, text, seconds)
    return msgspec.json.encode(body), JSON


def _verbose(request: _Request, text: str, seconds: float) -> dict[str, Any]:
    segment = {
        "id": 0,
        "seek": 0,
        "start": 0.0,
        "end": seconds,
        "text": text,
        "tokens": [],
        "temperature": 0.0,
        "avg_logprob": -0.1,
        "compression_ratio": 1.0,
        "no_speech_prob": 0.0,
    }
    language = "english" if request.language == "en" else request.language
    body = {"task": "transcribe", "language": language, "duration": seconds, "text": text, "segments": [segment]}
    if request.words:
        words = text.split()
        step = seconds / max(1, len(words))
        body["words"] = [{"word": word, "start": i * step, "end": (i + 1) * step} for i, word in enumerate(words)]
    return body


def _usage(request: _Request, model: SimModel, text: str, seconds: float) -> dict[str, Any]:
    if model.bills_transcripts_by == "duration":
        return {"type": "duration", "seconds": max(1, ceil(seconds))}
    audio, words, written = round(seconds * _TOKENS_PER_SECOND), tokens(request.prompt), tokens(text)
    return {
        "type": "tokens",
        "input_tokens": audio + words,
        "input_token_details": {"text_tokens": words, "audio_tokens": audio},
        "output_tokens": written,
        "total_tokens": audio + words + written,
    }


def _clock(seconds: float, mark: str) -> str:
    whole = int(seconds)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}{mark}{round(seconds % 1 * 1000):03}"


TRANSCRIPTIONS = Work(name="openai-transcriptions", service="transcription", read=_read, write=_write)
