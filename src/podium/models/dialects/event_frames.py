"""What every reader of server-sent events does alike: cut them apart, and give what came whole before a fault.

A fault among good events must not take them with it: a finished answer with rubbish behind it is an answer, however
the network split the bytes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from podium.core.errors import ProviderError
from podium.core.messages import Frame

from .sse import EventCutter, EventTooLarge


class EventFrames(ABC):
    """A `StreamReader` of one event stream; a dialect says what one event means."""

    __slots__ = ("_broken", "_cutter")

    def __init__(self) -> None:
        self._cutter = EventCutter()
        self._broken: ProviderError | None = None

    @abstractmethod
    def _frame(self, data: bytes, raw: bytes) -> Frame:
        """One event's frame. Raises ProviderError(GARBAGE) for what the dialect forbids."""

    @abstractmethod
    def _garbage(self, why: str) -> ProviderError:
        """What the dialect forbids, as an error."""

    def feed(self, data: bytes) -> list[Frame]:
        """Frames completed by these bytes. Raises ProviderError(GARBAGE) for what is no event of the dialect."""
        try:
            events = self._cutter.feed(data)
        except EventTooLarge as exc:
            raise self._garbage(str(exc)) from exc
        return self._frames(events)

    def close(self) -> list[Frame]:
        """The stream ended: a last frame that lacked its blank line, if any."""
        return self._frames(self._cutter.close())

    def _frames(self, events: list[tuple[bytes, bytes]]) -> list[Frame]:
        """What came whole before a fault is given first, so that the bytes' split into reads changes nothing."""
        if self._broken is not None:
            raise self._broken
        frames: list[Frame] = []
        for content, raw in events:
            try:
                frames.append(self._frame(content, raw))
            except ProviderError as error:
                if not frames:
                    raise
                self._broken = error
                break
        return frames
