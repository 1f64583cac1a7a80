"""What a task is: its type, complexity, domain, modalities, language, sensitivity and length.

Belongs here: judgements read off a task's own words and shape, each with a confidence.
Never here: the choice of a model, network or file access, the private data that was found (only its kind).
"""

from .profiler import HeuristicProfiler
from .tokens import estimate_tokens, weigh

__all__ = ["HeuristicProfiler", "estimate_tokens", "weigh"]
