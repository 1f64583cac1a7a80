"""The one place that constructs: from settings and environment to a running engine.

Nothing here decides or serves; it asks who is there, builds each part once, and hands them to each other.
"""

from __future__ import annotations

import asyncio
import logging
import random as _random
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from podium.core.clock import Clock, SystemClock
from podium.core.errors import ProviderError
from podium.core.events import Event, EventSink
from podium.core.ports import Environment, Provider
from podium.core.settings import Settings
from podium.models.catalog import Catalog, Deployment, Offer, PriceBook, build_catalog, unlisted
from podium.models.providers import SIGNERS, Account, HttpProvider, Transport, accounts, find_local_servers
from podium.policies.profile import HeuristicProfiler
from podium.policies.routing import Router
from podium.records.ledger.recorder import Ledger
from podium.records.responses import KeptResponses
from podium.records.store import open_store
from podium.records.telemetry import PrometheusExporter
from podium.runtime.engine import Engine, HealthBoard, Parts

log = logging.getLogger("podium")


class Runtime(Struct, frozen=True, kw_only=True):
    """A running Podium. Close it with `aclose()`."""

    settings: Settings
    engine: Engine
    catalog: Catalog
    accounts: tuple[Account, ...]
    providers: Mapping[str, Provider]
    ledger: Ledger
    responses: KeptResponses
    metrics: PrometheusExporter
    clock: Clock

    async def aclose(self) -> None:
        """Close connections and drain the ledger."""
        try:
            for provider in self.providers.values():
                await provider.aclose()
        finally:
            try:
                await asyncio.to_thread(self.ledger.close)
            except RuntimeError:
                # The program is ending, and threads are no longer lent out: nobody is left to be held up either.
                self.ledger.close()


async def assemble(
    settings: Settings,
    *,
    environ: Environment,
    clock: Clock | None = None,
    sinks: Sequence[EventSink] = (),
    random: Callable[[], float] | None = None,
) -> Runtime:
    """Build everything. Raises ConfigError and StoreError; a provider that is down is noted, not fatal."""
    clock = clock or SystemClock()
    known = await survey(settings, environ=environ)
    usable = tuple(account for account in known if account.usable)
    for account in known:
        if account.problem is not None:
            log.warning("provider %s is left out: %s", account.name, account.problem)
    book = PriceBook()
    catalog = catalog_of(settings, known, book, clock.now())
    adhoc = _Unlisted(settings, usable, book, clock.now)
    router = Router(
        catalog=catalog,
        routes=settings.routes,
        routing=settings.routing,
        privacy=settings.privacy,
        unlisted=adhoc,
        absent=_absent(settings, known),
    )
    store = open_store(settings.store, clock=clock)
    ledger = Ledger(store, record_text=settings.record.text, clock=clock)
    metrics = PrometheusExporter()
    emit = _fan_out((metrics, *sinks))
    providers = {account.name: connect(account, settings) for account in usable}
    parts = Parts(
        providers=providers,
        find_deployment=lambda name: catalog.get(name) or adhoc(*name.split("/", 1)),
        settings=settings.engine,
        timeouts={account.name: account.timeout_s for account in usable if account.timeout_s is not None},
        health=HealthBoard(settings=settings.engine, clock=clock, emit=emit),
        ledger=ledger,
        emit=emit,
        clock=clock,
        random=random or _random.random,
        sleep=asyncio.sleep,
        keep_text=settings.record.text,
    )
    engine = Engine(profiler=HeuristicProfiler(), decider=router, parts=parts)
    return Runtime(
        settings=settings,
        engine=engine,
        catalog=catalog,
        accounts=known,
        providers=providers,
        ledger=ledger,
        responses=KeptResponses(store),
        metrics=metrics,
        clock=clock,
    )


async def survey(settings: Settings, *, environ: Environment) -> tuple[Account, ...]:
    """Who is there: configuration, environment, local servers; those that must be asked for their models are asked."""
    servers = await find_local_servers() if settings.discover.local else ()
    known = accounts(
        settings.providers,
        environ=environ,
        use_environment=settings.discover.environment,
        local_servers=servers,
    )
    return tuple(await asyncio.gather(*(_listed(account, settings) for account in known)))


async def _listed(account: Account, settings: Settings) -> Account:
    if not (account.usable and account.lists_itself):
        return account
    provider = connect(account, settings)
    try:
        return account.with_listed(await provider.list_models())
    except ProviderError as error:
        log.warning("%s did not list its models (%s); only those under `models` are known", account.name, error)
        return account if account.models is not None else replace(account, models=())
    finally:
        await provider.aclose()


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
    """Providers that are named but not usable now: rules and model settings may speak of them."""
    down = {account.name for account in known if not account.usable}
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
