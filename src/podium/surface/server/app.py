"""The gateway as one ASGI application: the chat path directly, everything else through Starlette."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from podium.core.errors import InvalidRequest, PodiumError, UnknownModel
from podium.core.version import VERSION
from podium.models.dialects import OpenAIChat
from podium.records.ledger.costs import COST_KEYS
from podium.runtime.assembly import Runtime

from .asgi import ClientLeft, Receive, Scope, Send, read_body
from .chat import ChatEndpoint, unforeseen
from .listings import account_entry, deployment_entry, model_entries

_encoder = msgspec.json.Encoder(decimal_format="string")
_FLUSH_S = 1.0
"""How long a question waits for what is still to be written: under steady traffic something always is."""
_WELCOME = f"""Podium {VERSION}

  POST /v1/chat/completions     OpenAI chat: point any OpenAI client's base_url here
  GET  /v1/models               what can be asked for
  POST /podium/v1/explain       the decision for a request, no call made
  GET  /podium/v1/explain/ID    a decision made before, by its x-podium-decision
  GET  /podium/v1/models        models with tier, price, capabilities
  GET  /podium/v1/providers     providers and what they lack
  GET  /podium/v1/costs?by=...  costs by task, user, team, provider or model
  GET  /metrics /healthz /readyz
"""


class _UnknownDecision(UnknownModel):
    """The ledger has no such decision."""

    code = "decision_not_found"


class Gateway:
    """The ASGI application."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._wire = OpenAIChat()
        self._chat = ChatEndpoint(runtime, self._wire)
        self._started = runtime.clock.now()
        self._rest = Starlette(
            routes=[
                Route("/", self._welcome),
                Route("/healthz", self._healthz),
                Route("/readyz", self._readyz),
                Route("/metrics", self._metrics),
                Route("/v1/models", self._models),
                Route("/v1/models/{name:path}", self._model),
                Route("/podium/v1/explain", self._explain, methods=["POST"]),
                Route("/podium/v1/explain/{decision}", self._explained),
                Route("/podium/v1/models", self._podium_models),
                Route("/podium/v1/providers", self._podium_providers),
                Route("/podium/v1/costs", self._podium_costs),
            ],
            exception_handlers={
                PodiumError: self._podium_error,
                HTTPException: self._http_error,
                ClientLeft: self._nobody_there,
                Exception: self._bug,
            },
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/v1/chat/completions":
            await self._chat(scope, receive, send)
        else:
            await self._rest(scope, receive, send)

    # --- is it well ------------------------------------------------------------------------------------------------

    async def _welcome(self, _request: Request) -> Response:
        return PlainTextResponse(_WELCOME)

    async def _healthz(self, _request: Request) -> Response:
        """The process is up and its loop turns."""
        return _json({"status": "ok", "version": VERSION})

    async def _readyz(self, _request: Request) -> Response:
        """It can answer: at least one model is usable."""
        count = len(self._runtime.catalog.deployments)
        state = {"status": "ready" if count else "no usable model", "models": count}
        state["unrecorded"] = self._runtime.ledger.pending
        if not count:
            state["remedy"] = "Set a provider's key, start a local model server, or describe one in podium.yaml."
        return _json(state, status=200 if count else 503)

    async def _metrics(self, _request: Request) -> Response:
        body, content_type = self._runtime.metrics.render()
        return Response(body, headers={"content-type": content_type})

    # --- what there is ---------------------------------------------------------------------------------------------

    async def _models(self, _request: Request) -> Response:
        return _json({"object": "list", "data": model_entries(self._runtime, self._started)})

    async def _model(self, request: Request) -> Response:
        name = request.path_params["name"]
        for entry in model_entries(self._runtime, self._started):
            if entry["id"] == name:
                return _json(entry)
        close = self._runtime.catalog.like(name)
        raise UnknownModel(
            f"There is no model {name!r} here.",
            remedy=f"Did you mean {', '.join(close)}?" if close else "See GET /v1/models.",
            param="model",
        )

    async def _podium_models(self, _request: Request) -> Response:
        now = self._runtime.clock.now()
        return _json({"models": [deployment_entry(item, now) for item in self._runtime.catalog.deployments]})

    async def _podium_providers(self, _request: Request) -> Response:
        return _json({"providers": [account_entry(account) for account in self._runtime.accounts]})

    # --- why and how much ------------------------------------------------------------------------------------------

    async def _explain(self, request: Request) -> Response:
        body = await read_body(request.receive, request.scope["headers"], self._chat.limit)
        task = self._chat.task_of(self._wire.read_request(body), request.scope["headers"])
        return _json(self._runtime.engine.explain(task))

    async def _explained(self, request: Request) -> Response:
        number = request.path_params["decision"]
        found = await asyncio.to_thread(self._written_decision, number)
        if found is None:
            raise _UnknownDecision(
                f"There is no decision {number!r} in the ledger.",
                remedy="Take the identifier from an answer's x-podium-decision header.",
            )
        return _json(found)

    async def _podium_costs(self, request: Request) -> Response:
        by = request.query_params.get("by", "task")
        if by not in COST_KEYS:
            raise InvalidRequest(f"Costs cannot be told by {by!r}.", remedy=f"Use {', '.join(COST_KEYS)}.", param="by")
        since = _moment(request, "since") or datetime.now(UTC) - timedelta(days=30)
        until = _moment(request, "until")
        await asyncio.to_thread(self._runtime.ledger.flush, _FLUSH_S)
        rows = await asyncio.to_thread(self._runtime.ledger.costs, by, since=since, until=until)
        return _json({"by": by, "since": since, "rows": rows})

    def _written_decision(self, number: str) -> dict[str, Any] | None:
        """A decision made a moment ago may still wait to be written: ask for that first."""
        self._runtime.ledger.flush(_FLUSH_S)
        return self._runtime.ledger.decision(number)

    # --- errors ----------------------------------------------------------------------------------------------------

    async def _podium_error(self, _request: Request, error: Exception) -> Response:
        assert isinstance(error, PodiumError)
        return Response(self._wire.write_error(error), self._wire.http_status(error), media_type="application/json")

    async def _nobody_there(self, _request: Request, _error: Exception) -> Response:
        return Response(status_code=400)  # for the log of whoever stands in front; the caller has gone

    async def _bug(self, _request: Request, error: Exception) -> Response:
        described = unforeseen(error)
        return Response(self._wire.write_error(described), described.status, media_type="application/json")

    async def _http_error(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        described = PodiumError(
            f"{request.method} {request.url.path}: {error.detail}.", remedy="GET / lists what is here."
        )
        body = json.loads(self._wire.write_error(described))
        body["error"] |= {"type": "invalid_request_error", "code": error.detail.lower().replace(" ", "_")}
        return _json(body, status=error.status_code, headers=dict(error.headers or {}))


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


def _json(value: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(_encoder.encode(value), status, headers=headers, media_type="application/json")
