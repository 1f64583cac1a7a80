"""What of a stream has come through so far: content, finishes, figures, and what could not be carried."""

from __future__ import annotations

from podium.core.errors import FailureKind, ProviderError
from podium.core.messages import (
    Finished,
    FinishReason,
    Frame,
    Noted,
    OpaqueDelta,
    ReasoningDelta,
    ReasoningSealed,
    RefusalDelta,
    StreamFault,
    TextDelta,
    ToolCallDelta,
    UsageSeen,
)
from podium.core.usage import Usage

from .costing import OutputCount

_WRITTEN = (ReasoningDelta, RefusalDelta)
_UNREADABLE = (ReasoningSealed, OpaqueDelta)
"""Content all the same: a caller of the same dialect can use it."""


class Tally:
    """What has come through so far."""

    __slots__ = ("_finished", "_wanted", "content", "notes", "pieces", "usage", "written")

    def __init__(self, *, answers: int, keep_text: bool) -> None:
        self._finished: set[int] = set()
        self._wanted = answers
        self.written = OutputCount()
        self.content = False
        self.notes: tuple[str, ...] = ()
        self.usage: Usage | None = None
        self.pieces: list[str] | None = [] if keep_text else None

    @property
    def finished(self) -> bool:
        """Whether every answer asked for is."""
        return len(self._finished) >= self._wanted

    def note(self, frame: Frame, provider: str) -> bool:
        """Count a frame; True once content has come. Raises ProviderError for a fault inside the stream."""
        for event in frame.events:
            if isinstance(event, TextDelta):
                self.content = True
                self.written.add(event.text)
                if self.pieces is not None:
                    self.pieces.append(event.text)
            elif isinstance(event, ToolCallDelta):
                self.content = True
                self.written.add(event.arguments)
                if event.name:
                    self.written.add(event.name)
            elif isinstance(event, _WRITTEN):
                self.content = True
                self.written.add(event.text)
            elif isinstance(event, _UNREADABLE):
                self.content = True
                self.written.add_unseen()
            elif isinstance(event, Finished):
                self._finished.add(event.index)
                if event.reason is FinishReason.CONTENT_FILTER:
                    self.content = True  # a refusal is an answer, also where the wire has no words for it
            elif isinstance(event, UsageSeen):
                self.usage = event.usage
            elif isinstance(event, Noted):
                self.notes += (event.text,)
            elif isinstance(event, StreamFault):
                raise ProviderError(
                    f"{provider} broke its stream off with an error: {event.message}",
                    kind=FailureKind.SERVER_ERROR,
                    provider=provider,
                )
        return self.content
