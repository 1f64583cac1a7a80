"""OpenAI Responses: typed items in, typed items out, and conversations that go on from an answer's identifier.

Source: the OpenAI API reference, "Responses" section, and the types of its official Python client. Belongs here: its
wire structs, readers, writers, and the pure half of keeping conversations. Never here: another dialect, I/O, a store.
"""

from .continuing import Expanded, Keepable, expand, final_response, not_found, to_keep
from .dialect import OpenAIResponses
from .listing import list_input

__all__ = ["Expanded", "Keepable", "OpenAIResponses", "expand", "final_response", "list_input", "not_found", "to_keep"]
