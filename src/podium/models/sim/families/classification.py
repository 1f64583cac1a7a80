"""One label of several for a support ticket or an issue of a code repository."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from random import Random

from podium.core.messages import ToolCall
from podium.core.tasks import TaskType

from ..checkable import Answer, Draft, Question, Solution, level
from .grammar import LONGEST, sentences

FAMILY = "classification"
TASK_TYPE = TaskType.CLASSIFICATION
WORKLOADS = ("support", "coding")

_TICKETS: dict[str, dict[str, tuple[str, ...]]] = {
    "support": {
        "billing": (
            "I was charged twice for March.",
            "The invoice shows the wrong VAT rate.",
            "My card was debited although the trial had not ended.",
            "Can you send the invoice to our accounting address?",
        ),
        "shipping": (
            "The parcel has not moved for a week.",
            "The courier says the parcel was never handed over.",
            "Tracking has been stuck since Tuesday.",
            "The package went to the wrong street.",
        ),
        "login": (
            "I cannot sign in since this morning.",
            "The password reset link has expired twice.",
            "I am locked out after changing my phone.",
            "My two-factor code is always rejected at sign-in.",
        ),
        "returns": (
            "I want to send the shoes back.",
            "Where do I find the return label?",
            "The jacket is too small and I would like to return it.",
            "I would like to exchange the lamp for another one.",
        ),
        "technical": (
            "The app crashes when I open a report.",
            "Exporting gives an error message every time.",
            "The page stays blank in my browser.",
            "Since the update the app freezes after a minute.",
        ),
        "cancellation": (
            "Please end my subscription at the end of the month.",
            "How do I cancel the plan before it renews?",
            "We no longer need the service and want to cancel.",
            "Close my account and stop the subscription.",
        ),
        "suggestion": (
            "It would be great to sort the list by date.",
            "Please consider a dark theme.",
            "I wish the report could be mailed every Monday.",
            "A suggestion: let us rename folders.",
        ),
        "praise": (
            "I just wanted to say thank you for the quick help.",
            "Your colleague on the phone was wonderful.",
            "Best service I have had in years.",
            "Thank you, everything worked out perfectly.",
        ),
    },
    "coding": {
        "bug": (
            "The parser raises an exception on an empty line.",
            "Wrong result when the list has one element.",
            "The retry loop never ends when the server answers 204.",
            "The counter is off by one after a restart and gives a wrong result.",
        ),
        "documentation": (
            "The README still mentions the old flag.",
            "The docstring of connect() has a typo.",
            "The tutorial skips the step that creates the key.",
            "There is no changelog entry for the last release.",
        ),
        "performance": (
            "Startup takes nine seconds, it used to be two.",
            "Memory grows with every request.",
            "The query is slow once the table has a million rows.",
            "CPU usage doubles after the upgrade.",
        ),
        "security": (
            "The session token is written to the log in clear text.",
            "User input reaches the SQL statement unescaped, an injection waiting to happen.",
            "A known vulnerability was published for this dependency.",
            "Anyone can read the admin page without permission.",
        ),
        "testing": (
            "The test for time zones fails one run in ten.",
            "Coverage of the importer is below half.",
            "The fixture leaves a temporary folder behind.",
            "There is no test for the empty case.",
        ),
        "packaging": (
            "The wheel for ARM is missing from the last upload.",
            "Installing with pip pulls in the wrong extra.",
            "The Docker image does not build any more.",
            "The wheel contains the whole examples folder.",
        ),
        "enhancement": (
            "Please add an option to write CSV.",
            "Support for a second config file would be nice.",
            "It would help to have a --quiet flag.",
            "Could the command also accept a folder?",
        ),
    },
}
_LEXICON = {
    "billing": "charged|invoice|debited",
    "shipping": "parcel|courier|tracking|package",
    "login": "sign in|password|locked out|sign-in",
    "returns": "send the .* back|return|exchange",
    "technical": "crash|error message|blank|freezes",
    "cancellation": "subscription|cancel",
    "suggestion": "would be great|consider|i wish|suggestion",
    "praise": "thank you|wonderful|best service",
    "bug": "raises an exception|wrong result|never ends",
    "documentation": "readme|docstring|tutorial|changelog",
    "performance": "startup takes|memory grows|is slow|cpu usage",
    "security": "token|injection|vulnerability|permission",
    "testing": r"\btest\b|coverage|fixture",
    "packaging": "wheel|pip|docker",
    "enhancement": "please add|support for|would help|could the command",
}
_ASIDES = {
    "support": {
        "By the way, the last delivery was on time.": "shipping",
        "On a side note, your last invoice was easy to read.": "billing",
        "By the way, signing up was simple.": "login",
        "On a side note, sending back the old box went well.": "returns",
    },
    "coding": {
        "By the way, the new docs are clear.": "documentation",
        "On a side note, the tests ran fine here.": "testing",
        "By the way, installation was easy.": "packaging",
        "On a side note, it is fast now.": "performance",
    },
}
_IS_ASIDE = ("By the way,", "On a side note,")
_PROMPTS = (
    "Classify the {thing} below. Labels: {labels}. Answer with the label only.\n\n{body}",
    "Which label fits best? Labels: {labels}. One word, please.\n\n{body}",
    "You sort incoming messages. Labels: {labels}. Give exactly one of them for this {thing}.\n\n{body}",
    "Pick the queue for this {thing}. Labels: {labels}. Write nothing but the label.\n\n{body}",
)
_LABELS = re.compile(r"Labels: ([a-z, ]+)\.")
_WORDS = {"support": ("ticket", "message", "e-mail"), "coding": ("issue", "bug tracker entry", "report")}


@cache
def _signs() -> dict[str, re.Pattern[str]]:
    return {label: re.compile(pattern, re.IGNORECASE) for label, pattern in _LEXICON.items()}


def _difficulty(labels: int, lines: int, asides: int) -> int:
    return level((labels - 1) // 2 + (lines > 1) + 2 * asides)


def make(rng: Random, workload: str) -> Draft:
    """Write a ticket about one thing, sometimes with a remark about another."""
    tickets = _TICKETS[workload]
    label = rng.choice(list(tickets))
    labels = rng.sample([other for other in tickets if other != label], rng.randint(2, len(tickets) - 1))
    labels.insert(rng.randint(0, len(labels)), label)
    lines = rng.sample(tickets[label], rng.choice((1, 1, 2)))
    fitting = [line for line, about in _ASIDES[workload].items() if about != label]
    asides = rng.sample(fitting, rng.choice((0, 0, 0, 1, 1, 2, 3)))
    body = lines + asides
    rng.shuffle(body)
    text = rng.choice(_PROMPTS).format(
        thing=rng.choice(_WORDS[workload]),
        labels=", ".join(labels),
        body=f"#{rng.randint(1000, 99999)}: " + " ".join(body),
    )

    def judge(said: str, _calls: Sequence[ToolCall]) -> bool:
        lowered = said.lower()
        return [other for other in labels if re.search(rf"\b{other}\b", lowered)] == [label]

    difficulty = _difficulty(len(labels), len(lines), len(asides))
    return Draft(text=text, difficulty=difficulty, expected=label, judge=judge)


def solve(question: Question) -> Solution | None:
    """Weigh the words of each sentence that is not a remark about something else."""
    match = _LABELS.search(question.text[:LONGEST])
    intro, blank, body = question.text.partition("\n\n")
    if match is None or not blank or len(body) > LONGEST or match.end() > len(intro):
        return None
    labels = [label for label in match[1].split(", ") if label in _LEXICON]
    lines = sentences(body)
    asides = [line for line in lines if any(mark in line for mark in _IS_ASIDE)]
    substance = [line for line in lines if line not in asides]
    signs = _signs()
    scores = {label: sum(bool(signs[label].search(line)) for line in substance) for label in labels}
    label = max(scores, key=lambda name: scores[name], default="")
    if not label or not scores[label]:
        return None

    def near_miss(rng: Random) -> Answer:
        return Answer(text=rng.choice([other for other in labels if other != label] or ["other"]))

    return Solution(
        family=FAMILY,
        task_type=TASK_TYPE,
        difficulty=_difficulty(len(labels), len(substance), len(asides)),
        right=Answer(text=label),
        near_miss=near_miss,
    )
