"""The command line: arguments in, tables or JSON out.

Belongs here: commands, options, how results look on a terminal. Never here: decisions, calls, anything the library
or the gateway does not also do.
"""

from .app import run

__all__ = ["run"]
