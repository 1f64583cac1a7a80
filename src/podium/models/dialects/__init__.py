"""Wire formats: bytes in, values out, and back, without a socket.

Belongs here: readers and writers of each dialect, as pure functions and small state machines.
Never here: I/O, credentials, a vendor's address, a choice.
"""

from .dialect import (
    HERE,
    Address,
    CallerDialect,
    Dialect,
    Incoming,
    NotCarried,
    ProviderDialect,
    Quirks,
    StreamReader,
    StreamWriter,
    Written,
)
from .openai_chat import OpenAIChat
from .registry import NAMES, by_name

__all__ = [
    "HERE",
    "NAMES",
    "Address",
    "CallerDialect",
    "Dialect",
    "Incoming",
    "NotCarried",
    "OpenAIChat",
    "ProviderDialect",
    "Quirks",
    "StreamReader",
    "StreamWriter",
    "Written",
    "by_name",
]
