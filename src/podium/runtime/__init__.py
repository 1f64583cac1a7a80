"""What happens: one request's life, and the one place that builds and wires objects.

Belongs here: the engine, and later plans, durable jobs and tools; `assembly`, the only constructor.
Never here: a policy's formula, a wire format, reading files or the environment.
"""
