"""One request's life: profile, decide, attempt, assess, settle.

Belongs here: the order of these steps, time, and the bookkeeping between them.
Never here: which model is best, when to retry, what a failure means (policies decide), how bytes look (dialects).
"""

from .engine import Completed, Engine
from .health import HealthBoard
from .live import LiveAnswer
from .parts import Parts

__all__ = ["Completed", "Engine", "HealthBoard", "LiveAnswer", "Parts"]
