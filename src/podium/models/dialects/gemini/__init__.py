"""Gemini generateContent: the dialect of Google's own models.

Source: the Gemini API reference, pages "Generating content", "Thought signatures", "Thinking" and "Structured
outputs", and the type definitions of google-genai. Belongs here: its wire structs, readers and writers.
Never here: another dialect, I/O.
"""

from .dialect import Gemini

__all__ = ["Gemini"]
