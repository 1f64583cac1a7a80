"""Checking code: right is right, and nothing gets out or runs on."""

from __future__ import annotations

import pytest

from podium.models.sim.sandbox import passes

CASES = [([2], 4), ([-3], 9)]


def test_right_and_wrong_functions() -> None:
    assert passes("def square(x):\n    return x * x", "square", CASES)
    assert not passes("def square(x):\n    return x + x", "square", CASES)
    assert not passes("def cube(x):\n    return x * x", "square", CASES)


@pytest.mark.parametrize(
    "source",
    [
        "import os\ndef square(x):\n    return x * x",
        "def square(x):\n    import os\n    return x * x",
        "def square(x):\n    open('/tmp/x', 'w')\n    return x * x",
        "def square(x):\n    return x * x if ().__class__ else 0",
        "def square(x):\n    return x * x if (i for i in ()).gi_frame else 0",
        "def square(x):\n    match x:\n        case object(__class__=c):\n            return x * x",
        "class square:\n    pass",
        "square = lambda x: x * x",
        "def square(x:\n    return",
        "def square(x):\n    return '\\0' and \0",
    ],
)
def test_what_reaches_outside_is_refused_before_it_runs(source: str) -> None:
    assert not passes(source, "square", CASES)


@pytest.mark.parametrize(
    "source",
    [
        "def square(x):\n    return [0] * 10**10",
        "def square(x):\n    return square(x)",
        "def square(x):\n    return eval('x')",
        "def square(x):\n    raise ValueError",
    ],
)
def test_what_fails_or_eats_memory_is_wrong(source: str) -> None:
    assert not passes(source, "square", CASES)


def test_what_never_ends_is_stopped() -> None:
    assert not passes("def square(x):\n    while True:\n        pass", "square", CASES)
