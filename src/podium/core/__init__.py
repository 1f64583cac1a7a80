"""Values everybody speaks, the error tree, the events, and the small ports between wings.

Belongs here: frozen keyword-only values, errors, protocols, clocks and identifiers.
Never here: I/O, a vendor's name, a policy, anything that knows a wing above.
"""
