"""Which path speaks which dialect, and what of these APIs is not here.

Sources: the API references of OpenAI, Anthropic and Google (Gemini API), and the paths their official SDKs call.
"""

from __future__ import annotations

import re
from typing import Final, Literal

from msgspec import Struct

from podium.core.errors import InvalidRequest, RequestError
from podium.models.dialects.dialect import Address

from .asgi import Scope
from .slips import NotOffered, UnknownPath, WrongBase

Family = Literal["openai-chat", "anthropic", "gemini"]
"""The dialect in which a path's errors are written."""

BY_PATH: Final = {
    "/v1/chat/completions": "openai-chat",
    "/v1/responses": "openai-responses",
    "/v1/embeddings": "openai-embeddings",
    "/v1/audio/transcriptions": "openai-transcription",
    "/v1/messages": "anthropic",
}
"""Paths that are served by one dialect each; Gemini's hold the model's name."""
GEMINI_PREFIXES: Final = ("/v1beta/models/", "/v1/models/")


_MARKS: Final[dict[bytes, Family]] = {
    b"anthropic-version": "anthropic",
    b"x-goog-api-key": "gemini",
    b"x-goog-api-client": "gemini",
}
"""Headers that every client of an API sends, and no other's."""


def marked_family(scope: Scope) -> Family | None:
    """Whose client this is, where its headers say: paths such as /v1/models are common to all."""
    for name, _ in scope["headers"]:
        family = _MARKS.get(name)
        if family is not None:
            return family
    return None


def family_of(path: str, marked: Family | None = None) -> Family:
    """Whose error shape a path's callers read; `marked`: whose client it is, where that is known."""
    if path.startswith("/v1/messages"):
        return "anthropic"
    slip = _slip_of(path)
    if slip is not None:
        return slip.family or marked or "openai-chat"
    if path.startswith(("/v1beta", "/upload/v1beta")) or (
        path.startswith("/v1/models/") and _method_of(path) in _GEMINI_METHODS
    ):
        return "gemini"
    return marked if marked is not None and path.startswith("/v1/") else "openai-chat"


def request_id_header(family: str) -> bytes:
    """The header in which the family's SDK looks for the request's identifier."""
    return b"request-id" if family == "anthropic" else b"x-request-id"


def header(scope: Scope, name: bytes) -> str | None:
    """A request header's value, None where it is absent; `name` in lower case, as ASGI has them."""
    for each, value in scope["headers"]:
        if each == name:
            return str(value.decode("latin-1"))
    return None


# --- what URL and headers say beside the body ----------------------------------------------------------------------


def anthropic_address(scope: Scope) -> Address:
    """`anthropic-beta` may come several times, each a list."""
    named = [value.decode("latin-1") for name, value in scope["headers"] if name == b"anthropic-beta"]
    if not named:
        return Address()
    return Address(betas=tuple(beta for beta in (each.strip() for each in ",".join(named).split(",")) if beta))


def multipart_address(scope: Scope) -> Address:
    return Address(media_type=header(scope, b"content-type") or "")


_GENERATE: Final = {"generateContent": False, "streamGenerateContent": True}
COUNT: Final = "countTokens"
_GEMINI_METHODS: Final = frozenset(
    {*_GENERATE, COUNT, "embedContent", "batchEmbedContents", "asyncBatchEmbedContent", "batchGenerateContent",
     "predict", "predictLongRunning", "generateMessage", "generateText", "generateAnswer", "bidiGenerateContent"}
)  # fmt: skip


class ModelCall(Struct, frozen=True):
    """`/v1beta/models/NAME:METHOD`, taken apart. Both hold what the caller wrote."""

    model: str
    method: str


def _method_of(path: str) -> str:
    return path.rpartition(":")[2]


def model_call(path: str) -> ModelCall | None:
    """None for a path that is no call of a model. Names may hold slashes and colons: the last colon divides."""
    for prefix in GEMINI_PREFIXES:
        if path.startswith(prefix):
            model, colon, method = path[len(prefix) :].rpartition(":")
            if colon and method in _GEMINI_METHODS:
                return ModelCall(model, method)
    return None


def gemini_address(scope: Scope) -> Address:
    """Model and streaming as the path says. Raises RequestError."""
    call = model_call(scope["path"])
    if call is None:
        raise UnknownPath(scope["method"], scope["path"])
    stream = _GENERATE.get(call.method)
    if not call.model:
        raise InvalidRequest("The path names no model.", remedy="Write /v1beta/models/auto:generateContent.")
    # Without it the API streams one JSON array, member by member.
    sse = b"alt=sse" in scope["query_string"].split(b"&")
    return Address(model=call.model, stream=stream, sse=sse)


# --- what is not here ----------------------------------------------------------------------------------------------

_CHAT: Final = "Use POST /v1/chat/completions, /v1/responses or /v1/messages."
_DIRECT: Final = "Ask the provider directly."
_NOT_HERE: Final = (
    ("/v1/completions", "Legacy text completions", "Use POST /v1/chat/completions with the prompt as a user message."),
    ("/v1/complete", "Legacy text completions", "Use POST /v1/messages with the prompt as a user message."),
    ("/v1/images", "Making images", "Images can be sent in messages, to models that see. " + _DIRECT),
    ("/v1/videos", "Making videos", _DIRECT),
    ("/v1/audio/speech", "Making speech", _DIRECT),
    ("/v1/audio/translations", "Translating speech",
     "Use POST /v1/audio/transcriptions, then have a chat model translate the text."),
    ("/v1/messages/batches", "Batches of messages", "Send each to POST /v1/messages."),
    ("/v1/batches", "Batches", "Send each request by itself."),
    ("/v1/files", "Files", "Send documents inside the request, as base64 or a data URL."),
    ("/v1/uploads", "Uploads", "Send documents inside the request, as base64 or a data URL."),
    ("/v1/moderations", "Moderation", _DIRECT),
    ("/v1/assistants", "Assistants", "Use POST /v1/responses with previous_response_id."),
    ("/v1/threads", "Threads", "Use POST /v1/responses with previous_response_id."),
    ("/v1/conversations", "Conversations", "Use POST /v1/responses with previous_response_id."),
    ("/v1/vector_stores", "Vector stores", "Make vectors with POST /v1/embeddings and keep them yourself."),
    ("/v1/fine_tuning", "Fine-tuning", _DIRECT),
    ("/v1/realtime", "The realtime API", _CHAT),
    ("/v1/evals", "Evals", _DIRECT),
    ("/v1/responses/compact", "Compacting", "Send the earlier turns shortened, as input."),
    ("/v1beta/openai", "Gemini's OpenAI-compatible paths", "Use /v1, which is that API."),
    ("/v1beta/files", "Files", "Send documents inside the request, as inlineData."),
    ("/v1beta/cachedContents", "Cached contents", "Send the contents in each request."),
    ("/v1beta/tunedModels", "Tuned models", "Use /v1beta/models/NAME:generateContent."),
    ("/v1beta/batches", "Batches", "Send each to :generateContent."),
    ("/v1beta/interactions", "Interactions", "Use /v1beta/models/NAME:generateContent."),
    ("/upload/v1beta", "Uploads", "Send documents inside the request, as inlineData."),
)  # fmt: skip


class _Slip(Struct, frozen=True, kw_only=True):
    """How the paths look that clients make of one kind of wrong base address."""

    path: re.Pattern[str]
    family: Family | None
    """Whose client it must be; None where its headers have to tell."""
    remedy: str


_ADDRESS: Final = "this gateway's address"
_OPENAI_BASE: Final = f"Set base_url to {_ADDRESS} followed by /v1, as in http://127.0.0.1:4000/v1."
_BARE_BASE: Final = f"Set base_url to {_ADDRESS} alone, as in http://127.0.0.1:4000: this SDK adds {{}} itself."
_OPENAI_PATHS: Final = r"(?:chat/completions|responses|embeddings|audio/transcriptions|models)(?:/.*)?"
_SLIPS: Final = (
    _Slip(path=re.compile(r"(?:/v1)?/v1/messages/v1/messages.*|(?:/v1){2,}/messages.*"),
          family="anthropic", remedy=_BARE_BASE.format("/v1")),
    _Slip(path=re.compile(r"(?:/v1\w*)*/v1(?:alpha|beta)\d*/projects/.*|/v1/projects/.*|/v1beta1/publishers/.*"),
          family="gemini", remedy=f"Vertex AI's paths are not here: make the client with api_key and vertexai=False, "
          f"and set base_url to {_ADDRESS} alone, as in http://127.0.0.1:4000."),
    _Slip(path=re.compile(r"/v1(?:alpha|beta)\d*/v1(?:(?:alpha|beta)\d*)?/.*|/v1/v1(?:alpha|beta)\d*/.*"),
          family="gemini", remedy=_BARE_BASE.format("/v1beta")),
    _Slip(path=re.compile(r"/v1(?:alpha\d*|beta\d+)/models(?:/.*)?"),
          family="gemini", remedy=f"Only v1beta and v1 of this API are here: set api_version to v1beta, and base_url "
          f"to {_ADDRESS} alone, as in http://127.0.0.1:4000."),
    _Slip(path=re.compile(r"(?:/v1)?/openai/(?:deployments/.*|(?:v1/)?" + _OPENAI_PATHS + ")"),
          family="openai-chat", remedy="Use the OpenAI client instead of AzureOpenAI, with base_url set to "
          f"{_ADDRESS} followed by /v1, as in http://127.0.0.1:4000/v1."),
    _Slip(path=re.compile(r"(?:/v1){2,}/" + _OPENAI_PATHS + r"|/v1/chat/completions/(?:chat/completions|responses)"
                          r"|/(?:chat/completions|responses|embeddings|audio/transcriptions)"),
          family="openai-chat", remedy=_OPENAI_BASE),
    _Slip(path=re.compile(r"/models(?:/.*)?"), family=None, remedy=_OPENAI_BASE),
)  # fmt: skip
"""The first that fits a whole path counts. None fits a path that is served."""


def _slip_of(path: str) -> _Slip | None:
    return next((slip for slip in _SLIPS if slip.path.fullmatch(path)), None)


_EMBED: Final = "Use POST /v1/embeddings, OpenAI's way of asking for vectors."
_METHODS_NOT_HERE: Final = {
    "embedContent": _EMBED,
    "batchEmbedContents": _EMBED,
    "asyncBatchEmbedContent": _EMBED,
}


def not_here(method: str, path: str) -> RequestError:
    """The error for a path nobody serves: what to use instead, where it belongs to an API that Podium speaks."""
    call = model_call(path)
    if call is not None:
        remedy = _METHODS_NOT_HERE.get(call.method, "Use :generateContent or :streamGenerateContent.")
        return NotOffered(f"Podium does not offer :{call.method}.", remedy=remedy)
    if method == "POST" and ":" in path and path.startswith(GEMINI_PREFIXES):
        what = f"There is no method :{_method_of(path)} of models."
        return NotOffered(what, remedy="Use :generateContent, :streamGenerateContent or :countTokens.")
    slip = _slip_of(path)
    if slip is not None:
        return WrongBase(method, path, slip.remedy)
    for start, what, remedy in _NOT_HERE:
        if path == start or path.startswith(start + "/"):
            return NotOffered(f"{what} ({path}): Podium does not offer this.", remedy=remedy)
    return UnknownPath(method, path)
