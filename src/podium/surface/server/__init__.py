"""The gateway: HTTP in, HTTP out.

Belongs here: reading requests, building tasks, writing answers and errors in the caller's dialect, the socket.
Never here: which model answers, how a provider is called, what anything costs.
"""

from .app import Gateway
from .serve import run, serve

__all__ = ["Gateway", "run", "serve"]
