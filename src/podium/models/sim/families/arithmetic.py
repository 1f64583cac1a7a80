"""Word problems of one to six steps: counting tickets, seats, log lines."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from podium.core.messages import ToolCall
from podium.core.tasks import TaskType

from ..checkable import Answer, Draft, Question, Solution, last_number, level
from .grammar import LONGEST, Grammar, sentences

FAMILY = "arithmetic"
TASK_TYPE = TaskType.REASONING
WORKLOADS = ("support", "coding")

_THINGS = {
    "support": (
        "open tickets",
        "refund requests",
        "licence seats",
        "loyalty points",
        "parcels",
        "vouchers",
        "callbacks",
    ),
    "coding": ("failing tests", "log lines", "lint warnings", "queued jobs", "stale branches", "cache entries"),
}
_FORMS = {
    "start": (
        "We start the week with {n} {things}.",
        "On Monday morning the team has {n} {things}.",
        "The dashboard shows {n} {things} at first.",
        "At the beginning there are {n} {things}.",
        "The first report counts {n} {things}.",
    ),
    "add": (
        "Then {n} more come in.",
        "By noon another {n} are added.",
        "A second import brings {n} on top.",
        "After lunch {n} new ones arrive.",
        "The other office hands over {n} of its own.",
    ),
    "take": (
        "Of these, {n} are closed.",
        "Later {n} are removed.",
        "A review finds {n} duplicates, which are dropped.",
        "The night shift takes {n} off the list.",
        "Then {n} turn out to be a mistake and are deleted.",
    ),
    "times": (
        "Overnight the count grows to {n} times what it was.",
        "After a merge there are {n} times as many.",
    ),
    "share": (
        "They are split evenly over {n} teams, and from here on we follow one team's share.",
        "Only one in {n} of those survives the clean-up.",
    ),
    "half": ("Half of what is left is archived.", "Half of them are resolved at once."),
    "percent": ("Then {n}% of the remaining ones are settled.", "A script takes care of {n}% of them."),
    "aside": (
        "The wiki page about this has {n} comments.",
        "For reference, the meeting is in room {n}.",
        "The rule dates from {n}.",
    ),
    "frame": (
        "Please check this for the weekly report.",
        "I need this for a hand-over note.",
        "Quick question from the stand-up.",
        "Can you work this out for me?",
    ),
    "ask": (
        "How many {things} are left at the end? Reply with the number only.",
        "What is the final number of {things}? Give just the number.",
        "Work out how many {things} remain and finish with the number.",
        "How many {things} does that leave? End with the number.",
    ),
}
_GRAMMAR = Grammar(
    {key: forms for key, forms in _FORMS.items() if key != "ask"}, {"n": r"\d[\d,]{0,11}", "things": r"[a-z ]+"}
)
_ASK = Grammar({"ask": _FORMS["ask"]}, {"things": r"[a-z ]+"})
_EFFORT = {"add": 1, "take": 1, "half": 2, "times": 2, "share": 2, "percent": 2}

Step = tuple[str, int]


def _applied(total: int, step: Step) -> int:
    kind, n = step
    match kind:
        case "add":
            return total + n
        case "take":
            return total - n
        case "times":
            return total * n
        case "share":
            return total // n
        case "half":
            return total - total // 2
        case _:
            return total - total * n // 100


def _run(start: int, steps: Sequence[Step]) -> int:
    total = start
    for step in steps:
        total = _applied(total, step)
    return total


def _possible(total: int, rng: Random) -> Step:
    """A next step that keeps the total whole and positive."""
    choices: list[Step] = [("add", rng.randint(3, 180)), ("add", rng.randint(3, 40))]
    if total > 8:
        choices += [("take", rng.randint(2, total // 2)), ("take", rng.randint(2, total // 2))]
    if total < 900:
        choices.append(("times", rng.choice((2, 3, 4))))
    choices += [("share", n) for n in (3, 4, 5) if total > 20 and total % n == 0]
    choices += [("percent", n) for n in (10, 20, 25, 75) if total > 20 and total * n % 100 == 0]
    if total > 6 and total % 2 == 0:
        choices.append(("half", 0))
    return rng.choice(choices)


def _difficulty(steps: Sequence[Step], asides: int) -> int:
    return level(sum(_EFFORT[kind] for kind, _ in steps) + asides)


def make(rng: Random, workload: str) -> Draft:
    """Write a problem."""
    things = rng.choice(_THINGS[workload])
    start = rng.randint(12, 600)
    steps: list[Step] = []
    for _ in range(rng.choice((1, 1, 2, 2, 3, 3, 4, 5, 6))):
        steps.append(_possible(_run(start, steps), rng))
    lines = [_GRAMMAR.write(rng, "start", n=f"{start:,}" if rng.random() < 0.3 else start, things=things)]
    lines += [_GRAMMAR.write(rng, kind, n=n) for kind, n in steps]
    asides = rng.choice((0, 0, 0, 1, 1, 2))
    for _ in range(asides):
        lines.insert(rng.randint(1, len(lines)), _GRAMMAR.write(rng, "aside", n=rng.randint(101, 2019)))
    if rng.random() < 0.4:
        lines.insert(0, _GRAMMAR.write(rng, "frame"))
    lines.append(_ASK.write(rng, "ask", things=things))
    expected = _run(start, steps)

    def judge(text: str, _calls: Sequence[ToolCall]) -> bool:
        return last_number(text) == expected

    return Draft(text=" ".join(lines), difficulty=_difficulty(steps, asides), expected=str(expected), judge=judge)


def solve(question: Question) -> Solution | None:
    """Read the steps in order and do them."""
    text = question.text
    if len(text) > LONGEST or (ask := _ASK.find(text)) is None:
        return None
    start: int | None = None
    steps: list[Step] = []
    asides = 0
    for sentence in sentences(text):
        reading = _GRAMMAR.read(sentence)
        if reading is None:
            continue  # the question itself, or words without a figure
        kind, slots = reading
        number = int(slots["n"].replace(",", "")) if "n" in slots else 0
        if kind == "start":
            start = number
        elif kind == "aside":
            asides += 1
        elif kind != "frame":
            steps.append((kind, number))
    if start is None:
        return None
    total, begin = _run(start, steps), start

    def near_miss(rng: Random) -> Answer:
        slips = [_run(begin, steps[:-1]), total + 1, total - 1, total + 10, total - 10]
        if steps and steps[-1][0] in ("add", "take"):
            slips.append(_run(begin, [*steps[:-1], (steps[-1][0], steps[-1][1] + 1)]))
        return _said(rng.choice([slip for slip in slips if slip != total and slip >= min(total, 0)]), ask[1]["things"])

    return Solution(
        family=FAMILY,
        task_type=TASK_TYPE,
        difficulty=_difficulty(steps, asides),
        right=_said(total, ask[1]["things"]),
        near_miss=near_miss,
    )


def _said(total: int, things: str) -> Answer:
    return Answer(text=f"The number of {things}: {total}")
