"""The profiler: composes the judgements into one `Profile`, each part of the text read once.

Work bounds: type, complexity, domain and language look at windows of fixed size (see `reading`); tokens and
sensitivity pass over every byte the model would see, in time linear to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from podium.core.messages import AudioPart, ImagePart, TextPart
from podium.core.tasks import Guess, Modality, Profile, Task

from .complexity import judge_complexity
from .cues import features
from .domain import judge_domain
from .language import judge_language
from .reading import read
from .sensitivity import find_private, judge_sensitivity
from .task_type import judge_task_type
from .tokens import (
    AUDIO_BYTES_PER_TOKEN,
    IMAGE_TOKENS,
    LOW_DETAIL_IMAGE_TOKENS,
    MESSAGE_TOKENS,
    TOOL_TOKENS,
    estimate_byte_tokens,
)
from .unread import unescaped, unread

UNREADABLE: Final = "unreadable_part"
"""The finding for a part that nobody could look into, such as a PDF: what it holds is unknown."""
_UNREADABLE_CONFIDENCE: Final = 0.3
_MODALITIES: Final = {
    (image, audio): Guess(
        (Modality.TEXT, *((Modality.IMAGE,) if image else ()), *((Modality.AUDIO,) if audio else ())), 1.0
    )
    for image in (False, True)
    for audio in (False, True)
}


class HeuristicProfiler:
    """Judges a task by its words and shape: pure, deterministic, without network or files.

    Fits `core.ports.Profiler`. Never raises, whatever the text.
    """

    def profile(self, task: Task) -> Profile:
        """What `task` is, each judgement with its confidence; declared type and sensitivity win."""
        reading = read(task)
        text, attachments, opaque = _everything(task)
        blob = text.encode("utf-8", "surrogatepass")
        tokens = attachments + estimate_byte_tokens(blob, ascii_only=text.isascii())
        if task.payload is not None:
            more, more_tokens = unread(task.payload.fields)
            if more:
                blob += b"\n" + more
                tokens += more_tokens
        language = judge_language(reading.ask, reading.words)
        found = features(reading, language.value)
        task_type = judge_task_type(found, task.task_type)
        domain, density = judge_domain(reading, task_type, found.get("code_marks", 0.0), language.value)
        kinds = find_private(unescaped(blob), language.value)
        sensitivity = judge_sensitivity(kinds, task.sensitivity)
        if opaque:
            kinds = tuple(sorted((*kinds, UNREADABLE)))
            if task.sensitivity is None:
                sensitivity = Guess(sensitivity.value, _UNREADABLE_CONFIDENCE)
        options = task.options
        return Profile(
            task_type=task_type,
            complexity=judge_complexity(reading, found, task_type, density, tokens),
            domain=domain,
            modalities=_MODALITIES[
                reading.image_now or reading.image_before, reading.audio_now or reading.audio_before
            ],
            language=language,
            sensitivity=sensitivity,
            findings=kinds,
            input_tokens=tokens,
            needs_tools=bool(options.tools),
            needs_schema=options.schema is not None,
            needs_logprobs=options.logprobs,
        )


def _everything(task: Task) -> tuple[str, int, bool]:
    """All text the model would see; the tokens of what is not (pictures, sound, the format); any opaque part."""
    opaque = False
    texts: list[str] = []
    extra = MESSAGE_TOKENS * len(task.messages)
    for message in task.messages:
        for part in message.parts:
            kind = type(part)
            if kind is TextPart:
                texts.append(part.text)  # type: ignore[union-attr]  # `type is` is three times as fast as isinstance
            elif kind is ImagePart:
                extra += LOW_DETAIL_IMAGE_TOKENS if part.detail == "low" else IMAGE_TOKENS  # type: ignore[union-attr]
            elif kind is AudioPart:
                extra += 1 + len(part.data) * 3 // 4 // AUDIO_BYTES_PER_TOKEN  # type: ignore[union-attr]
            else:
                opaque = True
        for call in message.tool_calls:
            texts += (call.name, call.arguments)
            extra += TOOL_TOKENS
        if message.name:
            texts.append(message.name)
    options = task.options
    extra += TOOL_TOKENS * len(options.tools)
    forwarded = () if task.payload is None else task.payload.fields  # what `unread` sees as it was written
    for tool in options.tools if "tools" not in forwarded and "functions" not in forwarded else ():
        texts += (tool.name, tool.description, _json(tool.parameters))
    if options.schema is not None and "response_format" not in forwarded:
        texts.append(_json(options.schema.body))
    return (texts[0] if len(texts) == 1 else "\n".join(texts)), extra, opaque


def _json(schema: Mapping[str, Any] | None) -> str:
    if not schema:
        return ""
    from msgspec import json

    return json.encode(schema, enc_hook=_plain).decode("utf-8")


def _plain(value: object) -> object:
    """Read-only mappings and other foreign values, as JSON can say them."""
    return dict(value) if isinstance(value, Mapping) else str(value)
