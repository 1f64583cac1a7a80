"""What Google's API offers beside generateContent: token counts and the list of models (pages Counting tokens and
Models of the Gemini API reference)."""

from __future__ import annotations

import msgspec

from ..ask import Ask, Refused
from ..tokens import input_tokens
from ..vendor import SimModel, SimVendor
from .gemini_request import ask_of, parsed
from .wire import Counting, Incoming, Listing


def _counted(incoming: Incoming) -> Ask:
    request = parsed(incoming.body)
    ask = ask_of(request.generate_content_request or request, incoming)
    if not ask.turns:
        raise Refused(400, "* CountTokensRequest: one of contents or generate_content_request must be given")
    return ask


def _count(ask: Ask, model: SimModel) -> bytes:
    total = input_tokens(ask)
    details = [{"modality": "TEXT", "tokenCount": total}]
    return msgspec.json.encode({"totalTokens": total, "promptTokensDetails": details})


def _listing(vendor: SimVendor, model: str) -> bytes:
    entries = [_described(each) for each in vendor.models]
    if not model:
        return msgspec.json.encode({"models": entries})
    for entry in entries:
        if entry["name"] == f"models/{model}":
            return msgspec.json.encode(entry)
    raise Refused(404, f"Model is not found: models/{model}")


def _published(vendor: SimVendor, model: str) -> bytes:
    entries = [{"name": f"publishers/google/models/{each.name}", "versionId": "1"} for each in vendor.models]
    if not model:
        return msgspec.json.encode({"publisherModels": entries})
    for entry in entries:
        if entry["name"] == f"publishers/google/models/{model}":
            return msgspec.json.encode(entry)
    raise Refused(404, f"Publisher Model `publishers/google/models/{model}` not found.")


def _described(model: SimModel) -> dict[str, object]:
    return {
        "name": f"models/{model.name}",
        "version": "1",
        "displayName": model.name,
        "inputTokenLimit": model.context,
        "outputTokenLimit": model.context,
        "supportedGenerationMethods": ["generateContent", "countTokens"],
        "thinking": model.reasoning_tokens > 0,
    }


COUNTING = Counting(_counted, _count)
LISTING = Listing(_listing)
PUBLISHED = Listing(_published)
