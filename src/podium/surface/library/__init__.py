"""The library: `Podium` and `AsyncPodium`, the same engine without a socket.

Belongs here: what a Python caller touches. Never here: HTTP, files other than through `surface.config`, decisions.
"""

from .answer import Answer
from .asynchronous import AsyncPodium
from .synchronous import Podium

__all__ = ["Answer", "AsyncPodium", "Podium"]
