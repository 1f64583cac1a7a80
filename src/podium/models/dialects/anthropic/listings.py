"""What clients ask beside messages: how many tokens a request is, and which models there are.

Source: the Anthropic API reference, pages "Count tokens in a Message" and "List Models".
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct

from ..dialect import HERE, Address, Incoming
from .requests import read_request

_encoder = msgspec.json.Encoder()


class ModelEntry(Struct, frozen=True, kw_only=True):
    """One model a caller may name."""

    id: str
    display_name: str
    created_at: datetime
    """Aware."""


def read_count_request(body: bytes, address: Address = HERE) -> Incoming:
    """A body of POST /v1/messages/count_tokens: a request without a limit. Raises InvalidRequest."""
    return read_request(body, address, counting=True)


def write_count(input_tokens: int) -> bytes:
    """`{"input_tokens": n}`."""
    return _encoder.encode({"input_tokens": input_tokens})


def model_list(entries: Sequence[ModelEntry]) -> bytes:
    """The body of GET /v1/models: everything on one page, whatever page was asked for."""
    return _encoder.encode(
        {
            "data": [_described(entry) for entry in entries],
            "has_more": False,
            "first_id": entries[0].id if entries else None,
            "last_id": entries[-1].id if entries else None,
        }
    )


def model_body(entry: ModelEntry) -> bytes:
    """The body of GET /v1/models/ID."""
    return _encoder.encode(_described(entry))


def _described(entry: ModelEntry) -> dict[str, Any]:
    return {
        "type": "model",
        "id": entry.id,
        "display_name": entry.display_name,
        "created_at": entry.created_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "lifecycle": "active",  # in this field's words: available for use
    }
