"""Simulated vendors: real HTTP servers on loopback with stated skill, price, latency and faults.

Belongs here: models that solve checkable tasks as well as their skill says, the tasks, the faults.
Never here: anything a production path imports; code shared with the dialects it is meant to test.
"""

from .app import Seen, SimApp, SimState
from .checkable import CheckableTask
from .faults import Fault, Faults, Flap
from .process import SimProcess
from .server import SimServer
from .tasks import CODING_AGENT, FAMILIES, MIXED, SUPPORT_DESK, make_tasks
from .vendor import SimModel, SimVendor

__all__ = [
    "CODING_AGENT",
    "FAMILIES",
    "MIXED",
    "SUPPORT_DESK",
    "CheckableTask",
    "Fault",
    "Faults",
    "Flap",
    "Seen",
    "SimApp",
    "SimModel",
    "SimProcess",
    "SimServer",
    "SimState",
    "SimVendor",
    "make_tasks",
]
