"""OpenAI's list of models (OpenAI API reference, page Models)."""

from __future__ import annotations

import msgspec

from ..ask import Refused
from ..vendor import SimVendor
from .wire import Listing


def _listing(vendor: SimVendor, model: str) -> bytes:
    entries = [{"id": each.name, "object": "model", "created": 0, "owned_by": vendor.name} for each in vendor.models]
    if not model:
        return msgspec.json.encode({"object": "list", "data": entries})
    for entry in entries:
        if entry["id"] == model:
            return msgspec.json.encode(entry)
    raise Refused(404, f"There is no model {model!r} here.", param="model", code="model_not_found")


LISTING = Listing(_listing)
