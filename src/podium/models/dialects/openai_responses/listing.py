"""The list of an answer's input items, as `GET /responses/{id}/input_items` shows it.

Source: the OpenAI API reference, "List input items": newest first unless asked otherwise, in pages.
"""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec

from podium.core.errors import InvalidRequest

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(list[dict[str, Any]])
_PREFIXES: Final = {
    "message": "msg",
    "function_call": "fc",
    "function_call_output": "fco",
    "custom_tool_call": "ctc",
    "custom_tool_call_output": "ctco",
    "reasoning": "rs",
}
_STATED: Final = frozenset(("message", "function_call", "function_call_output"))
MOST: Final = 100


def list_input(
    items: bytes,
    response_id: str,
    *,
    limit: int = 20,
    order: Literal["asc", "desc"] = "desc",
    after: str | None = None,
) -> bytes:
    """One page. Items without identifiers get some that stay the same from call to call.

    Raises InvalidRequest for a `limit` outside 1 to 100, and for an `after` that names no item.
    """
    if not 1 <= limit <= MOST:
        raise InvalidRequest(f"limit must be at least 1 and at most {MOST}.", param="limit")
    base = response_id.removeprefix("resp_")
    shown = [_shown(item, base, place) for place, item in enumerate(_decoder.decode(items))]
    if order == "desc":
        shown.reverse()
    if after is not None:
        places = [place for place, item in enumerate(shown) if item["id"] == after]
        if not places:
            raise InvalidRequest(
                f"`after` names no item of {response_id}.", remedy="Use the last page's `last_id`.", param="after"
            )
        shown = shown[places[0] + 1 :]
    page = shown[:limit]
    return _encoder.encode(
        {
            "object": "list",
            "data": page,
            "first_id": page[0]["id"] if page else None,
            "last_id": page[-1]["id"] if page else None,
            "has_more": len(shown) > len(page),
        }
    )


def _shown(item: dict[str, Any], base: str, place: int) -> dict[str, Any]:
    """An item as it is listed: with a type, an identifier, and content as parts."""
    kind = item.get("type") or "message"
    shown = {**item, "type": kind}
    if not item.get("id"):
        shown["id"] = f"{_PREFIXES.get(kind, 'item')}_{base}i{place:04x}"
    if kind in _STATED:
        shown.setdefault("status", "completed")
    content = item.get("content")
    if kind == "message" and isinstance(content, str):
        if item.get("role") == "assistant":
            shown["content"] = [{"type": "output_text", "text": content, "annotations": []}]
        else:
            shown["content"] = [{"type": "input_text", "text": content}]
    return shown
