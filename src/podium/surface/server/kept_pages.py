"""Kept answers by their identifier: shown, listed by what led to them, forgotten, each by its own user only.

Source: the OpenAI API reference, "Responses" section.
"""

from __future__ import annotations

from typing import Literal

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from podium.core.errors import InvalidRequest, RequestError
from podium.models.dialects.caller_fields import NO_FIELDS, with_headers
from podium.models.dialects.openai_responses import list_input
from podium.records.responses import Kept

from .insight import json_answer
from .keeping import Memory
from .slips import NotOffered

_ORDERS: dict[str, Literal["asc", "desc"]] = {"asc": "asc", "desc": "desc"}


class _UnknownResponse(RequestError):
    """No such answer is kept."""

    status = 404
    code = "response_not_found"

    def __init__(self, number: str) -> None:
        super().__init__(
            f"Response with id '{number[:100]}' not found.",
            remedy="Podium keeps answers for `record.responses_h` hours, unless `store` is false or they are "
            "confidential, and shows them to the user who asked: name that user in x-podium-user.",
            param="response_id",
        )


class KeptPages:
    """`/v1/responses/ID` and what hangs below it."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def routes(self) -> list[Route]:
        return [
            Route("/v1/responses/{number}", self._show, methods=["GET"]),
            Route("/v1/responses/{number}", self._forget, methods=["DELETE"]),
            Route("/v1/responses/{number}/input_items", self._input),
            Route("/v1/responses/{number}/cancel", self._cancel, methods=["POST"]),
        ]

    async def _found(self, request: Request) -> Kept:
        number = request.path_params["number"]
        kept = await self._memory.find(number, with_headers(NO_FIELDS, request.scope["headers"]).user)
        if kept is None:
            raise _UnknownResponse(number)
        return kept

    async def _show(self, request: Request) -> Response:
        if request.query_params.get("stream", "false").lower() == "true":
            raise InvalidRequest(
                "A kept answer is shown whole.", remedy="Leave `stream` out of the address.", param="stream"
            )
        return Response((await self._found(request)).body, media_type="application/json")

    async def _input(self, request: Request) -> Response:
        kept = await self._found(request)
        query = request.query_params
        limit = query.get("limit", "20")
        order = _ORDERS.get(query.get("order", "desc"))
        if not (limit.isascii() and limit.isdigit()):
            raise InvalidRequest(f"`limit` is not a number: {limit[:40]!r}.", remedy="Use 1 to 100.", param="limit")
        if order is None:
            raise InvalidRequest("`order` must be asc or desc.", remedy="Leave it out for desc.", param="order")
        page = list_input(kept.items, kept.id, limit=int(limit[:9]), order=order, after=query.get("after"))
        return Response(page, media_type="application/json")

    async def _forget(self, request: Request) -> Response:
        kept = await self._found(request)
        await self._memory.forget(kept.id, kept.user)
        return json_answer({"id": kept.id, "object": "response", "deleted": True})

    async def _cancel(self, _request: Request) -> Response:
        raise NotOffered(
            "Podium runs no answers in the background, so there is none to cancel.",
            remedy="Close the connection of a request to end it.",
        )
