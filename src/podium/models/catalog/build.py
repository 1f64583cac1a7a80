"""The catalog of one set-up: what the providers offer, put together with cards, prices and the configuration.

Providers say which models they have (or leave it to the cards), cards say what these can do, the price list what
they cost, and `models:` in the configuration has the last word on all of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from podium.core.errors import ConfigError
from podium.core.ports import ListedModel
from podium.core.settings import Capability, ModelSettings, PriceSettings
from podium.core.tasks import Locality

from .cards import NO_WINDOW, Card, find_card, load_cards
from .deployments import Catalog, Deployment
from .names import Purpose, parameters_b, purpose
from .pricebook import PriceBook
from .prices import FREE, Price, Rates
from .stated import as_stated, price_stated

_LOCAL_CONTEXT = 8_192
"""What servers of every kind grant a model nobody configured: small, so that nothing is cut off in silence."""

_CLOUD_CONTEXT = 32_768
"""For a cloud model that neither cards nor the price list know: smaller ones have left the market."""

_NEARLY = 0.9

_LOCAL_EMBEDDING_CONTEXT = 512
"""What the smallest embedding models in use read."""

_ASSUMED: frozenset[Capability] = frozenset({"text", "vision", "tools", "json_schema"})
"""What `unlisted` takes for granted. The caller named the model, so refusing it on our ignorance would forbid calls
that work; if the model cannot do it, its provider says so. Audio, log probabilities and prefill are rare enough to
be stated in the configuration."""


class Offer(Struct, frozen=True, kw_only=True):
    """What one usable provider has."""

    provider: str
    """Its name in the configuration, the first half of `provider/model`."""
    preset: str
    """Which vendor or server it is: `openai`, `ollama` ..."""
    locality: Locality
    models: tuple[str, ...] | None = None
    """The names it lists or is limited to; None: every card served under the preset."""
    contexts: Mapping[str, int] = field(default_factory=dict)
    """Context windows the server itself states, by model. The smaller of this and the card's is believed: local
    servers are often started with less than the model could take."""
    listed: Mapping[str, ListedModel] = field(default_factory=dict)
    """What the provider says of its models, by its own names: window, rates, abilities. Of a marketplace this holds
    before cards and price list, and a model it does not list is not there. Of a local server's windows see
    `contexts`."""
    marketplace: bool = False
    """Whether it sells many vendors' models and its listing tells all these can do there."""


def build_catalog(
    offers: Iterable[Offer],
    overrides: Mapping[str, ModelSettings],
    book: PriceBook,
    when: datetime,
    *,
    absent: Collection[str] = (),
) -> Catalog:
    """Every deployment the offers make, changed and added to by `overrides` (`provider/model` -> settings).

    A cloud model without a listed price costs None: unknown. A local one without a listed price costs 0: it runs
    on hardware that is paid for whether it answers or not; a price in the configuration says otherwise.
    `absent` names providers that are configured but not usable now (no key, server down): what is said about their
    models is passed over. Raises ConfigError for an override of a provider nobody configured, for one that is not
    `provider/model`, and for switching off a model its cloud provider does not have, with close names.
    """
    by_provider = {offer.provider: offer for offer in offers}
    found: dict[str, Deployment] = {}
    for offer in by_provider.values():
        for model, card in _models(offer, when):
            deployment = _deployment(offer, model, card, book, when)
            found.setdefault(deployment.id, deployment)
    for key, settings in overrides.items():
        provider, slash, model = key.partition("/")
        if not slash or not provider or not model:
            raise ConfigError(
                f"`{key}` does not say whose model it is.",
                remedy=_did_you_mean(model or key, found, "Write it as provider/model."),
                field=f"models.{key}",
            )
        if provider in by_provider:
            _override(found, by_provider[provider], model, settings, book, when)
        elif provider not in absent:
            known = {*by_provider, *absent}
            raise ConfigError(
                f"there is no provider `{provider}`.",
                remedy=_did_you_mean(provider, known, "Add it under `providers`, or correct the name."),
                field=f"models.{key}",
            )
    return Catalog(found.values())


def unlisted(offer: Offer, model: str, book: PriceBook, when: datetime) -> Deployment:
    """A deployment for `provider/any-name`, on the caller's word: not part of the catalog, never routed to.

    A name some card answers to takes that card's figures. Otherwise tier 2, the context window the price list
    states, and the capabilities nearly every model has. The price is the list's, or None (0 for a local one). What
    the provider itself lists of the model goes first.
    """
    card = find_card(model) or _generic(offer, model, book)
    deployment = _deployment(offer, model, card, book, when)
    if not deployment.card.writes:
        return replace(deployment, listed=False)
    trusted = replace(deployment.card, capabilities=deployment.card.capabilities | _ASSUMED)
    return replace(deployment, card=trusted, listed=False)


def local_card(name: str) -> Card:
    """A card for a local model nobody described: what its name says of its size, and nothing else taken for granted.

    Below 20 billion parameters (or no size in the name) it is tier 1, above tier 2; a name alone never makes tier 3.
    Very small ones are expected to be right less often than their tier. Text only, context 8,192. A name that says
    embedding or speech makes a model for just that, of tier 1.
    """
    kind = purpose(name) or "text"
    if kind != "text":
        return _special_card(name, kind)
    size = parameters_b(name)
    quality = None
    if size is not None and size < 5:
        quality = 0.55 if size < 2 else 0.68
    return Card(
        name=name,
        vendor="unknown",
        family="unknown",
        tier=1 if size is None or size < 20 else 2,
        context=_LOCAL_CONTEXT,
        quality=quality,
        note="Described by its name only; say more under `models` in the configuration.",
    )


def _models(offer: Offer, when: datetime) -> Iterable[tuple[str, Card]]:
    """Name and card of each model an offer has."""
    if offer.models is not None:
        for name in offer.models:
            card = find_card(name)
            if card is not None or purpose(name) is not None:
                yield (
                    name,
                    card or (local_card(name) if offer.locality == "local" else _cloud_card(name, _CLOUD_CONTEXT)),
                )
        return
    today = when.astimezone(UTC).date()
    for card in load_cards():
        served = card.served.get(offer.preset)
        if served is None or (card.retires is not None and today >= card.retires):
            continue
        if not offer.listed or served in offer.listed:
            yield served, card


def _deployment(offer: Offer, model: str, card: Card, book: PriceBook, when: datetime) -> Deployment:
    listed = offer.listed.get(model)
    card = _fitted(card.at(offer.preset), book.context_window(offer.preset, model))
    card = as_stated(card, listed, offer.contexts.get(model), offer.locality, complete=offer.marketplace)
    price = None if listed is None else price_stated(listed, writes=card.writes)
    if price is None:
        price = book.lookup(offer.preset, model, when, writes=card.writes)
    if price is None and offer.locality == "local":
        price = Price(rates=FREE)
    return Deployment(
        id=f"{offer.provider}/{model}",
        provider=offer.provider,
        model=model,
        card=card,
        price=price,
        locality=offer.locality,
        wire=card.wires.get(offer.preset),
        tool_wire=card.tool_wires.get(offer.preset),
    )


def _fitted(card: Card, window: int | None) -> Card:
    """The card with a host's smaller window; hosts round one their own way, so nearly as much is as much."""
    if window is None or window >= card.context * _NEARLY or card.context == NO_WINDOW:
        return card
    most = card.max_output
    return replace(card, context=window, max_output=None if most is None else min(most, window))


def _generic(offer: Offer, model: str, book: PriceBook) -> Card:
    if offer.locality == "local":
        return local_card(model)
    return _cloud_card(model, book.context_window(offer.preset, model) or _CLOUD_CONTEXT)


def _special_card(name: str, kind: Purpose) -> Card:
    return Card(
        name=name,
        vendor="unknown",
        family="unknown",
        tier=1,
        context=_LOCAL_EMBEDDING_CONTEXT if kind == "embedding" else NO_WINDOW,
        capabilities=frozenset({kind}),
        note="Described by its name only; say more under `models` in the configuration.",
    )


def _cloud_card(name: str, context: int) -> Card:
    kind = purpose(name) or "text"
    if kind != "text":
        return replace(_special_card(name, kind), context=max(context, _special_card(name, kind).context))
    return Card(
        name=name,
        vendor="unknown",
        family="unknown",
        tier=2,
        context=context,
        note="Not described; say more under `models` in the configuration.",
    )


def _override(
    found: dict[str, Deployment], offer: Offer, model: str, settings: ModelSettings, book: PriceBook, when: datetime
) -> None:
    """Change, add or remove one deployment. The model goes by the provider's name for it, or by its card's."""
    key = f"{offer.provider}/{model}"
    base = found.get(key) or next(
        (known for known in found.values() if known.provider == offer.provider and known.card.name == model), None
    )
    if not settings.enabled:
        if base is not None:
            del found[base.id]
        elif offer.locality == "cloud" and offer.models is None:
            own = [known.model for known in found.values() if known.provider == offer.provider]
            raise ConfigError(
                f"`{offer.provider}` has no model `{model}` to switch off.",
                remedy=_did_you_mean(model, own, "Remove the entry, or correct the name."),
                field=f"models.{key}",
            )
        return
    if base is None:
        base = _deployment(offer, model, find_card(model) or _generic(offer, model, book), book, when)
    price = base.price if settings.price is None else _stated(settings.price)
    found[base.id] = replace(base, card=_changed(base.card, settings), price=price)


def _changed(card: Card, settings: ModelSettings) -> Card:
    """The card with what the configuration says instead."""
    changes: dict[str, Any] = {
        name: value
        for name in ("tier", "context", "max_output", "quality")
        if (value := getattr(settings, name)) is not None
    }
    for name in ("capabilities", "strengths", "roles"):
        if (values := getattr(settings, name)) is not None:
            changes[name] = frozenset(values)
    if "capabilities" in changes and not changes["capabilities"] & {"embedding", "transcription"}:
        changes["capabilities"] |= {"text"}
    if settings.tier is not None and settings.tier != card.tier and settings.quality is None:
        changes["quality"] = None  # the old figure belonged to the old tier
    if settings.speed is not None:
        changes["first_token_ms"] = settings.speed.first_token_ms
        changes["tokens_per_s"] = settings.speed.tokens_per_s
    return replace(card, **changes) if changes else card


def _stated(price: PriceSettings) -> Price:
    """A price from the configuration: flat."""
    return Price(
        rates=Rates(
            input=price.input,
            output=price.output,
            cached=price.cached,
            cache_write=price.cache_write,
            cache_write_1h=price.cache_write_1h,
            audio_hour=None if price.audio_minute is None else price.audio_minute * 60,
        )
    )


def _did_you_mean(name: str, known: Iterable[str], otherwise: str) -> str:
    close = get_close_matches(name, list(known), n=3, cutoff=0.5)
    return f"Did you mean {' or '.join(f'`{match}`' for match in close)}?" if close else otherwise
