"""Summaries within a length that must mention given terms."""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

from podium.core.messages import ToolCall
from podium.core.tasks import TaskType

from ..checkable import Answer, Draft, Question, Solution, level
from .grammar import LONGEST, sentences

FAMILY = "summary"
TASK_TYPE = TaskType.SUMMARISATION
WORKLOADS = ("support", "coding")

# Each sentence with the term of it that a summary may be asked to keep.
_SENTENCES = {
    "support": (
        ("The customer bought a {item} in our online shop.", "{item}"),
        ("It arrived with a cracked {part}.", "cracked {part}"),
        ("The courier left it at the neighbour's door without a note.", "courier"),
        ("She asked for a replacement before {day}.", "{day}"),
        ("Our first reply offered a voucher of {amount} EUR.", "voucher"),
        ("She declined and asked for a full refund instead.", "refund"),
        ("The warehouse confirmed that one {item} is left in stock.", "warehouse"),
        ("The order number is {order}.", "{order}"),
        ("She has been a customer since {year}.", "{year}"),
        ("A supervisor approved the return label.", "return label"),
    ),
    "coding": (
        ("The nightly build has failed since {day}.", "nightly build"),
        ("The first failing commit is {commit}.", "{commit}"),
        ("The error comes from the {item} module.", "{item}"),
        ("Raising the timeout to {amount} seconds did not help.", "timeout"),
        ("A heap dump shows that connections are never closed.", "connections"),
        ("The leak came with the upgrade of the {part} library.", "{part}"),
        ("Rolling back fixed it on the staging cluster.", "staging"),
        ("The fix needs a migration of the settings file.", "migration"),
        ("The release of version {order} is blocked.", "{order}"),
        ("Two reviewers agreed to add a regression test.", "regression test"),
    ),
}
_FILL = {
    "support": {"item": ("kettle", "desk lamp", "headset", "backpack"), "part": ("lid", "base", "strap", "handle")},
    "coding": {"item": ("billing", "search", "upload", "session"), "part": ("driver", "pool", "cache", "proxy")},
}
_PROMPTS = (
    "Summarise the text below in at most {n} words. Your summary must mention: {terms}.\n\nText:\n{body}",
    "Write a hand-over note of at most {n} words about the text. It must mention: {terms}.\n\nText:\n{body}",
    "Condense this for the next shift, at most {n} words; it must mention: {terms}.\n\nText:\n{body}",
)
_ASK = re.compile(r"at most (\d{1,6}) words.*must mention: ([^\n]+)\.\n\nText:\n", re.DOTALL)


def make(rng: Random, workload: str) -> Draft:
    """Write a text and name the terms its summary needs."""
    values = {
        "item": rng.choice(_FILL[workload]["item"]),
        "part": rng.choice(_FILL[workload]["part"]),
        "day": rng.choice(("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")),
        "amount": rng.randint(5, 90),
        "order": f"A-{rng.randint(1000, 99999)}"
        if workload == "support"
        else f"{rng.randint(1, 9)}.{rng.randint(1, 40)}",
        "year": rng.randint(2009, 2022),
        "commit": f"{rng.getrandbits(28):07x}",
    }
    pairs = _SENTENCES[workload]
    chosen = [pairs[i] for i in sorted(rng.sample(range(len(pairs)), rng.randint(4, len(pairs))))]
    body = " ".join(sentence.format(**values) for sentence, _ in chosen)
    terms = list(
        dict.fromkeys(term.format(**values) for _, term in rng.sample(chosen, rng.randint(1, min(6, len(chosen)))))
    )
    limit = 20 + 4 * len(terms)
    text = rng.choice(_PROMPTS).format(n=limit, terms=", ".join(f'"{term}"' for term in terms), body=body)

    def judge(said: str, _calls: Sequence[ToolCall]) -> bool:
        return len(said.split()) <= limit and all(term.lower() in said.lower() for term in terms)

    return Draft(
        text=text, difficulty=_difficulty(len(terms), len(chosen)), expected="mentions " + ", ".join(terms), judge=judge
    )


def _difficulty(terms: int, lines: int) -> int:
    return level(terms + (lines - 4) / 3)


def solve(question: Question) -> Solution | None:
    """Keep every term asked for, within the length."""
    match = _ASK.search(question.text[:LONGEST])
    if match is None:
        return None
    terms = re.findall(r'"([^"]+)"', match[2])
    body = question.text[match.end() :]
    if not terms or int(match[1]) < 2 * len(terms) + 4:
        return None

    def near_miss(rng: Random) -> Answer:
        lost = rng.choice(terms)
        return _note([term for term in terms if lost.lower() not in term.lower()])

    return Solution(
        family=FAMILY,
        task_type=TASK_TYPE,
        difficulty=_difficulty(len(terms), len(sentences(body))),
        right=_note(terms),
        near_miss=near_miss,
        chatty=False,
    )


def _note(terms: Sequence[str]) -> Answer:
    if not terms:
        return Answer(text="This is about an open case that somebody still has to look at.")
    listed = ", ".join(terms[:-1]) + (" and " if len(terms) > 1 else "") + terms[-1]
    return Answer(text=f"In short, this concerns {listed}; next step open.")
