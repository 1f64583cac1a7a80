"""Vectors and transcripts are not judged by the shape of text."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from podium.core.messages import Options, Reply, Schema
from podium.core.tasks import Operation, Task
from podium.policies.cascade import judge_structure


@pytest.mark.parametrize(
    ("operation", "accepted"), [(Operation.CHAT, False), (Operation.EMBED, True), (Operation.TRANSCRIBE, True)]
)
@pytest.mark.parametrize("options", [Options(), Options(schema=Schema())])
def test_an_answer_without_text(operation: Operation, accepted: bool, options: Options) -> None:
    task = Task(id="t", messages=(), received_at=datetime(2030, 1, 1, tzinfo=UTC), operation=operation, options=options)
    verdict = judge_structure(task, Reply(text=""))
    assert verdict.accepted is accepted
    assert verdict.score == float(accepted)
