"""The lists of models that each API's clients ask for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from podium.core.errors import UnknownModel
from podium.runtime.assembly import Runtime

from .doors import marked_family
from .insight import json_answer
from .listings import anthropic_entries, anthropic_page, gemini_entries, gemini_page, model_entries


class ModelPages:
    """`/v1/models` in the shape of the API whose client asks, OpenAI's by default; `/v1beta/models` in Gemini's."""

    def __init__(self, runtime: Runtime, started: datetime) -> None:
        self._runtime = runtime
        self._started = started

    def routes(self) -> list[Route]:
        return [
            Route("/v1/models", self._list),
            Route("/v1/models/{name:path}", self._one),
            Route("/v1beta/models", self._gemini_list),
            Route("/v1beta/models/{name:path}", self._gemini_one),
        ]

    async def _list(self, request: Request) -> Response:
        match marked_family(request.scope):
            case "anthropic":
                entries = anthropic_entries(self._runtime, self._started)
                return json_answer(anthropic_page(entries, request.query_params))
            case "gemini":
                return await self._gemini_list(request)
            case _:
                return json_answer({"object": "list", "data": model_entries(self._runtime, self._started)})

    async def _one(self, request: Request) -> Response:
        name = request.path_params["name"]
        match marked_family(request.scope):
            case "anthropic":
                return self._entry(anthropic_entries(self._runtime, self._started), "id", name)
            case "gemini":
                return await self._gemini_one(request)
            case _:
                return self._entry(model_entries(self._runtime, self._started), "id", name)

    async def _gemini_list(self, request: Request) -> Response:
        return json_answer(gemini_page(gemini_entries(self._runtime), request.query_params))

    async def _gemini_one(self, request: Request) -> Response:
        return self._entry(gemini_entries(self._runtime), "name", "models/" + request.path_params["name"])

    def _entry(self, entries: list[dict[str, Any]], key: str, name: str) -> Response:
        for entry in entries:
            if entry[key] == name:
                return json_answer(entry)
        plain = name.removeprefix("models/")
        close = self._runtime.catalog.like(plain)
        raise UnknownModel(
            f"There is no model {plain!r} here.",
            remedy=f"Did you mean {', '.join(close)}?" if close else "See GET /v1/models.",
            param="model",
        )
