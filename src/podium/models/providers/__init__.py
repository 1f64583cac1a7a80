"""Doors to vendors: transport, credentials, presets, and the table from foreign failures to ours.

Belongs here: what it takes to reach one provider and understand its refusals.
Never here: which provider to use, retries, money, another vendor's quirks in code (quirks are data in `presets`).
"""

from .accounts import Account, accounts
from .bringing import WebFiles
from .discovery import LocalServer, find_local_servers
from .fetch import Fetcher, WebFetcher
from .http import HttpProvider
from .presets import ALIASES, PRESETS, Listing, Preset, Wire, find_preset
from .signing import SIGNERS, Signer, SigningFacts
from .transport import Transport

__all__ = [
    "ALIASES",
    "PRESETS",
    "SIGNERS",
    "Account",
    "Fetcher",
    "HttpProvider",
    "Listing",
    "LocalServer",
    "Preset",
    "Signer",
    "SigningFacts",
    "Transport",
    "WebFetcher",
    "WebFiles",
    "Wire",
    "accounts",
    "find_local_servers",
    "find_preset",
]
