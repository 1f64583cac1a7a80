"""What Podium remembers: the database, the ledger of decisions and money, metrics and traces.

Belongs here: tables and migrations, the append-only record and the questions asked of it, exporters.
Never here: decisions, prices, calls to models, or anything the serving path has to wait for.
"""
