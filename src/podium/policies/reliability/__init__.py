"""What a failed call means and what to do next: the table of failures, the next step, the rest of a deployment.

Belongs here: pure functions over failures, counts, seconds and a random number handed in.
Never here: sockets, sleeping, clocks, the health board itself (`runtime.engine` keeps it).
"""

from .resting import NEW, Health, after_failure, after_success
from .retry import Next, Retry, Step, Stop, next_step
from .table import REACTIONS, Reaction

__all__ = [
    "NEW",
    "REACTIONS",
    "Health",
    "Next",
    "Reaction",
    "Retry",
    "Step",
    "Stop",
    "after_failure",
    "after_success",
    "next_step",
]
