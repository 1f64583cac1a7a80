"""The kinds of checkable work: each module writes tasks of one kind (`make`) and solves them from their text (`solve`).

Belongs here: wording, the grammar that reads it back, near misses, checks.
Never here: servers, skill, an answer remembered between writing and solving.
"""
