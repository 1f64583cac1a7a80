"""The one place that constructs: from settings and environment to a running engine.

Nothing here decides or serves; it asks who is there, builds each part once, and hands them to each other.
"""

from __future__ import annotations

import asyncio
import logging
import random as _random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from podium.core.clock import Clock, SystemClock
from podium.core.errors import ConfigError, ProviderError
from podium.core.events import Event, EventSink
from podium.core.ports import Environment, Provider
from podium.core.settings import Settings
from podium.models.catalog import Catalog, Deployment, Offer, PriceBook, build_catalog, unlisted
from podium.models.providers import (
    PRESETS,
    SIGNERS,
    Account,
    HttpProvider,
    LocalServer,
    Transport,
    WebFetcher,
    WebFiles,
    accounts,
    find_local_servers,
)
from podium.policies.profile import HeuristicProfiler
from podium.policies.routing import Router
from podium.records.ledger.recorder import Ledger
from podium.records.responses import KeptResponses
from podium.records.store import open_store
from podium.records.telemetry import PrometheusExporter
from podium.runtime.engine import Engine, HealthBoard, Parts
from podium.runtime.latecomers import EMPTY, NO_ANSWER, Latecomers
from podium.runtime.roster import Lineup, Roster

log = logging.getLogger("podium")


class Runtime(Struct, frozen=True, kw_only=True):
    """A running Podium. Close it with `aclose()`."""

    settings: Settings
    engine: Engine
    roster: Roster
    providers: Mapping[str, Provider]
    ledger: Ledger
    responses: KeptResponses
    metrics: PrometheusExporter
    clock: Clock
    latecomers: Latecomers

    @property
    def catalog(self) -> Catalog:
        """What is usable at this moment: a list that comes late makes it a new one."""
        return self.roster.now.catalog

    @property
    def accounts(self) -> tuple[Account, ...]:
        """Who is there at this moment."""
        return self.roster.now.accounts

    async def aclose(self) -> None:
        """Close connections and drain the ledger."""
        try:
            await _close(self.latecomers, self.providers)
        finally:
            try:
                await asyncio.to_thread(self.ledger.close)
            except RuntimeError:
                # The program is ending, and threads are no longer lent out: nobody is left to be held up either.
                self.ledger.close()


async def _close(latecomers: Latecomers, providers: Mapping[str, Provider]) -> None:
    """Nobody asks any more, then every door is closed."""
    await latecomers.aclose()
    for provider in list(providers.values()):
        await provider.aclose()


async def assemble(
    settings: Settings,
    *,
    environ: Environment,
    clock: Clock | None = None,
    sinks: Sequence[EventSink] = (),
    random: Callable[[], float] | None = None,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Runtime:
    """Build everything. Raises ConfigError and StoreError; a provider that is down is noted, not fatal."""
    clock, random = clock or SystemClock(), random or _random.random
    known = await _known(settings, environ)
    for account in known:
        if account.problem is not None:
            log.warning("provider %s is left out: %s", account.name, account.problem)
    doors = {account.name: connect(account, settings) for account in known if account.usable}
    latecomers = Latecomers(doors=doors, sleep=sleep, random=random)
    try:
        roster = await _first_roster(settings, known, latecomers, clock)
        store = open_store(settings.store, clock=clock)
    except BaseException:
        await _close(latecomers, doors)
        raise
    ledger = Ledger(store, record_text=settings.record.text, clock=clock)
    metrics = PrometheusExporter()
    emit = _fan_out((metrics, *sinks))
    parts = Parts(
        providers=doors,
        find_deployment=roster.find,
        settings=settings.engine,
        timeouts={account.name: account.timeout_s for account in known if account.timeout_s is not None},
        health=HealthBoard(settings=settings.engine, clock=clock, emit=emit),
        ledger=ledger,
        emit=emit,
        clock=clock,
        random=random,
        sleep=sleep,
        keep_text=settings.record.text,
        bringer=WebFiles(WebFetcher()),
    )
    look = _Look(settings, environ, roster, doors) if settings.discover.local else None
    latecomers.go_on(roster.take, look=look)
    return Runtime(
        settings=settings,
        engine=Engine(profiler=HeuristicProfiler(), decider=roster, parts=parts),
        roster=roster,
        providers=doors,
        ledger=ledger,
        responses=KeptResponses(store),
        metrics=metrics,
        clock=clock,
        latecomers=latecomers,
    )


async def _first_roster(settings: Settings, known: tuple[Account, ...], latecomers: Latecomers, clock: Clock) -> Roster:
    """Raises ConfigError. A rule may name what only a slow list tells: before it is called a mistake, that list is
    waited for."""
    book = PriceBook()

    def build(accounts: tuple[Account, ...]) -> Lineup:
        return _lineup(settings, accounts, book, clock.now)

    soon = await latecomers.first_lists(known)
    try:
        return Roster(soon, build)
    except ConfigError:
        if (whole := await latecomers.whole_lists(known)) == soon:
            raise
        return Roster(whole, build)


def _lineup(settings: Settings, known: tuple[Account, ...], book: PriceBook, now: Callable[[], datetime]) -> Lineup:
    """What these accounts make together. Raises ConfigError."""
    catalog = catalog_of(settings, known, book, now())
    unlisted = _Unlisted(settings, [account for account in known if account.usable], book, now)
    router = Router(
        catalog=catalog,
        routes=settings.routes,
        routing=settings.routing,
        privacy=settings.privacy,
        unlisted=unlisted,
        absent=_absent(settings, known),
    )
    return Lineup(accounts=known, catalog=catalog, router=router, unlisted=unlisted)


class _Look:
    """Takes in local servers that were started after the gateway."""

    def __init__(
        self, settings: Settings, environ: Environment, roster: Roster, doors: dict[str, HttpProvider]
    ) -> None:
        self._settings = settings
        self._environ = environ
        self._roster = roster
        self._doors = doors

    async def __call__(self) -> None:
        """Ask the usual ports of those that are not here yet."""
        here = {account.preset.name for account in self._roster.now.accounts}
        there = await find_local_servers(preset for preset in PRESETS.values() if preset.name not in here)
        found = {server.preset.name for server in there}
        for account in _accounts(self._settings, self._environ, there) if found else ():
            if account.name in found and account.name not in self._doors:
                # The door first: a decision may name it as soon as it is in the catalog.
                self._doors[account.name] = connect(account, self._settings)
                if self._roster.take(account):
                    log.info("found %s at %s: %d models", account.name, account.found, len(account.listed))


async def survey(settings: Settings, *, environ: Environment, patience_s: float | None = None) -> tuple[Account, ...]:
    """Who is there: configuration, environment, local servers; those that must be asked for their models are asked,
    for `patience_s` seconds at most (None: as long as a list may take)."""
    known = await _known(settings, environ)
    return tuple(await asyncio.gather(*(_listed(account, settings, patience_s) for account in known)))


async def _known(settings: Settings, environ: Environment) -> tuple[Account, ...]:
    servers = await find_local_servers() if settings.discover.local else ()
    return _accounts(settings, environ, servers)


def _accounts(settings: Settings, environ: Environment, servers: Sequence[LocalServer]) -> tuple[Account, ...]:
    return accounts(
        settings.providers,
        environ=environ,
        use_environment=settings.discover.environment,
        local_servers=servers,
    )


async def _listed(account: Account, settings: Settings, patience_s: float | None) -> Account:
    if not (account.usable and account.lists_itself):
        return account
    provider = connect(account, settings)
    try:
        listed = await asyncio.wait_for(provider.list_models(), patience_s)
    except TimeoutError:
        return account.awaiting(NO_ANSWER)
    except ProviderError as error:
        log.warning("%s did not list its models (%s); only those under `models` are known", account.name, error)
        return account.awaiting(NO_ANSWER)
    finally:
        await provider.aclose()
    return account.with_listed(listed) if listed else account.awaiting(EMPTY)


def catalog_of(settings: Settings, known: Sequence[Account], book: PriceBook, when: datetime) -> Catalog:
    """The catalog of the usable accounts, with the configuration's last word."""
    return build_catalog(
        [_offer(account) for account in known if account.usable],
        settings.models,
        book,
        when,
        absent=_absent(settings, known),
    )


def _absent(settings: Settings, known: Sequence[Account]) -> frozenset[str]:
    """Providers that are named but not usable now, or whose models are not known yet: rules and model settings may
    speak of them."""
    down = {account.name for account in known if not account.usable or account.awaits is not None}
    return frozenset(down | {name for name, provider in settings.providers.items() if not provider.enabled})


def _offer(account: Account) -> Offer:
    return Offer(
        provider=account.name,
        preset=account.preset.name,
        locality=account.locality,
        models=account.models,
        contexts={name: model.context for name, model in account.listed.items() if model.context is not None},
        listed=account.listed,
        marketplace=account.preset.marketplace,
    )


def connect(account: Account, settings: Settings) -> HttpProvider:
    """The door to one account; opens no connection yet."""
    return HttpProvider(
        name=account.name,
        base_url=account.base_url,
        wires=account.preset.wires,
        auth=account.preset.auth,
        transport=Transport(
            connect_timeout_s=settings.engine.connect_timeout_s,
            silence_timeout_s=account.timeout_s or settings.engine.timeout_s,
            direct=account.locality == "local",
        ),
        key=account.key,
        headers=account.headers,
        listings=account.listings,
        signer=None if account.signing is None else SIGNERS[account.preset.auth](account.signing),
    )


class _Unlisted:
    """Deployments for `provider/any-name`, on the caller's word; never one the configuration leaves out."""

    def __init__(
        self, settings: Settings, usable: Sequence[Account], book: PriceBook, now: Callable[[], datetime]
    ) -> None:
        limited = {name for name, provider in settings.providers.items() if provider.models is not None}
        self._offers = {account.name: _offer(account) for account in usable if account.name not in limited}
        self._left_out = frozenset(name for name, model in settings.models.items() if not model.enabled)
        self._book = book
        self._now = now

    def __call__(self, provider: str, model: str = "") -> Deployment | None:
        offer = self._offers.get(provider)
        if offer is None or not model:
            return None
        deployment = unlisted(offer, model, self._book, self._now())
        names = {f"{provider}/{name}" for name in deployment.names}
        return None if names & self._left_out else deployment


def _fan_out(sinks: Sequence[EventSink]) -> EventSink:
    """One sink for many."""
    if len(sinks) == 1:
        return sinks[0]

    def emit(event: Event) -> None:
        for sink in sinks:
            sink(event)

    return emit


__all__ = ["Runtime", "assemble", "catalog_of", "connect", "survey"]
