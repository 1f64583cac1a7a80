"""Pure decisions: what a task is, who should do it, whether an answer is good enough, what to do when a call fails.

Belongs here: formulas, rules, tables and state machines over values of `core` and `models.catalog`.
Never here: a socket, a file, a sleep, a vendor's name, or an import from another policy.
"""
