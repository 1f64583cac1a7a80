"""Runs a model's Python function against cases in a subprocess with limits, so that checking code is safe.

Three fences: a syntax screen that refuses imports, classes and names that lead out of the function; an interpreter
started without the site, the environment and most builtins; limits on time, memory and files, set by the child itself.
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Sequence
from typing import Any

WALL_S = 5.0
"""Seconds a run may take in all."""
_FORBIDDEN = frozenset(
    {
        "open", "eval", "exec", "compile", "input", "breakpoint", "getattr", "setattr", "delattr", "globals", "locals",
        "vars", "dir", "help", "memoryview",
    }
)  # fmt: skip
# Attributes of frames, tracebacks, generators and code objects lead out of the namespace without any underscore.
_INTERNAL = ("_", "f_", "tb_", "gi_", "cr_", "ag_", "co_", "func_")
_ALLOWED_BUILTINS = (
    "abs", "all", "any", "bool", "dict", "divmod", "enumerate", "filter", "float", "frozenset", "int", "isinstance",
    "len", "list", "map", "max", "min", "next", "iter", "ord", "chr", "pow", "range", "repr", "reversed", "round",
    "set", "slice", "sorted", "str", "sum", "tuple", "zip", "None", "True", "False", "ValueError", "KeyError",
    "IndexError", "TypeError", "StopIteration", "ZeroDivisionError", "Exception",
)  # fmt: skip
# The child limits itself before it looks at the code: one second of CPU, 512 MB, no new files, no new processes.
_CHILD = f"""
import builtins, json, sys
try:
    import resource
    for what, limit in (("CPU", 1), ("AS", 1 << 29), ("FSIZE", 0), ("NPROC", 0)):
        resource.setrlimit(getattr(resource, "RLIMIT_" + what), (limit, limit))
except ImportError:
    pass
job = json.load(sys.stdin)
space = {{"__builtins__": {{name: getattr(builtins, name) for name in {_ALLOWED_BUILTINS!r}}}}}
try:
    exec(job["source"], space)
    right = all(json.loads(json.dumps(space[job["name"]](*given))) == wanted for given, wanted in job["cases"])
except Exception:
    right = False
sys.stdout.write("right" if right else "wrong")
"""


def passes(source: str, name: str, cases: Sequence[tuple[Sequence[Any], Any]]) -> bool:
    """Whether the function `name` defined in `source` returns, for each (arguments, result), that result.

    Arguments and results are JSON values. Code that does not parse, is screened out, fails, or overruns is wrong.
    """
    import subprocess  # not needed until code is checked, and podium.testing is imported by every test run

    if not _harmless(source, name):
        return False
    job = json.dumps({"source": source, "name": name, "cases": cases})
    command = [sys.executable, "-I", "-S", "-c", _CHILD]
    try:
        ran = subprocess.run(command, input=job.encode(), capture_output=True, timeout=WALL_S, check=False, env={})
    except subprocess.TimeoutExpired:
        return False
    return ran.stdout == b"right"


def _harmless(source: str, name: str) -> bool:
    """Whether the code is only functions without imports, private names or builtins that reach outside."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    defined = any(isinstance(node, ast.FunctionDef) and node.name == name for node in tree.body)
    return defined and all(_permitted(node) for node in ast.walk(tree))


def _permitted(node: ast.AST) -> bool:
    match node:
        case ast.Import() | ast.ImportFrom() | ast.ClassDef() | ast.Global() | ast.Nonlocal():
            return False
        case ast.AsyncFunctionDef() | ast.Await() | ast.MatchClass():
            return False
        case ast.Name(id=name):
            return not name.startswith("_") and name not in _FORBIDDEN
        case ast.Attribute(attr=name):
            return not name.startswith(_INTERNAL)
        case _:
            return True
