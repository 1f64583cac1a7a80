"""OpenAI chat completions: the dialect most clients and most providers speak.

Source: the OpenAI API reference, "Chat" section. Belongs here: its wire structs, readers and writers.
Never here: another dialect, I/O.
"""

from .dialect import OpenAIChat

__all__ = ["OpenAIChat"]
