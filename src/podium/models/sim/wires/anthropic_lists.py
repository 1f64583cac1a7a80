"""What Anthropic's API offers beside messages: token counts and the list of models (API reference, pages Count
tokens in a message and List models)."""

from __future__ import annotations

import msgspec

from ..ask import Ask, Refused
from ..tokens import input_tokens
from ..vendor import SimVendor
from . import anthropic_rules
from .anthropic_request import ask_of, parsed
from .wire import Counting, Incoming, Listing


def _counted(incoming: Incoming) -> Ask:
    request = parsed(incoming)
    anthropic_rules.check_messages(request, incoming.seal)
    return ask_of(request)


def _listing(vendor: SimVendor, model: str) -> bytes:
    entries = [
        {
            "type": "model",
            "id": each.name,
            "display_name": each.name,
            "created_at": "1970-01-01T00:00:00Z",
            "lifecycle": "active",
            "max_input_tokens": each.context,
            "max_tokens": each.context,
        }
        for each in vendor.models
    ]
    if not model:
        ends = {"first_id": entries[0]["id"], "last_id": entries[-1]["id"]} if entries else {}
        return msgspec.json.encode({"data": entries, "has_more": False, "first_id": None, "last_id": None, **ends})
    for entry in entries:
        if entry["id"] == model:
            return msgspec.json.encode(entry)
    raise Refused(404, f"model: {model}")


COUNTING = Counting(_counted, lambda ask, model: msgspec.json.encode({"input_tokens": input_tokens(ask)}))
LISTING = Listing(_listing)
