"""The HTTP status a caller gets for an error: the same whichever dialect it speaks."""

from __future__ import annotations

from podium.core.errors import AllAttemptsFailed, PodiumError, ProviderError


def http_status(error: PodiumError) -> int:
    """A provider's own refusal of the request keeps its status; what failed at providers is the gateway's 5xx."""
    if isinstance(error, AllAttemptsFailed):
        return error.http_status
    if isinstance(error, ProviderError) and error.http_status is not None and 400 <= error.http_status < 500:
        return error.http_status
    return error.status
