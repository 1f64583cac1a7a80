"""Fields out of a support message or a build log, as JSON: by schema, or by keys named in the prompt."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from random import Random
from typing import Any

from podium.core.messages import ToolCall
from podium.core.tasks import TaskType

from ..checkable import Answer, Draft, Question, Solution, level, misspelt, unfenced
from .grammar import LONGEST, Grammar, sentences

FAMILY = "extraction"
TASK_TYPE = TaskType.EXTRACTION
WORKLOADS = ("support", "coding")

_FIELDS = {
    "support": {"order_id": "string", "email": "string", "order_date": "string", "amount_eur": "number"},
    "coding": {"error": "string", "file": "string", "line": "integer", "commit": "string"},
}
_KINDS = {name: kind for fields in _FIELDS.values() for name, kind in fields.items()}
# A sentence that starts with `not_` states the same kind of fact about something else: bait for a weak reader.
_FORMS = {
    "order_id": ("This is about order {order_id}.", "My order number is {order_id}.", "I am writing about {order_id}."),
    "not_order_id": (
        "My earlier order {order_id} was fine.",
        "Please leave order {order_id} as it is, that one is settled.",
    ),
    "email": ("You can reach me at {email}.", "Please answer to {email}.", "Send the label to {email}."),
    "not_email": ("The address {email} no longer works.", "Do not write to {email}, that is my old one."),
    "order_date": (
        "I ordered on {order_date}.",
        "The purchase was made on {order_date}.",
        "I bought it on {order_date}.",
    ),
    "not_order_date": ("I am away until {order_date}.", "I first called you on {order_date}."),
    "amount_eur": ("I was charged {amount_eur} EUR.", "The invoice says {amount_eur} EUR.", "I paid {amount_eur} EUR."),
    "not_amount_eur": ("Last year it was only {amount_eur} EUR.", "The shop next door asks {amount_eur} EUR."),
    "error": ("The run failed with {error}.", "The job stopped with {error}.", "CI reports {error}."),
    "not_error": ("The {error} of last week is fixed.", "It is not the {error} we had before."),
    "place": ("The traceback ends in {file} at line {line}.", "It was raised in {file} at line {line}."),
    "not_place": ("The warning in {file} at line {line} is known.", "Nothing is wrong in {file} at line {line}."),
    "commit": ("It started with commit {commit}.", "The first bad commit is {commit}."),
    "not_commit": ("Commit {commit} was still green.", "Reverting {commit} did not help."),
    "filler_support": (
        "The box arrived damaged.",
        "I am a little disappointed.",
        "The colour is not the one in the picture.",
        "Could you look into it this week?",
        "Your chat was closed, so I write here.",
        "It stopped working after two days.",
    ),
    "filler_coding": (
        "It only happens on the slow runner.",
        "Locally everything passes.",
        "The cache was cold.",
        "Two retries made no difference.",
        "The other jobs are fine.",
        "It takes about ten minutes to show up.",
    ),
}
_GRAMMAR = Grammar(
    _FORMS,
    {
        "order_id": r"[A-Z]{1,3}-\d{4,6}",
        "email": r"[\w.+-]+@[\w.-]+\w",
        "order_date": r"\d{4}-\d\d-\d\d",
        "amount_eur": r"\d{1,12}\.\d\d",
        "error": r"[A-Z]\w+",
        "file": r"[\w/]+\.\w+",
        "line": r"\d{1,9}",
        "commit": r"[0-9a-f]{7,10}",
    },
)
_INTROS = {
    "support": (
        "Extract the following from the customer's message: {keys}.",
        "A customer wrote to us. Pull out {keys} so that we can fill in the form.",
        "Read the message below and return {keys}.",
    ),
    "coding": (
        "Extract the following from the note of the build engineer: {keys}.",
        "Triage this build failure: return {keys}.",
        "Read the failure report below and pull out {keys}.",
    ),
}
_TAILS = (" Answer with one JSON object.", " Reply with JSON only.", " Use JSON with exactly these keys.")
_MARK = "\n\nMessage:\n"
_KEY = re.compile(r'"(\w+)"')


def _value(name: str, rng: Random) -> str:
    match name:
        case "order_id":
            return f"{rng.choice(('A', 'ORD', 'WX', 'K'))}-{rng.randint(1000, 999999)}"
        case "email":
            box = rng.choice(("office", "accounts", "purchasing", "front.desk", "lab", "workshop"))
            return f"{box}{rng.randint(1, 99)}@{rng.choice(('example.com', 'example.org', 'mail.example.net'))}"
        case "order_date":
            return (date(2024, 1, 1) + timedelta(days=rng.randint(0, 700))).isoformat()
        case "amount_eur":
            return f"{rng.randint(5, 899)}.{rng.randint(0, 99):02d}"
        case "error":
            return rng.choice(("KeyError", "TimeoutError", "AssertionError", "OSError", "ImportError", "MemoryError"))
        case "file":
            folder = rng.choice(("src", "app", "tests", "core/io", "web/api"))
            return f"{folder}/{rng.choice(('loader', 'router', 'cache', 'session', 'parser'))}.py"
        case "line":
            return str(rng.randint(3, 940))
        case _:
            return f"{rng.getrandbits(32):08x}"


def _meaning(field: str) -> str:
    return "place" if field in ("file", "line") else field


def _message(rng: Random, workload: str, fields: Sequence[str], bait: int) -> tuple[str, dict[str, str], int]:
    """The message, the values it states, and how many pieces of bait it holds."""
    meanings = list(dict.fromkeys(_meaning(name) for name in _FIELDS[workload]))
    values = {name: _value(name, rng) for name in _FIELDS[workload]}
    asked = list(dict.fromkeys(_meaning(name) for name in fields))
    lines = [_GRAMMAR.write(rng, meaning, **values) for meaning in asked]
    lines += [_GRAMMAR.write(rng, m, **values) for m in meanings if m not in asked and rng.random() < 0.5]
    for meaning in rng.sample(asked, min(bait, len(asked))):
        other = {name: _value(name, rng) for name in _FIELDS[workload]}
        while any(other[name] == values[name] for name in other):
            other = {name: _value(name, rng) for name in _FIELDS[workload]}
        lines.append(_GRAMMAR.write(rng, f"not_{meaning}", **other))
    rng.shuffle(lines)
    for _ in range(rng.randint(0, 2)):
        lines.insert(rng.randint(0, len(lines)), _GRAMMAR.write(rng, f"filler_{workload}"))
    return " ".join(lines), values, min(bait, len(asked))


def _typed(name: str, value: str) -> str | int | float:
    return int(value) if _KINDS[name] == "integer" else float(value) if _KINDS[name] == "number" else value


def _schema(fields: Sequence[str]) -> dict[str, Any]:
    body = {
        "type": "object",
        "properties": {name: {"type": _KINDS[name]} for name in fields},
        "required": list(fields),
        "additionalProperties": False,
    }
    return {"type": "json_schema", "json_schema": {"name": "extracted", "strict": True, "schema": body}}


def _same(given: object, wanted: str, name: str) -> bool:
    if _KINDS[name] == "string":
        return given == wanted
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        return False
    try:
        return Decimal(str(given)) == Decimal(wanted)
    except InvalidOperation:
        return False


def make(rng: Random, workload: str) -> Draft:
    """Write a message and ask for some of its facts."""
    fields = rng.sample(list(_FIELDS[workload]), rng.choice((1, 2, 2, 3, 3, 4)))
    message, values, bait = _message(rng, workload, fields, rng.choice((0, 0, 0, 1, 1, 2, 3)))
    expected = {name: values[name] for name in fields}
    keys = ", ".join(f'"{name}"' for name in fields)
    text = rng.choice(_INTROS[workload]).format(keys=keys) + rng.choice(_TAILS) + _MARK + message
    options: dict[str, Any] = {"response_format": _schema(fields)} if rng.random() < 0.7 else {}

    def judge(said: str, _calls: Sequence[ToolCall]) -> bool:
        try:
            found = json.loads(unfenced(said))
        except ValueError:
            return False
        if not isinstance(found, dict) or found.keys() != expected.keys():
            return False
        return all(_same(found[name], wanted, name) for name, wanted in expected.items())

    return Draft(
        text=text,
        options=options,
        difficulty=level(len(fields) + 2 * bait),
        expected=json.dumps({name: _typed(name, value) for name, value in expected.items()}),
        judge=judge,
    )


def solve(question: Question) -> Solution | None:
    """Read each sentence for what it states, leave the bait, and fill the keys asked for."""
    intro, mark, message = question.text.partition(_MARK)
    if not mark or len(message) > LONGEST:
        return None
    asked = _asked(question, intro)
    stated: dict[str, str] = {}
    bait: dict[str, str] = {}
    decoys = 0
    for sentence in sentences(message):
        kind, slots = _GRAMMAR.read(sentence) or ("filler", {})
        if kind.startswith("not_"):
            decoys += 1
            bait |= slots
        else:
            stated |= slots
    if not asked or any(name not in stated for name in asked):
        return None
    right = {name: _typed(name, stated[name]) for name in asked}

    def near_miss(rng: Random) -> Answer:
        name = rng.choice([key for key in asked if key in bait] or asked)
        slip = bait.get(name) or _slip(name, stated[name], rng)
        return Answer(text=json.dumps({**right, name: _typed(name, slip)}))

    return Solution(
        family=FAMILY,
        task_type=TASK_TYPE,
        difficulty=level(len(asked) + 2 * decoys),
        right=Answer(text=json.dumps(right)),
        near_miss=near_miss,
        chatty=False,
    )


def _asked(question: Question, intro: str) -> list[str]:
    properties: Mapping[str, Any] = (question.schema or {}).get("properties") or {}
    return [name for name in (properties or _KEY.findall(intro)) if name in _KINDS]


def _slip(name: str, value: str, rng: Random) -> str:
    if _KINDS[name] == "string":
        return misspelt(value, rng)
    return str(Decimal(value) + rng.choice((1, 10)))
