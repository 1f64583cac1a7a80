"""Gemini's generateContent, what goes out, by Google's two doors (Gemini API reference; Vertex AI reference)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import parse_qs

import msgspec

from ..ask import Ask, Head, Refused
from ..vendor import SimModel, SimVendor
from . import gemini_rules, google_errors
from .gemini_request import ask_of, parsed
from .wire import EVENT_STREAM, JSON, Answering, Failure, Frame, Incoming, Writer, bearer, pieces

_FINISH = {"stop": "STOP", "length": "MAX_TOKENS", "tool_calls": "STOP", "refusal": "SAFETY"}


class Gemini:
    """The wire of :generateContent and :streamGenerateContent.

    `vertex` for Vertex AI's door, which takes a bearer token; `array` for a stream as one JSON array, which is what
    comes without `alt=sse`.
    """

    name: ClassVar[str] = "gemini"

    def __init__(self, *, vertex: bool = False, array: bool = False) -> None:
        self._vertex = vertex
        self._array = array
        self.stream_media = JSON if array else EVENT_STREAM

    def check_key(self, vendor: SimVendor, incoming: Incoming) -> None:
        if vendor.api_key is None:
            return
        if self._vertex:
            if bearer(incoming) != vendor.api_key:
                raise Refused(401, "Request had invalid authentication credentials.")
            return
        given = incoming.headers.get("x-goog-api-key") or parse_qs(incoming.query).get("key", [""])[0]
        if not given:
            raise Refused(403, "Method doesn't allow unregistered callers. Please use API Key.")
        if given != vendor.api_key:
            raise Refused(400, "API key not valid. Please pass a valid API key.", code=google_errors.BAD_KEY)

    def read(self, incoming: Incoming) -> Ask:
        request = parsed(incoming.body)
        gemini_rules.check(request, incoming.seal)
        return ask_of(request, incoming)

    def check(self, ask: Ask, model: SimModel) -> None:
        gemini_rules.check_signatures(ask, model)

    def whole(self, answering: Answering) -> bytes:
        return msgspec.json.encode(_chunk(answering, _parts(answering), finished=True))

    def writer(self, answering: Answering) -> Writer:
        return _ChunkWriter(answering, array=self._array)

    def headers(self, head: Head) -> Sequence[tuple[bytes, bytes]]:
        return ()

    def failure(self, refused: Refused) -> Failure:
        error = google_errors.error(refused)
        return Failure(status=refused.status, body=msgspec.json.encode([error] if self._array else error))


class _ChunkWriter:
    """One stream of whole responses, each with some of the parts."""

    def __init__(self, answering: Answering, *, array: bool) -> None:
        self._answering = answering
        self._array = array
        self._begun = False
        self._rest: list[dict[str, Any]] = []
        """Parts kept for the chunk with the finish."""

    def opening(self) -> Iterable[Frame]:
        return ()

    def content(self) -> Iterator[Frame]:
        """All but the last part, which comes with the finish, unless the finish comes late."""
        answering = self._answering
        waiting: dict[str, Any] | None = None
        for part in _streamed(answering):
            if waiting is not None:
                yield self._frame([waiting])
            waiting = part
        if waiting is not None and answering.model.late_finish:
            yield self._frame([waiting])
        elif waiting is not None:
            self._rest = [waiting]

    def closing(self) -> Iterable[Frame]:
        parts = self._rest or ([{"text": ""}] if self._answering.spoken.finish != "refusal" else [])
        yield self._frame(parts, finished=True)

    def end(self) -> bytes:
        return b"\r\n]" if self._array else b""

    def error(self, message: str) -> Sequence[Frame]:
        return (Frame(data=msgspec.json.encode(google_errors.error(Refused(503, message)))),)

    def framed(self, frame: Frame) -> bytes:
        if not self._array:
            return b"data: " + frame.data + b"\r\n\r\n"
        before = b",\r\n" if self._begun else b"["
        self._begun = True
        return before + frame.data

    def _frame(self, parts: Sequence[Mapping[str, Any]], *, finished: bool = False) -> Frame:
        return Frame(data=msgspec.json.encode(_chunk(self._answering, parts, finished=finished)), solid=not finished)


def _streamed(answering: Answering) -> Iterator[dict[str, Any]]:
    """The parts of the answer, texts cut in pieces. A signature of text comes in a part of its own, as in life."""
    for part in _parts(answering):
        if "text" not in part:
            yield part
            continue
        shown = {"thought": True} if part.get("thought") else {}
        for piece in pieces(part["text"], answering.piece):
            yield {"text": piece, **shown}
        if "thoughtSignature" in part:
            yield {"text": "", "thoughtSignature": part["thoughtSignature"]}


def _parts(answering: Answering) -> list[dict[str, Any]]:
    spoken, model, seal = answering.spoken, answering.model, answering.seal
    signs = model.signs_calls and spoken.reasoned
    parts: list[dict[str, Any]] = []
    if spoken.thoughts:
        parts.append({"text": spoken.thoughts, "thought": True})
    if spoken.text:
        parts.append({"text": spoken.text})
    for call in spoken.calls:
        made: dict[str, Any] = {"name": call.name, "args": _object(call.arguments)}
        if model.call_ids:
            made["id"] = call.id
        parts.append({"functionCall": made})
    if signs and parts:
        first_call = len(parts) - len(spoken.calls) if spoken.calls else -1
        if not parts[first_call].get("thought"):
            parts[first_call]["thoughtSignature"] = seal.close(f"call {spoken.calls[0].id}" if spoken.calls else "text")
    return parts


def _chunk(answering: Answering, parts: Sequence[Mapping[str, Any]], *, finished: bool) -> dict[str, Any]:
    head, spoken = answering.head, answering.spoken
    candidate: dict[str, Any] = {"index": 0}
    if parts:
        candidate["content"] = {"parts": parts, "role": "model"}
    if finished:
        candidate["finishReason"] = _FINISH[spoken.finish]
    body: dict[str, Any] = {
        "candidates": [candidate],
        "modelVersion": head.model,
        "responseId": head.name("resp-"),
    }
    if head.states_usage:
        body["usageMetadata"] = _usage(answering, finished=finished)
    return body


def _usage(answering: Answering, *, finished: bool) -> dict[str, Any]:
    """Answer and thoughts are told apart here; the thoughts are no part of the candidates' tokens."""
    figures = answering.spoken.usage
    written = figures.output - figures.reasoning if finished else 0
    told: dict[str, Any] = {
        "promptTokenCount": figures.input,
        "candidatesTokenCount": written,
        "totalTokenCount": figures.input + written + figures.reasoning,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": figures.input}],
    }
    if figures.reasoning:
        told["thoughtsTokenCount"] = figures.reasoning
    if figures.cached:
        told["cachedContentTokenCount"] = figures.cached
    return told


def _object(arguments: str) -> Any:
    try:
        return msgspec.json.decode(arguments or "{}")
    except msgspec.DecodeError:  # cut by maxOutputTokens
        return {}
