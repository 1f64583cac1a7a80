"""Calendar questions: days between dates, weekdays, deadlines, working days."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from random import Random

from podium.core.messages import ToolCall
from podium.core.tasks import TaskType

from ..checkable import Answer, Draft, Question, Solution, last_number, level
from .grammar import LONGEST, Grammar

FAMILY = "dates"
TASK_TYPE = TaskType.REASONING
WORKLOADS = ("support", "coding")

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_FORMS: dict[str, dict[str, tuple[str, ...]]] = {
    "between": {
        "support": (
            "An order was placed on {a} and delivered on {b}. How many days did that take?",
            "How many days are there between the complaint of {a} and our answer of {b}?",
            "A subscription ran from {a} until it was cancelled on {b}. How many days later was that?",
        ),
        "coding": (
            "The branch was cut on {a} and merged on {b}. How many days did it live?",
            "How many days lie between the release of {a} and the hotfix of {b}?",
            "A certificate was issued on {a} and expires on {b}. How many days are in between?",
        ),
    },
    "weekday": {
        "support": ("A technician can come on {a}. Which day of the week is that?", "On which weekday does {a} fall?"),
        "coding": ("The release is planned for {a}. Which weekday is that?", "Which day of the week was {a}?"),
    },
    "after": {
        "support": (
            "The return window is {n} days from the purchase on {a}. Which date is its last day?",
            "A voucher of {a} is valid for {n} days. On which date does it run out?",
        ),
        "coding": (
            "A token made on {a} lives {n} days. On which date does it expire?",
            "Logs of {a} are kept for {n} days. On which date are they deleted?",
        ),
    },
    "before": {
        "support": ("Which date was {n} days before the invoice of {a}?",),
        "coding": ("Which date was {n} days before the incident of {a}?",),
    },
    "working": {
        "support": ("How many working days (Monday to Friday) are there from {a} to {b}, both counted?",),
        "coding": ("How many working days, Monday to Friday, does the sprint from {a} to {b} have, both counted?",),
    },
}
_TAILS = {
    "between": (" Reply with the number only.", " Give just the number of days.", ""),
    "working": (" Reply with the number only.", " Give just the number of days.", ""),
    "weekday": (" Reply with the name of the day.", " One word is enough.", ""),
    "after": (" Answer as YYYY-MM-DD.", " Write the date as YYYY-MM-DD."),
    "before": (" Answer as YYYY-MM-DD.", " Write the date as YYYY-MM-DD."),
}
_YEAR = r"(?:19|20)\d\d"
_DATE = rf"{_YEAR}-\d\d-\d\d|\d{{1,2}} [A-Z][a-z]+ {_YEAR}|[A-Z][a-z]+ \d{{1,2}}, {_YEAR}"
_SLOTS = {"a": _DATE, "b": _DATE, "n": r"\d{1,5}"}
_WRITE = {w: Grammar({key: forms[w] for key, forms in _FORMS.items()}, _SLOTS) for w in WORKLOADS}
_READ = Grammar({key: (*forms["support"], *forms["coding"]) for key, forms in _FORMS.items()}, _SLOTS)
_ISO = re.compile(r"\d{4}-\d\d-\d\d")
_ANY_DATE = re.compile(_DATE)


def _written(day: date, rng: Random) -> str:
    month = _MONTHS[day.month - 1]
    return rng.choice((day.isoformat(), f"{day.day} {month} {day.year}", f"{month} {day.day}, {day.year}"))


def _read_date(text: str) -> date:
    if text[:4].isdigit():
        return date.fromisoformat(text)
    words = text.replace(",", "").split()
    day, month, year = (words[0], words[1], words[2]) if words[0].isdigit() else (words[1], words[0], words[2])
    return date(int(year), _MONTHS.index(month) + 1, int(day))


def _working_days(first: date, last: date) -> int:
    return sum((first + timedelta(days=i)).weekday() < 5 for i in range((last - first).days + 1))


def _worked_out(kind: str, a: date, b: date | None, n: int) -> tuple[int | str | date, int]:
    """The answer and how hard it is: months, years and weekends in between make it harder."""
    if kind == "weekday":
        return _WEEKDAYS[a.weekday()], 4
    if kind in ("after", "before"):
        day = a + timedelta(days=n if kind == "after" else -n)
        return day, level(1 + (day.month != a.month) + 2 * (day.year != a.year) + (n > 60))
    assert b is not None  # both remaining kinds have a second date
    span = (b - a).days
    if kind == "working":
        return _working_days(a, b), level(6 + (span > 21) + (span > 60) + (a.year != b.year))
    return span, level(1 + (a.month != b.month) + 2 * (a.year != b.year) + (span > 60) + (span > 400))


def make(rng: Random, workload: str) -> Draft:
    """Write a question."""
    kind = rng.choice(("between", "between", "weekday", "after", "after", "before", "working"))
    a = date(2022, 1, 1) + timedelta(days=rng.randint(0, 1800))
    b = a + timedelta(days=rng.choice((rng.randint(2, 25), rng.randint(20, 120), rng.randint(100, 700))))
    if kind == "working":
        b = a + timedelta(days=rng.randint(4, 95))
    n = rng.choice((7, 10, 14, 21, 28, 30, 45, 60, 90, 100, 120))
    text = _WRITE[workload].write(rng, kind, a=_written(a, rng), b=_written(b, rng), n=n) + rng.choice(_TAILS[kind])
    answer, difficulty = _worked_out(kind, a, b, n)

    def judge(said: str, _calls: Sequence[ToolCall]) -> bool:
        if isinstance(answer, int):
            return last_number(said) == answer
        if isinstance(answer, date):
            return _ISO.findall(said)[-1:] == [answer.isoformat()]
        return [day for day in _WEEKDAYS if day.lower() in said.lower()] == [answer]

    return Draft(text=text, difficulty=difficulty, expected=str(answer), judge=judge)


def solve(question: Question) -> Solution | None:
    """Read the dates and count."""
    if len(question.text) > LONGEST or not _ANY_DATE.search(question.text):
        return None
    if (reading := _READ.find(question.text)) is None:
        return None
    kind, slots = reading
    try:
        a = _read_date(slots["a"])
        b = _read_date(slots["b"]) if "b" in slots else None
        answer, difficulty = _worked_out(kind, a, b, int(slots.get("n", 0)))
    except (ValueError, OverflowError):
        return None  # a date no calendar has

    def near_miss(rng: Random) -> Answer:
        slip = rng.choice((-1, 1))
        if isinstance(answer, int):
            return Answer(text=f"Days: {answer + slip if answer + slip >= 0 else 1}")
        if isinstance(answer, date):
            return Answer(text=(answer + timedelta(days=slip)).isoformat())
        return Answer(text=_WEEKDAYS[(_WEEKDAYS.index(answer) + slip) % 7])

    text = f"Days: {answer}" if isinstance(answer, int) else str(answer)
    return Solution(
        family=FAMILY, task_type=TASK_TYPE, difficulty=difficulty, right=Answer(text=text), near_miss=near_miss
    )
