"""Names of this wire."""

from __future__ import annotations

from typing import Final

NAME: Final = "openai-transcription"
"""The dialect's name."""
FILE: Final = "file"
"""The form's field that holds the sound."""
