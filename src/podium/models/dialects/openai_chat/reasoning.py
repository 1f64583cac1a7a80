"""Reasoning on the wire: `reasoning_details`, and the plain fields vendors put reasoning text in.

`reasoning_details` is OpenRouter's published form (its guide "Reasoning Tokens"): a list of `reasoning.text` (text,
signature), `reasoning.summary` (summary) and `reasoning.encrypted` (data), each with the `format` of its maker. It
carries what a signature or a cipher needs, so it is also what Podium hands to callers of this dialect.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from podium.core.messages import ReasoningDelta, ReasoningPart, ReasoningSealed, StreamEvent

from .wire import NAME, ReasoningDetail

_ORIGINS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "anthropic-claude-v1": "anthropic",
        "google-gemini-v1": "gemini",
        "openai-responses-v1": "openai-responses",
    }
)
"""Format -> the dialect whose reasoning it is. Other formats are origins of their own, that only their maker reads."""
_FORMATS: Final[Mapping[str, str]] = MappingProxyType({origin: name for name, origin in _ORIGINS.items()})
_UNKNOWN: Final = "unknown"


def origin_of(detail: ReasoningDetail) -> str:
    """Whose reasoning this is."""
    if not detail.format or detail.format == _UNKNOWN:
        return NAME
    return _ORIGINS.get(detail.format, detail.format)


def read_details(details: Iterable[ReasoningDetail]) -> tuple[ReasoningPart, ...]:
    """Blocks, in order. A summary and a cipher with the same id are one block of theirs."""
    parts: list[ReasoningPart] = []
    for detail in details:
        text = detail.text or detail.summary or ""
        last = parts[-1] if parts else None
        if (
            detail.data is not None
            and not text
            and last is not None
            and last.data is None
            and last.signature is None
            and detail.id is not None
            and last.id == detail.id
        ):
            parts[-1] = ReasoningPart(text=last.text, data=detail.data, id=last.id, origin=last.origin)
        elif text or detail.signature or detail.data is not None:
            parts.append(
                ReasoningPart(
                    text=text,
                    signature=detail.signature or None,
                    data=detail.data,
                    id=detail.id,
                    origin=origin_of(detail),
                )
            )
    return tuple(parts)


def read_reasoning(details: Sequence[ReasoningDetail] | None, *texts: str | None) -> tuple[ReasoningPart, ...]:
    """A whole message's reasoning: its details, else the first plain text there is."""
    if details:
        parts = read_details(details)
        if parts:
            return parts
    for text in texts:
        if text:
            return (ReasoningPart(text=text, origin=NAME),)
    return ()


def write_details(parts: Iterable[ReasoningPart], *, first: int = 0) -> list[dict[str, Any]]:
    """`reasoning_details` of these blocks, their `index` counted from `first`."""
    details: list[dict[str, Any]] = []
    for part in parts:
        shared: dict[str, Any] = {"format": _FORMATS.get(part.origin, _format(part.origin)), "id": part.id}
        if part.data is None:
            details.append({"type": "reasoning.text", "text": part.text, "signature": part.signature, **shared})
        else:
            if part.text:
                details.append({"type": "reasoning.summary", "summary": part.text, **shared})
            details.append({"type": "reasoning.encrypted", "data": part.data, **shared})
    for place, detail in enumerate(details):
        detail["index"] = first + place
    return details


def _format(origin: str) -> str:
    return _UNKNOWN if origin in ("", NAME) else origin


def reasoning_text(parts: Iterable[ReasoningPart]) -> str:
    """What of it a person can read."""
    return "\n\n".join(part.text for part in parts if part.text)


class ThoughtReader:
    """Reads streamed reasoning: plain pieces, and `reasoning_details`, whose entries of one block share their `index`.

    The last entry of a block seals it. Some gateways, Podium among them, stream a block's text plainly and seal it with
    an entry that holds the whole text again: that text is not told twice.
    """

    __slots__ = ("_id", "_index", "_open", "_origin", "_plain")

    def __init__(self) -> None:
        self._index: int | None = None
        self._id: str | None = None
        self._origin = NAME
        self._open = False  # a block of details is under way
        self._plain: list[str] = []

    def plain(self, text: str, events: list[StreamEvent]) -> None:
        """Text from one of the plain fields."""
        self._plain.append(text)
        events.append(ReasoningDelta(text))

    def read(self, details: Iterable[ReasoningDetail], events: list[StreamEvent]) -> None:
        """Adds the events these entries make."""
        for detail in details:
            text = detail.text or detail.summary
            data = detail.data
            if not text and not detail.signature and data is None:
                continue
            if self._open and not self._belongs(detail):
                self.end(events)
            if not self._open:
                self._index, self._id = detail.index, detail.id
                self._origin = origin_of(detail)
            told = self._told(text, data, events)
            if text:
                self._open = True
                if not told:
                    events.append(ReasoningDelta(text))
            if detail.signature or data is not None:
                self._open = False
                self._sealed(detail, events)

    def _told(self, text: str | None, data: str | None, events: list[StreamEvent]) -> bool:
        """Whether the plain pieces so far said this already. A cipher alone is no seal of theirs."""
        if not self._plain or (not text and data is None):
            return False
        told = "".join(self._plain) == text
        self._plain.clear()
        if not told:
            events.append(ReasoningSealed(origin=NAME))
        return told

    def end(self, events: list[StreamEvent]) -> None:
        """A block under way has no seal."""
        if self._open:
            self._open = False
            events.append(ReasoningSealed(id=self._id, origin=self._origin))

    def _sealed(self, detail: ReasoningDetail, events: list[StreamEvent]) -> None:
        sealed = ReasoningSealed(
            signature=detail.signature or None, data=detail.data, id=detail.id or self._id, origin=origin_of(detail)
        )
        events.append(sealed)

    def _belongs(self, detail: ReasoningDetail) -> bool:
        """A cipher is a block of its own, but for one that comes under the identifier of a summary."""
        if detail.data is not None:
            return detail.id is not None and detail.id == self._id
        if detail.index is None:
            return detail.id is None or detail.id == self._id
        return detail.index == self._index
