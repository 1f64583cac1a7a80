"""Whether each provider can be reached, takes its key and has models: what `podium providers check` tells.

A list of models is free everywhere it exists. The one call that costs money is made only when asked for, with the
cheapest model the catalog knows there and an answer of a few tokens.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

from msgspec import Struct
from msgspec.structs import replace

from podium.core.clock import Clock, SystemClock
from podium.core.errors import ConfigError, FailureKind, ProviderError
from podium.core.ids import new_id
from podium.core.messages import Message, Options, TextPart
from podium.core.ports import Call, Environment, ListedModel
from podium.core.settings import Settings
from podium.core.tasks import Locality, Task
from podium.core.usage import Money
from podium.models.catalog import Deployment, PriceBook
from podium.models.providers import Account, HttpProvider, accounts, find_local_servers

from .assembly import catalog_of, connect
from .engine.costing import cost_of

_QUESTION = "Reply with the word ok."
_LONGEST_ANSWER = 5
_CALL_S = 30.0
_NO_DOOR = frozenset({FailureKind.UNREACHABLE, FailureKind.TIMEOUT})
_NO_ENTRY = frozenset({FailureKind.CREDENTIAL, FailureKind.BILLING})


class PaidCall(Struct, frozen=True, kw_only=True):
    """One tiny call and what became of it."""

    model: str
    ok: bool
    latency_ms: float
    cost: Money | None = None
    """None where the price is unknown, or nothing was sent."""
    problem: str | None = None


class Checked(Struct, frozen=True, kw_only=True):
    """One provider, checked. None: not found out."""

    name: str
    title: str
    base_url: str
    locality: Locality
    ok: bool | None
    """Nothing that was tried failed; None where nothing was tried."""
    reachable: bool | None = None
    credential: bool | None = None
    """Whether the key was taken; None also where none is needed, and where nobody asked for it."""
    models: int | None = None
    latency_ms: float | None = None
    """Of the free call."""
    paid: PaidCall | None = None
    problem: str | None = None
    remedy: str = ""


async def check_providers(
    settings: Settings,
    *,
    environ: Environment,
    names: Collection[str] = (),
    paid: bool = False,
    clock: Clock | None = None,
) -> tuple[Checked, ...]:
    """Check these providers, or all there are, at the same time. Raises ConfigError for a name nobody configured."""
    clock = clock or SystemClock()
    servers = await find_local_servers() if settings.discover.local else ()
    known = accounts(
        settings.providers,
        environ=environ,
        use_environment=settings.discover.environment,
        local_servers=servers,
    )
    if unknown := sorted(set(names) - {account.name for account in known}):
        raise ConfigError(
            f"there is no provider `{unknown[0]}` here.",
            remedy=f"Known: {', '.join(account.name for account in known) or 'none'}.",
        )
    chosen = [account for account in known if not names or account.name in names]
    return tuple(await asyncio.gather(*(_checked(account, settings, clock, paid=paid) for account in chosen)))


async def _checked(account: Account, settings: Settings, clock: Clock, *, paid: bool) -> Checked:
    plain = Checked(
        name=account.name,
        title=account.preset.title,
        base_url=account.base_url,
        locality=account.locality,
        ok=False,
    )
    if account.problem is not None:
        return replace(plain, credential=False if account.key is None else None, problem=account.problem)
    provider = connect(account, settings)
    try:
        found, listed = await _listed(provider, account, settings, plain, clock)
        if not paid or found.reachable is False or found.credential is False:
            return found
        return await _with_paid_call(provider, account, found, listed, settings, clock)
    finally:
        await provider.aclose()


async def _listed(
    provider: HttpProvider, account: Account, settings: Settings, plain: Checked, clock: Clock
) -> tuple[Checked, Sequence[ListedModel]]:
    """What the free call tells."""
    if not account.listings:
        return replace(plain, ok=None, problem=_NOTHING_FREE, remedy=_PROVE), ()
    began = clock.monotonic()
    try:
        listed = await provider.list_models()
    except ProviderError as error:
        found = _failed(plain, error)
        return replace(found, remedy=_listing_remedy(account, error), latency_ms=_since(began, clock)), ()
    taken = _since(began, clock)
    found = replace(plain, ok=True, reachable=True, models=len(listed), latency_ms=taken)
    if _keyed(account):
        proven = await _asks_for_keys(account, settings)
        found = replace(found, credential=True) if proven else replace(found, problem=_KEY_UNTRIED, remedy=_PROVE)
    missing = sorted(set(account.models or ()) - {model.name for model in listed}) if account.models else []
    if missing and listed and account.preset.name != "azure":
        found = replace(
            found,
            ok=False,
            problem=f"it does not list {', '.join(missing[:3])}{' ...' if len(missing) > 3 else ''}",
            remedy=f"Correct providers.{account.name}.models.",
        )
    return found, listed


_PROVE = "--paid proves it, with one tiny call."
_NOTHING_FREE = "it has no list that costs nothing, so nothing was tried."
_KEY_UNTRIED = "it lists its models without a key too, so the key was not tried."
_REFUSED = frozenset({*_NO_ENTRY, FailureKind.BAD_REQUEST, FailureKind.NOT_FOUND})


async def _asks_for_keys(account: Account, settings: Settings) -> bool:
    """Whether the list just shown is kept from those without a key: only then it says something of the key."""
    if account.signing is not None:
        return True  # clouds that want signatures show nothing without one
    nameless = {name: value for name, value in account.headers.items() if name.lower() not in _KEY_HEADERS}
    provider = connect(replace(account, key=None, headers=nameless), settings)
    try:
        await provider.list_models()
    except ProviderError as error:
        return error.kind in _REFUSED
    finally:
        await provider.aclose()
    return False


_KEY_HEADERS = frozenset({"authorization", "x-api-key", "x-goog-api-key", "api-key"})


def _keyed(account: Account) -> bool:
    """Whether its calls prove who pays, by whatever means."""
    if account.key is not None or account.signing is not None:
        return True
    return any(name.lower() in _KEY_HEADERS for name in account.headers)


def _listing_remedy(account: Account, error: ProviderError) -> str:
    """What to do about a list that did not come. The errors' own remedies speak of calls to a model."""
    remedy = _LISTING_REMEDIES.get(error.kind)
    # A redirect, and a key that was never sent, say themselves what to do.
    own = error.kind is FailureKind.CREDENTIAL and error.http_status is None
    if remedy is None or own or (error.http_status is not None and 300 <= error.http_status < 400):
        return error.remedy
    wait = f"{error.retry_after_s:.0f} s" if error.retry_after_s else "a while"
    places = (f"providers.{account.name}.api_key", *account.preset.key_variables)
    return remedy.format(name=account.name, url=account.base_url, wait=wait, key=" or ".join(places))


_UNWELL = "It is there and unwell: wait {wait} and check again; its status page may say more."
_LISTING_REMEDIES: Mapping[FailureKind, str] = MappingProxyType(
    {
        FailureKind.NOT_FOUND: "There is no list of models below {url}: correct providers.{name}.base_url, which "
        "mostly ends in /v1.",
        FailureKind.BAD_REQUEST: "It did not understand the question for its models: correct "
        "providers.{name}.base_url, or its `dialect`.",
        FailureKind.TIMEOUT: "Something accepts connections at {url} and says nothing: restart it, wait until it has "
        "loaded its model, or correct providers.{name}.base_url.",
        FailureKind.RATE_LIMITED: "It takes no more calls just now: wait {wait} and check again, and see which limits "
        "the key's account has.",
        FailureKind.OVERLOADED: _UNWELL,
        FailureKind.SERVER_ERROR: _UNWELL,
        FailureKind.CREDENTIAL: "Check the key ({key}), what it may do, and that it belongs to {url}.",
    }
)


def _failed(plain: Checked, error: ProviderError) -> Checked:
    return replace(
        plain,
        ok=False,
        reachable=error.kind not in _NO_DOOR,
        credential=False if error.kind in _NO_ENTRY else None,
        problem=error.message,
        remedy=error.remedy,
    )


async def _with_paid_call(
    provider: HttpProvider,
    account: Account,
    found: Checked,
    listed: Sequence[ListedModel],
    settings: Settings,
    clock: Clock,
) -> Checked:
    deployment = _cheapest(account, listed, settings, clock)
    if deployment is None:
        nothing = PaidCall(model="", ok=False, latency_ms=0.0, problem="no model of it is known that answers chats")
        return replace(found, ok=False, paid=nothing, remedy=f"Name one under providers.{account.name}.models.")
    task = Task(
        id=new_id("tsk"),
        messages=(Message(role="user", parts=(TextPart(_QUESTION),)),),
        received_at=clock.now(),
        model=deployment.id,
        options=Options(max_tokens=_LONGEST_ANSWER),
    )
    call = Call(task=task, model=deployment.model, wire=deployment.wire, timeout_s=_CALL_S)
    began = clock.monotonic()
    try:
        reply = await provider.complete(call)
    except ProviderError as error:
        made = PaidCall(model=deployment.model, ok=False, latency_ms=_since(began, clock), problem=error.message)
        failed = _failed(found, error)
        # A request it did not like was taken by somebody who knew the key.
        known = True if failed.credential is None and error.kind is FailureKind.BAD_REQUEST else failed.credential
        return replace(failed, credential=found.credential if known is None else known, paid=made)
    cost = None if reply.usage is None else cost_of(deployment, reply.usage, clock.now())
    made = PaidCall(model=deployment.model, ok=True, latency_ms=_since(began, clock), cost=cost)
    proven = replace(found, reachable=True, credential=True if _keyed(account) else None, paid=made)
    return proven if found.ok is False else replace(proven, ok=True, problem=None, remedy="")


def _cheapest(account: Account, listed: Sequence[ListedModel], settings: Settings, clock: Clock) -> Deployment | None:
    """The model one would pay least for; one without a known price only where no other is."""
    now = clock.now()
    own = account if account.models is not None or not account.lists_itself else account.with_listed(listed)
    settings = replace(
        settings,
        models={key: model for key, model in settings.models.items() if key.partition("/")[0] == account.name},
    )
    catalog = catalog_of(settings, [own], PriceBook(), now)
    seen = {model.name for model in listed}
    chats = [each for each in catalog.deployments if "text" in each.capabilities]
    usable = [each for each in chats if each.model in seen] or chats

    def price(each: Deployment) -> tuple[bool, float]:
        if each.price is None:
            return True, 0.0
        rates = each.price.at(now)
        return False, float(rates.input + rates.output)

    return min(usable, key=price, default=None)


def _since(began: float, clock: Clock) -> float:
    return round((clock.monotonic() - began) * 1000, 1)


__all__ = ["Checked", "PaidCall", "check_providers"]
