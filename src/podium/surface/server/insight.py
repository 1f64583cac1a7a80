"""What Podium tells about itself: is it well, what models and providers there are, why it decided, what it cost."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from podium.core.errors import InvalidRequest, UnknownModel
from podium.core.ids import new_id
from podium.core.version import VERSION
from podium.models.dialects.dialect import Address, CallerDialect
from podium.records.ledger.costs import COST_KEYS
from podium.runtime.assembly import Runtime

from .asgi import read_body
from .asking import Asking
from .doors import header
from .listings import account_entry, deployment_entry

_encoder = msgspec.json.Encoder(decimal_format="string")
_FLUSH_S = 1.0
"""How long a question waits for what is still to be written: under steady traffic something always is."""
_WELCOME = f"""Podium {VERSION}

  POST /v1/chat/completions     OpenAI chat: point any OpenAI client's base_url at /v1
  POST /v1/responses            OpenAI responses
  POST /v1/embeddings           OpenAI embeddings
  POST /v1/audio/transcriptions OpenAI transcriptions (multipart)
  POST /v1/messages             Anthropic: point its client's base_url here; also /v1/messages/count_tokens
  POST /v1beta/models/NAME:generateContent    Gemini: point its client's base_url here; also
                                :streamGenerateContent and :countTokens
  GET  /v1/models               what can be asked for, in OpenAI's or Anthropic's shape; /v1beta/models in Gemini's
  POST /podium/v1/explain       the decision for a request, no call made; ?dialect= for another than OpenAI chat
  GET  /podium/v1/explain/ID    a decision made before, by its x-podium-decision
  GET  /podium/v1/models        models with tier, price, capabilities
  GET  /podium/v1/providers     providers and what they lack
  GET  /podium/v1/costs?by=...  costs by task, user, team, provider or model
  GET  /metrics /healthz /readyz
"""


class _UnknownDecision(UnknownModel):
    """The ledger has no such decision."""

    code = "decision_not_found"


def json_answer(value: Any, *, status: int = 200) -> Response:
    return Response(_encoder.encode(value), status, media_type="application/json")


class Insight:
    """The routes that answer from what the runtime knows."""

    def __init__(self, runtime: Runtime, wires: Mapping[str, CallerDialect]) -> None:
        self._runtime = runtime
        self._wires = wires
        self._asking = Asking(runtime)
        self._limit = int(runtime.settings.server.max_body_mb * 1_000_000)

    def routes(self) -> list[Route]:
        return [
            Route("/", self._welcome),
            Route("/healthz", self._healthz),
            Route("/readyz", self._readyz),
            Route("/metrics", self._metrics),
            Route("/podium/v1/explain", self._explain, methods=["POST"]),
            Route("/podium/v1/explain/{decision}", self._explained),
            Route("/podium/v1/models", self._models),
            Route("/podium/v1/providers", self._providers),
            Route("/podium/v1/costs", self._costs),
        ]

    # --- is it well ------------------------------------------------------------------------------------------------

    async def _welcome(self, _request: Request) -> Response:
        return PlainTextResponse(_WELCOME)

    async def _healthz(self, _request: Request) -> Response:
        """The process is up and its loop turns."""
        return json_answer({"status": "ok", "version": VERSION})

    async def _readyz(self, _request: Request) -> Response:
        """It can answer: at least one model is usable."""
        count = len(self._runtime.catalog.deployments)
        state = {"status": "ready" if count else "no usable model", "models": count}
        state["unrecorded"] = self._runtime.ledger.pending
        if not count:
            state["remedy"] = "Set a provider's key, start a local model server, or describe one in podium.yaml."
        return json_answer(state, status=200 if count else 503)

    async def _metrics(self, _request: Request) -> Response:
        body, content_type = self._runtime.metrics.render()
        return Response(body, headers={"content-type": content_type})

    # --- what there is ---------------------------------------------------------------------------------------------

    async def _models(self, _request: Request) -> Response:
        now = self._runtime.clock.now()
        return json_answer({"models": [deployment_entry(item, now) for item in self._runtime.catalog.deployments]})

    async def _providers(self, _request: Request) -> Response:
        return json_answer({"providers": [account_entry(account) for account in self._runtime.accounts]})

    # --- why and how much ------------------------------------------------------------------------------------------

    async def _explain(self, request: Request) -> Response:
        """The decision for a request in any dialect: `?dialect=gemini`, whose model then stands in `?model=`."""
        query = request.query_params
        name = query.get("dialect", "openai-chat")
        wire = self._wires.get(name)
        if wire is None:
            raise InvalidRequest(
                f"There is no dialect {name!r}.", remedy=f"Use {', '.join(self._wires)}.", param="dialect"
            )
        body = await read_body(request.receive, request.scope["headers"], self._limit)
        media_type = header(request.scope, b"content-type") or "application/json"
        named = query.get("model") or ("auto" if name == "gemini" else None)
        incoming = wire.read_request(body, Address(model=named, media_type=media_type))
        task = self._asking.task_of(incoming, request.scope["headers"], new_id("tsk"))
        return json_answer(self._runtime.engine.explain(task))

    async def _explained(self, request: Request) -> Response:
        number = request.path_params["decision"]
        found = await asyncio.to_thread(self._written_decision, number)
        if found is None:
            raise _UnknownDecision(
                f"There is no decision {number!r} in the ledger.",
                remedy="Take the identifier from an answer's x-podium-decision header.",
            )
        return json_answer(found)

    async def _costs(self, request: Request) -> Response:
        by = request.query_params.get("by", "task")
        if by not in COST_KEYS:
            raise InvalidRequest(f"Costs cannot be told by {by!r}.", remedy=f"Use {', '.join(COST_KEYS)}.", param="by")
        since = _moment(request, "since") or datetime.now(UTC) - timedelta(days=30)
        until = _moment(request, "until")
        await asyncio.to_thread(self._runtime.ledger.flush, _FLUSH_S)
        rows = await asyncio.to_thread(self._runtime.ledger.costs, by, since=since, until=until)
        return json_answer({"by": by, "since": since, "rows": rows})

    def _written_decision(self, number: str) -> dict[str, Any] | None:
        """A decision made a moment ago may still wait to be written: ask for that first."""
        self._runtime.ledger.flush(_FLUSH_S)
        return self._runtime.ledger.decision(number)


def _moment(request: Request, name: str) -> datetime | None:
    given = request.query_params.get(name)
    if given is None:
        return None
    try:
        moment = datetime.fromisoformat(given)
    except ValueError as exc:
        raise InvalidRequest(
            f"`{name}` is not a date: {given!r}.", remedy="Write 2030-01-31 or 2030-01-31T12:00:00Z.", param=name
        ) from exc
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
