"""The traffic: every task sent twice through the official SDK, to the strongest model and to `auto`, and checked."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from podium.core.errors import ConfigError
from podium.models.sim import CheckableTask

from .cast import STRONGEST, TIERS

if TYPE_CHECKING:
    from openai import AsyncOpenAI

Arm = Literal["strongest", "routed"]
MODELS: dict[Arm, str] = {"strongest": STRONGEST, "routed": "auto"}
_AT_ONCE = 12
_TIER_OF = {name: tier for tier, name in TIERS.items()}


class Sent(Struct, frozen=True, kw_only=True):
    """One request and what came of it."""

    arm: Arm
    right: bool
    failed: bool
    cost: Decimal
    seconds: float
    tier: int | None
    attempts: int
    before_break: bool


def open_client(address: str) -> AsyncOpenAI:
    """The official SDK against the gateway. Its own retries are off: Podium's are on show."""
    try:
        from openai import AsyncOpenAI
    except ImportError as exc:
        raise ConfigError(
            "the demo sends its tasks through the official OpenAI SDK, which is not installed",
            remedy="pip install openai",
        ) from exc
    return AsyncOpenAI(base_url=f"{address}/v1", api_key="no-key-needed", max_retries=0, timeout=30)


async def send_all(
    client: AsyncOpenAI,
    tasks: Sequence[CheckableTask],
    *,
    break_a_vendor: Callable[[], None],
    progress: Callable[[], None],
) -> list[Sent]:
    """Send every task to both arms, `_AT_ONCE` at a time; half-way, one vendor breaks."""
    half = len(tasks) // 2
    sent = await _send(client, tasks[:half], before_break=True, progress=progress)
    await asyncio.to_thread(break_a_vendor)
    return sent + await _send(client, tasks[half:], before_break=False, progress=progress)


async def _send(
    client: AsyncOpenAI, tasks: Sequence[CheckableTask], *, before_break: bool, progress: Callable[[], None]
) -> list[Sent]:
    room = asyncio.Semaphore(_AT_ONCE)

    async def one(task: CheckableTask, arm: Arm) -> Sent:
        async with room:
            sent = await _one(client, task, arm, before_break)
        progress()
        return sent

    arms: tuple[Arm, ...] = ("strongest", "routed")
    return list(await asyncio.gather(*(one(task, arm) for task in tasks for arm in arms)))


async def _one(client: AsyncOpenAI, task: CheckableTask, arm: Arm, before_break: bool) -> Sent:
    from openai import APIError

    request: dict[str, Any] = task.request(MODELS[arm])
    books = {"team": task.tags["workload"], "user": f"demo-{arm}", "tags": {"arm": arm, **task.tags}}
    began = time.perf_counter()
    try:
        response = await client.chat.completions.with_raw_response.create(**request, extra_body={"podium": books})
    except APIError:
        return Sent(
            arm=arm, right=False, failed=True, cost=Decimal(0), seconds=time.perf_counter() - began, tier=None,
            attempts=0, before_break=before_break,
        )  # fmt: skip
    seconds = time.perf_counter() - began
    message = response.parse().choices[0].message.model_dump()
    right = await asyncio.to_thread(task.check_message, message)
    return Sent(
        arm=arm,
        right=right,
        failed=False,
        cost=Decimal(response.headers["x-podium-cost-usd"]),
        seconds=seconds,
        tier=_TIER_OF.get(response.headers["x-podium-model"]),
        attempts=int(response.headers["x-podium-attempts"]),
        before_break=before_break,
    )
