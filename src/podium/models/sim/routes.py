"""Which address belongs to which wire: every vendor's paths on one port."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from .ask import Refused
from .wires import anthropic_lists, bedrock, gemini_lists, openai_models
from .wires.anthropic import Anthropic
from .wires.gemini import Gemini
from .wires.openai_chat import OpenAIChat
from .wires.openai_embeddings import EMBEDDINGS
from .wires.openai_responses import OpenAIResponses
from .wires.openai_transcriptions import TRANSCRIPTIONS
from .wires.wire import Counting, Listing, Wire, Work


class Route(Struct, frozen=True, kw_only=True):
    """What an address offers, and the wire its errors are written in."""

    wire: Wire
    service: Literal["talk", "state", "faults"] | Listing | Counting | Work | Refused
    model: str = ""
    """Where the path names one."""
    stream: bool = False
    """Where the path says so."""


_CHAT = OpenAIChat()
_ANTHROPIC = Anthropic()
_GEMINI, _GEMINI_ARRAY = Gemini(), Gemini(array=True)
_BEDROCK = bedrock.Bedrock()
_VERTEX, _VERTEX_ARRAY = Gemini(vertex=True), Gemini(vertex=True, array=True)
_FIXED: Mapping[str, Mapping[str, Route]] = {
    "/v1/chat/completions": {"POST": Route(wire=_CHAT, service="talk")},
    "/foundation-models": {"GET": Route(wire=_BEDROCK, service=bedrock.LISTING)},
    "/v1/responses": {"POST": Route(wire=OpenAIResponses(), service="talk")},
    "/v1/embeddings": {"POST": Route(wire=_CHAT, service=EMBEDDINGS)},
    "/v1/audio/transcriptions": {"POST": Route(wire=_CHAT, service=TRANSCRIPTIONS)},
    "/v1/models": {"GET": Route(wire=_CHAT, service=openai_models.LISTING)},
    "/v1/messages": {"POST": Route(wire=_ANTHROPIC, service="talk")},
    "/v1/messages/count_tokens": {"POST": Route(wire=_ANTHROPIC, service=anthropic_lists.COUNTING)},
    "/sim/state": {"GET": Route(wire=_CHAT, service="state")},
    "/sim/faults": {"POST": Route(wire=_CHAT, service="faults")},
}


_MODELS = "/v1/models"
_GOOGLE = re.compile(
    r"/(?:v1|v1beta|v1alpha|v1beta1)"
    r"(?P<vertex>(?:/projects/[^/]+/locations/[^/]+)?/publishers/google)?"
    r"/models(?:/(?P<model>.+?))?(?::(?P<verb>[A-Za-z]+))?"
)
_CONVERSE = re.compile(r"/model/(?P<model>.+)/converse(?P<stream>-stream)?")


def route(method: str, path: str, headers: Mapping[str, str], query: str = "") -> Route:
    """Where a request goes; a refusal where it goes nowhere."""
    methods = _FIXED.get(path)
    if methods is not None and method in methods and path != _MODELS:
        return methods[method]
    google = _GOOGLE.fullmatch(path)
    keyed = "x-goog-api-key" in headers or "key=" in query  # Google's SDK asks for /v1/models as the two others do
    if google is not None and (google["vertex"] or google["verb"] or keyed or not path.startswith("/v1/")):
        return _google(google, method, path, query)
    converse = _CONVERSE.fullmatch(path)
    if converse is not None and method == "POST":
        return Route(wire=_BEDROCK, service="talk", model=converse["model"], stream=converse["stream"] is not None)
    if path.startswith(_MODELS) and method == "GET" and path[len(_MODELS) :][:1] in ("", "/"):
        model = path[len(_MODELS) + 1 :]
        if "anthropic-version" in headers:
            return Route(wire=_ANTHROPIC, service=anthropic_lists.LISTING, model=model)
        return Route(wire=_CHAT, service=openai_models.LISTING, model=model)
    if methods is None:
        wire: Wire = _ANTHROPIC if "anthropic-version" in headers else _CHAT
        return Route(wire=wire, service=Refused(404, f"Unknown address: {method} {path}", code="unknown_url"))
    refusal = Refused(405, f"Method {method} is not allowed at {path}.", code="method_not_allowed")
    return Route(wire=next(iter(methods.values())).wire, service=refusal)


def _google(parts: re.Match[str], method: str, path: str, query: str) -> Route:
    vertex, model, verb = bool(parts["vertex"]), parts["model"] or "", parts["verb"]
    wire = _VERTEX if vertex else _GEMINI
    match method, verb:
        case "GET", None:
            service = gemini_lists.PUBLISHED if vertex else gemini_lists.LISTING
            return Route(wire=wire, service=service, model=model)
        case "POST", "generateContent":
            return Route(wire=wire, service="talk", model=model)
        case "POST", "streamGenerateContent":
            stream = wire if "alt=sse" in query else _VERTEX_ARRAY if vertex else _GEMINI_ARRAY
            return Route(wire=stream, service="talk", model=model, stream=True)
        case "POST", "countTokens":
            return Route(wire=wire, service=gemini_lists.COUNTING, model=model)
    return Route(wire=wire, service=Refused(404, f"Unknown address: {method} {path}"))
