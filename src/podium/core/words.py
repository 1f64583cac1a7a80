"""Enumerations whose members are the words they stand for: in JSON, in YAML, in SQL and in tables."""

from __future__ import annotations

from enum import StrEnum


class Word(StrEnum):
    """A string enumeration that hashes as the string it is.

    `Enum` hashes in Python; a request looks dozens of members up, and this alone is worth some microseconds of it.
    """

    __hash__ = str.__hash__
