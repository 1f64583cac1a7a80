"""Where a task's text may go, by what it asks and what it holds.

Two levels of private data: from `privacy.local_only` on, local models only, and a refusal rather than an exception
where there is none; below it, the caller is told.
"""

from __future__ import annotations

from podium.core.settings import PrivacySettings
from podium.core.tasks import Profile, Requirements, Sensitivity

_NEVER = len(Sensitivity)


class Privacy:
    """The privacy settings, ready to be asked."""

    def __init__(self, settings: PrivacySettings) -> None:
        self._level = settings.local_only
        self._rank = _NEVER if settings.local_only == "never" else Sensitivity(settings.local_only).rank

    def local_reason(self, profile: Profile, requirements: Requirements) -> str | None:
        """Why only local models may see it; None where any may."""
        if requirements.private:
            return "the task asks for private"
        sensitivity = profile.sensitivity.value
        if sensitivity.rank < self._rank:
            return None
        return f"the task holds {_held(profile)} and privacy.local_only is {self._level}"

    def remedy(self, profile: Profile, requirements: Requirements) -> str:
        """What lifts the limit, for a refusal."""
        add = "Add a local model server (`providers` in podium.yaml, locality: local)"
        if requirements.private:
            return f"{add}, or ask without `private`."
        return (
            f"{add}. If the judgement is wrong, declare it: `sensitivity: none` in the task's `podium` fields. "
            f"To let such data leave, raise `privacy.local_only` in podium.yaml."
        )

    def warning(self, profile: Profile) -> str:
        """For data below the threshold that may reach a cloud model."""
        return (
            f"The task holds {_held(profile)} and may be answered in the cloud: privacy.local_only is {self._level}. "
            f"A rule or a lower threshold keeps it local."
        )


def _held(profile: Profile) -> str:
    findings = f" ({', '.join(profile.findings)})" if profile.findings else ""
    level = profile.sensitivity.value
    return f"{level.value} data{findings}"
