"""The database: tables, migrations, and opening SQLite or PostgreSQL with errors a person can act on.

Belongs here: the schema, how it grew, connection settings, the mapping of database faults to `StoreError`.
Never here: what the rows mean, sums, retries, threads.
"""

from .open import Store, open_store

__all__ = ["Store", "open_store"]
