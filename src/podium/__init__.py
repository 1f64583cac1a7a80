"""Podium sends each piece of AI work to the cheapest model that does it well enough, and accounts for every cent.

    from podium import Podium, Requirements

    podium = Podium()  # finds keys in the environment, local servers, podium.yaml
    answer = podium.ask("Which plan am I on?", require=Requirements(min_quality=0.9))
    print(answer.text, answer.model, answer.cost, answer.decision.why)

Importing does nothing but this: parts load when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from podium.core.version import VERSION

if TYPE_CHECKING:
    from podium.core.errors import (
        AllAttemptsFailed,
        ConfigError,
        InvalidRequest,
        PodiumError,
        ProviderError,
        RequestError,
        RequestTooLarge,
        RequirementsNotMet,
        StoreError,
        UnknownModel,
    )
    from podium.core.tasks import Attempt, Decision, Outcome, Profile, Requirements, Sensitivity, Task, TaskType
    from podium.core.usage import Money, Usage
    from podium.surface.library import Answer, AsyncPodium, Podium

__version__ = VERSION

_HOMES = {
    "podium.surface.library": ("Answer", "AsyncPodium", "Podium"),
    "podium.core.usage": ("Money", "Usage"),
    "podium.core.tasks": (
        "Attempt",
        "Decision",
        "Outcome",
        "Profile",
        "Requirements",
        "Sensitivity",
        "Task",
        "TaskType",
    ),
    "podium.core.errors": (
        "AllAttemptsFailed",
        "ConfigError",
        "InvalidRequest",
        "PodiumError",
        "ProviderError",
        "RequestError",
        "RequestTooLarge",
        "RequirementsNotMet",
        "StoreError",
        "UnknownModel",
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "AllAttemptsFailed",
    "Answer",
    "AsyncPodium",
    "Attempt",
    "ConfigError",
    "Decision",
    "InvalidRequest",
    "Money",
    "Outcome",
    "Podium",
    "PodiumError",
    "Profile",
    "ProviderError",
    "RequestError",
    "RequestTooLarge",
    "Requirements",
    "RequirementsNotMet",
    "Sensitivity",
    "StoreError",
    "Task",
    "TaskType",
    "UnknownModel",
    "Usage",
    "__version__",
]


def __getattr__(name: str) -> object:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module 'podium' has no attribute {name!r}")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return sorted(__all__)
