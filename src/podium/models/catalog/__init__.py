"""The registry of models: what each can do, what it costs, how strong it is, where it runs.

Belongs here: model cards (TOML files beside this one), prices, and the deployments made of them.
Never here: network calls, credentials, a choice between models.
"""

from .build import Offer, build_catalog, local_card, unlisted
from .cards import TIER_QUALITY, Card, Speed, find_card, load_cards
from .deployments import Catalog, Deployment
from .names import chats, purpose
from .pricebook import PriceBook
from .prices import Price, PriceWindow, Rates

__all__ = [
    "TIER_QUALITY",
    "Card",
    "Catalog",
    "Deployment",
    "Offer",
    "Price",
    "PriceBook",
    "PriceWindow",
    "Rates",
    "Speed",
    "build_catalog",
    "chats",
    "find_card",
    "load_cards",
    "local_card",
    "purpose",
    "unlisted",
]
