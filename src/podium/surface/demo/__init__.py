"""The demo: simulated vendors, the real gateway, the official SDK, and what routing saved.

Belongs here: the stage, the traffic, the table. Never here: anything a real set-up needs.
"""

from .show import run_demo

__all__ = ["run_demo"]
