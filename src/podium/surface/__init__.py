"""Everything people and programs touch: configuration, gateway, library, command line, demo.

Belongs here: reading files, environment variables and arguments; turning requests into tasks and answers into bytes,
tables and exit codes.
Never here: a decision. What to call, when to stop and what it cost is decided below and only shown here.
"""
