"""`podium.yaml` and the environment, read into `core.settings` with an error that names the line and the remedy.

Belongs here: finding, reading, checking, describing and templating the configuration.
Never here: a setting of its own (they live in `core.settings`), a vendor's name, anything that acts on a setting.
"""

from .environment import ENVIRONMENT, Variable
from .loading import LoadedSettings, load_settings, read_settings
from .reference import describe_environment, describe_settings
from .report import InvalidConfig, Problem
from .schema import config_schema
from .template import commented_config

__all__ = [
    "ENVIRONMENT",
    "InvalidConfig",
    "LoadedSettings",
    "Problem",
    "Variable",
    "commented_config",
    "config_schema",
    "describe_environment",
    "describe_settings",
    "load_settings",
    "read_settings",
]
