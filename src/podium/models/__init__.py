"""What models exist, the wires they speak, the vendors that serve them.

Belongs here: the catalog, dialects, providers, simulated providers.
Never here: a choice between models, money spent, anything a policy decides.
"""
