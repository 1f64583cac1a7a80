"""What a stream's frames say of themselves: which answer finished, and what only keeps the connection alive."""

from __future__ import annotations

import pytest

from podium.core.messages import Finished, FinishReason
from podium.models.dialects.openai_chat.stream import END_MARK, ChatStreamReader


def test_a_finish_names_its_answer() -> None:
    reader = ChatStreamReader(provider="acme")
    sent = b'data: {"choices": [{"index": 1, "finish_reason": "stop"}, {"index": 0, "finish_reason": "length"}]}\n\n'
    (frame,) = reader.feed(sent)
    assert frame.events == (Finished(FinishReason.STOP, 1), Finished(FinishReason.LENGTH, 0))


@pytest.mark.parametrize(
    ("sent", "idle"),
    [
        (b": alive\n\n", True),
        (b"event: ping\n\n", True),
        (b"data:\n\n", True),
        (b'data: {"choices": [{"delta": {"role": "assistant"}}]}\n\n', False),
        (b"data: [DONE]\n\n", False),
    ],
)
def test_only_what_says_nothing_is_idle(sent: bytes, idle: bool) -> None:
    (frame,) = ChatStreamReader(provider="acme").feed(sent)
    assert frame.idle is idle
    assert frame.raw == sent


def test_our_end_mark_reads_as_one() -> None:
    assert ChatStreamReader(provider="acme").feed(END_MARK.raw) == [END_MARK]
