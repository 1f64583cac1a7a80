"""Doors to vendors: transport, credentials, presets, and the table from foreign failures to ours.

Belongs here: what it takes to reach one provider and understand its refusals.
Never here: which provider to use, retries, money, another vendor's quirks in code (quirks are data in `presets`).
"""

from .accounts import Account, accounts
from .discovery import LocalServer, find_local_servers
from .http import HttpProvider, Transport
from .presets import PRESETS, Preset

__all__ = [
    "PRESETS",
    "Account",
    "HttpProvider",
    "LocalServer",
    "Preset",
    "Transport",
    "accounts",
    "find_local_servers",
]
