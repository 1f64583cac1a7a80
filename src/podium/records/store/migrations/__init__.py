"""The steps by which the schema grew, one file a revision; their sum must equal `store.schema` (a test says so).

Belongs here: Alembic revisions, each frozen once released.
Never here: imports of the live schema, which moves on while a revision must not.
"""
