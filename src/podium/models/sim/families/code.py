"""Small Python work: functions to write, checked by running them, and expressions to evaluate."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from random import Random
from textwrap import dedent, indent
from typing import Any

from podium.core.messages import ToolCall
from podium.core.tasks import TaskType

from ..checkable import Answer, Draft, Question, Solution, misspelt, unfenced
from ..sandbox import passes
from .code_specs import SPECS, Spec
from .grammar import LONGEST, Grammar

FAMILY = "code"
TASK_TYPE = TaskType.CODE
WORKLOADS = ("coding",)

_PROMPTS = (
    "Write a Python function `{name}({args})` that {described}. Send only the code, without imports.",
    "Please implement `{name}({args})` in Python. It {described}. Plain functions, no imports.",
    "The helper `{name}({args})` is missing. Write it in Python so that it {described}. Code without imports.",
    "Complete this function so that it {described}, no imports:\n\n```python\ndef {name}({args}):\n    ...\n```",
    "A failing test needs `{name}({args})`, a Python function that {described}. Code only and no imports, please.",
)
_SIGNATURE = re.compile(r"(?:`|def )(\w+)\(([\w, ]*)\)")

_WORDS = ("gateway", "ticket", "session", "balance", "refund", "parser", "cluster", "release")
_EXPRESSIONS: dict[str, tuple[str, int, Callable[[dict[str, str]], object]]] = {
    "len": ('len("{word}") * {n}', 1, lambda s: len(s["word"]) * int(s["n"])),
    "modulo": ("{m} % {n} + {i}", 1, lambda s: int(s["m"]) % int(s["n"]) + int(s["i"])),
    "floor": ("{m} // {n}", 1, lambda s: int(s["m"]) // int(s["n"])),
    "sum": ("sum([{list}])", 1, lambda s: sum(_numbers(s["list"]))),
    "pick": ("sorted([{list}])[{i}]", 2, lambda s: sorted(_numbers(s["list"]))[int(s["i"])]),
    "spread": ("max([{list}]) - min([{list2}])", 2, lambda s: max(_numbers(s["list"])) - min(_numbers(s["list2"]))),
    "slice": ('"{word}"[{i}:{n}]', 2, lambda s: s["word"][int(s["i"]) : int(s["n"])]),
    "reverse": ('"{word}"[::-1]', 2, lambda s: s["word"][::-1]),
    "squares": ("sum(x * x for x in range({n}))", 3, lambda s: sum(x * x for x in range(int(s["n"])))),
    "steps": ("len(range({i}, {m}, {n}))", 4, lambda s: len(range(int(s["i"]), int(s["m"]), int(s["n"])))),
}
_ASKS = (
    "What does `{e}` evaluate to in Python?",
    "In Python, what is the value of `{e}`?",
    "Evaluate `{e}` as Python.",
)
_VALUE = Grammar(
    {kind: (f"`{form}`",) for kind, (form, _, _) in _EXPRESSIONS.items()},
    {"word": r"\w+", "n": r"\d{1,3}", "m": r"\d{1,6}", "i": r"\d{1,3}", "list": r"[\d, ]+", "list2": r"[\d, ]+"},
)


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def make(rng: Random, workload: str) -> Draft:
    """Ask for a function twice out of three times, else for a value."""
    return _make_function(rng) if rng.random() < 0.66 else _make_expression(rng)


def _make_function(rng: Random) -> Draft:
    spec = rng.choice(SPECS)
    k = rng.choice(spec.ks) if spec.ks else None
    name = rng.choice(spec.names) + rng.choice(("", f"_{rng.randint(2, 99)}", "_of", "_v2"))
    text = rng.choice(_PROMPTS).format(name=name, args=spec.args, described=spec.described.format(k=k))
    extra = () if k is None else (k,)
    cases = [(list(given), spec.reference(*given, *extra)) for given in spec.cases]

    def judge(said: str, _calls: Sequence[ToolCall]) -> bool:
        return passes(unfenced(said), name, cases)

    return Draft(text=text, difficulty=spec.difficulty, expected=f"{name}: {spec.described.format(k=k)}", judge=judge)


def _make_expression(rng: Random) -> Draft:
    kind = rng.choice(list(_EXPRESSIONS))
    form, difficulty, value = _EXPRESSIONS[kind]
    numbers = ", ".join(str(rng.randint(1, 99)) for _ in range(rng.randint(3, 6)))
    slots = {
        "word": rng.choice(_WORDS), "n": str(rng.randint(3, 9)), "m": str(rng.randint(20, 4000)),
        "i": str(rng.randint(0, 2)), "list": numbers, "list2": numbers,
    }  # fmt: skip
    expected = str(value(slots))
    text = rng.choice(_ASKS).format(e=form.format(**slots)) + rng.choice((" Reply with the value only.", ""))

    def judge(said: str, _calls: Sequence[ToolCall]) -> bool:
        lines = said.strip().splitlines()
        return bool(lines) and lines[-1].rpartition(": ")[2].strip("`'\" .") == expected

    return Draft(text=text, difficulty=difficulty, expected=expected, judge=judge)


def solve(question: Question) -> Solution | None:
    """Write the function described, or evaluate the expression."""
    if len(question.text) > LONGEST or ("Python" not in question.text and "python" not in question.text):
        return None
    return _solve_function(question.text) or _solve_expression(question.text)


@cache
def _descriptions() -> tuple[tuple[re.Pattern[str], Spec], ...]:
    return tuple((re.compile(re.escape(spec.described).replace(r"\{k\}", r"(?P<k>\d+)")), spec) for spec in SPECS)


def _solve_function(text: str) -> Solution | None:
    signature = _SIGNATURE.search(text)
    if signature is None:
        return None
    found = ((pattern.search(text), spec) for pattern, spec in _descriptions())
    match, spec = next(((match, spec) for match, spec in found if match), (None, None))
    if match is None or spec is None or signature[2] != spec.args:
        return None
    name, k = signature[1], match.groupdict().get("k", "")

    def written(body: str) -> Answer:
        lines = indent(dedent(body).strip().format(k=k, name=name), "    ")
        source = f"def {name}({spec.args}):\n{lines}"
        return Answer(text=f"```python\n{source}\n```")

    return Solution(
        family=FAMILY,
        task_type=TASK_TYPE,
        difficulty=spec.difficulty,
        right=written(spec.good),
        near_miss=lambda _rng: written(spec.good.replace(*spec.slip)),
    )


def _solve_expression(text: str) -> Solution | None:
    reading = _VALUE.find(text)
    if reading is None:
        return None
    kind, slots = reading
    _, difficulty, evaluate = _EXPRESSIONS[kind]
    try:
        value = evaluate(slots)
    except (ValueError, IndexError, ZeroDivisionError):
        return None  # an expression Python itself would refuse

    def near_miss(rng: Random) -> Answer:
        return Answer(text=f"Value: {_near(value, rng)}")

    return Solution(
        family=FAMILY,
        task_type=TASK_TYPE,
        difficulty=difficulty,
        right=Answer(text=f"Value: {value}"),
        near_miss=near_miss,
    )


def _near(value: Any, rng: Random) -> object:
    return value + rng.choice((-1, 1)) if isinstance(value, int) else misspelt(str(value), rng)
