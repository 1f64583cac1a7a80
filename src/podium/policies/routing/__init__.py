"""Which models may do a task, in which order, and why: constraints, rules, estimates, order, refusals.

Belongs here: pure decisions over the catalog, a profile and what recent calls showed.
Never here: a call to a model, a clock, a price list, the reading of a configuration file.
"""

from .builtin import BUILTIN_RULES
from .estimates import expected_output, expected_quality
from .router import Router

__all__ = ["BUILTIN_RULES", "Router", "expected_output", "expected_quality"]
