"""A model's name made part of an address: callers choose names, and the address goes out with the operator's key."""

from __future__ import annotations

import re
from urllib.parse import quote

from .dialect import NotCarried

_SAFE = "@:-._~"
_NEVER = re.compile(r"[\x00-\x1f\x7f-\x9f?#%;\\\ud800-\udfff]")
"""What ends a path, hides a character in it, is a slash to some servers or a segment's end, or cannot be sent."""
_LONGEST_SHOWN = 80


def name_in_path(model: str, *, slashes: bool = False, safe: str = _SAFE) -> str:
    """The name as it stands in a path: one segment of it, or as many as it has slashes where `slashes` is true.

    Everything but letters, digits and the `safe` ones is percent-encoded. Raises NotCarried for a name that would
    lead out of its place: an empty, `.` or `..` segment, or a character that stands in no model's name. Encoding those
    would not do, for some servers decode a path before they walk it.
    """
    segments = model.split("/")
    if _NEVER.search(model) is not None or not {"", ".", ".."}.isdisjoint(segments):
        raise NotCarried(
            f"{model[:_LONGEST_SHOWN]!r} is no name a model can have: it does not fit into the provider's address.",
            remedy="Use the name as the provider lists it.",
            param="model",
        )
    if not slashes:
        return quote(model, safe=safe)
    return "/".join([quote(segment, safe=safe) for segment in segments])
