"""Wire formats: bytes in, values out, and back, without a socket.

Belongs here: readers and writers of each dialect, as pure functions and small state machines.
Never here: I/O, credentials, a vendor's address, a choice.
"""

from .dialect import Dialect, Incoming, Quirks, StreamReader
from .openai_chat import OpenAIChat

__all__ = ["Dialect", "Incoming", "OpenAIChat", "Quirks", "StreamReader"]
