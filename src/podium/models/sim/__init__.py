"""Simulated vendors: real HTTP servers on loopback with stated skill, price, latency and faults.

One vendor speaks every native wire on one port: OpenAI's chat completions, responses, embeddings and transcriptions,
Anthropic's messages, Gemini's generateContent by both of Google's doors, and Bedrock's Converse.

Belongs here: models that solve checkable tasks as well as their skill says, the tasks, the faults, the wires.
Never here: anything a production path imports; code shared with the dialects it is meant to test.
"""

from .app import SimApp
from .checkable import CheckableTask
from .faults import Fault, Faults, Flap
from .process import SimProcess
from .recording import make_recording
from .seen import Seen, SimState
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
    "make_recording",
    "make_tasks",
]
