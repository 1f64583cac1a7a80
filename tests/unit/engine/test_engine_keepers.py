"""Encrypted reasoning goes back to the account that made it, and only while that account can take the task."""

from __future__ import annotations

from typing import Any

from podium.core.messages import (
    Finished,
    FinishReason,
    Frame,
    Message,
    ReasoningPart,
    ReasoningSealed,
    TextDelta,
    TextPart,
)
from podium.runtime.engine.keepers import Keepers
from podium.testing import make_task


def _block(data: str | None, origin: str = "openai-responses") -> ReasoningPart:
    return ReasoningPart(data=data, origin=origin)


def _task(*blocks: ReasoningPart, **fields: Any) -> Any:
    turns = tuple(Message(role="assistant", parts=(block, TextPart("so"))) for block in blocks)
    asked = Message(role="user", parts=(TextPart("Go on."),))
    return make_task("Hi", messages=(asked, *turns, asked), **fields)


def test_a_task_is_tied_to_who_made_its_latest_reasoning() -> None:
    keepers = Keepers()
    keepers.remember([_block("one")], "acme")
    keepers.remember([_block("two")], "zeta")
    assert keepers.pinned(_task(_block("one"), _block("two"))).keeper == "zeta"
    assert keepers.pinned(_task(_block("two"), _block("one"))).keeper == "acme"


def test_what_nobody_made_here_ties_to_nobody() -> None:
    keepers = Keepers()
    keepers.remember([_block("one"), _block(None), _block("two", "anthropic")], "acme")
    for task in (_task(), _task(_block("other")), _task(_block("two", "anthropic")), _task(_block(None))):
        assert keepers.pinned(task) is task


def test_a_task_tied_already_stays_so() -> None:
    keepers = Keepers()
    keepers.remember([_block("one")], "acme")
    task = _task(_block("one"), keeper="zeta")
    assert keepers.pinned(task) is task


def test_memory_is_bounded_and_the_oldest_goes_first() -> None:
    keepers = Keepers(most=2)
    for name in ("one", "two", "three"):
        keepers.note(name, "openai-responses", "acme")
    assert keepers.pinned(_task(_block("one"))).keeper is None
    assert keepers.pinned(_task(_block("three"))).keeper == "acme"


def test_answers_are_remembered_whole_and_streamed(kit: Any) -> None:
    whole = kit.Bench("acme/a")
    whole.providers["acme"].plan(kit.reply("Paris", reasoning=(_block("sealed"),)))
    whole.complete()
    assert whole.engine._parts.keepers.pinned(_task(_block("sealed"))).keeper == "acme"

    streamed = kit.Bench("acme/a")
    sealed = ReasoningSealed(data="sealed", origin="openai-responses")
    pieces = (sealed, TextDelta("Paris"), Finished(FinishReason.STOP))
    streamed.providers["acme"].plan([Frame(events=(piece,)) for piece in pieces])
    streamed.stream()
    assert streamed.engine._parts.keepers.pinned(_task(_block("sealed"))).keeper == "acme"
