"""Answers kept for a stated time, so that a conversation can go on from one by its identifier.

Belongs here: saving, finding, deleting and outliving kept answers. Never here: what an item means, who may go on
from an answer, when it expires (the caller says).
"""

from .kept import LARGEST_BYTES, Kept, KeptResponses

__all__ = ["LARGEST_BYTES", "Kept", "KeptResponses"]
