"""Streamed tool calls put in order: which call each piece belongs to, whatever the backend writes for its index.

The wire says: `index` counts calls, id and name come with a call's first piece. Backends send 0 for every call of a
parallel set, no index at all, the id and name again with each piece, or a call without an id. A piece belongs to

1. the call with its id, where it has an id that was seen;
2. a new call, where its id was not seen and the call at its index has another;
3. a new call, where it names a function again after a call whose arguments are complete, or names another one;
4. else the call at its index, or the last one where it has none.
"""

from __future__ import annotations

import msgspec

from podium.core.messages import ToolCallDelta

from . import extensions
from .wire import NO_RAW, ToolCallPiece


class _Call:
    """One call under way."""

    __slots__ = ("id", "index", "name", "pieces")

    def __init__(self, index: int, call_id: str, name: str) -> None:
        self.index = index
        self.id = call_id
        self.name = name
        self.pieces: list[str] = []

    def complete(self) -> bool:
        """Whether its arguments are a whole JSON value: nothing can come after them."""
        try:
            msgspec.json.decode("".join(self.pieces))
        except (msgspec.DecodeError, RecursionError):
            return False
        return True


class CallPieces:
    """The calls of one stream."""

    __slots__ = ("_at", "_by_id", "calls")

    def __init__(self) -> None:
        self.calls: list[_Call] = []
        self._at: dict[tuple[int, int], _Call] = {}
        self._by_id: dict[str, _Call] = {}

    def read(self, piece: ToolCallPiece, *, choice: int, place: int, alone: bool) -> ToolCallDelta | None:
        """The canonical fragment; None for a piece that says nothing. `place` is the piece's in its chunk's list."""
        function = piece.function
        name = (function.name if function else None) or ""
        arguments = (function.arguments if function else None) or ""
        call = self._call_of(piece, name, arguments, choice, place, alone)
        if call is None:
            return self._opened(piece, name, arguments, choice, place)
        if not call.id and piece.id:
            call.id = piece.id
            self._by_id[piece.id] = call
        if not arguments:
            return None
        call.pieces.append(arguments)
        return ToolCallDelta(index=call.index, arguments=arguments)

    def _call_of(
        self, piece: ToolCallPiece, name: str, arguments: str, choice: int, place: int, alone: bool
    ) -> _Call | None:
        if piece.id and (known := self._by_id.get(piece.id)) is not None:
            return known
        if piece.index is not None:
            call = self._at.get((choice, piece.index))
        elif alone or not self.calls:
            call = self.calls[-1] if self.calls else None
        else:
            call = self._at.get((choice, -1 - place))
        if call is None or (piece.id and call.id):
            return None
        if name and (name != call.name or (arguments and call.complete())):
            return None
        return call

    def _opened(self, piece: ToolCallPiece, name: str, arguments: str, choice: int, place: int) -> ToolCallDelta:
        call = _Call(len(self.calls), piece.id or "", name)
        self.calls.append(call)
        self._at[choice, -1 - place if piece.index is None else piece.index] = call
        if call.id:
            self._by_id[call.id] = call
        if arguments:
            call.pieces.append(arguments)
        return ToolCallDelta(
            index=call.index,
            id=call.id or None,
            name=name or None,
            arguments=arguments,
            signature=None if piece.extra_content is NO_RAW else extensions.signature(piece.extra_content),
        )

    def whole(self, call_id: str, name: str, arguments: str) -> ToolCallDelta | None:
        """A call in a closing message: new, or the arguments of one that had none so far."""
        known = self._by_id.get(call_id) if call_id else None
        if known is None and not call_id:
            known = next((call for call in self.calls if call.name == name), None)
        if known is None:
            call = _Call(len(self.calls), call_id, name)
            self.calls.append(call)
            return ToolCallDelta(index=call.index, id=call_id or None, name=name or None, arguments=arguments)
        if known.pieces or not arguments:
            return None
        known.pieces.append(arguments)
        return ToolCallDelta(index=known.index, arguments=arguments)
