"""Answers kept for a stated time, so that a conversation can go on from one by its identifier.

Belongs here: saving, finding, deleting and outliving kept answers, each under its owner's name. Never here: what an
item means, who a caller is, what may be kept at all, when it expires (the caller says).
"""

from .kept import LARGEST_BYTES, Kept, KeptResponses

__all__ = ["LARGEST_BYTES", "Kept", "KeptResponses"]
