"""A caller's messages as this provider takes them: fields it does not know dropped, roles and identifiers renamed.

A conversation goes from model to model, and clients send back what the one before answered: its reasoning, its calls'
signatures, its empty `refusal`. Most providers pass over what they do not know; some refuse the whole request.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from msgspec import Raw

from podium.core.messages import Message, ReasoningPart

from ..dialect import Quirks
from ..forwarding import says
from ..openai_forms.calls import call_id_mender
from .reasoning import reasoning_text
from .tool_calls import write_calls
from .wire import NAME

Turn = dict[str, Any]
_ALWAYS: Final = frozenset(("role", "content", "tool_calls", "tool_call_id"))
_TEXT: Final = frozenset(("role", "content"))
_PLAIN: Final = ("user", "assistant")
"""Roles that mean the same everywhere; most turns are theirs, and hold text alone."""
_MARK: Final = "cache_control"
_SIGNED: Final = "extra_content"
_OLDER_CALL: Final = "function_call"
_DEVELOPER: Final = b'"developer"'
_FUNCTION: Final = b'"function"'
_search_developer: Final = re.compile(_DEVELOPER).search
_turns_decoder = msgspec.json.Decoder(list[dict[str, Raw]])
_call_id_decoder = msgspec.json.Decoder(str | None)


def taken_messages(raw: Raw, messages: Sequence[Message], quirks: Quirks, notes: list[str]) -> Raw | list[Any]:
    """`raw` itself where nothing in it must change, else its messages. `messages` are the same in canonical form.

    What is lost goes into `notes`; a new name for the same loses nothing.
    """
    strict = (quirks.message_fields is not None or quirks.call_ids) and any(map(_may_hold_more, messages))
    if not strict:
        if quirks.developer or not any(message.role == "system" for message in messages):
            return raw
        # Everybody's case, and a search is all it costs. Words of a prompt find it too, which does no harm.
        if _search_developer(memoryview(raw)) is None:
            return raw
    taken = _Taken(quirks)
    turns = _turns_decoder.decode(raw)
    written = [taken.turn(turn, message) for turn, message in zip(turns, messages, strict=True)]
    if not taken.changed:
        return raw
    if taken.left:
        names = ", ".join(f"`{name}`" for name in sorted(taken.left))
        notes.append(f"Left out of messages, because the provider refuses what it does not know: {names}.")
    return written


def _may_hold_more(message: Message) -> bool:
    """Whether a strict provider could take offence: at what a model once answered, mostly."""
    if message.role in ("assistant", "tool") or message.name is not None or message.cache is not None:
        return True
    return _is_marked(message)


def _is_marked(message: Message) -> bool:
    return any(getattr(part, "cache", None) is not None for part in message.parts)


class _Taken:
    """Messages on their way through one provider's quirks."""

    __slots__ = ("_fields", "_harmless", "_ids", "_quirks", "changed", "left")

    def __init__(self, quirks: Quirks) -> None:
        self._quirks = quirks
        self._fields = quirks.message_fields
        self._ids = call_id_mender(quirks.call_ids)
        self._harmless = _TEXT | (self._fields or frozenset())
        self.changed = False
        self.left: set[str] = set()
        """Names of what was dropped and said something."""

    def turn(self, given: dict[str, Raw], message: Message) -> Turn:
        plain = message.role in _PLAIN and given.keys() <= self._harmless and message.cache is None
        if plain and not _is_marked(message):
            return given
        turn: Turn = dict(given)
        role = given.get("role")
        if not self._quirks.developer and role is not None and bytes(role) == _DEVELOPER:
            turn["role"] = self._quirks.system_role
            self.changed = True
        if self._fields is not None:
            if role is not None and bytes(role) == _FUNCTION and _OLDER_CALL not in self._fields:
                turn |= {"role": "tool", "tool_call_id": self._ids(message.tool_call_id or "")}
                self.changed = True
            self._drop(turn, message, self._fields)
        if isinstance(turn.get("tool_calls"), Raw) and message.tool_calls:
            self._calls(turn, turn["tool_calls"])
        if self._quirks.call_ids and message.role == "tool" and message.tool_call_id:
            self._put(turn, "tool_call_id", self._ids(message.tool_call_id), message.tool_call_id)
        return turn

    def _drop(self, turn: Turn, message: Message, fields: frozenset[str]) -> None:
        unknown = turn.keys() - fields - _ALWAYS
        if self._quirks.cache_marks:
            unknown.discard(_MARK)
        else:
            self._unmark(turn, message)
        if not unknown:
            return
        self.changed = True
        for name in unknown:
            raw = turn.pop(name)
            if says(raw) and not self._elsewhere(turn, name, message):
                self.left.add(name)

    def _elsewhere(self, turn: Turn, name: str, message: Message) -> bool:
        """Whether what a dropped field said stands in a field the provider knows."""
        if name == _OLDER_CALL and not says(turn.get("tool_calls", Raw(b"null"))):
            turn["tool_calls"] = write_calls(message.tool_calls, self._ids)
            return True
        if name == "name" and message.role == "tool":
            return True  # the call it answers has the name
        if name == "refusal" and not says(turn.get("content", Raw(b"null"))):
            turn["content"] = message.text
            return True
        if name.startswith("reasoning"):
            return self._reasoning(turn, message)
        return False

    def _reasoning(self, turn: Turn, message: Message) -> bool:
        """Plain reasoning in the one field that this provider wants it back in."""
        taken = self._quirks.reasoning_field
        if not taken or self._fields is None or taken not in self._fields:
            return False
        parts = [part for part in message.parts if isinstance(part, ReasoningPart) and part.origin in (NAME, "")]
        if taken not in turn and (text := reasoning_text(parts)):
            turn[taken] = text
        return taken in turn

    def _unmark(self, turn: Turn, message: Message) -> None:
        """Marks inside parts. Those of messages and calls are fields like any other."""
        if not _is_marked(message):
            return
        parts = _turns_decoder.decode(turn["content"])
        turn["content"] = [{name: raw for name, raw in part.items() if name != _MARK} for part in parts]
        self.changed = True
        self.left.add(_MARK)

    def _calls(self, turn: Turn, raw: Raw) -> None:
        calls: list[Turn] = list(_turns_decoder.decode(raw))
        before = self.changed
        self.changed = False
        for call in calls:
            if self._fields is not None and _SIGNED not in self._fields and _SIGNED in call:
                self.changed = True
                if says(call.pop(_SIGNED)):
                    self.left.add(_SIGNED)
            if self._quirks.call_ids and "id" in call:
                call_id = _call_id_decoder.decode(call["id"])
                if call_id:
                    self._put(call, "id", self._ids(call_id), call_id)
        if self.changed:
            turn["tool_calls"] = calls
        self.changed = self.changed or before

    def _put(self, fields: Turn, name: str, value: str, before: str) -> None:
        if value != before:
            fields[name] = value
            self.changed = True
