"""A gateway over scripted providers of every wire, and what is true of every answer of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from msgspec import Struct
from wire_callers import Caller, Heard, events_in
from wire_forms import TEXT, WIRES
from wire_upstream import Step, Upstream

from podium.core.settings import EngineSettings, ModelSettings, PriceSettings, ProviderSettings
from podium.testing import SimVendor

PRICE_IN, PRICE_OUT = Decimal(2), Decimal(8)
"""Dollars for a million tokens at the bad providers; the good ones are three times as dear, so they come second."""


class Stage(Struct, frozen=True, kw_only=True):
    """One gateway over scripted providers: of each wire `bad-WIRE`, asked first, and `good-WIRE` behind it."""

    gateway: Any
    upstream: Upstream

    def plays(self, wire: str, script: Sequence[Step], *, behind: Sequence[Step] = ()) -> None:
        """What the bad provider does from now on, and the good one."""
        self.upstream.scripts[f"bad-{wire}"] = script
        self.upstream.scripts[f"good-{wire}"] = behind

    def ask(self, caller: Caller, model: str, *, stream: bool, tools: bool = False) -> Any:
        path = caller.path(model, stream=stream)
        return self.gateway.post(caller.body(model, stream=stream, tools=tools), path)

    def settled(self, answer: Any) -> dict[str, Any]:
        """The one entry of what was asked."""
        return dict(self.gateway.recorded(answer.headers["x-podium-decision"]))


@contextmanager
def scripted(start: Any, *, timeout_s: float = 10.0) -> Iterator[Stage]:
    """A stage; `start` is a `Starter` of the gateway tests. No failure is remembered from one test to the next."""
    upstream = Upstream()
    providers: dict[str, ProviderSettings] = {}
    models: dict[str, ModelSettings] = {}
    for wire in WIRES:
        version = "v1beta" if wire == "gemini" else "v1"
        for kind, factor in (("bad", 1), ("good", 3)):
            name = f"{kind}-{wire}"
            providers[name] = ProviderSettings(
                base_url=f"{upstream.address}/{name}/{version}",
                dialect=wire,  # type: ignore[arg-type]  # one of the four
                models=(f"m-{wire}",),
            )
            models[f"{name}/m-{wire}"] = ModelSettings(
                tier=1,
                price=PriceSettings(input=PRICE_IN * factor, output=PRICE_OUT * factor),
                capabilities=("text", "tools"),
                context=100_000,
            )
    engine = EngineSettings(timeout_s=timeout_s, backoff_ms=1, rest_s=1e-6)
    try:
        gateway = start(SimVendor(name="unused", models=()), more=providers, models=models, engine=engine)
        yield Stage(gateway=gateway, upstream=upstream)
    finally:
        upstream.close()


def told_of(message: str, provider: str) -> None:
    assert provider in message, message
    assert "Traceback" not in message
    assert "Podium failed on its own account" not in message


def is_clear_error(stage: Stage, caller: Caller, answer: Any, provider: str, kinds: set[str]) -> None:
    """An error instead of an answer: shape, status, provider, remedy; settled once, as what it was."""
    assert answer.status >= 400, answer.text
    assert answer.headers["content-type"] == "application/json"
    error = caller.error_of(answer.json(), answer.status)
    told_of(error["message"], provider)
    assert caller.remedy_of(error)
    kept = stage.settled(answer)
    assert (kept["status"], kept["served"]) == ("failed", None)
    assert kept["cost_usd"] is not None
    assert {call["failure"] for call in kept["attempts"]} <= kinds, kept["attempts"]


def answered_by_the_next(stage: Stage, answer: Any, wire: str, kinds: set[str]) -> None:
    assert answer.status == 200, answer.text
    assert answer.headers["x-podium-provider"] == f"good-{wire}"
    kept = stage.settled(answer)
    assert kept["status"] == "ok"
    tried = [(call["deployment"], call["failure"]) for call in kept["attempts"]]
    assert tried[-1] == (f"good-{wire}/m-{wire}", None)
    assert {deployment for deployment, _ in tried[:-1]} == {f"bad-{wire}/m-{wire}"}
    assert {failure for _, failure in tried[:-1]} <= kinds, tried


def fine(stage: Stage, caller: Caller, answer: Any, wire: str, *, text: str = TEXT) -> Heard:
    """A whole stream of the bad provider, well after all."""
    assert answer.status == 200, answer.text
    heard = caller.heard(events_in(answer.content))
    assert heard.error is None
    assert heard.text == text
    assert heard.ended
    kept = stage.settled(answer)
    assert kept["status"] == "ok", kept
    assert [call["failure"] for call in kept["attempts"]] == [None]
    assert kept["attempts"][0]["deployment"] == f"bad-{wire}/m-{wire}"
    return heard


def cost(usage: Any) -> Decimal:
    return (usage["input"] * PRICE_IN + usage["output"] * PRICE_OUT) / 1_000_000
