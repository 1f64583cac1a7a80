"""Who is there and what they have, now: replaced as a whole when more becomes known while the gateway runs.

Catalog and router cannot be changed once they are made, so that a decision sees one state of things. What a list says
that came late makes new ones, and this is the one place through which everybody reads them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from podium.core.errors import ConfigError
from podium.core.health import Standing
from podium.core.tasks import Decision, Profile, Task
from podium.models.catalog import Catalog, Deployment
from podium.models.providers import Account

log = logging.getLogger("podium")


class Decides(Protocol):
    """What orders candidates."""

    def decide(self, task: Task, profile: Profile, *, now: datetime, standing: Mapping[str, Standing]) -> Decision: ...


class Lineup(Struct, frozen=True, kw_only=True):
    """One state of things: the accounts, and what was made of them together."""

    accounts: tuple[Account, ...]
    catalog: Catalog
    router: Decides
    unlisted: Callable[[str, str], Deployment | None]
    """A deployment on the caller's word; see `models.catalog.unlisted`."""


class Roster:
    """Holds the line-up of this moment. One per process; for the event loop's thread alone."""

    def __init__(self, accounts: tuple[Account, ...], build: Callable[[tuple[Account, ...]], Lineup]) -> None:
        """`build` makes a line-up of accounts. Raises what it raises: ConfigError, for rules that cannot hold."""
        self._build = build
        self.now = build(accounts)

    def decide(self, task: Task, profile: Profile, *, now: datetime, standing: Mapping[str, Standing]) -> Decision:
        """As the router of this moment decides."""
        return self.now.router.decide(task, profile, now=now, standing=standing)

    def find(self, deployment_id: str) -> Deployment | None:
        """The deployment with this `provider/model`, unlisted ones included."""
        lineup = self.now
        provider, _, model = deployment_id.partition("/")
        return lineup.catalog.get(deployment_id) or lineup.unlisted(provider, model)

    def take(self, *more: Account) -> bool:
        """Take these in, each in place of its namesake or as the last. False where the configuration does not fit what
        is known now: everything then stays as it was, and the log says why."""
        accounts = {account.name: account for account in self.now.accounts}
        accounts |= {account.name: account for account in more}
        try:
            self.now = self._build(tuple(accounts.values()))
        except ConfigError as error:
            names = ", ".join(account.name for account in more)
            log.warning("what %s lists is not taken in, for the configuration does not fit it: %s", names, error)
            return False
        return True
