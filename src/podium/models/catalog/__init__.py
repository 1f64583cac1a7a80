"""The registry of models: what each can do, what it costs, how strong it is, where it runs.

Belongs here: model cards (TOML files beside this one), prices, and the deployments made of them.
Never here: network calls, credentials, a choice between models.
"""

from .cards import Card, Speed, load_cards
from .deployments import Catalog, Deployment
from .prices import Price, PriceBook, PriceWindow

__all__ = ["Card", "Catalog", "Deployment", "Price", "PriceBook", "PriceWindow", "Speed", "load_cards"]
