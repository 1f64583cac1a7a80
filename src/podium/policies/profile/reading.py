"""What the profiler reads of a task: bounded windows, split into words once, shared by every judgement.

A conversation may be a megabyte; its purpose is in the last user turn and the system prompt, at their beginnings and
ends. So judgements see at most 1,000 characters of the ask and 600 of the instructions, whatever the length.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from msgspec import Struct

from podium.core.messages import AudioPart, ImagePart, Message, TextPart
from podium.core.tasks import Task

from .lexicon import (
    CODE_WORDS,
    CONDITION_WORDS,
    CONSTRAINT_WORDS,
    DOMAIN_WORDS,
    HARD_WORDS,
    RECKONING_WORDS,
    STEP_WORDS,
)

ASK_HEAD: Final = 500
"""Characters read at the start of the last user turn."""
ASK_TAIL: Final = 250
"""Characters read at its end."""
SYSTEM_HEAD: Final = 300
SYSTEM_TAIL: Final = 150
_UNSPACED: Final = 240
"""Characters searched for substrings at either end, where words are not spaced."""
HISTORY_LIMIT: Final = 64
"""Turns counted as history; more say nothing new about depth."""

FIELD_WORDS: Final = MappingProxyType(
    {
        name: frozenset(form for word in text.split() for form in (word, f"{word}s"))
        for name, text in DOMAIN_WORDS.items()
    }
)
"""Each domain's words, with their plain plurals."""
LISTS: Final = (*FIELD_WORDS, "hard", "constraint", "condition", "step", "reckoning", "code_word")
"""Names of the word lists that domain, complexity and the shape of a task look at; the place of each is its number."""
_LISTED: Final = {
    **FIELD_WORDS,
    "hard": frozenset(HARD_WORDS.split()),
    "constraint": frozenset(CONSTRAINT_WORDS.split()),
    "condition": frozenset(CONDITION_WORDS.split()),
    "step": frozenset(STEP_WORDS.split()),
    "reckoning": frozenset(RECKONING_WORDS.split()),
    "code_word": frozenset(CODE_WORDS.split()),
}
_KNOWN_WORDS: Final = frozenset().union(*_LISTED.values())
_LISTS_OF: Final = {
    word: tuple(number for number, name in enumerate(LISTS) if word in _LISTED[name]) for word in _KNOWN_WORDS
}
"""Word -> the numbers of its lists: one intersection and one walk over what is left count for every judgement."""

_PUNCTUATION: Final = "!\"#$%&'()*,.:;<=>?@[\\]^_`{|}~\n\r\t"
# Lower case and spaces for punctuation in one pass over bytes: a fifth of what `str.translate` costs.
_ASCII_TABLE: Final = bytes(0x20 if chr(code) in _PUNCTUATION else ord(chr(code).lower()) & 0xFF for code in range(256))
_BYTE_TABLE: Final = bytes(0x20 if chr(code) in _PUNCTUATION else code for code in range(256))
_WIDE_PUNCTUATION: Final = tuple("¿¡«»„“”‘’–—…。、，：؟،।")


class Reading(Struct, frozen=True, kw_only=True):
    """The parts of a task that judgements look at."""

    ask: str
    """Window on the last user turn."""
    ask_chars: int
    """Its whole length."""
    words: list[str]
    """Of the window, lower-case, in order. Never changed."""
    known: tuple[int, ...]
    """How many different words of ask and instructions each of LISTS knows."""
    length: int
    """How many words there are in all."""
    system_words: list[str]
    system: str
    turns: int
    """User and assistant turns, at most HISTORY_LIMIT."""
    image_now: bool
    """In the last user turn."""
    image_before: bool
    audio_now: bool
    audio_before: bool
    after_tool: bool
    """The last message is a tool's result."""
    tools: int
    schema: bool


def read(task: Task) -> Reading:
    """Take a task's windows. Work is bounded by the window sizes and the number of messages."""
    messages = task.messages
    last_user: Message | None = None
    instructions = ""
    image = audio = False
    turns = 0
    for message in messages:
        if message.role == "user":
            last_user = message
            turns += 1
        elif message.role == "assistant":
            turns += 1
        elif message.role == "system" and not instructions:
            instructions = _window(message, SYSTEM_HEAD, SYSTEM_TAIL)[0]
        for part in message.parts:
            if type(part) is not TextPart:
                image = image or type(part) is ImagePart
                audio = audio or type(part) is AudioPart
    ask, ask_chars, image_now, audio_now = "", 0, False, False
    if last_user is not None:
        ask, ask_chars = _window(last_user, ASK_HEAD, ASK_TAIL)
        image_now = image and any(type(part) is ImagePart for part in last_user.parts)
        audio_now = audio and any(type(part) is AudioPart for part in last_user.parts)
    words = split_words(ask)
    system_words = split_words(instructions) if instructions else []
    return Reading(
        ask=ask,
        ask_chars=ask_chars,
        words=words,
        known=_count(words + system_words if system_words else words),
        length=len(words) + len(system_words),
        system_words=system_words,
        system=instructions,
        turns=min(turns, HISTORY_LIMIT),
        image_now=image_now,
        image_before=image and not image_now,
        audio_now=audio_now,
        audio_before=audio and not audio_now,
        after_tool=bool(messages) and messages[-1].role == "tool",
        tools=len(task.options.tools),
        schema=task.options.schema is not None,
    )


def _count(words: list[str]) -> tuple[int, ...]:
    counts = [0] * len(LISTS)
    lists_of = _LISTS_OF
    for word in _KNOWN_WORDS.intersection(words):
        for number in lists_of[word]:
            counts[number] += 1
    return tuple(counts)


def split_words(text: str) -> list[str]:
    """Lower-case words of `text`, in order; hyphens, `+` and `/` stay inside a word."""
    if text.isascii():
        return text.encode("ascii").translate(_ASCII_TABLE).decode("ascii").split()
    lowered = text.lower()
    # `str.translate` is slow beyond ASCII; on bytes it is not, and the few wide marks are replaced one by one.
    spaced = lowered.encode("utf-8", "surrogatepass").translate(_BYTE_TABLE).decode("utf-8", "surrogatepass")
    for mark in _WIDE_PUNCTUATION:
        if mark in spaced:
            spaced = spaced.replace(mark, " ")
    return spaced.split()


def ends(ask: str) -> str:
    """The beginning and end of an ask in lower case, for languages whose cues are searched as substrings."""
    return (ask if len(ask) <= 2 * _UNSPACED else ask[:_UNSPACED] + ask[-_UNSPACED:]).lower()


def _window(message: Message, head: int, tail: int) -> tuple[str, int]:
    parts = message.parts
    text = parts[0].text if len(parts) == 1 and type(parts[0]) is TextPart else message.text
    if len(text) <= head + tail:
        return text, len(text)
    return f"{text[:head]}\n{text[-tail:]}", len(text)
