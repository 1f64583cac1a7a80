"""The profiler: composes the judgements into one `Profile`, each part of the text read once.

Work bounds: type, complexity, domain and language look at windows of fixed size (see `reading`); tokens and
sensitivity pass over every byte the model would see, in time linear to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from podium.core.deferred import peek
from podium.core.messages import AudioPart, FilePart, ImagePart, Part, ReasoningPart, TextPart
from podium.core.tasks import AUDIO_TOKENS_A_SECOND, Guess, Modality, Operation, Profile, Task, TaskType

from .complexity import judge_complexity
from .cues import features
from .domain import judge_domain
from .language import judge_language
from .reading import read
from .sensitivity import find_private, judge_sensitivity
from .sound import HEAD_LETTERS, seconds_of, seconds_of_base64
from .task_type import judge_task_type
from .tokens import (
    FILE_LETTERS_PER_TOKEN,
    FILE_TOKENS,
    IMAGE_TOKENS,
    LOW_DETAIL_IMAGE_TOKENS,
    MESSAGE_TOKENS,
    SEALED_LETTERS_PER_TOKEN,
    TOOL_TOKENS,
    estimate_byte_tokens,
)
from .unread import count_numbers, unescaped, unread

UNREADABLE: Final = "unreadable_part"
"""The finding for a part that nobody could look into, such as a PDF: what it holds is unknown."""
_LONGEST_ADDRESS: Final = 8_192
_UNREADABLE_CONFIDENCE: Final = 0.3
_MODALITIES: Final = {
    (image, audio, file): Guess(
        (
            Modality.TEXT,
            *((Modality.IMAGE,) if image else ()),
            *((Modality.AUDIO,) if audio else ()),
            *((Modality.FILE,) if file else ()),
        ),
        1.0,
    )
    for image in (False, True)
    for audio in (False, True)
    for file in (False, True)
}
_SURE: Final = {
    Operation.EMBED: (Guess(TaskType.EXTRACTION, 1.0), Guess(1, 1.0)),
    Operation.TRANSCRIBE: (Guess(TaskType.AUDIO, 1.0), Guess(2, 1.0)),
}
"""Type and complexity of work whose kind its door says: vectors are features drawn from a text."""
_SCHEMA_FIELDS: Final = frozenset(("response_format", "output_config", "output_format", "generationConfig", "text"))
"""Where a body of one dialect or another holds a schema, and `unread` sees it."""


class HeuristicProfiler:
    """Judges a task by its words and shape: pure, deterministic, without network or files.

    Fits `core.ports.Profiler`. Never raises, whatever the text.
    """

    def profile(self, task: Task) -> Profile:
        """What `task` is, each judgement with its confidence; declared type and sensitivity win."""
        reading = read(task)
        seen = _Seen(task)
        text = seen.texts[0] if len(seen.texts) == 1 else "\n".join(seen.texts)
        blob = text.encode("utf-8", "surrogatepass")
        tokens = seen.tokens + estimate_byte_tokens(blob, ascii_only=text.isascii())
        if seen.aside:
            blob += "\n".join(["", *seen.aside]).encode("utf-8", "surrogatepass")
        if task.payload is not None:
            more, more_tokens = unread(task.payload.fields, task.payload.dialect, seen)
            if more:
                blob += b"\n" + more
            tokens += more_tokens
        language = judge_language(reading.ask, reading.words)
        found = features(reading, language.value)
        sure = _SURE.get(task.operation)
        task_type = judge_task_type(found, task.task_type if sure is None else task.task_type or sure[0].value)
        domain, density = judge_domain(reading, task_type, found.get("code_marks", 0.0), language.value)
        kinds = find_private(unescaped(blob), language.value)
        sensitivity = judge_sensitivity(kinds, task.sensitivity)
        if seen.opaque:
            kinds = tuple(sorted((*kinds, UNREADABLE)))
            if task.sensitivity is None:
                sensitivity = Guess(sensitivity.value, _UNREADABLE_CONFIDENCE)
        options = task.options
        return Profile(
            task_type=task_type,
            complexity=judge_complexity(reading, found, task_type, density, tokens) if sure is None else sure[1],
            domain=domain,
            modalities=_MODALITIES[reading.image_now or reading.image_before, seen.sound, seen.file],
            language=language,
            sensitivity=sensitivity,
            findings=kinds,
            input_tokens=tokens,
            audio_seconds=seen.seconds,
            needs_tools=bool(options.tools),
            needs_schema=options.schema is not None,
            needs_logprobs=options.logprobs,
        )


class _Seen:
    """Everything of a task that is looked at or counted, gathered in one pass. Iterates over the canonical texts."""

    __slots__ = ("aside", "file", "opaque", "seconds", "sound", "texts", "tokens", "written_out")

    def __init__(self, task: Task) -> None:
        self.texts: list[str] = []
        self.aside: list[str] = []
        """Looked at and costing no tokens: addresses, names of files, identifiers."""
        self.tokens = 0 if task.operation is Operation.EMBED else MESSAGE_TOKENS * len(task.messages)
        self.opaque = self.file = self.sound = False
        self.seconds = 0.0
        self.written_out = task.payload is not None and task.payload.dialect == "anthropic"
        """Whether documents of plain text stand in the body as text, where `unread` counts them."""
        texts, aside = self.texts, self.aside
        for message in task.messages:
            for part in message.parts:
                if type(part) is TextPart:  # `type is` is three times as fast as isinstance
                    texts.append(part.text)
                else:
                    self._other(part)
            for call in message.tool_calls:
                texts += (call.name, call.arguments)
                aside.append(call.id)
                self.tokens += TOOL_TOKENS
            if message.name:
                texts.append(message.name)
            if message.tool_call_id:
                aside.append(message.tool_call_id)
        payload = task.payload
        if payload is not None and self.opaque and task.operation is Operation.EMBED:
            self.tokens += count_numbers(payload.fields.get("input"))
        if payload is not None and payload.attachment is not None:
            self.opaque = True
            aside.append(payload.attachment.filename)
            if not self.seconds:
                data = payload.attachment.data
                self._hear(seconds_of(data[:HEAD_LETTERS], len(data)))
        self._offered(task)

    def __iter__(self) -> Iterator[str]:
        return iter((*self.texts, *self.aside))

    def _offered(self, task: Task) -> None:
        options = task.options
        self.tokens += TOOL_TOKENS * len(options.tools)
        forwarded = () if task.payload is None else task.payload.fields  # what `unread` sees as it was written
        for tool in options.tools if "tools" not in forwarded and "functions" not in forwarded else ():
            self.texts += (tool.name, tool.description, _json(tool.parameters))
        if options.schema is not None and _SCHEMA_FIELDS.isdisjoint(forwarded):
            self.texts.append(_json(options.schema.body))

    def _other(self, part: Part) -> None:
        if isinstance(part, ImagePart):
            self.tokens += LOW_DETAIL_IMAGE_TOKENS if part.detail == "low" else IMAGE_TOKENS
            self._address(part)
        elif isinstance(part, AudioPart):
            head, letters = peek(part, "data", HEAD_LETTERS)
            self._hear(seconds_of_base64(head, letters))
        elif isinstance(part, ReasoningPart):
            if part.text:
                self.texts.append(part.text)
            self.tokens += len(part.data or "") // SEALED_LETTERS_PER_TOKEN
        elif isinstance(part, FilePart):
            self.opaque = True
            # A document of plain text is written out on every wire; only others need a model that reads documents.
            self.file = self.file or not (part.media_type or "").startswith("text/")
            letters = self._address(part)
            if not (self.written_out and part.media_type == "text/plain"):
                self.tokens += letters // FILE_LETTERS_PER_TOKEN if letters else FILE_TOKENS
            self.aside += [name for name in (part.name, part.file_id) if name]
        else:
            self.opaque = True

    def _address(self, part: ImagePart | FilePart) -> int:
        """Letters of the bytes it holds itself; 0 where it names another place, which is looked at."""
        head, letters = peek(part, "url", _LONGEST_ADDRESS)
        if head[:5].lower() == "data:":
            return letters
        if head:
            self.aside.append(head)
        return 0

    def _hear(self, seconds: float) -> None:
        self.sound = True
        self.seconds += seconds
        self.tokens += 1 + int(seconds * AUDIO_TOKENS_A_SECOND)


def _json(schema: Mapping[str, Any] | None) -> str:
    if not schema:
        return ""
    from msgspec import json

    return json.encode(schema, enc_hook=_plain).decode("utf-8")


def _plain(value: object) -> object:
    """Read-only mappings and other foreign values, as JSON can say them."""
    return dict(value) if isinstance(value, Mapping) else str(value)
