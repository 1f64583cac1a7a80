"""Streamed tool calls put in order: which call each piece belongs to, whatever the backend writes for its index.

The wire says: `index` counts calls, id and name come with a call's first piece. Backends send 0 for every call of a
parallel set, no index at all, the id and name again with each piece, or a call without an id. A piece belongs to

1. the call with its id, where it has an id that was seen;
2. a new call, where its id was not seen and the call at its index has another;
3. a new call, where it names a function again after a call whose arguments are complete, or names another one;
4. else the call at its index, or the last one where it has none.

Calls of free-text tools become canonical arguments (`{"input": "..."}`) as they come; only the end of the answer says
that their text is whole. The older `function_call` is a call without identifier, one for each choice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import msgspec

from podium.core.messages import ToolCall, ToolCallDelta

from ..openai_forms.calls import CUSTOM_CLOSING, CUSTOM_OPENING, custom_input, inside
from . import extensions
from .wire import NO_RAW, ToolCallPiece

_TOKEN: Final = re.compile(r'"|\\.?|[{}\[\]]', re.DOTALL)
_LONGEST_SCALAR: Final = 64


class _Call:
    """One call under way."""

    __slots__ = (
        "_depth",
        "_escaped",
        "_quoted",
        "_scanned",
        "choice",
        "custom",
        "id",
        "index",
        "name",
        "pieces",
        "written",
    )

    def __init__(self, index: int, call_id: str, name: str, *, choice: int = 0, custom: bool = False) -> None:
        self.index = index
        self.choice = choice
        self.id = call_id
        self.name = name
        self.custom = custom
        self.written = False
        """Whether anything of its arguments came."""
        self.pieces: list[str] = []
        self._scanned = self._depth = 0
        self._quoted = self._escaped = False

    def complete(self) -> bool:
        """Whether its arguments are a whole JSON value: nothing can come after them.

        Backends that repeat the name ask with every piece, so each piece is looked at once: the whole is parsed only
        where its brackets are closed.
        """
        for piece in self.pieces[self._scanned :]:
            self._scan(piece)
        self._scanned = len(self.pieces)
        if self.custom or self._depth or self._quoted or not self.pieces:
            return False
        if self.pieces[-1].rstrip()[-1:] not in ("}", "]") and sum(map(len, self.pieces)) > _LONGEST_SCALAR:
            return False
        try:
            msgspec.json.decode("".join(self.pieces))
        except (msgspec.DecodeError, RecursionError):
            return False
        return True

    def _scan(self, piece: str) -> None:
        start = 1 if self._escaped else 0
        self._escaped = False
        for found in _TOKEN.finditer(piece, start):
            token = found[0]
            if token[0] == "\\":
                self._escaped = len(token) == 1
            elif token == '"':
                self._quoted = not self._quoted
            elif not self._quoted:
                self._depth += 1 if token in "{[" else -1


class CallPieces:
    """The calls of one stream."""

    __slots__ = ("_at", "_by_id", "calls")

    def __init__(self) -> None:
        self.calls: list[_Call] = []
        self._at: dict[tuple[int, int], _Call] = {}
        self._by_id: dict[str, _Call] = {}

    def read(self, piece: ToolCallPiece, *, choice: int, place: int, alone: bool) -> ToolCallDelta | None:
        """The canonical fragment; None for a piece that says nothing. `place` is the piece's in its chunk's list."""
        function, custom = piece.function, piece.custom
        if function is None and custom is not None:
            name, arguments = custom.name or "", inside(custom.input or "")
        else:
            name = (function.name if function else None) or ""
            arguments = (function.arguments if function else None) or ""
        call = self._call_of(piece, name, arguments, choice, place, alone)
        if call is None:
            return self._opened(piece, name, arguments, choice, place)
        if not call.id and piece.id:
            call.id = piece.id
            self._by_id[piece.id] = call
        return self._more(call, arguments)

    @staticmethod
    def _more(call: _Call, arguments: str) -> ToolCallDelta | None:
        if not arguments:
            return None
        call.written = True
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
        custom = piece.function is None and piece.custom is not None
        call = _Call(len(self.calls), piece.id or "", name, choice=choice, custom=custom)
        self.calls.append(call)
        self._at[choice, -1 - place if piece.index is None else piece.index] = call
        if call.id:
            self._by_id[call.id] = call
        call.written = bool(arguments)
        if custom:
            arguments = CUSTOM_OPENING + arguments
        if arguments:
            call.pieces.append(arguments)
        return ToolCallDelta(
            index=call.index,
            id=call.id or None,
            name=name or None,
            arguments=arguments,
            signature=None if piece.extra_content is NO_RAW else extensions.signature(piece.extra_content),
        )

    def whole(self, calls: Iterable[ToolCall]) -> list[ToolCallDelta]:
        """The calls of a closing message: new ones, and the arguments of those that had none so far."""
        deltas: list[ToolCallDelta] = []
        claimed: set[int] = set()
        for call in calls:
            known = self._known(call, claimed)
            if known is None:
                known = _Call(len(self.calls), call.id, call.name)
                known.written = True
                known.pieces.append(call.arguments)
                self.calls.append(known)
                if call.id:
                    self._by_id[call.id] = known
                deltas.append(
                    ToolCallDelta(
                        index=known.index,
                        id=call.id or None,
                        name=call.name or None,
                        arguments=call.arguments,
                        signature=call.signature,
                    )
                )
            elif not known.written:
                text = inside(custom_input(call.arguments)) if known.custom else call.arguments
                late = self._more(known, text)
                if late is not None:
                    deltas.append(late)
            claimed.add(known.index)
        return deltas

    def _known(self, whole: ToolCall, claimed: set[int]) -> _Call | None:
        """The call of the deltas that a closing message tells again: by its identifier, else by name and order."""
        if whole.id and (known := self._by_id.get(whole.id)) is not None:
            return known
        for call in self.calls:
            if call.index in claimed or call.name != whole.name:
                continue
            if not call.id or not whole.id or "".join(call.pieces) == whole.arguments:
                return call
        return None

    def end(self, choice: int) -> list[ToolCallDelta]:
        """What closes the arguments of free-text calls, at the end of an answer."""
        deltas: list[ToolCallDelta] = []
        for call in self.calls:
            if call.custom and call.choice == choice:
                call.custom = False
                deltas.append(ToolCallDelta(index=call.index, arguments=CUSTOM_CLOSING))
        return deltas
