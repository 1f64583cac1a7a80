"""What `ask` gives back."""

from __future__ import annotations

from msgspec import Struct

from podium.core.messages import FinishReason, ToolCall
from podium.core.tasks import Attempt, Decision, Verdict
from podium.core.usage import Money, Usage
from podium.runtime.engine import Completed


class Answer(Struct, frozen=True, kw_only=True):
    """An answer, who gave it, what it cost and why it was they."""

    text: str
    tool_calls: tuple[ToolCall, ...]
    finish: FinishReason
    model: str
    """The deployment that answered, as `provider/model`."""
    cost: Money | None
    """Of all attempts; None where a price is unknown."""
    usage: Usage
    decision: Decision
    attempts: tuple[Attempt, ...]
    verdict: Verdict | None
    latency_ms: float
    warnings: tuple[str, ...]

    def __str__(self) -> str:
        return self.text

    @classmethod
    def of(cls, done: Completed) -> Answer:
        """From the engine's result."""
        reply, outcome = done.reply, done.outcome
        served = outcome.served_by
        return cls(
            text=reply.text or reply.refusal or "",
            tool_calls=reply.tool_calls,
            finish=reply.finish,
            model=served.deployment if served is not None else reply.model,
            cost=outcome.cost,
            usage=outcome.usage,
            decision=outcome.decision,
            attempts=outcome.attempts,
            verdict=outcome.verdict,
            latency_ms=outcome.latency_ms,
            warnings=outcome.decision.warnings,
        )
