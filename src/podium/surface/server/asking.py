"""From a caller's request to a task."""

from __future__ import annotations

from podium.core.errors import InvalidRequest
from podium.core.tasks import Task
from podium.models.dialects import Incoming
from podium.models.dialects.caller_fields import CallerFields, with_headers
from podium.runtime.assembly import Runtime

from .asgi import Headers

_LONGEST_NAME = 256
_MOST_TAGS = 64


class Asking:
    """Makes tasks of requests."""

    def __init__(self, runtime: Runtime) -> None:
        self._clock = runtime.clock
        self._settings = runtime.settings

    def user_of(self, incoming: Incoming, headers: Headers) -> str | None:
        """Who asks, where the request says. Raises InvalidRequest."""
        return with_headers(incoming.fields, headers).user or incoming.user

    def task_of(self, incoming: Incoming, headers: Headers, number: str, keeper: str | None = None) -> Task:
        """The task a request asks for, under this identifier. Raises InvalidRequest."""
        fields = with_headers(incoming.fields, headers)
        _check_lengths(incoming, fields)
        return Task(
            id=number,
            messages=incoming.messages,
            received_at=self._clock.now(),
            model=incoming.model,
            operation=incoming.operation,
            keeper=keeper,
            options=incoming.options,
            requirements=fields.requirements(),
            priority=fields.priority or self._settings.priority_on(incoming.model),
            sensitivity=fields.sensitivity,
            task_type=fields.task_type,
            tags=fields.tags,
            user=fields.user or incoming.user,
            team=fields.team,
            payload=incoming.payload,
        )


def _check_lengths(incoming: Incoming, fields: CallerFields) -> None:
    """Names go into indexes, metrics and every ledger row, so they must be names and not texts."""
    user = fields.user or incoming.user
    for param, name in (("model", incoming.model), ("user", user), ("podium.team", fields.team)):
        if name is not None and len(name) > _LONGEST_NAME:
            raise InvalidRequest(
                f"`{param}` has {len(name):,} characters.",
                remedy=f"Use a name of {_LONGEST_NAME} characters at most.",
                param=param,
            )
    tags = fields.tags
    if tags and (len(tags) > _MOST_TAGS or any(len(n) + len(v) > 2 * _LONGEST_NAME for n, v in tags.items())):
        raise InvalidRequest(
            "`podium.tags` has too many or too long tags.",
            remedy=f"Send {_MOST_TAGS} at most, each no longer than {2 * _LONGEST_NAME} characters with its value.",
            param="podium.tags",
        )
