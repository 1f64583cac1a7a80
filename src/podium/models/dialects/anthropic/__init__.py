"""Anthropic Messages: what Claude models speak, at Anthropic and on the clouds that host them.

Source: the Anthropic API reference, pages "Messages", "Streaming Messages", "Errors", "Token counting" and "Models",
and the types of the `anthropic` Python package 2.11. Belongs here: its wire structs, readers and writers, and what
differs between generations of its models on this wire. Never here: another dialect, I/O, prices.
"""

from .dialect import Anthropic

__all__ = ["Anthropic"]
