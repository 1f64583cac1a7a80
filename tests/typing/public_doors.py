"""What a type checker sees of the public names: read by mypy in strict mode, never run."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import assert_type

import podium
from podium import (
    AllAttemptsFailed,
    Answer,
    AsyncPodium,
    Attempt,
    ConfigError,
    Decision,
    InvalidRequest,
    Money,
    Outcome,
    Podium,
    PodiumError,
    Profile,
    ProviderError,
    RequestError,
    RequestTooLarge,
    Requirements,
    RequirementsNotMet,
    Sensitivity,
    StoreError,
    Task,
    TaskType,
    UnknownModel,
    Usage,
)
from podium.core.errors import FailureKind
from podium.core.messages import FinishReason, Message, TextPart, Tool, ToolCall
from podium.core.settings import Settings
from podium.core.tasks import Candidate, Guess, Verdict
from podium.records.ledger.costs import CostRow


def versions() -> None:
    assert_type(podium.__version__, str)


def asking(door: Podium) -> None:
    answer = assert_type(door.ask("Which plan am I on?"), Answer)
    assert_type(answer.text, str)
    assert_type(answer.model, str)
    assert_type(answer.cost, Money | None)
    assert_type(answer.usage, Usage)
    assert_type(answer.decision, Decision)
    assert_type(answer.attempts, tuple[Attempt, ...])
    assert_type(answer.tool_calls, tuple[ToolCall, ...])
    assert_type(answer.finish, FinishReason)
    assert_type(answer.verdict, Verdict | None)
    assert_type(answer.warnings, tuple[str, ...])
    assert_type(door.explain("Prove it."), Decision)
    assert_type(door.costs("team", since=None), list[CostRow])
    assert_type(door.settings, Settings)


def every_keyword(door: Podium, tags: Mapping[str, str]) -> None:
    door.ask(
        "Which plan am I on?",
        model="auto/support",
        system=None,
        task_type=TaskType.SIMPLE_QA,
        require=Requirements(min_quality=0.9, max_cost_usd="0.01", private=True),
        priority="interactive",
        sensitivity=Sensitivity.PERSONAL,
        user="ann",
        team="support",
        tags=tags,
        tools=[Tool(name="look")],
        schema={"type": "object"},
        max_tokens=100,
        temperature=0.5,
    )
    door.ask([{"role": "user", "content": "Hello"}], task_type="simple_qa", sensitivity="personal")
    door.ask([Message(role="user", parts=(TextPart("Hello"),)), {"role": "user", "content": "Well?"}])


def mistakes_are_seen(door: Podium) -> None:
    door.ask(7)  # type: ignore[arg-type]  # no prompt
    door.ask("Hello", max_token=5)  # type: ignore[call-arg]  # misspelt
    door.ask("Hello", priority="urgent")  # type: ignore[arg-type]  # no such priority
    door.ask("Hello", require={"min_quality": 0.9})  # type: ignore[arg-type]  # not Requirements
    Requirements(0.9)  # type: ignore[call-arg]  # by keyword only
    Money.of("1").usd = Decimal(2)  # type: ignore[misc]  # frozen


async def asking_in_a_loop(door: AsyncPodium) -> None:
    assert_type(await door.ask("Hello", user="ann"), Answer)
    assert_type(await door.explain("Hello"), Decision)
    assert_type(await door.costs(), list[CostRow])
    async with door as same:
        assert_type(same, AsyncPodium)


def with_statement() -> None:
    with Podium("podium.yaml", environ={"OPENAI_API_KEY": "x"}) as door:
        assert_type(door, Podium)


def values(decision: Decision, outcome: Outcome, attempt: Attempt, task: Task, profile: Profile) -> None:
    assert_type(decision.chosen, Candidate)
    assert_type(decision.why, str)
    assert_type(outcome.served_by, Attempt | None)
    assert_type(outcome.cost, Money | None)
    assert_type(attempt.failure, FailureKind | None)
    assert_type(attempt.started_at, datetime)
    assert_type(task.requirements.max_cost, Money | None)
    assert_type(task.requirements.tightened_by(Requirements()), Requirements)
    assert_type(profile.task_type, Guess[TaskType])
    assert_type(profile.complexity.value, int)
    assert_type(Money.of(0.1) + Money.from_nanos(5), Money)
    assert_type(Money.of("1").to_nanos(), int)
    assert_type(Usage(input=1) + Usage(output=2), Usage)


def errors() -> None:
    try:
        raise AssertionError
    except AllAttemptsFailed as error:
        assert_type(error.tried, tuple[str, ...])
        assert_type(error.decision_id, str)
        assert_type(error.retry_after_s, float | None)
    except ProviderError as error:
        assert_type(error.kind, FailureKind)
        assert_type(error.provider, str)
    except RequirementsNotMet as error:
        assert_type(error.reasons, tuple[str, ...])
    except (InvalidRequest, UnknownModel, RequestTooLarge, RequestError) as error:
        assert_type(error.param, str | None)
    except ConfigError as error:
        assert_type(error.where, str)
    except (StoreError, PodiumError) as error:
        assert_type(error.remedy, str)
