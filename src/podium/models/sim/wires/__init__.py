"""The wires a simulated vendor speaks, one module or pair of modules each: requests in, bodies and streams out.

Belongs here: field names, shapes and refusals as each vendor documents them. Never here: what a model answers, how
fast, and what goes wrong with it; anything from `models.dialects`, because a misreading of a wire there must not be
repeated here, or the two would agree with each other and with nobody else.
"""
