"""Revisions in order, named `r<number>_<what it brings>`.

Belongs here: one module a revision.
Never here: code shared between revisions.
"""
