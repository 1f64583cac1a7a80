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
    StreamEvent,
    StreamFault,
    TextDelta,
    ToolCallDelta,
    UsageSeen,
)
from podium.core.usage import Usage

from .costing import OutputCount


class Tally:
    """What has come through so far."""

    __slots__ = ("_finished", "_wanted", "content", "notes", "opaque", "pieces", "sealed", "usage", "written")

    def __init__(self, *, answers: int, keep_text: bool) -> None:
        self._finished: set[int] = set()
        self._wanted = answers
        self.written = OutputCount()
        self.content = False
        self.notes: tuple[str, ...] = ()
        self.opaque: dict[str, None] = {}
        """Kinds of content that only a caller of the provider's own dialect can use, in the order they came."""
        self.sealed: list[ReasoningSealed] = []
        """Encrypted reasoning, which ties what follows to this provider."""
        self.usage: Usage | None = None
        self.pieces: list[str] | None = [] if keep_text else None

    @property
    def finished(self) -> bool:
        """Whether every answer asked for is."""
        return len(self._finished) >= self._wanted

    def note(self, frame: Frame, provider: str) -> bool:
        """Count a frame; True once content has come. Raises ProviderError for a fault inside the stream."""
        for event in frame.events:
            if type(event) is TextDelta:  # nearly all are
                self.content = True
                self.written.add(event.text)
                if self.pieces is not None:
                    self.pieces.append(event.text)
            else:
                self._note(event, provider)
        return self.content

    def _note(self, event: StreamEvent, provider: str) -> None:
        match event:
            case ToolCallDelta():
                self.content = True
                self.written.add(event.arguments)
                if event.name:
                    self.written.add(event.name)
            case ReasoningDelta() | RefusalDelta():
                self.content = True
                self.written.add(event.text)
            case ReasoningSealed():
                self.content = True
                self.written.add_unseen()
                if event.data:
                    self.sealed.append(event)
            case OpaqueDelta():
                self.content = True  # a caller of the same dialect can use it
                self.written.add_unseen()
                self.opaque[event.kind] = None
            case Finished():
                self._finished.add(event.index)
                if event.reason is FinishReason.CONTENT_FILTER:
                    self.content = True  # a refusal is an answer, also where the wire has no words for it
            case UsageSeen():
                self.usage = event.usage
            case Noted():
                self.notes += (event.text,)
            case StreamFault():
                raise ProviderError(
                    f"{provider} broke its stream off with an error: {event.message}",
                    kind=FailureKind.SERVER_ERROR,
                    provider=provider,
                )
