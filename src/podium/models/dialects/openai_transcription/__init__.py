"""OpenAI audio transcriptions: a multipart form with a sound file in, its text out.

Source: the OpenAI API reference, "Audio: create transcription", and the official SDK's types. Belongs here: the form's
reader and writer, the answer's several formats, the stream. Never here: another dialect, I/O.
"""

from .dialect import OpenAITranscription

__all__ = ["OpenAITranscription"]
