"""The append-only record of decisions, attempts, verdicts and money, and the questions asked of it.

Belongs here: turning an outcome into rows, writing rows without ever holding up the serving path, sums, recall.
Never here: prices (it records what it is told), SQL schemas, a decision about a task.

The parts that need SQLAlchemy load when they are first asked for: whoever only reads bills or keeps a ledger in
memory does not pay for it.
"""

from typing import TYPE_CHECKING, Any

from .costs import COST_KEYS, CostRow, total_of
from .memory import MemoryLedger

if TYPE_CHECKING:
    from .recorder import Ledger, Limits

__all__ = ["COST_KEYS", "CostRow", "Ledger", "Limits", "MemoryLedger", "total_of"]


def __getattr__(name: str) -> Any:
    if name in ("Ledger", "Limits"):
        from . import recorder

        return getattr(recorder, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
